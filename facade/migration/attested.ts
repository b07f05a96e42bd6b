import { own } from '../shared/check.js'
import { base64url, isRow, plainName } from './values.js'

// Attested credential data (WebAuthn Level 3, 6.5.1) as bytes: some libraries store it whole, and no member beside it.

/** The row with what these bytes hold as members of it, or the row as it is. */
export function readAttested(row: object): object {
  for (const [key, value] of Object.entries(row) as [string, unknown][]) {
    const name = plainName(key)
    if (!(dataNames.has(name) || authDataNames.has(name)) || (isRow(value) && !isBytes(value))) continue
    const bytes = Buffer.from(base64url(value) ?? '', 'base64url')
    const found = authDataNames.has(name) ? fromAuthenticatorData(bytes) : fromAttested(bytes)
    if (found) return { ...found, ...row, [key]: undefined }
  }
  return row
}

const dataNames = new Set(['attestedcredentialdata', 'credentialdata', 'credential'])
const authDataNames = new Set(['authdata', 'authenticatordata'])

const isBytes = (value: object) => ['data', '$binary', 'buffer', '0'].some((name) => own(value, name) !== undefined) || value instanceof ArrayBuffer

/** The AAGUID, the length of the id, the id, and the key to the end. */
function fromAttested(bytes: Buffer): object | undefined {
  const length = bytes.length > 18 ? bytes.readUInt16BE(16) : 0
  const [id, publicKey] = [bytes.subarray(18, 18 + length), bytes.subarray(18 + length)]
  // A key is a map in CBOR.
  const isKey = publicKey.length > 0 && publicKey[0]! >> 5 === 5
  return length >= 16 && isKey ? { credentialId: id, publicKey, aaguid: bytes.subarray(0, 16) } : undefined
}

/** Of a registration without extensions: the hash of the RP ID, flags, the counter, and the attested data. */
function fromAuthenticatorData(bytes: Buffer): object | undefined {
  const flags = bytes[32] ?? 0
  const has = (bit: number) => ((flags >> bit) & 1) === 1
  const attested = has(6) && !has(7) ? fromAttested(bytes.subarray(37)) : undefined
  return attested && { ...attested, counter: bytes.readUInt32BE(33), backupEligible: has(3), backedUp: has(4), userVerified: has(2) }
}
