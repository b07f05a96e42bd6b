export type FactorType = 'totp' | 'webauthn' | 'u2f' | 'recovery' | 'yubico'

/** The types that a person types in; only these are ever locked. */
export type TypedFactorType = 'totp' | 'recovery' | 'yubico'

/** One enrolled factor, as the host and its pages may see it: never a secret or a key. */
export type Factor = TotpFactor | WebauthnFactor | RecoveryFactor | OtherFactor

interface AnyFactor {
  /** A UUID; `recovery` for the one set of recovery codes. */
  id: string
  /** What the user called it; up to 255 characters, empty for recovery codes. */
  description: string
  /** Epoch milliseconds. */
  created: number
  /** A disabled factor can't answer. */
  enabled: boolean
  /** Epoch milliseconds; absent before the first success. */
  lastUsed?: number
}

export interface TotpFactor extends AnyFactor {
  type: 'totp'
}

export interface WebauthnFactor extends AnyFactor {
  type: 'webauthn'
  /** base64url; lets a page tell which of its passkeys this is. */
  credentialId?: string
  /** The COSE number of the key's algorithm, such as -7 for ES256. */
  algorithm?: number
  /** The model of the authenticator, where it told: a UUID. */
  aaguid?: string
  transports?: string[]
  /** Whether it may be synchronised to other devices (WebAuthn Level 3, 6.1.3). */
  backupEligible: boolean
  /** Whether it is. */
  backupState: boolean
}

export interface RecoveryFactor extends AnyFactor {
  type: 'recovery'
  /** Codes that are not used yet. */
  left: number
}

export interface OtherFactor extends AnyFactor {
  type: 'u2f' | 'yubico'
}
