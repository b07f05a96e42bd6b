import { CountersignError } from './errors.js'
import { isKeyCounter } from './key-counter.js'

/** Turns an argument of the host into a fresh, checked value, or throws `invalid-argument` with the argument's name. */
export type Check<T> = (value: unknown, name: string) => T

/**
 * The error for a wrong argument. It names the argument, never its value, and says what was expected: `wanted`, or what
 * {@link hints} has for this name.
 */
export function invalid(name: string, wanted?: string): CountersignError {
  const expected = Object.hasOwn(hints, name) ? hints[name] : (wanted ?? (name === 'account' ? accountText : undefined))
  const shown = name.startsWith('uri.') ? 'uri' : name
  return wrong(expected === undefined ? `${shown} is not valid` : `${shown} must be ${expected}`)
}

function wrong(detail: string): CountersignError {
  return new CountersignError('invalid-argument', { detail })
}

/** What an account's name has to be; the core refuses some of them, too. */
export const accountText = 'the text that phone apps show, at most 255 bytes, without a colon or control characters'

const privateId =
  'the private id of the Yubico key, 6 bytes or 12 hexadecimal digits (program the key again if its private id is lost)'

/**
 * What is expected of the arguments that people most often get wrong, and of those that only the core checks. A name that
 * means different things in different calls has no place here: the check itself says what it wants.
 */
const hints: Record<string, string> = {
  countersign: 'what Countersign.open() resolves with (await it)',
  basePath: 'a path such as /countersign, without a trailing slash',
  request: 'a standard Request (toNodeListener(handler) takes those of Node, Express and Fastify)',
  handler: 'the handler of your sessions (sessions.handler), or what createHandler() returns',
  bytes: 'the contents of the file, as a Buffer or Uint8Array',
  uri: 'a key URI such as otpauth://totp/Example:ann?secret=..., without secret or parameters beside it',
  // The part that is wrong, as the reader in the core names it.
  'uri.type': 'a key URI of the type totp (HOTP and others are not supported)',
  'uri.label': 'a key URI whose label is percent-encoded text without control characters',
  'uri.issuer': 'a key URI with one issuer, percent-encoded text without control characters',
  'uri.secret': 'a key URI with one secret, in base32',
  'uri.algorithm': 'a key URI with one algorithm: SHA1, SHA256 or SHA512',
  'uri.digits': 'a key URI with one number of digits, from 6 to 8',
  'uri.period': 'a key URI with one period, in seconds, above 0',
  'uri.encoder': "a key URI without an encoder (Steam's codes are not supported)",
  'uri.fragment': 'a key URI without parameters behind a # (write %23 for a # in a name)',
  trustAnchors: 'a list of certificates, as PEM text or DER bytes',
  'credential.aaguid': 'a UUID',
  'credential.publicKey': 'the COSE key that the registration returned',
  rp: 'an object { id, name, origins }',
  'rp.id': 'a domain name in lower case, such as example.com, without a scheme or port',
  'rp.origins': "a list of origins such as ['https://example.com'], each without a path or trailing slash",
  'yubico.secrets.uid': privateId,
  uid: privateId,
  'webauthn.trustAnchors': 'a list of certificates, as PEM text or DER bytes',
}

/** The host's id of a user: well-formed Unicode, 1 to 256 bytes of UTF-8. */
export function checkUser(user: unknown): string {
  if (typeof user === 'number') throw invalid('user', 'text (pass String(id) for a number)')
  const checked = text(256)(user, 'user')
  if (isKeyCounter(checked)) throw invalid('user', 'a text that does not begin with countersign:yubico:')
  return checked
}

/** Whether {@link checkUser} takes it. */
export function isUser(user: unknown): user is string {
  return isText(user, 256) && !isKeyCounter(user)
}

/** Whether a `tfa.cfg` may hold it as a user's name, although {@link checkUser} refuses it. */
export function isForeignName(user: unknown): user is string {
  return typeof user === 'string' && isWellFormed(user) && (user === '' || !fits(user, 256))
}

/**
 * Whether a record may have an entry with this id. An imported record or a file of Proxmox may have any text, so this is all
 * that bounds it: a record is never so long.
 */
export function isEntryId(id: unknown): id is string {
  return typeof id === 'string' && id.length <= 2 ** 21 && isWellFormed(id)
}

export const entryId: Check<string> = (value, name) => {
  if (!isEntryId(value)) throw invalid(name, 'the id of a factor')
  return value
}

/** Well-formed Unicode, not empty, at most `max` bytes of UTF-8. */
export const text = (max: number): Check<string> => textThatIs(`text of 1 to ${max} bytes`, max)

/** The same, but what was expected is said in these words. */
export function textThatIs(wanted: string, max: number): Check<string> {
  return (value, name) => {
    if (!isText(value, max)) throw invalid(name, wanted)
    return value
  }
}

function isText(value: unknown, max: number): value is string {
  return typeof value === 'string' && value !== '' && fits(value, max) && isWellFormed(value)
}

