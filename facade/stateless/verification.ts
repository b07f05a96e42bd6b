import { readAuthenticationPolicy, readRegistrationPolicy } from '#binding'

import { openEnvelope } from '../shared/envelope.js'
import { jsonText } from '../shared/json.js'
import { assertionText, registrationText } from './picked.js'
import { pem, withoutHint } from './policy.js'
import type { RelyingPartyToVerify } from './policy.js'
import { Prepared } from './prepared.js'
import {
  authenticationPolicyNames,
  checkAuthenticationPolicy,
  checkRegistrationPolicy,
  checkVerifyAuthentication,
  checkVerifyRegistration,
  registrationPolicyNames,
} from './webauthn-check.js'
import type { AuthenticationVerdict, Credential, RegistrationVerdict } from './webauthn-types.js'

const authenticationPolicies = new Prepared(authenticationPolicyNames, checkAuthenticationPolicy, (policy) =>
  readAuthenticationPolicy(jsonText({ ...policy, rp: toVerify(policy.rp) })),
)

const registrationPolicies = new Prepared(registrationPolicyNames, checkRegistrationPolicy, (policy) =>
  readRegistrationPolicy(jsonText({ ...policy, rp: toVerify(policy.rp), trustAnchors: policy.trustAnchors?.map(pem) })),
)

/** Checks the host's options, and verifies the response of an authentication. */
export function authenticated(options: unknown): AuthenticationVerdict {
  const given = checkVerifyAuthentication(options, '')
  const policy = authenticationPolicies.of(given)
  const response = assertionText(given.response)
  if (response === undefined) return { ok: false, reason: 'malformed' }
  const { id, publicKey, signCount, transports = [], aaguid = noModel, userVerified = false, userHandle } = given.credential
  const asked = `${given.challenge}\n${id}\n${publicKey}\n${userHandle ?? ''}\n`
  const told = policy.verify(asked + response, signCount, flagsOf(given.credential))
  if (typeof told === 'string') return openEnvelope<AuthenticationVerdict>(told).value
  const bits = Math.floor(told / 2 ** 32)
  const credential: Credential = {
    id,
    publicKey,
    signCount: told % 2 ** 32,
    transports,
    aaguid,
    backupEligible: (bits & 1) !== 0,
    backupState: (bits & 2) !== 0,
    backupRecorded: true,
    userVerified,
  }
  if (userHandle !== undefined) credential.userHandle = userHandle
  const result = { ok: true, credential, userVerified: (bits & 4) !== 0 } as const
  return (bits & 8) === 0 ? { ...result, counter: 'not-increased' } : result
}

/** Checks the host's options, and verifies the response of a registration. */
export function registered(options: unknown): RegistrationVerdict {
  const given = checkVerifyRegistration(options, '')
  const policy = registrationPolicies.of(given)
  const response = registrationText(given.response)
  if (response === undefined) return { ok: false, reason: 'malformed' }
  const { challenge, userHandle = '', now = Date.now() } = given
  return openEnvelope<RegistrationVerdict>(policy.verify(`${challenge}\n${userHandle}\n${response}`, now)).value
}

const noModel = '00000000-0000-0000-0000-000000000000'

interface BackupFlags {
  backupEligible?: boolean
  backupState?: boolean
  backupRecorded?: boolean
}

/** If the host has stored `backupEligible`, an authenticator reported it. If not, the response isn't compared with it. */
function flagsOf({ backupEligible, backupState, backupRecorded = backupEligible !== undefined }: BackupFlags): number {
  return (backupEligible === true ? 1 : 0) + (backupState === true ? 2 : 0) + (backupRecorded ? 4 : 0)
}

/** A copy with the members that the core knows. */
function toVerify(rp: RelyingPartyToVerify): RelyingPartyToVerify {
  return withoutHint({ ...rp })
}
