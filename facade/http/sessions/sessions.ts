import { checkMethods } from '../../service/assurance.js'
import { fromStore } from '../../service/context.js'
import { eventsOf, settingsOf } from '../../service/countersign.js'
import type { Countersign } from '../../service/countersign.js'
import { checkUser, flag, ifGiven, integer, invalid, memberOf, object, optional, own } from '../../shared/check.js'
import { endsOthers } from '../ends-others.js'
import { createHandler } from '../handler.js'
import { checkHttpUser } from '../options.js'
import type { AnyContext, CheckedUser, Handler, HandlerOptions, HttpUser, Verification } from '../options.js'
import { missingOf } from '../require-fresh.js'
import { hasJson, headersIn, isSameOriginOf, isSecureOn } from '../same-origin.js'
import { isProof, removalOf } from '../standing.js'
import type { AnyRequest } from '../same-origin.js'
import { warnOfOrigin } from '../warn.js'
import type { Warn } from '../warn.js'
import { assuranceAfter } from './stronger.js'
import type { Keeper, Limits, SessionHeaders, SignIn } from './keeper.js'

type MaybePromise<T> = T | Promise<T>

/** What the sessions have to know of an account. Other members are ignored. */
export interface SessionAccount {
  /** True if the account has factors: what `onEnrolled` stored last. A lost record is then an error, never a way in. */
  enrolled?: boolean
  /** The account name that authenticators show, such as an address. */
  name?: string | null
  /** The person's name for passkeys. */
  displayName?: string | null
  /** True if this user may list and unlock other users. */
  admin?: boolean
}

/** Options of all kinds of sessions: these, and those of `createHandler` but `user` and `onVerified`. */
export interface SessionOptions<Context = AnyContext>
  extends Omit<HandlerOptions<Context>, 'user' | 'onVerified' | 'onEnrolled'> {
  /**
   * Returns the account of a user who has a session. `null` or `undefined` if it doesn't exist any more or is blocked:
   * then nobody is signed in.
   */
  account: (id: string) => MaybePromise<SessionAccount | null | undefined>
  /** Receives whether a user has factors now. Store it with the account, and return it as `enrolled`. Awaited. */
  onEnrolled?: (id: string, enrolled: boolean) => MaybePromise<void>
  /** How many seconds a sign-in may wait for its second factor, 60 to 3600. Default 900. */
  pendingSeconds?: number
  /** How many seconds a session lasts in all, 300 to 34560000 (400 days). Default 43200 (12 hours). */
  absoluteSeconds?: number
}

/** The result of a change of a session. Always test `ok`. */
export type SessionChange =
  /** `headers`: to be sent with the answer. Empty where a session plugin sends its own. */
  | { ok: true; headers: SessionHeaders }
  /** The request comes from a page of another site, and nothing was changed: answer 403. */
  | { ok: false; reason: 'wrong-origin' }

export interface SignInOptions {
  /**
   * Accepts a request that another site sends, such as the answer of an identity provider by `form_post`. Only if
   * something else proves that this browser has begun the sign-in, such as `state` of OAuth. Default false. Requests by
   * `GET` are always accepted.
   */
  fromOtherSite?: boolean
  /**
   * What the user has proved: values of RFC 8176 such as `['pwd']` for a password, or `['mfa']` if an identity provider saw two
   * factors. They become part of the assurance. Default: none.
   */
  firstFactor?: string[]
}

/** What a request may be asked for beside a sign-in with a second factor. */
export interface CheckOptions {
  /**
   * The proof must not be older than this many seconds, 1 to 86400. A password is one only for as long as the user has no
   * factor. Default: as old as the session may be.
   */
  within?: number
  /**
   * The last proof must be phishing-resistant: an answer of WebAuthn or U2F. Otherwise the check says `step-up-required`.
   * Default false.
   */
  phishingResistant?: boolean
  /**
   * The time to enrol what the `policy` of the service requires must not be over. Otherwise the check says
   * `enrolment-required`. The policy is asked at each check. Default false.
   */
  compliant?: boolean
}

