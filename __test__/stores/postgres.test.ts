import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

import test from 'ava'

import { isCountersignError } from '../../facade/shared/errors.js'
import { postgresStore, postgresTables } from '../../facade/stores/postgres-store.js'
import type { PostgresPool, PostgresStore } from '../../facade/stores/postgres-store.js'
import { dropSchema, newPool, own, postgresFound } from './engines.js'

const pg = postgresFound ? test : test.skip
const challenge = { id: 'one', purpose: 'sign-in', data: 'data', expires: Date.now() + 60_000 }

let pool: ReturnType<typeof newPool>
let store: PostgresStore

if (postgresFound) {
  test.before(async () => {
    pool = newPool()
    store = postgresStore(pool, { schema: own })
    await store.migrate()
  })
  test.after.always(async () => {
    await dropSchema(own)
    await pool.end()
  })
}

pg('tables are made once, by any number of processes, in any schema', async (t) => {
  const schema = `${own} "Ü;--`
  const stores = Array.from({ length: 8 }, () => postgresStore(pool, { schema, prefix: 'x"y_' }))
  try {
    await Promise.all(stores.map((one) => one.migrate()))
    await stores[0]?.update('ann', () => ({ record: '{}', value: 0 }))
    await stores[1]?.migrate()
    t.is(await stores[2]?.read('ann'), '{}')
  } finally {
    await dropSchema(schema)
  }
})

pg('the SQL of the documentation makes the same tables', async (t) => {
  const page = await readFile(new URL('../../../docs/stores/postgres.md', import.meta.url), 'utf8')
  t.true(page.includes(`\`\`\`sql\n${postgresTables()}\`\`\``))
  const schema = `${own}_sql`
  await pool.query(`CREATE SCHEMA ${schema};\n${postgresTables({ schema })}`)
  try {
    t.deepEqual(await columns(schema), await columns(own))
    t.true((await columns(own)).length > 9)
    const calls: string[] = []
    await postgresStore(watched(pool, (sql) => void calls.push(sql)), { schema }).migrate()
    t.is(calls.length, 1, 'nothing is left to be made')
  } finally {
    await dropSchema(schema)
  }
})

