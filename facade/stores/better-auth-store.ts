import { randomInt } from 'node:crypto'

import { invalid, isWellFormed } from '../shared/check.js'
import { sha256 } from '../shared/crypto.js'
import { CountersignError } from '../shared/errors.js'
import { conflict, untilNoConflict } from './attempts.js'
import { bury, dead, firstCounts, insert, remove } from './better-auth-adapter.js'
import type { BetterAuthAdapter, BetterAuthWhere } from './better-auth-adapter.js'
import { BetterAuthClaims } from './better-auth-claims.js'
import { checkClaims } from './claims.js'
import { KeyedQueue } from './keyed-queue.js'
import type { OpenChallenge, RecordChange, Store } from './traits.js'

export type { BetterAuthAdapter, BetterAuthWhere } from './better-auth-adapter.js'
export { betterAuthTables } from './better-auth-tables.js'

export interface BetterAuthStoreOptions {
  /**
   * `getCurrentAdapter` of better-auth. With it, reading joins a transaction that is open, and does not wait for the one
   * connection that it holds. The plugin `countersign/better-auth` passes it.
   */
  current?: (adapter: never) => Promise<unknown>
}

/**
 * Keeps records and challenges in the database of better-auth, through its adapter, in the tables {@link betterAuthTables}.
 *
 * The database has to keep keys unique, and to change one row in one step if a condition holds. PostgreSQL, SQLite
 * and MySQL are tested. In MySQL, better-auth's text columns hold 65,535 bytes, and a larger record is refused. The memory
 * adapter keeps no key unique, and SQL Server has no Unicode in better-auth's columns: both are refused.
 *
 * @param adapter `(await auth.$context).adapter`
 * @throws CountersignError `invalid-argument` for another adapter, or for text that the database can't store, `not-supported`
 *   for the memory adapter and SQL Server, `store-busy` if other calls changed the record at each of 40 attempts
 * @example
 * const store = betterAuthStore((await auth.$context).adapter)
 */
export function betterAuthStore(adapter: BetterAuthAdapter, options: BetterAuthStoreOptions = {}): Store {
  const methods = ['create', 'findOne', 'findMany', 'deleteMany', 'consumeOne', 'incrementOne'] as const
  if (!methods.every((name) => typeof (adapter as Partial<BetterAuthAdapter> | null)?.[name] === 'function')) {
    throw invalid('adapter', 'the adapter of better-auth 1.7 or newer: (await auth.$context).adapter')
  }
  if (adapter.id === 'memory') {
    throw new CountersignError('not-supported', { detail: "better-auth's memory adapter keeps no key unique: use a database" })
  }
  if ((adapter.options as { type?: unknown } | undefined)?.type === 'mssql') {
    throw new CountersignError('not-supported', { detail: 'better-auth has no Unicode columns for SQL Server' })
  }
  return new BetterAuth(adapter, options)
}

const records = 'countersignRecord'
const challenges = 'countersignChallenge'
const maxOpen = 8
const pageSize = 500
const mysqlBytes = 65_535
/** One put in 16 deletes what has expired. */
const sweepOdds = 1 / 16

interface RecordRow {
  key: string
  user: string
  record: string | null
  claims: string
  handle: string | null
  version: number
}

class BetterAuth implements Store {
  readonly #adapter: BetterAuthAdapter
  readonly #current: () => Promise<BetterAuthAdapter>
  readonly #claims: BetterAuthClaims
  readonly #queue = new KeyedQueue(Infinity)
  readonly #maxBytes: number

  constructor(adapter: BetterAuthAdapter, { current }: BetterAuthStoreOptions) {
    this.#adapter = adapter
    // Without its strict mode, MySQL would cut off the rest.
    this.#maxBytes = (adapter.options as { type?: unknown } | undefined)?.type === 'mysql' ? mysqlBytes : Infinity
    this.#current = async () => ((await current?.(adapter as never)) as BetterAuthAdapter | undefined) ?? adapter
    this.#claims = new BetterAuthClaims(adapter)
  }

