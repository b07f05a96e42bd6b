import { validateHeaderName, validateHeaderValue } from 'node:http'

import type { Accepted, Refused } from '../service/outcome.js'
import { enforcementOf } from './enforcement.js'
import type { EnrolmentRequired, HeadersGiven, HttpUser, NothingToAnswer, Verification } from './options.js'
import { accepted, ProblemError } from './problem.js'
import type { Visit } from './route.js'

/** What the page gets where the sign-in has to wait for an enrolment. */
export type Told<T> = Extract<T, { ok: true }> & { enrolmentRequired?: true }

/** Tells the host of an outcome, keeps the headers that it wants to send, and ends a refused request. */
export async function tellVerified<T extends Accepted | Refused | NothingToAnswer>(
  visit: Visit,
  user: HttpUser,
  purpose: Verification['purpose'],
  outcome: T,
): Promise<Told<T>> {
  const { settings, request, context, headers } = visit
  const at = outcome.ok ? { at: provedAt(user, outcome, settings.now()) } : {}
  // The session has no assurance before this.
  const enforcement = outcome.ok ? await enforcementOf(visit, { id: user.id, assurance: outcome.assurance }) : undefined
  // Who is signed in already stays so: the host decides what a session of before the deadline is worth.
  const mustEnrol = enforcement?.state === 'required' && user.state === 'pending'
  // The time was not over yet when it was asked for first.
  if (mustEnrol && outcome.ok && outcome.factor === null) throw new ProblemError('enrolment-required')
  const told = {
    purpose, ...(mustEnrol ? waiting(outcome as unknown as Accepted) : outcome), ...at, ...(enforcement && { enforcement }),
  } as Verification
  const given = await settings.onVerified(request, user, told, context)
  // Not before: until then, a request that crosses this one may rightly see the session as it was.
  if (told.ok) settings.unsaved.verified(user, told, settings.now())
  // Each cookie of a `Headers` comes by itself.
  for (const [name, value] of headersOf(given)) {
    // What can't be sent is the host's error, and not that of the server. Node also refuses what the standard lets pass.
    validateHeaderName(name)
    validateHeaderValue(name, value)
    if (name === 'set-cookie') headers.append(name, value)
    else headers.set(name, value)
  }
  if (!outcome.ok && outcome.reason === 'locked') throw await locked(visit, user)
  const answer = accepted<T>(outcome) as Told<T>
  return mustEnrol ? { ...answer, enrolmentRequired: true } : answer
}

/** Nothing that a host takes for a sign-in. */
function waiting({ factor, assurance }: Accepted): Pick<EnrolmentRequired, 'ok' | 'reason' | 'factor' | 'assurance'> {
  return { ok: false, reason: 'enrolment-required', factor, assurance }
}

/** With how the lock ends: the person may have nothing but this answer, where it ended the sign-in. */
async function locked({ countersign, settings }: Visit, user: HttpUser): Promise<ProblemError> {
  // The refusal stands, whatever the store does now.
  const { lockedUntil, unlockedBy } = await countersign.status(user.id).catch(() => undefined) ?? {}
  // Lifted in the meantime.
  if (lockedUntil === undefined || unlockedBy === undefined) return new ProblemError('locked')
  const more = { lockedUntil, unlockedBy }
  if (lockedUntil === null) return new ProblemError('locked', { more })
  const seconds = Math.max(1, Math.ceil((lockedUntil - settings.now()) / 1000))
  return new ProblemError('locked', { more, headers: { 'retry-after': String(seconds) } })
}

/** When the session was proved. */
function provedAt(user: HttpUser, outcome: Accepted | NothingToAnswer, now: number): number {
  // Nothing was proved but the password, and that was then. A user with factors would have to prove one: that is never now.
  if (outcome.factor === null) return outcome.remembered ? 0 : user.at
  // The times of factors are kept in whole seconds: a proof must not look older than the factor that gave it.
  return (Math.floor(now / 1000) + 1) * 1000
}

function headersOf(given: HeadersGiven): Iterable<[string, string]> {
  if (given === null || given === undefined) return []
  if (!isPlain(given)) return new Headers(given)
  const lines: [string, string][] = []
  for (const [name, value] of Object.entries(given)) {
    for (const one of Array.isArray(value) ? value : [value]) lines.push([name.toLowerCase(), String(one)])
  }
  return lines
}

function isPlain(given: HeadersGiven): given is Record<string, string | string[]> {
  return typeof given === 'object' && given !== null && !(Symbol.iterator in given)
}

/**
 * Tells the host whether the user has factors now, and again for as long as that has changed by the time it is told:
 * another request, here or on another machine, may have changed them meanwhile and been told of it first. So whichever
 * word comes last is the right one.
 */
export async function tellEnrolled(visit: Visit, user: HttpUser, enrolled: boolean): Promise<void> {
  const { settings, request, context } = visit
  await settings.onEnrolled(request, user, enrolled, context)
  // What has been committed is no error for this: the host was told what was so then.
  const now = await isEnrolled(visit, user).catch(() => enrolled)
  if (now !== enrolled) await tellEnrolled(visit, user, now)
}

export async function isEnrolled({ countersign }: Visit, user: HttpUser): Promise<boolean> {
  return (await countersign.factors(user.id)).length > 0
}
