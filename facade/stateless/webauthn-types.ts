import type { AttestationPolicy, SecurityLevel } from './attestation-policy.js'
import type { RegistrationAuthenticators } from './authenticators.js'
import type { AuthenticationExtensions, RegistrationExtensions, SignedExtensions, UnsolicitedExtensions } from './extensions.js'
import type { Metadata } from './metadata.js'
import type { CoseAlgorithm, CrossOrigin, RelyingParty, RelyingPartyToVerify } from './policy.js'
import type {
  AttestationConveyance,
  AuthenticatorAttachment,
  Base64URLString,
  Hint,
  ResidentKey,
  UserVerification,
} from './webauthn-json.js'
import type { WebauthnReason } from './webauthn-reason.js'

/** A credential as a server stores it, in plain JSON. Each ceremony returns one: store it. */
export interface Credential {
  /** The credential id, base64url. */
  id: Base64URLString
  /** The COSE key, base64url. */
  publicKey: Base64URLString
  /** The authenticator's signature counter. 0 if it has none. */
  signCount: number
  /** How browsers can reach the authenticator, such as `usb` or `internal`. */
  transports: string[]
  /** The model of the authenticator: a UUID. All zeros if it doesn't report one. */
  aaguid: string
  /** Whether the credential may be synchronised to other devices (WebAuthn Level 3, 6.1.3). */
  backupEligible: boolean
  /** Whether it is synchronised at present. */
  backupState: boolean
  /** Whether an authenticator has reported these two flags. If not, the first successful sign-in sets them. */
  backupRecorded: boolean
  /**
   * Whether the user was verified at the registration (`uvInitialized` of Level 3, section 4). Require it if a passkey is
   * the only factor of a sign-in. Set it later only after a sign-in with another factor has reported `userVerified`.
   */
  userVerified: boolean
  /** The user handle, base64url. A response with another one is refused. */
  userHandle?: Base64URLString
}

/**
 * A credential that was stored by this package or by another one. Bytes may be `Uint8Array`s. Unknown members are ignored.
 */
export interface StoredCredential {
  id: Base64URLString | Uint8Array
  publicKey: Base64URLString | Uint8Array
  /** 0 to 4294967295. If it is absent, `counter` is used, which is SimpleWebAuthn's name for it. */
  signCount?: number
  counter?: number
  transports?: string[]
  aaguid?: string
  /** If it is absent, it was never recorded, and the first successful sign-in sets it. */
  backupEligible?: boolean
  backupState?: boolean
  backupRecorded?: boolean
  /** If it is absent, the user was never verified. Such a passkey needs another factor beside it. */
  userVerified?: boolean
  userHandle?: Base64URLString | Uint8Array
}

/** The input of {@link registrationOptions}. */
export interface RegistrationOptions {
  rp: Omit<RelyingParty, 'origins'> & { origins?: string[] }
  /**
   * `id` is the user handle: 1 to 64 random bytes that stay the same for a user. Default: 32 new ones. Don't use your own
   * user id. `name` and `displayName` are shown by the browser.
   */
  user: { id?: Base64URLString | Uint8Array; name: string; displayName: string }
  /** At least 16 bytes. Default: 32 random ones. */
  challenge?: Base64URLString | Uint8Array
  /** The algorithms to accept, the preferred one first. Default -8, -7, -257. */
  algorithms?: CoseAlgorithm[]
  /** Milliseconds. Default 300,000. */
  timeout?: number
  /**
   * The user's credentials, so that none of these authenticators is registered again. The first 64 are listed, because
   * browsers refuse more: pass the most recently used first.
   */
  excludeCredentials?: CredentialDescriptor[]
  authenticatorAttachment?: AuthenticatorAttachment
  residentKey?: ResidentKey
  /** Default `discouraged`. */
  userVerification?: UserVerification
  hints?: Hint[]
  /** Default `none`. */
  attestation?: AttestationConveyance
  /** The formats of statements that you prefer, such as `packed` (5.4.7). Browsers may ignore it. */
  attestationFormats?: string[]
  /** Pass them to {@link verifyRegistration} too. */
  extensions?: RegistrationExtensions
}

/** The input of {@link authenticationOptions}. */
export interface AuthenticationOptions {
  rp: { id: string }
  /** At least 16 bytes. Default: 32 random ones. */
  challenge?: Base64URLString | Uint8Array
  /** Milliseconds. Default 300,000. */
  timeout?: number
  /** The user's credentials, of which the first 64 are listed. Leave it out for a sign-in without a user name. */
  allowCredentials?: CredentialDescriptor[]
  /** Default `discouraged`. */
  userVerification?: UserVerification
  hints?: Hint[]
  /** Pass them to {@link verifyAuthentication} too. */
  extensions?: AuthenticationExtensions
}

