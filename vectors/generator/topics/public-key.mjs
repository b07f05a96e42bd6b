import { ed25519 } from '@noble/curves/ed25519.js'

import { concat, flipped, fromNumber, seeded, toNumber } from '../bytes.mjs'
import { cbor, entries, indefinite, raw } from '../cbor.mjs'
import { algorithms, curves, keyOf, names } from '../keys.mjs'
import { acceptable, invalid, Topic, valid } from '../topic.mjs'

export function publicKey() {
  const topic = new Topic(
    'public-key',
    'The credential public key in a registration: COSE keys, right and wrong (5.8.5, 6.5.1.1)',
  )
  everyAlgorithm(topic)
  parameters(topic)
  encodings(topic)
  points(topic)
  okp(topic)
  rsa(topic)
  mlDsa(topic)
  return topic
}

const sections = ['5.8.5', '6.5.1.1']
const wrong = (comment, reason = 'key-invalid', more = {}) => invalid(20, reason, comment, { sections, ...more })
const lenient = (comment, reason = 'key-invalid', more = {}) => acceptable(20, reason, comment, { sections, ...more })

/** The members of a key with some replaced, removed (undefined) or added. */
const bent = (key, changes) => new Map([...new Map([...key.members, ...changes])].filter(([, value]) => value !== undefined))

/** Adds the registration of a key with other members. */
const register = (topic, name, about, alg, members, more) => {
  topic.add('create', name, about, { alg, cose: cbor(members), ...more })
}

function everyAlgorithm(topic) {
  for (const alg of algorithms) {
    const label = names[alg].toLowerCase()
    topic.add('create', label, valid(20, `A key of ${names[alg]}`), { alg })
    const others = algorithms.filter((other) => other !== alg)
    topic.add(
      'create',
      `${label}-not-offered`,
      invalid(20, 'algorithm-not-allowed', `A key of ${names[alg]}, which was not offered`),
      {
        alg,
        expected: { algorithms: others },
      },
    )
  }
}

function parameters(topic) {
  const key = keyOf(-7)
  const add = (name, about, changes) => register(topic, `parameter-${name}`, about, -7, bent(key, changes))
  add('kty-missing', wrong('No kty', 'malformed'), [[1, undefined]])
  add('kty-okp', wrong('kty OKP for an algorithm of EC2'), [[1, 1]])
  add('kty-rsa', wrong('kty RSA for an algorithm of EC2'), [[1, 3]])
  add('kty-symmetric', wrong('kty of a symmetric key'), [[1, 4]])
  add('kty-zero', wrong('A reserved kty'), [[1, 0]])
  add('kty-text', lenient('kty by its name, as COSE allows', 'malformed'), [[1, 'EC2']])
  add('alg-missing', wrong('No alg, which WebAuthn demands', 'malformed'), [[3, undefined]])
  add('alg-text', lenient('alg by its name, as COSE allows', 'malformed'), [[3, 'ES256']])
  add('alg-hmac', wrong('alg of an HMAC', 'algorithm-unsupported'), [[3, 5]])
  add('alg-unknown', wrong('alg of private use, which was not offered', 'algorithm-unsupported'), [[3, -65_536]])
  add('alg-es384', wrong('A P-256 key that names ES384'), [[3, -35]])
  add('alg-es256k', wrong('A P-256 key that names ES256K, which was not offered', 'algorithm-unsupported'), [[3, -47]])
  add('alg-rs256', wrong('A P-256 key that names RS256'), [[3, -257]])
  add('alg-eddsa', wrong('A P-256 key that names EdDSA'), [[3, -8]])
  add('crv-missing', wrong('No crv'), [[-1, undefined]])
  add('crv-p384', wrong('crv P-384 for ES256'), [[-1, 2]])
  add('crv-ed25519', wrong('crv Ed25519 for ES256'), [[-1, 6]])
  add('crv-secp256k1', wrong('crv secp256k1 for ES256'), [[-1, 8]])
  add('crv-zero', wrong('A reserved crv'), [[-1, 0]])
  add('crv-text', lenient('crv by its name, as COSE allows'), [[-1, 'P-256']])
  add('x-missing', wrong('No x'), [[-2, undefined]])
  add('y-missing', wrong('No y'), [[-3, undefined]])
  add('x-text', wrong('x as text'), [[-2, Buffer.from(key.x).toString('hex')]])
  add(
    'private',
    lenient('The private key d beside the public one: it is no secret any more', 'key-invalid', { flags: ['private-key'] }),
    [[-4, key.secret]],
  )
  add('key-id', lenient('A key id, an optional parameter that WebAuthn forbids', 'malformed'), [[2, seeded('key id', 8)]])
  add('key-ops', lenient('key_ops, an optional parameter that WebAuthn forbids', 'malformed'), [[4, [2]]])
  add('unknown', lenient('A parameter of private use', 'malformed'), [[-70_000, true]])
}

