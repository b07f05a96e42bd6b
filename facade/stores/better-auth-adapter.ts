import { conflict } from './attempts.js'

/** One condition of a query. */
export interface BetterAuthWhere {
  field: string
  value: string | number | string[]
  operator?: 'eq' | 'gt' | 'lte' | 'in'
}

/** What the store needs from a database adapter of better-auth (`DBAdapter`). */
export interface BetterAuthAdapter {
  id: string
  options?: object | undefined
  create(query: { model: string; data: Record<string, unknown> }): Promise<unknown>
  findOne(query: { model: string; where: BetterAuthWhere[] }): Promise<unknown>
  findMany(query: {
    model: string
    where: BetterAuthWhere[]
    limit: number
    sortBy: { field: string; direction: 'asc' | 'desc' }
  }): Promise<unknown[]>
  deleteMany(query: { model: string; where: BetterAuthWhere[] }): Promise<unknown>
  consumeOne(query: { model: string; where: BetterAuthWhere[] }): Promise<unknown>
  incrementOne(query: {
    model: string
    where: BetterAuthWhere[]
    increment: Record<string, number>
    set: Record<string, unknown>
  }): Promise<unknown>
}

/** More than anyone needs whose row another one deletes again and again. */
const maxInserts = 20

/**
 * Adds a row unless `where` finds one. An adapter says in many ways that a key is there already: whatever it threw, what is
 * there decides. What was there may be gone by the time it is looked for, and then it tries again.
 */
export async function insert(
  adapter: BetterAuthAdapter,
  model: string,
  data: Record<string, unknown>,
  where: BetterAuthWhere[],
): Promise<undefined | typeof conflict> {
  for (let count = 1; ; count += 1) {
    try {
      await adapter.create({ model, data })
      return undefined
    } catch (error) {
      if (await adapter.findOne({ model, where })) return conflict
      if (count === maxInserts) throw error
    }
  }
}

/** What the count of changes of a new row begins below: one that is deleted and made anew begins elsewhere. */
export const firstCounts = 2 ** 30

/** The count of changes of a row that is only there to be deleted: nobody changes it any more. */
export const dead = -1

/**
 * Deletes a row if its count of changes is still the one that was read. In two steps, since not every adapter looks at the
 * condition again when it deletes a row that somebody has just changed.
 *
 * @param row where it is, as it was read
 * @param set what it becomes in between, so that readers take it for deleted
 */
export async function remove(
  adapter: BetterAuthAdapter,
  model: string,
  row: { where: BetterAuthWhere[]; key: string; field: 'version' | 'generation'; count: number },
  set: Record<string, unknown>,
): Promise<boolean> {
  const { where } = row
  const done = await adapter.incrementOne({ model, where, increment: { [row.field]: dead - row.count }, set })
  if (!done) return false
  await bury(adapter, model, row)
  return true
}

/** Ends a deletion that was begun, by whom ever. */
export async function bury(
  adapter: BetterAuthAdapter,
  model: string,
  { key, field }: { key: string; field: 'version' | 'generation' },
): Promise<void> {
  await adapter.consumeOne({ model, where: [{ field: 'key', value: key }, { field, value: dead }] })
}
