import { parseAnswer } from '../../shared/answer.js'
import type { Challenge } from '../../service/challenge.js'
import { boolean, ids, optional, outside } from '../members.js'
import type { HttpUser } from '../options.js'
import { route } from '../route.js'
import type { Call } from '../route.js'
import { object, ref } from '../schemas.js'
import { withSignals } from '../signals.js'
import { isRecent, mustEnrol, removalOf, tooOld } from '../standing.js'
import { tellEnrolled, tellVerified } from '../tell.js'
import { isInSeconds } from '../warn.js'

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
      {},
      {
        description:
          'Null: the user has no factor. A pending sign-in is done with that, unless a factor is required: then ' +
          '`GET /session` says `mayEnrol`. A step-up without a factor is the password again, which is the page’s.',
      },
    ),
    problems: ['step-up-required'],
    run: async (call) => ({ challenge: (await challengeOf(call)) ?? (await withoutFactor(call)) }),
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
    },
    answer: ref('Accepted'),
    problems: ['rejected', 'malformed', 'locked'],
    async run(call, { answer, removeLost = false }: { answer: unknown; removeLost?: boolean | undefined }) {
      const parsed = removeLost ? parseAnswer(answer) : undefined
      if (parsed?.type === 'recovery') return recover(call, parsed.code)
      const { countersign, user } = call
      return tellVerified(call, user, purposeOf(user), await countersign.verify(user.id, answer, binding(call)))
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
        const reset = await countersign.reset(user.id, { ...codes, ...(remove && { remove }) })
        if (!reset.ok) return tellVerified(call, user, 'reset', reset)
        const { recoveryCodesLeft, left } = reset
        await tellEnrolled(call, user, left.length > 0)
        const factor = { id: 'recovery', type: 'recovery' } as const
        await tellVerified(call, user, 'reset', { ok: true, factor, recoveryCodesLeft })
        return reset
      }),
  }),
]

/** What a challenge is made for, and an answer must be given for. */
function binding({ user, settings: { rp } }: Call) {
  const { session } = user
  return { purpose: purposeOf(user), rp, ...(session !== undefined && { session }) }
}

function purposeOf({ state }: HttpUser): 'sign-in' | 'step-up' {
  return state === 'pending' ? 'sign-in' : 'step-up'
}

function challengeOf(call: Call): Promise<Challenge | null> {
  const { countersign, user } = call
  return countersign.challenge(user.id, { ...binding(call), enrolled: user.enrolled ?? false })
}

/** Ends the pending sign-in of a user who has nothing to answer with, and needs nothing. */
async function withoutFactor(call: Call): Promise<Challenge | null> {
  const { user } = call
  if (user.state !== 'pending') return null
  const removed = await removalOf(call)
  if (await mustEnrol(call, removed)) {
    if (isInSeconds(user, call.now)) throw tooOld(call)
    return null
  }
  // The host took its time, and somebody may have enrolled meanwhile.
  const challenge = await challengeOf(call)
  if (challenge) return challenge
  // The password is all that there is: one of long ago is no proof any more.
  if (!isRecent(call)) throw tooOld(call)
  // The host has not heard of the removal yet, and would take this for a lost record or an enrolment meanwhile.
  if (removed && user.enrolled === true) await tellEnrolled(call, user, false)
  await tellVerified(call, user, 'sign-in', { ok: true, factor: null, ...(removed && { removed }) })
  return null
}

/** The codes that are left stay, so the user is enrolled as before. */
function recover(call: Call, code: string): Promise<object> {
  const { countersign, user } = call
  return withSignals(call, async () => {
    const recovered = await countersign.recover(user.id, { recovery: code })
    if (!recovered.ok) return tellVerified(call, user, purposeOf(user), recovered)
    const { removed, recoveryCodesLeft } = recovered
    const factor = { id: 'recovery', type: 'recovery' } as const
    const outcome = { ok: true, factor, recoveryCodesLeft } as const
    return { ...(await tellVerified(call, user, purposeOf(user), outcome)), removed }
  })
}
