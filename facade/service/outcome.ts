import type { Factor, FactorType, TypedFactorType } from '../shared/factor.js'
import type { SignedExtensions } from '../stateless/extensions.js'
import type { RevokedStatus } from '../stateless/metadata.js'
import type { Assurance, Requirement } from './assurance.js'

/**
 * The result of verifying an answer. Always test `ok`. Safe to send to the client as it is, but for the `token` that
 * `remember` gives.
 */
export type Outcome = Accepted | Refused

export interface Accepted {
  ok: true
  /** The factor that gave the answer. */
  factor: { id: string; type: FactorType; description?: string }
  /** WebAuthn and U2F: whether the authenticator verified the user (PIN, fingerprint). */
  userVerified?: boolean
  /** How well this sign-in is proved, with the first factor that the call stated. */
  assurance: Assurance
  /** Recovery codes: how many are left. */
  recoveryCodesLeft?: number
  /** WebAuthn and U2F with `counter: 'report'`: the counter did not grow, so the authenticator may be a copy. */
  counter?: 'not-increased'
  /** WebAuthn: what the authenticator signed about the challenge's `extensions`, if it signed anything about them. */
  extensions?: SignedExtensions
  /**
   * With `remember`: what the browser shows at the next sign-in. Put it in a cookie that page scripts can't read. Absent
   * if the record has no room for one more browser.
   */
  token?: string
  /** With `token`: when the browser is forgotten, epoch milliseconds. */
  expires?: number
}

/** What `challenge` says of a remembered browser: the sign-in is done. It proves nothing but the cookie. */
export interface RecognisedBrowser {
  remembered: true
  /**
   * Replaces the token in the cookie. Absent if another request of the same browser has got it within the last ten
   * seconds: then leave the cookie as it is.
   */
  token?: string
  /** With `token`: when the browser is forgotten, epoch milliseconds. It is never later than at the beginning. */
  expires?: number
  /** That of the first factor alone: the browser adds nothing to it. */
  assurance: Assurance
}

/** A remembered browser, in a list. */
export interface RememberedBrowser {
  /** For `forgetBrowser`. It is not part of the token. */
  id: string
  /** What it was called when it was remembered, at most 255 characters. */
  label: string
  /** Epoch milliseconds, exact to a second. */
  created: number
  /** When it signed in last, epoch milliseconds. */
  lastUsed: number
  /** When it is forgotten, epoch milliseconds: 30 days after `created`. */
  expires: number
  /** It is the browser whose token was passed. */
  current?: true
}

/** The result of verifying a passkey's answer, including the user, who was not known before. Always test `ok`. */
export type PasskeyOutcome = (Accepted & { user: string }) | Refused

export interface Refused {
  ok: false
  /**
   * - `rejected`: wrong, used up, expired or unknown: deliberately one word for all of them
   * - `malformed`: not an answer at all
   * - `locked`: codes of this type are refused for now: end the pending sign-in
   */
  reason: 'rejected' | 'malformed' | 'locked'
}

/** The result of finishing an enrolment. Always test `ok`. */
export type Enrolled =
  /** `extensions`: what the authenticator signed about those of `beginWebauthn`, if it signed anything about them. */
  | { ok: true; factor: Factor; extensions?: SignedExtensions }
  | {
      ok: false
      /**
       * - `rejected`: the proof is wrong, or the enrolment is no longer open
       * - `malformed`: not a proof at all, or the description is not allowed
       * - `already-enrolled`: the user already has this credential or key
       * - `authenticator-refused`: `webauthn.authenticators`, the metadata or `require` doesn't accept this authenticator
       * - `unknown-key`: the host has no secrets of this Yubico key
       * - `not-first`: `firstOnly` was set, and the user has a factor
       * - `factor-limit`: the user already has as many factors as allowed
       */
      reason: 'rejected' | 'malformed' | 'already-enrolled' | 'authenticator-refused' | 'unknown-key' | 'not-first' | 'factor-limit'
    }

/** The result of changing a factor. Always test `ok`. */
export type Updated =
  | { ok: true; factor: Factor }
  | {
      ok: false
      /**
       * - `no-such-factor`: the user has no factor with this id
       * - `last-factor`: the last enabled factor can't be disabled, only removed
       * - `not-changeable`: recovery codes can't be renamed or disabled
       * - `malformed`: the description can't be one
       */
      reason: 'no-such-factor' | 'last-factor' | 'not-changeable' | 'malformed'
    }

/** The result of removing a factor. Always test `ok`. */
export type Removed =
  /** The factors that are left. If the list is empty, the user has no second factor any more. */
  { ok: true; left: Factor[] } | { ok: false; reason: 'no-such-factor' }

/** How the user's last factor was removed. It is kept until the user enrols a factor. */
export interface Removal {
  /** Epoch milliseconds, exact to a second. */
  at: number
  /** Who removed it, if the call said so. */
  by?: string
  /** True if an administrator demands that the user enrols at the next sign-in. */
  enrolmentRequired: boolean
}

