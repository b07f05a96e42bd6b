/** Every code that a {@link CountersignError} can have. The list only grows. */
export const errorCodes = [
  /** An argument of the host has the wrong type or range; the message names the argument. */
  'invalid-argument',
  /** A stored record can't be read; the message names the user and the place. The record is left as it was. */
  'record-corrupt',
  /** The change would make the user's record larger than 1 MB. */
  'record-too-large',
  /** The host said `enrolled: true`, and the store holds no record of this user. */
  'record-missing',
  /** Recovery codes need another factor beside them. */
  'factor-required',
  /** The user holds as many factors as are allowed. */
  'factor-limit',
  /** The bytes are no configuration file of either format; the message says what is wrong with each, and where. */
  'config-corrupt',
  /** The configuration file is larger than `maxBytes`. */
  'config-too-large',
  /** A store or a look-up of the host threw, or answered what none may; what it threw is the `cause`. */
  'store-failed',
  /** Others changed this record at the same moment, again and again; nothing was written, a new call may work. */
  'store-busy',
  /** A store would lose what it is given: a Redis that evicts keys when its memory is full. */
  'store-refused',
  /** A lock on a file was not free in time. */
  'lock-timeout',
  /** A directory is missing, open to others, not ours, or a symbolic link. */
  'directory-refused',
  /** There is no native binding for this platform, or it can't be loaded. */
  'binding-not-found',
  /** The service was closed. */
  'closed',
  /** A defect of this package. */
  'internal',
] as const

export type CountersignErrorCode = (typeof errorCodes)[number]

/**
 * The one error class: a programming error of the host, or a store that failed.
 *
 * A refused answer is no error but an outcome (`{ ok: false, reason }`). No message carries a code, a secret or any
 * other argument; only the user's id (`record-corrupt`) and the host's own paths appear.
 */
export class CountersignError extends Error {
  /** Stable, made to be branched on. */
  readonly code: CountersignErrorCode

  /**
   * @param code one of {@link errorCodes}
   * @param options `detail`: what the message may say beside its fixed text (the name of an argument, a place, a
   *   path); `cause`: what a store threw
   */
  constructor(code: CountersignErrorCode, options: { detail?: string; cause?: unknown } = {}) {
    const { detail } = options
    const message = detail === undefined ? texts[code] : `${texts[code]}: ${detail}`
    super(message, 'cause' in options ? { cause: options.cause } : {})
    this.code = code
  }

  static {
    this.prototype.name = 'CountersignError'
  }
}

/**
 * True for an error of this package, and, with a `code`, for that error alone.
 *
 * @example
 * if (isCountersignError(err, 'record-missing')) askAnAdministrator()
 */
export function isCountersignError(err: unknown, code?: CountersignErrorCode): err is CountersignError {
  return err instanceof CountersignError && (code === undefined || err.code === code)
}

const texts: Record<CountersignErrorCode, string> = {
  'invalid-argument': 'Invalid argument',
  'record-corrupt': 'A stored record can not be read',
  'record-too-large': 'The record of this user would be too large',
  'record-missing': 'This user is said to be enrolled, and there is no record',
  'factor-required': 'Recovery codes need another factor beside them',
  'factor-limit': 'This user holds as many factors as are allowed',
  'config-corrupt': 'This is no tfa.cfg',
  'config-too-large': 'The configuration file is larger than maxBytes',
  'store-failed': 'The store failed',
  'store-busy': 'Others changed this record at the same moment, again and again',
  'store-refused': 'The store would lose records',
  'lock-timeout': 'A lock was not free in time',
  'directory-refused': 'The directory is refused',
  'binding-not-found': 'No native binding of countersign was found for this platform',
  closed: 'The service was closed',
  internal: 'An internal error',
}
