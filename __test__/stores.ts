import { directoryStore, memoryStore } from '../facade/stores/index.js'
import type { Store } from '../facade/stores/index.js'
import { temporaryDirectory } from './directories.js'

/** Every store that the service's tests run on, by name; each call makes an empty one. */
export const stores: Record<'memory' | 'directory', () => Promise<Store>> = {
  memory: async () => memoryStore(),
  directory: async () => directoryStore(temporaryDirectory()),
}
