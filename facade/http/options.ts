import { allOf, checkAssurance, checkMethods, checkRequirement } from '../service/assurance.js'
import type { Assurance, Requirement } from '../service/assurance.js'
import type { Countersign } from '../service/countersign.js'
import type { Enforcement } from '../service/duty.js'
import { eventsOf, settingsOf } from '../service/countersign.js'
import { checkIssuer, checkUsableRp } from '../service/usable-rp.js'
import { epochMilliseconds, fits, flag, ifGiven, integer, invalid, isWellFormed, object, oneOf, optional, text } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import type { Accepted, Refused, Removal } from '../service/outcome.js'
import type { RelyingParty } from '../stateless/policy.js'
import { KeyedQueue } from '../stores/keyed-queue.js'
import { Deadline } from './deadline.js'
import { UnsavedSessions } from './warn.js'
import type { Warn } from './warn.js'

type MaybePromise<T> = T | Promise<T>

/**
 * What the callbacks get beside the request, unless it is named: `createHandler<NodeContext<Request, Response>>(...)`. The
 * host's own requests have members that no type here knows, such as a session.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- `unknown` could not be taken apart as the documentation does
export type AnyContext = any

/** Answers one request. It rejects only if `request` is not a standard `Request`. */
export type Handler<Context = AnyContext> = (request: Request, context?: Context) => Promise<Response>

/** The user who sends a request, from the host's own session. Unknown members and wrong types are refused. */
export interface HttpUser {
  /** The host's id of the user: the one that the factors are stored under. */
  id: string
  /**
   * - `pending`: the first factor (a password) was right, the second one is still missing
   * - `verified`: signed in
   */
  state: 'pending' | 'verified'
  /**
   * When this session last proved who it is, in epoch milliseconds. If pending: when the password was right. Otherwise:
   * the `at` of the last outcome.
   */
  at: number
  /** Binds challenges to this session: any text that stays the same until the state changes, at most 1024 bytes. */
  session?: string
  /**
   * What this user proved before the second factor: values of RFC 8176 such as `['pwd']`. They become part of the assurance.
   * Default: none.
   */
  firstFactor?: string[]
  /** The `assurance` of the last outcome, if the session is verified or `answered`. `GET /session` tells it. */
  assurance?: Assurance
  /**
   * Of a pending session: it was answered, and `onVerified` has received `enrolment-required`. Then the user may enrol, and
   * nothing else. Default false.
   */
  answered?: boolean
  /**
   * True if the host knows that this user has factors. A lost record is then an error, never a way in. Default false.
   */
  enrolled?: boolean
  /** True if this user may list and unlock other users. Default false. With the option `admin`, that decides instead. */
  admin?: boolean
  /**
   * The account name that authenticators show, such as an address. Default: the id, for `null` and empty text too. Of a
   * long name, the first 256 bytes of UTF-8 are taken.
   */
  name?: string | null
  /** The person's name for passkeys, with the same rules. Default: `name`. */
  displayName?: string | null
}

/**
 * An outcome for the host's session. Always test `ok`.
 *
 * - `sign-in`: a pending sign-in was answered. `factor: null` means that nothing had to be answered, because the user
 *   has no factor and none is `required`. With `remembered: true`, this browser is remembered
 * - `step-up`: a signed-in user was verified again
 * - `passkey`: a user signed in without a user name
 * - `enrolment`: the first factor was verified and enrolled, which counts as an answer
 * - `reset`: a TOTP code and a recovery code were right, and lost factors were removed
 *
 * With `ok`, make the session verified, under a new id, with the `at` and `assurance` of the outcome, unless it has ended in
 * the meantime. Only `passkey` starts a new session. On `enrolment`, end every other session of this user, because those
 * only proved the password. If `factor` is null without `remembered`, check once more whether the account is enrolled by
 * now, and if so, leave the session pending. With `reason: 'locked'`, end a pending sign-in, so that guessing can't go on when the lock
 * ends. With `reason: 'enrolment-required'`, the answer was right, but the time to enrol what the `policy` of the service requires
 * is over. Leave the session pending, under a new id, with `answered: true` and the `at` and `assurance` of the outcome; `passkey`
 * starts such a session. Any other refusal changes nothing.
 */
export type Verification = { purpose: 'sign-in' | 'step-up' | 'passkey' | 'enrolment' | 'reset' } & (
  | ((Accepted | NothingToAnswer) & {
      /**
       * The new `at` of the session, in epoch milliseconds. It is not simply now. Without a factor, it is the time of
       * the password. In a remembered browser it is 0, so that nothing counts as freshly verified. With a factor, it is the end of this second, because the times of factors are stored in seconds.
       */
      at: number
      /**
       * Where the user stands now, if the service has a `policy`. With `required`, which only a step-up can have, something is
       * still missing: the session is of before the deadline.
       */
      enforcement?: Enforcement
    })
  | EnrolmentRequired
  | Refused
)

