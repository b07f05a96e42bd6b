import { invalid, isWellFormed } from '../shared/check.js'
import { conflict, untilNoConflict } from './attempts.js'
import { checkClaims, claimTaken } from './claims.js'
import { KeyedQueue } from './keyed-queue.js'
import { pageSize, postgresStatements } from './postgres-statements.js'
import type { PostgresStatements } from './postgres-statements.js'
import { postgresNames, postgresTables, quoted } from './postgres-tables.js'
import type { PostgresNames, PostgresOptions } from './postgres-tables.js'
import type { OpenChallenge, RecordChange, Store } from './traits.js'

export { postgresTables } from './postgres-tables.js'
export type { PostgresOptions } from './postgres-tables.js'

/** What the store needs from a client. A `Pool` of `pg` has it. */
export interface PostgresPool {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>
}

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
 * Each method is one statement, and `update` is two. Nothing depends on a database session, so a pool in transaction
 * mode may stand in between. Challenges expire by the clock of the database or of the host, whichever is first.
 *
 * PostgreSQL can't store NUL characters. A user, a record or a challenge with one is refused.
 *
 * @param pool the host's own pool. It must connect to the primary, not to a replica. Errors of its driver are thrown as
 *   they are
 * @throws CountersignError `invalid-argument` for text that PostgreSQL can't store, `store-busy` if other calls changed
 *   the record at each of 40 attempts
 * @example
 * const store = postgresStore(new Pool({ connectionString }))
 * await store.migrate()
 */
export function postgresStore(pool: PostgresPool, options: PostgresOptions = {}): PostgresStore {
  if (typeof (pool as Partial<PostgresPool> | null)?.query !== 'function') {
    throw invalid('pool', 'a pool of pg, or an object with its query(text, values)')
  }
  return new Postgres(pool, postgresNames(options), postgresTables(options))
}

/** One put in 16 takes this many expired challenges away, whosever they are: more than are ever added meanwhile. */
const sweepSize = 64
const sweepOdds = 1 / 16

class Postgres implements PostgresStore {
  readonly #pool: PostgresPool
  readonly #names: PostgresNames
  readonly #tables: string
  readonly #sql: PostgresStatements
  readonly #queue = new KeyedQueue(Infinity)

  constructor(pool: PostgresPool, names: PostgresNames, tables: string) {
    this.#pool = pool
    this.#names = names
    this.#tables = tables
    this.#sql = postgresStatements(names)
  }

  async migrate(): Promise<void> {
    const { schema, records, claims, challenges } = this.#names
    const tables = 'num_nulls(to_regclass($2), to_regclass($3), to_regclass($4)) = 0 AS tables'
    const found = `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS schema, ${tables}`
    await untilNoConflict(async () => {
      const [row] = await this.#rows(found, [schema, records, claims, challenges])
      if (row?.tables === true) return undefined
      const create = row?.schema === true ? '' : `CREATE SCHEMA IF NOT EXISTS ${quoted(schema)};\n`
      // `IF NOT EXISTS` is no promise: of two at once, one may collide. A text without values is one transaction.
      return this.#unlessConflict(create + this.#tables)
    })
  }

  async read(user: string): Promise<string | undefined> {
    const [row] = await this.#rows(this.#sql.read, [storable(user, 'user')])
    return row && String(row.record)
  }

  /**
   * A versioned compare-and-swap: two round trips and no lock held between them, where a transaction with a locked row
   * takes four. Measured (bench/postgres-update.ts): as fast alone, and with the queue faster when four processes want
   * one record, where without it most attempts are lost.
   */
  async update<T>(user: string, change: (record: string | undefined) => RecordChange<T>): Promise<T> {
    storable(user, 'user')
    return this.#queue.run(user, () => untilNoConflict(() => this.#attempt(user, change)))
  }

  async owner(handle: string): Promise<string | undefined> {
    // A handle may come from outside: one that can't be here is nobody's.
    if (!isStorable(handle)) return undefined
    const [row] = await this.#rows(this.#sql.owner, [handle])
    return row && String(row.user)
  }

  users(): AsyncIterable<string> {
    return this.usersAfter('')
  }

