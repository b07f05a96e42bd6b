const WINDOW = 15 * 60_000
const ENTRIES = 10_000

/** Counts attempts by key over a quarter of an hour, in memory: enough for one process. */
export class Throttle {
  readonly #attempts = new Map<string, { count: number; since: number }>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** Counts an attempt before it is made, so that attempts in parallel count too; false: it may not be made. */
  attempt(key: string, limit: number): boolean {
    const now = this.#now()
    let entry = this.#attempts.get(key)
    if (!entry || now - entry.since >= WINDOW) {
      entry = { count: 0, since: now }
      this.#attempts.delete(key)
      this.#attempts.set(key, entry)
      this.#sweep(now)
    }
    entry.count += 1
    return entry.count <= limit
  }

  /** A success: its attempts no longer count. */
  reset(key: string): void {
    this.#attempts.delete(key)
  }

  /** The oldest come first in a map: the expired ones go, and the oldest when there are too many. */
  #sweep(now: number): void {
    for (const [key, { since }] of this.#attempts) {
      if (now - since < WINDOW && this.#attempts.size <= ENTRIES) break
      this.#attempts.delete(key)
    }
  }
}