  async read(user: string): Promise<string | undefined> {
    return (await find(await this.#current(), keyOf(storable(user, 'user'))))?.record ?? undefined
  }

  async update<T>(user: string, change: (record: string | undefined) => RecordChange<T>): Promise<T> {
    storable(user, 'user')
    let count = 0
    return this.#queue.run(user, () => untilNoConflict(() => this.#attempt(user, change, (count += 1))))
  }

  async owner(handle: string): Promise<string | undefined> {
    if (!isStorable(handle)) return undefined
    const adapter = await this.#current()
    const claim = keyOf(handle)
    const owner = await this.#claims.owner(claim, adapter)
    const row = owner === undefined ? undefined : await find(adapter, owner)
    return isLive(row) && claimsOf(row).has(claim) ? row.user : undefined
  }

  users(): AsyncIterable<string> {
    return this.usersAfter('')
  }

  async *usersAfter(after: string): AsyncIterable<string> {
    for (let last = after === '' ? '' : keyOf(after); ; ) {
      const page = (await this.#adapter.findMany({
        model: records,
        where: [{ field: 'key', operator: 'gt', value: last }],
        limit: pageSize,
        sortBy: { field: 'key', direction: 'asc' },
      })) as RecordRow[]
      for (const row of page) if (isLive(row)) yield row.user
      if (page.length < pageSize) return
      last = (page.at(-1) as RecordRow).key
    }
  }

