import { hexOrBytes, integer, object } from '../shared/check.js'
import type { Check, Shape } from '../shared/check.js'

/** The secrets of a Yubico key as hexadecimal text. */
export interface CheckedSecrets {
  key: string
  uid: string
}

export const secretsShape: Shape<CheckedSecrets> = { key: hexOrBytes(16), uid: hexOrBytes(6) }

export const checkYubicoSecrets: Check<CheckedSecrets> = object<CheckedSecrets>(secretsShape)

/** The counters of a Yubico key. They grow with each OTP. */
export interface YubicoCounter {
  /** How often the key was plugged in, 0 to 32767. */
  use: number
  /** How often it was touched since it was plugged in, 0 to 255. */
  session: number
}

export const checkYubicoCounter: Check<YubicoCounter> = object<YubicoCounter>({
  use: integer(0, 0x7fff), session: integer(0, 0xff),
})
