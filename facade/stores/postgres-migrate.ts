import { untilNoConflict } from './attempts.js'
import { rows, rowsUnlessConflict } from './postgres-pool.js'
import type { PostgresPool } from './postgres-pool.js'
import { quoted } from './postgres-tables.js'

/** What a store makes: the schema, its tables by their whole names, and the statements that create them. */
export interface PostgresPlan {
  schema: string
  tables: string[]
  sql: string
}

/** Creates what is missing. Any number of processes may do so at once. */
export async function createMissing(pool: PostgresPool, { schema, tables, sql }: PostgresPlan): Promise<void> {
  const missing = tables.map((_table, index) => `to_regclass($${index + 2})`)
  const found = `
    SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS schema, num_nulls(${missing.join(', ')}) = 0 AS tables`
  await untilNoConflict(async () => {
    const [row] = await rows(pool, found, [schema, ...tables])
    if (row?.tables === true) return undefined
    const create = row?.schema === true ? '' : `CREATE SCHEMA IF NOT EXISTS ${quoted(schema)};\n`
    // `IF NOT EXISTS` is no promise: of two at once, one may collide. A text without values is one transaction.
    return rowsUnlessConflict(pool, create + sql)
  })
}