function encodings(topic) {
  const key = keyOf(-7)
  const pairs = [...key.members]
  const canonical = { flags: ['cbor-not-canonical'] }
  const add = (name, about, item, more) => topic.add('create', `cbor-${name}`, about, { cose: cbor(item), ...more })
  const duplicate = wrong('A label twice, which COSE forbids', 'malformed', { flags: ['duplicate-member'] })
  add(
    'duplicate-x-first',
    { ...duplicate, comment: 'x twice, that of another key first: COSE forbids a label to occur twice' },
    entries([...pairs.slice(0, 3), [-2, keyOf(-7, 'other').x], ...pairs.slice(3)]),
  )
  add(
    'duplicate-x-last',
    { ...duplicate, comment: 'x twice, that of another key last: COSE forbids a label to occur twice' },
    entries([...pairs, [-2, keyOf(-7, 'other').x]]),
  )
  add(
    'duplicate-alg',
    { ...duplicate, comment: 'alg twice: COSE forbids a label to occur twice' },
    entries([...pairs, [3, -257]]),
  )
  add(
    'duplicate-long',
    { ...duplicate, comment: 'alg twice, once in a longer encoding: COSE forbids a label to occur twice' },
    entries([...pairs, [raw([0x18, 3]), -257]]),
  )
  add(
    'other-order',
    lenient('The labels in another order than CTAP2 has them', 'malformed', canonical),
    entries(pairs.toReversed()),
  )
  add('indefinite', lenient('A map of indefinite length, which CTAP2 forbids', 'malformed', canonical), indefinite(pairs))
  add(
    'long-number',
    lenient('kty in two bytes where one does', 'malformed', canonical),
    entries([[1, raw([0x18, 2])], ...pairs.slice(1)]),
  )
  add(
    'long-label',
    lenient('A label in two bytes where one does', 'malformed', canonical),
    entries([[raw([0x18, 1]), 2], ...pairs.slice(1)]),
  )
  add(
    'long-length',
    lenient('The length of x in three bytes where two do', 'malformed', canonical),
    entries([...pairs.slice(0, 3), [-2, raw([0x59, 0, 32], key.x)], pairs[4]]),
  )
  add(
    'chunks',
    lenient('x in two chunks, which CTAP2 forbids', 'malformed', canonical),
    entries([...pairs.slice(0, 3), [-2, raw([0x5f], cbor(key.x.slice(0, 16)), cbor(key.x.slice(16)), [0xff])], pairs[4]]),
  )
  add(
    'float',
    lenient('kty as a floating-point number', 'malformed', canonical),
    entries([[1, raw([0xf9, 0x40, 0])], ...pairs.slice(1)]),
  )
  add('tagged', lenient('A tag before the key', 'malformed', canonical), raw([0xd8, 0x62], key.cose))
  add('list', wrong('A list in place of the map', 'malformed'), pairs.flat())
  add('bytes', wrong('The key as bytes in CBOR', 'malformed'), key.cose)
  add('empty', wrong('An empty map', 'malformed'), new Map())
  add('text-labels', wrong('The labels as text', 'malformed'), new Map(pairs.map(([label, value]) => [String(label), value])))
  add('spki', wrong('The key as a SubjectPublicKeyInfo', 'malformed'), raw(key.spki))
  add('point', wrong('The key as an uncompressed point, as U2F has it', 'malformed'), raw([4], key.x, key.y))
}

