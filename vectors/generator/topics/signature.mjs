import { ed25519 } from '@noble/curves/ed25519.js'

import { concat, flipped, fromNumber, hash, toNumber, utf8 } from '../bytes.mjs'
import { octets } from '../der.mjs'
import { algorithms, keyOf, names } from '../keys.mjs'
import { adding, sections, wrong } from '../signatures.mjs'
import { acceptable, Topic, valid } from '../topic.mjs'
import { ecdsa } from './signature-ecdsa.mjs'
import { pkcs1, pss, rsaNumbers } from './signature-rsa.mjs'

export function signature() {
  const topic = new Topic('signature', 'The signature of an assertion, of every algorithm and in every encoding (6.5.5)')
  for (const alg of algorithms) everyAlgorithm(topic, alg)
  for (const alg of [-7, -35, -36]) ecdsa(topic, alg)
  eddsa(topic)
  for (const alg of [-257, -37]) rsaNumbers(topic, alg)
  pkcs1(topic)
  pss(topic)
  mlDsa(topic)
  return topic
}

function everyAlgorithm(topic, alg) {
  const add = adding(topic, alg)
  const large = alg <= -48 && alg >= -50
  add('right', valid(21, `A signature of ${names[alg]}`, { sections }))
  add('one-bit', wrong('The last bit of the signature is another'), { signature: (bytes) => flipped(bytes) })
  add('of-other-key', wrong('The signature of another key'), { signer: keyOf(alg, 'second') })
  // They are thousands of bytes each.
  if (large) return
  add('empty', wrong('No bytes at all'), { signature: () => new Uint8Array(0) })
  add('cut', wrong('The last byte is missing'), { signature: (bytes) => bytes.slice(0, -1) })
  add('longer', wrong('A zero byte after the signature'), { signature: (bytes) => concat(bytes, [0]) })
  add('zeros', wrong('Zeros of the same length'), { signature: (bytes) => new Uint8Array(bytes.length) })
  add('of-data-alone', wrong('Only the authenticator data are signed'), { signed: (_, { authData }) => authData })
  add('of-hash-alone', wrong('Only the hash of the client data is signed'), {
    signed: (_, { clientDataHash }) => clientDataHash,
  })
  add('of-client-data', wrong('The client data are signed, not their hash'), {
    signed: (_, { authData, client }) => concat(authData, client),
  })
  add('swapped', wrong('The hash is signed before the authenticator data'), {
    signed: (_, { authData, clientDataHash }) => concat(clientDataHash, authData),
  })
  add('of-other-data', wrong('The signature of other authenticator data'), { signed: (bytes) => flipped(bytes, 33) })
  add('of-other-client-data', wrong('The signature of other client data'), { signed: (bytes) => flipped(bytes) })
}

function eddsa(topic) {
  const add = adding(topic, -8)
  const order = ed25519.Point.CURVE().n
  const halves = (bend) => ({ signature: (bytes) => concat(...bend(bytes.slice(0, 32), bytes.slice(32))) })
  const little = (number) => fromNumber(number, 32).toReversed()
  const big = (bytes) => toNumber(bytes.toReversed())
  const range = (comment) => wrong(comment, ['out-of-range'])
  add(
    's-not-reduced',
    range('The order added to S: the same signature, malleable'),
    halves((r, s) => [r, little(big(s) + order)]),
  )
  add(
    's-zero',
    range('S is zero'),
    halves((r) => [r, new Uint8Array(32)]),
  )
  add(
    's-is-order',
    range('S is the order'),
    halves((r) => [r, little(order)]),
  )
  add(
    's-high-bit',
    range('The highest bit of S'),
    halves((r, s) => [r, concat(s.slice(0, 31), [s[31] | 0x80])]),
  )
  add(
    's-all-ones',
    range('Every bit of S'),
    halves((r) => [r, new Uint8Array(32).fill(0xff)]),
  )
  add(
    's-negated',
    wrong('S negated'),
    halves((r, s) => [r, little(order - big(s))]),
  )
  add(
    'r-zero',
    wrong('R is zero'),
    halves((_, s) => [new Uint8Array(32), s]),
  )
  add(
    'r-neutral',
    wrong('R is the neutral point'),
    halves((_, s) => [little(1n), s]),
  )
  add(
    'r-not-reduced',
    wrong('R is the neutral point, not reduced'),
    halves((_, s) => [little(2n ** 255n - 18n), s]),
  )
  add(
    'r-sign',
    wrong('The sign of R is the other'),
    halves((r, s) => [concat(r.slice(0, 31), [r[31] ^ 0x80]), s]),
  )
  add(
    'halves-swapped',
    wrong('R and S swapped'),
    halves((r, s) => [s, r]),
  )
  add('in-der', wrong('The signature in an OCTET STRING', ['der']), { signature: (bytes) => octets(bytes) })
  add('of-hash', wrong('Signed over the SHA-512 of the message, as Ed25519ph almost does'), {
    signed: (bytes) => hash('sha512', bytes),
  })
  // R and A are the neutral point and S is zero: 0 * B = R + k * A for every message.
  topic.add(
    'get',
    'eddsa-key-of-small-order',
    acceptable(21, 'key-invalid', 'A stored key of small order, and a signature that is right for every message', {
      sections,
      flags: ['weak-key'],
    }),
    { alg: -8, key: weakKey(little(1n)), signature: () => concat(little(1n), new Uint8Array(32)) },
  )
}

/** Nobody has its private key, and nobody needs it. */
function weakKey(x) {
  const honest = keyOf(-8)
  const cose = Uint8Array.from(honest.cose)
  cose.set(x, cose.length - 32)
  return { ...honest, cose }
}

function mlDsa(topic) {
  const add = adding(topic, -48)
  add('context', wrong('Signed with a context, where WebAuthn has none'), {
    signature: (_, { message, key }) => key.sign(message, utf8('context')),
  })
  add('cut', wrong('The last byte is missing'), { signature: (bytes) => bytes.slice(0, -1) })
  add('longer', wrong('A zero byte after the signature'), { signature: (bytes) => concat(bytes, [0]) })
  add('hint-not-sorted', wrong('Two hints swapped: FIPS 204 demands that they ascend', ['malleable']), {
    signature: swappedHints,
  })
  add('hint-unused', wrong('A byte after the last hint that is not zero', ['malleable']), {
    signature: (bytes) => withByte(bytes, 2420 - 5, 1),
  })
}

/** The hints are the last 84 bytes: 80 positions, and where those of each polynomial end. */
function swappedHints(bytes) {
  const changed = Uint8Array.from(bytes)
  const at = changed.length - 84
  ;[changed[at], changed[at + 1]] = [changed[at + 1], changed[at]]
  return changed
}

function withByte(bytes, at, value) {
  const changed = Uint8Array.from(bytes)
  changed[at] = value
  return changed
}