pg('a role that may only use the tables can do everything but make them', async (t) => {
  const role = `${own}_role`
  await pool.query(`CREATE ROLE "${role}" LOGIN; GRANT USAGE ON SCHEMA ${own} TO "${role}";
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${own} TO "${role}"`)
  const restricted = newPool({ connectionString: `postgres://${role}@127.0.0.1:5432/test` })
  try {
    const its = postgresStore(restricted, { schema: own })
    await its.migrate()
    await its.update('restricted', () => ({ record: '{"n":1}', handle: 'h of restricted', value: 0 }))
    await its.update('restricted', () => ({ record: '{"n":2}', handle: 'h of restricted', value: 0 }))
    await its.put('restricted', challenge)
    t.is(await its.take('restricted', 'one', Date.now()), 'data')
    await its.update('restricted', () => ({ record: null, value: 0 }))
    await t.throwsAsync(postgresStore(restricted, { schema: `${own}_new` }).migrate(), { code: '42501' })
  } finally {
    await restricted.end()
    await pool.query(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`)
  }
})

pg('text that PostgreSQL can not hold is refused by name, or is not there', async (t) => {
  const refused = async (name: string, work: Promise<unknown>) => {
    const error = await t.throwsAsync(work)
    t.true(isCountersignError(error, 'invalid-argument'))
    t.is(error?.message, `Invalid argument: ${name} must be well-formed text without NUL characters`)
  }
  for (const bad of ['a\0b', '\ud800']) {
    await refused('user', store.read(bad))
    await refused('user', store.update(bad, () => ({ record: '{}', value: 0 })))
    await refused('record', store.update('nul', () => ({ record: bad, value: 0 })))
    await refused('handle', store.update('nul', () => ({ record: '{}', handle: bad, value: 0 })))
    await refused('key', store.put(bad, challenge))
    await refused('id', store.put('nul', { ...challenge, id: bad }))
    await refused('purpose', store.put('nul', { ...challenge, purpose: bad }))
    await refused('data', store.put('nul', { ...challenge, data: bad }))
    await refused('key', store.take(bad, 'one', Date.now()))
    await refused('key', store.clear(bad))
    // These two come from a client.
    t.is(await store.take('nul', bad, Date.now()), undefined)
    t.is(await store.owner(bad), undefined)
  }
  t.is(await store.read('nul'), undefined)
})

pg('options are checked', (t) => {
  const wrong = [{ schema: '' }, { schema: 'a\0' }, { prefix: 'x'.repeat(41) }, { schemas: 'x' }, { schema: 5 }]
  for (const options of wrong) {
    const error = t.throws(() => postgresStore(pool, options as object))
    t.true(isCountersignError(error, 'invalid-argument'))
  }
  t.throws(() => postgresStore({} as PostgresPool), { message: 'Invalid argument: pool must be a pool of pg, or an object with its query(text, values)' })
})

pg('the database decides too what has expired, whatever a host takes for the time', async (t) => {
  await store.put('skewed', { ...challenge, id: 'gone', expires: Date.now() - 60_000 })
  await store.put('skewed', { ...challenge, id: 'open', expires: Date.now() + 60_000 })
  const slow = Date.now() - 3_600_000
  const fast = Date.now() + 3_600_000
  t.is(await store.take('skewed', 'gone', slow), undefined, 'a slow host gets no expired challenge')
  t.is(await store.take('skewed', 'open', fast), undefined, 'a fast one none that it holds for expired')
  t.is(await store.take('skewed', 'open', slow), 'data', 'which is still there for the others')
})

pg('expired challenges of everybody go in passing', async (t) => {
  const table = `${own}_sweep.countersign_challenges`
  const its = postgresStore(pool, { schema: `${own}_sweep` })
  await its.migrate()
  try {
    for (let index = 0; index < 100; index += 1) await its.put(`gone ${index}`, { ...challenge, expires: 5 })
    for (let index = 0; index < 300; index += 1) await its.put('busy', { ...challenge, id: `c${index}` })
    const { rows } = await pool.query(`SELECT key, count(*)::int AS n FROM ${table} GROUP BY key`)
    t.deepEqual(rows, [{ key: 'busy', n: 8 }])
  } finally {
    await dropSchema(`${own}_sweep`)
  }
})

pg('however many are put at one moment, 8 are open', async (t) => {
  const ids = Array.from({ length: 40 }, (_, index) => `c${index}`)
  await Promise.all(ids.map((id) => store.put('crowd', { ...challenge, id })))
  const taken = await Promise.all(ids.map((id) => store.take('crowd', id, Date.now())))
  t.is(taken.filter((data) => data !== undefined).length, 8)
  await store.clear('crowd')
  for (const id of ids) await pool.query(`INSERT INTO ${own}.countersign_challenges (key, id, purpose, data, expires)
    VALUES ('crowd', $1, 'sign-in', $1, $2)`, [id, challenge.expires])
  for (const id of ids.slice(32)) t.is(await store.take('crowd', id, Date.now()), id)
  for (const id of ids) t.is(await store.take('crowd', id, Date.now()), undefined)
})

pg('no statement is held for expensive where the tables were filled and never analyzed', async (t) => {
  const schema = `${own}_unknown`
  const asked: [string, unknown[]][] = []
  const query = (sql: string, values: unknown[] = []) => { asked.push([sql, values]); return pool.query(sql, values) }
  const its = postgresStore({ query }, { schema })
  await its.migrate()
  const { random } = Math
  try {
    // Nobody's vacuum in between.
    await pool.query(`ALTER TABLE ${schema}.countersign_challenges SET (autovacuum_enabled = false);
      ALTER TABLE ${schema}.countersign_records SET (autovacuum_enabled = false);
      INSERT INTO ${schema}.countersign_challenges (key, id, purpose, data, expires)
        SELECT 'user ' || n % 300, 'id ' || n, 'sign-in', repeat('x', 300), ${challenge.expires} FROM generate_series(1, 100000) AS n;
      INSERT INTO ${schema}.countersign_records ("user", record) SELECT 'user ' || n, repeat('x', 900) FROM generate_series(1, 50000) AS n`)
    asked.length = 0
    await its.read('user 1')
    await its.update('user 1', () => ({ record: '{}', value: 0 }))
    for (const number of [0.99, 0]) {
      Math.random = () => number
      await its.put('user 1', { ...challenge, id: 'new' })
    }
    t.is(await its.take('user 1', 'new', Date.now()), 'data')
    await its.clear('user 1')
    t.is(asked.length, 7)
    for (const [sql, values] of asked) {
      const { rows } = await pool.query(`EXPLAIN (FORMAT JSON) ${sql}`, values)
      const [{ Plan: plan }] = rows[0]['QUERY PLAN']
      // From 100,000 on, PostgreSQL compiles a statement.
      t.true(plan['Total Cost'] < 50_000, `${plan['Total Cost']}: ${sql}`)
    }
  } finally {
    Math.random = random
    await dropSchema(schema)
  }
})

pg('what is put while clear waits stays, also under an id of before', async (t) => {
  for (const id of ['a', 'b']) await store.put('cleared', { ...challenge, id })
  const client = await pool.connect()
  await client.query('BEGIN')
  await client.query(`SELECT FROM ${own}.countersign_challenges WHERE key = 'cleared' AND id = 'a' FOR UPDATE`)
  const clearing = store.clear('cleared')
  const waits = async () => (await pool.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1", [`DELETE FROM "${own}"%`])).rowCount
  while ((await waits()) === 0) await pause(5)
  await store.put('cleared', { ...challenge, id: 'c', data: 'first' })
  await store.put('cleared', { ...challenge, id: 'b', data: 'second' })
  await client.query('COMMIT')
  client.release()
  await clearing
  const taken = await Promise.all(['a', 'b', 'c'].map((id) => store.take('cleared', id, Date.now())))
  t.deepEqual(taken, [undefined, 'second', 'first'])
})

pg('a record that others change at every attempt: a typed error, and nothing half written', async (t) => {
  await store.update('busy', () => ({ record: '{"n":0}', handle: 'h of busy', value: 0 }))
  let others = 0
  let runs = 0
  const contended = watched(pool, async (sql) => {
    if (!sql.startsWith('UPDATE')) return
    others += 1
    const theirs = `UPDATE ${own}.countersign_records SET record = $1, version = DEFAULT WHERE "user" = 'busy'`
    await pool.query(theirs, [`{"n":${others}}`])
  })
  const its = postgresStore(contended, { schema: own })
  const change = (before?: string) => {
    t.is(before, `{"n":${runs}}`, 'each run sees what the others wrote')
    runs += 1
    return { record: '{"mine":true}', handle: 'h of mine', value: 'mine' }
  }
  const error = await t.throwsAsync(its.update('busy', change))
  t.true(isCountersignError(error, 'store-busy'))
  t.deepEqual([runs, others], [40, 40])
  t.is(await store.read('busy'), '{"n":40}')
  t.deepEqual([await store.owner('h of busy'), await store.owner('h of mine')], ['busy', undefined])
  t.is(await store.update('busy', (before) => ({ record: '{}', value: before })), '{"n":40}')
})

pg('a record that was deleted and made anew is not taken for the old one', async (t) => {
  await store.update('anew', () => ({ record: '{"n":1}', value: 0 }))
  let once = true
  const its = postgresStore(
    watched(pool, async (sql) => {
      if (!sql.startsWith('UPDATE') || !once) return
      once = false
      await store.update('anew', () => ({ record: null, value: 0 }))
      await store.update('anew', () => ({ record: '{"n":1}', value: 0 }))
    }),
    { schema: own },
  )
  let runs = 0
  await its.update('anew', () => ({ record: `{"runs":${(runs += 1)}}`, value: 0 }))
  t.is(await store.read('anew'), '{"runs":2}')
})

pg('what the database refuses comes out as it is, and nothing is lost', async (t) => {
  await store.update('kept', () => ({ record: '{"n":1}', value: 0 }))
  const readOnly = newPool({ options: '-c default_transaction_read_only=on' })
  const its = postgresStore(readOnly, { schema: own })
  t.is(await its.read('kept'), '{"n":1}')
  await t.throwsAsync(its.update('kept', () => ({ record: '{"n":2}', value: 0 })), { code: '25006' })
  await t.throwsAsync(its.put('kept', challenge), { code: '25006' })
  await t.throwsAsync(its.take('kept', 'one', Date.now()), { code: '25006' })
  t.is(await its.update('kept', () => ({ value: 'nothing to write' })), 'nothing to write')
  await readOnly.end()
  const missing = postgresStore(pool, { schema: `${own}_missing` })
  const error = await t.throwsAsync(missing.read('kept'), { code: 'store-failed', message: /call migrate\(\)/ })
  t.like(error, { cause: { code: '42P01' } })
  await t.throwsAsync(store.update('thief', () => ({ record: '{}', handle: 'h of kept', value: 0 })).then(() =>
    store.update('kept', () => ({ record: '{"n":3}', handle: 'h of kept', value: 0 })),
  ), { code: '23505' }, 'a handle belongs to one user')
  t.is(await store.read('kept'), '{"n":1}')
})

pg('bigint read as a number by the host changes nothing', async (t) => {
  const { default: driver } = await import('pg')
  const types = { getTypeParser: (oid: number) => (oid === 20 ? () => 0.5 : driver.types.getTypeParser(oid)) }
  const its = postgresStore(newPoolWith(types), { schema: own })
  for (let n = 1; n < 4; n += 1) {
    const before = await its.update('typed', (record) => ({ record: `{"n":${n}}`, value: record }))
    t.is(before, n > 1 ? `{"n":${n - 1}}` : undefined)
  }
})

/** A pool that lets `before` see, and delay, every statement. */
function watched(target: PostgresPool, before: (sql: string) => Promise<void> | void): PostgresPool {
  return {
    async query(sql, values) {
      await before(sql.trim())
      return target.query(sql, values)
    },
  }
}

function newPoolWith(types: object): PostgresPool {
  return { query: (text, values = []) => pool.query({ text, values, types: types as never }) }
}

async function columns(schema: string): Promise<unknown[]> {
  const { rows } = await pool.query(
    `SELECT table_name, column_name, data_type, collation_name, is_nullable, is_identity FROM information_schema.columns
     WHERE table_schema = $1 ORDER BY table_name, ordinal_position`, [schema])
  const sql = 'SELECT indexname FROM pg_indexes WHERE schemaname = $1 ORDER BY indexname'
  const indexes = await pool.query(sql, [schema])
  return [...rows, ...indexes.rows]
}
