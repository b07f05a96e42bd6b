import { invalid, isWellFormed, object, optional } from '../shared/check.js'
import { conflict, untilNoConflict } from './attempts.js'
import { checkClaims, claimTaken } from './claims.js'
import { KeyedQueue } from './keyed-queue.js'
import { changed, checkPool, isConflict, isDuplicate, rows, transaction } from './mysql-pool.js'
import type { MysqlConnection, MysqlPool, Row } from './mysql-pool.js'
import { mysqlNames, mysqlTables } from './mysql-tables.js'
import type { MysqlNames } from './mysql-tables.js'
import { checkPrefix } from './prefix.js'
import type { OpenChallenge, RecordChange, Store } from './traits.js'

export { mysqlTables } from './mysql-tables.js'
export type { MysqlConnection, MysqlPool, MysqlQuery, MysqlQueryable } from './mysql-pool.js'

export interface MysqlOptions {
  /** What the names of the tables begin with, at most 40 bytes. Default `countersign_`. */
  prefix?: string
}

export interface MysqlStore extends Required<Omit<Store, 'challengeTag' | 'ownerRecord'>> {
  /** Creates the tables that are missing. Any number of processes may do so at once. */
  migrate(): Promise<void>
}

/**
 * Keeps records and challenges in MySQL 8 or MariaDB 10.6 and newer, for any number of machines. It works at every
 * isolation level and with every character set and SQL mode, because all texts are sent and stored as bytes.
 *
 * @param pool the host's own pool of `mysql2/promise`. It must connect to the primary, not to a replica. Errors of its
 *   driver are thrown as they are
 * @throws CountersignError `invalid-argument` for text with lone surrogates, `claim-taken`, `store-busy` if other calls
 *   changed the record at each of 40 attempts
 * @example
 * const store = mysqlStore(createPool({ uri: process.env.DATABASE_URL }))
 * await store.migrate()
 */
export function mysqlStore(pool: MysqlPool, options: MysqlOptions = {}): MysqlStore {
  const { prefix } = checkOptions(options, 'options')
  return new Mysql(checkPool(pool), mysqlNames(prefix), mysqlTables(prefix === undefined ? {} : { prefix }))
}

const checkOptions = object<MysqlOptions>({ prefix: optional(checkPrefix) })

/** Users in one page of a listing. */
const pageSize = 1000
const maxOpen = 8

/** One put in 16 takes this many expired challenges away, whosever they are: more than are ever added meanwhile. */
const sweepSize = 64
const sweepOdds = 1 / 16

/** The key of challenges that no user has. */
const sharedKeyName = bytes('shared-key', 'name')

class Mysql implements MysqlStore {
  readonly #pool: MysqlPool
  readonly #names: MysqlNames
  readonly #tables: string[]
  readonly #queue = new KeyedQueue(Infinity)

  constructor(pool: MysqlPool, names: MysqlNames, tables: string[]) {
    this.#pool = pool
    this.#names = names
    this.#tables = tables
  }