/** Whether a text has at most `max` bytes of UTF-8. */
export function fits(value: string, max: number): boolean {
  // At most three bytes a unit: most texts need not be looked at.
  return value.length * 3 <= max || Buffer.byteLength(value) <= max
}

/** The user's name for a factor; see {@link isDescription}. */
export const description: Check<string> = (value, name) => {
  if (!isDescription(value)) {
    throw invalid(name, 'text of at most 255 characters, without control, bidirectional control and tag characters')
  }
  return value
}

/**
 * Whether this is allowed as a user's name for a factor: at most 255 characters, no control characters, no
 * bidirectional controls and no tag characters, which can make one factor look like another. It may be empty.
 */
export function isDescription(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > 510 || !isWellFormed(value)) return false
  return !unfitForNames.test(value) && [...value].length <= 255
}

/** Whether a text has none of the characters that can make one name look like another; see {@link isDescription}. */
export const isFitForName = (text: string): boolean => !unfitForNames.test(text)

/** In well-formed text, tag characters (U+E0000 to U+E007F) are these two units. */
// oxlint-disable-next-line no-control-regex -- these are what it is for
const unfitForNames = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|\udb40[\udc00-\udc7f]/

/** Who did something, in the host's words: a {@link description} that is not empty. */
export const actor: Check<string> = (value, name) => {
  if (value === '' || !isDescription(value)) {
    throw invalid(name, 'text of 1 to 255 characters, without control, bidirectional control and tag characters')
  }
  return value
}

/** Removes what {@link isDescription} refuses. Control characters become blanks; cut at 255 characters. */
export function asDescription(value: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what it is for
  const plain = value.replaceAll(/[\x00-\x1f\x7f-\x9f]/g, ' ').split(unfitForNames).join('')
  return [...plain.trim()].slice(0, 255).join('')
}

/** A safe integer from `min` to `max`, both included. */
export function integer(min: number, max: number): Check<number> {
  return (value, name) => {
    if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max) {
      throw invalid(name, `an integer from ${min} to ${max}`)
    }
    return value as number
  }
}

/** Epoch milliseconds, up to the end of the year 9999. */
export const epochMilliseconds: Check<number> = (value, name) => {
  if (!Number.isSafeInteger(value) || (value as number) < 0 || (value as number) > 253_402_300_799_999) {
    throw invalid(name, 'epoch milliseconds, like Date.now(): an integer from 0 to 253402300799999')
  }
  return value as number
}

/** Epoch milliseconds from 1974 on. What is earlier is in another unit, as a rule in seconds. */
export const todaysMilliseconds: Check<number> = (value, name) => {
  if (epochMilliseconds(value, name) < earliest) {
    throw invalid(name, `epoch milliseconds, like Date.now(): a date from 1974 on (${earliest}), so maybe yours is in seconds`)
  }
  return value as number
}

/** The first millisecond of 1974. A time of today in seconds is before it. */
export const earliest = 126_230_400_000

export const flag: Check<boolean> = (value, name) => {
  if (typeof value !== 'boolean') throw invalid(name, 'true or false')
  return value
}

/** A function that returns the time in epoch milliseconds. */
export const clock: Check<() => number> = (value, name) => {
  if (typeof value !== 'function') throw invalid(name, 'a function')
  return value as () => number
}

export function oneOf<const T extends string | number>(...allowed: T[]): Check<T> {
  return (value, name) => {
    if (!allowed.includes(value as T)) throw invalid(name, `one of ${allowed.join(', ')}`)
    return value as T
  }
}

export function listOf<T>(check: Check<T>, { min = 0, max = 1000 } = {}): Check<T[]> {
  return (value, name) => {
    if (!Array.isArray(value) || value.length < min || value.length > max) {
      throw invalid(name, `a list of ${min} to ${max} items`)
    }
    const copy: T[] = []
    for (let index = 0; index < value.length; index += 1) copy.push(check(own(value, index), `${name}[${index}]`))
    return copy
  }
}

/** `undefined` counts as absent; `null` does not. */
export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value, name) => (value === undefined ? undefined : check(value, name))
}

/**
 * The same for an option that protects something: a member that is there but `undefined`, as an environment variable that is
 * not set, is refused, so that the protection doesn't go missing without a word.
 *
 * @param without what the host gets by leaving it out
 */
export function ifGiven<T>(check: Check<T>, without: string): Check<T | undefined> {
  const ifGiven = optional(check)
  withoutIt.set(ifGiven, without)
  return ifGiven
}

const withoutIt = new WeakMap<Check<unknown>, string>()

/** base64url without padding, of `min` to `max` bytes. */
export function base64url(min: number, max: number): Check<string> {
  const wanted = `base64url without padding, of ${min} to ${max} bytes`
  return (value, name) => {
    if (typeof value !== 'string' || value.length > Math.ceil((max * 4) / 3)) throw invalid(name, wanted)
    const bytes = Math.floor((value.length * 3) / 4)
    if (bytes < min || bytes > max || !isBase64url(value)) throw invalid(name, wanted)
    return value
  }
}

