import { invalid } from '../shared/check.js'
import { conflict } from './attempts.js'
import { tableMissing } from './table-missing.js'

/** One query, with settings of its own: those of the host's pool may change what rows look like. */
export interface MysqlQuery {
  sql: string
  rowsAsArray: false
  nestTables: false
  namedPlaceholders: false
  typeCast: true
}

export interface MysqlQueryable {
  query(options: MysqlQuery, values?: unknown[]): Promise<[unknown, unknown]>
}

export interface MysqlConnection extends MysqlQueryable {
  release(): void
  destroy(): void
}

/** What the store needs from a pool. A pool of `mysql2/promise` has it. */
export interface MysqlPool extends MysqlQueryable {
  getConnection(): Promise<MysqlConnection>
}

export type Row = Record<string, unknown>

/** @internal */
export function checkPool(pool: unknown): MysqlPool {
  const { query, getConnection } = Object(pool) as Partial<MysqlPool>
  if (typeof query !== 'function' || typeof getConnection !== 'function') throw invalid('pool', 'a pool of mysql2/promise')
  return pool as MysqlPool
}

/** Runs a statement that answers rows. */
export async function rows(on: MysqlQueryable, sql: string, values: unknown[]): Promise<Row[]> {
  return (await query(on, sql, values)) as Row[]
}

/** Runs a statement that changes rows, and answers how many. */
export async function changed(on: MysqlQueryable, sql: string, values: unknown[]): Promise<number> {
  return ((await query(on, sql, values)) as { affectedRows: number }).affectedRows
}

async function query(on: MysqlQueryable, sql: string, values: unknown[]): Promise<unknown> {
  try {
    return (await on.query(asked(sql), values))[0]
  } catch (error) {
    throw numberOf(error) === noSuchTable ? tableMissing(error) : error
  }
}

const noSuchTable = 1146

/**
 * Runs `work` in a transaction. What it throws undoes it.
 *
 * @returns {@link conflict} when InnoDB has ended the transaction in favour of another
 */
export async function transaction<T>(pool: MysqlPool, work: (connection: MysqlConnection) => Promise<T>): Promise<T | typeof conflict> {
  const connection = await pool.getConnection()
  let ended = false
  try {
    await connection.query(asked('START TRANSACTION'))
    const value = await work(connection)
    await connection.query(asked('COMMIT'))
    ended = true
    return value
  } catch (error) {
    ended = await connection.query(asked('ROLLBACK')).then(() => true, () => false)
    if (isConflict(error)) return conflict
    throw error
  } finally {
    // One that can't be rolled back is of no use to anybody.
    if (ended) connection.release()
    else connection.destroy()
  }
}

/** Whether a transaction was rolled back for another, and may begin anew: a deadlock, or a snapshot that is too old. */
export function isConflict(error: unknown): boolean {
  return [1213, 1020].includes(numberOf(error))
}

/** Whether a unique key has the value already. */
export function isDuplicate(error: unknown): boolean {
  return numberOf(error) === 1062
}

function numberOf(error: unknown): number {
  return Number((Object(error) as { errno?: unknown }).errno)
}

function asked(sql: string): MysqlQuery {
  return { sql, rowsAsArray: false, nestTables: false, namedPlaceholders: false, typeCast: true }
}
