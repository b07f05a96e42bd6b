// CBOR (RFC 8949) as authenticators write it, and the ways in which they must not.
import { concat, u16, u32, utf8 } from './bytes.mjs'

/** Bytes that stand where an item is wanted, as they are. */
export const raw = (...parts) => ({ raw: concat(...parts) })

/** An item: a number, text, bytes, array, boolean or null, what `raw` gives, or a `Map`, whose order is kept. */
export function cbor(item) {
  if (item?.raw) return item.raw
  if (item instanceof Uint8Array) return concat(head(2, item.length), item)
  if (item instanceof Map) return concat(head(5, item.size), ...[...item].flat().map(cbor))
  if (Array.isArray(item)) return concat(head(4, item.length), ...item.map(cbor))
  if (typeof item === 'string') return concat(head(3, utf8(item).length), utf8(item))
  if (typeof item === 'number') return item < 0 ? head(1, -1 - item) : head(0, item)
  if (typeof item === 'boolean') return Uint8Array.of(item ? 0xf5 : 0xf4)
  if (item === null) return Uint8Array.of(0xf6)
  throw new TypeError('not an item')
}

/** A map with text keys, in the order of the object. */
export const textMap = (object) => new Map(Object.entries(object).filter(([, value]) => value !== undefined))

/** A map of entries, of which two may have the same key. */
export const entries = (pairs) => raw(head(5, pairs.length), ...pairs.flat().map(cbor))

/** The same with an indefinite length. */
export const indefinite = (pairs) => raw([0xbf], ...pairs.flat().map(cbor), [0xff])

function head(major, length) {
  const kind = major << 5
  if (length < 24) return Uint8Array.of(kind | length)
  if (length < 0x100) return Uint8Array.of(kind | 24, length)
  if (length < 0x1_0000) return concat([kind | 25], u16(length))
  return concat([kind | 26], u32(length))
}
