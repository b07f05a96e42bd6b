// The stores whose histories are checked, as each process of a run opens them.
import { directoryStore, tfaConfigStore } from '../../../facade/stores/index.js'
import { mysqlStore } from '../../../facade/stores/mysql-store.js'
import { postgresStore } from '../../../facade/stores/postgres-store.js'
import { redisStore } from '../../../facade/stores/redis-store.js'
import { sqliteStore } from '../../../facade/stores/sqlite-store.js'
import type { Store } from '../../../facade/stores/traits.js'
import { brokenStore } from './broken-stores.js'

/** By whose names a run's connections can be killed. */
export const connectionName = (place: string) => `histories_${place}`

/** The way to a database, which a run may cut. */
const port = (usual: number): number => Number(process.env.HISTORY_PORT ?? usual)

// What looks for a database is only loaded by those who need one.
const openers: Record<string, (place: string) => Promise<Store>> = {
  directory: async (place) => directoryStore(place),
  'tfa.cfg': async (place) => tfaConfigStore(place, { create: true }),
  sqlite: async (place) => sqliteStore(place, { create: true }),
  postgres: async (place) => {
    const { newPool } = await import('../engines.js')
    const connectionString = `postgres://postgres@127.0.0.1:${port(5432)}/test`
    return postgresStore(newPool({ connectionString, application_name: connectionName(place) }), { schema: place })
  },
  mysql: async (place) => {
    const { newMysql } = await import('../mysql.js')
    return mysqlStore(newMysql({ port: port(3306), database: place }))
  },
  'node-redis': async (place) => {
    const { createClient } = await import('redis')
    const client = createClient({ url: `redis://127.0.0.1:${port(6379)}` })
    client.on('error', () => {})
    await client.connect()
    return redisStore(client, { prefix: place })
  },
}

/** @param engine a store, or `broken: ` and what is wrong with it */
export function openEngine(engine: string, place: string): Promise<Store> {
  const [kind, fault] = engine.split(': ')
  if (kind === 'broken') return openers['directory']!(place).then((store) => brokenStore(store, fault!))
  return openers[engine]!(place)
}
