/**
 * What the main entry and `countersign/webauthn` both export: `open({ webauthn })` takes these, and so do the functions that need no
 * store. Both entries take in this list as it is.
 */
export { tpmVendors } from './attestation-policy.js'
export type { AttestationPolicy, SecurityLevel } from './attestation-policy.js'
export type {
  AuthenticationExtensions,
  CredentialProtection,
  PrfValues,
  RegistrationExtensions,
  SignedExtensions,
  UnsolicitedExtensions,
} from './extensions.js'
export type { CoseAlgorithm, CrossOrigin, RelyingParty } from './policy.js'
export type * from './webauthn-json.js'
