import { invalid } from '../../shared/check.js'
import { randomBytes, sha256 } from '../../shared/crypto.js'
import { CountersignError } from '../../shared/errors.js'
import { endOf, replacedFor } from './keeper.js'
import type { AnyContext } from '../options.js'
import { skew } from '../warn.js'
import type { Keeper, Limits, Proof, SessionHeaders, SignIn } from './keeper.js'
import type { SessionOptions } from './sessions.js'

/** What is kept in the session of a plugin. Times are in epoch milliseconds. */
export interface PluginSignIn extends SignIn {
  begun: number
  /** Names the last proof: a session that is saved late, with an older one, is worth nothing. No secret. */
  proof: string
  /** The tags of the user when the sign-in began. */
  all: string
  others: string
}

/** What stays under a session id that was replaced: it can sign out until then, and nothing else. */
export interface Replaced {
  session: string
  until: number
}

/** What a session has under its new id. */
export interface Renewal {
  signIn: PluginSignIn
  /** Whether what the host has in the session stays. */
  withHost: boolean
  /** What stays under the old id. */
  replaced?: Replaced
}

/** A session plugin, as far as sign-ins are concerned. */
export interface Plugin<Where> {
  /** What the session of a request holds of ours: as it was when the request came. */
  read(where: Where): unknown
  /**
   * Gives the session of a request a new id, and waits until that is stored. The old id is worth nothing then.
   *
   * @param kept what is in the session then; nothing without it
   */
  renew(where: Where, kept?: Renewal): Promise<void>
  /** The plugin's store of sessions, which keeps entries of ours too. */
  store(where: Where): PluginStore
}

/** Options of sessions in a session plugin. */
export interface PluginOptions<Context = AnyContext> extends SessionOptions<Context> {
  /**
   * The store that the session plugin has. Needed only for a process that calls `endUser` without serving requests, such
   * as a job.
   */
  store?: PluginStore
}

/** The store of `express-session` and `@fastify/session`: what is used of it. */
export interface PluginStore {
  get(id: string, done: (error: unknown, session?: unknown) => void): unknown
  set(id: string, session: never, done: (error?: unknown) => void): unknown
  destroy(id: string, done: (error?: unknown) => void): unknown
}

/** Which sign-ins of a user are open: all that have this tag, and perhaps one more. */
interface Tagged {
  tag: string
  except?: string
}

/**
 * Keeps sign-ins in the sessions of a plugin, on any number of processes that share its store. Beside the sessions, the
 * store gets these entries:
 *
 * - one for each open sign-in, which is written when it begins and removed when it ends, and one for each last proof, which
 *   is removed by the next one. Neither is written again: so nothing that is still on its way brings a sign-in or an old
 *   session back, whatever it does to a session
 * - two for each user and period in which sign-ins began. Another tag in the first one ends all of them, and in the second
 *   all but one: apart, so that the second does not undo the first. A sign-in is open only while both are there, so that a
 *   store that loses them ends sign-ins, and brings none back. They are never written again with the same tag, not even to
 *   make them last: an end might come in between. That is why there are periods
 */
export class PluginKeeper<Where> implements Keeper<Where, PluginSignIn> {
  readonly #plugin: Plugin<Where>
  readonly #limits: Limits
  readonly #now: () => number
  /** For calls without a request: the host's, or that of the last request. */
  #store: PluginStore | undefined

  constructor(plugin: Plugin<Where>, store: PluginStore | undefined, limits: Limits, now: () => number) {
    this.#plugin = plugin
    this.#store = store
    this.#limits = limits
    this.#now = now
  }

