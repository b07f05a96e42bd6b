import { randomInt } from 'node:crypto'

import { conflict } from './attempts.js'
import { bury, dead, firstCounts, insert, remove } from './better-auth-adapter.js'
import type { BetterAuthAdapter, BetterAuthWhere } from './better-auth-adapter.js'
import { claimTaken } from './claims.js'

const claims = 'countersignClaim'
const records = 'countersignRecord'
const field = 'generation'

/** A row of a claim; each time its user takes it again its generation changes, so that an older release misses it. */
interface ClaimRow {
  key: string
  owner: string
  generation: number
}

/** What came of taking claims: `claims` are those taken now, `all` whether each one wanted is. */
interface Taken {
  claims: ClaimRow[]
  all: boolean
  refusal?: Error
}

/** After so many attempts a claim that no record lists is taken from whoever has left it behind. */
const patience = 4

/** The claims of records, where an adapter promises no transactions. A claim counts only if its owner's record lists it. */
export class BetterAuthClaims {
  readonly #adapter: BetterAuthAdapter

  constructor(adapter: BetterAuthAdapter) {
    this.#adapter = adapter
  }

  async owner(key: string, adapter: BetterAuthAdapter): Promise<string | undefined> {
    const row = await this.#find(key, adapter)
    return row && row.generation !== dead ? row.owner : undefined
  }

  async of(owner: string): Promise<ClaimRow[]> {
    const where = [{ field: 'owner', value: owner }]
    const sortBy = { field: 'key', direction: 'asc' } as const
    const rows = (await this.#adapter.findMany({ model: claims, where, limit: 5000, sortBy })) as ClaimRow[]
    return rows.filter(({ generation }) => generation !== dead)
  }

  /** In the order of their keys, so that two who want the same ones meet at the first. */
  async take(owner: string, keys: string[], count: number): Promise<Taken> {
    const taken: ClaimRow[] = []
    for (const key of keys.toSorted()) {
      const claim = await this.#takeOne(owner, key, count).catch((error: unknown) => error as Error)
      if (claim === conflict) return { claims: taken, all: false }
      if (claim instanceof Error) return { claims: taken, all: false, refusal: claim }
      taken.push(claim as ClaimRow)
    }
    return { claims: taken, all: true }
  }

  async release(rows: ClaimRow[]): Promise<void> {
    for (const row of rows) {
      const { key, generation: count } = row
      await remove(this.#adapter, claims, { where: exactly(row), key, field, count }, {})
    }
  }

  async #takeOne(owner: string, key: string, count: number): Promise<ClaimRow | typeof conflict> {
    const row = await this.#find(key, this.#adapter)
    if (row?.generation === dead) {
      await bury(this.#adapter, claims, { key, field })
      return conflict
    }
    if (!row) {
      const made = { key, owner, generation: randomInt(firstCounts) }
      return (await insert(this.#adapter, claims, { ...made }, [{ field: 'key', value: key }])) ?? made
    }
    if (row.owner === owner) return this.#move(row, owner)
    const listed = (await this.#adapter.findOne({ model: records, where: [{ field: 'key', value: row.owner }] })) as {
      record: string | null
      claims: string
      handle: string | null
      version: number
    } | null
    if (typeof listed?.record === 'string' && (listed.handle === key || listed.claims.split(' ').includes(key))) throw claimTaken()
    if (count < patience) return conflict
    // Whoever is about to list it finds another version of the record, and looks again.
    const where = [{ field: 'key', value: row.owner }, { field: 'version', value: listed?.version ?? 0 }]
    const seen = { model: records, where, increment: { version: 1 }, set: {} }
    if (listed && !(await this.#adapter.incrementOne(seen))) return conflict
    return this.#move(row, owner)
  }

  async #move(row: ClaimRow, owner: string): Promise<ClaimRow | typeof conflict> {
    const moved = { model: claims, where: exactly(row), increment: { generation: 1 }, set: { owner } }
    const done = await this.#adapter.incrementOne(moved)
    return done ? { ...row, owner, generation: row.generation + 1 } : conflict
  }

  async #find(key: string, adapter: BetterAuthAdapter): Promise<ClaimRow | undefined> {
    return ((await adapter.findOne({ model: claims, where: [{ field: 'key', value: key }] })) ?? undefined) as ClaimRow | undefined
  }
}

function exactly({ key, owner, generation }: ClaimRow): BetterAuthWhere[] {
  return [{ field: 'key', value: key }, { field: 'owner', value: owner }, { field: 'generation', value: generation }]
}
