import { resolve } from 'node:path'

import { invalid, text } from '../shared/check.js'
import { CountersignError } from '../shared/errors.js'
import { checkClaims, claimTaken } from './claims.js'
import { SqliteCalls } from './sqlite-calls.js'
import type { SqliteConnection } from './sqlite-connection.js'
import type { SqliteDatabase } from './sqlite-database.js'
import { fillNewFile } from './sqlite-file.js'
import { openSqlite } from './sqlite-open.js'
import type { OpenSqlite, SqliteOptions } from './sqlite-open.js'
import { pageSize, sqliteStatements } from './sqlite-statements.js'
import type { SqliteStatements } from './sqlite-statements.js'
import { schemaVersion, sqliteNames, sqliteTables } from './sqlite-tables.js'
import { isStorable, storable } from './storable.js'
import type { OpenChallenge, RecordChange, Store } from './traits.js'
import { usersAfter } from './users-after.js'

export type { SqliteDatabase, SqliteStatement } from './sqlite-database.js'
export type { SqliteOptions } from './sqlite-open.js'
export { sqliteSessions } from './sqlite-sessions.js'
export type { SqliteSessions } from './sqlite-sessions.js'
export { sqliteSessionTables, sqliteTables } from './sqlite-tables.js'

export interface SqliteStore extends Required<Omit<Store, 'challengeTag' | 'ownerRecord'>> {
  /** Creates the tables that are missing. Any number of processes may do so at once. */
  migrate(): Promise<void>
  /**
   * Writes a copy of the whole database into a new file (mode 0600), as it is at one moment, while other programs go on
   * reading and writing. This thread waits until the copy is on disk.
   *
   * @throws CountersignError `directory-refused` if the file exists or can't be created, `store-failed`
   */
  backup(path: string): Promise<void>
  /** Waits for the calls that are open, and closes the file. The host's own database stays open. A second call changes nothing. */
  close(): Promise<void>
}

/**
 * Keeps records and challenges in SQLite, for any number of processes and worker threads of one machine.
 *
 * All changes that wait in a process are one transaction, so that many of them wait for the disk together. A call
 * resolves once its transaction is committed. No call waits for a lock inside SQLite, where it would stop the event loop.
 *
 * SQLite's drivers don't all keep NUL characters. A user, a record or a challenge with one is refused.
 *
 * @param database a path, opened with `node:sqlite` (Node 22.13 or newer), `bun:sqlite` or `better-sqlite3`; or the
 *   host's own database of one of these. The store is never part of a transaction that is open there: it waits
 * @throws CountersignError `directory-refused` for a path, with the rule that it breaks; `not-supported` if there is no
 *   driver. Calls reject with `lock-timeout` when the lock or the host's transaction was not free in time,
 *   `store-refused` when the settings of the database could lose changes or its tables are of another version, and
 *   `store-failed` when SQLite fails (its error is the `cause`) or the tables are missing
 * @example
 * const store = sqliteStore('var/countersign.db', { create: true })
 */
export function sqliteStore(database: SqliteDatabase | string, options: SqliteOptions = {}): SqliteStore {
  return new Sqlite(openSqlite(database, options, 'use memoryStore() for tests'))
}

/** One put in 16 takes expired challenges away, whosever they are: more than are ever added meanwhile. */
const sweepPuts = 16

const sharedKeyName = 'shared-key'

class Sqlite implements SqliteStore {
  readonly #connection: SqliteConnection
  readonly #calls: SqliteCalls
  readonly #sql: SqliteStatements
  #puts = 0

