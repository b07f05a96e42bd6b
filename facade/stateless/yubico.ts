import * as binding from '#binding'

import { parseCode } from '../shared/answer.js'
import { object, optional } from '../shared/check.js'
import { openEnvelope } from '../shared/envelope.js'
import { jsonText } from '../shared/json.js'
import { checkYubicoCounter, secretsShape } from './yubico-secrets.js'
import type { CheckedSecrets, YubicoCounter } from './yubico-secrets.js'

export type { YubicoCounter } from './yubico-secrets.js'

/** The secrets that were written to a Yubico key when it was programmed. Protect them like passwords in plain text. */
export interface YubicoSecrets {
  /** The AES key: 16 bytes, or 32 hexadecimal digits. */
  key: Uint8Array | string
  /**
   * The private id: 6 bytes, or 12 hexadecimal digits. It is required, because the rest of an OTP has only a checksum of 16
   * bits: one random OTP in 65536 would be right. It can't be learned from an OTP. If it is lost, program the key again.
   */
  uid: Uint8Array | string
}

/** The input of {@link verifyYubicoOtp}. */
export interface VerifyYubicoOptions extends YubicoSecrets {
  /** The text that the key typed. Upper case, blanks around it and OTPs typed on a Dvorak layout are accepted. */
  otp: unknown
  /** The counter of the last accepted OTP. Only later OTPs are accepted. */
  lastCounter?: YubicoCounter
}

/**
 * Returns the public id of an OTP, by which you find the secrets of the key: 0 to 16 characters, usually 12. Returns `null` if
 * the text is no OTP.
 */
export function yubicoPublicId(otp: unknown): string | null {
  const typed = parseCode(otp)
  return typed === undefined ? null : openEnvelope<string | null>(binding.yubicoPublicId(typed)).value
}

/**
 * Verifies a Yubico OTP with the key's secrets, without asking a server. Returns `null` if it is wrong or malformed, or not
 * later than `lastCounter`.
 *
 * Store the `counter` of every accepted OTP, and pass it as `lastCounter` the next time. Compare and store it in one atomic
 * change: otherwise an OTP can be used twice.
 *
 * @throws {CountersignError} `invalid-argument`, naming the member. An OTP never makes it throw.
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