function points(topic) {
  for (const alg of [-7, -35, -36]) {
    const { curve, length } = curves[alg]
    const key = keyOf(alg)
    const label = names[alg].toLowerCase()
    const { p } = curve.Point.CURVE()
    const add = (name, about, changes) => register(topic, `${label}-${name}`, about, alg, bent(key, changes))
    const zero = new Uint8Array(length)
    const point = { flags: ['off-curve'] }
    add('y-off-curve', wrong('A point that is not on the curve', 'key-invalid', point), [[-3, flipped(key.y)]])
    add('x-off-curve', wrong('A point that is not on the curve', 'key-invalid', point), [[-2, flipped(key.x)]])
    add('swapped', wrong('x and y swapped', 'key-invalid', point), [
      [-2, key.y],
      [-3, key.x],
    ])
    add('zeros', wrong('Zeros, which some libraries write for the point at infinity', 'key-invalid', point), [
      [-2, zero],
      [-3, zero],
    ])
    add('x-is-p', wrong('x is the modulus of the field', 'key-invalid', point), [[-2, fromNumber(p, length)]])
    add('x-short', wrong('x without its first byte'), [[-2, key.x.slice(1)]])
    add('x-long', wrong('A zero byte before x'), [[-2, concat([0], key.x)]])
    add('y-long', wrong('A zero byte after y'), [[-3, concat(key.y, [0])]])
    add('y-empty', wrong('y is empty'), [[-3, new Uint8Array(0)]])
    add('compressed', wrong('A compressed point (y is its sign), which WebAuthn forbids'), [[-3, (key.y.at(-1) & 1) === 1]])
    add('y-negated', valid(20, 'The negated point: the key of n - d', { sections }), [
      [-3, fromNumber(p - toNumber(key.y), length)],
    ])
    const shortened = short(alg)
    topic.add('create', `${label}-leading-zero`, valid(20, 'x begins with a zero byte, which is written', { sections }), {
      alg,
      key: shortened,
    })
    register(
      topic,
      `${label}-leading-zero-omitted`,
      wrong('x begins with a zero byte, which is not written: RFC 9053 demands the full length'),
      alg,
      bent(shortened, [[-2, shortened.x.slice(1)]]),
    )
  }
  // The larger coordinate is not reduced: x + p fits in 32 bytes only if x is small.
  const alg = -7
  const { p, a, b } = curves[alg].curve.Point.CURVE()
  const { x, y } = smallPoint(p, a, b)
  const members = (first) =>
    bent(keyOf(alg), [
      [-2, fromNumber(first, 32)],
      [-3, fromNumber(y, 32)],
    ])
  register(topic, 'es256-x-small', valid(20, 'A point with a very small x', { sections }), alg, members(x))
  register(
    topic,
    'es256-x-not-reduced',
    wrong('x + p in place of x: the same point, not reduced', 'key-invalid', { flags: ['off-curve'] }),
    alg,
    members(x + p),
  )
}

/** A key whose x begins with a zero byte; for P-521, whose first byte is nearly always zero, with two. */
function short(alg) {
  for (let number = 0; ; number += 1) {
    const key = keyOf(alg, `short ${number}`)
    if (key.x[0] === 0 && (alg !== -36 || key.x[1] === 0)) return key
  }
}

/** On a curve over a prime p = 3 (mod 4), as P-256 is. */
function smallPoint(p, a, b) {
  for (let x = 1n; ; x += 1n) {
    const square = (x * x * x + a * x + b) % p
    const y = power(square, (p + 1n) / 4n, p)
    if ((y * y) % p === square) return { x, y }
  }
}

function power(base, exponent, modulus) {
  let result = 1n
  for (let rest = exponent, factor = base; rest > 0n; rest >>= 1n, factor = (factor * factor) % modulus) {
    if (rest & 1n) result = (result * factor) % modulus
  }
  return result
}

function okp(topic) {
  const key = keyOf(-8)
  const add = (name, about, changes) => register(topic, `eddsa-${name}`, about, -8, bent(key, changes))
  add('x-short', wrong('31 bytes'), [[-2, key.x.slice(0, 31)]])
  add('x-long', wrong('33 bytes'), [[-2, concat(key.x, [0])]])
  add('x-missing', wrong('No x'), [[-2, undefined]])
  add('x-empty', wrong('x is empty'), [[-2, new Uint8Array(0)]])
  add('crv-missing', wrong('No crv', 'algorithm-unsupported'), [[-1, undefined]])
  add('crv-p256', wrong('crv P-256 for EdDSA', 'algorithm-unsupported'), [[-1, 1]])
  add('crv-x25519', wrong('crv X25519, which signs nothing', 'algorithm-unsupported'), [[-1, 4]])
  add('crv-ed448', wrong('crv Ed448 with a key of Ed25519, for which WebAuthn has no place', 'algorithm-unsupported'), [
    [-1, 7],
  ])
  add('kty-ec2', wrong('kty EC2 for EdDSA'), [[1, 2]])
  add('private', lenient('The private key d beside the public one', 'key-invalid', { flags: ['private-key'] }), [
    [-4, seeded('ed25519 first')],
  ])
  add('off-curve', wrong('A y for which there is no x', 'key-invalid', { flags: ['off-curve'] }), [[-2, noPoint()]])
  const prime = 2n ** 255n - 19n
  const little = (number) => fromNumber(number, 32).toReversed()
  const weak = (comment) => lenient(`${comment}. Anybody can sign for such a key`, 'key-invalid', { flags: ['weak-key'] })
  add('small-order-1', weak('The neutral point, of order 1'), [[-2, little(1n)]])
  add('small-order-2', weak('The point of order 2'), [[-2, little(prime - 1n)]])
  add('small-order-4', weak('A point of order 4'), [[-2, little(0n)]])
  add('small-order-4-sign', weak('The other point of order 4'), [[-2, little(2n ** 255n)]])
  for (const [at, hex] of [
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  ].entries()) {
    add(`small-order-8-${at + 1}`, weak('A point of order 8'), [[-2, new Uint8Array(Buffer.from(hex, 'hex'))]])
  }
  const unreduced = (comment) =>
    wrong(`${comment}: RFC 8032, 5.1.3, fails to decode it`, 'key-invalid', { flags: ['off-curve'] })
  add('y-is-p', unreduced('y is the modulus of the field'), [[-2, little(prime)]])
  add('y-is-p-plus-1', unreduced('y is the modulus and one'), [[-2, little(prime + 1n)]])
  add('x-zero-sign', unreduced('The sign of an x that is zero'), [[-2, little(1n + 2n ** 255n)]])
  const torsion = ed25519.Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')
  const mixed = ed25519.Point.fromHex(Buffer.from(key.x).toString('hex')).add(torsion)
  add(
    'mixed-order',
    lenient('A point outside the subgroup of prime order, which is not of small order either', 'key-invalid', {
      flags: ['weak-key'],
    }),
    [[-2, mixed.toBytes()]],
  )
}

