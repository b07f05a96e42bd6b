import type { Factor } from '../shared/factor.js'
import type { StoredCredential } from '../stateless/webauthn-types.js'

/** What was found in the data of another system: for `countersign.importFactors()`. It holds secrets. */
export interface Migration {
  factors: ForeignFactor[]
  left: Left[]
}

export type ForeignFactor = ForeignTotp | ForeignCredential

interface AnyForeign {
  /** Where it stood in the data, and the name it has there: `[2] Shop: ann`. For reports; no secret. */
  what: string
  /** What the user will know it by; at most 255 characters. */
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
}

/**
 * What one should know of a factor that can be taken:
 * - `short-secret`: under 128 bits; it works, but enrol a new one some time
 * - `repeated-secret`: the key is the stored secret several times over, as the library used it
 * - `assumed-totp`: the export does not say whether it is TOTP or HOTP
 * - `no-user-handle`: the data has none; the passkey can't sign in without a user name
 * - `other-user-handle`: the user has another one already, with the same effect
 * - `backup-not-recorded`: the data has no backup flags; the first success settles them
 */
export type MigrationNote =
  | 'short-secret'
  | 'repeated-secret'
  | 'assumed-totp'
  | 'no-user-handle'
  | 'other-user-handle'
  | 'backup-not-recorded'

/**
 * Why something was not taken:
 * - `malformed`: not of the shape or encoding that it should have; `member` names what is wrong
 * - `encrypted`: decrypt it first
 * - `not-proved`: the enrolment was never finished
 * - `hotp`: codes that count instead of telling the time
 * - `unsupported-algorithm`, `unsupported-digits`, `unsupported-period`
 * - `recovery-codes`: make new ones with `createRecoveryCodes()`
 * - `other-codes-missing`: the export has more QR codes than were given
 * - `already-enrolled`: the user has this credential or this secret
 * - `user-handle-taken`: its user handle leads to another user
 * - `factor-limit`: the user holds as many factors as are allowed
 */
export type LeftReason =
  | 'malformed'
  | 'encrypted'
  | 'not-proved'
  | 'hotp'
  | 'unsupported-algorithm'
  | 'unsupported-digits'
  | 'unsupported-period'
  | 'recovery-codes'
  | 'other-codes-missing'
  | 'already-enrolled'
  | 'user-handle-taken'
  | 'factor-limit'

/** Something that was not taken, and why. */
export interface Left {
  /** As {@link ForeignFactor}'s. */
  what: string
  reason: LeftReason
  /** With `malformed`: the member that can't be read. */
  member?: string
}

/** What an import did. It holds no secret. */
export interface Imported {
  taken: { what: string; factor: Factor; notes: MigrationNote[] }[]
  /** What the reading left and what the import left. */
  left: Left[]
}