  async find(where: Where): Promise<PluginSignIn | undefined> {
    const store = this.#storeOf(where)
    const kept = signInOf(this.#plugin.read(where))
    return kept && (await this.#isOpen(store, kept)) ? kept : undefined
  }

  async begin(where: Where, user: string, proved: Proof & Pick<SignIn, 'firstFactor'>): Promise<SessionHeaders> {
    const store = this.#storeOf(where)
    await this.#end(where)
    const [session, proof] = [newName(), newName()]
    const begun = this.#now()
    const [all, others] = await Promise.all(keysOf(user, this.#period(begun)).map((key) => this.#tagIn(store, key)))
    await write(store, openKey(session), { open: true }, this.#limits.absolute)
    await write(store, proofKey(proof), { session, user }, this.#limits.absolute)
    const signIn = { ...proved, user, session, begun, proof, all: all ?? '', others: others ?? '' }
    await this.#plugin.renew(where, { signIn, withHost: false })
    return {}
  }

  async renew(where: Where, found: PluginSignIn, proved: Required<Proof>): Promise<SessionHeaders | undefined> {
    const store = this.#storeOf(where)
    if (!(await this.#isOpen(store, found))) return undefined
    const replaced = { session: found.session, until: this.#now() + replacedFor }
    const proof = newName()
    await write(store, proofKey(proof), { session: found.session, user: found.user }, this.#limits.absolute)
    await remove(store, proofKey(found.proof))
    await this.#plugin.renew(where, { signIn: { ...found, ...proved, proof }, withHost: true, replaced })
    return {}
  }

  async end(where: Where): Promise<SessionHeaders> {
    // Nothing of ours is in it: another id would only fill the store.
    if (this.#plugin.read(where) === undefined) return {}
    await this.#end(where)
    await this.#plugin.renew(where)
    return {}
  }

  async endUser(user: string, except = ''): Promise<void> {
    if (!this.#store) {
      throw new CountersignError('invalid-argument', {
        detail: 'endUser() before the first request needs the option store, the store of the session plugin',
      })
    }
    const [store, now] = [this.#store, this.#period(this.#now())]
    // Sign-ins of the last period may still be open; and the clock of another machine may be ahead.
    for (const period of [now, now - 1, now + 1]) {
      const [all, others] = keysOf(user, period)
      await (except === '' ? remove(store, all) : this.#tag(store, others, { tag: newName(), except }))
    }
  }

  /** First what lets it in, then its session. */
  async #end(where: Where): Promise<void> {
    const kept = this.#plugin.read(where)
    const signIn = signInOf(kept)
    const { session } = signIn ?? replacedOf(kept, this.#now()) ?? {}
    if (session !== undefined) await remove(this.#storeOf(where), openKey(session))
    if (signIn) await remove(this.#storeOf(where), proofKey(signIn.proof))
  }

  async #isOpen(store: PluginStore, signIn: PluginSignIn): Promise<boolean> {
    const { user, session, state, begun, proof } = signIn
    const now = this.#now()
    // One of the future would last longer: the clock has gone back.
    if (endOf(this.#limits, state, begun) <= now || begun > now + skew) return false
    const keys = [openKey(session), proofKey(proof), ...keysOf(user, this.#period(begun))]
    const [open, proved, all, others] = await Promise.all(keys.map((key) => entry(store, key)))
    const { session: ofSession, user: ofUser } = Object(proved) as Partial<SignIn>
    if (open === undefined || ofSession !== session || ofUser !== user) return false
    if (!isTagged(all) || !isTagged(others) || all.tag !== signIn.all) return false
    return others.tag === signIn.others || others.except === session
  }

  /** The tag in an entry; a new one where there is none. */
  async #tagIn(store: PluginStore, key: string): Promise<string> {
    const found = await entry(store, key)
    if (isTagged(found)) return found.tag
    await this.#tag(store, key, { tag: newName() })
    // Another sign-in of the user may have begun at the same time, and the last one is what stays.
    const kept = await entry(store, key)
    return isTagged(kept) ? kept.tag : ''
  }

  /** For longer than any sign-in of its period lasts, also if that is the next one. */
  #tag(store: PluginStore, key: string, tagged: Tagged): Promise<void> {
    return write(store, key, tagged, 3 * this.#limits.absolute + 3_600_000)
  }

  /** No sign-in lasts longer than one. */
  #period(time: number): number {
    return Math.floor(time / this.#limits.absolute)
  }

  #storeOf(where: Where): PluginStore {
    this.#store = this.#plugin.store(where)
    return this.#store
  }
}

/** The host's store, if it gives one. */
export function checkPluginStore(store: unknown): PluginStore | undefined {
  const methods = ['get', 'set', 'destroy'] as const
  if (store !== undefined && methods.some((name) => typeof Object(store)[name] !== 'function')) {
    throw invalid('options.store', 'the store of the session plugin')
  }
  return store as PluginStore | undefined
}

/** Not to be taken for sessions: no plugin signs such ids. */
const openKey = (session: string) => `countersign-open-${session}`
const proofKey = (proof: string) => `countersign-proof-${proof}`

/** The entries of a user's tags: what ends all sign-ins, and what ends all but one. */
function keysOf(user: string, period: number): [all: string, others: string] {
  const hash = sha256(user, 'base64url')
  return [`countersign-all-${hash}-${period}`, `countersign-others-${hash}-${period}`]
}

const newName = () => randomBytes(16).toString('base64url')

const isTagged = (found: object | undefined): found is Tagged => typeof (found as Partial<Tagged> | undefined)?.tag === 'string'

/** What `write` has stored, if it is still there. */
async function entry(store: PluginStore, key: string): Promise<object | undefined> {
  const found = await new Promise<unknown>((resolve, reject) => {
    // Stores on files say so of what is not there.
    store.get(key, (error, session) => (isError(error) ? reject(error as Error) : resolve(session)))
  })
  const { countersign } = Object(found) as { countersign?: unknown }
  return typeof countersign === 'object' && countersign !== null ? countersign : undefined
}

function write(store: PluginStore, key: string, countersign: object, milliseconds: number): Promise<void> {
  return put(store, key, { path: '/', httpOnly: true, maxAge: milliseconds }, countersign, milliseconds)
}

/**
 * Keeps under a session id that was replaced what can still sign out by it, and nothing else.
 *
 * @param cookie of its session
 */
export function leave(store: PluginStore, id: string, cookie: { toJSON(): object }, replaced: Replaced): Promise<void> {
  return put(store, id, cookie.toJSON(), replaced, replacedFor)
}

/** Gives a new session what the host had in the old one, if that stays, and the sign-in. */
export function fill(session: object, old: object, { signIn, withHost }: Renewal): void {
  const host = withHost ? Object.entries(old).filter(([name]) => name !== 'cookie') : []
  Object.assign(session, Object.fromEntries(host), { countersign: signIn })
}

/** Stores take their time to live from different members of the cookie. */
function put(store: PluginStore, key: string, cookie: object, countersign: object, milliseconds: number): Promise<void> {
  const expiring = { ...cookie, originalMaxAge: milliseconds, expires: new Date(Date.now() + milliseconds) }
  return new Promise((resolve, reject) => {
    store.set(key, { cookie: expiring, countersign } as never, (error) => (error ? reject(error as Error) : resolve()))
  })
}

function remove(store: PluginStore, key: string): Promise<void> {
  return new Promise((resolve, reject) => {
    store.destroy(key, (error) => (isError(error) ? reject(error as Error) : resolve()))
  })
}

function isError(error: unknown): boolean {
  return error !== null && error !== undefined && (error as { code?: unknown }).code !== 'ENOENT'
}

function signInOf(kept: unknown): PluginSignIn | undefined {
  const signIn = Object(kept) as Partial<PluginSignIn>
  const names = [signIn.user, signIn.session, signIn.proof]
  return names.every((name) => typeof name === 'string') ? (signIn as PluginSignIn) : undefined
}

/** The time is kept in it, since a store may begin its own anew with each request. */
function replacedOf(kept: unknown, now: number): Replaced | undefined {
  const replaced = Object(kept) as Partial<Replaced>
  return typeof replaced.until === 'number' && replaced.until > now ? (replaced as Replaced) : undefined
}
