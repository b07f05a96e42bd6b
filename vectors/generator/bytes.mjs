// Bytes: joined, hashed, and made from a label, so that every run makes the same ones.
import { createHash } from 'node:crypto'

export const concat = (...parts) => new Uint8Array(Buffer.concat(parts.map((part) => Uint8Array.from(part))))

export const hash = (algorithm, ...parts) =>
  new Uint8Array(
    createHash(algorithm)
      .update(concat(...parts))
      .digest(),
  )

export const sha256 = (...parts) => hash('sha256', ...parts)

export const utf8 = (text) => new Uint8Array(Buffer.from(text, 'utf8'))

export const base64url = (bytes) => Buffer.from(bytes).toString('base64url')

export const u16 = (number) => Uint8Array.of(number >> 8, number & 0xff)

export const u32 = (number) => concat(u16(number >>> 16), u16(number & 0xffff))

/** So many bytes that look random and follow from the label. */
export function seeded(label, length = 32) {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, block) => sha256(utf8(`${label}/${block}`)))
  return concat(...blocks).slice(0, length)
}

/** The bytes with one bit of them changed, the lowest of `at` (counted from the end if it is negative). */
export function flipped(bytes, at = -1) {
  const changed = Uint8Array.from(bytes)
  changed[at < 0 ? changed.length + at : at] ^= 1
  return changed
}

export const toNumber = (bytes) => BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`)

/** Big-endian, of `length` bytes, or of as many as the number needs. */
export function fromNumber(number, length) {
  const hex = number.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return length === undefined ? new Uint8Array(bytes) : concat(new Uint8Array(length - bytes.length), bytes)
}
