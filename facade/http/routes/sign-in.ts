import { allOf, assuranceOf, isRequired } from '../../service/assurance.js'
import { parseAnswer } from '../../shared/answer.js'
import { own } from '../../shared/check.js'
import type { Challenge } from '../../service/challenge.js'
import type { RecognisedBrowser } from '../../service/outcome.js'
import { enforcementOf } from '../enforcement.js'
import { boolean, ids, optional, outside } from '../members.js'
import type { HttpUser } from '../options.js'
import { ProblemError } from '../problem.js'
import { keepToken, labelOf, tokenOf } from '../remembered-browser.js'
import { route } from '../route.js'
import type { Call } from '../route.js'
import { object, ref, requirement } from '../schemas.js'
import { withSignals } from '../signals.js'
import { isRecent, mayRemember, mustEnrol, removalOf, tooOld } from '../standing.js'
import { tellEnrolled, tellVerified } from '../tell.js'
import { isInOtherUnit } from '../warn.js'

/** A sign-in and a step-up are one thing, told apart by the state of the session, not by what the client says. */
export const signInRoutes = [
  route({
    method: 'POST',
    path: '/challenge',
    access: 'signed-in',
    id: 'createChallenge',
    summary: 'Returns the ways in which the user can answer',
    answer: object(
      { challenge: { oneOf: [ref('Challenge'), { type: 'null' }] } },
      {
        remembered: { const: true, description: 'This browser is remembered, and the sign-in is done.' },
        require: requirement,
      },
      {
        description:
          'Null: the user has no factor. A pending sign-in is done with that, unless a factor is required: then ' +
          '`GET /session` says `mayEnrol`. A step-up without a factor is the password again, which is the page’s.',
      },
    ),
    body: {
      phishingResistant: optional(
        boolean(
          'Only offers answers that are signed for this site, and accepts no other signed answer to this challenge: for a step-up ' +
            'after a problem `step-up-required` that has `phishingResistant`.',
        ),
      ),
    },
    problems: ['step-up-required', 'enrolment-required'],
    async run(call, { phishingResistant = false }: { phishingResistant?: boolean | undefined }) {
      const { countersign, user } = call
      const required = await call.requirement()
      const require = phishingResistant ? allOf(required, { phishingResistant }) : required
      const options = { ...asking(call), require, ...call.origin, browser: await browserOf(call) }
      const challenge = await countersign.challenge(user.id, options)
      const why = isRequired(required) && { require: required }
      if (!isRemembered(challenge)) return { challenge: challenge ?? (await withoutFactor(call)), ...why }
      const { assurance } = keepToken(call, challenge)
      await tellVerified(call, user, 'sign-in', { ok: true, factor: null, remembered: true, assurance })
      return { challenge: null, remembered: true }
    },
  }),

  route({
    method: 'POST',
    path: '/verify',
    access: 'signed-in',
    id: 'verify',
    summary: 'Verifies an answer: for the sign-in or, once signed in, for a step-up',
    body: {
      answer: outside(
        'One of `{ type: "totp", code }`, `{ type: "recovery", code }`, `{ type: "webauthn", response }`, ' +
          '`{ type: "u2f", response }`, `{ type: "yubico", code }`, or its text form, such as `totp:123456`.',
      ),
      removeLost: optional(
        boolean('After a recovery code: removes every factor but the codes, so that new ones can be enrolled.'),
      ),
      remember: optional(
        boolean(
          'Remembers this browser for 30 days, but not after `removeLost`. A `malformed-request` unless `GET /session` ' +
            'says `remember`, and for a step-up.',
        ),
      ),
    },
    answer: ref('Accepted'),
    problems: ['rejected', 'malformed', 'locked'],
    async run(call, { answer, removeLost = false, remember = false }: Answered) {
      if (remember && !(call.user.state === 'pending' && (await mayRemember(call)))) {
        throw new ProblemError('malformed-request', { detail: 'remember' })
      }
      const { countersign, user } = call
      const require = await call.requirement()
      // A recovery code of who has to prove more is refused as any other answer.
      const parsed = removeLost && !isRequired(require) ? parseAnswer(answer) : undefined
      if (parsed?.type === 'recovery') return recover(call, parsed.code)
      const options = { ...binding(call), require, ...call.origin, ...(remember && { remember: { label: labelOf(call) } }) }
      const outcome = keepToken(call, await countersign.verify(user.id, answer, options))
      return tellVerified(call, user, purposeOf(user), outcome)
    },
  }),

  route({
    method: 'POST',
    path: '/reset',
    access: 'signed-in',
    id: 'reset',
    summary: 'Verifies a TOTP code and a recovery code, and removes lost factors, in one step',
    body: {
      totp: outside('The code of the phone app, as text.'),
      recovery: outside('A recovery code, as text.'),
      remove: optional(ids('Ids of the lost factors. Default: every key.')),
    },
    answer: ref('Reset'),
    problems: ['rejected', 'malformed', 'locked'],
    run: (call, { remove, ...codes }: { totp: unknown; recovery: unknown; remove?: string[] | undefined }) =>
      withSignals(call, async () => {
        const { countersign, user } = call
        const require = await call.requirement()
        if (isRequired(require)) {
          const answer = { type: 'recovery', code: codes.recovery }
          return tellVerified(call, user, 'reset', await countersign.verify(user.id, answer, { ...binding(call), require, ...call.origin }))
        }
        const about = { ...call.origin, ...firstFactorOf(user) }
        const reset = await countersign.reset(user.id, { ...codes, ...(remove && { remove }) }, about)
        if (!reset.ok) return tellVerified(call, user, 'reset', reset)
        const { recoveryCodesLeft, left, assurance } = reset
        await tellEnrolled(call, user, left.length > 0)
        const factor = { id: 'recovery', type: 'recovery' } as const
        const { enrolmentRequired } = await tellVerified(call, user, 'reset', { ok: true, factor, assurance, recoveryCodesLeft })
        return { ...reset, ...(enrolmentRequired && { enrolmentRequired }) }
      }),
  }),
]