  async migrate(): Promise<void> {
    for (const table of this.#tables) await this.#change(table, [])
  }

  async read(user: string): Promise<string | undefined> {
    const [row] = await this.#rows(`SELECT record FROM ${this.#names.records} WHERE user = ?`, [bytes(user, 'user')])
    return row && text(row.record)
  }

  async update<T>(user: string, change: (record: string | undefined) => RecordChange<T>): Promise<T> {
    const key = bytes(user, 'user')
    return this.#queue.run(user, () => untilNoConflict(() => this.#attempt(key, change)))
  }

  async owner(handle: string): Promise<string | undefined> {
    if (typeof handle !== 'string' || !isWellFormed(handle)) return undefined
    const { records, claims } = this.#names
    const sql = `SELECT user FROM ${records} WHERE handle = ? UNION ALL SELECT user FROM ${claims} WHERE claim = ? LIMIT 1`
    const [row] = await this.#rows(sql, [bytes(handle, 'handle'), bytes(handle, 'handle')])
    return row && text(row.user)
  }

  users(): AsyncIterable<string> {
    return this.usersAfter('')
  }

  async *usersAfter(after: string): AsyncIterable<string> {
    const sql = `SELECT user FROM ${this.#names.records} WHERE user > ? ORDER BY user LIMIT ${pageSize}`
    for (let last = bytes(after, 'after'); ; ) {
      const page = await this.#rows(sql, [last])
      for (const { user } of page) yield text((last = user as Buffer))
      if (page.length < pageSize) return
    }
  }

  async put(key: string, { id, purpose, data, expires }: OpenChallenge): Promise<void> {
    const { challenges } = this.#names
    const values = [...Object.entries({ key, id, purpose, data }).map(([name, value]) => bytes(value, name)), expires]
    // A new row, so that it gets a new place.
    await this.#change(`REPLACE INTO ${challenges} (\`key\`, id, purpose, data, expires) VALUES (?)`, [values])
    await this.#removeCrowd(values[0] as Buffer, await this.#open(values[0] as Buffer))
    if (Math.random() < sweepOdds) await this.#change(`DELETE FROM ${challenges} WHERE expires <= ? LIMIT ${sweepSize}`, [Date.now()])
  }

  async take(key: string, id: string, now: number): Promise<string | undefined> {
    const owner = bytes(key, 'key')
    if (typeof id !== 'string' || !isWellFormed(id)) return undefined
    return untilNoConflict(() => this.#take(owner, bytes(id, 'id'), now))
  }

  async clear(key: string): Promise<void> {
    await this.#change(`DELETE FROM ${this.#names.challenges} WHERE \`key\` = ?`, [bytes(key, 'key')])
  }

  async sharedKey(fresh: string): Promise<string> {
    const { challenges } = this.#names
    const none = bytes('', 'key')
    const row = [none, sharedKeyName, sharedKeyName, bytes(fresh, 'fresh'), Number.MAX_SAFE_INTEGER]
    const kept = `SELECT data FROM ${challenges} WHERE \`key\` = ? AND id = ?`
    const [found] = await this.#rows(kept, [none, sharedKeyName])
    if (found) return text(found.data)
    await this.#change(`INSERT IGNORE INTO ${challenges} (\`key\`, id, purpose, data, expires) VALUES (?)`, [row])
    return text((await this.#rows(kept, [none, sharedKeyName]))[0]?.data)
  }

  async #take(owner: Buffer, wanted: Buffer, now: number): Promise<string | undefined | typeof conflict> {
    const open = await this.#open(owner, wanted)
    // First: whoever looks once this one is gone must not find that another has become one of the 8.
    const crowd = await this.#removeCrowd(owner, open)
    const found = open.find((row) => wanted.equals(row.id as Buffer))
    if (!found || Number(found.expires) <= now || crowd.includes(found)) return undefined
    // Of any number of callers one deletes this very row. It may also have been put again, and be open as another row.
    const taken = await this.#change(`DELETE FROM ${this.#names.challenges} WHERE \`key\` = ? AND id = ? AND place = ?`, [owner, wanted, found.place])
    return taken === 1 ? text(found.data) : conflict
  }

  async #attempt<T>(user: Buffer, change: (record: string | undefined) => RecordChange<T>): Promise<T | typeof conflict> {
    let handle: Buffer | undefined
    try {
      return await transaction(this.#pool, async (connection) => {
        const locked = `SELECT record FROM ${this.#names.records} WHERE user = ? FOR UPDATE`
        const [before] = await rows(connection, locked, [user])
        const { record, handle: given, claims, value } = change(before && text(before.record))
        if (record === null && before) await changed(connection, `DELETE FROM ${this.#names.records} WHERE user = ?`, [user])
        if (record === null || record === undefined) return value
        handle = given === undefined ? undefined : bytes(given, 'handle')
        const wanted = checkClaims(claims)
        const sql = before
          ? `UPDATE ${this.#names.records} SET record = ?, handle = ? WHERE user = ?`
          : `INSERT INTO ${this.#names.records} (record, handle, user) VALUES (?, ?, ?)`
        await changed(connection, sql, [bytes(record, 'record'), handle ?? null, user])
        if (wanted !== undefined) await this.#keepClaims(connection, user, wanted)
        return value
      })
    } catch (error) {
      if (!isDuplicate(error)) throw error
      // Two have made one record, of which this one begins anew; or the handle is another's.
      const others = `SELECT user FROM ${this.#names.records} WHERE handle = ? AND user <> ?`
      if (handle !== undefined && (await this.#rows(others, [handle, user])).length > 0) throw claimTaken()
      return conflict
    }
  }

  async #keepClaims(connection: MysqlConnection, user: Buffer, wanted: string[]): Promise<void> {
    const { records, claims } = this.#names
    // This user's record is locked, and so nobody else changes these.
    const held = (await rows(connection, `SELECT claim FROM ${claims} WHERE user = ?`, [user])).map(({ claim }) => text(claim))
    const released = held.filter((claim) => !wanted.includes(claim)).map((claim) => bytes(claim, 'claims'))
    // In one order for all, so that fewer wait for each other in a circle.
    const added = wanted.filter((claim) => !held.includes(claim)).toSorted().map((claim) => bytes(claim, 'claims'))
    if (released.length > 0) await changed(connection, `DELETE FROM ${claims} WHERE claim IN (?)`, [released])
    if (added.length === 0) return
    const others = `SELECT user FROM ${records} WHERE handle IN (?) AND user <> ? LIMIT 1 FOR UPDATE`
    if ((await rows(connection, others, [added, user])).length > 0) throw claimTaken()
    try {
      await changed(connection, `INSERT INTO ${claims} (claim, user) VALUES ?`, [added.map((claim) => [claim, user])])
    } catch (error) {
      throw isDuplicate(error) ? claimTaken() : error
    }
  }

  /** What is there of a key, the newest first; the data of one of them alone. */
  #open(key: Buffer, id?: Buffer): Promise<Row[]> {
    const data = id === undefined ? "'' AS data" : "IF(id = ?, data, '') AS data"
    const sql = `SELECT id, purpose, expires, place, ${data} FROM ${this.#names.challenges} WHERE \`key\` = ? ORDER BY place DESC`
    return this.#rows(sql, id === undefined ? [key] : [id, key])
  }

  /** Of more than 8 with one purpose the oldest goes, expired ones first. Two puts at one moment may both leave it. */
  async #removeCrowd(key: Buffer, open: Row[]): Promise<Row[]> {
    const crowd = crowdOf(open, Date.now())
    if (crowd.length > 0) {
      await this.#change(`DELETE FROM ${this.#names.challenges} WHERE \`key\` = ? AND place IN (?)`, [key, crowd.map(({ place }) => place)])
    }
    return crowd
  }

  /** For a statement that is right whenever it runs: after a conflict it runs again. */
  #rows(sql: string, values: unknown[]): Promise<Row[]> {
    return untilNoConflict(() => rows(this.#pool, sql, values).catch(orConflict))
  }

  #change(sql: string, values: unknown[]): Promise<number> {
    return untilNoConflict(() => changed(this.#pool, sql, values).catch(orConflict))
  }
}

function crowdOf(open: Row[], now: number): Row[] {
  const counts = new Map<string, number>()
  const [live, expired] = [open.filter((row) => Number(row.expires) > now), open.filter((row) => Number(row.expires) <= now)]
  return [...live, ...expired].filter((row) => {
    const purpose = text(row.purpose)
    const count = (counts.get(purpose) ?? 0) + 1
    counts.set(purpose, count)
    return count > maxOpen
  })
}

function orConflict(error: unknown): typeof conflict {
  if (isConflict(error)) return conflict
  throw error
}

function bytes(value: unknown, name: string): Buffer {
  if (typeof value !== 'string' || !isWellFormed(value)) throw invalid(name, 'well-formed text')
  return Buffer.from(value)
}

/** Columns of the older recipe are text, which the driver has decoded. */
function text(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString() : String(value)
}
