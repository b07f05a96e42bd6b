// Signatures of RSA: their numbers, and both kinds of padding.
import { concat, flipped, fromNumber, seeded, sha256, toNumber } from '../bytes.mjs'
import { nothing, octets, oid, sequence } from '../der.mjs'
import { encodePss, keyOf } from '../keys.mjs'
import { adding, challengeWhere, sections, wrong } from '../signatures.mjs'
import { acceptable, valid } from '../topic.mjs'

export function rsaNumbers(topic, alg) {
  const add = adding(topic, alg)
  const { n, e } = keyOf(alg)
  const modulus = toNumber(n)
  add('leading-zero', wrong('A zero byte before the signature'), { signature: (bytes) => concat([0], bytes) })
  add('not-reduced', wrong('The modulus added', ['out-of-range']), {
    challenge: challengeWhere(alg, (bytes) => toNumber(bytes) + modulus < 2n ** 2048n),
    signature: (bytes) => fromNumber(toNumber(bytes) + modulus, 256),
  })
  add('shortened', wrong('A signature that begins with a zero byte, without it'), {
    challenge: challengeWhere(alg, (bytes) => bytes[0] === 0),
    signature: (bytes) => bytes.slice(1),
  })
  add('leading-zero-right', valid(21, 'A signature that begins with a zero byte', { sections }), {
    challenge: challengeWhere(alg, (bytes) => bytes[0] === 0),
  })
  add('one', wrong('The number 1'), { signature: () => fromNumber(1n, 256) })
  add('negated', wrong('The number subtracted from the modulus'), {
    signature: (bytes) => fromNumber(modulus - toNumber(bytes), 256),
  })
  add('modulus', wrong('The modulus', ['out-of-range']), { signature: () => n })
  add('exponent', wrong('The exponent'), { signature: () => concat(new Uint8Array(256 - e.length), e) })
}

const digestInfo = (algorithm, digest, parameters = nothing) => sequence(sequence(oid(algorithm), parameters), octets(digest))
const SHA_256 = '2.16.840.1.101.3.4.2.1'

export function pkcs1(topic) {
  const add = adding(topic, -257)
  const encoded = (write) => ({ signature: (_, { message, key }) => key.power(write(message)) })
  const padded = (info, { filling = 0xff, first = 0, kind = 1, separator = 0, length = 253 - info.length, after = [] } = {}) =>
    concat([first, kind], new Uint8Array(length).fill(filling), [separator], info, after)
  const right = (message) => digestInfo(SHA_256, sha256(message))
  const padding = (comment) => wrong(comment, ['pkcs1-padding'])
  add(
    'built-by-hand',
    valid(21, 'The encoded message of RFC 8017, 9.2', { sections }),
    encoded((message) => padded(right(message))),
  )
  add('pss', wrong('A signature of PS256'), {
    signature: (_, { message, key }) => key.power(encodePss(message, 256, 'sha256')),
  })
  add('sha-384', wrong('A signature of RS384'), { signature: (_, { message, key }) => key.signBy('sha384', message) })
  add('sha-1', wrong('A signature of RSASSA-PKCS1-v1_5 with SHA-1'), {
    signature: (_, { message, key }) => key.signBy('sha1', message),
  })
  add(
    'kind-0',
    padding('Block type 0'),
    encoded((message) => padded(right(message), { kind: 0, filling: 0 })),
  )
  add(
    'kind-2',
    padding('Block type 2, which is of encryption'),
    encoded((message) => padded(right(message), { kind: 2, filling: 0x55 })),
  )
  add(
    'filling',
    padding('A byte of the padding is not ff'),
    encoded((message) => flipped(padded(right(message)), 10)),
  )
  add(
    'separator',
    padding('The byte after the padding is not zero'),
    encoded((message) => padded(right(message), { separator: 1 })),
  )
  add(
    'short-padding',
    padding('Eight bytes of padding, and bytes after the digest: the forgery of Bleichenbacher'),
    encoded((message) => padded(right(message), { length: 8, after: seeded('after the digest', 245 - right(message).length) })),
  )
  add(
    'without-padding',
    padding('No padding before the digest'),
    encoded((message) => padded(right(message), { length: 0, after: seeded('after the digest', 253 - right(message).length) })),
  )
  add(
    'bytes-in-parameters',
    padding('Bytes hidden in the parameters of the hash'),
    encoded((message) => padded(digestInfo(SHA_256, sha256(message), octets(seeded('parameters', 100))))),
  )
  add(
    'wrong-hash-name',
    padding('SHA-256 under the name of SHA-512'),
    encoded((message) => padded(digestInfo('2.16.840.1.101.3.4.2.3', sha256(message)))),
  )
  add(
    'bare-digest',
    padding('The digest without the name of its hash'),
    encoded((message) => padded(sha256(message))),
  )
  add(
    'digest-zero',
    padding('An empty digest'),
    encoded(() => padded(digestInfo(SHA_256, new Uint8Array(0)))),
  )
  add(
    'without-null',
    acceptable(21, 'signature-invalid', 'The parameters of the hash are absent, not NULL: RFC 8017 lets verifiers accept it', {
      sections,
      flags: ['pkcs1-padding'],
    }),
    encoded((message) => padded(digestInfo(SHA_256, sha256(message), []))),
  )
}

export function pss(topic) {
  const add = adding(topic, -37)
  const encoded = (options, sha = 'sha256') => ({
    signature: (_, { message, key }) => key.power(encodePss(message, 256, sha, options)),
  })
  const padding = (comment) => wrong(comment, ['pss-padding'])
  add('pkcs1', wrong('A signature of RS256'), { signature: (_, { message, key }) => key.signBy('sha256', message) })
  add('sha-384', wrong('A signature of PS384'), encoded({}, 'sha384'))
  add('no-salt', padding('No salt, where RFC 8230 demands one as long as the hash'), encoded({ saltLength: 0 }))
  add('short-salt', padding('A salt of 20 bytes'), encoded({ saltLength: 20 }))
  add('long-salt', padding('The longest salt'), encoded({ saltLength: 222 }))
  add('mask-sha-1', padding('MGF1 with SHA-1'), encoded({ maskBy: 'sha1' }))
  add('trailer', padding('Another byte at the end'), encoded({ trailer: 0xcc }))
}