function noPoint() {
  for (let number = 0; ; number += 1) {
    const bytes = seeded(`no point ${number}`)
    bytes[31] &= 0x7f
    try {
      ed25519.Point.fromHex(Buffer.from(bytes).toString('hex'))
    } catch {
      return bytes
    }
  }
}

function rsa(topic) {
  const key = keyOf(-257)
  const add = (name, about, changes) => register(topic, `rs256-${name}`, about, -257, bent(key, changes))
  for (const label of ['3072 bits', '4096 bits', 'exponent 3']) {
    topic.add('create', `rs256-${label.replace(' ', '-')}`, valid(20, `A key of RS256: ${label}`), {
      alg: -257,
      key: keyOf(-257, label),
    })
  }
  topic.add(
    'create',
    'rs256-1024-bits',
    lenient('A modulus of 1024 bits, which is too short today', 'key-invalid', { flags: ['weak-key'] }),
    { alg: -257, key: keyOf(-257, '1024 bits') },
  )
  add('n-missing', wrong('No n'), [[-1, undefined]])
  add('e-missing', wrong('No e'), [[-2, undefined]])
  add('n-empty', wrong('n is empty'), [[-1, new Uint8Array(0)]])
  add('e-empty', wrong('e is empty'), [[-2, new Uint8Array(0)]])
  add('n-zero', wrong('n is zero'), [[-1, new Uint8Array(256)]])
  add('n-even', wrong('n is even'), [[-1, fromNumber(toNumber(key.n) - 1n, 256)]])
  add('n-leading-zero', lenient('A zero byte before n: RFC 8230 demands the shortest encoding'), [[-1, concat([0], key.n)]])
  add('e-leading-zero', lenient('A zero byte before e: RFC 8230 demands the shortest encoding'), [[-2, concat([0], key.e)]])
  add('e-1', wrong('e is 1: everybody can sign', 'key-invalid', { flags: ['weak-key'] }), [[-2, Uint8Array.of(1)]])
  add('e-2', wrong('e is 2'), [[-2, Uint8Array.of(2)]])
  add('e-even', wrong('e is even'), [[-2, Uint8Array.of(1, 0, 0)]])
  add('e-number', wrong('e as a number of CBOR'), [[-2, 65_537]])
  add('e-large', lenient('e of 40 bits, more than some libraries take'), [[-2, Uint8Array.of(1, 0, 0, 0, 1)]])
  add('swapped', wrong('n and e swapped'), [
    [-1, key.e],
    [-2, key.n],
  ])
  add('kty-ec2', wrong('kty EC2 for RS256'), [[1, 2]])
  add('private', lenient('A private exponent d beside the public key', 'key-invalid', { flags: ['private-key'] }), [
    [-3, seeded('any d', 256)],
  ])
}

function mlDsa(topic) {
  const alg = -48
  const key = keyOf(alg)
  const add = (name, about, changes) => register(topic, `ml-dsa-44-${name}`, about, alg, bent(key, changes))
  add('short', wrong('A byte too few'), [[-1, key.publicKey.slice(1)]])
  add('long', wrong('A byte too many'), [[-1, concat(key.publicKey, [0])]])
  add('missing', wrong('No key'), [[-1, undefined]])
  add('kty-okp', wrong('kty OKP, as drafts had it', 'key-invalid'), [[1, 1]])
  add('alg-65', wrong('A key of ML-DSA-44 that names ML-DSA-65'), [[3, -49]])
  add('private', lenient('The private seed beside the public key', 'key-invalid', { flags: ['private-key'] }), [
    [-2, seeded(`ml-dsa ${alg} first`)],
  ])
  add('zero', lenient('A vector t1 of zeros. Anybody can sign for such a key', 'key-invalid', { flags: ['weak-key'] }), [
    [-1, concat(key.publicKey.slice(0, 32), new Uint8Array(1280))],
  ])
}
