import type { FactorType } from '../shared/factor.js'

/**
 * The name of the `node:diagnostics_channel` on which every service of this process publishes its events, with or
 * without an `onEvent`. Each message is a {@link CountersignEvent}.
 *
 * Subscribers run before the call returns, and can't change its result. What a subscriber throws becomes an
 * `uncaughtException` of the process, as on every channel of Node.
 *
 * @example
 * subscribe(eventChannel, (event) => log.info(event))
 */
export const eventChannel = 'countersign:event'

/** What can happen. New ones may be added. */
export const eventTypes = [
  'enrolled',
  /** `importFactors` added a factor, which was not verified here. */
  'imported',
  'updated',
  /** A factor was removed; without `factor`, the whole user. */
  'removed',
  /** An administrator demanded that the user enrols at the next sign-in. */
  'enrolment-required',
  'verified',
  /** An answer was refused. `reason` says why, in more detail than the client gets. */
  'rejected',
  /** Typed codes of this type are refused from now on. */
  'locked',
  'unlocked',
  'recovery-codes-created',
  /** NIST SP 800-63B-4, 4.2.1.1: tell the user. */
  'recovery-code-used',
  /** A browser is remembered from now on. */
  'browser-remembered',
  /** A remembered browser signed in without a factor. */
  'browser-recognised',
  /** By the user, the host or an administrator; other ends (a removed factor, 30 days) are not told. */
  'browser-forgotten',
  /** A token was used that had been replaced before: it was copied. The browser is forgotten. Tell the user. */
  'browser-token-reused',
  /** The user has to enrol something by a date that is stored now. Told once; tell the user. */
  'deadline-set',
  /** An administrator deleted the stored date: the next sign-in stores a new one. */
  'deadline-cleared',
  /** The server looks set up wrongly: `reason` says how, `message` names both sides and the remedy. */
  'warning',
] as const

export type EventType = (typeof eventTypes)[number]

/**
 * Something that happened, for the host's log and for mails to the user. It is sent after the store has committed. It
 * is never part of an answer to the client, and never contains a code, a secret or a key.
 */
export interface CountersignEvent {
  type: EventType
  /** Empty if a passkey was refused that belongs to no user here. */
  user: string
  /** Epoch milliseconds. */
  at: number
  factor?: { type: FactorType | 'unknown'; id?: string }
  /**
   * The detailed reason of a refusal, such as `wrong-code`, `challenge-missing` or `signature-invalid`, or a
   * {@link WarningReason}. `docs/troubleshooting.md` lists all of them.
   */
  reason?: string
  /** The number of unused recovery codes. */
  left?: number
  /** With `malformed`: which member it is, by a name out of a fixed list. */
  member?: string
  /** With `origin-mismatch`: the origin of the page or app, if it parses as one of at most 255 ASCII characters. */
  origin?: string
  /** With `origin-mismatch`: the origins that are accepted. */
  origins?: string[]
  /**
   * With `wrong-code`: how many steps of the app away the code would be right, at most 20; negative for a code of
   * before. A clock is off. It is looked for once a minute for each user, and changes nothing.
   */
  drift?: number
  /** With `browser-...`: the `id` of the browser in `browsers()`. */
  browser?: string
  /** Who made a change, if the call said so with `by`. */
  by?: string
  /** Where the call came from, if it said so with `from`. */
  from?: string
  /** With `warning`: a text for the log. */
  message?: string
}

/** What a `warning` is about. Each is sent once a minute at most. */
export type WarningReason =
  /** A request comes from a page at another origin than `rp.origins`. */
  | 'wrong-origin'
  /** A ceremony took place on a page at another origin than `rp.origins`. */
  | 'origin-mismatch'
  /** The HTTP handler is mounted at another path than `basePath`. */
  | 'mount-path'
  /** `user()` returned `at` in seconds. */
  | 'at-in-seconds'
  /** A session is the same after `onVerified` as it was before. */
  | 'session-not-saved'
  /** A wrong code is right at another time, or `user()` returned an `at` that lies ahead: a clock is off. */
  | 'clock'
  /** `rp.id` is a public suffix, such as `co.uk`: browsers refuse it. */
  | 'public-suffix'
  /** The audit log could not be written. */
  | 'audit-failed'
