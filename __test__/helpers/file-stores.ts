import { directoryStore, tfaConfigStore } from '../../facade/stores/index.js'
import type { Store } from '../../facade/stores/index.js'
import { sqliteStore } from '../../facade/stores/sqlite-store.js'

/** What the stores of one machine are tested with, each with records that it takes. */
export interface FileStore {
  open(options?: { lockTimeout?: number }): Store
  /** A record with a number, and some length. */
  record(n: number, padding?: string): string
  numberOf(record: string | undefined): number
  paddingOf(record: string): string
}

/** A directory, or a file where the path ends with `.cfg` or `.db`. */
export function fileStore(path: string): FileStore {
  if (path.endsWith('.db')) return { ...directory(path), open: (options) => sqliteStore(path, { create: true, ...options }) }
  return path.endsWith('.cfg') ? configFile(path) : directory(path)
}

const directory = (path: string): FileStore => ({
  open: (options) => directoryStore(path, options),
  record: (n, padding) => JSON.stringify({ n, padding }),
  numberOf: (record) => (record === undefined ? 0 : (JSON.parse(record) as { n: number }).n),
  paddingOf: (record) => (JSON.parse(record) as { padding: string }).padding,
})

const configFile = (path: string): FileStore => {
  const words = (record: string) => (JSON.parse(record) as { yubico: [{ description: string }] }).yubico[0].description.split(' ')
  return {
    open: (options) => tfaConfigStore(path, { create: true, ...options }),
    record: (n, padding = '') =>
      JSON.stringify({ yubico: [{ id: 'any', description: `${n} ${padding}`, created: 0, entry: 'cccccccccccc' }] }),
    numberOf: (record) => (record === undefined ? 0 : Number(words(record)[0])),
    paddingOf: (record) => words(record)[1] as string,
  }
}

export function increment(files: FileStore, store: Store, user: string): Promise<number> {
  return store.update(user, (record) => {
    const n = files.numberOf(record) + 1
    return { record: files.record(n), value: n }
  })
}
