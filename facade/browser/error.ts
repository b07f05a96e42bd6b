/**
 * Why a ceremony gave no response.
 *
 * - `cancelled`: the person closed the dialog or refused; the browser says the same when no authenticator fits
 * - `timeout`: nobody answered in time
 * - `aborted`: the page ended it, by its signal or by the next call
 * - `already-registered`: this authenticator holds a credential of this user
 * - `not-supported`: no WebAuthn here, or no authenticator that can do what was asked
 * - `insecure-context`: neither https nor localhost
 * - `invalid-domain`: the relying party's id is not this page's domain or a parent of it
 * - `invalid-options`: the options are not what the standard's JSON form asks for
 * - `unknown`: anything else; `cause` is the browser's own error
 */
export type CeremonyErrorCode =
  | 'cancelled'
  | 'timeout'
  | 'aborted'
  | 'already-registered'
  | 'not-supported'
  | 'insecure-context'
  | 'invalid-domain'
  | 'invalid-options'
  | 'unknown'

/** The one error of this module: branch on its `code`. */
export class CeremonyError extends Error {
  override readonly name = 'CeremonyError'
  readonly code: CeremonyErrorCode

  constructor(code: CeremonyErrorCode, cause?: unknown) {
    super(`WebAuthn: ${code}`, { cause })
    this.code = code
  }
}

export type Method = 'create' | 'get'

const codes: Record<string, CeremonyErrorCode> = {
  AbortError: 'aborted',
  ConstraintError: 'not-supported',
  InvalidCharacterError: 'invalid-options',
  NotSupportedError: 'not-supported',
  SecurityError: 'invalid-domain',
  TypeError: 'invalid-options',
}

export function ceremonyError(error: unknown, method: Method, aborted: boolean, late: boolean): CeremonyError {
  if (error instanceof CeremonyError) return error
  const name = (error as Error | null)?.name ?? ''
  return new CeremonyError(code(name, method, aborted, late), error)
}

function code(name: string, method: Method, aborted: boolean, late: boolean): CeremonyErrorCode {
  if (aborted) return 'aborted'
  // One error for refusal and time-out, by intent of the standard: only the clock tells them apart.
  if (name === 'NotAllowedError') return late ? 'timeout' : 'cancelled'
  if (name === 'InvalidStateError' && method === 'create') return 'already-registered'
  return codes[name] ?? 'unknown'
}
