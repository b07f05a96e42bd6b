import { parseResponse } from '../shared/answer.js'
import { openEnvelope } from '../shared/envelope.js'
import type { WebauthnReason } from './webauthn-reason.js'

export type Verdict<T> = T | { ok: false; reason: WebauthnReason }

/** Asks the core about a response from outside, which crosses as JSON text beside what the host says about it. */
export function verified<T>(
  response: unknown,
  about: string,
  call: (about: string, response: string) => string,
): Verdict<T> {
  const json = parseResponse(response)
  if (json === undefined) return { ok: false, reason: 'malformed' }
  return openEnvelope<Verdict<T>>(call(about, json)).value
}
