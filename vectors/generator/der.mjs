// ASN.1 in DER (X.690), as far as certificates, signatures and key descriptions need it.
import { concat, fromNumber, utf8 } from './bytes.mjs'

export function der(tag, ...content) {
  const bytes = concat(...content)
  const tags = Array.isArray(tag) ? tag : [tag]
  if (bytes.length < 128) return concat(tags, [bytes.length], bytes)
  const length = fromNumber(BigInt(bytes.length))
  return concat(tags, [0x80 | length.length], length, bytes)
}

export const sequence = (...items) => der(0x30, ...items)
export const set = (...items) => der(0x31, ...items)
export const octets = (bytes) => der(4, bytes)
export const bits = (bytes) => der(3, [0], bytes)
export const utf8String = (text) => der(12, utf8(text))
export const printable = (text) => der(19, utf8(text))
export const boolean = (value) => der(1, [value ? 0xff : 0])
export const enumerated = (number) => der(10, [number])
export const nothing = der(5)

/** A positive number, or the bytes of one. */
export function integer(number) {
  let bytes = typeof number === 'object' ? number : fromNumber(BigInt(number))
  while (bytes.length > 1 && bytes[0] === 0) bytes = bytes.slice(1)
  return der(2, bytes[0] & 0x80 ? [0] : [], bytes)
}

/** An explicit tag of a context. */
export function tagged(number, ...content) {
  if (number < 31) return der(0xa0 | number, ...content)
  const digits = []
  for (let rest = number; rest > 0; rest >>= 7) digits.unshift((rest & 0x7f) | (digits.length > 0 ? 0x80 : 0))
  return der([0xbf, ...digits], ...content)
}

export function oid(text) {
  const [first, second, ...rest] = text.split('.').map(Number)
  const arcs = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc & 0x7f]
    for (let more = Math.floor(arc / 128); more > 0; more = Math.floor(more / 128)) digits.unshift((more & 0x7f) | 0x80)
    return digits
  })
  return der(6, arcs)
}

/** `20250131` as a time of X.509: UTCTime until 2049, GeneralizedTime after it. */
export function time(day) {
  return day < '2050' ? der(23, utf8(`${day.slice(2)}000000Z`)) : der(24, utf8(`${day}000000Z`))
}
