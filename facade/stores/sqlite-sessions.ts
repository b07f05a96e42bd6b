import { SqliteCalls } from './sqlite-calls.js'
import type { SqliteConnection } from './sqlite-connection.js'
import type { SqliteDatabase } from './sqlite-database.js'
import { openSqlite } from './sqlite-open.js'
import type { OpenSqlite, SqliteOptions } from './sqlite-open.js'
import type { SessionStore, StoredSession } from './session-store.js'
import { sqliteNames, sqliteSessionTables } from './sqlite-tables.js'
import { isStorable, storable } from './storable.js'

export interface SqliteSessions extends SessionStore {
  /** Creates the table if it is missing. Any number of processes may do so at once. */
  migrate(): Promise<void>
  /** Waits for the calls that are open, and closes the file. The host's own database stays open. */
  close(): Promise<void>
}

/**
 * Keeps sessions in SQLite, for any number of processes and worker threads of one machine. It may be the database of
 * `sqliteStore`, and has the same options and errors.
 *
 * @param database a path, or the host's own database, as for `sqliteStore`
 * @example
 * const store = sqliteSessions('var/countersign.db', { create: true })
 */
export function sqliteSessions(database: SqliteDatabase | string, options: SqliteOptions = {}): SqliteSessions {
  return new Sqlite(openSqlite(database, options, 'use memorySessions() for tests'))
}

/** One new session in 16 takes expired ones away. */
const sweepCreates = 16

class Sqlite implements SqliteSessions {
  readonly #connection: SqliteConnection
  readonly #calls: SqliteCalls
  readonly #table: string
  #creates = 0

  constructor(sqlite: OpenSqlite) {
    const { connection, prefix } = sqlite
    const { sessions, sessionsTable } = sqliteNames(prefix)
    this.#connection = connection
    this.#table = sessions
    this.#calls = new SqliteCalls(sqlite, {
      tables: sqliteSessionTables(prefix === undefined ? {} : { prefix }),
      table: sessionsTable,
      missing: 'the table of sessions is missing; call migrate()',
    })
  }

  migrate(): Promise<void> {
    return this.#calls.migrate()
  }

  async create({ key, user, data, expires }: StoredSession): Promise<void> {
    const texts = Object.entries({ key, user, data }).map(([name, value]) => storable(value, name))
    await this.#calls.change(() => {
      this.#creates += 1
      if (this.#creates % sweepCreates === 0) this.#connection.run(`DELETE FROM ${this.#table} WHERE expires <= ?`, Date.now())
      this.#connection.run(`INSERT INTO ${this.#table} (key, user, data, expires) VALUES (?, ?, ?, ?)`, ...texts, expires)
    })
  }

  async read(key: string): Promise<StoredSession | undefined> {
    // A key may come from outside.
    if (!isStorable(key)) return undefined
    const [found] = await this.#rows('key', key)
    return found
  }

  async replace({ key, data, expires }: StoredSession, before: string): Promise<boolean> {
    const sql = `UPDATE ${this.#table} SET data = ?, expires = ? WHERE key = ? AND data = ? RETURNING 1`
    const values = [storable(data, 'data'), expires, storable(key, 'key'), before]
    return (await this.#calls.change(() => this.#connection.rows(sql, ...values))).length > 0
  }

  async delete(key: string): Promise<void> {
    if (isStorable(key)) await this.#calls.change(() => this.#connection.run(`DELETE FROM ${this.#table} WHERE key = ?`, key))
  }

  list(user: string): Promise<StoredSession[]> {
    return this.#rows('user', storable(user, 'user'))
  }

  async deleteAll(user: string, except = ''): Promise<void> {
    const values = [storable(user, 'user'), storable(except, 'except')]
    await this.#calls.change(() => this.#connection.run(`DELETE FROM ${this.#table} WHERE user = ? AND key <> ?`, ...values))
  }

  close(): Promise<void> {
    return this.#calls.close()
  }

  async #rows(column: 'key' | 'user', value: string): Promise<StoredSession[]> {
    const rows = await this.#calls.rows(`SELECT key, user, data, expires FROM ${this.#table} WHERE ${column} = ?`, value)
    return rows.map(({ key, user, data, expires }) => ({ key: String(key), user: String(user), data: String(data), expires: Number(expires) }))
  }
}