/**
 * The one spelling of some bytes: no padding, and no bits that are not used (RFC 4648, 3.5). One expression for all of it
 * takes more than twice as long.
 */
function isBase64url(text: string): boolean {
  const left = text.length % 4
  if (left === 1 || !base64urlCharacters.test(text)) return false
  return left === 0 || (left === 2 ? 'AQgw' : 'AEIMQUYcgkosw048').includes(text.slice(-1))
}

const base64urlCharacters = /^[\w-]*$/

/** Bytes, as base64url text or as a `Uint8Array`. */
export function bytesOrBase64url(min: number, max: number): Check<string> {
  const checkText = base64url(min, max)
  return (value, name) => {
    if (value instanceof Uint8Array && value.length > max) throw invalid(name, `${min} to ${max} bytes`)
    return checkText(value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : value, name)
  }
}

/** That many bytes, as hexadecimal text or as a `Uint8Array`; lower-case text comes out. */
export function hexOrBytes(length: number): Check<string> {
  return (value, name) => {
    const hex = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
    if (typeof hex !== 'string' || hex.length !== length * 2 || !/^[\dA-Fa-f]+$/.test(hex)) {
      throw invalid(name, `${length} bytes, as hexadecimal text or a Uint8Array`)
    }
    return hex.toLowerCase()
  }
}

/**
 * An object with these members and no others, because a misspelt option must not silently weaken anything. Reads only
 * own properties. Absent members stay absent in the copy; see also {@link ifGiven}.
 */
export function object<T extends object>(shape: Shape<T>, { others = false } = {}): Check<T> {
  const known = Object.entries<Check<unknown>>(shape).map(([key, check]) => new Known(key, check))
  return (value, name) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(name || 'options', 'an object')
    const place = name === '' ? '' : `${name}.`
    if (!others) refuseUnknown(value, shape, name, place)
    const copy = new Bare()
    for (const member of known) {
      const { key, check, without } = member
      const isThere = Object.hasOwn(value, key)
      if (!isThere && member.mayLack) continue
      const checked = check(isThere ? (value as Record<string, unknown>)[key] : undefined, place + key)
      if (checked !== undefined) copy[key] = checked
      else if (!isThere) member.mayLack = true
      else if (without !== undefined) {
        throw wrong(`${place}${key} is undefined: set what it is read from, or leave the member out ${without}`)
      }
    }
    return copy as T
  }
}

/** A member that an object may have. */
class Known {
  readonly key: string
  readonly check: Check<unknown>
  readonly without: string | undefined
  /** Whether it is known that the check lets it be absent: most members of most options are. */
  mayLack = false

  constructor(key: string, check: Check<unknown>) {
    this.key = key
    this.check = check
    this.without = withoutIt.get(check)
  }
}

/** Inherits nothing that others could add to, and is as fast as a literal: an object without a prototype is not. */
class Bare {
  [name: string]: unknown

  static {
    Object.setPrototypeOf(this.prototype, null)
    // @ts-expect-error the one member that a class gives to its objects
    delete this.prototype.constructor
    Object.freeze(this.prototype)
  }
}

/** `undefined` where a check refuses: for what may well be a client's, which never makes a call throw. */
export function fromOutside<T>(check: Check<T>): (value: unknown) => T | undefined {
  return (value) => {
    try {
      return check(value, '')
    } catch {
      return undefined
    }
  }
}

/** A check for each member of `T`. */
export type Shape<T> = { [K in keyof T]-?: Check<T[K] | ({} extends Pick<T, K> ? undefined : never)> }

/** An own property, or `undefined`: never an inherited one. */
export function own(value: object, key: PropertyKey): unknown {
  return Object.hasOwn(value, key) ? (value as Record<PropertyKey, unknown>)[key] : undefined
}

/** A member of an object or of its class, such as a getter of a database's row; never one that all objects inherit. */
export function memberOf(value: object, key: PropertyKey): unknown {
  for (let place: object | null = value; place !== null && place !== Object.prototype; place = Object.getPrototypeOf(place) as object | null) {
    if (Object.hasOwn(place, key)) return Reflect.get(value, key)
  }
  return undefined
}

/** False for text with a lone surrogate, which would be stored as another text. */
export function isWellFormed(value: string): boolean {
  return wellFormed.call(value)
}

/** Node 20 has it; the library's types are older. */
const wellFormed = (String.prototype as unknown as { isWellFormed(): boolean }).isWellFormed

function refuseUnknown(value: object, shape: object, name: string, place: string): void {
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(shape, key)) continue
    const expected = `expected one of ${Object.keys(shape).join(', ')}`
    // Anything that does not look like an option's name may be a value in the wrong place.
    const looksLikeName = key.length <= 40 && /^[a-z]+(?:[A-Z]{1,4}[a-z]+)*[A-Z]{0,4}$/.test(key)
    if (looksLikeName) throw wrong(`${place}${key} is not an option: ${expected}`)
    throw wrong(`${name || 'options'} has a member that is not an option: ${expected}`)
  }
}
