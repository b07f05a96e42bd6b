import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'

import type { OpenChallenge, Store } from '../stores/traits.js'

/** One test of a store; `run` rejects when the store fails it. */
export interface StoreTest {
  name: string
  /** @param makeStore gives the store to test; called once */
  run(makeStore: () => Store | Promise<Store>): Promise<void>
}

/** A test that gets the store, and ids that no other test has. */
export function storeTest(name: string, body: (store: Store, ids: Ids) => Promise<void>): StoreTest {
  return {
    name,
    async run(makeStore) {
      const store = await makeStore()
      const ids = new Ids()
      try {
        await body(store, ids)
      } finally {
        await ids.remove(store)
      }
    },
  }
}

/** Makes the ids of one test, and removes what was stored under them. */
export class Ids {
  readonly #made: string[] = []

  /** A new id; `decorate` may put it into a stranger text. */
  id(decorate: (id: string) => string = (id) => id): string {
    return this.known(decorate(randomUUID()))
  }

  ids(count: number): string[] {
    return Array.from({ length: count }, () => this.id())
  }

  /** An id that another run may have used: emptied by the test itself before it starts. */
  known(id: string): string {
    this.#made.push(id)
    return id
  }

  async remove(store: Store): Promise<void> {
    for (const id of this.#made) {
      await store.update(id, () => ({ record: null, value: undefined }))
      await store.clear(id)
    }
  }
}

/** Throws unless both are deeply equal. What was found is in the message: a test's data is no secret. */
export function same(actual: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(actual, expected)) {
    throw new Error(`${what}: expected ${shown(expected)}, found ${shown(actual)}`)
  }
}

/** Runs `work`, which has to reject, and gives what it rejected with. */
export async function rejection(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('expected a rejection')
}

/** Runs `count` calls at once and gives all the answers. */
export function parallel<T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => call(index)))
}

/** Stores a record. */
export function write(store: Store, user: string, record: string, handle?: string): Promise<void> {
  return store.update(user, () => ({ record, handle, value: undefined }))
}

/** Stores a record with claims. */
export function claim(store: Store, user: string, record: string, claims: string[], handle?: string): Promise<void> {
  return store.update(user, () => ({ record, handle, claims, value: undefined }))
}

/** How many of several changes were made, of which all others have to be refused because a claim is taken. */
export async function claimed(changes: Promise<unknown>[]): Promise<number> {
  const outcomes = await Promise.allSettled(changes)
  const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code?: unknown }).code] : []))
  same(refused, refused.map(() => 'claim-taken'), 'what the others are refused with')
  return outcomes.length - refused.length
}

/** Milliseconds that a challenge is open for: longer than the slowest machine takes for all tests at once. */
export const openFor = 600_000

/** A challenge that is open for that long. */
export function challenge(id: string, changes: Partial<OpenChallenge> = {}): OpenChallenge {
  return { id, purpose: 'sign-in', data: `data of ${id}`, expires: Date.now() + openFor, ...changes }
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value))
  return text.length > 200 ? `${text.slice(0, 200)}… (${text.length} characters)` : text
}
