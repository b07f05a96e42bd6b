/** Every code that a {@link ClientError} can have. The list only grows. */
export const clientErrorCodes = [
  /** Nobody is signed in: the first factor (a password, a token) comes before this. */
  'not-signed-in',
  /** The user has no factor that could answer. */
  'no-factor',
  /** The user has factors, and no phone app among those that may answer now. */
  'totp-not-offered',
  /** The code was refused twice: another secret, a clock that is wrong (`skew`), or somebody else used both. */
  'rejected',
  /** Too many wrong codes: the server takes none of this type for now. */
  'locked',
  /** The server answered what this protocol doesn't know; `status` says what. Is `url` where it is mounted? */
  'unexpected-answer',
  /** There was no answer, or not in time; the `cause` says why. */
  'unreachable',
] as const

export type ClientErrorCode = (typeof clientErrorCodes)[number]

/** Why a client could not do what it was asked for. It never holds a code, a secret or a cookie. */
export class ClientError extends Error {
  /** Stable, made to be branched on. */
  readonly code: ClientErrorCode
  /** The HTTP status of the server's answer, if there was one. */
  readonly status?: number
  /** The server's clock less ours, milliseconds, as its `Date` header says; right to a second at best. */
  readonly skew?: number

  /** @internal */
  constructor(code: ClientErrorCode, options: { status?: number; skew?: number; cause?: unknown } = {}) {
    const { status, skew, cause } = options
    super(texts[code] + hint(code, skew), cause === undefined ? {} : { cause })
    this.code = code
    if (status !== undefined) this.status = status
    if (skew !== undefined) this.skew = skew
  }

  static {
    this.prototype.name = 'ClientError'
  }
}

const texts: Record<ClientErrorCode, string> = {
  'not-signed-in': 'Nobody is signed in',
  'no-factor': 'There is no second factor to answer with',
  'totp-not-offered': 'The server does not take a TOTP code of this user now',
  rejected: 'The server refused the code',
  locked: 'The server takes no codes after too many wrong ones',
  'unexpected-answer': 'The server answered something else than this protocol',
  unreachable: 'The server did not answer',
}

/** A clock that is off is what makes a right secret fail. */
function hint(code: ClientErrorCode, skew: number | undefined): string {
  if (code !== 'rejected' || skew === undefined || Math.abs(skew) < 10_000) return ''
  return `; this machine's clock and the server's differ by ${Math.round(Math.abs(skew) / 1000)} seconds`
}
