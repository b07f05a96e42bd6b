import { performance } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'

import { CountersignError } from '../shared/errors.js'
import { busy, Pauses, StatementFailed } from './sqlite-connection.js'
import type { SqliteConnection } from './sqlite-connection.js'

/** Changes in one transaction: it costs one wait for the disk, and stops the event loop while it lasts. */
const groupSize = 128

interface Job {
  work(): unknown
  resolve(value: unknown): void
  reject(error: unknown): void
  called: number
}

/**
 * Group commit: all changes that wait in this process are one transaction, in the order in which they came. Each sees
 * what those before it wrote, and nobody is answered before the whole is committed.
 */
export class SqliteGroups {
  readonly #connection: SqliteConnection
  readonly #patience: number
  #jobs: Job[] = []
  #working: Promise<void> | undefined
  /** When a transaction last ended. */
  #moved = 0

  /** @param patience how long to try for the lock, in milliseconds */
  constructor(connection: SqliteConnection, patience: number) {
    this.#connection = connection
    this.#patience = patience
  }

  /**
   * Runs `work` inside a transaction. It must throw before its first write, or not at all, for what it throws rejects
   * its caller alone. It may run more than once.
   */
  run<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#jobs.push({ work, resolve: resolve as (value: unknown) => void, reject, called: performance.now() })
      this.#working ??= this.#serve()
    })
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#working) await this.#working
  }

  async #serve(): Promise<void> {
    let pauses = new Pauses()
    // Whoever asks in the same turn of the event loop shares the transaction.
    await nextTurn()
    while (this.#jobs.length > 0) {
      const group = this.#jobs.splice(0, groupSize)
      const left = this.#attempt(group)
      this.#jobs.unshift(...left)
      if (left.length < group.length) {
        this.#moved = performance.now()
        pauses = new Pauses()
        await nextTurn()
      } else {
        this.#giveUp()
        await pauses.next()
      }
    }
    this.#working = undefined
  }

  /** Answers the jobs that have to wait for a lock. */
  #attempt(group: Job[]): Job[] {
    try {
      const told = this.#connection.turn(() => this.#transaction(group))
      if (told === busy) return group
      if (told === undefined) return this.#attemptHalves(group)
      for (const tell of told) tell()
    } catch (error) {
      for (const job of group) job.reject(again(error))
    }
    return []
  }

  /**
   * What the engine refuses of one (too large for what is left of the disk) must not stop those that it shares with. By
   * halves, one that is refused costs the others a few commits more, and not one for each of them.
   */
  #attemptHalves(group: Job[]): Job[] {
    const middle = group.length >> 1
    const left = this.#attempt(group.slice(0, middle))
    const rest = group.slice(middle)
    // In the order in which they came: none overtakes those that have to wait.
    return left.length > 0 ? [...left, ...rest] : this.#attempt(rest)
  }

  /** All of a group, or nothing. Answers what its callers are told, or `undefined` when one of several has failed. */
  #transaction(group: Job[]): (() => void)[] | undefined {
    const weakness = this.#connection.weakness()
    if (weakness !== undefined) throw new CountersignError('store-refused', { detail: weakness })
    this.#connection.begin()
    let failed = true
    try {
      const told = this.#doneAll(group)
      if (told !== undefined) this.#connection.commit()
      failed = told === undefined
      return told
    } finally {
      if (failed) this.#connection.rollBack()
    }
  }

  #doneAll(group: Job[]): (() => void)[] | undefined {
    try {
      return group.map((job) => this.#done(job))
    } catch (error) {
      if (group.length > 1 && error instanceof StatementFailed) return undefined
      throw error
    }
  }

  #done(job: Job): () => void {
    try {
      const value = job.work()
      return () => job.resolve(value)
    } catch (error) {
      if (error instanceof StatementFailed) throw error
      return () => job.reject(error)
    }
  }

  #giveUp(): void {
    const now = performance.now()
    const isOver = (job: Job) => now >= Math.max(job.called, this.#moved) + this.#patience
    const over = this.#jobs.filter(isOver)
    this.#jobs = this.#jobs.filter((job) => !isOver(job))
    for (const job of over) job.reject(this.#connection.timeout())
  }
}

/** Each caller gets an error of its own, whose stack and properties nobody else changes. */
function again(error: unknown): unknown {
  if (!(error instanceof CountersignError)) return error
  const copy = new CountersignError(error.code, 'cause' in error ? { cause: error.cause } : {})
  copy.message = error.message
  return copy
}
