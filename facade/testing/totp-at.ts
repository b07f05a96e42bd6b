import { isKeyUri } from '../shared/key-uri.js'
import { totpCode } from '../stateless/totp.js'
import type { TotpParameters } from '../stateless/totp.js'

/**
 * What the phone app shows at a time, for the tests of servers.
 *
 * @param key a base32 secret with the default parameters, an `otpauth:` URI, or parameters
 * @param at epoch milliseconds
 *
 * @example
 * const { enrolment, uri } = await countersign.beginTotp(user, { account: 'ann' })
 * const code = totpAt(uri, Date.now())
 */
export function totpAt(key: string | TotpParameters, at: number): string {
  if (typeof key !== 'string' || isKeyUri(key)) return totpCode(key, at)
  return totpCode({ secret: key }, at)
}
