import { CountersignError } from '../shared/errors.js'
import { actor, asDescription } from '../shared/check.js'
import type { Factor } from '../shared/factor.js'
import type { Removal } from '../service/outcome.js'
import { enforcementOf } from './enforcement.js'
import { checkMayRemember, checkRequired } from './options.js'
import type { AdminAction, CheckedUser } from './options.js'
import { ProblemError } from './problem.js'
import { isAnythingEnough } from './requirement.js'
import type { Call, Route, Visit } from './route.js'
import { isInOtherUnit, skew } from './warn.js'

/** What a signed-in user may do to factors at this moment. */
export interface Standing {
  /** Verified, and lately. */
  fresh: boolean
  enrolment: 'allowed' | 'step-up-required' | 'second-factor-required'
  /** Whether an enrolment may only give a first factor. */
  firstOnly: boolean
}

/** Lets a request through to a route, or ends it with a problem. Nothing of any user but the sender is looked at. */
export function admit(visit: Visit, route: Pick<Route, 'access' | 'id'>): Call | Promise<Call> {
  // Routes for anyone do not look at the user.
  const call = visit as Call
  if (route.access === 'anyone') return call
  if (!visit.user) throw new ProblemError('not-signed-in')
  return route.access === 'signed-in' ? call : admitUser(call, route)
}

async function admitUser(call: Call, { access, id }: Pick<Route, 'access' | 'id'>): Promise<Call> {
  if (access === 'enrolling') {
    const { enrolment, firstOnly } = await standing(call)
    if (enrolment === 'allowed') return { ...call, firstOnly }
    throw enrolment === 'step-up-required' ? tooOld(call) : new ProblemError(enrolment)
  }
  if (call.user.state !== 'verified') throw new ProblemError('second-factor-required')
  const isAdministration = access === 'admin' || access === 'fresh-admin'
  const by = isAdministration ? await authorise(call, id as AdminAction) : undefined
  if ((access === 'fresh' || access === 'fresh-admin') && !(await standing(call)).fresh) throw tooOld(call)
  return by === undefined ? call : { ...call, by }
}

/** Who acts as an administrator, by the host's word; anybody else ends here. */
async function authorise(call: Call, action: AdminAction): Promise<string | undefined> {
  const { user, settings, request, context, params: { user: target } } = call
  if (!settings.admin) {
    if (user.admin !== true) throw new ProblemError('not-an-administrator')
    return nameOfActor(user).by
  }
  const by = await settings.admin(request, user, { action, ...(target !== undefined && { target }) }, context)
  if (by === null || by === undefined || by === false) throw new ProblemError('not-an-administrator')
  return actor(by, 'admin')
}

/** Who acts, by the id: that may be any text; a name for logs may not. */
export function nameOfActor({ id }: CheckedUser): { by?: string } {
  const by = asDescription(id)
  return by === '' ? {} : { by }
}

export async function standing(call: Call): Promise<Standing> {
  const { countersign, user } = call
  const factors = await countersign.factors(user.id)
  const none = factors.length === 0
  const removed = none ? await removalOf(call) : undefined
  const recent = isRecent(call)
  if (user.state === 'pending') {
    // The answer was right, and of lately: what has to be enrolled beside it ends the sign-in.
    if (await waitsForEnrolment(call)) return { fresh: false, enrolment: 'allowed', firstOnly: false }
    // A pending sign-in that has a factor must answer with it; one whose password is too old begins anew.
    const needed = none && (await mustEnrol(call, removed))
    const enrolment = !needed ? 'second-factor-required' : recent ? 'allowed' : 'step-up-required'
    return { fresh: false, enrolment, firstOnly: true }
  }
  const fresh = recent && isProof(factors, user.at)
  return { fresh, enrolment: fresh ? 'allowed' : 'step-up-required', firstOnly: none }
}

/** Whether a pending sign-in was answered by a factor, and waits for another one that the policy requires by now. */
export async function waitsForEnrolment(call: Call): Promise<boolean> {
  const { user } = call
  if (user.state !== 'pending' || user.answered !== true || !isRecent(call)) return false
  return (await enforcementOf(call, user))?.state === 'required'
}

/** Whether a time is that of a proof. One that is older than every factor was the password: it counts for as long as there is none. */
export function isProof(factors: readonly Factor[], at: number): boolean {
  return factors.length === 0 || factors.some((factor) => since(factor) + second <= at)
}

/**
 * How the last factor of a user without factors was removed, if it was.
 *
 * @throws {CountersignError} `record-missing`: a lost record must not let a password alone sign in or enrol anew
 */
export async function removalOf({ countersign, user }: Pick<Call, 'countersign' | 'user'>): Promise<Removal | undefined> {
  const { enrolled, removed } = await countersign.status(user.id)
  // One that has enrolled meanwhile is not lost.
  if (user.enrolled === true && !enrolled && !removed) throw new CountersignError('record-missing')
  return removed
}

/** Whether a user without factors has to enrol one: the host or an administrator says so, or the time for it is over. */
export async function mustEnrol(call: Call, removed?: Removal): Promise<boolean> {
  const { settings, user, request, context } = call
  if (removed?.enrolmentRequired === true || checkRequired(await settings.required(user, request, context))) return true
  // The password alone proves none of it.
  if (!(await isAnythingEnough(call))) return true
  return (await enforcementOf(call, user))?.state === 'required'
}

/** Whether the host lets browsers of this user be remembered. */
export async function mayRemember(visit: Visit & { user: CheckedUser }): Promise<boolean> {
  const { settings, user, request, context } = visit
  return settings.browsers && (await isAnythingEnough(visit)) && checkMayRemember(await settings.remember(user, request, context))
}

/** Whether the last proof of this session is no longer ago than `freshSeconds`. */
export function isRecent({ user, settings, now }: Call): boolean {
  const age = now - user.at
  return age < settings.freshMilliseconds && age >= -skew
}

/** The proof is too old; or its time is in another unit, and no other proof would be any better. */
export function tooOld({ user, now }: Call): ProblemError {
  return new ProblemError(isInOtherUnit(user, now) ? 'internal' : 'step-up-required')
}

/** Since when a factor could have been asked for: another system's date says nothing of that. */
function since({ created, added = created }: Factor): number {
  return Math.max(created, added)
}

/** `created` is the beginning of its second: only what came after the end of it was surely later. */
const second = 1000
