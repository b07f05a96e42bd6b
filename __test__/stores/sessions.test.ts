// Every store of sessions that is here passes the suite that others are tested with.
import test from 'ava'
import { createClient } from 'redis'
import { memorySessions } from '../../facade/stores/index.js'
import type { SessionStore } from '../../facade/stores/index.js'
import { postgresSessions, postgresSessionTables } from '../../facade/stores/postgres-store.js'
import { redisSessions } from '../../facade/stores/redis-store.js'
import { sessionStoreTests } from '../../facade/testing/index.js'
import { overridingSessions } from '../helpers/session-stores.js'
import { deleteKeys, dropSchema, newPool, newRedis, own, postgresFound, redisFound, redisUrl } from './engines.js'

const makers: Record<string, () => SessionStore> = { memory: memorySessions }
const stored = { key: 'k'.repeat(43), user: 'ann', data: '{}', expires: Date.now() + 60_000 }

if (postgresFound) {
  const [pool, serializable] = [newPool(), newPool({ options: '-c default_transaction_isolation=serializable' })]
  const schemas = [`${own}_plain`, `${own}_prepared`, `${own}_serializable`]
  test.before(() => Promise.all(schemas.flatMap((schema) => [1, 2, 3].map(() => postgresSessions(pool, { schema }).migrate()))))
  test.after.always(async () => {
    await Promise.all([...schemas, `${own}_tables`, `${own}_swept`].map(dropSchema))
    await Promise.all([pool.end(), serializable.end()])
  })
  makers.postgres = () => postgresSessions(pool, { schema: `${own}_plain` })
  makers['postgres, prepared statements'] = () => postgresSessions(pool, { schema: `${own}_prepared`, prepare: true })
  makers['postgres, serializable'] = () => postgresSessions(serializable, { schema: `${own}_serializable` })

  test('postgres: the table may be made by the host', async (t) => {
    const schema = `${own}_tables`
    await pool.query(`CREATE SCHEMA "${schema}"`)
    await pool.query(postgresSessionTables({ schema, prefix: 'x_' }))
    const store = postgresSessions(pool, { schema, prefix: 'x_' })
    await store.migrate()
    await store.create(stored)
    t.deepEqual(await store.read(stored.key), stored)
  })

  test('postgres: expired sessions are taken away by those that are created', async (t) => {
    const schema = `${own}_swept`
    const store = postgresSessions(pool, { schema })
    await store.migrate()
    await store.create({ ...stored, expires: 1 })
    for (let count = 0; count < 200; count += 1) await store.create({ ...stored, key: `${count}`.padStart(43, 'k') })
    t.is((await pool.query(`SELECT FROM "${schema}".countersign_sessions WHERE expires = 1`)).rowCount, 0)
  })

  test('postgres: what it cannot store is refused, and not stored as another text', async (t) => {
    const store = makers.postgres!()
    for (const wrong of [{ user: 'a\0b' }, { user: '\ud800' }, { data: 'a\0b' }, { key: 'a\0b' }]) {
      await t.throwsAsync(store.create({ ...stored, ...wrong }), { code: 'invalid-argument' })
    }
    t.throws(() => postgresSessions({} as never), { code: 'invalid-argument' })
    t.throws(() => postgresSessions(pool, { schma: 'x' } as never), { code: 'invalid-argument' })
  })
}

if (redisFound) {
  const [ioredis, nodeRedis] = [newRedis(), createClient({ url: redisUrl })]
  nodeRedis.on('error', () => {})
  test.before(async () => void (await nodeRedis.connect()))
  test.after.always(async () => {
    await deleteKeys(own)
    ioredis.disconnect()
    await nodeRedis.close()
  })
  makers.ioredis = () => redisSessions(ioredis, { prefix: `${own}_io` })
  makers['node-redis'] = () => redisSessions(nodeRedis, { prefix: `${own}_node` })

  test('redis: every key expires', async (t) => {
    const store = redisSessions(ioredis, { prefix: `${own}_ttl` })
    await store.create(stored)
    const longer = { ...stored, expires: stored.expires + 60_000 }
    await store.replace({ ...longer, data: '{"a":1}' }, stored.data)
    const keys = await ioredis.keys(`${own}_ttl*`)
    t.is(keys.length, 2)
    for (const key of keys) t.is(await ioredis.pexpiretime(key), longer.expires, key)
    // A shorter one, as that of a session that was begun later, takes no time from those that are there.
    await store.create({ ...stored, key: 'j'.repeat(43), expires: stored.expires - 30_000 })
    for (const key of keys) t.is(await ioredis.pexpiretime(key), longer.expires, key)
  })

  test('redis: a session whose user is evicted signs nobody in, and a wrong client is refused', async (t) => {
    const store = redisSessions(ioredis, { prefix: `${own}_evicted` })
    await store.create(stored)
    await ioredis.del(...(await ioredis.keys(`${own}_evicted*:sessions:*`)))
    t.is(await store.read(stored.key), undefined)
    t.throws(() => redisSessions({} as never), { code: 'invalid-argument' })
    t.throws(() => redisSessions(ioredis, { prefix: 'a{b' }), { code: 'invalid-argument' })
  })
}

for (const [kind, make] of Object.entries(makers)) {
  for (const { name, run } of sessionStoreTests) test(`${kind}: ${name}`, (t) => t.notThrowsAsync(run(make)))
}

test('the suite finds a store that brings sessions back', async (t) => {
  const careless = (): SessionStore => {
    const store = memorySessions()
    return overridingSessions(store, {
      async replace(session, before) {
        const found = await store.read(session.key)
        if (found && found.data !== before) return false
        await store.create(session)
        return true
      },
    })
  }
  const failed = await Promise.allSettled(sessionStoreTests.map(({ run }) => run(careless)))
  const names = failed.flatMap((one, index) => (one.status === 'rejected' ? [sessionStoreTests[index]!.name] : []))
  t.true(names.includes('what has ended is not brought back'), names.join())
  t.true(names.includes('of 20 callers at once exactly one replaces'), names.join())
})