  async put(key: string, { id, purpose, data, expires }: OpenChallenge): Promise<void> {
    for (const [name, value] of Object.entries({ key, id, purpose, data })) storable(value, name)
    this.#fitting(data, 'data')
    const row = {
      entry: entryOf(key, id),
      key: keyOf(key),
      purpose: keyOf(purpose),
      data,
      expires: digits(expires),
      place: nextPlace(),
    }
    const where = [{ field: 'entry', value: row.entry }]
    await untilNoConflict(async () => {
      await this.#adapter.deleteMany({ model: challenges, where })
      return insert(this.#adapter, challenges, row, where)
    })
    await this.#makeRoom(row)
  }

  async take(key: string, id: string, now: number): Promise<string | undefined> {
    if (!isStorable(id)) return undefined
    const expires = digits(Math.max(now, Date.now()))
    const where: BetterAuthWhere[] = [
      { field: 'entry', value: entryOf(storable(key, 'key'), id) },
      { field: 'expires', operator: 'gt', value: expires },
    ]
    const row = (await this.#adapter.consumeOne({ model: challenges, where })) as { data: string } | null
    return row?.data
  }

  async clear(key: string): Promise<void> {
    await this.#adapter.deleteMany({ model: challenges, where: [{ field: 'key', value: keyOf(storable(key, 'key')) }] })
  }

  async sharedKey(fresh: string): Promise<string> {
    const [key, purpose] = [keyOf(''), keyOf('shared-key')]
    const entry = entryOf('', 'shared-key')
    const where = [{ field: 'entry', value: entry }]
    const row = { entry, key, purpose, data: storable(fresh, 'fresh'), expires: digits(Infinity), place: digits(0) }
    return untilNoConflict(async () => {
      const kept = (await this.#adapter.findOne({ model: challenges, where })) as { data: string } | null
      if (kept) return kept.data
      return (await insert(this.#adapter, challenges, row, where)) === conflict ? conflict : fresh
    })
  }

  async #attempt<T>(
    user: string,
    change: (record: string | undefined) => RecordChange<T>,
    count: number,
  ): Promise<T | typeof conflict> {
    const key = keyOf(user)
    const found = await this.#found(key)
    const { value, ...changed } = change(found?.record ?? undefined)
    const { record } = changed
    if (record === undefined || (record === null && !isLive(found))) return value
    if (record === null) {
      const held = await this.#claims.of(key)
      if (!(await this.#remove(key, (found as RecordRow).version))) return conflict
      await this.#claims.release(held)
      return value
    }
    const next = nextOf(found, record, changed)
    this.#fitting(record, 'record')
    this.#fitting(next.claims, 'claims')
    return (await this.#write(user, key, found, next, count)) === conflict ? conflict : value
  }

  /** The row of a user, unless it is only there to be deleted. */
  async #found(key: string): Promise<RecordRow | undefined> {
    const row = await find(this.#adapter, key)
    if (row?.version !== dead) return row
    await bury(this.#adapter, records, { key, field: 'version' })
    return undefined
  }

  #remove(key: string, version: number): Promise<boolean> {
    const where = [{ field: 'key', value: key }, { field: 'version', value: version }]
    const nothing = { record: null, claims: '', handle: null }
    return remove(this.#adapter, records, { where, key, field: 'version', count: version }, nothing)
  }

  #fitting(text: string, name: string): void {
    if (Buffer.byteLength(text) > this.#maxBytes) throw invalid(name, `text of at most ${this.#maxBytes} bytes in MySQL`)
  }

  /** Takes the claims first, then writes the record that lists them: a claim that no record lists is nobody's. */
  async #write(user: string, key: string, found: RecordRow | undefined, next: NextRow, count: number): Promise<unknown> {
    const wanted = claimsOf(next)
    const held = found ? claimsOf(found) : new Set<string>()
    const added = [...wanted].filter((claim) => !held.has(claim))
    const where = [{ field: 'key', value: key }]
    if (!found && added.length === 0) {
      return insert(this.#adapter, records, { key, user, ...next, version: randomInt(firstCounts) }, where)
    }
    let row = found
    if (!row) {
      // A row comes first, for whoever wants one of its claims meanwhile to change its version.
      row = { key, user, record: null, claims: '', handle: null, version: randomInt(firstCounts) }
      if ((await insert(this.#adapter, records, { ...row }, where)) === conflict) return conflict
    }
    const dropped = [...held].some((claim) => !wanted.has(claim)) ? await this.#claims.of(key) : []
    const taken = await this.#claims.take(key, added, count)
    const guard = [...where, { field: 'version', value: row.version }]
    const write = { model: records, where: guard, increment: { version: 1 }, set: { ...next } }
    if (taken.all && (await this.#adapter.incrementOne(write))) {
      await this.#claims.release(dropped.filter((claim) => !wanted.has(claim.key)))
      return undefined
    }
    await this.#claims.release(taken.claims)
    if (!found) await this.#remove(key, row.version)
    if (taken.refusal) throw taken.refusal
    return conflict
  }

  /** Leaves the newest 8 of a key and purpose, and now and then nothing that has expired. */
  async #makeRoom({ key, purpose }: { key: string; purpose: string }): Promise<void> {
    const expired: BetterAuthWhere = { field: 'expires', operator: 'lte', value: digits(Date.now()) }
    const mine = [{ field: 'key', value: key }]
    await this.#adapter.deleteMany({ model: challenges, where: Math.random() < sweepOdds ? [expired] : [...mine, expired] })
    const open = (await this.#adapter.findMany({
      model: challenges,
      where: [...mine, { field: 'purpose', value: purpose }],
      limit: 1000,
      sortBy: { field: 'place', direction: 'desc' },
    })) as { entry: string; place: string }[]
    for (const { entry, place } of open.slice(maxOpen)) {
      const where = [{ field: 'entry', value: entry }, { field: 'place', value: place }]
      await this.#adapter.consumeOne({ model: challenges, where })
    }
  }
}

type NextRow = Pick<RecordRow, 'record' | 'claims' | 'handle'>

async function find(adapter: BetterAuthAdapter, key: string): Promise<RecordRow | undefined> {
  const row = await adapter.findOne({ model: records, where: [{ field: 'key', value: key }] })
  return (row ?? undefined) as RecordRow | undefined
}

function nextOf(found: RecordRow | undefined, record: string, changed: Omit<RecordChange<unknown>, 'value'>): NextRow {
  const claims = checkClaims(changed.claims)?.map(keyOf).join(' ') ?? found?.claims ?? ''
  const handle = changed.handle === undefined ? null : keyOf(storable(changed.handle, 'handle'))
  return { record: storable(record, 'record'), claims, handle }
}

/** Whether a row has a record, and is not only there for its first claims. */
function isLive(row: RecordRow | undefined): row is RecordRow {
  return typeof row?.record === 'string'
}

/** The keys of all claims that a row lists. */
function claimsOf({ claims, handle }: Pick<RecordRow, 'claims' | 'handle'>): Set<string> {
  return new Set([...claims.split(' '), handle ?? ''].filter((claim) => claim !== ''))
}

function keyOf(text: string): string {
  return sha256(text, 'hex')
}

function entryOf(key: string, id: string): string {
  return keyOf(`${keyOf(key)}${id}`)
}

const width = 16

/** Epoch milliseconds as digits that compare as texts. */
function digits(milliseconds: number): string {
  return String(Math.min(Math.max(0, Math.ceil(milliseconds)), 10 ** width - 1)).padStart(width, '0')
}

let puts = 0

/** Where a challenge stands among those of its key; of one process each is later than the one before. */
function nextPlace(): string {
  puts = (puts + 1) % 10 ** width
  return `${digits(Date.now())}${digits(puts)}`
}

function storable(value: unknown, name: string): string {
  if (!isStorable(value)) throw invalid(name, 'well-formed text without NUL characters')
  return value
}

function isStorable(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0') && isWellFormed(value)
}
