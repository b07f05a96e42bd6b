import { invalid } from '../shared/check.js'
import { CountersignError, isCountersignError } from '../shared/errors.js'
import { isKeyCounter } from '../shared/key-counter.js'
import { claimTaken } from './claims.js'
import { originKeysOnly } from './origin-keys.js'
import type { ChallengeStore, OpenChallenge, RecordChange, Store, UserStore } from './traits.js'

/** What keeps the data of one region: one store for both, or one for users and one for challenges. */
export type Region = Store | { users: UserStore; challenges: ChallengeStore }

export interface RegionalStore extends Store {
  /** The tag of the region that is this user's home now. */
  challengeTag(key: string): Promise<string>
  /**
   * Calls `migrate()` of each region's stores that have it. If a region fails, the others are migrated all the same, and it
   * rejects with `store-failed`.
   */
  migrate(): Promise<void>
}

/**
 * Makes one store of a store for each region. A user's record is only in the user's home region, and so are the
 * challenges. Nothing is copied between regions, and they agree on nothing.
 *
 * The id of each challenge begins with the name of its region, and `take` asks that region alone. The name is no secret: an
 * id with another one is an unknown challenge. An id without a known name is looked for in the user's home region.
 *
 * `owner` asks all regions at once and takes the first answer that `home` confirms. A new claim is looked for in all
 * regions before it is written, so enrolling a passkey needs all of them. Two users in two regions who claim the
 * same text at the same moment may both get it. Then a sign-in without a user name may find either of the two, and only the
 * one whose key has signed is let in. See docs/scale.md.
 *
 * It has no `sharedKey()`: sign-ins without a user name need the option `challengeKey` of `Countersign.open()`.
 *
 * @param regions the stores by the names of their regions: 1 to 15 of the characters `A-Z a-z 0-9 -`, a letter first. Each
 *   process has the same names. The first region also keeps the counters of Yubico keys
 * @param home returns the name of a user's home region, or a promise of it. It must answer for every text of 1 to 256 bytes,
 *   also for users who don't exist, and always the same until the user is moved
 * @throws CountersignError `invalid-argument` for regions or a `home` that can't be used. Methods of the store reject with
 *   `store-failed` if a region or `home` throws (the message names the region, what was thrown is the `cause`), and with
 *   `invalid-argument` if `home` answers anything but the name of a region. Nothing was written then
 * @example
 * const store = regional({ eu: postgresStore(euPool), us: postgresStore(usPool) }, (user) => (user.startsWith('us-') ? 'us' : 'eu'))
 */
export function regional<Regions extends Readonly<Record<string, Region>>>(
  regions: Regions, home: (user: string) => (keyof Regions & string) | Promise<keyof Regions & string>,
): RegionalStore {
  if (typeof home !== 'function') throw invalid('home', 'a function that returns the name of a region')
  return new Regional(checkRegions(regions), home)
}

/** A region with its name and tag. */
interface Place {
  name: string
  tag: string
  users: UserStore
  challenges: ChallengeStore
}

/** Base64url of 12 bytes, so that a tag in front of random bytes is a tag in front of their text. */
const tagLength = 16

class Regional implements RegionalStore {
  readonly #home: (user: string) => unknown
  readonly #names: Map<string, Place>
  readonly #tags: Map<string, Place>
  usersAfter?: (after: string) => AsyncIterable<string>

  constructor(places: Place[], home: (user: string) => unknown) {
    this.#home = home
    this.#names = new Map(places.map((place) => [place.name, place]))
    this.#tags = new Map(places.map((place) => [place.tag, place]))
    if (places.every(({ users }) => typeof users.usersAfter === 'function')) this.usersAfter = (after) => this.#after(after)
  }

