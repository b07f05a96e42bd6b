/**
 * The reason why a ceremony gave no response.
 *
 * - `none-here`: with `immediate`: this device has no passkey for the site, or the user chose none (browsers don't tell
 *   these apart)
 * - `cancelled`: the user closed the dialog or refused, or no authenticator fits (browsers don't tell these apart)
 * - `timeout`: there was no answer in time
 * - `aborted`: the page ended it, with its signal or with the next call
 * - `already-registered`: this authenticator already has a credential of this user
 * - `not-supported`: the browser has no WebAuthn, or no authenticator can do what was asked
 * - `insecure-context`: the page is neither on https nor on localhost
 * - `invalid-domain`: the relying party's id is not this page's domain or a parent of it
 * - `invalid-options`: the options don't have the standard's JSON form
 * - `unknown`: anything else; `cause` is the browser's own error
 */
export type CeremonyErrorCode =
  | 'none-here'
  | 'cancelled'
  | 'timeout'
  | 'aborted'
  | 'already-registered'
  | 'not-supported'
  | 'insecure-context'
  | 'invalid-domain'
  | 'invalid-options'
  | 'unknown'

/** The only error of this module. Branch on its `code`. */
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

/** How a ceremony was run. */
export interface Circumstances {
  aborted: boolean
  /** It took as long as it may. */
  late: boolean
  immediate: boolean
}

export function ceremonyError(error: unknown, method: Method, circumstances: Circumstances): CeremonyError {
  if (error instanceof CeremonyError) return error
  const name = (error as Error | null)?.name ?? ''
  return new CeremonyError(code(name, method, circumstances), error)
}

function code(name: string, method: Method, { aborted, late, immediate }: Circumstances): CeremonyErrorCode {
  if (aborted) return 'aborted'
  if (name === 'NotAllowedError' && immediate) return 'none-here'
  // One error for refusal and time-out, by intent of the standard: only the clock tells them apart.
  if (name === 'NotAllowedError') return late ? 'timeout' : 'cancelled'
  if (name === 'InvalidStateError' && method === 'create') return 'already-registered'
  return codes[name] ?? 'unknown'
}
