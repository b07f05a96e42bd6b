import { join } from 'node:path'

import test from 'ava'

import { directoryStore, memoryStore, tfaConfigStore } from '../../facade/stores/index.js'
import type { Store } from '../../facade/stores/index.js'
import { postgresStore } from '../../facade/stores/postgres-store.js'
import { redisStore } from '../../facade/stores/redis-store.js'
import { temporaryDirectory } from './directories.js'
import { overriding } from './service.js'
import { deleteKeys, dropSchema, newPool, newRedis, own, postgresFound, redisFound } from '../stores/engines.js'

type Make = () => Promise<Store>

/** Every store that the service's tests run on, by name; each call makes an empty one. */
export const stores: {
  memory: Make
  directory: Make
  'tfa.cfg': Make
  postgres?: Make
  redis?: Make
  'postgres and redis'?: Make
} = {
  memory: async () => memoryStore(),
  directory: async () => directoryStore(temporaryDirectory()),
  'tfa.cfg': async () => tfaConfigStore(join(temporaryDirectory(), 'tfa.cfg'), { create: true }),
}

let made = 0

if (postgresFound) {
  const pool = newPool()
  stores.postgres = async () => {
    const store = postgresStore(pool, { schema: own, prefix: `${(made += 1)}_` })
    await store.migrate()
    return store
  }
  test.after.always(async () => {
    await dropSchema(own)
    await pool.end()
  })
}

if (redisFound) {
  const client = newRedis()
  stores.redis = async () => redisStore(client, { prefix: `${own}:${(made += 1)}` })
  test.after.always(async () => {
    await deleteKeys(own)
    client.disconnect()
  })
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
