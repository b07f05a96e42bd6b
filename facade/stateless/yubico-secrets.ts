import { hexOrBytes, object } from '../shared/check.js'
import type { Check, Shape } from '../shared/check.js'

/** The secrets of a key as hexadecimal text. */
export interface CheckedSecrets {
  key: string
  uid: string
}

export const secretsShape: Shape<CheckedSecrets> = { key: hexOrBytes(16), uid: hexOrBytes(6) }

export const checkYubicoSecrets: Check<CheckedSecrets> = object<CheckedSecrets>(secretsShape)
