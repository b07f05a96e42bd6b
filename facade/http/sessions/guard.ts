import { invalid, object, optional } from '../../shared/check.js'
import type { Check } from '../../shared/check.js'
import { CountersignError } from '../../shared/errors.js'
import type { HttpUser } from '../options.js'
import { always, problemAnswer } from '../problem.js'
import type { ProblemAnswer } from '../problem.js'
import { wantedBy } from '../require-fresh.js'
import { hasJson } from '../same-origin.js'
import type { AnyRequest } from '../same-origin.js'
import { checkShape } from './sessions.js'
import type { CheckOptions, SessionChange, SessionCheck, Sessions, SignInOptions } from './sessions.js'

/** What a guard of a route asks for. */
export interface GuardOptions extends CheckOptions {
  /** Where to send a browser that opens a page without a sign-in, such as `/sign-in`. Default: a sentence that says so. */
  redirect?: string
}

/** The second factor of one request, in frameworks: nothing is read before it is asked for. */
export interface SecondFactor {
  /** Returns the user, or `null`. Check `state`: a `pending` user has only given the password. */
  user(): Promise<HttpUser | null>
  /** Returns the user whose sign-in is complete, or why there is none. */
  check(options?: CheckOptions): Promise<SessionCheck>
  /** Begins a sign-in after the password, and sets the cookie of the answer. */
  signIn(user: string, options?: SignInOptions): Promise<SessionChange>
  /** Signs out, and takes the cookie away. */
  signOut(): Promise<SessionChange>
  /** Ends all other sign-ins of this user. */
  endOthers(): Promise<void>
  /** Whether the request may change something: see `isOwn` of the sessions. */
  isOwn(): boolean
}

/** @param send puts headers into the answer */
export function secondFactorOf<Where>(
  sessions: Sessions<Where>,
  where: Where,
  send: (headers: Record<string, string>) => void,
): SecondFactor {
  const sent = (change: SessionChange) => {
    if (change.ok) send(change.headers)
    return change
  }
  return {
    user: () => sessions.user(where),
    check: (options) => sessions.check(where, options),
    signIn: async (user, options) => sent(await sessions.signIn(where, user, options)),
    signOut: async () => sent(await sessions.signOut(where)),
    endOthers: () => sessions.endOthers(where),
    isOwn: () => sessions.isOwn(where),
  }
}

/** A path of this site: nothing that a browser takes for another one. */
export const checkRedirect: Check<string> = (value, name) => {
  if (typeof value !== 'string' || !/^\/(?:[!-.0-[\]-~][!-~]*)?$/.test(value)) throw invalid(name, 'a path such as /sign-in')
  return value
}

const checkGuard = object<GuardOptions>({ ...checkShape, redirect: optional(checkRedirect) })

/** A guard by its options, which are checked when it is made and not when somebody comes. */
export function guardOf(options: GuardOptions) {
  const { redirect, ...check } = checkGuard(options, 'options')
  return { check, refuse: (reason: Reason, request: AnyRequest) => refusalOf(reason, request, { ...check, redirect }) }
}

type Foreignness = 'unsupported-media-type' | 'wrong-origin'
type Reason = Extract<SessionCheck, { ok: false }>['reason'] | Foreignness

/** What is wrong with a request that `isOwn` refuses. A forgotten content type is no other site. */
export function foreignness(request: AnyRequest): Foreignness {
  return hasJson(request) ? 'wrong-origin' : 'unsupported-media-type'
}

/** What to answer to a request that may not go on. */
export function refusalOf(
  reason: Reason, { method, headers }: AnyRequest, { redirect, ...wanted }: { redirect?: string | undefined; phishingResistant?: boolean } = {},
): ProblemAnswer {
  const answer = problemAnswer(reason, { more: wantedBy(reason, wanted) })
  const accept = typeof headers.get === 'function' ? headers.get('accept') : (headers as { accept?: string }).accept
  if ((method === 'GET' || method === 'HEAD') && accept?.includes('text/html') === true) {
    if (redirect !== undefined) return { ...answer, status: 303, headers: { ...always, location: redirect }, body: '' }
    return { ...answer, headers: { ...always, 'content-type': 'text/plain; charset=utf-8' }, body: sentences[reason] }
  }
  return answer
}

/** For somebody who opens a page in a browser. */
const sentences = {
  'not-signed-in': 'Sign in to see this page.',
  'second-factor-required': 'Finish signing in to see this page.',
  'step-up-required': 'For your security, verify that it’s you to see this page.',
  'enrolment-required': 'Add the sign-in method that this site requires to see this page.',
  'wrong-origin': 'Another site sent this request. Nothing was changed.',
  'unsupported-media-type': 'This request has no JSON. Nothing was changed.',
}

/** A guard without its plugin would let nobody in, or find out with the first request. */
export function missing(framework: string, call: string): CountersignError {
  return new CountersignError('invalid-argument', { detail: `the request has no second factor: call ${call} before your routes (${framework})` })
}

/** The error of a plugin that is registered where it can't work. */
export function misplaced(detail: string): CountersignError {
  return new CountersignError('invalid-argument', { detail })
}

/** What has to be passed: sessions, and not the service or a handler. */
export function checkSessions<Where>(sessions: Sessions<Where>): Sessions<Where> {
  const { handler, check, basePath } = Object(sessions) as Partial<Sessions<Where>>
  if (typeof handler !== 'function' || typeof check !== 'function' || typeof basePath !== 'string') {
    throw invalid('sessions', 'what expressSessions(), fastifySessions() or createSessions() returns')
  }
  return sessions
}
