/** What the test authenticator writes: integers, booleans, bytes, text and maps, in the order given (CTAP2's canonical one). */
export type CborValue = number | boolean | string | Uint8Array | Map<number | string, CborValue>

/** CBOR (RFC 8949) with definite lengths and shortest heads. */
export function encodeCbor(value: CborValue): Buffer {
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value)
  if (typeof value === 'boolean') return Buffer.of(value ? 0xf5 : 0xf4)
  if (typeof value === 'string') return withLength(3, Buffer.from(value))
  if (value instanceof Uint8Array) return withLength(2, value)
  const members = [...value].flatMap(([key, member]) => [encodeCbor(key), encodeCbor(member)])
  return Buffer.concat([head(5, value.size), ...members])
}

function withLength(major: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([head(major, bytes.length), bytes])
}

function head(major: number, argument: number): Buffer {
  if (argument < 24) return Buffer.of((major << 5) | argument)
  if (argument < 0x100) return Buffer.of((major << 5) | 24, argument)
  const wide = argument >= 0x1_0000
  const bytes = Buffer.alloc(wide ? 5 : 3)
  bytes[0] = (major << 5) | (wide ? 26 : 25)
  if (wide) bytes.writeUInt32BE(argument, 1)
  else bytes.writeUInt16BE(argument, 1)
  return bytes
}
