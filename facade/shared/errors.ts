import { presentable } from './cause.js'

/** All codes that a {@link CountersignError} can have. New ones may be added. */
export const errorCodes = [
  /** An argument of the host has the wrong type or range. The message names the argument and says what was expected. */
  'invalid-argument',
  /** A stored record can't be read. The message names the user and the place. The record stays as it was. */
  'record-corrupt',
  /**
   * A record or challenge is sealed and the keys of `seal` don't open it, or it is not sealed and `seal.plain` is `refuse`.
   * The message names the user, and the key by its id. Nothing was changed.
   */
  'record-sealed',
  /** The change would make the user's record larger than 1 MB. */
  'record-too-large',
  /** The host passed `enrolled: true`, but the store has no record of this user. */
  'record-missing',
  /** Recovery codes need another factor first, unless they replace older ones. */
  'factor-required',
  /** The user already has as many factors as allowed. */
  'factor-limit',
  /** The bytes are not a configuration file of either format. The message says what is wrong with each, and where. */
  'config-corrupt',
  /** The configuration file is larger than `maxBytes`. */
  'config-too-large',
  /**
   * A store or a callback of the host threw, or returned something it may not. What it threw is the `cause`: its name,
   * message, stack and `code`, and the same of nested errors, without anything else that a driver attaches.
   */
  'store-failed',
  /** Other calls kept changing this record at the same time. Nothing was written; a new call may work. */
  'store-busy',
  /**
   * A claim of the record (`RecordChange.claims`) is another user's. Stores reject with it, and have written nothing. No
   * method of `Countersign` does: it refuses the credential.
   */
  'claim-taken',
  /** The text is no valid metadata of FIDO. The message says why. The metadata from before is still good. */
  'metadata-refused',
  /**
   * The store could lose what it is given: a Redis that evicts keys when its memory is full, a SQLite without
   * `synchronous = FULL`, tables of another version. The message says which.
   */
  'store-refused',
  /** A lock on a file was not free in time, or the host's own transaction on a SQLite handle was still open. */
  'lock-timeout',
  /** A directory, a file or a lock file is missing, open to others, not owned by this user, or a symbolic link. */
  'directory-refused',
  /** This platform lacks what is asked for; the message names alternatives. */
  'not-supported',
  /** There is no native addon for this platform, or it can't be loaded. */
  'binding-not-found',
  /** The service was closed. */
  'closed',
  /** A defect of this package. */
  'internal',
] as const

export type CountersignErrorCode = (typeof errorCodes)[number]

/**
 * The only error class: a programming error of the host, or a store that failed.
 *
 * A refused answer is not an error but an outcome (`{ ok: false, reason }`). No message contains a code, a secret or any
 * other argument. Only the user's id (`record-corrupt`,
 * `record-sealed`), the id of a key and the host's own paths appear.
 */
export class CountersignError extends Error {
  /** Stable: branch on it. */
  readonly code: CountersignErrorCode

  /**
   * @param code one of {@link errorCodes}
   * @param options `detail`: what the message says after its fixed text (the name of an argument, a place, a path);
   *   `cause`: what a store threw. What a driver attached to it is left out
   */
  constructor(code: CountersignErrorCode, options: { detail?: string; cause?: unknown } = {}) {
    const { detail } = options
    const message = detail === undefined ? texts[code] : `${texts[code]}: ${detail}`
    super(message, 'cause' in options ? { cause: presentable(options.cause) } : {})
    this.code = code
  }

  static {
    this.prototype.name = 'CountersignError'
  }
}

/**
 * Returns true for an error of this package. With a `code`, only for an error with that code.
 *
 * @example
 * if (isCountersignError(err, 'record-missing')) askAnAdministrator()
 */
export function isCountersignError(err: unknown, code?: CountersignErrorCode): err is CountersignError {
  return err instanceof CountersignError && (code === undefined || err.code === code)
}

const texts: Record<CountersignErrorCode, string> = {
  'invalid-argument': 'Invalid argument',
  'record-corrupt': "A stored record can't be read",
  'record-sealed': "What the store has of a user can't be opened",
  'record-too-large': "This user's record would be larger than 1 MB",
  'record-missing': 'The store has no record of this user, although enrolled: true was passed',
  'factor-required': 'Recovery codes need another factor first',
  'factor-limit': 'This user already has as many factors as allowed',
  'config-corrupt': 'This is not a readable tfa.cfg',
  'config-too-large': 'The configuration file is larger than maxBytes',
  'store-failed': 'The store failed',
  'store-busy': 'Other calls kept changing this record at the same time; nothing was written, try again',
  'claim-taken': "A claim of this record is another user's; nothing was written",
  'metadata-refused': 'The metadata is refused',
  'store-refused': 'The store refuses this',
  'lock-timeout': 'A lock was not free in time',
  'directory-refused': 'The path is refused',
  'not-supported': 'Not supported on this platform',
  'binding-not-found': 'No native addon of countersign was found for this platform',
  closed: 'The service is closed',
  internal: 'Internal error',
}
