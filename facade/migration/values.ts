import { asDescription, isWellFormed, own } from '../shared/check.js'

// What the same thing looks like once it has been through a database, a driver and JSON.

/**
 * The first of these own members that is there, however its name is written: `createdAt` is `created_at` and
 * `CREATEDAT`. Names are given in lower case; `null` counts as absent.
 */
export function member(row: object, ...names: string[]): unknown {
  return members(row, ...names)[0]
}

/** All of these members that are there, in the order of the names. */
export function members(row: object, ...names: string[]): unknown[] {
  const keys = Object.keys(row)
  return names
    .flatMap((name) => keys.filter((key) => plainName(key) === name))
    .map((key) => own(row, key))
    .filter((value) => value !== null && value !== undefined)
}

/** Whether one of these members is there, be it as `null`. */
export function names(row: object, ...wanted: string[]): boolean {
  return Object.keys(row).some((key) => wanted.includes(plainName(key)))
}

export const plainName = (key: string): string => key.replaceAll(/[-_.\s]/g, '').toLowerCase()

export function isRow(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}

/** One thing, or a list of them. */
export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value]
}

/** What a text holds that is the JSON of an object, a list or a text; `undefined` for any other. */
export function fromJson(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*["[{]/.test(value)) return undefined
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

/** The text of a QR code without what `zbarimg` writes before it. */
export const scanned = (text: string): string => (text.startsWith('QR-Code:') ? text.slice(8).trim() : text)

/**
 * Bytes as base64url text: from a `Uint8Array`, from base64 of any kind, from hexadecimal text that can be nothing
 * else, from PostgreSQL's `\x...`, from numbers with commas, from MongoDB's `Binary`, from a `data:` URL of any of these,
 * or from what JSON makes of them. `undefined`: none of these, or no bytes at all.
 */
export function base64url(value: unknown): string | undefined {
  const json = fromJson(value)
  const given = json === undefined ? value : json
  const bytes = typeof given === 'string' ? fromText(given) : fromData(given)
  if (bytes === undefined || bytes.length === 0) return undefined
  // Clients of databases write the JSON of a `Buffer` where its bytes should be.
  const inner = bytes[0] === 0x7b ? fromJson(bytes.toString('latin1')) : undefined
  return (isRow(inner) ? fromData(inner) : bytes)?.toString('base64url')
}

function fromText(given: string): Buffer | undefined {
  // PostgreSQL breaks base64 into lines.
  const text = percentDecoded(dataOfUrl(given.trim())?.data ?? given).replaceAll(/\s/g, '')
  if (/^(?:\\|0)x([\dA-Fa-f]{2})*$/.test(text)) return Buffer.from(text.slice(2), 'hex')
  // As a dump of MySQL or SQLite has it; with a mark after each byte, as OpenSSL and .NET write it.
  if (/^[Xx]'([\dA-Fa-f]{2})*'$/.test(text)) return Buffer.from(text.slice(2, -1), 'hex')
  if (text.length >= 47 && (/^[\dA-Fa-f]{2}(?::[\dA-Fa-f]{2})+$/.test(text) || /^[\dA-F]{2}(?:-[\dA-F]{2})+$/.test(text))) {
    return Buffer.from(text.replaceAll(/[:-]/g, ''), 'hex')
  }
  if (isHex(text)) return Buffer.from(text, 'hex')
  // What JavaScript makes of a `Uint8Array` as text.
  if (/^\d{1,3}(?:,\d{1,3})+$/.test(text)) return fromNumbers(text.split(',').map(Number))
  if (!/^([\w-]+|[\dA-Za-z+/]+)={0,2}$/.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  // A length that no bytes have, or bits that belong to none: a text that was cut, or no base64.
  const plain = text.replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_')
  return bytes.toString('base64url') === plain ? bytes : undefined
}

/** Some stored the UTF-8 of the id's text: bytes that are all base64 and as many are nothing else. */
export function idBytes(value: unknown): string | undefined {
  // Bitwarden writes the 16 bytes of an id as a UUID. As base64url it would be other bytes.
  let id = typeof value === 'string' && uuid.test(value.trim()) ? undefined : base64url(value)
  for (let depth = 0; depth < 3 && id !== undefined; depth += 1) {
    const text = Buffer.from(id, 'base64url').toString('latin1')
    const inner = text.length >= 16 && /^[\w+/=-]+$/.test(text) ? base64url(text) : undefined
    if (inner === undefined) return id
    id = inner
  }
  return id
}

export const uuid = /^[\dA-Fa-f]{8}-[\dA-Fa-f]{4}-[\dA-Fa-f]{4}-[\dA-Fa-f]{4}-[\dA-Fa-f]{12}$/

/** What a `data:` URL holds (RFC 2397): of which type, and whether that is base64. `undefined`: it is none. */
export function dataOfUrl(url: string): { type: string; base64: boolean; data: string } | undefined {
  const comma = url.indexOf(',')
  if (url.slice(0, 5).toLowerCase() !== 'data:' || comma === -1) return undefined
  const [type = '', ...parameters] = url.slice(5, comma).toLowerCase().split(';')
  return { type, base64: parameters.at(-1) === 'base64', data: url.slice(comma + 1) }
}

/** A text from an address. A `%` stands in no other form of bytes. */
export function percentDecoded(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** So long a text of these characters alone is no base64, other than by a chance of one in billions. */
function isHex(text: string): boolean {
  if (text.length < 32 || text.length % 2 !== 0) return false
  return /\d/.test(text) && /[A-Fa-f]/.test(text) && (/^[\da-f]+$/.test(text) || /^[\dA-F]+$/.test(text))
}

function fromData(value: unknown): Buffer | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fromNumbers(value)
  // MongoDB's `Binary`, and what its Extended JSON makes of one.
  const binary = own(value, '$binary')
  if (binary !== undefined) {
    const text = isRow(binary) ? own(binary, 'base64') : binary
    return typeof text === 'string' ? fromText(text) : undefined
  }
  const buffer = own(value, 'buffer')
  if (buffer === undefined || ArrayBuffer.isView(value)) return fromNumbers(value)
  const end = own(value, 'position')
  return fromNumbers(buffer)?.subarray(0, typeof end === 'number' ? end : undefined)
}

function fromNumbers(value: unknown): Buffer | undefined {
  if (ArrayBuffer.isView(value)) return Buffer.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
  if (value instanceof ArrayBuffer) return Buffer.from(value)
  if (typeof value !== 'object' || value === null) return undefined
  // JSON makes an object of a `Uint8Array`, with a member for each place.
  const isList = Object.keys(value).every((key, index) => key === `${index}`)
  const numbers = Array.isArray(value) || !isList ? (own(value, 'data') ?? value) : Object.values(value)
  if (!Array.isArray(numbers) || numbers.length > 65_536) return undefined
  // Java's bytes have a sign.
  const lowest = numbers.some((one) => one > 127) ? 0 : -128
  return numbers.every((one) => Number.isInteger(one) && one >= lowest && one <= 255) ? Buffer.from(numbers) : undefined
}

/** An integer from 0 up to `max`: a number, a bigint, the text of one (also as `7.0`), or MongoDB's forms of it. */
export function integer(given: unknown, max: number): number | undefined {
  const value = isRow(given) ? fromMongo(given) : given
  const text = typeof value === 'bigint' || (typeof value === 'string' && /^\s{0,9}\d{1,15}(?:\.0{1,9})?\s{0,9}$/.test(value))
  const number = (text ? Number(value) : value) as number
  return Number.isSafeInteger(number) && number >= 0 && number <= max ? number : undefined
}

function fromMongo(value: object): unknown {
  const [low, high] = [own(value, 'low'), own(value, 'high')]
  if (typeof low === 'number' && typeof high === 'number') return high * 2 ** 32 + (low >>> 0)
  const names = ['$numberLong', '$numberInt', '$numberDouble', '$numberDecimal', 'value']
  return names.map((name) => own(value, name)).find((one) => one !== undefined)
}

/** A boolean, or what databases without one hold: a number, a bit, or a text in any case. */
export function boolean(given: unknown): boolean | undefined {
  const bytes = typeof given === 'object' ? fromData(given) : undefined
  const value = bytes?.length === 1 ? bytes[0] : isRow(given) ? fromMongo(given) : given
  if (typeof value === 'boolean') return value
  const text = typeof value === 'string' ? value.trim().toLowerCase() : `${Number(value)}`
  if (['1', 't', 'true', 'y', 'yes', 'on'].includes(text)) return true
  return ['0', 'f', 'false', 'n', 'no', 'off'].includes(text) ? false : undefined
}

/** Epoch milliseconds of a `Date`, a text of one, or a number of seconds or milliseconds, from 1970 to 9999. */
export function time(given: unknown): number | undefined {
  const value = isRow(given) && !(given instanceof Date) ? (own(given, '$date') ?? fromMongo(given)) : given
  const number = integer(value, 253_402_300_799_999) ?? integer(isRow(value) ? fromMongo(value) : value, 253_402_300_799_999)
  // As milliseconds these would all lie before 1973.
  if (number !== undefined) return number < 100_000_000_000 ? number * 1000 : number
  const date = typeof value === 'string' ? new Date(value) : value
  return date instanceof Date ? integer(Math.trunc(date.getTime()), 253_402_300_799_999) : undefined
}

/** Text that names something, as a description may hold it. */
export function name(value: unknown): string | undefined {
  if (typeof value !== 'string' || !isWellFormed(value)) return undefined
  const plain = asDescription(value)
  return plain === '' ? undefined : plain
}
