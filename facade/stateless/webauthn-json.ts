/**
 * The JSON forms of WebAuthn Level 3, section 5.1 (`...ResponseJSON`) and 5.4 and 5.5 (`...OptionsJSON`). Own copies,
 * so that a server's types need no DOM library. Members of type `Base64URLString` hold bytes, without padding.
 */
export type Base64URLString = string

export type UserVerification = 'discouraged' | 'preferred' | 'required'
export type ResidentKey = 'discouraged' | 'preferred' | 'required'
export type AuthenticatorAttachment = 'platform' | 'cross-platform'
export type AttestationConveyance = 'none' | 'indirect' | 'direct' | 'enterprise'
export type Hint = 'security-key' | 'client-device' | 'hybrid'

export interface PublicKeyCredentialDescriptorJSON {
  type: 'public-key'
  id: Base64URLString
  /** `usb`, `nfc`, `ble`, `internal`, `hybrid`, `smart-card`, or what a later browser says. */
  transports?: string[]
}

/** For `navigator.credentials.create()`, by way of `PublicKeyCredential.parseCreationOptionsFromJSON()`. */
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

/** For `navigator.credentials.get()`, by way of `PublicKeyCredential.parseRequestOptionsFromJSON()`. */
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

/** What `PublicKeyCredential.toJSON()` gives after a registration. */
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

/** What `PublicKeyCredential.toJSON()` gives after an authentication. */
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
