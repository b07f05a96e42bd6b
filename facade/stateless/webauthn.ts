import * as binding from '#binding'

import { randomBytes } from '../shared/crypto.js'
import { openEnvelope } from '../shared/envelope.js'
import { jsonText } from '../shared/json.js'
import type { PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON } from './webauthn-json.js'
import { authenticated, registered } from './verification.js'
import { checkAuthenticationOptions, checkRegistrationOptions } from './webauthn-check.js'
import type {
  AuthenticationOptions,
  AuthenticationVerdict,
  RegistrationOptions,
  RegistrationVerdict,
  VerifyAuthenticationOptions,
  VerifyRegistrationOptions,
} from './webauthn-types.js'

export type { CoseAlgorithm, CrossOrigin, RelyingParty, RelyingPartyToVerify } from './policy.js'
export type * from './webauthn-json.js'
export { webauthnReasons } from './webauthn-reason.js'
export type { WebauthnReason } from './webauthn-reason.js'
export type {
  AuthenticationOptions,
  AuthenticationVerdict,
  Credential,
  CredentialDescriptor,
  RegistrationOptions,
  RegistrationVerdict,
  StoredCredential,
  VerifyAuthenticationOptions,
  VerifyRegistrationOptions,
} from './webauthn-types.js'

/**
 * Makes the options of `navigator.credentials.create()` (WebAuthn Level 3, 5.4).
 *
 * Keep `challenge` and `user.id` for the verification. Bind the challenge to the user, let it expire soon, and accept it once.
 *
 * @throws {CountersignError} `invalid-argument`, naming the member
 */
export function registrationOptions(options: RegistrationOptions): PublicKeyCredentialCreationOptionsJSON {
  const request = jsonText(checkRegistrationOptions(options, ''))
  const text = binding.webauthnRegistrationOptions(request, randomBytes(64))
  return openEnvelope<PublicKeyCredentialCreationOptionsJSON>(text).value
}

/**
 * Makes the options of `navigator.credentials.get()` (WebAuthn Level 3, 5.5).
 *
 * Keep `challenge` for the verification. Let it expire soon, and accept it once.
 *
 * @throws {CountersignError} `invalid-argument`, naming the member
 */
export function authenticationOptions(options: AuthenticationOptions): PublicKeyCredentialRequestOptionsJSON {
  const request = jsonText(checkAuthenticationOptions(options, ''))
  const text = binding.webauthnAuthenticationOptions(request, randomBytes(32))
  return openEnvelope<PublicKeyCredentialRequestOptionsJSON>(text).value
}

/**
 * Verifies a registration (WebAuthn Level 3, 7.1). It is synchronous.
 *
 * @throws {CountersignError} `invalid-argument`, naming the member. A response never makes it throw.
 *
 * @example
 * const verdict = verifyRegistration({ response: body, challenge, rp })
 * if (!verdict.ok) return reply.status(400).send()
 * await save(user, verdict.credential)
 */
export function verifyRegistration(options: VerifyRegistrationOptions): RegistrationVerdict {
  return registered(options)
}

/**
 * Verifies an authentication (WebAuthn Level 3, 7.2). It is synchronous.
 *
 * @throws {CountersignError} `invalid-argument`, naming the member. A response never makes it throw.
 *
 * @example
 * const verdict = verifyAuthentication({ response: body, challenge, rp, credential: row.credential })
 * if (!verdict.ok) return reply.status(401).send()
 * await save(user, verdict.credential)
 */
export function verifyAuthentication(options: VerifyAuthenticationOptions): AuthenticationVerdict {
  return authenticated(options)
}
