import {
  bytesOrBase64url,
  epochMilliseconds,
  flag,
  integer,
  invalid,
  listOf,
  object,
  optional,
  own,
  text,
} from '../shared/check.js'
import type { Check } from '../shared/check.js'
import { checkAttestationPolicy } from './attestation-policy.js'
import { checkRegistrationAuthenticators } from './authenticators.js'
import type { RegistrationAuthenticators } from './authenticators.js'
import { bindingOf } from './metadata.js'
import type { Metadata } from './metadata.js'
import type { AttestationPolicy } from './attestation-policy.js'
import { checkAuthenticationExtensions, checkRegistrationExtensions, checkUnsolicited } from './extensions.js'
import type { ExtensionsJson, UnsolicitedExtensions } from './extensions.js'
import * as policy from './policy.js'
import type { CoseAlgorithm, CrossOrigin, RelyingPartyToVerify } from './policy.js'
import type { AttestationConveyance, UserVerification } from './webauthn-json.js'
import type { AuthenticationOptions, RegistrationOptions, StoredCredential } from './webauthn-types.js'

const outside: Check<unknown> = (value) => value
const checkTimeout = integer(1, 86_400_000)
const checkHandle = bytesOrBase64url(1, 64)
const checkSignCount = integer(0, 0xffff_ffff)

const usual = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/

/** Checks a UUID, with hyphens or without. Returns the usual form. */
const checkAaguid: Check<string> = (value, name) => {
  if (typeof value !== 'string') throw invalid(name, 'a UUID')
  if (usual.test(value)) return value
  const hex = value.length === 32 ? value : value.length === 36 ? value.replaceAll('-', '') : ''
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-').toLowerCase()
  if (!usual.test(uuid) || (value.length === 36 && value.toLowerCase() !== uuid)) throw invalid(name, 'a UUID')
  return uuid
}

const checkDescriptor = object<{ id: string; transports?: string[] }>(
  { id: policy.checkCredentialId, transports: optional(policy.checkTransports) },
  { others: true },
)

const checkRpToShow = object<RegistrationOptions['rp']>({
  id: text(253),
  name: text(256),
  origins: optional(listOf(text(2048), { max: 100 })),
  allowSubdomains: optional(flag),
  allowAnyPort: optional(flag),
  relatedOrigins: optional(flag),
})

export const checkRegistrationOptions = object<CheckedRegistrationOptions>({
  rp: (value, name) => policy.withoutHint(checkRpToShow(value, name)),
  user: object<{ id?: string; name: string; displayName: string }>({
    id: optional(checkHandle),
    name: text(256),
    displayName: text(256),
  }),
  challenge: optional(policy.checkChallenge),
  algorithms: optional(policy.checkAlgorithms),
  timeout: optional(checkTimeout),
  excludeCredentials: optional(listOf(checkDescriptor)),
  authenticatorAttachment: optional(policy.checkAttachment),
  residentKey: optional(policy.checkResidentKey),
  userVerification: optional(policy.checkUserVerification),
  hints: optional(policy.checkHints),
  attestation: optional(policy.checkAttestation),
  attestationFormats: optional(policy.checkAttestationFormats),
  extensions: optional(checkRegistrationExtensions),
})

export const checkAuthenticationOptions = object<CheckedAuthenticationOptions>({
  rp: object<{ id: string }>({ id: text(253) }, { others: true }),
  challenge: optional(policy.checkChallenge),
  timeout: optional(checkTimeout),
  allowCredentials: optional(listOf(checkDescriptor)),
  userVerification: optional(policy.checkUserVerification),
  hints: optional(policy.checkHints),
  extensions: optional(checkAuthenticationExtensions),
})

const checkStoredFields = object<Omit<CheckedCredential, 'signCount'>>(
  {
    id: policy.checkCredentialId,
    publicKey: bytesOrBase64url(1, 16_384),
    transports: optional(policy.checkTransports),
    aaguid: optional(checkAaguid),
    backupEligible: optional(flag),
    backupState: optional(flag),
    backupRecorded: optional(flag),
    userVerified: optional(flag),
    userHandle: optional(checkHandle),
  },
  { others: true },
)

export const checkCredential: Check<CheckedCredential> = (value, name) => {
  const checked = checkStoredFields(value, name) as CheckedCredential
  const signCount = own(value as object, 'signCount') ?? own(value as object, 'counter')
  checked.signCount = checkSignCount(signCount, `${name}.signCount`)
  return checked
}

/** What `verification.ts` makes of checked extensions. */
const checkRules = text(4096)

/** Checks the policy of authentications. The other members belong to a single call. */
export const checkAuthenticationPolicy = object<AuthenticationPolicy>(
  {
    rp: policy.checkRpToVerify,
    userVerification: optional(policy.checkUserVerification),
    crossOrigin: optional(policy.checkCrossOrigin),
    counter: optional(policy.checkCounter),
    rules: optional(checkRules),
    appId: optional(checkRules),
  },
  { others: true },
)

