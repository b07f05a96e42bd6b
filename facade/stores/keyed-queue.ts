import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'

/** Longer than anyone else waits between two attempts, in milliseconds. */
const breakLength = 10

interface Line {
  last: Promise<void>
  waiting: number
  turns: number
  /** When a task last ended well. */
  moved: number
}

/** Runs tasks with the same key one after the other, in the order in which they came; other keys don't wait. */
export class KeyedQueue {
  readonly #lines = new Map<string, Line>()
  readonly #turnsInARow: number

  /** @param turnsInARow after this many turns without a break, other processes get a chance */
  constructor(turnsInARow: number) {
    this.#turnsInARow = turnsInARow
  }

  /** @param task gets the time since when nothing has gone on, for it or before it (of `performance.now()`) */
  async run<T>(key: string, task: (since: number) => Promise<T>): Promise<T> {
    const called = performance.now()
    const line = this.#lines.get(key) ?? { last: Promise.resolve(), waiting: 0, turns: 0, moved: called }
    this.#lines.set(key, line)
    const before = line.last
    let next!: () => void
    line.last = new Promise((resolve) => (next = resolve))
    line.waiting += 1
    await before
    try {
      line.turns += 1
      // Whoever is served from a long queue would otherwise hold a lock that other processes wait for without end.
      if (line.turns % this.#turnsInARow === 0) await pause(breakLength)
      const value = await task(Math.max(called, line.moved))
      line.moved = performance.now()
      return value
    } finally {
      line.waiting -= 1
      if (line.waiting === 0) this.#lines.delete(key)
      next()
    }
  }
}
