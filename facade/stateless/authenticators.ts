import { flag, invalid, listOf, object, oneOf, optional } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import type { SecurityLevel } from './attestation-policy.js'
import { checkModelId } from './metadata.js'
import type { Certification } from './metadata.js'
import type { AttestationConveyance } from './webauthn-json.js'

/**
 * Which authenticators may be enrolled. A model is an AAGUID (a UUID) or, for U2F keys, the identifier of the attestation's
 * key (40 hexadecimal digits). All rules given have to hold. With `allow`, `certified`, `securityLevel` or
 * `unknown: 'refuse'`, only an authenticator with a trusted attestation statement is accepted.
 */
export interface AuthenticatorOptions {
  /** Only these models. Default: all. */
  allow?: string[]
  /** Not these models, whether or not a statement proves what the authenticator says. Default: none. */
  deny?: string[]
  /** The least level of FIDO's certification. Needs `metadata`. */
  certified?: Certification
  /** Refuses keys that can be copied to other devices, such as passkeys in a cloud (the flag BE). Default false. */
  deviceBoundOnly?: boolean
  /** `refuse`: only models that `metadata` has. Default `accept`. */
  unknown?: 'accept' | 'refuse'
  /** Where the key has to be kept, at least: by its own statement or, if that doesn't say it, by `metadata`. */
  securityLevel?: SecurityLevel
  /** Also refuses sign-ins with enrolled keys whose model `metadata` forbids by now. Default false. */
  rejectRevoked?: boolean
}

/** The rules that a single registration can be held to. */
export type RegistrationAuthenticators = Omit<AuthenticatorOptions, 'rejectRevoked'>

const ofRegistrations = {
  allow: optional(listOf(checkModelId, { min: 1, max: 1000 })),
  deny: optional(listOf(checkModelId, { max: 1000 })),
  certified: optional(oneOf<Certification>('L1', 'L1+', 'L2', 'L2+', 'L3', 'L3+')),
  deviceBoundOnly: optional(flag),
  unknown: optional(oneOf('accept', 'refuse')),
  securityLevel: optional(oneOf<SecurityLevel>('software', 'trusted-environment', 'strongbox')),
}

export const checkAuthenticators: Check<AuthenticatorOptions> = object<AuthenticatorOptions>({
  ...ofRegistrations, rejectRevoked: optional(flag),
})

export const checkRegistrationAuthenticators: Check<RegistrationAuthenticators> = object<RegistrationAuthenticators>(ofRegistrations)

/** The core's form of the rules, and which attestation they need. */
export interface AuthenticatorRules {
  rules: object | undefined
  attestation: AttestationConveyance
}

/** @param place the name of the options in messages */
export function authenticatorRules(
  options: AuthenticatorOptions | undefined, given: AttestationConveyance | undefined, hasMetadata: boolean, place: string,
): AuthenticatorRules {
  if (!options) return { rules: undefined, attestation: given ?? 'none' }
  const { unknown, ...rest } = options
  const refuseUnknown = unknown === 'refuse'
  const ofMetadata = { certified: rest.certified !== undefined, unknown: refuseUnknown, rejectRevoked: rest.rejectRevoked === true }
  for (const [name, used] of Object.entries(ofMetadata)) {
    if (used && !hasMetadata) throw invalid(`${place}metadata`, `given for ${place}authenticators.${name}`)
  }
  const demandsTrust = refuseUnknown || rest.allow !== undefined || rest.certified !== undefined || rest.securityLevel !== undefined
  if (demandsTrust && given === 'none') {
    throw invalid(`${place}attestation`, `direct, indirect or enterprise: ${place}authenticators demands trusted statements`)
  }
  return { rules: { ...rest, refuseUnknown }, attestation: given ?? (demandsTrust ? 'direct' : 'none') }
}
