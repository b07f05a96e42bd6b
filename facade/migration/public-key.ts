import { ECDH } from 'node:crypto'

import { own } from '../shared/check.js'
import { publicJwk } from '../shared/crypto.js'
import { base64url, fromJson, isRow, plainName } from './values.js'

/**
 * Reads a public key as base64url of COSE: from COSE, as WebAuthn sends it; PEM or DER (SPKI, PKCS #1); a JWK; the bare
 * point of a P-256, P-384 or P-521 key, also compressed; or webauthn-rs' JSON. A private key is none.
 *
 * @param algorithm COSE's number for a key whose form does not say it
 */
export function coseKey(given: unknown, algorithm?: number): string | undefined {
  const value = fromJson(given) ?? given
  if (isWebauthnRs(value)) return fromWebauthnRs(value)
  if (isRow(value) && coseLabels.every((label) => Object.hasOwn(value, label))) return fromCoseJson(value)
  if (isRow(value) && Object.keys(value).some((key) => plainName(key) === 'kty')) return fromForeignJwk(value, algorithm)
  if (typeof value === 'string' && value.includes('-----BEGIN')) return fromJwk(publicJwk(value), algorithm) ?? fromLostLines(value, algorithm)
  const text = base64url(value)
  if (text === undefined) return undefined
  const bytes = Buffer.from(text, 'base64url')
  // PEM in base64, as environment variables and some columns hold it.
  if (bytes.subarray(0, 10).toString('latin1') === '-----BEGIN') return coseKey(bytes.toString('latin1'), algorithm)
  // Ed25519's is nothing but these 32 bytes.
  if (bytes.length === 32 && algorithm === -8) return made([[1, 1], [3, -8], [-1, 6], [-2, bytes]])
  // A map in CBOR begins with none of these.
  if ([2, 3, 4].includes(bytes[0]!)) return fromPoint(bytes)
  // Some stored the UTF-8 of the key's text. No key has letters alone.
  const inner = bytes.toString('latin1')
  if (bytes.length >= 40 && /^[\w+/=-]+$/.test(inner)) return coseKey(inner, algorithm)
  if (bytes[0] !== 0x30) return fromCompressed(bytes) ?? text
  const key = (type: 'spki' | 'pkcs1') => publicJwk({ key: bytes, format: 'der', type })
  return fromJwk(key('spki') ?? key('pkcs1'), algorithm)
}

/** A JWK with its own algorithm, which Node's reader ignores. */
function fromForeignJwk(jwk: object, algorithm: number | undefined): string | undefined {
  const alg = own(jwk, 'alg') ?? undefined
  const said = algorithmOf(alg)
  // Such as `RSA-OAEP`: a key for something else.
  if (alg !== undefined && said === undefined) return undefined
  if (said !== undefined && algorithm !== undefined && said !== algorithm) return undefined
  const key = fromJwk(publicJwk({ key: jwk, format: 'jwk' }), said ?? algorithm)
  return key === undefined || said === undefined || coseAlgorithm(key) === said ? key : undefined
}

/** COSE's number of an algorithm from its number or name. `undefined`: neither. */
export function algorithmOf(given: unknown): number | undefined {
  if (typeof given === 'number' || typeof given === 'bigint') return known.has(Number(given)) ? Number(given) : undefined
  if (typeof given !== 'string') return undefined
  const text = given.trim()
  return algorithmNames.get(text.toUpperCase()) ?? (/^-\d{1,5}$/.test(text) ? algorithmOf(Number(text)) : undefined)
}

/** The algorithm that a COSE key in the usual order says. */
export function coseAlgorithm(key: string): number | undefined {
  const [, first, , third, head = 0, high = 0, low = 0] = Buffer.from(key, 'base64url')
  if (first !== 1 || third !== 3 || head >> 5 !== 1) return undefined
  const argument = head & 0x1f
  if (argument < 24) return -1 - argument
  return argument === 24 ? -1 - high : argument === 25 ? -1 - (high * 256 + low) : undefined
}

/** A PEM whose ends of lines were lost: blanks or `\n` are in their place, or nothing. */
function fromLostLines(text: string, algorithm: number | undefined): string | undefined {
  const [, , body = ''] = text.split('-----')
  const der = body.replaceAll('\\n', '').replaceAll('\\r', '').trim()
  return der.startsWith('M') ? coseKey(der, algorithm) : undefined
}

/** A bare point (SEC 1, 2.3.4). */
function fromPoint(bytes: Buffer): string | undefined {
  const [form] = bytes
  const whole = form === 4 ? curves.find(({ size }) => bytes.length === 1 + 2 * size) : undefined
  if (whole) return made(ec(whole, bytes.subarray(1, 1 + whole.size), bytes.subarray(1 + whole.size)))
  const half = form === 2 || form === 3 ? curves.find(({ size }) => bytes.length === 1 + size) : undefined
  return half && decompressed(half, bytes)
}

