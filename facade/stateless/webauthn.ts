import * as binding from '#binding'

import { randomBytes } from '../shared/crypto.js'
import { openEnvelope } from '../shared/envelope.js'
import { jsonText } from '../shared/json.js'
import type { PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON } from './webauthn-json.js'
import { checkListed, withExtensions } from './extensions.js'
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

export type { RelyingPartyToVerify } from './policy.js'
export * from './webauthn-names.js'
export { webauthnReasons } from './webauthn-reason.js'
export type { WebauthnReason } from './webauthn-reason.js'
export type {
  Attestation,
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
  const { extensions, attestationFormats, ...request } = checkRegistrationOptions(options, '')
  const text = binding.webauthnRegistrationOptions(jsonText(request), randomBytes(64))
  const { value } = openEnvelope<PublicKeyCredentialCreationOptionsJSON>(text)
  return withExtensions(value, extensions, { ...(attestationFormats && { attestationFormats }) })
}

/**
 * Makes the options of `navigator.credentials.get()` (WebAuthn Level 3, 5.5).
 *
 * Keep `challenge` for the verification. Let it expire soon, and accept it once.
 *
 * @throws {CountersignError} `invalid-argument`, naming the member
 */
export function authenticationOptions(options: AuthenticationOptions): PublicKeyCredentialRequestOptionsJSON {
  const { extensions, ...request } = checkAuthenticationOptions(options, '')
  if (extensions) checkListed(extensions, request.allowCredentials)
  const text = binding.webauthnAuthenticationOptions(jsonText(request), randomBytes(32))
  return withExtensions(openEnvelope<PublicKeyCredentialRequestOptionsJSON>(text).value, extensions)
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
