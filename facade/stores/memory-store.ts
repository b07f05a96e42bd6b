import { BindingChallengeBook } from '#binding'

import { randomBytes } from '../shared/crypto.js'
import { checkClaims, claimTaken } from './claims.js'
import { checkRecord } from './record-file.js'
import type { OpenChallenge, RecordChange, Store } from './traits.js'

/** What one sweep of the book looks at, in challenges. */
const sweepSize = 8192

/**
 * Keeps everything in the memory of this thread, for tests and for trying things out. Everything is lost when the
 * process ends. Every process and worker thread has its own store.
 */
export function memoryStore(): Store {
  return new MemoryStore()
}

class MemoryStore implements Store {
  readonly #records = new Map<string, { record: string; handle: string | undefined; claims: string[] }>()
  readonly #owners = new Map<string, string>()
  readonly #claimants = new Map<string, string>()
  readonly #challenges = new BindingChallengeBook(randomBytes(16))
  #timer: NodeJS.Timeout | undefined
  #sharedKey: string | undefined

  async read(user: string): Promise<string | undefined> {
    return this.#records.get(user)?.record
  }

  async update<T>(user: string, change: (record: string | undefined) => RecordChange<T>): Promise<T> {
    const before = this.#records.get(user)
    const { record, handle, claims: given, value } = change(before?.record)
    if (record === undefined) return value
    if (record !== null) checkRecord(record)
    const kept = before?.claims ?? []
    const claims = record === null ? [] : (checkClaims(given) ?? kept)
    if (claims.some((claim) => !kept.includes(claim) && this.#isAnothers(claim, user))) throw claimTaken()
    for (const claim of kept) this.#claimants.delete(claim)
    for (const claim of claims) this.#claimants.set(claim, user)
    if (before?.handle !== undefined && this.#owners.get(before.handle) === user) this.#owners.delete(before.handle)
    if (record === null) {
      this.#records.delete(user)
    } else {
      this.#records.set(user, { record, handle, claims })
      if (handle !== undefined) this.#owners.set(handle, user)
    }
    return value
  }

  async owner(handle: string): Promise<string | undefined> {
    return this.#owners.get(handle) ?? this.#claimants.get(handle)
  }

  async *users(): AsyncIterable<string> {
    yield* this.#records.keys()
  }

  async put(key: string, { id, purpose, data, expires }: OpenChallenge): Promise<void> {
    // No challenge expires by this time: the host's clock is known in `take` alone, and may be a test's.
    this.#challenges.put(key, id, purpose, data, expires, 0)
    if (this.#timer === undefined) this.#timer = this.#sweepLater()
  }

  async take(key: string, id: string, now: number): Promise<string | undefined> {
    return this.#challenges.take(key, id, now) ?? undefined
  }

  async clear(key: string): Promise<void> {
    this.#challenges.clear(key)
  }

  async sharedKey(fresh: string): Promise<string> {
    return (this.#sharedKey ??= fresh)
  }

  /** A handle counts too: a record that was stored without claims has only that. */
  #isAnothers(claim: string, user: string): boolean {
    return [this.#claimants, this.#owners].some((owners) => (owners.get(claim) ?? user) !== user)
  }

  /** One timer, and only while something is open; a large book is swept in pieces. */
  #sweepLater(): NodeJS.Timeout {
    const sweep = () => {
      this.#challenges.sweep(Date.now())
      this.#timer = this.#challenges.size > 0 ? this.#sweepLater() : undefined
    }
    return setTimeout(sweep, this.#challenges.size > sweepSize ? 100 : 30_000).unref()
  }
}
