import type { Factor, FactorType, TypedFactorType } from '../shared/factor.js'

/** What verifying an answer says. Safe to send to the client as it is. Always test `ok`. */
export type Outcome = Accepted | Refused

export interface Accepted {
  ok: true
  /** The factor that answered. */
  factor: { id: string; type: FactorType; description?: string }
  /** WebAuthn and U2F: whether the authenticator verified the person (PIN, fingerprint). */
  userVerified?: boolean
  /** Recovery codes: how many are left. */
  recoveryCodesLeft?: number
  /** WebAuthn and U2F under `counter: 'report'`: the counter did not grow, the authenticator may be a copy. */
  counter?: 'not-increased'
}

/** What verifying a passkey's answer says: the user too, who was not known before. Always test `ok`. */
export type PasskeyOutcome = (Accepted & { user: string }) | Refused

export interface Refused {
  ok: false
  /**
   * - `rejected`: wrong, used up, expired, of nobody here: deliberately one word for all of them
   * - `malformed`: it is no answer at all
   * - `locked`: typed codes of this type are refused for now; end the pending sign-in
   */
  reason: 'rejected' | 'malformed' | 'locked'
}

/** What finishing an enrolment says. Always test `ok`. */
export type Enrolled =
  | { ok: true; factor: Factor }
  | {
      ok: false
      /**
       * - `rejected`: the proof is wrong, or the enrolment is not open any more
       * - `malformed`: it is no proof at all
       * - `already-enrolled`: this user has this very credential
       * - `not-first`: `firstOnly` was asked for, and there is a factor
       * - `factor-limit`: the user holds as many factors as are allowed
       */
      reason: 'rejected' | 'malformed' | 'already-enrolled' | 'not-first' | 'factor-limit'
    }

/** What changing a factor says. Always test `ok`. */
export type Updated =
  | { ok: true; factor: Factor }
  | {
      ok: false
      /**
       * - `no-such-factor`: this user has no factor of this id
       * - `last-factor`: the last enabled factor can't be disabled, only removed
       * - `not-changeable`: recovery codes can't be renamed or disabled
       */
      reason: 'no-such-factor' | 'last-factor' | 'not-changeable'
    }

/** What removing a factor says. Always test `ok`. */
export type Removed =
  /** The factors that are left: none means that this user has no second factor any more. */
  { ok: true; left: Factor[] } | { ok: false; reason: 'no-such-factor' }

/** What proving a user and removing lost factors says. Always test `ok`. */
export type Reset = { ok: true; removed: Factor[]; left: Factor[]; recoveryCodesLeft: number } | Refused

/** Locks and counters of a user. */
export interface Status {
  /** False when the user has no factor at all. */
  enrolled: boolean
  /** The types that are refused now. */
  locked: TypedFactorType[]
  /** When the lock of all typed codes lifts, epoch milliseconds; `null`: not before an unlock or a WebAuthn success. */
  lockedUntil?: number | null
  /** `null` when there is no set. */
  recoveryCodesLeft: number | null
  /** Wrong TOTP codes in a row. */
  totpFailures: number
  /** Wrong typed codes of all types in a row. */
  failures: number
}

/** One page of the users. */
export interface UsersPage {
  users: string[]
  /** What the next page comes after; `null`: this is the last. */
  next: string | null
}