/** A right answer that ends no sign-in: another factor has to be enrolled first. */
export interface EnrolmentRequired {
  ok: false
  reason: 'enrolment-required'
  /** The factor that answered. */
  factor: Accepted['factor']
  assurance: Assurance
  /** The new `at` of the session, in epoch milliseconds. */
  at: number
  enforcement: Enforcement
}

/** What a sign-in says in which nothing had to be answered. */
export interface NothingToAnswer {
  ok: true
  factor: null
  /** That of the first factor alone. */
  assurance: Assurance
  /** The user has a factor, but this browser is remembered. Only with the option `remember`. */
  remembered?: true
  /**
   * If the user's last factor was removed, by whom and when: that is why the password alone signed in. If `enrolled` was
   * true, `onEnrolled` has received `false` just before.
   */
  removed?: Removal
}

/** What an administrator is about to do. */
export interface AdminRequest {
  /** The `operationId` of the route. */
  action: AdminAction
  /** The id of the user whom it is done to. Absent for `listUsers` and `getReport`. */
  target?: string
}

export type AdminAction = 'listUsers' | 'getReport' | 'getUser' | 'unlockUser' | 'removeUserFactor' | 'requireUserEnrolment'

/** What `onVerified` may return: `HeadersInit`, or an object whose values may be lists, for repeated headers. */
export type HeadersGiven = ConstructorParameters<typeof Headers>[0] | Record<string, string | string[]> | null | void

/** Options of `createHandler`. `request` is a standard `Request`, `context` is what the handler was called with. */
export interface HandlerOptions<Context = AnyContext> {
  /** Returns the user who sends this request, from the host's session; `null` or `undefined` if nobody is signed in. */
  user: (request: Request, context: Context) => MaybePromise<HttpUser | null | undefined>
  /**
   * Receives every verification, also refused ones, and is awaited before the client gets its answer. `user` is the
   * user as before it. Headers that it returns (such as `set-cookie`, with a list for several) are sent with the
   * answer.
   */
  onVerified: (
    request: Request,
    user: HttpUser,
    outcome: Verification,
    context: Context,
  ) => MaybePromise<HeadersGiven>
  /**
   * Receives whether the user has factors now, whenever factors were added or removed, and is awaited. Store it with
   * the account of `user.id`, and return it as `enrolled`. It may be called twice with the same value. The last call is
   * always right. If an administrator removed the last factor, `user` is the one who had it, not who sends the request.
   */
  onEnrolled?: (request: Request, user: HttpUser, enrolled: boolean, context: Context) => MaybePromise<void>
  /**
   * Decides about each request of an administrator. Returns who acts, as text for events and for the mark of a removed
   * last factor (1 to 255 characters, such as a name), or `null` or `false` to refuse. It is asked for signed-in users
   * only. Without it, the routes that remove factors of other users or demand enrolment don't exist, and `admin` of the
   * user decides about the others.
   */
  admin?: (
    request: Request,
    user: HttpUser,
    about: AdminRequest,
    context: Context,
  ) => MaybePromise<string | false | null | undefined>
  /**
   * Returns the ids of all your users in a fixed order, those after `after` or from the beginning: of your accounts, so that
   * those without a record are among them. It is for `GET /admin/report`, which exists only with it and a `policy` of
   * the service, and which stops reading when its page is full.
   */
  users?: (
    after: string | undefined,
    request: Request,
    context: Context,
  ) => MaybePromise<Iterable<string> | AsyncIterable<string>>
  /**
   * Receives what went wrong on the server: a `CountersignError`, or what a callback threw. The client doesn't get it.
   * Default: `console.error`.
   */
  onError?: (error: unknown, request: Request, context: Context) => unknown
  /**
   * Whether a user without a factor must enrol one to complete the sign-in. Default false: `POST /challenge` completes
   * the sign-in of such a user, unless an administrator demands the enrolment, or the `policy` of the service says that the
   * time for it is over, or `require` has something for this user.
   */
  required?: boolean | ((user: HttpUser, request: Request, context: Context) => MaybePromise<boolean>)
  /**
   * What an answer has to prove, at a sign-in and at a step-up: a requirement, or a function of the user that returns one, or
   * `null` for nothing. An answer that can't is `rejected`, and nothing is used up. Codes, recovery codes and remembered
   * browsers never can, so pages don't offer them. A user without any factor has to enrol one that can. **A user who only has
   * others can't sign in**: bring users to such a factor with a `policy` of the service first. At a sign-in with a passkey, a
   * function is called once the answer is right, with the user as `pending`. Default: nothing.
   */
  require?: Requirement | ((user: HttpUser, request: Request, context: Context) => MaybePromise<Requirement | null>)
  /**
   * Whether this user may have a browser remembered: for 30 days, the password alone signs in there. Pages then offer it.
   * It is asked at every sign-in, so `false` also ends what was allowed before. With `require` for this user, it is never
   * allowed. Default false.
   */
  remember?: boolean | ((user: HttpUser, request: Request, context: Context) => MaybePromise<boolean>)
  /**
   * Returns where a request comes from, for events and the audit log, such as the address of the client. Only the host knows
   * which of its proxies to believe. It may be any text: see `FromOption`. Default: nothing is noted.
   */
  from?: (request: Request, context: Context) => MaybePromise<string | null | undefined>
  /** How many seconds after a verification factors may be changed, 1 to 86400. Default 300. */
  freshSeconds?: number
  /** How many seconds the body of a request may take to arrive, 1 to 600. Default 30. */
  bodySeconds?: number
  /**
   * Lets pages create a passkey with conditional create (WebAuthn Level 3, 5.1.3). Such a registration proves neither
   * the user's presence nor verification. Default false. Never for a first factor.
   */
  conditionalCreate?: boolean
  /**
   * Sign-ins without a user name or password. With `false` their two routes don't exist, and `GET /session` tells pages
   * so. Default: `webauthn.passkeys` of the service.
   */
  passkeys?: boolean
  /** The path where the handler is mounted, without a trailing slash; empty for the root. Default `/countersign`. */
  basePath?: string
  /** For hosts with several relying parties: the one of this handler. Default: that of the service. */
  rp?: RelyingParty
}

