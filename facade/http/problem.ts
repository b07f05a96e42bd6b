import { isCountersignError } from '../shared/errors.js'
import type { CountersignErrorCode } from '../shared/errors.js'
import type { Reply } from './exchange.js'
import type { FactorType } from '../shared/factor.js'

/** The body of every answer that is no success (RFC 9457), `application/problem+json`. */
export interface Problem {
  /** Stable, made to be branched on: `urn:countersign:problem:` and one of {@link ProblemName}. */
  type: `urn:countersign:problem:${ProblemName}`
  /** For developers; the same for every problem of this type. */
  title: string
  status: number
  /** The member of the request that is wrong; never its value. */
  detail?: string
  /** With a `reason`: the request was understood and refused. */
  ok?: false
  reason?: RefusalReason
  /** With `locked`: how the lock ends, as in the challenge. `Retry-After` says the same in seconds, if it ends by itself. */
  lockedUntil?: number | null
  unlockedBy?: FactorType[]
  /** With `step-up-required`: only WebAuthn or U2F counts. */
  phishingResistant?: true
}

/** All problems, each with its status and title. New ones may be added. */
export const problems = {
  'malformed-request': [400, 'The request is not valid for this operation'],
  'not-signed-in': [401, 'Nobody is signed in'],
  'second-factor-required': [401, 'This sign-in still needs its second factor'],
  'step-up-required': [403, 'This needs a fresh verification'],
  'enrolment-required': [403, 'A factor that is required has to be enrolled first'],
  'not-an-administrator': [403, 'Only administrators may do this'],
  'own-account': [403, "Administrators can't do this to their own account"],
  'wrong-origin': [403, 'The request comes from another site'],
  'not-found': [404, 'Nothing was found here'],
  'method-not-allowed': [405, 'This path does not support this method'],
  'request-timeout': [408, 'The body took too long to arrive'],
  'factor-required': [409, 'Recovery codes need another factor first'],
  'payload-too-large': [413, 'The body is larger than 64 kB'],
  'unsupported-media-type': [415, 'The body must be application/json'],
  internal: [500, 'The server failed'],
  unavailable: [503, "The server can't do this now. Try again later"],
  // Refusals: their names are the reasons of the service's outcomes.
  rejected: [403, 'The answer is wrong, used up or expired'],
  malformed: [403, 'This is not an answer'],
  locked: [403, 'Codes of this type are locked after too many wrong ones'],
  'already-enrolled': [409, 'This authenticator is already enrolled'],
  'authenticator-refused': [403, 'This authenticator is not accepted here'],
  'unknown-key': [409, 'The server does not know this key'],
  'not-first': [409, 'The user already has a factor'],
  'factor-limit': [409, 'The user already has as many factors as allowed'],
  'no-such-factor': [404, 'The user has no such factor'],
  'last-factor': [409, "The last enabled factor can't be disabled, only removed"],
  'not-changeable': [409, "Recovery codes can't be renamed or disabled"],
} as const satisfies Record<string, readonly [status: number, title: string]>

export type ProblemName = keyof typeof problems

/** Reasons that an outcome may have; each is a problem of its own. */
export type RefusalReason = (typeof refusalReasons)[number]

export const refusalReasons = [
  'rejected',
  'malformed',
  'locked',
  'already-enrolled',
  'authenticator-refused',
  'unknown-key',
  'not-first',
  'factor-limit',
  'no-such-factor',
  'last-factor',
  'not-changeable',
] as const satisfies ProblemName[]

/** Ends a request with a problem; `detail` is a name of ours, never what was sent. */
export class ProblemError extends Error {
  readonly problem: Problem
  readonly headers: Record<string, string>

  constructor(
    name: ProblemName,
    { detail, headers = {}, more = {} }: {
      detail?: string
      headers?: Record<string, string>
      more?: Pick<Problem, 'lockedUntil' | 'unlockedBy'>
    } = {},
  ) {
    super(name)
    this.problem = { ...problem(name, detail), ...more }
    this.headers = headers
  }
}

/** The value of an outcome that is `ok`; a refused one becomes its problem. */
export function accepted<T extends { ok: boolean }>(outcome: T): Extract<T, { ok: true }> {
  if (outcome.ok) return outcome as Extract<T, { ok: true }>
  throw new ProblemError((outcome as unknown as { reason: RefusalReason }).reason)
}

/** What the client is told of anything that was thrown, and whether the host must hear of it. */
export function problemOf(error: unknown): { problem: Problem; headers: Record<string, string>; report: boolean } {
  if (error instanceof ProblemError) return { problem: error.problem, headers: error.headers, report: false }
  const name = (isCountersignError(error) && errorProblems[error.code]) || 'internal'
  return { problem: problem(name), headers: {}, report: problems[name][0] >= 500 }
}

/** Secrets pass here: nothing on the way may keep an answer, or take it for anything but what it is. */
export const always = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

/** A problem, and its answer for a framework. */
export interface ProblemAnswer extends Reply {
  headers: Record<string, string>
  body: string
  problem: Problem
}

/**
 * The answer to a request that ends here.
 *
 * @param status if it is not that of the problem
 * @param more members that only some problems have
 */
export function problemAnswer(
  name: ProblemName,
  { status = problems[name][0], headers = {} as Record<string, string>, more = {} as Pick<Problem, 'phishingResistant'> } = {},
): ProblemAnswer {
  const told = { ...problem(name), status, ...more }
  const type = { 'content-type': 'application/problem+json' }
  return { status, headers: { ...always, ...type, ...headers }, body: JSON.stringify(told), problem: told }
}

const errorProblems: Partial<Record<CountersignErrorCode, ProblemName>> = {
  'factor-required': 'factor-required',
  'factor-limit': 'factor-limit',
  'store-failed': 'unavailable',
  'store-busy': 'unavailable',
  'lock-timeout': 'unavailable',
  closed: 'unavailable',
}

function problem(name: ProblemName, detail?: string): Problem {
  const [status, title] = problems[name]
  const reason = refusalReasons.find((one) => one === name)
  return {
    type: `urn:countersign:problem:${name}`,
    title,
    status,
    ...(detail !== undefined && { detail }),
    ...(reason !== undefined && { ok: false, reason }),
  }
}
