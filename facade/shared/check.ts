import { CountersignError } from './errors.js'

/** Turns an argument of the host into a fresh, checked value, or throws `invalid-argument` with the argument's name. */
export type Check<T> = (value: unknown, name: string) => T

/** The error for a wrong argument: it names the argument, never its value, and says what is wanted where people err. */
export function invalid(name: string): CountersignError {
  return unwanted(name, Object.hasOwn(hints, name) ? hints[name] : undefined)
}

function unwanted(name: string, wanted: string | undefined): CountersignError {
  return new CountersignError('invalid-argument', { detail: wanted === undefined ? name : `${name} (wanted: ${wanted})` })
}

const hints: Record<string, string> = {
  'new Countersign': 'await Countersign.open(options)',
  'new TfaConfig': 'TfaConfig.parse(bytes) or TfaConfig.create()',
  countersign: 'what Countersign.open() resolves with; await it',
  account: 'what phone apps show, at most 255 bytes, without a colon or control characters',
  session: 'text of 1 to 1024 bytes',
  basePath: 'such as /countersign, without a slash at the end',
  request: 'the standard’s Request; toNodeListener(handler) takes those of Node, Express and Fastify',
  handler: 'what createHandler() gives',
  bytes: 'what is in the file, as a Buffer or Uint8Array',
  rp: '{ id, name, origins }',
  'rp.id': 'a domain name in lower case, such as example.com',
  'rp.origins': 'a list of origins as browsers send them, such as https://example.com, without a slash at the end',
  store: 'a store, such as directoryStore(path), or { users, challenges }',
  yubico: 'in a TfaConfig only with additions: true, which keep the counters',
  'webauthn.trustAnchors': 'certificates as PEM text or DER bytes',
}

/** The host's id of a user: well-formed Unicode, 1 to 256 bytes of UTF-8. */
export function checkUser(user: unknown): string {
  if (typeof user === 'number') throw unwanted('user', 'text; String(id) of a number')
  return text(256)(user, 'user')
}

/** Well-formed Unicode, not empty, at most `max` bytes of UTF-8. */
export function text(max: number): Check<string> {
  return (value, name) => {
    if (typeof value !== 'string' || value === '' || !fits(value, max) || !isWellFormed(value)) throw invalid(name)
    return value
  }
}

/** Whether a text has at most `max` bytes of UTF-8. */
export function fits(value: string, max: number): boolean {
  // At most three bytes a unit: most texts need not be looked at.
  return value.length * 3 <= max || Buffer.byteLength(value) <= max
}

/** What a person called a factor: at most 255 characters, none of them a control character. It may be empty. */
export const description: Check<string> = (value, name) => {
  if (typeof value !== 'string' || value.length > 510 || !isWellFormed(value)) throw invalid(name)
  if (/\p{Cc}/u.test(value) || [...value].length > 255) throw invalid(name)
  return value
}

/** A safe integer of this range, both ends included. */
export function integer(min: number, max: number): Check<number> {
  return (value, name) => {
    if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max) throw invalid(name)
    return value as number
  }
}

/** Epoch milliseconds, up to the end of the year 9999. */
export const epochMilliseconds: Check<number> = integer(0, 253_402_300_799_999)

export const flag: Check<boolean> = (value, name) => {
  if (typeof value !== 'boolean') throw invalid(name)
  return value
}

/** What tells the time, in epoch milliseconds. */
export const clock: Check<() => number> = (value, name) => {
  if (typeof value !== 'function') throw invalid(name)
  return value as () => number
}

export function oneOf<const T extends string | number>(...allowed: T[]): Check<T> {
  return (value, name) => {
    if (!allowed.includes(value as T)) throw invalid(name)
    return value as T
  }
}

export function listOf<T>(check: Check<T>, { min = 0, max = 1000 } = {}): Check<T[]> {
  return (value, name) => {
    if (!Array.isArray(value) || value.length < min || value.length > max) throw invalid(name)
    const copy: T[] = []
    for (let index = 0; index < value.length; index += 1) copy.push(check(own(value, index), `${name}[${index}]`))
    return copy
  }
}

/** `undefined` counts as absent; `null` does not. */
export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value, name) => (value === undefined ? undefined : check(value, name))
}

/** base64url without padding, of `min` to `max` bytes. */
export function base64url(min: number, max: number): Check<string> {
  return (value, name) => {
    if (typeof value !== 'string' || value.length > Math.ceil((max * 4) / 3)) throw invalid(name)
    const bytes = Math.floor((value.length * 3) / 4)
    if (bytes < min || bytes > max || !base64urlText.test(value)) throw invalid(name)
    return value
  }
}

/** The one spelling of some bytes: no padding, and no bits that are not used (RFC 4648, 3.5). */
const base64urlText = /^(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/

/** Bytes, as base64url text or as a `Uint8Array`. */
export function bytesOrBase64url(min: number, max: number): Check<string> {
  const checkText = base64url(min, max)
  return (value, name) => {
    if (value instanceof Uint8Array && value.length > max) throw invalid(name)
    return checkText(value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : value, name)
  }
}

/** That many bytes, as hexadecimal text or as a `Uint8Array`; lower-case text comes out. */
export function hexOrBytes(length: number): Check<string> {
  return (value, name) => {
    const hex = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
    if (typeof hex !== 'string' || hex.length !== length * 2 || !/^[0-9a-f]+$/i.test(hex)) throw invalid(name)
    return hex.toLowerCase()
  }
}

/**
 * An object with these members and no others: a misspelt option must not silently weaken anything. Only own
 * properties are read. Absent members stay absent in the copy.
 */
export function object<T extends object>(shape: Shape<T>, { others = false } = {}): Check<T> {
  const known = Object.entries<Check<unknown>>(shape)
  return (value, name) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(name || 'options')
    const place = name === '' ? '' : `${name}.`
    if (!others) refuseUnknown(value, shape, name, place)
    const copy = new Bare()
    for (const [key, check] of known) {
      const checked = check(own(value, key), place + key)
      if (checked !== undefined) copy[key] = checked
    }
    return copy as T
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

/** A check for each member of `T`. */
export type Shape<T> = { [K in keyof T]-?: Check<T[K] | ({} extends Pick<T, K> ? undefined : never)> }

/** An own property, or `undefined`: never an inherited one. */
export function own(value: object, key: PropertyKey): unknown {
  return Object.hasOwn(value, key) ? (value as Record<PropertyKey, unknown>)[key] : undefined
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
    // Anything that does not look like an option's name may be a value in the wrong place.
    const called = key.length <= 40 && /^[a-z]+(?:[A-Z]{1,4}[a-z]*)*$/.test(key) ? place + key : name || 'options'
    throw unwanted(called, `one of ${Object.keys(shape).join(', ')}`)
  }
}