  async migrate(): Promise<void> {
    const made = this.#places.map((place) => {
      const both = [...new Set([place.users, place.challenges])] as { migrate?: unknown }[]
      return at(place, () => Promise.all(both.map(async (store) => {
        if (typeof store.migrate === 'function') await store.migrate()
      })))
    })
    await allOf(made)
  }

  async read(user: string): Promise<string | undefined> {
    const place = await this.#homeOf(user)
    return at(place, () => place.users.read(user))
  }

  async update<T>(user: string, change: (record: string | undefined) => RecordChange<T>, before?: string): Promise<T> {
    const place = await this.#homeOf(user)
    // Claims that were looked for in the other regions.
    const free = new Set<string>()
    for (;;) {
      let unknown: string[] = []
      let thrown: { error: unknown } | undefined
      const run = (record: string | undefined): RecordChange<T | undefined> => {
        try {
          const changed = change(record)
          unknown = typeof changed.record === 'string' ? newTexts(changed.claims, free) : []
          thrown = undefined
          return unknown.length === 0 ? changed : leaving
        } catch (error) {
          thrown = { error }
          throw error
        }
      }
      let value: T | undefined
      try {
        value = await place.users.update(user, run, before)
      } catch (error) {
        // What `change` throws is the caller's own.
        throw thrown?.error === error ? error : failed(place, error)
      }
      if (unknown.length === 0) return value as T
      for (const claim of unknown) {
        await this.#checkElsewhere(place, user, claim)
        free.add(claim)
      }
    }
  }

  /** The first answer that is confirmed. That nobody is found, only all regions together can say. */
  async owner(handle: string): Promise<string | undefined> {
    return firstOf(this.#places.map((place) => this.#ownerAt(place, handle)))
  }

  async *users(): AsyncIterable<string> {
    for (const place of this.#places) yield* this.#residents(place, () => place.users.users())
  }

  async challengeTag(key: string): Promise<string> {
    return (await this.#homeOf(key)).tag
  }

  async put(key: string, challenge: OpenChallenge): Promise<void> {
    const place = await this.#placeOf(key, challenge.id)
    await at(place, () => place.challenges.put(key, challenge))
  }

  async take(key: string, id: string, now: number): Promise<string | undefined> {
    const place = await this.#placeOf(key, id)
    return at(place, () => place.challenges.take(key, id, now))
  }

  /** In all regions: before the user was moved, challenges were opened in another one. */
  async clear(key: string): Promise<void> {
    await allOf(this.#places.map((place) => at(place, () => place.challenges.clear(key))))
  }

  get #places(): Place[] {
    return [...this.#names.values()]
  }

  async #homeOf(user: string): Promise<Place> {
    // No user's, and one for all users who share the key: in a place that no user's move changes.
    if (isKeyCounter(user)) return this.#places[0] as Place
    let name: unknown
    try {
      name = await this.#home(user)
    } catch (cause) {
      throw isCountersignError(cause) ? cause : new CountersignError('store-failed', { detail: 'home()', cause })
    }
    const place = typeof name === 'string' ? this.#names.get(name) : undefined
    if (!place) throw invalid('home()', `the name of a region: ${[...this.#names.keys()].join(', ')}`)
    return place
  }

  /** Ids come from outside: with any other tag, the challenge is not found where it is looked for. */
  async #placeOf(key: string, id: string): Promise<Place> {
    return this.#tags.get(String(id).slice(0, tagLength)) ?? this.#homeOf(key)
  }

  /** What is left in a region of a user who was moved from there doesn't count. */
  async #ownerAt(place: Place, handle: string): Promise<string | undefined> {
    const user = await at(place, () => place.users.owner(handle))
    return user !== undefined && (await this.#homeOf(user)) === place ? user : undefined
  }

  async #checkElsewhere(place: Place, user: string, claim: string): Promise<void> {
    // The region itself refuses what another one of its users has.
    if ((await at(place, () => place.users.owner(claim))) !== undefined) return
    const others = this.#places.filter((other) => other !== place)
    const owner = await firstOf(others.map((other) => this.#ownerAt(other, claim)))
    if (owner !== undefined && owner !== user) throw claimTaken()
  }

  async *#residents(place: Place, list: () => AsyncIterable<string>): AsyncIterable<string> {
    const users = await at(place, async () => list()[Symbol.asyncIterator]())
    try {
      for (;;) {
        const next = await at(place, () => users.next())
        if (next.done === true) return
        if ((await this.#homeOf(next.value)) === place) yield next.value
      }
    } finally {
      await users.return?.()
    }
  }

  /** Region by region, and in each in its store's own order. */
  async *#after(after: string): AsyncIterable<string> {
    const places = this.#places
    const begun = after === '' ? places[0] as Place : await this.#homeOf(after)
    for (const place of places.slice(places.indexOf(begun))) {
      yield* this.#residents(place, () => place.users.usersAfter!(place === begun ? after : ''))
    }
  }
}

const leaving = { record: undefined, handle: undefined, claims: undefined, value: undefined }

function newTexts(claims: unknown, known: Set<string>): string[] {
  // What is no list of texts is for the region's own store to refuse.
  if (!Array.isArray(claims) || !claims.every((claim) => typeof claim === 'string')) return []
  return claims.filter((claim: string) => !known.has(claim))
}

/** Names the region in what it throws. */
async function at<T>(place: Place, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw failed(place, error)
  }
}

function failed({ name }: Place, cause: unknown): unknown {
  // Of a store of the host's own, too.
  if (isCountersignError(cause) || (Object(cause) as { code?: unknown }).code === 'claim-taken') return cause
  return new CountersignError('store-failed', { detail: `region ${name}`, cause })
}

/** Waits for all, and then rejects as the first of them that did. */
async function allOf(calls: Promise<unknown>[]): Promise<void> {
  const ended = await Promise.allSettled(calls)
  for (const one of ended) if (one.status === 'rejected') throw one.reason
}

/** Resolves with the first answer that is not `undefined`. Without one, rejects if any of them did. */
function firstOf<T>(calls: Promise<T | undefined>[]): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const found = calls.map((call) => call.then((value) => {
      if (value !== undefined) resolve(value)
    }))
    allOf(found).then(() => resolve(undefined), reject)
  })
}

function checkRegions(regions: unknown): Place[] {
  if (typeof regions !== 'object' || regions === null) throw invalid('regions', 'an object with a store for each region')
  const places = Object.entries(regions).map(([name, region]) => placeOf(name, region))
  if (places.length === 0) throw invalid('regions', 'an object with a store for each region')
  return places
}

function placeOf(name: string, region: unknown): Place {
  if (!/^[A-Za-z][A-Za-z0-9-]{0,14}$/.test(name)) {
    throw invalid('regions', 'an object whose names have 1 to 15 of the characters A-Z a-z 0-9 -, a letter first')
  }
  const { users, challenges } = Object(region) as { users?: unknown; challenges?: unknown }
  const both = typeof users === 'function'
  // The service would not know that some credentials have no place there.
  if (Object.hasOwn(Object(both ? region : users) as object, originKeysOnly)) throw invalid(`regions.${name}`, 'a store of whole records, not a tfaConfigStore')
  return {
    name, tag: name.padEnd(tagLength, '_'),
    users: implementing<UserStore>(both ? region : users, ['read', 'update', 'owner', 'users'], name),
    challenges: implementing<ChallengeStore>(both ? region : challenges, ['put', 'take', 'clear'], name),
  }
}

function implementing<T>(value: unknown, methods: string[], name: string): T {
  const has = (method: string) => typeof (Object(value) as Record<string, unknown>)[method] === 'function'
  if (!methods.every(has)) throw invalid(`regions.${name}`, `a store with the methods ${methods.join(', ')}`)
  return value as T
}
