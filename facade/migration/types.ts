import type { Factor } from '../shared/factor.js'
import type { Base64URLString } from '../stateless/webauthn-json.js'
import type { StoredCredential } from '../stateless/webauthn-types.js'
import type { YubicoCounter } from '../stateless/yubico.js'

/** What was found in the data of another system, for `countersign.importFactors()`. It contains secrets. */
export interface Migration {
  factors: ForeignFactor[]
  left: Left[]
}

export type ForeignFactor = ForeignTotp | ForeignCredential | ForeignU2f | ForeignYubico | ForeignRecovery

interface AnyForeign {
  /** Its place and name in the data, such as `[2] Shop: ann`. For reports; not a secret. */
  what: string
  /** The name that the user will see: at most 255 characters. */
  description: string
  /** Epoch milliseconds. Default: the time of the import. */
  created?: number
  notes: MigrationNote[]
}

export interface ForeignTotp extends AnyForeign {
  /** An `otpauth:` URI: a secret. */
  uri: string
}

export interface ForeignCredential extends AnyForeign {
  credential: StoredCredential
  /** The RP ID that it was made for, if known. A passkey of another one could never answer. */
  rpId?: string
}

export interface ForeignU2f extends AnyForeign {
  u2f: ForeignU2fKey
}

export interface ForeignYubico extends AnyForeign {
  yubico: ForeignYubicoKey
}

export interface ForeignRecovery extends AnyForeign {
  recovery: {
    /**
     * The unused codes, in clear: 1 to 100, all of the same number of letters and digits, 8 to 32, whose case counts.
     * Hyphens and blanks don't matter. Only hashes of them are stored.
     */
    codes: string[]
  }
}

/** A key that was registered by U2F. It needs `u2f: { appId }` of the service. */
export interface ForeignU2fKey {
  /** 1 to 255 bytes. */
  keyHandle: Base64URLString | Uint8Array
  /** The 65-byte point, or a COSE key (ES256). */
  publicKey: Base64URLString | Uint8Array
  /** The last accepted counter. Absent: the first success sets it. */
  counter?: number
  /** What it was registered for, if known. A key of another `appId` than the service's could never answer. */
  appId?: string
}

/** A Yubico key. Its secrets stay where `yubico.secrets` of the service finds them. */
export interface ForeignYubicoKey {
  /** 1 to 16 characters of modhex, 12 as a rule. */
  publicId: string
  /** That of the last accepted OTP. Absent: the first success sets it. */
  counter?: YubicoCounter
}

/**
 * Something to know about a factor that can be taken:
 * - `short-secret`: the secret has less than 128 bits, or each recovery code less than 64; it works, but create a new one
 *   at some point
 * - `repeated-secret`: the key is the stored secret repeated several times, as the library used it
 * - `assumed-totp`: the export does not say whether it is TOTP or HOTP
 * - `no-user-handle`: the data has none; without a user name the passkey is found by its id, and its first success
 *   stores the handle
 * - `other-user-handle`: the user's other passkeys were made for another one; it signs in all the same
 * - `backup-not-recorded`: the data has no backup flags; the first success sets them
 * - `user-not-verified`: `userVerified` is not `true`; the passkey only works next to another factor, until it has
 *   verified its user there
 * - `counter-not-recorded`: the data has no counter of this key; the first success sets it
 */
export type MigrationNote =
  | 'short-secret'
  | 'repeated-secret'
  | 'assumed-totp'
  | 'no-user-handle'
  | 'other-user-handle'
  | 'backup-not-recorded'
  | 'user-not-verified'
  | 'counter-not-recorded'

/**
 * Why something was not taken:
 * - `malformed`: it doesn't have the expected shape or encoding; `member` names what is wrong
 * - `encrypted`: decrypt it first
 * - `not-proved`: the enrolment was never finished
 * - `turned-off`: the row says that it was disabled, revoked or deleted
 * - `hotp`: codes based on a counter, not on time
 * - `unsupported-type`, `unsupported-encoder` (such as Steam's), `unsupported-algorithm`, `unsupported-digits`,
 *   `unsupported-period`
 * - `recovery-codes`: codes in a form that can't be kept; create new ones with `createRecoveryCodes()`
 * - `factor-required`: recovery codes need another factor beside them
 * - `other-codes-missing`: the export has more QR codes than were given
 * - `not-supported`: the service was opened without `u2f` or `yubico`, so the key could never answer
 * - `other-app-id`: the U2F key was registered for another `appId` than the service's
 * - `other-rp-id`: the passkey was registered for another `rp.id` than the service's
 * - `unknown-key`: `yubico.secrets` has no secrets of this Yubico key
 * - `already-enrolled`: the user already has this credential, secret or key, or recovery codes
 * - `user-handle-taken`: its user handle belongs to another user
 * - `credential-taken`: another user has a credential with this id
 * - `factor-limit`: the user already has as many factors as allowed
 * - `record-too-large`: the user's record would be larger than 1 MiB
 */
export type LeftReason =
  | 'malformed'
  | 'encrypted'
  | 'not-proved'
  | 'turned-off'
  | 'hotp'
  | 'unsupported-type'
  | 'unsupported-encoder'
  | 'unsupported-algorithm'
  | 'unsupported-digits'
  | 'unsupported-period'
  | 'recovery-codes'
  | 'factor-required'
  | 'other-codes-missing'
  | 'not-supported'
  | 'other-app-id'
  | 'other-rp-id'
  | 'unknown-key'
  | 'already-enrolled'
  | 'user-handle-taken'
  | 'credential-taken'
  | 'factor-limit'
  | 'record-too-large'

/** Something that was not taken, and why. */
export interface Left {
  /** Its place and name in the data, as in {@link ForeignFactor}. */
  what: string
  reason: LeftReason
  /** With `malformed`: the member that can't be read. */
  member?: string
}

/** The result of an import. It contains no secret. */
export interface Imported {
  taken: { what: string; factor: Factor; notes: MigrationNote[] }[]
  /** What was left when reading the data, and what was left by the import. */
  left: Left[]
}
