import { assuranceOf, isRequired } from '../../service/assurance.js'
import type { Enrolled } from '../../service/outcome.js'
import type { FactorType } from '../../shared/factor.js'
import { boolean, choice, factorDescription, optional, outside } from '../members.js'
import { accepted, ProblemError } from '../problem.js'
import { enrolmentRequirement } from '../requirement.js'
import { route } from '../route.js'
import type { Call } from '../route.js'
import { ref } from '../schemas.js'
import { nameOf } from '../signals.js'
import { tellEnrolled, tellVerified } from '../tell.js'

type Use = 'second-factor' | 'passkey'

const refusals = ['rejected', 'malformed', 'already-enrolled', 'not-first', 'factor-limit'] as const

export const enrolmentRoutes = [
  route({
    method: 'POST',
    path: '/factors/totp',
    access: 'enrolling',
    id: 'beginTotp',
    summary: 'Begins to enrol an authenticator app',
    answer: ref('TotpEnrolment'),
    problems: ['factor-limit', 'authenticator-refused'],
    async run(call) {
      const { countersign, user, settings: { rp } } = call
      // Nobody should set up an app that is refused afterwards.
      if (isRequired(await enrolmentRequirement(call))) throw new ProblemError('authenticator-refused')
      return countersign.beginTotp(user.id, { account: accountOf(nameOf(user)), rp, ...sessionOf(user) })
    },
  }),

  route({
    method: 'POST',
    path: '/factors/totp/finish',
    access: 'enrolling',
    id: 'finishTotp',
    summary: 'Enrols the authenticator app, proved by a code that it shows',
    body: {
      enrolment: outside('The one that the begin gave.'),
      code: outside('What the person typed, as text.'),
      description: factorDescription,
    },
    answer: ref('Enrolled'),
    problems: [...refusals, 'authenticator-refused'],
    async run(call, body: { enrolment: unknown; code: unknown; description: string }) {
      const { countersign, user, firstOnly, origin } = call
      return enrol(call, await countersign.finishTotp(user.id, {
        ...body, firstOnly, require: await enrolmentRequirement(call), ...sessionOf(user), ...origin,
      }))
    },
  }),

  route({
    method: 'POST',
    path: '/factors/webauthn',
    access: 'enrolling',
    id: 'beginWebauthn',
    summary: 'Begins a registration ceremony (WebAuthn Level 3, 7.1)',
    body: {
      use: optional(
        choice<Use>(
          'A passkey verifies the person (PIN, fingerprint) and signs in without a user name. Default: second-factor.',
          'second-factor',
          'passkey',
        ),
      ),
      conditional: optional(
        boolean(
          'For conditional create (5.1.3), where nobody need touch anything: a `malformed-request` unless the server ' +
            'allows it, and for a first factor.',
        ),
      ),
    },
    answer: ref('CreationOptions'),
    problems: ['factor-limit'],
    async run(call, { use, conditional }: { use?: Use; conditional?: boolean }) {
      const { countersign, user, firstOnly, settings: { rp, conditionalCreate, passkeys } } = call
      // One that would never sign in.
      if (use === 'passkey' && !passkeys) throw new ProblemError('malformed-request', { detail: 'use' })
      // It needs no presence, so it is the host's to allow, and never what a sign-in ends with.
      if (conditional && (!conditionalCreate || firstOnly || user.state === 'pending')) {
        throw new ProblemError('malformed-request', { detail: 'conditional' })
      }
      const name = nameOf(user)
      const { userVerified } = await enrolmentRequirement(call)
      return countersign.beginWebauthn(user.id, {
        name,
        displayName: user.displayName ?? name,
        rp,
        ...sessionOf(user),
        ...(use !== undefined && { use }),
        // Otherwise an authenticator may leave it out, and would be refused.
        ...(userVerified && { userVerification: 'required' }),
        ...(conditional !== undefined && { conditional }),
      })
    },
  }),

  route({
    method: 'POST',
    path: '/factors/webauthn/finish',
    access: 'enrolling',
    id: 'finishWebauthn',
    summary: 'Verifies the authenticator’s response and enrols it',
    body: {
      response: outside('`RegistrationResponseJSON` of WebAuthn Level 3, section 5.1.'),
      description: factorDescription,
    },
    answer: ref('Enrolled'),
    problems: [...refusals, 'authenticator-refused'],
    async run(call, body: { response: unknown; description: string }) {
      const { countersign, user, firstOnly, origin, settings: { rp } } = call
      return enrol(call, await countersign.finishWebauthn(user.id, {
        ...body, firstOnly, require: await enrolmentRequirement(call), rp, ...sessionOf(user), ...origin,
      }))
    },
  }),
]

/** Where the service has the secrets of keys. */
export const yubicoRoutes = [
  route({
    method: 'POST',
    path: '/factors/yubico',
    access: 'enrolling',
    id: 'enrolYubico',
    summary: 'Enrols a Yubico key, proved by an OTP that it types',
    body: {
      code: outside('What the key typed, as text.'),
      description: factorDescription,
    },
    answer: ref('Enrolled'),
    problems: [...refusals, 'unknown-key', 'authenticator-refused'],
    async run(call, body: { code: unknown; description: string }) {
      const { countersign, user, firstOnly, origin } = call
      return enrol(call, await countersign.enrolYubico(user.id, {
        ...body, firstOnly, require: await enrolmentRequirement(call), ...origin,
      }))
    },
  }),
]

/** A factor was proved just now, which is as good as an answer: it ends a pending sign-in. */
async function enrol(call: Call, result: Enrolled): Promise<Enrolled> {
  const { user, firstOnly } = call
  const enrolled = accepted(result)
  await tellEnrolled(call, user, true)
  if (firstOnly || user.state === 'pending') {
    // What was enrolled just now can be used, and says what it is.
    const { id, type, description } = enrolled.factor
    // Nobody was asked for it: whoever knew the password could have enrolled one of their own.
    const answered = user.answered === true ? user.assurance : undefined
    const assurance = answered ?? assuranceOf([], user.firstFactor, call.now)
    await tellVerified(call, user, 'enrolment', { ok: true, factor: { id, type: type as FactorType, description }, assurance })
  }
  return enrolled
}

/** As a key URI and its QR code hold it: the colon is between issuer and account, and an app shows little anyway. */
function accountOf(name: string): string {
  let account = ''
  for (const character of name.replaceAll(/[:\p{C}]/gu, ' ').trim()) {
    if (Buffer.byteLength(account + character) > 128) break
    account += character
  }
  return account || 'account'
}

function sessionOf({ session }: Call['user']): { session?: string } {
  return session === undefined ? {} : { session }
}