/** The result of verifying a user and removing lost factors. Always test `ok`. */
export type Reset =
  | { ok: true; removed: Factor[]; left: Factor[]; recoveryCodesLeft: number; assurance: Assurance }
  | Refused

/** A stored deadline. */
export interface Deadline {
  /** Empty if any factor will do. */
  require: Requirement
  /** Epoch milliseconds. */
  by: number
}

/** Locks and counters of a user. */
export interface Status {
  /** False when the user has no factor at all. */
  enrolled: boolean
  /**
   * If the last factor was removed: by whom, and when. Then `enrolled: true` is accepted by `challenge`. It is absent
   * for a user who never had a factor, and for one whose record was lost.
   */
  removed?: Removal
  /** The deadlines that the record holds, with what is due by then; see `enforcement()`. Absent if there are none. */
  deadlines?: Deadline[]
  /** The types whose codes are refused now. */
  locked: TypedFactorType[]
  /**
   * If some type is locked: when the first of them is accepted again by itself, in epoch milliseconds; `null` if none
   * ever is.
   */
  lockedUntil?: number | null
  /** If some type is locked: the types whose success lifts the locks, as far as the user has them. */
  unlockedBy?: FactorType[]
  /** `null` if the user has no recovery codes. */
  recoveryCodesLeft: number | null
  /** Wrong TOTP codes in a row. */
  totpFailures: number
  /**
   * For administrators: the last wrong TOTP code would have been right this many steps earlier (negative) or later. The
   * phone's clock is off, or the server's. It goes with the next right code.
   */
  drift?: number
  /** Wrong Yubico OTPs in a row. */
  yubicoFailures: number
  /** Wrong typed codes of all types in a row. */
  failures: number
}

/** What importing a whole record says. Always test `ok`. */
export type ImportedRecord =
  | {
      ok: true
      /** False: the user has this very record already. */
      changed: boolean
      /** One TOTP secret is in several entries. A code is accepted once for all of them. */
      repeatedTotp: boolean
    }
  | {
      ok: false
      /**
       * - `other-factors`: the user has another record, and `replace` was not asked for
       * - `user-handle-taken`: its user handle leads to another user
       * - `credential-taken`: another user has a credential with the same id, or with the same user handle
       * - `description`: one is longer than 255 characters, or has control, bidirectional or tag characters
       * - `key`: a credential id, key handle or key URI is longer than enrolment takes
       * - `factor-limit`: it holds more than 256 factors
       * - `record-too-large`: it is larger than 1 MiB, which leaves no room to count wrong codes
       */
      reason:
        | 'other-factors' | 'user-handle-taken' | 'credential-taken' | 'description' | 'key' | 'factor-limit'
        | 'record-too-large'
    }

/** What `indexPasskeys` found. */
export interface IndexedPasskeys {
  /** Users with a passkey or a security key. */
  users: number
  /** Their passkeys and security keys. */
  passkeys: number
  /** Users whose credentials were added to the index by this call. */
  changed: number
  /**
   * Two users who have a credential with the same id. It signs in neither of them without a user name. When one of the
   * two is removed, another call of `indexPasskeys` clears that.
   */
  shared: { users: [string, string] }[]
  /** Users who were left out: `record-corrupt`, `record-sealed`, or `claim-taken` if the record kept changing. */
  failed: { user: string; reason: string }[]
}

/** One page of the users. */
export interface UsersPage {
  users: string[]
  /** Pass it as `after` to get the next page; `null` if this is the last. */
  next: string | null
}

/** What `reseal` did. */
export interface Resealed {
  /** Records that were looked at, with those that hold the counter of a Yubico key. */
  records: number
  /** Those that were sealed again. The others are under the first key already. */
  resealed: number
  /** Records that were left as they are: `record-sealed`, `record-corrupt`, or another error of the record. */
  failed: FailedRecord[]
}

/** How the records of a store are sealed. */
export interface SealReport {
  records: number
  /** The number of records by the id of their key. */
  keys: Record<string, number>
  /** Records that are not sealed. */
  plain: number
  /** Records that the keys of the service don't open. Without `seal`, no record is opened. */
  failed: FailedRecord[]
}

export interface FailedRecord {
  /** The user, or the name of the counter of a Yubico key. */
  user: string
  /** The code of the error. */
  reason: string
}

/** An enrolled key whose model the metadata forbids. */
export interface RevokedKey {
  user: string
  factor: Factor
  status: RevokedStatus
  /** The day since when, `YYYY-MM-DD`, if the metadata says so. */
  since?: string
}

/** What `auditKeys()` found. */
export interface AuditedKeys {
  /** How many users have a record. */
  users: number
  revoked: RevokedKey[]
  /** Records that can't be read. */
  failed: FailedRecord[]
}
