// Calls of one turn of the event loop share statements: what they must not share with them is waiting, failing and errors.
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as pause } from 'node:timers/promises'

import test from 'ava'

import { postgresSessions, postgresStore } from '../../facade/stores/postgres-store.js'
import type { PostgresSessions, PostgresStore } from '../../facade/stores/postgres-store.js'
import type { StoredSession } from '../../facade/stores/session-store.js'
import { write } from '../../facade/testing/store-test.js'
import { dropSchema, newPool, own, postgresFound } from './engines.js'
import { ownPostgres } from './own-databases.js'
import { WatchedPool } from './watched-pool.js'

if (postgresFound) {
  const pool = ownPostgres()
  let store: PostgresStore
  let sessions: PostgresSessions
  test.before(async () => {
    store = postgresStore(pool, { schema: own })
    sessions = postgresSessions(pool, { schema: own })
    await Promise.all([store.migrate(), sessions.migrate()])
  })

  const records = `${own}.countersign_records`
  const names = (kind: string, count: number) => Array.from({ length: count }, (_, index) => `${kind} ${String(index).padStart(5, '0')}`)
  const counted = (record: string | undefined) => ({ record: `{"n":${record === undefined ? 1 : JSON.parse(record).n + 1}}`, value: record })
  const countAll = (users: string[], its = store) => Promise.all(users.map((user) => its.update(user, counted)))
  const sessionOf = (user: string): StoredSession => ({ key: user.replaceAll(' ', '-').padStart(43, 'k'), user, data: '{"n":0}', expires: Date.now() + 60_000 })

  const watching = new WatchedPool()
  test.after.always(() => watching.end())
  /** Those of one schema: tests run at once. */
  const askedIn = (schema: string, from = 0) => watching.asked.filter(([sql]) => sql.includes(`"${schema}"`)).slice(from)

  test('changes of many users take as many statements as those of one', async (t) => {
    const schema = `${own}_few`
    const its = postgresStore(watching, { schema })
    await its.migrate()
    try {
      const users = names('few', 60)
      await countAll(users, its)
      const before = askedIn(schema).length
      t.deepEqual(await countAll(users, its), users.map(() => '{"n":1}'))
      t.is(askedIn(schema, before).length, 2, 'a reading, and a change of what is found in it')
      await Promise.all(users.map((user) => its.update(user, counted, '{"n":2}')))
      t.is(askedIn(schema, before).length, 3, 'a change of what was read')
      t.deepEqual(await Promise.all(users.map((user) => its.read(user))), users.map(() => '{"n":3}'))
      t.is(askedIn(schema, before).length, 4)
    } finally {
      await dropSchema(schema)
    }
  })

  test('what is no pool may look for the client of its caller, and is asked by each caller alone', async (t) => {
    const tenants = new AsyncLocalStorage<string>()
    const asked: unknown[] = []
    const query = (sql: string, values?: unknown[]) => {
      asked.push(tenants.getStore())
      return pool.query(sql, values)
    }
    const patched = newPool()
    patched.query = query as never
    for (const its of [{ query }, patched].map((one) => postgresStore(one, { schema: own }))) {
      asked.length = 0
      await Promise.all(['ann', 'bob', 'eve'].map((tenant) => tenants.run(tenant, () => its.read(`tenant ${tenant}`))))
      t.deepEqual(asked, ['ann', 'bob', 'eve'])
    }
    const client = await pool.connect()
    await client.query('BEGIN')
    const its = postgresStore(client, { schema: own })
    await Promise.all(['tenant ann', 'tenant bob'].map((user) => its.update(user, counted)))
    await client.query('ROLLBACK')
    client.release()
    t.deepEqual(await Promise.all(['tenant ann', 'tenant bob'].map((user) => store.read(user))), [undefined, undefined])
    await patched.end()
  })

  test('nobody waits for a row that somebody else has locked', async (t) => {
    const users = names('locked', 20)
    await countAll(users)
    const all = users.map(sessionOf)
    for (const session of all) await sessions.create(session)
    const client = await pool.connect()
    await client.query('BEGIN')
    await client.query(`SELECT FROM ${records} WHERE "user" = $1 FOR UPDATE`, [users[7]])
    await client.query(`SELECT FROM ${own}.countersign_sessions WHERE key = $1 FOR UPDATE`, [all[7]!.key])
    const done = new Set<unknown>()
    const told = (index: number) => () => done.add(index)
    const changes = [
      ...users.map((user, index) => store.update(user, counted, '{"n":1}').then(told(index))),
      ...all.map((session, index) => sessions.replace({ ...session, data: '{"n":1}' }, session.data).then(told(100 + index))),
    ]
    while (done.size < 38) await pause(5)
    await pause(50)
    t.false(done.has(7) || done.has(107))
    await client.query('COMMIT')
    client.release()
    await Promise.all(changes)
    t.deepEqual(await Promise.all(users.map((user) => store.read(user))), users.map(() => '{"n":2}'))
    t.deepEqual(new Set((await Promise.all(all.map(({ key }) => sessions.read(key)))).map((session) => session?.data)), new Set(['{"n":1}']))
  })

  test('nobody waits for a handle that somebody else may get', async (t) => {
    const users = names('handles', 10)
    await Promise.all(users.map((user) => write(store, user, '{"n":1}', `h ${user}`)))
    const client = await pool.connect()
    await client.query('BEGIN')
    await client.query(`INSERT INTO ${records} ("user", record, handle) VALUES ('of handles', '{}', 'awaited')`)
    const done = new Set<number>()
    const changes = users.map(async (user, index) => {
      await store.update(user, () => ({ record: '{"n":2}', handle: index === 3 ? 'awaited' : `h ${user}`, value: 0 }), '{"n":1}')
      done.add(index)
    })
    while (done.size < 9) await pause(5)
    t.false(done.has(3))
    await client.query('ROLLBACK')
    client.release()
    await Promise.all(changes)
    t.deepEqual(await Promise.all(users.map((user) => store.read(user))), users.map(() => '{"n":2}'))
    t.deepEqual([await store.owner('awaited'), await store.owner(`h ${users[3]}`), await store.owner(`h ${users[4]}`)], [users[3], undefined, users[4]])
  })

  test('what is refused of one user stops none of the others, and is told nobody else', async (t) => {
    const users = names('refused', 12)
    await Promise.all(users.map((user) => write(store, user, '{"n":1}', `h ${user}`)))
    const ends = await Promise.allSettled(users.map((user, index) =>
      store.update(user, () => ({ record: '{"n":2}', handle: `h ${index === 5 ? users[0] : user}`, value: index }), '{"n":1}')))
    for (const [index, end] of ends.entries()) {
      if (index === 5) t.like(end, { status: 'rejected', reason: { code: '23505' } })
      else t.like(end, { status: 'fulfilled', value: index })
    }
    t.deepEqual(await Promise.all(users.map((user) => store.read(user))), users.map((_, index) => `{"n":${index === 5 ? 1 : 2}}`))
    t.is(await store.owner(`h ${users[0]}`), users[0])

    const readOnly = newPool({ options: '-c default_transaction_read_only=on' })
    const failed = await Promise.allSettled(users.map((user) => postgresStore(readOnly, { schema: own }).update(user, counted)))
    const shared = postgresStore(readOnly, { schema: own })
    const sharing = await Promise.allSettled(users.map((user) => shared.update(user, counted)))
    for (const end of [...failed, ...sharing]) t.like(end, { status: 'rejected', reason: { code: '25006' } })
    t.is(new Set(sharing.map((end) => (end as PromiseRejectedResult).reason)).size, users.length, 'an error of its own for each')
    await readOnly.end()
  })

  test('processes whose changes cross do not lock each other out', async (t) => {
    const users = names('crossing', 16)
    const stores = Array.from({ length: 4 }, () => postgresStore(watching, { schema: own }))
    const rounds = 25
    await Promise.all(stores.map(async (its, number) => {
      for (let round = 0; round < rounds; round += 1) await countAll(number % 2 === 0 ? users : users.toReversed(), its)
    }))
    t.deepEqual(await Promise.all(users.map((user) => store.read(user))), users.map(() => `{"n":${4 * rounds}}`))
    t.deepEqual(watching.failed.filter((error) => (error as { code?: unknown }).code === '40P01'), [], 'deadlocks')
  })

  test('a sign-in in the same turn is counted with the others of its user', async (t) => {
    const user = 'counted'
    const created = await Promise.all(names('counted', 5).map((name) => sessions.create({ ...sessionOf(name), user })))
    t.deepEqual(created.map((one) => (one as { sessions: number }).sessions), [5, 5, 5, 5, 5], 'at least as many as there are now')
    t.deepEqual(await sessions.create({ ...sessionOf('counted alone'), user }), { sessions: 6 })
  })

  test('sweeps keep up with sessions that are created together', async (t) => {
    const schema = `${own}_swept`
    const its = postgresSessions(pool, { schema })
    await its.migrate()
    try {
      const old = names('old', 900)
      await Promise.all(old.map((user) => its.create({ ...sessionOf(user), expires: 1 })))
      for (let round = 0; round < 10; round += 1) await Promise.all(names(`new ${round}`, 120).map((user) => its.create(sessionOf(user))))
      t.is((await pool.query(`SELECT FROM ${schema}.countersign_sessions WHERE expires = 1`)).rowCount, 0)
    } finally {
      await dropSchema(schema)
    }
  })

  test('a shared statement looks rows up by their keys, in a table of any size', async (t) => {
    const schema = `${own}_large`
    const [its, its2] = [postgresStore(watching, { schema }), postgresSessions(watching, { schema })]
    await Promise.all([its.migrate(), its2.migrate()])
    try {
      await pool.query(`INSERT INTO ${schema}.countersign_records ("user", record, handle) SELECT 'user ' || n, '{"n":1}', CASE n % 2 WHEN 1 THEN 'h ' || n END FROM generate_series(1, 30000) AS n`)
      await pool.query(`INSERT INTO ${schema}.countersign_sessions SELECT 'k ' || n, 'user ' || n, '{}', 1 FROM generate_series(1, 30000) AS n`)
      await pool.query(`ANALYZE ${schema}.countersign_records, ${schema}.countersign_sessions`)
      const numbers = [2, 200, 3000, 20_000]
      const before = askedIn(schema).length
      await countAll(numbers.map((n) => `user ${n}`), its)
      await Promise.all(numbers.map((n) => its.update(`user ${n}`, counted, '{"n":2}')))
      await Promise.all(numbers.map((n) => its.ownerRecord!(`h ${n + 1}`)))
      const found = await Promise.all(numbers.map((n) => its2.read(`k ${n}`)))
      await Promise.all(found.map((session) => its2.replace({ ...session!, data: '{"n":1}' }, '{}')))
      await Promise.all(found.map((session) => its2.create({ ...session!, key: `new ${session!.key}` })))
      const asked = askedIn(schema, before)
      t.is(asked.length, 7)
      for (const [sql, values] of asked) {
        const { rows } = await pool.query(`EXPLAIN ${sql}`, values)
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
        t.regex(plan, /Index/)
        t.notRegex(plan, /Seq Scan/, plan)
      }
    } finally {
      await dropSchema(schema)
    }
  })
} else {
  test.skip('no database is there', () => {})
}
