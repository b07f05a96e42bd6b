import { closeSync, openSync, readSync, statSync } from 'node:fs'

import type { Pool } from 'pg'

import { directoryStore, tfaConfigStore } from '../facade/stores/index.js'
import { postgresStore } from '../facade/stores/postgres-store.js'
import { redisStore } from '../facade/stores/redis-store.js'
import { sqliteStore } from '../facade/stores/sqlite-store.js'
import type { Store } from '../facade/stores/traits.js'
import { Exit, usage } from './io.js'

/** Which store, and how it was set up. */
export interface StoreOptions {
  store?: string
  create?: boolean
  /** For a `tfa:` store. */
  lock?: string
  /** For a `postgres:` store. */
  schema?: string
  /** For a `sqlite:`, `postgres:` or `redis:` store. */
  prefix?: string
}

export interface OpenedStore {
  store: Store
  close(): Promise<void>
}

/** Opens the store that `--store` or the environment names. */
export async function openStore(options: StoreOptions, env: Record<string, string | undefined>): Promise<OpenedStore> {
  const place = options.store ?? env['COUNTERSIGN_STORE']
  if (!place) throw usage('No store given: pass --store, or set COUNTERSIGN_STORE')
  refusePassword(options.store, 'COUNTERSIGN_STORE')
  const [kind, path] = split(place)
  const open = openers[kind]
  if (!open) throw usage('Unknown store: expected directory:PATH, sqlite:FILE, tfa:FILE, postgres://... or redis://...')
  return open(path, options)
}

/** Refuses a password among the arguments, which others can see. */
export function refusePassword(place: string | undefined, variable: string): void {
  if (place === undefined || !hasPassword(place)) return
  throw usage(`This URL contains a password, and others can see arguments: put it into ${variable}`)
}

type Opener = (path: string, options: StoreOptions) => OpenedStore | Promise<OpenedStore>

const openers: Partial<Record<string, Opener>> = {
  directory: (path, { create = false }) => local(directoryStore(path, { create })),
  tfa: (path, { create = false, lock }) => local(tfaConfigStore(path, lock === undefined ? { create } : { create, lock })),
  sqlite: (path, { create = false, prefix }) => {
    const store = sqliteStore(path, { create, ...(prefix !== undefined && { prefix }) })
    return { store, close: () => store.close() }
  },
  postgres: openPostgres,
  postgresql: openPostgres,
  redis: openRedis,
  rediss: openRedis,
}

const local = (store: Store): OpenedStore => ({ store, close: async () => {} })

/** The kind of the store and its place. For a plain path, the file system tells the kind. */
function split(place: string): [kind: string, path: string] {
  const [, kind, path] = /^(directory|sqlite|tfa):(.+)$/s.exec(place) ?? []
  if (kind !== undefined && path !== undefined) return [kind, path]
  const [, scheme] = /^([a-z]+):\/\//.exec(place) ?? []
  if (scheme !== undefined) return [scheme, place]
  const found = statSync(place, { throwIfNoEntry: false })
  if (!found) throw usage('No such file or directory. To create one, pass directory:PATH, sqlite:FILE or tfa:FILE, and --create')
  if (found.isDirectory()) return ['directory', place]
  return [isSqlite(place) ? 'sqlite' : 'tfa', place]
}

/** Every SQLite database that holds anything begins with the same text. */
function isSqlite(path: string): boolean {
  const wanted = Buffer.from('SQLite format 3\0')
  const begun = Buffer.alloc(wanted.length)
  const file = openSync(path, 'r')
  try {
    readSync(file, begun)
  } finally {
    closeSync(file)
  }
  return begun.equals(wanted)
}

/** Drivers also read a password from the query. Text that is not a URL here may be one for a driver. */
function hasPassword(place: string): boolean {
  if (!/^[A-Za-z]+:\/\//.test(place)) return false
  if (!URL.canParse(place)) return true
  const { password, searchParams } = new URL(place)
  return password !== '' || [...searchParams.keys()].some((name) => name.toLowerCase().includes('pass'))
}

async function openPostgres(connectionString: string, { create, schema, prefix }: StoreOptions): Promise<OpenedStore> {
  const pool = await openPool(connectionString)
  const store = postgresStore(pool, { ...(schema !== undefined && { schema }), ...(prefix !== undefined && { prefix }) })
  const close = () => pool.end()
  if (create) {
    await store.migrate().catch(async (error: unknown) => {
      await close()
      throw error
    })
  }
  return { store, close }
}

export async function openPool(connectionString: string): Promise<Pool> {
  const { default: pg } = await driver('pg@8', () => import('pg'))
  const pool = new pg.Pool({ connectionString, max: 4 })
  // The next call replaces a connection that was lost while idle.
  pool.on('error', () => {})
  return pool
}

async function openRedis(url: string, { prefix }: StoreOptions): Promise<OpenedStore> {
  const { Redis } = await driver('ioredis@6', () => import('ioredis'))
  const client = new Redis(url, {
    maxRetriesPerRequest: 2,
    retryStrategy: (times) => (times > 3 ? null : 200),
  })
  // Failing commands report their own errors.
  client.on('error', () => {})
  return { store: redisStore(client, prefix === undefined ? {} : { prefix }), close: async () => client.disconnect() }
}

/** @param install the package and version, as `npm install` takes them */
async function driver<T>(install: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new Exit(3, 'driver-missing', `This store needs the package ${install.split('@', 1)[0]}. Run: npm install ${install}`)
  }
}
