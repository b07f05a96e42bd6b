import type { Factor } from '../shared/factor.js'
import type { Assurance, Requirement } from './assurance.js'

/** Says what a user has to have enrolled, and until when. `null`: nothing. */
export type Policy = (subject: PolicySubject) => Duty | null | Promise<Duty | null>

/** Whom a policy is asked about. */
export interface PolicySubject {
  user: string
  /** As `factors()` returns them. */
  factors: Factor[]
  /** Of the session that asks. Absent in a report, and before anything was proved. */
  assurance?: Assurance
}

/** What a policy answers. Unknown members are refused, so that a misspelt one can't weaken anything. */
export interface Duty {
  /**
   * What a factor has to be able to prove, or `true` for any factor but recovery codes. Disabled factors don't count, nor do
   * those that the service doesn't accept. Default false: nothing is required.
   */
  require?: boolean | Requirement
  /**
   * Until when, in epoch milliseconds. It may be relative, such as `Date.now() + 14 * 86_400_000`: the first answer is stored,
   * and no later one prolongs it. An earlier one replaces it. Without `by`, it is required at once.
   */
  by?: number
  /** Which reminders the page may show, or `true` for all. Default true. */
  remind?: boolean | Reminder[]
}

/**
 * What the page should remind the user of.
 *
 * - `few-codes`: 3 recovery codes or fewer are left
 * - `one-method`: there is one enabled factor. If it is lost, recovery codes are all that is left
 * - `synced-only`: every enabled factor is a passkey that is synced, so one account of a passkey provider holds them all
 */
export type Reminder = 'few-codes' | 'one-method' | 'synced-only'

export type EnforcementState = 'none' | 'grace' | 'expiring' | 'required'

/** Where a user stands against the policy. */
export interface Enforcement {
  /**
   * - `none`: nothing is missing
   * - `grace`: something is, and there is time until `by`
   * - `expiring`: the same, in the last 7 days
   * - `required`: that time is over
   */
  state: EnforcementState
  /** What is missing, unless the state is `none`. Empty if any factor will do. */
  require?: Requirement
  /** Until when, epoch milliseconds, unless the state is `none`. */
  by?: number
  reminders: Reminder[]
}

/** A line of a report. */
export type Reported =
  | {
      user: string
      state: EnforcementState
      /** As in {@link Enforcement}. */
      require?: Requirement
      by?: number
      /** The types of the user's factors, disabled ones and recovery codes included. Empty if the user has no record. */
      factors: Factor['type'][]
    }
  /** The user's record can't be read: `reason` is the code of the error. */
  | { user: string; state: 'failed'; reason: string }
