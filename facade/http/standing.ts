import { CountersignError } from '../shared/errors.js'
import type { Factor } from '../shared/factor.js'
import { checkRequired } from './options.js'
import type { CheckedUser } from './options.js'
import { ProblemError } from './problem.js'
import type { Access, Call, Visit } from './route.js'
import { isInSeconds } from './warn.js'

/** What a signed-in user may do to factors at this moment. */
export interface Standing {
  /** Verified, and lately. */
  fresh: boolean
  enrolment: 'allowed' | 'step-up-required' | 'second-factor-required'
  /** Whether an enrolment may only give a first factor. */
  firstOnly: boolean
}

/** Lets a request through to a route, or ends it with a problem. Nothing of any user but the sender is looked at. */
export async function admit(visit: Visit, access: Access): Promise<Call> {
  const { user } = visit
  // Routes for anyone do not look at it.
  if (access === 'anyone') return { ...visit, user: user as CheckedUser, firstOnly: false }
  if (!user) throw new ProblemError('not-signed-in')
  const call = { ...visit, user, firstOnly: false }
  if (access === 'signed-in') return call
  if (access === 'enrolling') {
    const { enrolment, firstOnly } = await standing(call)
    if (enrolment === 'allowed') return { ...call, firstOnly }
    throw enrolment === 'step-up-required' ? tooOld(call) : new ProblemError(enrolment)
  }
  if (user.state !== 'verified') throw new ProblemError('second-factor-required')
  if (access === 'admin' && user.admin !== true) throw new ProblemError('not-an-administrator')
  if (access === 'fresh' && !(await standing(call)).fresh) throw tooOld(call)
  return call
}

export async function standing(call: Call): Promise<Standing> {
  const { countersign, user, settings, request, context } = call
  const factors = await countersign.factors(user.id)
  const none = factors.length === 0
  // Lost records must not let a password alone enrol anew.
  if (none && user.enrolled === true) throw new CountersignError('record-missing')
  const recent = isRecent(call)
  if (user.state === 'pending') {
    // A pending sign-in that has a factor must answer with it; one whose password is too old begins anew.
    const needed = none && checkRequired(await settings.required(user, request, context))
    const enrolment = !needed ? 'second-factor-required' : recent ? 'allowed' : 'step-up-required'
    return { fresh: false, enrolment, firstOnly: true }
  }
  // A proof that is older than every factor was the password: it counts for as long as there is no factor.
  const fresh = recent && (none || factors.some((factor) => since(factor) + second <= user.at))
  return { fresh, enrolment: fresh ? 'allowed' : 'step-up-required', firstOnly: none }
}

/** Whether the last proof of this session is no longer ago than `freshSeconds`. */
export function isRecent({ user, settings, now }: Call): boolean {
  const age = now - user.at
  return age < settings.freshMilliseconds && age >= -skew
}

/** The proof is too old; or its time is in seconds, and no other proof would be any better. */
export function tooOld({ user, now }: Call): ProblemError {
  return new ProblemError(isInSeconds(user, now) ? 'internal' : 'step-up-required')
}

/** Since when a factor could have been asked for: another system's date says nothing of that. */
function since({ created, added = created }: Factor): number {
  return Math.max(created, added)
}

/** `created` is the beginning of its second: only what came after the end of it was surely later. */
const second = 1000

/** Milliseconds by which the clock of another server may be ahead. */
const skew = 60_000
