export { directoryStore } from './directory-store.js'
export type { DirectoryStoreOptions } from './directory-store.js'
export { memoryStore } from './memory-store.js'
export type { ChallengeStore, OpenChallenge, RecordChange, Store, UserStore } from './traits.js'