  async *usersAfter(after: string): AsyncIterable<string> {
    // What would come after a NUL does not matter: no user with one is here.
    let [last = ''] = after.split('\0', 1)
    for (;;) {
      const rows = await this.#rows(this.#sql.users, [last])
      for (const { user } of rows) yield (last = String(user))
      if (rows.length < pageSize) return
    }
  }

  async put(key: string, { id, purpose, data, expires }: OpenChallenge): Promise<void> {
    const texts = Object.entries({ key, id, purpose, data }).map(([name, value]) => storable(value, name))
    const swept = Math.random() < sweepOdds ? sweepSize : 0
    await this.#rows(this.#sql.put, [...texts, expires, swept])
  }

  async take(key: string, id: string, now: number): Promise<string | undefined> {
    if (!isStorable(id)) return undefined
    const [row] = await this.#rows(this.#sql.take, [storable(key, 'key'), id, now])
    return row && String(row.data)
  }

  async clear(key: string): Promise<void> {
    await this.#rows(this.#sql.clear, [storable(key, 'key')])
  }

  sharedKey(fresh: string): Promise<string> {
    return untilNoConflict(async () => {
      const [row] = await this.#rows(this.#sql.sharedKey, [storable(fresh, 'fresh')])
      return row ? String(row.data) : conflict
    })
  }

  async #attempt<T>(
    user: string,
    change: (record: string | undefined) => RecordChange<T>,
  ): Promise<T | typeof conflict> {
    const found = await this.#unlessConflict(this.#sql.begin, [user])
    if (found === conflict) return conflict
    const [row] = found
    const { value, ...changed } = change(row && String(row.record))
    const { record } = changed
    if (record === undefined || (record === null && !row)) return value
    const write = () => this.#unlessConflict(...this.#write(user, row?.version, changed))
    const written = await (changed.claims === undefined ? write() : unlessTaken(write))
    return written === conflict || written.length === 0 ? conflict : value
  }

  #write(user: string, version: unknown, changed: Omit<RecordChange<unknown>, 'value'>): [string, unknown[]] {
    const { record, handle } = changed
    if (record === null) return [this.#sql.delete, [user, version]]
    const values: unknown[] = [user, storable(record, 'record'), handle === undefined ? null : storable(handle, 'handle')]
    if (version !== undefined) values.push(version)
    const claims = checkClaims(changed.claims)
    if (claims === undefined) return [version === undefined ? this.#sql.insert : this.#sql.replace, values]
    return [version === undefined ? this.#sql.insertWithClaims : this.#sql.replaceWithClaims, [...values, claims]]
  }

  /** For a statement that is right whenever it runs: after a conflict it runs again. */
  #rows(sql: string, values: unknown[]): Promise<Row[]> {
    return untilNoConflict(() => this.#unlessConflict(sql, values))
  }

  async #unlessConflict(sql: string, values?: unknown[]): Promise<Row[] | typeof conflict> {
    try {
      return (await this.#pool.query(sql, values)).rows
    } catch (error) {
      const { code, constraint } = Object(error) as { code?: unknown; constraint?: unknown }
      if (conflicts.has(code) || (code === uniqueViolation && `${constraint}`.startsWith('pg_'))) return conflict
      throw error
    }
  }
}

type Row = Record<string, unknown>

/**
 * `serialization_failure`, where that is a host's default isolation, `deadlock_detected`, `duplicate_schema` and
 * `duplicate_table`: rolled back as a whole.
 */
const conflicts = new Set<unknown>(['40001', '40P01', '42P06', '42P07'])
/** Of the catalogue: two have made the same table at once. Of our own: a handle or claim that is another user's. */
const uniqueViolation = '23505'

async function unlessTaken<R>(write: () => Promise<R>): Promise<R> {
  try {
    return await write()
  } catch (error) {
    throw (Object(error) as { code?: unknown }).code === uniqueViolation ? claimTaken() : error
  }
}

function storable(value: unknown, name: string): string {
  if (!isStorable(value)) throw invalid(name, 'well-formed text without NUL characters')
  return value
}

function isStorable(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0') && isWellFormed(value)
}
