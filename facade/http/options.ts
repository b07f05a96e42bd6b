import type { Countersign } from '../service/countersign.js'
import { settingsOf } from '../service/countersign.js'
import { epochMilliseconds, flag, integer, invalid, object, oneOf, optional, text } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import type { Accepted, Refused } from '../service/outcome.js'
import { checkRp } from '../stateless/policy.js'
import type { RelyingParty } from '../stateless/policy.js'
import { KeyedQueue } from '../stores/keyed-queue.js'

type MaybePromise<T> = T | Promise<T>

/** The answer of the handler to one request; it never rejects, but for what is no request of the standard. */
export type Handler<Context = unknown> = (request: Request, context?: Context) => Promise<Response>

/** Who sends a request, as the host's own session says. Unknown members are refused, as are wrong types. */
export interface HttpUser {
  /** The host's id of the user: the one that the factors are stored under. */
  id: string
  /**
   * - `pending`: the first factor (a password) was right, the second one is still to come
   * - `verified`: signed in
   */
  state: 'pending' | 'verified'
  /**
   * When this session last proved who it is, epoch milliseconds: if pending when the password was right, else the
   * `at` of the last outcome.
   */
  at: number
  /** Binds challenges to this session: any text that stays the same until the state changes, at most 1024 bytes. */
  session?: string
  /** The host knows this user to have factors: lost records are an error then, never a way in. Default false. */
  enrolled?: boolean
  /** May list and unlock other users. Default false. */
  admin?: boolean
  /** What authenticators show for the account, such as an address. Default: the id. */
  name?: string
  /** The person's name for passkeys. Default: `name`. */
  displayName?: string
}

/**
 * What happened, for the host's session. Always test `ok`.
 *
 * - `sign-in`: a pending sign-in answered; `factor: null` says that nothing had to be answered, since the user has no
 *   factor and none is `required`
 * - `step-up`: a signed-in user proved it again
 * - `passkey`: signed in without a user name
 * - `enrolment`: the first factor was proved and enrolled, which counts as an answer
 * - `reset`: a TOTP code and a recovery code were right, and lost factors are gone
 *
 * With `ok`, make the session a verified one, under a new id, with the `at` of the outcome, unless it has ended
 * meanwhile; `passkey` alone begins one. On `enrolment` end every other session of this user: those knew the password
 * alone. Where `factor` is null, look once more whether the account is enrolled by now: then leave the session pending.
 * With `reason: 'locked'` end a pending sign-in, so that guessing can't go on in it once the lock lifts. Any other
 * refusal changes nothing.
 */
export type Verification = { purpose: 'sign-in' | 'step-up' | 'passkey' | 'enrolment' | 'reset' } & (
  | ((Accepted | { ok: true; factor: null }) & {
      /**
       * The new `at` of the session, epoch milliseconds. Not simply now: without a factor it is that of the password,
       * with one it is the end of this second, since the times of factors are kept in seconds.
       */
      at: number
    })
  | Refused
)

/** What `onVerified` may give: `HeadersInit`, or an object whose values are lists where a header is sent repeatedly. */
export type HeadersGiven = ConstructorParameters<typeof Headers>[0] | Record<string, string | string[]> | null | void

/** What `createHandler` takes. `request` is the standard's, `context` whatever the handler was called with. */
export interface HandlerOptions<Context = unknown> {
  /** Who sends this request, by the host's session; `null` or `undefined`: nobody is signed in. */
  user: (request: Request, context: Context) => MaybePromise<HttpUser | null | undefined>
  /**
   * Told of every verification, refused ones too, and awaited before the client is answered; `user` is the one before
   * it. The headers that it gives (`set-cookie`, a list for several) go with the answer.
   */
  onVerified: (
    request: Request,
    user: HttpUser,
    outcome: Verification,
    context: Context,
  ) => MaybePromise<HeadersGiven>
  /**
   * Told, and awaited, whenever factors came or went: whether the user has any now. Keep it with the account, and
   * give it back as `enrolled`. It may be told the same thing twice; what it is told last is so.
   */
  onEnrolled?: (request: Request, user: HttpUser, enrolled: boolean, context: Context) => MaybePromise<void>
  /**
   * Gets what went wrong on the server: a `CountersignError`, or what a callback threw. The client is told nothing of
   * it. Default: `console.error`.
   */
  onError?: (error: unknown, request: Request, context: Context) => unknown
  /**
   * Whether a user without a factor must enrol one before the sign-in is done. Default false: `POST /challenge` then
   * ends the sign-in of such a user.
   */
  required?: boolean | ((user: HttpUser, request: Request, context: Context) => MaybePromise<boolean>)
  /** How long after a verification factors may be changed: seconds, 1 to 86400. Default 300. */
  freshSeconds?: number
  /** How long the body of a request may take to arrive: seconds, 1 to 600. Default 30. */
  bodySeconds?: number
  /**
   * Lets pages make a passkey by conditional create (WebAuthn Level 3, 5.1.3), where neither presence nor verification
   * is proved at the registration. Default false. Never for a first factor.
   */
  conditionalCreate?: boolean
  /** Where the handler is mounted, without a slash at the end; empty: at the root. Default `/countersign`. */
  basePath?: string
  /** For hosts that serve several relying parties: the one of this handler. Default: that of the service. */
  rp?: RelyingParty
}

