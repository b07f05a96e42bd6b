import * as binding from '#binding'

import { parseCode } from '../shared/answer.js'
import { object, optional } from '../shared/check.js'
import { openEnvelope } from '../shared/envelope.js'
import { jsonText } from '../shared/json.js'
import { checkYubicoCounter, secretsShape } from './yubico-secrets.js'
import type { CheckedSecrets, YubicoCounter } from './yubico-secrets.js'

export type { YubicoCounter } from './yubico-secrets.js'

/** What was written to a key when it was programmed. These are secrets: protect them like passwords in clear. */
export interface YubicoSecrets {
  /** The AES key: 16 bytes, or 32 hexadecimal digits. */
  key: Uint8Array | string
  /**
   * The private id: 6 bytes, or 12 hexadecimal digits. Required: the rest of an OTP holds a check sum of 16 bits alone,
   * so one random OTP in 65536 would be right. It is never learned from an OTP; program a key anew if its private id is lost.
   */
  uid: Uint8Array | string
}

export interface VerifyYubicoOptions extends YubicoSecrets {
  /** What the key typed, as text; upper case and blanks around it are taken for what they mean. */
  otp: unknown
  /** The counter of the last success: only later OTPs are accepted. */
  lastCounter?: YubicoCounter
}

/** The public id of an OTP, 0 to 16 characters (12 as a rule), to find the key's secrets by; `null`: it is no OTP. */
export function yubicoPublicId(otp: unknown): string | null {
  const typed = parseCode(otp)
  return typed === undefined ? null : openEnvelope<string | null>(binding.yubicoPublicId(typed)).value
}

/**
 * Verifies a Yubico OTP with the AES key, asking no server. `null`: wrong, malformed, or not later than `lastCounter`.
 * Store the `counter` of every success and give it as `lastCounter` the next time, in one atomic change.
 *
 * @throws {CountersignError} `invalid-argument`, naming the member; never for the OTP
 *
 * @example
 * const match = verifyYubicoOtp({ otp: body.otp, key: row.aesKey, uid: row.uid, lastCounter: row.counter })
 * if (match === null) return reply.status(401).send()
 * await saveCounterIfLater(row.id, match.counter)
 */
export function verifyYubicoOtp(options: VerifyYubicoOptions): { publicId: string; counter: YubicoCounter } | null {
  const { otp, lastCounter, ...key } = checkVerify(options, '')
  const typed = parseCode(otp)
  if (typed === undefined) return null
  const request = jsonText({ otp: typed, key, lastCounter })
  return openEnvelope<{ publicId: string; counter: YubicoCounter } | null>(binding.yubicoVerify(request)).value
}

const checkVerify = object<CheckedSecrets & { otp?: unknown; lastCounter?: YubicoCounter }>({
  ...secretsShape,
  otp: (value) => value,
  lastCounter: optional(checkYubicoCounter),
})