/** The same once checked: names that are there can be shown. */
export interface CheckedUser extends HttpUser {
  name?: string
  displayName?: string
}

/** Which parts of the API a handler has, beside those that every one has. */
export interface Offered {
  /** Sign-ins without a user name. */
  passkeys: boolean
  /** Enrolment of Yubico keys. */
  yubico: boolean
  /** Remembered browsers. */
  browsers: boolean
  /** What happened to the own account. */
  activity: boolean
  /** What takes factors from other users. */
  admin: boolean
  /** Who has not enrolled what is required. */
  report: boolean
}

/** The options, checked, with every default filled in. */
export interface HandlerSettings {
  countersign: Countersign
  user: HandlerOptions['user']
  onVerified: HandlerOptions['onVerified']
  onEnrolled: NonNullable<HandlerOptions['onEnrolled']>
  onError: NonNullable<HandlerOptions['onError']>
  admin?: HandlerOptions['admin']
  users?: HandlerOptions['users']
  /** Whether the service has a policy. */
  enforced: boolean
  required: (user: HttpUser, request: Request, context: unknown) => MaybePromise<boolean>
  remember: (user: HttpUser, request: Request, context: unknown) => MaybePromise<boolean>
  /** What is required of everybody, or of whom. */
  require: Requirement | ((user: HttpUser, request: Request, context: unknown) => MaybePromise<Requirement | null>)
  /** Whether browsers of some user may be remembered. */
  browsers: boolean
  /** Whether the service has an audit log. */
  activity: boolean
  from: NonNullable<HandlerOptions['from']>
  freshMilliseconds: number
  /** For the body of a request to arrive. */
  bodyDeadline: Deadline
  conditionalCreate: boolean
  passkeys: boolean
  /** Whether Yubico keys can be enrolled. */
  yubico: boolean
  basePath: string
  rp: RelyingParty
  /** The same for calls of the service, which knows its own. */
  party: { rp?: RelyingParty }
  now: () => number
  /** Tells whoever runs the server that it looks set up wrongly. */
  warn: Warn
  unsaved: UnsavedSessions
  /** Removals of factors, by the user. */
  removals: KeyedQueue
  /** The OpenAPI document. */
  document: object
}