/** Checks the policy of registrations. The other members belong to a single call. */
export const checkRegistrationPolicy = object<RegistrationPolicy>(
  {
    rp: policy.checkRpToVerify,
    userVerification: optional(policy.checkUserVerification),
    crossOrigin: optional(policy.checkCrossOrigin),
    algorithms: optional(policy.checkAlgorithms),
    attestation: optional(policy.checkAttestation),
    trustAnchors: optional(policy.checkAnchors),
    attestationPolicy: optional(checkAttestationPolicy),
    authenticators: optional(checkRegistrationAuthenticators),
    hasMetadata: optional(flag),
    conditional: optional(flag),
    rules: optional(checkRules),
  },
  { others: true },
)

export const authenticationPolicyNames = ['rp', 'userVerification', 'crossOrigin', 'counter', 'rules', 'appId'] as const
export const registrationPolicyNames = [
  'rp', 'userVerification', 'crossOrigin', 'algorithms', 'attestation', 'trustAnchors', 'attestationPolicy',
  'authenticators', 'hasMetadata', 'conditional', 'rules',
] as const

const checkMetadata: Check<Metadata> = (value, name) => {
  if (!bindingOf(value)) throw invalid(name, 'what Metadata.verify() resolves with (await it)')
  return value as Metadata
}

/** Reads each member once, and checks those that belong to a call. The policy's members are not checked here. */
export const checkVerifyRegistration = object<CheckedVerifyRegistration>({
  response: outside,
  challenge: policy.checkChallenge,
  rp: outside,
  userVerification: outside,
  crossOrigin: outside,
  algorithms: outside,
  attestation: outside,
  trustAnchors: outside,
  attestationPolicy: outside,
  metadata: optional(checkMetadata),
  authenticators: outside,
  userHandle: optional(checkHandle),
  conditional: outside,
  now: optional(epochMilliseconds),
  extensions: optional(checkRegistrationExtensions),
  unsolicitedExtensions: optional(checkUnsolicited),
})

/** The same for an authentication. */
export const checkVerifyAuthentication = object<CheckedVerifyAuthentication>({
  response: outside,
  challenge: policy.checkChallenge,
  rp: outside,
  userVerification: outside,
  crossOrigin: outside,
  credential: checkCredential,
  counter: outside,
  extensions: optional(checkAuthenticationExtensions),
  unsolicitedExtensions: optional(checkUnsolicited),
})

interface AuthenticationPolicy {
  rp: RelyingPartyToVerify
  userVerification?: UserVerification
  crossOrigin?: CrossOrigin
  counter?: 'refuse' | 'report'
  rules?: string
  appId?: string
}

interface RegistrationPolicy extends Omit<AuthenticationPolicy, 'counter' | 'appId'> {
  algorithms?: CoseAlgorithm[]
  attestation?: AttestationConveyance
  trustAnchors?: (string | Uint8Array)[]
  attestationPolicy?: AttestationPolicy
  authenticators?: RegistrationAuthenticators
  /** Whether this call has metadata, which some rules need. */
  hasMetadata?: boolean
  conditional?: boolean
}

// The same options with every byte string as base64url text.

export type CheckedCredential = Omit<StoredCredential, 'counter' | 'signCount' | 'id' | 'publicKey' | 'userHandle'> & {
  id: string
  publicKey: string
  signCount: number
  userHandle?: string
}
export type CheckedRegistrationOptions = Omit<RegistrationOptions, 'user' | 'challenge' | 'excludeCredentials' | 'extensions'> & {
  extensions?: ExtensionsJson
  user: { id?: string; name: string; displayName: string }
  challenge?: string
  excludeCredentials?: { id: string; transports?: string[] }[]
}
export type CheckedAuthenticationOptions = Omit<AuthenticationOptions, 'challenge' | 'allowCredentials' | 'extensions'> & {
  extensions?: ExtensionsJson
  challenge?: string
  allowCredentials?: { id: string; transports?: string[] }[]
}
interface AskedExtensions {
  extensions?: ExtensionsJson
  unsolicitedExtensions?: UnsolicitedExtensions
}
interface CheckedVerifyRegistration extends Unchecked<Omit<RegistrationPolicy, 'rules' | 'hasMetadata'>>, AskedExtensions {
  metadata?: Metadata
  response: unknown
  challenge: string
  userHandle?: string
  now?: number
}
interface CheckedVerifyAuthentication extends Unchecked<Omit<AuthenticationPolicy, 'rules' | 'appId'>>, AskedExtensions {
  response: unknown
  challenge: string
  credential: CheckedCredential
}
type Unchecked<T> = { [K in keyof T]: unknown }