  constructor(sqlite: OpenSqlite) {
    const { connection, prefix } = sqlite
    const names = sqliteNames(prefix)
    this.#connection = connection
    this.#sql = sqliteStatements(names)
    this.#calls = new SqliteCalls(sqlite, {
      tables: sqliteTables(prefix === undefined ? {} : { prefix }),
      table: names.settingsTable,
      missing: 'the tables are missing; call migrate()',
      check: () => this.#needVersion(),
    })
  }

  migrate(): Promise<void> {
    return this.#calls.migrate()
  }

  async read(user: string): Promise<string | undefined> {
    storable(user, 'user')
    const [row] = await this.#calls.rows(this.#sql.record, user)
    return row && String(row.record)
  }

  async update<T>(user: string, change: (record: string | undefined) => RecordChange<T>): Promise<T> {
    storable(user, 'user')
    return this.#calls.change(() => this.#update(user, change))
  }

  async owner(handle: string): Promise<string | undefined> {
    // A handle may come from outside: one that can't be here is nobody's.
    if (!isStorable(handle)) return undefined
    const [row] = await this.#calls.rows(this.#sql.owner, handle, handle)
    return row && String(row.user)
  }

  users(): AsyncIterable<string> {
    return this.usersAfter('')
  }

  usersAfter(after: string): AsyncIterable<string> {
    return usersAfter(after, pageSize, (last) => this.#calls.rows(this.#sql.users, last))
  }

  async put(key: string, { id, purpose, data, expires }: OpenChallenge): Promise<void> {
    for (const [name, value] of Object.entries({ key, id, purpose, data })) storable(value, name)
    // A statement that fails costs all who share the transaction a try of their own.
    if (!Number.isSafeInteger(expires)) throw invalid('expires', 'epoch milliseconds')
    await this.#calls.change(() => {
      const now = Date.now()
      this.#puts += 1
      if (this.#puts % sweepPuts === 0) this.#connection.run(this.#sql.sweep, now)
      this.#connection.run(this.#sql.crowd, key, purpose, id, now)
      this.#connection.run(this.#sql.put, key, id, purpose, data, expires)
    })
  }

  async take(key: string, id: string, now: number): Promise<string | undefined> {
    storable(key, 'key')
    if (!isStorable(id)) return undefined
    const [row] = await this.#calls.change(() => this.#connection.rows(this.#sql.take, key, id, now))
    return row && String(row.data)
  }

  async clear(key: string): Promise<void> {
    storable(key, 'key')
    await this.#calls.change(() => this.#connection.run(this.#sql.clear, key))
  }

  async sharedKey(fresh: string): Promise<string> {
    storable(fresh, 'fresh')
    const [kept] = await this.#calls.rows(this.#sql.setting, sharedKeyName)
    if (kept) return String(kept.value)
    return this.#calls.change(() => {
      this.#connection.run(this.#sql.keepSetting, sharedKeyName, fresh)
      return String(this.#connection.rows(this.#sql.setting, sharedKeyName)[0]?.value)
    })
  }

  async backup(path: string): Promise<void> {
    const absolute = resolve(text(4096)(path, 'path'))
    await this.#calls.whole(() => fillNewFile(absolute, () => this.#connection.run('VACUUM INTO ?', absolute)))
  }

  close(): Promise<void> {
    return this.#calls.close()
  }

  #needVersion(): void {
    const found = this.#connection.rows(this.#sql.setting, 'schema')[0]?.value
    if (found === schemaVersion) return
    const detail = found === undefined || found === null
      ? `the table of settings has no row schema, so the version of the tables isn't known. Restore a backup, or insert the row ('schema', '${schemaVersion}') if it alone was deleted`
      : `the tables have version ${String(found)}, and this release of countersign knows version ${schemaVersion}. Use a release that knows version ${String(found)}`
    throw new CountersignError('store-refused', { detail })
  }

  #update<T>(user: string, change: (record: string | undefined) => RecordChange<T>): T {
    const [before] = this.#connection.rows(this.#sql.record, user)
    const { record, handle, claims: given, value } = change(before && String(before.record))
    if (record === undefined) return value
    if (record === null) {
      this.#connection.run(this.#sql.releaseAll, user)
      this.#connection.run(this.#sql.delete, user)
      return value
    }
    storable(record, 'record')
    const held = this.#heldClaims(user, given)
    const claims = checkClaims(given) ?? held
    const added = claims.filter((claim) => !held.includes(claim))
    const changed = handle === undefined || handle === before?.handle ? [] : [storable(handle, 'handle')]
    // All that may be refused is decided before anything is written.
    for (const wanted of [...changed, ...added]) if (this.#isAnothers(wanted, user)) throw claimTaken()
    this.#connection.run(this.#sql.replace, user, record, handle ?? null)
    for (const claim of held.filter((one) => !claims.includes(one))) this.#connection.run(this.#sql.release, claim)
    for (const claim of added) this.#connection.run(this.#sql.claim, claim, user)
    return value
  }

  /** Not asked for by a change that leaves them. */
  #heldClaims(user: string, given: unknown): string[] {
    return given === undefined ? [] : this.#connection.rows(this.#sql.claimsOf, user).map(({ claim }) => String(claim))
  }

  #isAnothers(handle: string, user: string): boolean {
    return this.#connection.rows(this.#sql.owner, handle, handle).some((owner) => owner.user !== user)
  }
}
