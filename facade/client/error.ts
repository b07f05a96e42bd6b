/** All codes that a {@link ClientError} can have. New ones may be added. */
export const clientErrorCodes = [
  /** No session: sign in with the first factor (a password, a token) before this. */
  'not-signed-in',
  /** The user has no factor that could answer. */
  'no-factor',
  /** The user has factors, but no TOTP app that may answer now. */
  'totp-not-offered',
  /** The code was refused twice: the secret is another one, a clock is wrong (`skew`), or someone else used both codes. */
  'rejected',
  /** Too many wrong codes: the server refuses codes of this type for now. */
  'locked',
  /** The server's answer is not part of this protocol. See `status`, and check that `url` is where it is mounted. */
  'unexpected-answer',
  /**
   * A redirect that is not followed: to another origin with a method other than GET or HEAD, with a body that was a
   * stream, to something that is not http or https, or the 21st in a row. See `status`.
   */
  'redirect-refused',
  /** There was no answer, or not in time. See `cause`. */
  'unreachable',
] as const

export type ClientErrorCode = (typeof clientErrorCodes)[number]

/** Says why a client could not do what it was asked to do. It never contains a code, a secret or a cookie. */
export class ClientError extends Error {
  /** Stable: branch on it. */
  readonly code: ClientErrorCode
  /** The HTTP status of the server's answer, if there was one. */
  readonly status?: number
  /** The server's clock minus ours, in milliseconds, by its `Date` header. Exact to a second at best. */
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
  'not-signed-in': 'Not signed in: sign in with the first factor before this',
  'no-factor': 'This user has no second factor to answer with',
  'totp-not-offered': 'The server does not accept a TOTP code from this user now',
  rejected: 'The server refused the code',
  locked: 'The server refuses codes for now, after too many wrong ones',
  'unexpected-answer': "The server's answer is not part of this protocol: check the status, and that url is where it is mounted",
  'redirect-refused': 'The server redirected this request to where it may not go',
  unreachable: 'The server did not answer',
}

/** A clock that is off is what makes a right secret fail. */
function hint(code: ClientErrorCode, skew: number | undefined): string {
  if (code !== 'rejected' || skew === undefined || Math.abs(skew) < 10_000) return ''
  return `; this machine's clock and the server's differ by ${Math.round(Math.abs(skew) / 1000)} seconds`
}
