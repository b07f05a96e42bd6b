import { conflict, untilNoConflict } from './attempts.js'
import { checkClaims, claimTaken } from './claims.js'
import { KeyedQueue } from './keyed-queue.js'
import { createMissing } from './postgres-migrate.js'
import { rows, rowsUnlessConflict, uniqueViolation } from './postgres-pool.js'
import type { PostgresPool, PostgresRow } from './postgres-pool.js'
import { sharedChange, sharedPool, sharedSearch } from './postgres-shared.js'
import type { SharedPool } from './postgres-shared.js'
import { pageSize, postgresStatements, sweepOdds } from './postgres-statements.js'
import type { PostgresGuard, PostgresStatements } from './postgres-statements.js'
import { postgresStoreNames, postgresTables } from './postgres-tables.js'
import type { PostgresNames, PostgresStoreOptions } from './postgres-tables.js'
import type { SharedStatement, Values } from './shared-statement.js'
import { isStorable, storable } from './storable.js'
import type { OpenChallenge, RecordChange, Store } from './traits.js'
import { usersAfter } from './users-after.js'

export { postgresTables } from './postgres-tables.js'
export { postgresAudit, postgresAuditTable } from './postgres-audit.js'
export type { PostgresAudit } from './postgres-audit.js'
export { postgresSessions, postgresSessionTables } from './postgres-sessions.js'
export type { PostgresSessions } from './postgres-sessions.js'
export type { PostgresPool } from './postgres-pool.js'
export type { PostgresOptions, PostgresStoreOptions } from './postgres-tables.js'

export interface PostgresStore extends Store {
  /**
   * Creates the schema and the tables that are missing. Any number of processes may do so at once. If nothing is
   * missing, it needs no right to create anything.
   */
  migrate(): Promise<void>
}

/**
 * Keeps records and challenges in PostgreSQL (13 or newer), for any number of machines.
 *
 * Each method is one statement, and `update` is two, or one after a reading. Calls of one turn of the event loop share some
 * of them. Nothing depends on a database session, so a pool in transaction mode may stand in between. Challenges expire by
 * the clock of the database or of the host, whichever is first.
 *
 * PostgreSQL can't store NUL characters. A user, a record or a challenge with one is refused.
 *
 * @param pool the host's own pool. It must connect to the primary, not to a replica. Errors of its driver are thrown as
 *   they are, but for one of a statement that several calls shared: it has the message and `code`
 * @throws CountersignError `invalid-argument` for text that PostgreSQL can't store, `store-busy` if other calls changed
 *   the record at each of 40 attempts
 * @example
 * const store = postgresStore(new Pool({ connectionString }))
 * await store.migrate()
 */
export function postgresStore(pool: PostgresPool, options: PostgresStoreOptions = {}): PostgresStore {
  const { names } = postgresStoreNames(options)
  return new Postgres(sharedPool(pool, names), names, postgresTables(options))
}

class Postgres implements PostgresStore {
  readonly #pool: PostgresPool
  readonly #names: PostgresNames
  readonly #tables: string
  readonly #sql: PostgresStatements
  readonly #queue = new KeyedQueue(Infinity)
  readonly #records: SharedStatement<PostgresRow | undefined>
  readonly #owners: SharedStatement<PostgresRow | undefined>
  readonly #replacements: Record<PostgresGuard, SharedStatement<boolean>>

