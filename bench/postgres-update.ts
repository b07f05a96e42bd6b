// Compares ways to write `update` for PostgreSQL: a versioned compare-and-swap (with and without a queue for each user), and a
// transaction that locks the row. It prints updates per second. Each update adds one to a number, and none may be lost.
//
// Here, a commit waits for the disk far longer than for a round trip. Turn `synchronous_commit` off to see the rest.
//
// node build/bench/postgres-update.js [milliseconds for each number]
import { performance } from 'node:perf_hooks'
import { Pool } from 'pg'

import { conflict, untilNoConflict } from '../facade/stores/attempts.js'
import { postgresStore } from '../facade/stores/postgres-store.js'

const schema = `countersign_bench_${process.pid}`
const duration = Number(process.argv[2] ?? 2000)
/** Four stores with a pool of ten each. Like four processes, they only share the database. */
const config = { connectionString: 'postgres://postgres@127.0.0.1:5432/test', options: '-c synchronous_commit=off' }
const pools = Array.from({ length: 4 }, () => new Pool(config))
const [first] = pools as [Pool]

type Update = (user: string) => Promise<void>
const filler = 'x'.repeat(1500)
const next = (record: string | undefined) => JSON.stringify({ n: countOf(record) + 1, filler })
const countOf = (record: string | undefined) => (record === undefined ? 0 : (JSON.parse(record) as { n: number }).n)

const ways: Record<string, (pool: Pool) => Update> = {
  'compare-and-swap, queue': (pool) => {
    const store = postgresStore(pool, { schema })
    return (user) => store.update(user, (record) => ({ record: next(record), value: undefined }))
  },
  'compare-and-swap': (pool) => (user) => untilNoConflict(() => swap(pool, user)),
  'locked row': (pool) => (user) => locked(pool, user),
}

try {
  await postgresStore(first, { schema }).migrate()
  const scenes = [
    ['one user each', 1000, 1],
    ['one user, one process', 1, 1],
    ['one user, four processes', 1, 4],
  ] as const
  for (const [name, users, stores] of scenes) {
    console.log(`\n${name}`)
    for (const inFlight of [1, 4, 16, 64]) {
      if (inFlight < stores) continue
      const results: string[] = []
      for (const [way, make] of Object.entries(ways)) {
        results.push(`${way} ${await measure(pools.slice(0, stores).map(make), users, inFlight)}/s`)
      }
      console.log(`${String(inFlight).padStart(3)} in flight: ${results.join(', ')}`)
    }
  }
} finally {
  await first.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
  await Promise.all(pools.map((pool) => pool.end()))
}

async function measure(updates: Update[], users: number, inFlight: number): Promise<number> {
  await first.query(`TRUNCATE ${schema}.countersign_records`)
  for (let user = 0; user < users; user += 1) await updates[0]?.(`user ${user}`)
  let done = 0
  let failed = 0
  const end = performance.now() + duration
  const worker = async (index: number) => {
    for (let turn = index; performance.now() < end; turn += inFlight) {
      const update = updates[index % updates.length] as Update
      await update(`user ${turn % users}`).then(() => (done += 1), () => (failed += 1))
    }
  }
  await Promise.all(Array.from({ length: inFlight }, (_, index) => worker(index)))
  const sum = `SELECT sum((record::json->>'n')::int)::int AS sum FROM ${schema}.countersign_records`
  const { rows } = await first.query(sum)
  if (rows[0].sum !== done + users) throw new Error(`${done + users} updates, ${rows[0].sum} counted`)
  if (failed > 0) console.log(`    (${failed} failed)`)
  return Math.round((done / duration) * 1000)
}

async function swap(pool: Pool, user: string): Promise<void | typeof conflict> {
  const table = `${schema}.countersign_records`
  const { rows } = await pool.query(`SELECT record, version FROM ${table} WHERE "user" = $1`, [user])
  const insert = `INSERT INTO ${table} ("user", record) VALUES ($1, $2) ON CONFLICT DO NOTHING`
  const replace = `UPDATE ${table} SET record = $2, version = DEFAULT WHERE "user" = $1 AND version = $3`
  const record = next(rows[0]?.record)
  const written = rows[0] ? pool.query(replace, [user, record, rows[0].version]) : pool.query(insert, [user, record])
  return (await written).rowCount === 1 ? undefined : conflict
}

async function locked(pool: Pool, user: string): Promise<void> {
  const table = `${schema}.countersign_records`
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const { rows } = await client.query(`SELECT record FROM ${table} WHERE "user" = $1 FOR UPDATE`, [user])
    const record = next(rows[0]?.record)
    if (rows[0]) await client.query(`UPDATE ${table} SET record = $2 WHERE "user" = $1`, [user, record])
    else await client.query(`INSERT INTO ${table} ("user", record) VALUES ($1, $2)`, [user, record])
    await client.query('COMMIT')
  } finally {
    client.release()
  }
}
