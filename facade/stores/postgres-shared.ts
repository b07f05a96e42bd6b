import { conflict } from './attempts.js'
import { checkPool, rows, rowsUnlessConflict } from './postgres-pool.js'
import type { PostgresPool, PostgresRow } from './postgres-pool.js'
import { alone, SharedStatement } from './shared-statement.js'
import type { Values } from './shared-statement.js'

/** A pool as the stores use it, and whether calls may share its statements. @internal */
export interface SharedPool {
  pool: PostgresPool
  isShared: boolean
}

/**
 * Calls share statements of a `Pool` of `pg` alone, which are the same whoever calls. Anything else with a `query` may be a
 * client in somebody's transaction, or look for the one of its caller.
 *
 * @internal
 */
export function sharedPool(pool: PostgresPool, options: { prepare: boolean }): SharedPool {
  const checked = checkPool(pool, options)
  const { connect, totalCount } = pool as { connect?: unknown; totalCount?: unknown }
  const isPool = typeof connect === 'function' && typeof totalCount === 'number'
  return { pool: checked, isShared: isPool && !Object.hasOwn(pool, 'query') }
}

/**
 * What one call asks, and what several ask together, with an array for each value: to plan arrays for a single call takes up to
 * half as long again as all of it.
 *
 * @internal
 */
export type OneAndMany = Readonly<Record<'one' | 'many', string>>

/**
 * Calls that find a row each, or none, by one text.
 *
 * @param sql `many` returns each row with its text as `asked`
 * @internal
 */
export function sharedSearch({ pool, isShared }: SharedPool, sql: OneAndMany): SharedStatement<PostgresRow | undefined> {
  const statements = {
    one: async (values: Values) => (await rows(pool, sql.one, [...values]))[0],
    async many(calls: Values[]) {
      const found = new Map((await rows(pool, sql.many, columnsOf(calls))).map((row) => [row.asked, row]))
      return calls.map(([text]) => found.get(text))
    },
  }
  return new SharedStatement(statements, isShared)
}

/**
 * Calls that write a row each, if it is still as it was found. They resolve with whether they have written it.
 *
 * @param one writes a single one
 * @param sql writes several, and returns the number of each that it has written, from 1, as `call`
 * @internal
 */
export function sharedChange({ pool, isShared }: SharedPool, sql: string, one: (values: Values) => Promise<boolean>): SharedStatement<boolean> {
  const many = async (calls: Values[]) => {
    const written = await rowsUnlessConflict(pool, sql, columnsOf(calls))
    // A host may have told its driver to read bigint in its own way.
    const done = new Set(written === conflict ? [] : written.map(({ call }) => Number(call)))
    // A row that is left out may be as it was found: something else had locked it.
    return calls.map((_, index) => done.has(index + 1) || alone)
  }
  return new SharedStatement({ one, many }, isShared)
}

/** @internal */
export function columnsOf(calls: Values[]): unknown[][] {
  return calls[0]!.map((_, column) => calls.map((values) => values[column]))
}
