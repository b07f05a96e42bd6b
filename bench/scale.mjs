// A million users on PostgreSQL and on Redis: how large they are there, and how fast they sign in. Needs PostgreSQL on
// 127.0.0.1:5432 (a database is made and dropped), and `redis-server` (one is started and ended). About twenty minutes,
// 15 GB of disk and 8 GB of memory.
//
// Sign-ins are measured in turn, in rounds: each figure is the one of its round with the median rate. `--wait`: for how many
// minutes at most to wait, once all is stored, until the machine has nothing else to do.
//
// node bench/scale.mjs [--users=1000000] [--seconds=8] [--rounds=3] [--flight=32] [--wait=0]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { createServer } from 'node:net'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Redis } from 'ioredis'
import { Client, Pool } from 'pg'

import { RedisKeys } from '../build/facade/stores/redis-keys.js'
import { postgresStore } from '../build/facade/stores/postgres-store.js'
import { processorName } from './lib/processor.mjs'
import { Child } from './lib/sign-ins.mjs'
import { partitions, personOf } from './lib/scale-users.mjs'

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '1000000' }, seconds: { type: 'string', default: '8' }, rounds: { type: 'string', default: '3' },
    flight: { type: 'string', default: '32' }, wait: { type: 'string', default: '0' },
  },
})
const [users, seconds, rounds, flight, wait] = [values.users, values.seconds, values.rounds, values.flight, values.wait].map(Number)
const longest = (60 + wait) * 60_000
const name = `countersign_scale_${process.pid}`
const admin = 'postgres://postgres@127.0.0.1:5432/postgres'
const databaseUrl = `postgres://postgres@127.0.0.1:5432/${name}`
const folder = mkdtempSync(join(tmpdir(), 'countersign-scale-'))
const program = new URL('lib/scale-process.mjs', import.meta.url)
const batch = 1000

checkRoom()
const ending = []
let ended
const bound = setTimeout(() => void end(`not done after ${longest / 60_000} minutes`), longest)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void end(signal))

try {
  const redisUrl = await startRedis()
  await makeDatabase()
  const figures = { users, seconds, rounds, flight, date: new Date().toISOString(), processor: processorName(), cores: cpus().length, node: process.version, load: loadavg() }
  // One process for all: the keys of its people are in it.
  const child = new Child(program, [databaseUrl, redisUrl])
  ending.push(() => child.end())
  await child.ready
  const templates = await child.ask({ task: 'templates' })
  for (const [kind, fill] of [
    ['postgres', (templates) => fillPostgres(templates, {})],
    ['postgres, partitions', (templates) => fillPostgres(templates, { prefix: 'parted_', partitions })],
    ['redis', (templates) => fillRedis(redisUrl, templates)],
  ]) {
    const since = performance.now()
    figures[kind] = { filled: await fill(templates) }
    figures[kind].fillSeconds = Math.round((performance.now() - since) / 1000)
    print(kind, figures[kind])
  }
  const kinds = ['postgres', 'postgres, partitions', 'redis', 'postgres, challenges in redis']
  const ways = ['code', 'key', 'passkey']
  for (const kind of kinds) await child.ask({ task: 'sample', kind, users, count: 20 })
  for (let waited = 0; waited < wait * 60 && loadavg()[0] > cpus().length; waited += 5) await pause(5000)
  figures.loadBefore = loadavg()
  const measured = {}
  for (let round = 0; round < rounds; round += 1) {
    for (const kind of kinds) {
      for (const way of ways) {
        const figure = await child.ask({ task: 'run', kind, way, users, flight, seconds })
        const all = (measured[`${kind}, by ${way}`] ??= [])
        all.push(figure)
      }
    }
  }
  figures.signIns = Object.fromEntries(Object.entries(measured).map(([what, all]) => {
    const sorted = all.toSorted((one, other) => one.perSecond - other.perSecond)
    const median = { ...sorted[Math.floor(sorted.length / 2)], rates: sorted.map(({ perSecond }) => Math.round(perSecond)) }
    print(what, median)
    return [what, median]
  }))
  figures.loadAfter = loadavg()
  console.log(JSON.stringify(figures, null, 2))
} catch (error) {
  // What is ended by a signal fails in many ways.
  if (ended === undefined) throw error
} finally {
  clearTimeout(bound)
  await end()
}

