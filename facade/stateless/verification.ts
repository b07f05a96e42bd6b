import { readAuthenticationPolicy, readRegistrationPolicy } from '#binding'

import { openEnvelope } from '../shared/envelope.js'
import { jsonText } from '../shared/json.js'
import { attestationRules } from './attestation-policy.js'
import { authenticatorRules } from './authenticators.js'
import { authenticationRules, registrationRules } from './extensions.js'
import type { SignedExtensions } from './extensions.js'
import { bindingOf } from './metadata.js'
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
import type { WebauthnReason } from './webauthn-reason.js'
import type { AuthenticationVerdict, Credential, RegistrationVerdict } from './webauthn-types.js'

const authenticationPolicies = new Prepared(authenticationPolicyNames, checkAuthenticationPolicy, (policy) =>
  readAuthenticationPolicy(jsonText(native(policy))),
)

const registrationPolicies = new Prepared(registrationPolicyNames, checkRegistrationPolicy, (given) => {
  const { hasMetadata = false, authenticators, ...policy } = given
  const { rules, attestation } = authenticatorRules(authenticators, policy.attestation, hasMetadata, '')
  return readRegistrationPolicy(
    jsonText({
      ...native(policy),
      attestation,
      authenticators: rules,
      trustAnchors: policy.trustAnchors?.map(pem),
      // The metadata's roots are trust anchors, too.
      attestationPolicy: attestationRules({ ...(hasMetadata && { attestationPolicy: {} }), ...policy, attestation }),
    }),
  )
})

/** Checks the host's options, and verifies the response of an authentication. */
export function authenticated(options: unknown): AuthenticationVerdict {
  const given = checkVerifyAuthentication(options, '')
  const { extensions, unsolicitedExtensions } = given
  const asked = extensions === undefined && unsolicitedExtensions === undefined ? given : {
    ...given, rules: authenticationRules(extensions, unsolicitedExtensions), appId: extensions?.['appid'],
  }
  const policy = authenticationPolicies.of(asked)
  const response = assertionText(given.response)
  if (response === undefined) return { ok: false, reason: 'malformed' }
  const { id, publicKey, signCount, transports = [], aaguid = noModel, userVerified = false, userHandle } = given.credential
  const about = `${given.challenge}\n${id}\n${publicKey}\n${userHandle ?? ''}\n`
  const answer = policy.verify(about + response, signCount, flagsOf(given.credential))
  const opened = typeof answer === 'string' ? openEnvelope<Refused | [number, SignedExtensions]>(answer).value : [answer]
  if (!Array.isArray(opened)) return opened
  const [told, outputs] = opened as [number, SignedExtensions?]
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
  const result = {
    ok: true, credential, userVerified: (bits & 4) !== 0, ...(outputs && { extensions: outputs }),
  } as const
  return (bits & 8) === 0 ? { ...result, counter: 'not-increased' } : result
}

/** Checks the host's options, and verifies the response of a registration. */
export function registered(options: unknown): RegistrationVerdict {
  const given = checkVerifyRegistration(options, '')
  const { extensions, unsolicitedExtensions, metadata } = given
  const isPlain = extensions === undefined && unsolicitedExtensions === undefined
  const asked = isPlain && metadata === undefined ? given : {
    ...given,
    ...(!isPlain && { rules: registrationRules(extensions, unsolicitedExtensions) }),
    ...(metadata && { hasMetadata: true }),
  }
  const policy = registrationPolicies.of(asked)
  const response = registrationText(given.response)
  if (response === undefined) return { ok: false, reason: 'malformed' }
  const { challenge, userHandle = '', now = Date.now() } = given
  return openEnvelope<RegistrationVerdict>(policy.verify(`${challenge}\n${userHandle}\n${response}`, now, bindingOf(metadata))).value
}

interface Refused {
  ok: false
  reason: WebauthnReason
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

/** A copy with the members that the core knows, by its names. */
function native<T extends { rp: RelyingPartyToVerify; rules?: string }>({ rules, ...policy }: T) {
  return { ...policy, rp: withoutHint({ ...policy.rp }), extensions: rules }
}
