import { own } from '../shared/check.js'
import { publicJwk } from '../shared/crypto.js'
import { base64url, fromJson, isRow, plainName } from './values.js'

/** A public key as base64url of COSE, and whether it was stored as such. */
export interface FoundKey {
  cose: string
  stored: boolean
}

/**
 * Reads a public key: COSE, as WebAuthn sends it; PEM or DER (SPKI, PKCS #1); a JWK; or the bare point of a P-256,
 * P-384 or P-521 key.
 *
 * @param algorithm COSE's number for a key whose form does not say it
 */
export function coseKey(given: unknown, algorithm?: number): FoundKey | undefined {
  const value = fromJson(given) ?? given
  if (isRow(value) && Object.keys(value).some((key) => plainName(key) === 'kty')) return fromJwk(publicJwk({ key: value, format: 'jwk' }), algorithm)
  if (typeof value === 'string' && value.includes('-----BEGIN')) return fromJwk(publicJwk(value), algorithm)
  const text = base64url(value)
  if (text === undefined) return undefined
  const bytes = Buffer.from(text, 'base64url')
  const curve = bytes[0] === 4 ? curves.find(({ size }) => bytes.length === 1 + 2 * size) : undefined
  if (curve) return made(ec(curve, bytes.subarray(1, 1 + curve.size), bytes.subarray(1 + curve.size)))
  if (bytes[0] !== 0x30) return { cose: text, stored: true }
  const key = (type: 'spki' | 'pkcs1') => publicJwk({ key: bytes, format: 'der', type })
  return fromJwk(key('spki') ?? key('pkcs1'), algorithm)
}

interface Curve {
  name: string
  id: number
  algorithm: number
  size: number
}

const curves: Curve[] = [
  { name: 'P-256', id: 1, algorithm: -7, size: 32 },
  { name: 'P-384', id: 2, algorithm: -35, size: 48 },
  { name: 'P-521', id: 3, algorithm: -36, size: 66 },
]
const rsaAlgorithms = new Set([-257, -258, -259, -37, -38, -39])

function fromJwk(jwk: object | undefined, algorithm = -257): FoundKey | undefined {
  if (jwk === undefined) return undefined
  const text = (of: string) => own(jwk, of) as string
  const bytes = (of: string) => Buffer.from(text(of), 'base64url')
  const curve = curves.find(({ name }) => name === text('crv'))
  if (text('kty') === 'EC' && curve) return made(ec(curve, bytes('x'), bytes('y')))
  if (text('crv') === 'Ed25519') return made([[1, 1], [3, -8], [-1, 6], [-2, bytes('x')]])
  if (text('kty') !== 'RSA' || !rsaAlgorithms.has(algorithm)) return undefined
  return made([[1, 3], [3, algorithm], [-1, bytes('n')], [-2, bytes('e')]])
}

type Member = [label: number, value: number | Uint8Array]

const ec = ({ id, algorithm }: Curve, x: Uint8Array, y: Uint8Array): Member[] =>
  [[1, 2], [3, algorithm], [-1, id], [-2, x], [-3, y]]

/** A map in CBOR. */
function made(key: Member[]): FoundKey {
  const parts = key.flatMap(([label, value]) => {
    return [number(label), typeof value === 'number' ? number(value) : Buffer.concat([head(2, value.length), value])]
  })
  return { cose: Buffer.concat([head(5, key.length), ...parts]).toString('base64url'), stored: false }
}

const number = (value: number) => (value < 0 ? head(1, -1 - value) : head(0, value))

function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value])
  if (value < 256) return Buffer.from([(major << 5) | 24, value])
  return Buffer.from([(major << 5) | 25, value >> 8, value & 0xff])
}
