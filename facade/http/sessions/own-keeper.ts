import { timingSafeEqual } from 'node:crypto'

import { memberOf } from '../../shared/check.js'
import { randomBytes, sha256 } from '../../shared/crypto.js'
import { CountersignError } from '../../shared/errors.js'
import type { SessionStore, StoredSession } from '../../stores/session-store.js'
import type { AnyRequest } from '../same-origin.js'
import { cookieOf, setCookie } from '../cookie.js'
import type { CookieSettings } from '../cookie.js'
import { skew } from '../warn.js'
import { endOf, replacedFor } from './keeper.js'
import type { Keeper, Limits, Proof, SessionHeaders, SignIn } from './keeper.js'

/** What is stored of a session beside its user. Times are in epoch milliseconds. */
interface Data extends Proof, Pick<SignIn, 'firstFactor'> {
  /** SHA-256 of the secret in the cookie. Another one with each proof. */
  secret: string
  /** Secrets that were replaced lately. They can sign out, and nothing else. */
  replaced: { secret: string; until: number }[]
  begun: number
  /** The last request, not exact. */
  seen: number
}

/** A sign-in with what is stored of it. */
export interface OwnSignIn extends SignIn {
  begun: number
  seen: number
  secret: string
  /** As it was found. */
  stored: StoredSession
}

/** Bytes of the id, which finds a session, and of the secret, which proves that it is this browser's. */
const idBytes = 16
const secretBytes = 32

/** The same in base64url. */
const idLength = 22
const secretLength = 43

/** Sign-ins of one user that may be open at once. */
const most = 100

/** How often a change is tried while requests of the same browser change the session too. */
const attempts = 8

/** Keeps sign-ins in a {@link SessionStore}, found by a cookie of our own. */
export class OwnKeeper implements Keeper<AnyRequest, OwnSignIn> {
  readonly #store: SessionStore
  readonly #cookie: CookieSettings
  readonly #limits: Limits
  readonly #now: () => number

  constructor(store: SessionStore, cookie: CookieSettings, limits: Limits, now: () => number) {
    this.#store = store
    this.#cookie = cookie
    this.#limits = limits
    this.#now = now
  }

