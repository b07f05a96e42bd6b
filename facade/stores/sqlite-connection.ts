import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'

import { CountersignError } from '../shared/errors.js'
import { isBusy, isOwnReading } from './sqlite-database.js'
import type { SqliteDatabase, SqliteStatement } from './sqlite-database.js'

/** What a caller accepts to lose when the power fails: nothing, the last changes, or the database. */
export type Synchronous = 'full' | 'normal' | 'off'

export type Row = Record<string, unknown>
type Value = string | number | null

/** What an attempt answers when someone else has a lock, or the host has a transaction open: it has done nothing. */
export const busy = Symbol('busy')

/** A statement failed, with what the driver threw. */
export class StatementFailed extends Error {
  override readonly name = 'StatementFailed'
}

/** The longest time between two attempts, in milliseconds. */
const longestPause = 8

/** How long a commit is tried while others read, in milliseconds. */
const longestCommit = 50

const sleeper = new Int32Array(new SharedArrayBuffer(4))

/** In a transaction on the host's handle, says whose it is. */
const mark = 'countersign'

/** SQLite's levels of `synchronous`, one higher in WAL mode, where FULL is what EXTRA is without it. */
const needed = { full: 3, normal: 2 }

/** One handle, on which each piece of work is a turn of its own: without waiting, and never inside a transaction of the host. */
export class SqliteConnection {
  readonly #database: SqliteDatabase
  readonly #synchronous: Synchronous
  readonly #isOwn: boolean
  readonly #patience: number
  readonly #statements = new Map<string, SqliteStatement>()
  #isSetUp = false
  /** Whether a transaction of the store is open that should have been rolled back. */
  #isLeft = false
  /** What the last attempt failed with because something was locked. */
  #busy: unknown

  /** @param patience how long to try, in milliseconds */
  constructor(database: SqliteDatabase, synchronous: Synchronous, isOwn: boolean, patience: number) {
    this.#database = database
    this.#synchronous = synchronous
    this.#isOwn = isOwn
    this.#patience = patience
  }

  /** Inside a turn: a statement that answers rows. */
  rows(sql: string, ...values: Value[]): Row[] {
    const rows = this.#step(() => this.#statement(sql).all(...values) as Row[])
    // An option of `node:sqlite`: every column would be undefined.
    if (Array.isArray(rows[0])) throw new CountersignError('store-refused', { detail: 'the handle returns rows as arrays. Open it without returnArrays' })
    return rows
  }

  /** Inside a turn: a statement that answers none. */
  run(sql: string, ...values: Value[]): void {
    this.#step(() => this.#statement(sql).run(...values))
  }

  /** Inside a turn: statements that are not kept. */
  exec(sql: string): void {
    this.#step(() => this.#database.exec(sql))
  }