/** A credential to offer or to exclude, such as a stored one. */
export interface CredentialDescriptor {
  id: Base64URLString | Uint8Array
  transports?: string[]
}

interface VerifyOptions {
  /** The response that the browser sent, as an object or as JSON text. */
  response: unknown
  /** The challenge of the options. Make sure that it can't be used again. */
  challenge: Base64URLString | Uint8Array
  rp: RelyingPartyToVerify
  /** `required` refuses a response without user verification. Default `discouraged`. */
  userVerification?: UserVerification
  /** Which cross-origin frames are allowed. Default: none. */
  crossOrigin?: CrossOrigin
  /** What to do with signed extension outputs that `extensions` doesn't ask for. Default `ignore`. */
  unsolicitedExtensions?: UnsolicitedExtensions
}

export interface VerifyRegistrationOptions extends VerifyOptions {
  /** The extensions of the options. What the authenticator signed about them is verified. */
  extensions?: RegistrationExtensions
  /** The algorithms that the options offered. Default -8, -7, -257. */
  algorithms?: CoseAlgorithm[]
  /** Default `none`. With any other value, a statement that can't be verified is refused. */
  attestation?: AttestationConveyance
  /** The certificates that you trust, as PEM text or DER bytes. The statement's certificates have to end in one of them. */
  trustAnchors?: (string | Uint8Array)[]
  /** What statements of single formats have to meet. */
  attestationPolicy?: AttestationPolicy
  /**
   * Verified metadata of the FIDO Metadata Service. Models that it forbids are refused, and the roots of a model are trust
   * anchors for it.
   */
  metadata?: Metadata
  /**
   * Which authenticators may be registered. With rules that demand a trusted statement, the default of `attestation` is
   * `direct`.
   */
  authenticators?: RegistrationAuthenticators
  /** The user handle from the options. It is stored with the credential. */
  userHandle?: Base64URLString | Uint8Array
  /** Whether this was a conditional create, in which the user may not have been asked to touch anything. Default false. */
  conditional?: boolean
  /** The time at which certificates must be valid, in epoch milliseconds. Default: now. */
  now?: number
}

export interface VerifyAuthenticationOptions extends VerifyOptions {
  /** The stored credential that the response names. */
  credential: StoredCredential
  /** What to do when a signature counter doesn't grow (7.2, step 22). Default `refuse`. */
  counter?: 'refuse' | 'report'
  /** The extensions of the options. What the authenticator signed about them is verified. */
  extensions?: AuthenticationExtensions
}

/** What an attestation statement says. Only a `trusted` one is to be believed. */
export interface Attestation {
  /** The statement's format, such as `none` or `packed`. */
  format: string
  /** Whether the statement was verified. False for `none`, which has no statement, and for unknown formats. */
  verified: boolean
  /**
   * Whether the certificate chain ends in one of `trustAnchors` and `attestationPolicy` accepts the statement. A
   * `fido-u2f` statement signs only the key and its id, not the AAGUID.
   */
  trusted: boolean
  /** Where the key is kept. Only of `android-key`. */
  securityLevel?: SecurityLevel
  /** The manufacturer and model, such as `IFX SLB9670`. Only of `tpm`. */
  model?: string
  /** The statements in a `compound` one. It has the lowest of their levels. */
  statements?: Attestation[]
}

/** The result of {@link verifyRegistration}. Always test `ok`. */
export type RegistrationVerdict =
  | {
      ok: true
      /** The credential to store. */
      credential: Credential
      attestation: Attestation
      /** Whether the user was verified, with a PIN or a fingerprint for example. */
      userVerified: boolean
      /** What the authenticator signed about `extensions`. Absent if it signed nothing about them. */
      extensions?: SignedExtensions
    }
  | { ok: false; reason: WebauthnReason }

/** The result of {@link verifyAuthentication}. Always test `ok`. */
export type AuthenticationVerdict =
  | {
      ok: true
      /** The credential to store in place of the one that you passed: the counter and the backup flags may have changed. */
      credential: Credential
      /** Whether the user was verified, with a PIN or a fingerprint for example. */
      userVerified: boolean
      /** What the authenticator signed about `extensions`. Absent if it signed nothing about them. */
      extensions?: SignedExtensions
      /** Only with `counter: 'report'`: the signature counter didn't grow. */
      counter?: 'not-increased'
    }
  | { ok: false; reason: WebauthnReason }
