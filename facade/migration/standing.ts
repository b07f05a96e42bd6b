import { own } from '../shared/check.js'
import { boolean, plainName } from './values.js'

// What rows say of a factor's state: proved, and neither turned off nor thrown away.

/**
 * Why a factor should sign nobody in, if its row says so.
 *
 * @param layers the row, and the objects inside it that describe the factor
 */
export function standing(...layers: object[]): 'not-proved' | 'turned-off' | undefined {
  const where = (is: (key: string) => boolean) =>
    layers.flatMap((layer) => Object.keys(layer).filter(is).map((key) => own(layer, key)))
  const found = (wanted: ReadonlySet<string>) => where((key) => wanted.has(aspect(key)))
  const says = (is: boolean, wanted: ReadonlySet<string>) => found(wanted).some((value) => boolean(value) === is)
  const isProved = says(true, proofs) || says(true, switches)
  // MySQL may have zeros for a time.
  const never = (value: unknown) => value === null || value === '' || boolean(value) === false || `${value as string}`.startsWith('0000-')
  const states = found(stateNames).map((value) => (typeof value === 'string' ? plainName(value) : value))
  if (says(false, proofs) || says(true, unproofs) || states.some(isUnproved)) return 'not-proved'
  if (!isProved && found(proofTimes).some(never)) return 'not-proved'
  const ended = found(endTimes).some((value) => value !== undefined && !never(value))
  const isOff = says(false, switches) || says(true, ends) || where((key) => flags.has(plainName(key))).some((value) => isSaid(value) && boolean(value) === false)
  return isOff || ended || states.some((state) => off.has(state)) ? 'turned-off' : undefined
}

/** Settings may be under these names too, and none of them. */
const isSaid = (value: unknown) => ['boolean', 'number', 'bigint', 'string'].includes(typeof value) || ArrayBuffer.isView(value)

/** The name of a member without the words that only say which factor it is about: `isTwoFactorEnabled` is `enabled`. */
function aspect(key: string): string {
  const name = plainName(key)
  for (const subject of subjects) {
    for (const start of [`is${subject}`, `has${subject}`, subject]) if (name.startsWith(start)) return name.slice(start.length)
  }
  return name
}

const secondFactor = ['twofactorauthentication', 'twofactorauth', 'authenticator', 'google2fa', 'twofactor', 'twofa', 'totp', '2fa', 'mfa', 'otp', 'tfa']
/** The longest first. */
const subjects = [
  'twofactorauthentication', 'twofactorauth', 'authenticator', 'credential', 'google2fa', 'twofactor', 'passkey', 'device',
  'factor', 'secret', 'method', 'token', 'twofa', 'totp', '2fa', 'mfa', 'otp', 'tfa', '',
]
/** Switches that are called like what they switch: `totp: false`, `use_2fa: 0`. */
const flags = new Set(['', 'is', 'has', 'use', 'uses', 'using', 'enable', 'enabled', 'activate'].flatMap((start) => secondFactor.map((one) => start + one)))
const proofs = new Set([
  'verified', 'confirmed', 'validated', 'enrolled', 'registered', 'configured', 'setup', 'setupcomplete', 'setupcompleted', 'completed',
])
const unproofs = new Set(['pending', 'unverified', 'unconfirmed', 'temporary', 'temp'])
const proofTimes = new Set(['verified', 'confirmed', 'enabled', 'activated', 'activation', 'verification', 'confirmation'].flatMap((one) => [`${one}at`, `${one}on`, `${one}date`]))
const switches = new Set(['enabled', 'enable', 'active', 'activated', 'activate', 'on', 'valid', 'requiredforlogin'])
const ended = ['disabled', 'deactivated', 'revoked', 'deleted', 'removed', 'trashed', 'suspended', 'blocked', 'terminated']
const ends = new Set([...ended, 'inactive', 'intrash', 'trash', 'expired', 'lost', 'stolen', 'compromised', 'clonewarning'])
const endTimes = new Set([...ended, 'deletion', 'revocation'].flatMap((one) => [`${one}at`, `${one}on`, `${one}date`]))
const stateNames = new Set(['status', 'state'])
const unproved = new Set<unknown>(['unverified', 'unconfirmed', 'new', 'created', 'initial', 'setup', 'enrolling', 'registering', 'inprogress', 'incomplete'])
const isUnproved = (state: unknown): boolean =>
  unproved.has(state) || (typeof state === 'string' && /^(?:pending|awaiting|waiting|not(?:verified|confirmed|activated|setup|enrolled|configured))|pending$/.test(state))
const off = new Set<unknown>([...ended, 'inactive', 'off', 'trash', 'intrash', 'expired', 'lost', 'stolen', 'replaced', 'retired', 'cancelled', 'canceled', 'deprovisioned', 0])