  async find(request: AnyRequest): Promise<OwnSignIn | undefined> {
    const open = await this.#open(request)
    if (open?.standing !== 'current') return undefined
    const { stored, data } = open
    return signInOf(await this.#touched(stored, data), data)
  }

  async begin(request: AnyRequest, user: string, proof: Proof & Pick<SignIn, 'firstFactor'>): Promise<SessionHeaders> {
    await this.#endOpen(request)
    const [id, secret] = [randomBytes(idBytes).toString('base64url'), randomBytes(secretBytes).toString('base64url')]
    const now = this.#now()
    const data = { ...proof, secret: hashOf(secret), replaced: [], begun: now, seen: now }
    const key = hashOf(id)
    const created = await this.#store.create({ key, user, data: JSON.stringify(data), expires: this.#expires(data) })
    if (!(Number(memberOf(Object(created), 'sessions')) <= most)) await this.#makeRoom(user, key, now)
    return this.#give(`${id}.${secret}`, data)
  }

  async renew(request: AnyRequest, found: OwnSignIn, proof: Required<Proof>): Promise<SessionHeaders | undefined> {
    const { id = '' } = partsOf(cookieOf(request, this.#cookie)) ?? {}
    const secret = randomBytes(secretBytes).toString('base64url')
    let stored: StoredSession | undefined = found.stored
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const data: Data | undefined = stored && this.#live(stored)
      // Ended, or another answer was faster: the browser has its cookie then.
      if (!stored || data?.secret !== found.secret) return undefined
      const now = this.#now()
      const replaced = [...data.replaced.filter(({ until }) => until > now), { secret: data.secret, until: now + replacedFor }]
      const next = { ...data, ...proof, secret: hashOf(secret), replaced: replaced.slice(-4), seen: now }
      if (await this.#replace(stored, next)) return this.#give(`${id}.${secret}`, next)
      stored = await this.#store.read(found.session)
    }
    throw new CountersignError('store-busy')
  }

  async end(request: AnyRequest): Promise<SessionHeaders> {
    await this.#endOpen(request)
    return setCookie(this.#cookie, '', 0)
  }

  async endUser(user: string, except?: string): Promise<void> {
    await this.#store.deleteAll(user, except)
  }

  /** The sign-ins of a user that are open. */
  async list(user: string): Promise<OwnSignIn[]> {
    const all = await this.#store.list(user)
    return all.flatMap((stored) => {
      const data = this.#live(stored)
      return data ? [signInOf(stored, data)] : []
    })
  }

  /** Ends one sign-in of a user, by what `list` has as `session`. Nothing happens with that of another user. */
  async endOne(user: string, session: string): Promise<void> {
    const stored = await this.#store.read(session)
    if (stored?.user === user) await this.#store.delete(session)
  }

  async #endOpen(request: AnyRequest): Promise<void> {
    const open = await this.#open(request)
    if (open) await this.#store.delete(open.stored.key)
  }

  /**
   * Whoever knows the password may begin any number of sign-ins: those that still wait go first, then those unused the
   * longest, and never the new one.
   */
  async #makeRoom(user: string, created: string, begun: number): Promise<void> {
    const all = (await this.#store.list(user)).filter(({ key }) => key !== created)
    const surplus = all.length - most + 1
    if (surplus <= 0) return
    const rank = (stored: StoredSession) => {
      const data = readable(stored) && this.#live(stored)
      return data ? [data.state === 'pending' ? 1 : 2, data.seen] as const : ([0, 0] as const)
    }
    const ranked = all.map((stored) => ({ key: stored.key, rank: rank(stored) }))
    ranked.sort((one, other) => one.rank[0] - other.rank[0] || one.rank[1] - other.rank[1])
    // Of those that begin at once the latest stays: if each ended all others, none would.
    const isLater = ({ key, rank: [kind, seen] }: (typeof ranked)[number]) => kind === 1 && (seen > begun || (seen === begun && key > created))
    for (const one of ranked.slice(0, surplus)) if (!isLater(one)) await this.#store.delete(one.key)
  }

  /** The session of a request's cookie, and whether its secret is the current one or one that was replaced lately. */
  async #open(request: AnyRequest) {
    const parts = partsOf(cookieOf(request, this.#cookie))
    const stored = parts && (await this.#store.read(hashOf(parts.id)))
    const data = stored && this.#live(stored)
    if (!data) return undefined
    const secret = hashOf(parts.secret)
    if (isSame(secret, data.secret)) return { stored, data, standing: 'current' } as const
    const now = this.#now()
    const late = data.replaced.some((one) => one.until > now && isSame(secret, one.secret))
    return late ? ({ stored, data, standing: 'replaced' } as const) : undefined
  }

  /** What is stored, unless its time is over, or has not come: where the clock has gone back, it would last longer. */
  #live({ data: text }: StoredSession): Data | undefined {
    const [data, now] = [dataOf(text), this.#now()]
    return this.#expires(data) > now && data.seen <= now + skew ? data : undefined
  }

  #expires({ state, begun, seen }: Pick<Data, 'state' | 'begun' | 'seen'>): number {
    return Math.min(endOf(this.#limits, state, begun), seen + this.#limits.idle)
  }

  /** Not with each request: a minute, or a tenth of a shorter limit, is exact enough. */
  async #touched(stored: StoredSession, data: Data): Promise<StoredSession> {
    const seen = this.#now()
    if (seen - data.seen < Math.min(60_000, this.#limits.idle / 10)) return stored
    const touched = this.#with(stored, { ...data, seen })
    // Where another request has changed it, that one was seen.
    return (await this.#store.replace(touched, stored.data)) ? touched : stored
  }

  #replace(stored: StoredSession, data: Data): Promise<boolean> {
    return this.#store.replace(this.#with(stored, data), stored.data)
  }

  #with({ key, user }: StoredSession, data: Data): StoredSession {
    return { key, user, data: JSON.stringify(data), expires: this.#expires(data) }
  }

  #give(value: string, { begun }: Data): SessionHeaders {
    // As long as the session may last; the store knows of the other limits.
    const left = begun + this.#limits.absolute - this.#now()
    return setCookie(this.#cookie, value, Math.max(1, Math.ceil(left / 1000)))
  }
}

function signInOf(stored: StoredSession, { replaced: _old, ...data }: Data): OwnSignIn {
  const { key, user } = stored
  return { ...data, user, session: key, stored }
}

function partsOf(cookie: string | undefined): { id: string; secret: string } | undefined {
  if (cookie?.length !== idLength + 1 + secretLength || !/^[\w-]+\.[\w-]+$/.test(cookie)) return undefined
  const [id = '', secret = ''] = cookie.split('.')
  return id.length === idLength ? { id, secret } : undefined
}

function readable({ data }: StoredSession): boolean {
  try {
    return Boolean(dataOf(data))
  } catch {
    return false
  }
}

function dataOf(text: string): Data {
  try {
    const data = JSON.parse(text) as Data
    const times = [data.at, data.begun, data.seen].every(Number.isSafeInteger)
    if (times && isState(data.state) && typeof data.secret === 'string' && Array.isArray(data.replaced)) return data
  } catch {
    // Not ours, as what has no such members.
  }
  throw new CountersignError('store-failed', { detail: "a session can't be read" })
}

const isState = (state: unknown) => state === 'pending' || state === 'verified'

const hashOf = (text: string): string => sha256(text, 'base64url')

/** In constant time, for both are hashes of the same length. */
function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}
