// The stores that the servers of `servers` keep their users in: each empty, with its round trips counted where there are some.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { directoryStore, memorySessions, memoryStore } from 'countersign/stores'

/**
 * @param name `memory`, `directory`, `sqlite`, `postgres`, `postgres, prepared` (statements have names), `redis` or `mysql`
 * @returns what it keeps things in, and `forget()`, which deletes the sessions and challenges of an SQL database
 */
export async function openDatabase(name) {
  let trips = 0
  const counted = (object, method) => {
    const asked = object[method]
    object[method] = function (...args) {
      trips += 1
      return asked.apply(this, args)
    }
  }
  const opened = await OPEN[name](`countersign_bench_${process.pid}`, counted)
  return { name, drop: async () => {}, forget: async () => {}, trips: () => trips, ...opened }
}

const OPEN = {
  memory: async () => ({ store: memoryStore(), sessions: memorySessions() }),

  async directory() {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
    return { store: directoryStore(join(folder, 'store'), { create: true }), drop: async () => rmSync(folder, { recursive: true }) }
  },

  /** With the SQLite that Node has, which takes Node 22.13. */
  async sqlite() {
    const { DatabaseSync } = await import('node:sqlite')
    const { sqliteSessions, sqliteStore } = await import('countersign/stores/sqlite')
    const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
    const database = new DatabaseSync(join(folder, 'database'))
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    const [store, sessions] = [sqliteStore(database), sqliteSessions(database)]
    await store.migrate()
    await sessions.migrate()
    const forget = async () => {
      const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
      for (const { name } of tables.filter(passes)) database.exec(`DELETE FROM "${name}"${butKey(name)}`)
    }
    return { store, sessions, database, forget, drop: async () => rmSync(folder, { recursive: true }) }
  },

  postgres: (schema, counted) => postgres(schema, counted, {}),
  'postgres, prepared': (schema, counted) => postgres(schema, counted, { prepare: true }),

  async redis(prefix, counted) {
    const { Redis } = await import('ioredis')
    const { redisSessions, redisStore } = await import('countersign/stores/redis')
    counted(Redis.prototype, 'sendCommand')
    const client = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379')
    const drop = async () => {
      const keys = await client.keys(`${prefix}*`)
      if (keys.length > 0) await client.del(...keys)
      client.disconnect()
    }
    return { store: redisStore(client, { prefix }), sessions: redisSessions(client, { prefix }), drop }
  },

  async mysql(prefix, counted) {
    const { createPool } = await import('mysql2/promise')
    const { mysqlStore } = await import('countersign/stores/mysql')
    const pool = createPool({ uri: process.env.MYSQL_URL ?? 'mysql://root@127.0.0.1:3306/test', connectionLimit: 20 })
    const connection = await pool.getConnection()
    for (const method of ['query', 'execute']) counted(Object.getPrototypeOf(connection.connection.constructor.prototype), method)
    connection.release()
    const store = mysqlStore(pool, { prefix: `${prefix}_` })
    await store.migrate()
    const drop = async () => {
      const one = await pool.getConnection()
      const [rows] = await one.query('SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE ?', [`${prefix}\\_%`])
      await one.query('SET foreign_key_checks = 0')
      await one.query(`DROP TABLE ${rows.map(({ name }) => `\`${name}\``).join(', ')}`)
      one.release()
      await pool.end()
    }
    return { store, drop }
  },
}

async function postgres(schema, counted, options) {
  const { default: pg } = await import('pg')
  const { postgresSessions, postgresStore } = await import('countersign/stores/postgres')
  // Each statement is a round trip, whoever sends it.
  counted(pg.Client.prototype, 'query')
  const pool = new pg.Pool({ connectionString: process.env.POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test', max: 20, options: `-c search_path=${schema}` })
  await pool.query(`CREATE SCHEMA ${schema}`)
  const [store, sessions] = [postgresStore(pool, { schema, ...options }), postgresSessions(pool, { schema, ...options })]
  await store.migrate()
  await sessions.migrate()
  const forget = async () => {
    const { rows } = await pool.query('SELECT tablename AS name FROM pg_tables WHERE schemaname = $1', [schema])
    // Not TRUNCATE, after which every connection plans its named statements anew.
    for (const { name } of rows.filter(passes)) await pool.query(`DELETE FROM ${schema}."${name}"${butKey(name)}`)
  }
  const drop = async () => {
    await pool.query(`DROP SCHEMA ${schema} CASCADE`)
    await pool.end()
  }
  return { store, sessions, pool, forget, drop }
}

/** Tables of what is not an account: ours, and better-auth's, whose challenges are verifications. */
const passes = ({ name }) => /^(?:.*_)?(?:sessions?|challenges?|verification)$/.test(name)

/** The row with the secret of passkeys' challenges stays: without it, those that are open are refused a minute later. */
const butKey = (name) => (name === 'countersign_challenges' ? ` WHERE key <> ''` : '')