/** What a record is in bytes, and what all of them take with their indexes. */
async function fillPostgres(templates, options) {
  const { prefix = 'countersign_' } = options
  const pool = new Pool({ connectionString: databaseUrl, max: 4, options: '-c synchronous_commit=off' })
  pool.on('error', () => {})
  await postgresStore(pool, options).migrate()
  let bytes = 0
  await inBatches(4, async (people) => {
    bytes += people.reduce((sum, { record }) => sum + Buffer.byteLength(record), 0)
    const column = (member) => people.map((person) => person[member])
    await pool.query(`INSERT INTO ${prefix}records ("user", record, handle) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])`, [column('user'), column('record'), column('handle')])
    const claims = people.flatMap(({ user, claims }) => claims.map((claim) => [claim, user]))
    await pool.query(`INSERT INTO ${prefix}claims (claim, "user") SELECT * FROM unnest($1::text[], $2::text[])`, [claims.map(([claim]) => claim), claims.map(([, user]) => user)])
  }, templates)
  await pool.query('VACUUM ANALYZE')
  await pool.query('CHECKPOINT')
  const sizes = {}
  const { rows } = await pool.query(`
    SELECT regexp_replace(relname, '_\\d+', '') AS name, sum(pg_table_size(oid)) AS bytes FROM pg_class
    WHERE relname LIKE $1 AND relkind IN ('r', 'i') AND relname NOT LIKE '%challenges%' GROUP BY 1 ORDER BY 1`, [`${prefix.slice(0, -1)}%`])
  for (const { name: table, bytes: size } of rows) sizes[table] = Number(size)
  await pool.end()
  return { recordBytes: bytes / users, sizes, sum: Object.values(sizes).reduce((sum, size) => sum + size, 0) }
}

/** With the keys that the store itself uses, first the records alone, then what leads to them. */
async function fillRedis(url, templates) {
  const client = new Redis(url)
  client.on('error', () => {})
  const keys = new RedisKeys('countersign')
  const used = async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))[1])
  const nonce = (index) => String(index).padStart(16, '0')
  const before = await used()
  const pass = async (add) => {
    await inBatches(2, async (people, first) => {
      const pipeline = client.pipeline()
      people.forEach((person, index) => add(pipeline, person, nonce(first + index)))
      for (const [error] of await pipeline.exec()) if (error) throw error
    }, templates)
    return used()
  }
  const withRecords = await pass((to, { user, record, handle, claims }, version) => {
    to.hset(keys.record(user), 'version', version, 'past', '', 'record', record, 'claims', ` ${claims.join(' ')} `, 'handle', handle)
  })
  const withIndexes = await pass((to, { user, handle, claims }, version) => {
    to.sadd(keys.users(user), user)
    to.sadd(keys.handle(handle), user)
    for (const claim of claims) to.set(keys.claim(claim), `${version} ${user}`)
  })
  const info = await client.info('memory')
  const sizes = { records: withRecords - before, indexes: withIndexes - withRecords }
  client.disconnect()
  return { sizes, sum: withIndexes - before, resident: Number(/used_memory_rss:(\d+)/.exec(info)[1]) }
}

async function inBatches(atOnce, add, templates) {
  let next = 0
  const lane = async () => {
    while (next < users) {
      const first = next
      next = Math.min(users, first + batch)
      await add(Array.from({ length: next - first }, (_, index) => personOf(first + index, templates)), first)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}

async function makeDatabase() {
  const query = async (sql) => {
    const client = new Client({ connectionString: admin })
    await client.connect()
    await client.query(sql)
    await client.end()
  }
  await query(`CREATE DATABASE ${name}`)
  ending.push(() => query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
}

/** With what docs/stores/redis.md asks for at least. */
async function startRedis() {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  await once(probe, 'close')
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec']
  const server = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(server, 'exit')
  ending.push(async () => {
    server.kill('SIGKILL')
    await exited
  })
  for await (const text of server.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    if (text.includes('Ready to accept connections')) break
  }
  server.stdout.resume()
  return `redis://127.0.0.1:${port}`
}

function checkRoom() {
  const available = Number(/MemAvailable:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))[1]) * 1024
  const { bavail, bsize } = statfsSync(tmpdir())
  if (available < 3e9 + users * 5000) throw new Error(`not enough memory: ${Math.round(available / 1e9)} GB are free`)
  if (bavail * bsize < 3e9 + users * 20_000) throw new Error('not enough room on the disk')
}

function print(what, figures) {
  console.error(what, JSON.stringify(figures, (_name, value) => (typeof value === 'number' ? Math.round(value * 100) / 100 : value)))
}

/** Takes everything away, once. With a reason, the process ends then. */
function end(reason) {
  return (ended ??= cleanUp().then(() => {
    if (reason === undefined) return
    console.error(reason)
    process.exit(1)
  }))
}

async function cleanUp() {
  for (const one of ending.splice(0).toReversed()) {
    try {
      await one()
    } catch (error) {
      console.error(error)
    }
  }
  rmSync(folder, { recursive: true, force: true })
}