/** Its own word, and none that somebody gave to all objects: this lets a user in. */
function isRemembered(challenge: Challenge | RecognisedBrowser | null): challenge is RecognisedBrowser {
  return challenge !== null && own(challenge, 'remembered') === true
}

/** What a challenge is made for, and an answer must be given for. */
function binding({ user, settings: { party } }: Call) {
  const { session } = user
  return { purpose: purposeOf(user), ...party, ...firstFactorOf(user), ...(session !== undefined && { session }) }
}

const firstFactorOf = ({ firstFactor }: HttpUser) => (firstFactor === undefined ? {} : { firstFactor })

function purposeOf({ state }: HttpUser): 'sign-in' | 'step-up' {
  return state === 'pending' ? 'sign-in' : 'step-up'
}

function asking(call: Call) {
  return { ...binding(call), enrolled: call.user.enrolled ?? false }
}

interface Answered {
  answer: unknown
  removeLost?: boolean | undefined
  remember?: boolean | undefined
}

/** The token of this browser, where it may end a pending sign-in: not beside a password of long ago. */
function browserOf(call: Call): Promise<string | undefined> | undefined {
  const { settings, user } = call
  const token = settings.browsers && user.state === 'pending' && isRecent(call) ? tokenOf(call) : undefined
  return token === undefined ? undefined : ifEnough(call, token)
}

async function ifEnough(call: Call, token: string): Promise<string | undefined> {
  if (!(await mayRemember(call))) return undefined
  // It proves too little for an enrolment, and that is all that is left to do.
  return (await enforcementOf(call, call.user))?.state === 'required' ? undefined : token
}

/** Ends the pending sign-in of a user who has nothing to answer with, and needs nothing. */
async function withoutFactor(call: Call): Promise<Challenge | null> {
  const { user } = call
  if (user.state !== 'pending') return null
  const removed = await removalOf(call)
  if (await mustEnrol(call, removed)) {
    if (isInOtherUnit(user, call.now)) throw tooOld(call)
    return null
  }
  // The host took its time, and somebody may have enrolled meanwhile.
  const challenge = await call.countersign.challenge(user.id, asking(call))
  if (challenge) return challenge
  // The password is all that there is: one of long ago is no proof any more.
  if (!isRecent(call)) throw tooOld(call)
  // The host has not heard of the removal yet, and would take this for a lost record or an enrolment meanwhile.
  if (removed && user.enrolled === true) await tellEnrolled(call, user, false)
  const assurance = assuranceOf([], user.firstFactor, user.at)
  await tellVerified(call, user, 'sign-in', { ok: true, factor: null, assurance, ...(removed && { removed }) })
  return null
}

/** The codes that are left stay, so the user is enrolled as before. */
function recover(call: Call, code: string): Promise<object> {
  const { countersign, user } = call
  return withSignals(call, async () => {
    const about = { ...call.origin, ...firstFactorOf(user) }
    const recovered = await countersign.recover(user.id, { recovery: code }, about)
    if (!recovered.ok) return tellVerified(call, user, purposeOf(user), recovered)
    const { removed, recoveryCodesLeft, assurance } = recovered
    const factor = { id: 'recovery', type: 'recovery' } as const
    const outcome = { ok: true, factor, assurance, recoveryCodesLeft } as const
    return { ...(await tellVerified(call, user, purposeOf(user), outcome)), removed }
  })
}
