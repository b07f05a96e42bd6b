import test from 'ava'
import { createClient } from 'redis'

import { postgresStore } from '../../facade/stores/postgres-store.js'
import { redisStore } from '../../facade/stores/redis-store.js'
import { faultTests } from '../../facade/testing/fault-tests.js'
import { deleteKeys, dropSchema, newPool, newRedis, own, postgresFound, redisFound } from './engines.js'
import { startProxy } from './proxy.js'

if (postgresFound) {
  test.before(async () => {
    const pool = newPool()
    await postgresStore(pool, { schema: own }).migrate()
    await pool.end()
  })
  test.after.always(() => dropSchema(own))
}
if (redisFound) test.after.always(() => deleteKeys(own))

for (const { name, run } of faultTests) {
  if (postgresFound) {
    test.serial(`postgres: ${name}`, async (t) => {
      const proxy = await startProxy(5432)
      const pool = newPool({ connectionString: `postgres://postgres@127.0.0.1:${proxy.port}/test` })
      await t.notThrowsAsync(run(() => ({ store: postgresStore(pool, { schema: own }), cut: proxy.cut })))
      await pool.end()
      proxy.close()
    })

    test.serial(`postgres, its backends killed: ${name}`, async (t) => {
      const [pool, killer] = [newPool({ application_name: own }), newPool()]
      const sql = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1'
      const cut = async () => void (await killer.query(sql, [own]))
      await t.notThrowsAsync(run(() => ({ store: postgresStore(pool, { schema: own }), cut })))
      await Promise.all([pool.end(), killer.end()])
    })
  }

  if (redisFound) {
    // It sends again what was on its way, which is not linearizable: docs/stores/linearizability.md.
    if (!name.includes('every kind')) test.serial(`ioredis: ${name}`, async (t) => {
      const proxy = await startProxy(6379)
      const client = newRedis(`redis://127.0.0.1:${proxy.port}`)
      await t.notThrowsAsync(run(() => ({ store: redisStore(client, { prefix: own }), cut: proxy.cut })))
      client.disconnect()
      proxy.close()
    })

    test.serial(`node-redis: ${name}`, async (t) => {
      const proxy = await startProxy(6379)
      const client = createClient({ url: `redis://127.0.0.1:${proxy.port}` })
      client.on('error', () => {})
      await client.connect()
      await t.notThrowsAsync(run(() => ({ store: redisStore(client, { prefix: own }), cut: proxy.cut })))
      client.destroy()
      proxy.close()
    })
  }
}

if (!postgresFound && !redisFound) test.skip('no database is there', () => {})
