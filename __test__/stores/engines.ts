// The databases that the tests use: each process in a schema and with a key prefix of its own, removed at the end.
import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { Client, Pool } from 'pg'
import type { PoolConfig } from 'pg'

/** A name that no other run has. */
export const own = `countersign_test_${process.pid}_${randomBytes(4).toString('hex')}`

export const postgresUrl = 'postgres://postgres@127.0.0.1:5432/test'
export const redisUrl = 'redis://127.0.0.1:6379'

export const postgresFound = await found('PostgreSQL', '127.0.0.1:5432', async () => {
  const client = new Client({ connectionString: postgresUrl, connectionTimeoutMillis: 5000 })
  await client.connect()
  await client.end()
})

export const redisFound = await found('Redis', '127.0.0.1:6379', async () => {
  const client = new Redis(redisUrl, { lazyConnect: true, retryStrategy: () => null })
  client.on('error', () => {})
  await client.connect()
  client.disconnect()
})

/** A pool on the test database; `max` as in production, ten. */
export function newPool(config: PoolConfig = {}): Pool {
  const pool = new Pool({ connectionString: postgresUrl, ...config })
  // A host has to listen too: an idle connection that is cut would end the process.
  pool.on('error', () => {})
  return pool
}

export function newRedis(url = redisUrl): Redis {
  // Not before it is asked: where all tests of a file are left out, no hook closes the connection, and the process would stay.
  const client = new Redis(url, { lazyConnect: true })
  client.on('error', () => {})
  return client
}

export async function dropSchema(schema: string): Promise<void> {
  const pool = newPool()
  await pool.query(`DROP SCHEMA IF EXISTS "${schema.replaceAll('"', '""')}" CASCADE`)
  await pool.end()
}

export async function deleteKeys(prefix: string): Promise<void> {
  const client = newRedis()
  let cursor = '0'
  do {
    const [next, keys] = await client.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', 1000)
    if (keys.length > 0) await client.del(...keys)
    cursor = next
  } while (cursor !== '0')
  client.disconnect()
}

/** Whether a database is there; `optional`: CI may lack it too. */
export async function found(
  name: string,
  address: string,
  connect: () => Promise<unknown>,
  optional = false,
): Promise<boolean> {
  try {
    await connect()
    return true
  } catch (cause) {
    if (process.env.CI && !optional) throw new Error(`${name} is not there at ${address}`, { cause })
    console.log(`SKIPPED: the tests of ${name}, which is not there at ${address}`)
    return false
  }
}
