export type FactorType = 'totp' | 'webauthn' | 'u2f' | 'recovery' | 'yubico'

/** The types whose codes a user types in. Only these can be locked. */
export type TypedFactorType = 'totp' | 'recovery' | 'yubico'

/** An enrolled factor, as the host and its pages may see it. It never contains a secret or a key. */
export type Factor = TotpFactor | WebauthnFactor | RecoveryFactor | OtherFactor

interface AnyFactor {
  /** A UUID; `recovery` for the one set of recovery codes. */
  id: string
  /** The user's name for it: at most 255 characters, empty for recovery codes. */
  description: string
  /** Epoch milliseconds. */
  created: number
  /** A disabled factor can't answer. */
  enabled: boolean
  /**
   * The store holds something here that can't be read or used, such as an app of five digits. It counts as a factor,
   * is never offered, and can only be removed. `type` is `unknown` if nothing says what it is, and `id` may be made up.
   */
  unusable?: true
  /** Epoch milliseconds; absent before the first success. */
  lastUsed?: number
  /** When an import brought it in, epoch milliseconds: `created` is the date of the other system then. */
  added?: number
}

export interface TotpFactor extends AnyFactor {
  type: 'totp'
}

export interface WebauthnFactor extends AnyFactor {
  type: 'webauthn'
  /** base64url. A page can tell its passkeys apart by it. */
  credentialId?: string
  /** The COSE number of the key's algorithm, such as -7 for ES256. */
  algorithm?: number
  /** The model of the authenticator, if it reported one: a UUID. */
  aaguid?: string
  /** What its model is called, if `webauthn.modelName` or the metadata knows it. A help for users that proves nothing. */
  model?: { name: string }
  transports?: string[]
  /** Whether it may be synchronised to other devices (WebAuthn Level 3, 6.1.3). */
  backupEligible: boolean
  /** Whether it is synchronised. */
  backupState: boolean
}

export interface RecoveryFactor extends AnyFactor {
  type: 'recovery'
  /** The number of unused codes. */
  left: number
}

export interface OtherFactor extends AnyFactor {
  type: 'u2f' | 'yubico' | 'unknown'
}