  constructor(shared: SharedPool, names: PostgresNames, tables: string) {
    this.#pool = shared.pool
    this.#names = names
    this.#tables = tables
    this.#sql = postgresStatements(names)
    const { read, ownerRecord, replace, replaceMany } = this.#sql
    this.#records = sharedSearch(shared, read)
    this.#owners = sharedSearch(shared, ownerRecord)
    const replacements = (guard: PostgresGuard) => sharedChange(shared, replaceMany[guard], (values) => this.#hasWritten(replace[guard], values))
    this.#replacements = { version: replacements('version'), record: replacements('record') }
  }

  async migrate(): Promise<void> {
    const { schema, records, handles, claims, challenges } = this.#names
    const tables = [...new Set([records, handles, claims, challenges])]
    await createMissing(this.#pool, { schema, tables, sql: this.#tables })
  }

  async read(user: string): Promise<string | undefined> {
    const row = await this.#records.run([storable(user, 'user')])
    return row && String(row.record)
  }

  /**
   * A versioned compare-and-swap: two round trips and no lock held between them, where a transaction with a locked row
   * takes four; one after a reading of the caller's own. Measured (bench/postgres-update.ts): as fast alone, and with the queue faster when four processes want
   * one record, where without it most attempts are lost.
   */
  async update<T>(user: string, change: (record: string | undefined) => RecordChange<T>, before?: string): Promise<T> {
    storable(user, 'user')
    return this.#queue.run(user, async () => {
      const begun = before === undefined || !isStorable(before) ? conflict : await this.#attemptAfter(user, change, before)
      return begun === conflict ? untilNoConflict(() => this.#attempt(user, change)) : begun
    })
  }

  async owner(handle: string): Promise<string | undefined> {
    // A handle may come from outside: one that can't be here is nobody's.
    if (!isStorable(handle)) return undefined
    const [row] = await rows(this.#pool, this.#sql.owner, [handle])
    return row && String(row.user)
  }

  async ownerRecord(handle: string): Promise<{ user: string; record: string } | undefined> {
    if (!isStorable(handle)) return undefined
    const row = await this.#owners.run([handle])
    return row && { user: String(row.user), record: String(row.record) }
  }

  users(): AsyncIterable<string> {
    return this.usersAfter('')
  }

  usersAfter(after: string): AsyncIterable<string> {
    return usersAfter(after, pageSize, (last) => rows(this.#pool, this.#sql.users, [last]))
  }

  async put(key: string, { id, purpose, data, expires }: OpenChallenge): Promise<void> {
    const texts = Object.entries({ key, id, purpose, data }).map(([name, value]) => storable(value, name))
    const sql = Math.random() < sweepOdds ? this.#sql.putAndSweep : this.#sql.put
    await rows(this.#pool, sql, [...texts, expires])
  }

  async take(key: string, id: string, now: number): Promise<string | undefined> {
    if (!isStorable(id)) return undefined
    const [row] = await rows(this.#pool, this.#sql.take, [storable(key, 'key'), id, now])
    return row && String(row.data)
  }

  async clear(key: string): Promise<void> {
    await rows(this.#pool, this.#sql.clear, [storable(key, 'key')])
  }

  sharedKey(fresh: string): Promise<string> {
    return untilNoConflict(async () => {
      const [row] = await rows(this.#pool, this.#sql.sharedKey, [storable(fresh, 'fresh')])
      return row ? String(row.data) : conflict
    })
  }

  async #attempt<T>(user: string, change: Change<T>): Promise<T | typeof conflict> {
    const row = await this.#records.run([user])
    const { value, ...changed } = change(row && String(row.record))
    const { record } = changed
    if (record === undefined || (record === null && !row)) return value
    return (await this.#write(user, changed, row && ['version', row.version])) ? value : conflict
  }

  /** Without a reading: {@link conflict} where there is nothing to write, or something else is stored by now. */
  async #attemptAfter<T>(user: string, change: Change<T>, before: string): Promise<T | typeof conflict> {
    let changed: RecordChange<T>
    try {
      changed = change(before)
    } catch {
      // Of what is stored, it may say something else.
      return conflict
    }
    const { value, ...wanted } = changed
    if (wanted.record === undefined) return conflict
    return (await this.#write(user, wanted, ['record', before])) ? value : conflict
  }

  /** @returns whether it was still as found, and is written */
  #write(user: string, { record, handle, claims: given }: Omit<RecordChange<unknown>, 'value'>, found: Found | undefined): Promise<boolean> {
    const [guard, state] = found ?? []
    if (record === null) return this.#hasWritten(this.#sql.delete[guard!], [user, state])
    const values: unknown[] = [user, storable(record, 'record'), handle === undefined ? null : storable(handle, 'handle')]
    if (guard) values.push(state)
    const claims = checkClaims(given)
    if (claims !== undefined) {
      const sql = guard ? this.#sql.replaceWithClaims[guard] : this.#sql.insertWithClaims
      return unlessTaken(() => this.#hasWritten(sql, [...values, claims]))
    }
    return guard ? this.#replacements[guard].run(values) : this.#hasWritten(this.#sql.insert, values)
  }

  async #hasWritten(sql: string, values: Values): Promise<boolean> {
    const written = await rowsUnlessConflict(this.#pool, sql, [...values])
    if (written === conflict) return false
    if (written.some(({ taken }) => taken === true)) throw claimTaken()
    return written.length > 0
  }
}

type Change<T> = (record: string | undefined) => RecordChange<T>

/** What the record has to be still when it is written: by its version, or by its text where a caller has read it. */
type Found = [guard: PostgresGuard, state: unknown]

async function unlessTaken<R>(write: () => Promise<R>): Promise<R> {
  try {
    return await write()
  } catch (error) {
    throw (Object(error) as { code?: unknown }).code === uniqueViolation ? claimTaken() : error
  }
}
