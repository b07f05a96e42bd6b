/**
 * Bytes as base64url text, without padding.
 *
 * The types of this file are the JSON forms of WebAuthn Level 3: section 5.1 (`...ResponseJSON`), 5.4 and 5.5
 * (`...OptionsJSON`). They are defined here too, because the types of a server don't include those of the DOM.
 */
export type Base64URLString = string

export type UserVerification = 'discouraged' | 'preferred' | 'required'
export type ResidentKey = 'discouraged' | 'preferred' | 'required'
export type AuthenticatorAttachment = 'platform' | 'cross-platform'
export type AttestationConveyance = 'none' | 'indirect' | 'direct' | 'enterprise'
export type Hint = 'security-key' | 'client-device' | 'hybrid'

/** Names a credential in the options of a ceremony. */
export interface PublicKeyCredentialDescriptorJSON {
  type: 'public-key'
  id: Base64URLString
  /** `usb`, `nfc`, `ble`, `internal`, `hybrid`, `smart-card`, or a name that a later browser reports. */
  transports?: string[]
}

/** The options of `navigator.credentials.create()`, for `PublicKeyCredential.parseCreationOptionsFromJSON()`. */
export interface PublicKeyCredentialCreationOptionsJSON {
  rp: { id?: string; name: string }
  user: { id: Base64URLString; name: string; displayName: string }
  challenge: Base64URLString
  /** COSE algorithm numbers, the preferred one first. */
  pubKeyCredParams: { type: 'public-key'; alg: number }[]
  /** Milliseconds. */
  timeout?: number
  excludeCredentials?: PublicKeyCredentialDescriptorJSON[]
  authenticatorSelection?: {
    authenticatorAttachment?: AuthenticatorAttachment
    residentKey?: ResidentKey
    requireResidentKey?: boolean
    userVerification?: UserVerification
  }
  hints?: Hint[]
  attestation?: AttestationConveyance
  attestationFormats?: string[]
  extensions?: Record<string, unknown>
}

/** The options of `navigator.credentials.get()`, for `PublicKeyCredential.parseRequestOptionsFromJSON()`. */
export interface PublicKeyCredentialRequestOptionsJSON {
  challenge: Base64URLString
  /** Milliseconds. */
  timeout?: number
  rpId?: string
  allowCredentials?: PublicKeyCredentialDescriptorJSON[]
  userVerification?: UserVerification
  hints?: Hint[]
  extensions?: Record<string, unknown>
}

/** The result of `PublicKeyCredential.toJSON()` after a registration. */
export interface RegistrationResponseJSON {
  id: Base64URLString
  rawId: Base64URLString
  type: 'public-key'
  authenticatorAttachment?: AuthenticatorAttachment
  clientExtensionResults: Record<string, unknown>
  response: {
    clientDataJSON: Base64URLString
    attestationObject: Base64URLString
    authenticatorData?: Base64URLString
    transports?: string[]
    publicKey?: Base64URLString
    publicKeyAlgorithm?: number
  }
}

/** The result of `PublicKeyCredential.toJSON()` after an authentication. */
export interface AuthenticationResponseJSON {
  id: Base64URLString
  rawId: Base64URLString
  type: 'public-key'
  authenticatorAttachment?: AuthenticatorAttachment
  clientExtensionResults: Record<string, unknown>
  response: {
    clientDataJSON: Base64URLString
    authenticatorData: Base64URLString
    signature: Base64URLString
    userHandle?: Base64URLString
  }
}
