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

/** A credential as a server keeps it, plain JSON: the one that comes back from each ceremony is the one to store. */
export interface Credential {
  /** The credential id, base64url. */
  id: Base64URLString
  /** The COSE key, base64url. */
  publicKey: Base64URLString
  signCount: number
  transports: string[]
  /** The model of the authenticator: a UUID, all zeros where it does not tell. */
  aaguid: string
  /** Whether it may be synchronised to other devices (WebAuthn Level 3, 6.1.3). */
  backupEligible: boolean
  backupState: boolean
  /** Whether an authenticator told the two flags; where none did, the first success settles them. */
  backupRecorded: boolean
  /** Whether the person was verified at the registration. */
  userVerified: boolean
  /** base64url; a response that names another user is refused. */
  userHandle?: Base64URLString
}

/** A stored credential, of this package or of another one; bytes may be `Uint8Array`s. Further members are ignored. */
export interface StoredCredential {
  id: Base64URLString | Uint8Array
  publicKey: Base64URLString | Uint8Array
  /** 0 to 4294967295. SimpleWebAuthn calls it `counter`, which is read where `signCount` is absent. */
  signCount?: number
  counter?: number
  transports?: string[]
  aaguid?: string
  /** Absent: never recorded, and the first success settles it. */
  backupEligible?: boolean
  backupState?: boolean
  backupRecorded?: boolean
  userVerified?: boolean
  userHandle?: Base64URLString | Uint8Array
}

export interface RegistrationOptions {
  rp: Omit<RelyingParty, 'origins'> & { origins?: string[] }
  /** `id`: the user handle, random and kept for good; 32 fresh bytes if absent. Never the host's own user id. */
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
  /** The user's credentials; absent for a sign-in without a user name. */
  allowCredentials?: CredentialDescriptor[]
  /** Default `discouraged`. */
  userVerification?: UserVerification
  hints?: Hint[]
}

/** A credential to offer or to exclude: a stored one will do. */
export interface CredentialDescriptor {
  id: Base64URLString | Uint8Array
  transports?: string[]
}

interface VerifyOptions {
  /** What the browser sent, as an object or as JSON text. */
  response: unknown
  /** The challenge that was issued, and that nobody else can use any more. */
  challenge: Base64URLString | Uint8Array
  rp: RelyingPartyToVerify
  /** Enforced: `required` refuses an authenticator that did not verify the person. Default `discouraged`. */
  userVerification?: UserVerification
  /** Default: refused. */
  crossOrigin?: CrossOrigin
}

export interface VerifyRegistrationOptions extends VerifyOptions {
  /** Default -8, -7, -257: what the options offer by default. */
  algorithms?: CoseAlgorithm[]
  /** Default `none`. Any other refuses a statement that can't be verified. */
  attestation?: AttestationConveyance
  /** Certificates, PEM text or DER bytes, that the statement's chain may end in. */
  trustAnchors?: (string | Uint8Array)[]
  /** The user handle of the options; it is stored with the credential. */
  userHandle?: Base64URLString | Uint8Array
  /** Begun for conditional create, where the user's presence may not be tested. Default false. */
  conditional?: boolean
  /** For the validity of certificates, epoch milliseconds. Default: now. */
  now?: number
}

export interface VerifyAuthenticationOptions extends VerifyOptions {
  /** The stored credential that the response names. */
  credential: StoredCredential
  /** A signature counter that does not grow (7.2, step 22): refuse, or report. Default `refuse`. */
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
        /** The statement was verified; false for a format that is not known. */
        verified: boolean
        /** The certificate chain ends in one of `trustAnchors`. Of `fido-u2f` it signs the key and its id alone, not the AAGUID. */
        trusted: boolean
      }
      userVerified: boolean
    }
  | { ok: false; reason: WebauthnReason }

/** Always test `ok`. */
export type AuthenticationVerdict =
  | {
      ok: true
      /** Store it in place of the one that was given: counter and backup flags have moved. */
      credential: Credential
      userVerified: boolean
      /** Under `counter: 'report'`: the signature counter did not grow. */
      counter?: 'not-increased'
    }
  | { ok: false; reason: WebauthnReason }