/** The options, checked, with every default filled in. */
export interface HandlerSettings {
  countersign: Countersign
  user: HandlerOptions['user']
  onVerified: HandlerOptions['onVerified']
  onEnrolled: NonNullable<HandlerOptions['onEnrolled']>
  onError: NonNullable<HandlerOptions['onError']>
  required: (user: HttpUser, request: Request, context: unknown) => MaybePromise<boolean>
  freshMilliseconds: number
  bodyMilliseconds: number
  conditionalCreate: boolean
  basePath: string
  rp: RelyingParty
  now: () => number
  /** Removals of factors, by the user. */
  removals: KeyedQueue
  /** The OpenAPI document. */
  document: object
}

export function checkHandlerOptions(
  countersign: unknown,
  options: unknown,
  document: (basePath: string) => object,
): HandlerSettings {
  const service = settingsOf(countersign)
  if (!service) throw invalid('countersign')
  const checked = checkOptions(options, '')
  const { required = false, freshSeconds = 300, bodySeconds = 30, basePath = '/countersign', ...rest } = checked
  return {
    countersign: countersign as Countersign,
    now: service.now,
    onEnrolled: () => undefined,
    onError: (error) => console.error(error),
    rp: service.rp,
    conditionalCreate: false,
    ...rest,
    required: typeof required === 'function' ? required : () => required,
    freshMilliseconds: freshSeconds * 1000,
    bodyMilliseconds: bodySeconds * 1000,
    basePath,
    removals: new KeyedQueue(Infinity),
    document: document(basePath),
  }
}

/** What the host says of a request; a wrong shape is an error, so that no slip of it is a way in. */
export function checkHttpUser(user: unknown): HttpUser | null {
  return user === null || user === undefined ? null : checkUserShape(user, 'user')
}

/** An answer of the host that must be a boolean: `undefined` would be taken for a no. */
export function checkRequired(required: unknown): boolean {
  return flag(required, 'required')
}

const checkUserShape = object<HttpUser>({
  id: text(256),
  state: oneOf('pending', 'verified'),
  at: epochMilliseconds,
  session: optional(text(1024)),
  enrolled: optional(flag),
  admin: optional(flag),
  name: optional(text(256)),
  displayName: optional(text(256)),
})

function callback<T>(value: unknown, name: string): T {
  if (typeof value !== 'function') throw invalid(name, 'a function')
  return value as T
}

const checkBasePath: Check<string> = (value, name) => {
  if (typeof value !== 'string' || !/^(?:\/[\w.~-]+)*$/.test(value)) throw invalid(name)
  return value
}

const checkOptions = object<HandlerOptions>({
  user: callback<HandlerOptions['user']>,
  onVerified: callback<HandlerOptions['onVerified']>,
  onEnrolled: optional(callback<NonNullable<HandlerOptions['onEnrolled']>>),
  onError: optional(callback<NonNullable<HandlerOptions['onError']>>),
  required: (value, name) =>
    typeof value === 'function' ? callback<() => boolean>(value, name) : optional(flag)(value, name),
  freshSeconds: optional(integer(1, 86_400)),
  bodySeconds: optional(integer(1, 600)),
  conditionalCreate: optional(flag),
  basePath: optional(checkBasePath),
  rp: optional(checkRp),
})
