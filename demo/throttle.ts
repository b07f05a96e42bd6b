const WINDOW = 15 * 60_000
const ENTRIES = 10_000

/** Counts attempts by key in 15 minutes, in memory. For one process only. */
export class Throttle {
  readonly #attempts = new Map<string, { count: number; since: number }>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** Counts an attempt. Call it before the attempt, so that parallel ones count too. Returns false if there were too many. */
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

  /** Forgets the attempts of this key, after a success. */
  reset(key: string): void {
    this.#attempts.delete(key)
  }

  /** Deletes expired entries, and the oldest ones if there are too many. A map has the oldest first. */
  #sweep(now: number): void {
    for (const [key, { since }] of this.#attempts) {
      if (now - since < WINDOW && this.#attempts.size <= ENTRIES) break
      this.#attempts.delete(key)
    }
  }
}
