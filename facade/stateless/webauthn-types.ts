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

/** A credential as a server stores it, in plain JSON. Store the one that each ceremony returns. */
export interface Credential {
  /** The credential id, base64url. */
  id: Base64URLString
  /** The COSE key, base64url. */
  publicKey: Base64URLString
  signCount: number
  transports: string[]
  /** The model of the authenticator: a UUID, all zeros if it doesn't report one. */
  aaguid: string
  /** Whether it may be synchronised to other devices (WebAuthn Level 3, 6.1.3). */
  backupEligible: boolean
  backupState: boolean
  /** Whether an authenticator reported the two flags. If not, the first success sets them. */
  backupRecorded: boolean
  /**
   * Whether the user was verified at the registration: `uvInitialized` of Level 3, section 4. Require it of a passkey that
   * signs in alone. Set it later only when a sign-in next to another factor reports `userVerified`.
   */
  userVerified: boolean
  /** base64url. A response that names another user is refused. */
  userHandle?: Base64URLString
}

/** A stored credential of this package or another one. Bytes may be `Uint8Array`s. Other members are ignored. */
export interface StoredCredential {
  id: Base64URLString | Uint8Array
  publicKey: Base64URLString | Uint8Array
  /** 0 to 4294967295. If it is absent, `counter` is read, which is SimpleWebAuthn's name for it. */
  signCount?: number
  counter?: number
  transports?: string[]
  aaguid?: string
  /** If absent, it was never recorded, and the first success sets it. */
  backupEligible?: boolean
  backupState?: boolean
  backupRecorded?: boolean
  /** Absent: never established; an imported passkey then needs another factor beside it. */
  userVerified?: boolean
  userHandle?: Base64URLString | Uint8Array
}

export interface RegistrationOptions {
  rp: Omit<RelyingParty, 'origins'> & { origins?: string[] }
  /** `id` is the user handle: random, and always the same. Default: 32 new bytes. Never use the host's own user id. */
  user: { id?: Base64URLString | Uint8Array; name: string; displayName: string }
  /** 16 bytes or more. Default: 32 random ones. */
  challenge?: Base64URLString | Uint8Array
  /** Default -8, -7, -257. */
  algorithms?: CoseAlgorithm[]
  /** Milliseconds. Default 300,000. */
  timeout?: number
  /** The user's credentials. */
  excludeCredentials?: CredentialDescriptor[]
  authenticatorAttachment?: AuthenticatorAttachment
  residentKey?: ResidentKey
  /** Default `discouraged`. */
  userVerification?: UserVerification
  hints?: Hint[]
  /** Default `none`. */
  attestation?: AttestationConveyance
}

export interface AuthenticationOptions {
  rp: { id: string }
  /** 16 bytes or more. Default: 32 random ones. */
  challenge?: Base64URLString | Uint8Array
  /** Milliseconds. Default 300,000. */
  timeout?: number
  /** The user's credentials. Leave it out for a sign-in without a user name. */
  allowCredentials?: CredentialDescriptor[]
  /** Default `discouraged`. */
  userVerification?: UserVerification
  hints?: Hint[]
}

/** A credential to offer or to exclude, such as a stored one. */
export interface CredentialDescriptor {
  id: Base64URLString | Uint8Array
  transports?: string[]
}

interface VerifyOptions {
  /** What the browser sent, as an object or as JSON text. */
  response: unknown
  /** The challenge that was issued. Make sure that it can't be used again. */
  challenge: Base64URLString | Uint8Array
  rp: RelyingPartyToVerify
  /** Enforced: `required` refuses a response without user verification. Default `discouraged`. */
  userVerification?: UserVerification
  /** Which cross-origin frames are allowed. Default: none. */
  crossOrigin?: CrossOrigin
}

export interface VerifyRegistrationOptions extends VerifyOptions {
  /** Default -8, -7, -257: what the options offer by default. */
  algorithms?: CoseAlgorithm[]
  /** Default `none`. With any other value, a statement that can't be verified is refused. */
  attestation?: AttestationConveyance
  /** The certificates, as PEM text or DER bytes, that the statement's chain may end in. */
  trustAnchors?: (string | Uint8Array)[]
  /** The user handle from the options. It is stored with the credential. */
  userHandle?: Base64URLString | Uint8Array
  /** Whether it began as a conditional create, where the user's presence may not be tested. Default false. */
  conditional?: boolean
  /** The time at which certificates must be valid, in epoch milliseconds. Default: now. */
  now?: number
}

export interface VerifyAuthenticationOptions extends VerifyOptions {
  /** The stored credential that the response names. */
  credential: StoredCredential
  /** What to do when a signature counter doesn't grow (7.2, step 22). Default `refuse`. */
  counter?: 'refuse' | 'report'
}

/** Always test `ok`. */
export type RegistrationVerdict =
  | {
      ok: true
      /** Store it. */
      credential: Credential
      attestation: {
        /** Such as `none` or `packed`. */
        format: string
        /** Whether the statement was verified. False for `none`, which states nothing, and for an unknown format. */
        verified: boolean
        /**
         * The certificate chain ends in one of `trustAnchors`. Of `fido-u2f` it signs the key and its id alone, not the
         * AAGUID.
         */
        trusted: boolean
      }
      userVerified: boolean
    }
  | { ok: false; reason: WebauthnReason }

/** Always test `ok`. */
export type AuthenticationVerdict =
  | {
      ok: true
      /** Store it in place of the one that you passed: the counter and backup flags have changed. */
      credential: Credential
      userVerified: boolean
      /** With `counter: 'report'`: the signature counter did not grow. */
      counter?: 'not-increased'
    }
  | { ok: false; reason: WebauthnReason }