export function checkHandlerOptions(
  countersign: unknown,
  options: unknown,
  document: (basePath: string, offered: Offered) => object,
): HandlerSettings {
  const service = settingsOf(countersign)
  if (!service) throw invalid('countersign')
  const checked = checkOptions(options, '')
  const {
    required = false, require = {}, remember = false, freshSeconds = 300, bodySeconds = 30, basePath = '/countersign', ...rest
  } = checked
  if (checked.rp && service.issuer === undefined) checkIssuer(checked.rp.name, 'rp.name')
  const offered = service.passkeys !== undefined
  const { passkeys = offered } = checked
  if (passkeys && !offered) throw invalid('passkeys', 'false where webauthn.passkeys of the service is off')
  const yubico = service.yubicoSecrets !== undefined
  const browsers = remember !== false
  const activity = service.audit !== undefined
  const enforced = service.policy !== undefined
  if (checked.users && !enforced) throw invalid('users', 'left out where the service has no policy')
  const events = eventsOf(countersign as Countersign)
  return {
    countersign: countersign as Countersign,
    warn: (reason, message, user = '') => events.warn(reason, message, user, service.now()),
    unsaved: new UnsavedSessions(),
    now: service.now,
    onEnrolled: () => undefined,
    onError: (error) => console.error(error),
    rp: service.rp,
    party: checked.rp ? { rp: checked.rp } : {},
    conditionalCreate: false,
    from: () => undefined,
    ...rest,
    // There also where it is not given: nothing that all objects inherit is taken for it.
    admin: checked.admin,
    users: checked.users,
    enforced,
    passkeys,
    yubico,
    required: typeof required === 'function' ? required : () => required,
    require: typeof require === 'function' ? require : allOf(require),
    remember: typeof remember === 'function' ? remember : () => remember,
    browsers,
    activity,
    freshMilliseconds: freshSeconds * 1000,
    bodyDeadline: new Deadline(bodySeconds * 1000),
    basePath,
    removals: new KeyedQueue(Infinity),
    document: document(basePath, { passkeys, yubico, browsers, activity, admin: checked.admin !== undefined, report: checked.users !== undefined }),
  }
}

/** What the host says of a request; a wrong shape is an error, so that no slip of it is a way in. */
export function checkHttpUser(user: unknown): CheckedUser | null {
  return user === null || user === undefined ? null : checkUserShape(user, 'user')
}

/** An answer of the host that must be a boolean: `undefined` would be taken for a no. */
export function checkRequired(required: unknown): boolean {
  return flag(required, 'required')
}

/** The same of whether a browser may be remembered. */
export function checkMayRemember(remember: unknown): boolean {
  return flag(remember, 'remember')
}

/** What databases hold where there is no name, or a long one, is no mistake that should end a sign-in. */
const shownName: Check<string | undefined> = (value, name) => {
  if (value === null || value === undefined || value === '') return undefined
  if (typeof value !== 'string') throw invalid(name, 'text, null or undefined')
  let shown = ''
  for (const character of value) {
    if (!fits(shown + character, 256)) break
    shown += isWellFormed(character) ? character : '\ufffd'
  }
  return shown
}

const checkUserShape = object<CheckedUser>({
  id: text(256),
  state: oneOf('pending', 'verified'),
  at: epochMilliseconds,
  session: ifGiven(text(1024), 'to bind ceremonies to no session'),
  firstFactor: optional(checkMethods),
  assurance: optional(checkAssurance),
  answered: optional(flag),
  enrolled: ifGiven(flag, 'if it is not known'),
  admin: optional(flag),
  name: shownName,
  displayName: shownName,
})

function callback<T>(value: unknown, name: string): T {
  if (typeof value !== 'function') throw invalid(name, 'a function')
  return value as T
}

const flagOrCallback: Check<boolean | (() => boolean) | undefined> = (value, name) =>
  typeof value === 'function' ? callback<() => boolean>(value, name) : optional(flag)(value, name)

const requirementOrCallback: Check<HandlerOptions['require']> = (value, name) =>
  typeof value === 'function' ? callback(value, name) : optional(checkRequirement)(value, name)

const checkBasePath: Check<string> = (value, name) => {
  if (typeof value !== 'string' || !/^(?:\/[\w.~-]+)*$/.test(value)) throw invalid(name)
  return value
}

const checkOptions = object<HandlerOptions>({
  user: callback<HandlerOptions['user']>,
  onVerified: callback<HandlerOptions['onVerified']>,
  onEnrolled: optional(callback<NonNullable<HandlerOptions['onEnrolled']>>),
  onError: optional(callback<NonNullable<HandlerOptions['onError']>>),
  admin: optional(callback<NonNullable<HandlerOptions['admin']>>),
  users: optional(callback<NonNullable<HandlerOptions['users']>>),
  required: ifGiven(flagOrCallback, 'if nobody needs a factor'),
  require: ifGiven(requirementOrCallback, 'to require nothing'),
  remember: flagOrCallback,
  from: optional(callback<NonNullable<HandlerOptions['from']>>),
  freshSeconds: optional(integer(1, 86_400)),
  bodySeconds: optional(integer(1, 600)),
  conditionalCreate: optional(flag),
  passkeys: optional(flag),
  basePath: optional(checkBasePath),
  rp: optional(checkUsableRp),
})
