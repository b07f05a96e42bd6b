// Signatures of ECDSA: their encoding in DER, and numbers out of range.
import { concat, fromNumber, hash, utf8 } from '../bytes.mjs'
import { der, integer, nothing, octets, sequence } from '../der.mjs'
import { curves } from '../keys.mjs'
import { adding, challengeWhere, sections, wrong } from '../signatures.mjs'
import { valid } from '../topic.mjs'

export function ecdsa(topic, alg) {
  const add = adding(topic, alg)
  const { curve, length, sha } = curves[alg]
  const { n } = curve.Point.CURVE()
  const numbers = (write) => ({ signature: (_, { message, key }) => write(key.numbers(message)) })
  const pair = (r, s) => sequence(integer(r), integer(s))
  const rightly = (write) => numbers(({ r, s }) => write(integer(r), integer(s)))
  const small = (s) => (s > n / 2n ? n - s : s)
  add(
    'low-s',
    valid(21, 's in the lower half', { sections }),
    numbers(({ r, s }) => pair(r, small(s))),
  )
  add(
    'high-s',
    valid(21, 's in the upper half, which WebAuthn does not forbid', { sections, flags: ['malleable'] }),
    numbers(({ r, s }) => pair(r, n - small(s))),
  )
  const encoding = (comment) => wrong(comment, ['der'])
  add(
    'raw',
    encoding('r and s one after the other, as JOSE has them'),
    numbers(({ r, s }) => concat(fromNumber(r, length), fromNumber(s, length))),
  )
  add(
    'r-padded',
    encoding('A zero byte before r'),
    numbers(({ r, s }) => sequence(unshortened(r, length), integer(s))),
  )
  add(
    's-padded',
    encoding('A zero byte before s'),
    numbers(({ r, s }) => sequence(integer(r), unshortened(s, length))),
  )
  // No number of P-521 fills its first byte.
  if (alg !== -36) {
    add('r-negative', encoding('r without the zero byte that makes it positive'), {
      ...numbers(({ r, s }) => sequence(der(2, fromNumber(r, length)), integer(s))),
      challenge: challengeWhere(alg, (_, { message, key }) => key.numbers(message).r >> BigInt(8 * length - 1) === 1n),
    })
  }
  add(
    'long-length',
    encoding('The length in two bytes where one does'),
    rightly((r, s) => longer(concat(r, s))),
  )
  add(
    'longer-length',
    encoding('The length in four bytes, with zeros'),
    rightly((r, s) => concat([0x30, 0x83, 0, 0, r.length + s.length], r, s)),
  )
  add(
    'indefinite-length',
    encoding('An indefinite length'),
    rightly((r, s) => concat([0x30, 0x80], r, s, [0, 0])),
  )
  add(
    'length-too-small',
    encoding('A length that is one too small'),
    numbers(({ r, s }) => withLength(pair(r, s), -1)),
  )
  add(
    'length-too-large',
    encoding('A length that is one too large'),
    numbers(({ r, s }) => withLength(pair(r, s), 1)),
  )
  add(
    'more-inside',
    encoding('A third number'),
    rightly((r, s) => sequence(r, s, integer(1))),
  )
  add(
    'null-inside',
    encoding('NULL after the numbers'),
    rightly((r, s) => sequence(r, s, nothing)),
  )
  add(
    'one-number',
    encoding('Only r'),
    rightly((r) => sequence(r)),
  )
  add(
    'no-number',
    encoding('An empty sequence'),
    numbers(() => sequence()),
  )
  add(
    'empty-number',
    encoding('s is an INTEGER without bytes'),
    rightly((r) => sequence(r, der(2))),
  )
  add(
    'set',
    encoding('SET in place of SEQUENCE'),
    rightly((r, s) => der(0x31, r, s)),
  )
  add(
    'octets',
    encoding('OCTET STRING in place of INTEGER'),
    numbers(({ r, s }) => sequence(octets(fromNumber(r, length)), octets(fromNumber(s, length)))),
  )
  add(
    'bit-string',
    encoding('A BIT STRING around the signature'),
    numbers(({ r, s }) => der(3, [0], pair(r, s))),
  )
  add(
    'sequence-twice',
    encoding('A sequence around the signature'),
    numbers(({ r, s }) => sequence(pair(r, s))),
  )
  add(
    'text',
    encoding('The signature in base64'),
    numbers(({ r, s }) => utf8(Buffer.from(pair(r, s)).toString('base64'))),
  )
  const range = (comment) => wrong(comment, ['out-of-range'])
  add(
    'r-zero',
    range('r is zero'),
    numbers(({ s }) => pair(0n, s)),
  )
  add(
    's-zero',
    range('s is zero'),
    numbers(({ r }) => pair(r, 0n)),
  )
  add(
    'both-zero',
    range('r and s are zero'),
    numbers(() => pair(0n, 0n)),
  )
  add(
    'r-one',
    range('r is one'),
    numbers(({ s }) => pair(1n, s)),
  )
  add(
    'both-one',
    range('r and s are one'),
    numbers(() => pair(1n, 1n)),
  )
  add(
    'r-is-n',
    range('r is the order of the group'),
    numbers(({ s }) => pair(n, s)),
  )
  add(
    's-is-n',
    range('s is the order of the group'),
    numbers(({ r }) => pair(r, n)),
  )
  add(
    'both-n',
    range('r and s are the order of the group'),
    numbers(() => pair(n, n)),
  )
  add(
    'r-not-reduced',
    range('The order added to r'),
    numbers(({ r, s }) => pair(r + n, s)),
  )
  add(
    's-not-reduced',
    range('The order added to s'),
    numbers(({ r, s }) => pair(r, s + n)),
  )
  add(
    'r-minus-n',
    range('The order subtracted from r'),
    numbers(({ r, s }) => sequence(negative(n - r, length), integer(s))),
  )
  add(
    's-negated',
    range('-s, a negative number'),
    numbers(({ r, s }) => sequence(integer(r), negative(s, length))),
  )
  add(
    'r-huge',
    range('r of 1,000 bytes'),
    numbers(({ s }) => sequence(integer(concat([1], new Uint8Array(999))), integer(s))),
  )
  add(
    'r-and-s-swapped',
    wrong('r and s swapped'),
    numbers(({ r, s }) => pair(s, r)),
  )
  add('s-of-other', wrong('s of another signature'), {
    signature: (_, { message, key }) => pair(key.numbers(message).r, key.numbers(utf8('another')).s),
  })
  const other = sha === 'sha256' ? 'sha512' : 'sha256'
  add('other-hash', wrong(`Signed over ${other === 'sha512' ? 'SHA-512' : 'SHA-256'}, the hash of another algorithm`), {
    signature: (_, { message, key }) =>
      curve.sign(digestFor(other, message, length), key.secret, { format: 'der', lowS: false, prehash: false }),
  })
}

/** An integer with a zero byte too many. */
const unshortened = (number, length) => {
  const bytes = fromNumber(number, length + 2)
  return der(2, bytes)
}

/** What stands for a number below zero, in two's complement. */
const negative = (number, length) => der(2, fromNumber(2n ** BigInt(8 * (length + 1)) - number, length + 1))

const longer = (content) =>
  content.length < 128 ? concat([0x30, 0x81, content.length], content) : concat([0x30, 0x82, 0, content.length], content)

function withLength(bytes, by) {
  const changed = Uint8Array.from(bytes)
  changed[changed[1] === 0x81 ? 2 : 1] += by
  return changed
}

/** A digest of another hash, cut to what the curve takes. */
const digestFor = (sha, message, length) => hash(sha, message).slice(0, length)
