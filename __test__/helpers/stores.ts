import { join } from 'node:path'

import { directoryStore, memoryStore, tfaConfigStore } from '../../facade/stores/index.js'
import type { Store } from '../../facade/stores/index.js'
import { mysqlStore } from '../../facade/stores/mysql-store.js'
import { postgresStore } from '../../facade/stores/postgres-store.js'
import { redisStore } from '../../facade/stores/redis-store.js'
import { sqliteStore } from '../../facade/stores/sqlite-store.js'
import { temporaryDirectory } from './directories.js'
import { overriding } from './service.js'
import { own, postgresFound, redisFound } from '../stores/engines.js'
import { mysqlFound } from '../stores/mysql.js'
import { ownPostgres, ownRedis } from '../stores/own-databases.js'
import { ownMysql } from '../stores/own-mysql.js'

type Make = () => Promise<Store>

/** Every store that the service's tests run on, by name; each call makes an empty one. */
export const stores: {
  memory: Make
  directory: Make
  'tfa.cfg': Make
  /** Where this Node has SQLite. */
  sqlite?: Make
  postgres?: Make
  redis?: Make
  mysql?: Make
  'postgres and redis'?: Make
} = {
  memory: async () => memoryStore(),
  directory: async () => directoryStore(temporaryDirectory()),
  'tfa.cfg': async () => tfaConfigStore(join(temporaryDirectory(), 'tfa.cfg'), { create: true }),
}

if (Number.parseInt(process.versions.node, 10) >= 24) {
  stores.sqlite = async () => sqliteStore(join(temporaryDirectory(), 'countersign.db'), { create: true })
}

let made = 0

if (postgresFound) {
  const pool = ownPostgres()
  stores.postgres = async () => {
    const store = postgresStore(pool, { schema: own, prefix: `${(made += 1)}_` })
    await store.migrate()
    return store
  }
}

if (redisFound) {
  const client = ownRedis()
  stores.redis = async () => redisStore(client, { prefix: `${own}:${(made += 1)}` })
}

if (mysqlFound) {
  const pool = ownMysql()
  stores.mysql = async () => {
    const store = mysqlStore(pool, { prefix: `${(made += 1)}_` })
    await store.migrate()
    return store
  }
}

const { postgres, redis } = stores
if (postgres && redis) {
  stores['postgres and redis'] = async () => {
    const [users, challenges] = [await postgres(), await redis()]
    return overriding(users, {
      put: (key, challenge) => challenges.put(key, challenge),
      take: (key, id, now) => challenges.take(key, id, now),
      clear: (key) => challenges.clear(key),
      sharedKey: (fresh) => challenges.sharedKey!(fresh),
    })
  }
}