/**
 * Whether a request may do what needs a second factor. Always test `ok`.
 *
 * - `not-signed-in`: nobody is signed in
 * - `second-factor-required`: the sign-in is pending
 * - `step-up-required`: the last proof is older than `within`, or not phishing-resistant
 * - `enrolment-required`: a factor that the policy requires is missing, and the time for it is over
 */
export type SessionCheck =
  | { ok: true; user: HttpUser }
  | { ok: false; reason: 'not-signed-in' | 'second-factor-required' | 'step-up-required' | 'enrolment-required' }

/** Sign-ins with a second factor, kept in sessions. `Where` is the request that they are found by. */
export interface Sessions<Where> {
  /** The handler of the JSON API, to be mounted at {@link basePath}. */
  readonly handler: Handler
  /** Where the handler has to be mounted. */
  readonly basePath: string
  /** The session plugin that has to come first, if there is one. */
  readonly plugin?: 'express-session' | '@fastify/session'

  /**
   * Returns the user of a request, or `null`. Check `state`: a `pending` user has only given the password.
   *
   * @throws CountersignError `store-failed` if the store or `account` threw
   */
  user(where: Where): Promise<HttpUser | null>

  /**
   * Returns the user of a request whose sign-in is complete, or why there is none. A user without any factor counts,
   * unless `required` makes everybody enrol one.
   *
   * @throws CountersignError `store-failed` if the store or `account` threw; with `within`, `record-missing` if the record of a
   *   user with `enrolled: true` was lost
   */
  check(where: Where, options?: CheckOptions): Promise<SessionCheck>

  /**
   * Begins a sign-in, under a new session id, after the host has checked the password (or another first factor). It is
   * pending until the handler has verified a second factor, or found that none is needed. A sign-in that this browser
   * already has ends.
   *
   * @param user the host's id of the user
   */
  signIn(where: Where, user: string, options?: SignInOptions): Promise<SessionChange>

  /** Signs out. A session id that a step-up has just replaced signs out too. */
  signOut(where: Where): Promise<SessionChange>

  /** Ends all other sign-ins of the user of this request, for example after a change of the password. */
  endOthers(where: Where): Promise<void>

  /** Ends all sign-ins of a user, for example if the account is blocked or removed. */
  endUser(user: string): Promise<void>

  /**
   * Returns whether a request may change something: by its method, or because it comes from a page of this site and has
   * JSON. The same as `isOwnRequest`, with the relying party of these sessions.
   */
  isOwn(where: Where): boolean
}

/** What is common to all kinds of sessions: one logic, whatever keeps them. */
export interface SessionKind<Where, Found extends SignIn> {
  keeper: Keeper<Where, Found>
  /** The place of a request to the handler. */
  whereOf(request: Request, context: AnyContext): Where
  plugin?: 'express-session' | '@fastify/session'
  /** The place as a request: for its method and headers. */
  requestOf(where: Where): AnyRequest
}

/** The members of {@link SessionOptions} that the handler does not have. */
const ownOptions = ['account', 'onEnrolled', 'pendingSeconds', 'absoluteSeconds'] as const

export const checkShape = {
  // A route that asks for no fresh proof passes it on as it came.
  within: optional(integer(1, 86_400)),
  phishingResistant: ifGiven(flag, 'for false'),
  compliant: ifGiven(flag, 'for false'),
}
const checkCheck = object<CheckOptions>(checkShape)

const checkSignIn = object<SignInOptions>({ fromOtherSite: optional(flag), firstFactor: optional(checkMethods) })
const checkPending = optional(integer(60, 3600))
const checkAbsolute = optional(integer(300, 34_560_000))

/** How long sign-ins last, by the options. */
export function limitsOf(options: { pendingSeconds?: number; absoluteSeconds?: number; idleSeconds?: number }): Limits {
  if (typeof options !== 'object' || options === null) throw invalid('options', 'an object')
  const absolute = checkAbsolute(options.absoluteSeconds, 'absoluteSeconds') ?? 43_200
  const idle = optional(integer(60, 34_560_000))(options.idleSeconds, 'idleSeconds') ?? Math.min(absolute, 3600)
  const pending = checkPending(options.pendingSeconds, 'pendingSeconds') ?? 900
  return { pending: pending * 1000, idle: idle * 1000, absolute: absolute * 1000 }
}