/** COSE whose y is only its sign (RFC 9053, 7.1.1), as no authenticator sends it, but some programs write it. */
function fromCompressed(bytes: Buffer): string | undefined {
  for (const curve of curves) {
    for (const [sign, form] of [[0xf4, 2], [0xf5, 3]] as const) {
      const x = bytes.subarray(-2 - curve.size, -2)
      const same = Buffer.concat([...ec(curve, x, x).slice(0, -1).map(encoded), Buffer.of(0x22, sign)])
      if (bytes.subarray(1).equals(same)) return decompressed(curve, Buffer.concat([Buffer.of(form), x]))
    }
  }
  return undefined
}

function decompressed(curve: Curve, point: Uint8Array): string | undefined {
  try {
    return fromPoint(ECDH.convertKey(point, curve.openssl, undefined, undefined, 'uncompressed') as Buffer)
  } catch {
    return undefined
  }
}

/** The labels of COSE's map as names, which JSON makes of them. */
const coseLabels = ['1', '3', '-1', '-2']

function fromCoseJson(value: object): string | undefined {
  // With the private part, the core refuses it.
  const members = [...coseLabels, '-3', '-4'].filter((label) => Object.hasOwn(value, label)).map((label): Member | undefined => {
    const given = own(value, label)
    if (Number.isInteger(given) && Math.abs(given as number) < 65_536) return [Number(label), given as number]
    const bytes = base64url(given)
    return bytes === undefined ? undefined : [Number(label), Buffer.from(bytes, 'base64url')]
  })
  return members.every((one) => one !== undefined) ? made(members) : undefined
}

/** A key of webauthn-rs: `{ "type_": "ES256", "key": { "EC_EC2": { "curve": "SECP256R1", "x": ..., "y": ... } } }`. */
export function isWebauthnRs(value: unknown): value is object {
  return isRow(value) && typeof own(value, 'type_') === 'string' && isRow(own(value, 'key'))
}

function fromWebauthnRs(key: object): string | undefined {
  const type = own(key, 'type_') as string
  const [[kind, given] = []] = Object.entries(own(key, 'key') as object) as [string, unknown][]
  if (!isRow(given)) return undefined
  const bytes = (of: string) => Buffer.from(base64url(own(given, of)) ?? '', 'base64url')
  const named = own(given, 'curve')
  const curve = curves.find(({ names }) => names.includes(type))
  if (kind === 'EC_EC2' && curve?.rust === named) return made(ec(curve!, bytes('x'), bytes('y')))
  if (kind === 'EC_OKP' && type === 'EDDSA' && named === 'ED25519') return made([[1, 1], [3, -8], [-1, 6], [-2, bytes('x')]])
  const algorithm = rsaNames.get(type)
  return kind === 'RSA' && algorithm !== undefined ? made([[1, 3], [3, algorithm], [-1, bytes('n')], [-2, bytes('e')]]) : undefined
}

interface Curve {
  name: string
  openssl: string
  /** As webauthn-rs spells it, and its algorithm. */
  rust: string
  names: string[]
  id: number
  algorithm: number
  size: number
}

const curves: Curve[] = [
  { name: 'P-256', openssl: 'prime256v1', rust: 'SECP256R1', names: ['ES256', 'ECDSA_SHA256'], id: 1, algorithm: -7, size: 32 },
  { name: 'P-384', openssl: 'secp384r1', rust: 'SECP384R1', names: ['ES384', 'ECDSA_SHA384'], id: 2, algorithm: -35, size: 48 },
  { name: 'P-521', openssl: 'secp521r1', rust: 'SECP521R1', names: ['ES512', 'ES521', 'ECDSA_SHA512'], id: 3, algorithm: -36, size: 66 },
]
const rsaNames = new Map([['RS256', -257], ['RS384', -258], ['RS512', -259], ['PS256', -37], ['PS384', -38], ['PS512', -39]])
const rsaAlgorithms = new Set(rsaNames.values())
const algorithmNames = new Map([...rsaNames, ['ES256', -7], ['ES384', -35], ['ES512', -36], ['EDDSA', -8], ['ED25519', -8]])
const known = new Set(algorithmNames.values())

function fromJwk(jwk: object | undefined, algorithm = -257): string | undefined {
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
function made(key: Member[]): string {
  return Buffer.concat([head(5, key.length), ...key.map(encoded)]).toString('base64url')
}

function encoded([label, value]: Member): Buffer {
  const own = typeof value === 'number' ? number(value) : Buffer.concat([head(2, value.length), value])
  return Buffer.concat([number(label), own])
}

const number = (value: number) => (value < 0 ? head(1, -1 - value) : head(0, value))

function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value])
  if (value < 256) return Buffer.from([(major << 5) | 24, value])
  return Buffer.from([(major << 5) | 25, value >> 8, value & 0xff])
}
