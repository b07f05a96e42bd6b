import test from 'ava'
import { createClient } from 'redis'

import { postgresStore } from '../../facade/stores/postgres-store.js'
import { redisStore } from '../../facade/stores/redis-store.js'
import type { Store } from '../../facade/stores/traits.js'
import { hostTests } from '../../facade/testing/host-tests.js'
import { storeTests } from '../../facade/testing/store-tests.js'
import { longer } from '../helpers/emulated.js'
import { deleteKeys, dropSchema, newPool, newRedis, own, postgresFound, redisFound, redisUrl } from './engines.js'

const makers: Record<string, () => Store> = {}

/** Each kind has its own: some tests use ids that are the same in every run. */
const schemas = ['plain', 'proxy', 'serializable', 'prepared', 'apart'].map((kind) => `${own}_${kind}`)

if (postgresFound) {
  const pool = newPool()
  // As a proxy in transaction mode would: each statement on any connection, none of which remembers anything.
  const forgetful = {
    async query(text: string, values?: unknown[]) {
      const client = await pool.connect()
      try {
        const result = await client.query(text, values)
        await client.query('DISCARD ALL')
        return result
      } finally {
        client.release()
      }
    },
  }
  const serializable = newPool({ options: '-c default_transaction_isolation=serializable' })
  // Of its own: statements that have names are for connections that remember them.
  const lasting = newPool()
  test.before(() => Promise.all(schemas.map((schema) => postgresStore(pool, { schema }).migrate())))
  test.after.always(async () => {
    await Promise.all(schemas.map(dropSchema))
    await Promise.all([pool.end(), serializable.end(), lasting.end()])
  })
  makers.postgres = () => postgresStore(pool, { schema: `${own}_plain` })
  makers['postgres behind a proxy'] = () => postgresStore(forgetful, { schema: `${own}_proxy` })
  makers['postgres, serializable'] = () => postgresStore(serializable, { schema: `${own}_serializable` })
  makers['postgres, prepared statements'] = () => postgresStore(lasting, { schema: `${own}_prepared`, prepare: true })
}

if (redisFound) {
  const ioredis = newRedis()
  const prefixing = newRedis()
  prefixing.options.keyPrefix = `${own}:host:`
  const nodeRedis = createClient({ url: redisUrl, commandOptions: { timeout: longer(5000) } })
  nodeRedis.on('error', () => {})
  test.before(async () => void (await nodeRedis.connect()))
  test.after.always(async () => {
    await deleteKeys(own)
    ioredis.disconnect()
    prefixing.disconnect()
    await nodeRedis.close()
  })
  makers.ioredis = () => redisStore(ioredis, { prefix: `${own}_io` })
  makers['ioredis with a prefix of the host'] = () => redisStore(prefixing, { prefix: own })
  makers['node-redis'] = () => redisStore(nodeRedis, { prefix: `${own}_node` })
}

if (postgresFound && redisFound) {
  const [pool, client] = [newPool(), newRedis()]
  test.after.always(async () => {
    await pool.end()
    client.disconnect()
  })
  makers['users in postgres, challenges in redis'] = () =>
    apart(postgresStore(pool, { schema: `${own}_apart` }), redisStore(client, { prefix: `${own}_apart` }))
}

for (const [kind, make] of Object.entries(makers)) {
  for (const { name, run } of storeTests) test(`${kind}: ${name}`, (t) => t.notThrowsAsync(run(make)))
  for (const { name, run } of hostTests) test(`${kind}: ${name}`, (t) => t.notThrowsAsync(run(make)))
}

if (Object.keys(makers).length === 0) test.skip('no database is there', () => {})

function apart(users: Store, challenges: Store): Store {
  return {
    read: (user) => users.read(user),
    update: (user, change) => users.update(user, change),
    owner: (handle) => users.owner(handle),
    users: () => users.users(),
    put: (key, challenge) => challenges.put(key, challenge),
    take: (key, id, now) => challenges.take(key, id, now),
    clear: (key) => challenges.clear(key),
  }
}