/** The service's clock, in epoch milliseconds. */
export function clockOf(countersign: Countersign): () => number {
  const settings = settingsOf(countersign)
  if (!settings) throw invalid('countersign')
  return settings.now
}

/** Whether the pages of a service are on https alone, apart from those of a machine under development. */
export function isSecure(countersign: Countersign, rp = settingsOf(countersign)?.rp): boolean {
  return rp === undefined || isSecureOn(rp)
}

/**
 * The sessions of a service.
 *
 * @param more names of options that only this kind has; it checks them itself
 */
export function sessionsOf<Where, Found extends SignIn>(
  countersign: Countersign,
  options: SessionOptions,
  { keeper, whereOf, requestOf, plugin }: SessionKind<Where, Found>,
  more: readonly string[] = [],
): Sessions<Where> {
  const now = clockOf(countersign)
  const account = callback<SessionOptions['account']>(options.account, 'account')
  const onEnrolled = options.onEnrolled && callback(options.onEnrolled, 'onEnrolled')
  const rest = handlerOptions(options, more)
  // The handler checks it.
  const fresh = (options.freshSeconds ?? 300) * 1000
  /** What `user` has found, for what follows in the same request: it must not be looked for anew under a new id. */
  const found = new WeakMap<Request, Found>()

  async function userOf(kept: Found | undefined): Promise<CheckedUser | null> {
    if (!kept) return null
    const known = await fromStore(() => account(kept.user))
    if (known === null || known === undefined) return null
    const [enrolled, admin, name, displayName] = ['enrolled', 'admin', 'name', 'displayName'].map((member) => memberOf(Object(known), member))
    const { user: id, state, at, session } = kept
    return checkHttpUser({
      id, state, at, session, name, displayName, firstFactor: own(kept, 'firstFactor'), assurance: own(kept, 'assurance'),
      answered: own(kept, 'answered'),
      ...(enrolled !== undefined && { enrolled }),
      ...(admin !== undefined && { admin }),
    })
  }

  async function verified(request: Request, user: HttpUser, outcome: Verification, where: Where) {
    if (!outcome.ok && outcome.reason !== 'enrolment-required') {
      // Guessing must not go on in this sign-in once the lock ends.
      return outcome.reason === 'locked' && user.state === 'pending' ? keeper.end(where) : undefined
    }
    const { at, factor, purpose, assurance } = outcome
    const nothing = factor === null && own(outcome, 'remembered') !== true
    const proof = { state: outcome.ok ? 'verified' : 'pending', at, assurance, answered: !outcome.ok } as const
    const known = await account(user.id)
    // Removed or blocked while the answer was on its way.
    if (known === null || known === undefined) return undefined
    if (purpose === 'passkey') return keeper.begin(where, user.id, proof)
    const kept = found.get(request)
    // A first factor was enrolled in the meantime: the password is not enough any more.
    if (!kept || (nothing && memberOf(Object(known), 'enrolled') === true)) return undefined
    if (endsOthers(outcome)) {
      // Not if it has been ended itself in the meantime.
      if (!(await keeper.find(where))) return undefined
      await keeper.endUser(user.id, kept.session)
    }
    if (!outcome.ok) return keeper.renew(where, kept, proof)
    return keeper.renew(where, kept, { ...proof, assurance: assuranceAfter(kept.assurance, outcome, fresh) })
  }

  const handler = createHandler(countersign, {
    ...rest,
    async user(request, context) {
      const kept = await fromStore(() => keeper.find(whereOf(request, context)))
      if (kept) found.set(request, kept)
      return userOf(kept)
    },
    onVerified: (request, user, outcome, context) =>
      fromStore(() => verified(request, user, outcome, whereOf(request, context))),
    async onEnrolled(request, user, enrolled) {
      await onEnrolled?.(user.id, enrolled)
      // An administrator has removed the last factor of somebody else, whose sessions may be a thief's.
      const kept = found.get(request)
      if (!enrolled && kept && kept.user !== user.id) await fromStore(() => keeper.endUser(user.id))
    },
  })

  /** As in the handler: a password that was given before the factors were there is no proof any more. */
  async function missingProof(user: CheckedUser): Promise<'step-up-required' | undefined> {
    const factors = await countersign.factors(user.id)
    if (factors.length === 0) await removalOf({ countersign, user })
    return isProof(factors, user.at) ? undefined : 'step-up-required'
  }

  /** A session of before the deadline is complete, whatever its user has. */
  async function missingFactor({ id, assurance }: CheckedUser): Promise<'enrolment-required' | undefined> {
    const about = { ...(options.rp && { rp: options.rp }), ...(assurance && { assurance }) }
    const { state } = await countersign.enforcement(id, about)
    return state === 'required' ? 'enrolment-required' : undefined
  }

  const { rp = settingsOf(countersign)!.rp, basePath = '/countersign' } = options
  const find = async (where: Where) => userOf(await fromStore(() => keeper.find(where)))

  /** Whether no page of another site has sent this. If one has, a warning says how its origin differs. */
  const isOurs = (where: Where) => {
    const request = requestOf(where)
    if (isSafe(request) || isSameOriginOf(request, rp)) return true
    const warn: Warn = (reason, message, user = '') => eventsOf(countersign).warn(reason, message, user, now())
    warnOfOrigin({ warn, rp }, headersIn(request))
    return false
  }
  const changed = async (change: () => Promise<SessionHeaders>): Promise<SessionChange> =>
    ({ ok: true, headers: await fromStore(change) })
  const refused = { ok: false, reason: 'wrong-origin' } as const

  return {
    handler,
    basePath,
    ...(plugin && { plugin }),
    user: find,
    async check(where, options = {}) {
      const { compliant = false, ...wanted } = checkCheck(options, 'options')
      const user = await find(where)
      const reason =
        missingOf(user, wanted, now()) ??
        (wanted.within === undefined ? undefined : await missingProof(user!)) ??
        (compliant ? await missingFactor(user!) : undefined)
      return reason === undefined ? { ok: true, user: user! } : { ok: false, reason }
    },
    async signIn(where, user, options = {}) {
      checkUser(user)
      const { fromOtherSite = false, firstFactor } = checkSignIn(options, 'options')
      if (!fromOtherSite && !isOurs(where)) return refused
      return changed(() => keeper.begin(where, user, { state: 'pending', at: now(), ...(firstFactor && { firstFactor }) }))
    },
    async signOut(where) {
      return isSameOriginOf(requestOf(where), rp) ? changed(() => keeper.end(where)) : refused
    },
    async endOthers(where) {
      await fromStore(async () => {
        const kept = await keeper.find(where)
        if (kept) await keeper.endUser(kept.user, kept.session)
      })
    },
    async endUser(user) {
      checkUser(user)
      await fromStore(() => keeper.endUser(user))
    },
    isOwn: (where) => isOurs(where) && (isSafe(requestOf(where)) || hasJson(requestOf(where))),
  }
}

/** The options of `createHandler` among those of the host. What the sessions do themselves is refused. */
function handlerOptions(options: SessionOptions, more: readonly string[]): Omit<HandlerOptions, 'user' | 'onVerified' | 'onEnrolled'> {
  for (const name of ['user', 'onVerified']) {
    if (own(options, name) !== undefined) throw invalid(name, 'left out: the sessions do this')
  }
  const others = [...ownOptions, ...more]
  return Object.fromEntries(Object.entries(options).filter(([name]) => !others.includes(name as never)))
}

/** Methods that change nothing, in a host that keeps to the standard. */
function isSafe({ method = '' }: AnyRequest): boolean {
  return ['GET', 'HEAD', 'OPTIONS'].includes(method)
}

function callback<T>(value: T, name: string): T {
  if (typeof value !== 'function') throw invalid(name, 'a function')
  return value
}
