// Key pairs of every algorithm, made from a label, whose signatures follow from the message alone.
import { constants, createPrivateKey, privateEncrypt, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'

import { ed25519 } from '@noble/curves/ed25519.js'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js'

import { concat, fromNumber, hash, seeded, toNumber, u32 } from './bytes.mjs'
import { cbor } from './cbor.mjs'
import { bits, integer, nothing, oid, sequence } from './der.mjs'

export const curves = {
  '-7': { curve: p256, crv: 1, length: 32, sha: 'sha256', oid: '1.2.840.10045.3.1.7', signed: '1.2.840.10045.4.3.2' },
  '-35': { curve: p384, crv: 2, length: 48, sha: 'sha384', oid: '1.3.132.0.34', signed: '1.2.840.10045.4.3.3' },
  '-36': { curve: p521, crv: 3, length: 66, sha: 'sha512', oid: '1.3.132.0.35', signed: '1.2.840.10045.4.3.4' },
}
const rsaHashes = { '-257': 'sha256', '-258': 'sha384', '-259': 'sha512', '-37': 'sha256', '-38': 'sha384', '-39': 'sha512' }
const lattices = { '-48': ml_dsa44, '-49': ml_dsa65, '-50': ml_dsa87 }

export const names = {
  '-7': 'ES256',
  '-8': 'EdDSA',
  '-35': 'ES384',
  '-36': 'ES512',
  '-37': 'PS256',
  '-38': 'PS384',
  '-39': 'PS512',
  '-48': 'ML-DSA-44',
  '-49': 'ML-DSA-65',
  '-50': 'ML-DSA-87',
  '-257': 'RS256',
  '-258': 'RS384',
  '-259': 'RS512',
}

/** Every algorithm, by its COSE number. */
export const algorithms = Object.keys(names)
  .map(Number)
  .sort((a, b) => b - a)

const rsaKeys = JSON.parse(readFileSync(new URL('rsa-keys.json', import.meta.url), 'utf8'))

/**
 * A key pair: `alg`, `members` (of its COSE key, in canonical order), `cose` (that key in CBOR), `spki` and `sign(message)`.
 * RSA keys take long to find, so the label of one is the name of a ready one.
 */
export function keyOf(alg, label = 'first') {
  const name = `${alg} ${label}`
  const made = ready.get(name) ?? make(alg, label)
  ready.set(name, made)
  return made
}

const ready = new Map()

function make(alg, label) {
  const pair = curves[alg]
    ? ecdsa(alg, label)
    : rsaHashes[alg]
      ? rsa(alg, label)
      : lattices[alg]
        ? mlDsa(alg, label)
        : eddsa(label)
  return { alg, name: names[alg], cose: cbor(pair.members), ...pair }
}

/** The scalar of a label. */
export function scalar(alg, label) {
  const { curve, length } = curves[alg]
  return (toNumber(seeded(`scalar ${alg} ${label}`, length)) % (curve.Point.CURVE().n - 1n)) + 1n
}

function ecdsa(alg, label) {
  const { curve, crv, length, oid: named, signed } = curves[alg]
  const secret = fromNumber(scalar(alg, label), length)
  const point = curve.getPublicKey(secret, false)
  const x = point.slice(1, 1 + length)
  const y = point.slice(1 + length)
  return {
    members: new Map([
      [1, 2],
      [3, alg],
      [-1, crv],
      [-2, x],
      [-3, y],
    ]),
    x,
    y,
    secret,
    spki: sequence(sequence(oid('1.2.840.10045.2.1'), oid(named)), bits(point)),
    certifies: sequence(oid(signed)),
    sign: (message) => curve.sign(message, secret, { format: 'der', lowS: false }),
    /** The two numbers of the same signature. */
    numbers: (message) => {
      const compact = curve.sign(message, secret, { format: 'compact', lowS: false })
      return { r: toNumber(compact.slice(0, length)), s: toNumber(compact.slice(length)) }
    },
  }
}

function eddsa(label) {
  const secret = seeded(`ed25519 ${label}`)
  const x = ed25519.getPublicKey(secret)
  return {
    members: new Map([
      [1, 1],
      [3, -8],
      [-1, 6],
      [-2, x],
    ]),
    x,
    spki: sequence(sequence(oid('1.3.101.112')), bits(x)),
    certifies: sequence(oid('1.3.101.112')),
    sign: (message) => ed25519.sign(message, secret),
  }
}

function mlDsa(alg, label) {
  const lattice = lattices[alg]
  const { publicKey, secretKey } = lattice.keygen(seeded(`ml-dsa ${alg} ${label}`))
  return {
    members: new Map([
      [1, 7],
      [3, alg],
      [-1, publicKey],
    ]),
    publicKey,
    spki: sequence(sequence(oid(`2.16.840.1.101.3.4.3.${-31 - alg}`)), bits(publicKey)),
    sign: (message, context) => lattice.sign(message, secretKey, { extraEntropy: false, ...(context && { context }) }),
  }
}

function rsa(alg, label) {
  const jwk = rsaKeys[label]
  const key = createPrivateKey({ key: jwk, format: 'jwk' })
  const n = new Uint8Array(Buffer.from(jwk.n, 'base64url'))
  const e = new Uint8Array(Buffer.from(jwk.e, 'base64url'))
  const sha = rsaHashes[alg]
  const pss = alg > -257
  return {
    members: new Map([
      [1, 3],
      [3, alg],
      [-1, n],
      [-2, e],
    ]),
    n,
    e,
    spki: sequence(sequence(oid('1.2.840.113549.1.1.1'), nothing), bits(sequence(integer(n), integer(e)))),
    certifies: sequence(oid('1.2.840.113549.1.1.11'), nothing),
    certify: (message) => new Uint8Array(sign('sha256', message, key)),
    /** The signature of a whole encoded message, whatever it is. */
    power: (encoded) => new Uint8Array(privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded)),
    sign: (message) =>
      pss
        ? new Uint8Array(privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encodePss(message, n.length, sha)))
        : new Uint8Array(sign(sha, message, key)),
    /** RSASSA-PKCS1-v1_5 by another hash, such as SHA-1. */
    signBy: (other, message) => new Uint8Array(sign(other, message, key)),
  }
}

/** EMSA-PSS (RFC 8017, 9.1.1) for a modulus whose highest bit is set. The salt follows from the message. */
export function encodePss(message, length, sha, { saltLength, maskBy = sha, trailer = 0xbc } = {}) {
  const digest = hash(sha, message)
  const salt = seeded('salt', saltLength ?? digest.length)
  const inner = hash(sha, new Uint8Array(8), digest, salt)
  const block = concat(new Uint8Array(length - salt.length - inner.length - 2), [1], salt)
  const mask = maskOf(inner, block.length, maskBy)
  const masked = block.map((byte, at) => byte ^ mask[at])
  masked[0] &= 0x7f
  return concat(masked, inner, [trailer])
}

function maskOf(seed, length, sha) {
  const blocks = []
  for (let count = 0; blocks.length * hash(sha).length < length; count += 1) blocks.push(hash(sha, seed, u32(count)))
  return concat(...blocks).slice(0, length)
}
