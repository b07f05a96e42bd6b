import { asDescription, isWellFormed, own } from '../shared/check.js'

// What the same thing looks like once it has been through a database, a driver and JSON.

/** The first of these own members that is there; `null` counts as absent. */
export function member(row: object, ...names: string[]): unknown {
  const name = names.find((one) => (own(row, one) ?? undefined) !== undefined)
  return name === undefined ? undefined : own(row, name)
}

export function isRow(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}

/** One thing, or a list of them. */
export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value]
}

/**
 * Bytes as base64url text: from a `Uint8Array`, from base64 of any kind, from PostgreSQL's `\x...`, or from what
 * `JSON.stringify` makes of a `Buffer` or a `Uint8Array`. `undefined`: none of these, or no bytes at all.
 */
export function base64url(value: unknown): string | undefined {
  const bytes = typeof value === 'string' ? fromText(value) : fromData(value)
  return bytes === undefined || bytes.length === 0 ? undefined : bytes.toString('base64url')
}

function fromText(text: string): Buffer | undefined {
  if (/^\\x([\dA-Fa-f]{2})*$/.test(text)) return Buffer.from(text.slice(2), 'hex')
  if (!/^([\w-]+|[\dA-Za-z+/]+)={0,2}$/.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  // A length that no bytes have is a text that was cut.
  const plain = text.replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_')
  return bytes.toString('base64url').length === plain.length ? bytes : undefined
}

function fromData(value: unknown): Buffer | undefined {
  if (value instanceof Uint8Array) return Buffer.from(value)
  if (value instanceof ArrayBuffer) return Buffer.from(value)
  if (typeof value !== 'object' || value === null) return undefined
  const numbers = Array.isArray(value) ? value : (own(value, 'data') ?? Object.values(value))
  if (!Array.isArray(numbers) || numbers.length > 65_536) return undefined
  return numbers.every((one) => Number.isInteger(one) && one >= 0 && one <= 255) ? Buffer.from(numbers) : undefined
}

/** An integer from 0 up to `max`, be it a number, a bigint or the text of one. */
export function integer(value: unknown, max: number): number | undefined {
  const text = typeof value === 'bigint' || (typeof value === 'string' && /^\d{1,15}$/.test(value))
  const number = (text ? Number(value) : value) as number
  return Number.isSafeInteger(number) && number >= 0 && number <= max ? number : undefined
}

/** A boolean, or what databases without one hold. */
export function boolean(value: unknown): boolean | undefined {
  if (value === true || value === 1 || value === 't' || value === 'true') return true
  return value === false || value === 0 || value === 'f' || value === 'false' ? false : undefined
}

/** Epoch milliseconds of a `Date`, an ISO text or such a number, where it is one from 1970 to 9999. */
export function time(value: unknown): number | undefined {
  const date = typeof value === 'string' || typeof value === 'number' ? new Date(value) : value
  return date instanceof Date ? integer(Math.trunc(date.getTime()), 253_402_300_799_999) : undefined
}

/** Text that names something, as a description may hold it. */
export function name(value: unknown): string | undefined {
  if (typeof value !== 'string' || !isWellFormed(value)) return undefined
  const plain = asDescription(value)
  return plain === '' ? undefined : plain
}