  /** Inside a turn. */
  begin(): void {
    this.run('BEGIN IMMEDIATE')
    if (!this.#isOwn) this.run(`SAVEPOINT ${mark}`)
  }

  /**
   * Inside a turn. Without WAL, those who read hold a commit up. It is tried again for a moment, in which nobody new may
   * read: of many who read, some would always do so otherwise. The thread is blocked for that time, since on the host's
   * handle whatever came in between would be a part of this transaction.
   */
  commit(): void {
    const deadline = performance.now() + longestCommit
    for (;;) {
      try {
        return this.run('COMMIT')
      } catch (error) {
        const isHeldUp = error instanceof StatementFailed && isBusy(error.cause) && this.inTransaction
        if (!isHeldUp || performance.now() >= deadline) throw error
        Atomics.wait(sleeper, 0, 0, 1)
      }
    }
  }

  /** Inside a turn. A full disk may have ended the transaction already. */
  rollBack(): void {
    try {
      if (this.inTransaction) this.#database.exec('ROLLBACK')
      this.#isLeft = false
    } catch {
      this.#isLeft = true
    }
  }

  /** Ends a transaction of the store that could not be rolled back before, and never one that the host has begun since. */
  #endLeft(): void {
    if (!this.#isLeft) return
    try {
      if (!this.#isOwn && this.inTransaction) this.#database.exec(`ROLLBACK TO ${mark}`)
    } catch (error) {
      // There is no such mark: it is the host's. Anything else is tried again by the next turn.
      if (/no such savepoint/.test(String((Object(error) as { message?: unknown }).message))) this.#isLeft = false
      return
    }
    this.rollBack()
  }

  /** Whether a transaction is open on this handle. */
  get inTransaction(): boolean {
    const { inTransaction, isTransaction } = this.#database
    const known = inTransaction ?? isTransaction
    if (known !== undefined) return known
    // A transaction that touches nothing takes no lock, and can't begin in another.
    try {
      this.#database.exec('BEGIN')
    } catch (error) {
      // What is not SQLite's own is a handle that is closed.
      if (typeof (Object(error) as { errcode?: unknown }).errcode !== 'number') throw error
      return true
    }
    this.#database.exec('COMMIT')
    return false
  }

  /**
   * Tries once. What `work` throws comes out as it is.
   *
   * @throws CountersignError `store-failed`, `store-refused`
   */
  turn<T>(work: () => T): T | typeof busy {
    try {
      this.#step(() => this.#endLeft())
      if (this.#step(() => this.inTransaction)) return busy
      return this.#withoutWaiting(() => {
        this.#setUp()
        return work()
      })
    } catch (error) {
      if (!(error instanceof StatementFailed)) throw error
      if (isBusy(error.cause)) {
        this.#busy = error.cause
        return busy
      }
      // The host may have closed the handle and opened it again, which ends its statements.
      this.#statements.clear()
      throw new CountersignError('store-failed', { cause: error.cause })
    }
  }

  /**
   * Tries again and again, with pauses in which other things go on.
   *
   * @throws CountersignError `lock-timeout`, and what `turn` throws
   */
  async untilFree<T>(work: () => T): Promise<T> {
    const deadline = performance.now() + this.#patience
    for (const pauses = new Pauses(); ; ) {
      const outcome = this.turn(work)
      if (outcome !== busy) return outcome
      if (performance.now() >= deadline) throw this.timeout()
      await pauses.next()
    }
  }

  timeout(): CountersignError {
    return new CountersignError('lock-timeout', { detail: this.#whatLocks() })
  }

  #whatLocks(): string {
    if (this.inTransaction) return "the host's own transaction is still open on this handle. End it before you wait for the store"
    if (isOwnReading(this.#busy)) return 'an iterator of the host is still open on this handle. End it before you wait for the store'
    return 'another program has locked the database, or another handle of this one: a transaction that is still open, or PRAGMA locking_mode = EXCLUSIVE'
  }

  /** Inside a turn: why what is committed now could be lost, if the host has not accepted that. */
  weakness(): string | undefined {
    if (this.#synchronous === 'off') return undefined
    const journal = String(this.#pragma('journal_mode'))
    const synchronous = Number(this.#pragma('synchronous'))
    const level = synchronous + (journal === 'wal' ? 1 : 0)
    if (!['memory', 'off'].includes(journal) && level >= needed[this.#synchronous]) return undefined
    return `journal_mode is ${journal} and synchronous is ${synchronous}; use WAL and FULL (2), or the option synchronous`
  }

  /** `PRAGMA busy_timeout` is the time that SQLite blocks the whole thread for. The host gets its own value back. */
  #withoutWaiting<T>(work: () => T): T {
    const timeout = this.#isOwn && this.#isSetUp ? 0 : Number(this.#pragma('busy_timeout'))
    if (timeout === 0) return work()
    this.exec('PRAGMA busy_timeout = 0')
    try {
      return work()
    } finally {
      if (!this.#isOwn) this.exec(`PRAGMA busy_timeout = ${timeout}`)
    }
  }

  #setUp(): void {
    if (this.#isSetUp) return
    if (this.#isOwn) {
      this.exec(`PRAGMA synchronous = ${this.#synchronous}`)
      // On macOS, without these a disk may still hold in its cache what it said to have written.
      this.exec('PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1')
      if (this.#pragma('journal_mode') !== 'wal') this.#pragma('journal_mode = wal')
    }
    this.#isSetUp = true
  }

  /** Prepared anew each time, for SQLite reads some while it prepares. */
  #pragma(text: string): unknown {
    return this.#step(() => Object.values(this.#database.prepare(`PRAGMA ${text}`).all()[0] as Row)[0])
  }

  #statement(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql)
    if (statement === undefined) this.#statements.set(sql, (statement = this.#database.prepare(sql)))
    return statement
  }

  #step<T>(work: () => T): T {
    try {
      return work()
    } catch (cause) {
      throw new StatementFailed(undefined, { cause })
    }
  }
}

/** Random pauses that grow, so that of several who wait none keeps in step with another. */
export class Pauses {
  #longest = 1

  async next(): Promise<void> {
    await pause(this.#longest * Math.random())
    this.#longest = Math.min(this.#longest * 2, longestPause)
  }
}
