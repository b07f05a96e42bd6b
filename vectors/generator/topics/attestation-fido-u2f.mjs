import { asking, formatCases, notAsking, statementOf } from '../attested.mjs'
import { concat, flipped, seeded, sha256, utf8 } from '../bytes.mjs'
import { authority, certifiedBy, root, stranger } from '../certificates.mjs'
import { keyOf } from '../keys.mjs'
import { acceptable, invalid, Topic, valid } from '../topic.mjs'

const attesting = keyOf(-7, 'u2f attestation')
const leaf = certifiedBy(root, { key: attesting, subject: [['CN', 'U2F Key 1']] })

/** What a U2F key signs (FIDO U2F Raw Message Formats, 4.3). */
const message = ({ clientDataHash, credentialId, key, rpId }, { reserved = 0, id = rpId } = {}) =>
  concat([reserved], sha256(utf8(id)), clientDataHash, credentialId, [4], key.x, key.y)

const u2f =
  (change = {}) =>
  (parts) =>
    statementOf('fido-u2f', { sig: attesting.sign(message(parts)), x5c: [leaf], ...change })

/** A statement for others to hold. */
export const u2fStatement = u2f()
/** One with a wrong signature. */
export const u2fBroken = (parts) => u2f({ sig: flipped(attesting.sign(message(parts))) })(parts)

export function attestationFidoU2f() {
  const topic = new Topic('attestation-fido-u2f', 'The format fido-u2f (8.6), of keys from before FIDO2')
  const { add } = formatCases(topic, 'fido-u2f', '8.6')
  const wrong = (comment) => invalid(22, 'attestation-invalid', comment)
  const model = new Uint8Array(16)
  const expected = asking()
  const statement = (name, about, make, more) => add(name, about, { model, statement: make, expected, ...more })
  const signing = (name, comment, sign) => statement(name, wrong(comment), (parts) => u2f({ sig: sign(parts) })(parts))
  const holding = (name, about, x5c) => statement(name, about, u2f({ x5c }))
  statement('right', valid(24, 'A U2F key'), u2f())
  statement('not-asked-for', valid(22, 'A U2F key, where nothing was asked for'), u2f(), { expected: notAsking })
  statement(
    'model',
    acceptable(
      22,
      'attestation-invalid',
      'An AAGUID that is not zero: the procedure allows it, the conformance tests of FIDO do not',
    ),
    u2f(),
    { model: seeded('aaguid', 16) },
  )
  signing('one-bit', 'The last bit of the signature is another', (parts) => flipped(attesting.sign(message(parts))))
  signing('by-credential-key', 'The credential key signs', (parts) => parts.key.sign(message(parts)))
  signing('as-packed', 'What the format packed signs', (parts) => attesting.sign(parts.signed))
  signing('reserved-byte', 'The first byte that is signed is not zero', (parts) =>
    attesting.sign(message(parts, { reserved: 5 })),
  )
  signing('other-rp', 'Signed for another relying party', (parts) => attesting.sign(message(parts, { id: 'example.com' })))
  signing('other-client-data', 'Signed for other client data', (parts) =>
    attesting.sign(message({ ...parts, clientDataHash: seeded('other') })),
  )
  signing('other-id', 'Signed for another credential id', (parts) =>
    attesting.sign(message({ ...parts, credentialId: seeded('other', 16) })),
  )
  signing('other-key', 'Signed for another public key', (parts) =>
    attesting.sign(message({ ...parts, key: keyOf(-7, 'second') })),
  )
  signing('key-without-point', 'The first byte of the point is not signed', (parts) =>
    attesting.sign(concat([0], sha256(utf8(parts.rpId)), parts.clientDataHash, parts.credentialId, parts.key.x, parts.key.y)),
  )
  statement('without-signature', wrong('No sig'), u2f({ sig: undefined }))
  statement('empty-signature', wrong('An empty sig'), u2f({ sig: new Uint8Array(0) }))
  statement('without-certificate', wrong('No x5c'), u2f({ x5c: undefined }))
  holding('empty-certificates', wrong('An empty x5c'), [])
  holding('two-certificates', wrong('x5c has two elements: the format has one'), [leaf, root.certificate])
  holding('garbage', wrong('Bytes that are no certificate'), [seeded('no certificate', 200)])
  holding('certificate-of-other-key', wrong('The certificate of another key'), [
    certifiedBy(root, { key: keyOf(-7, 'other attestation') }),
  ])
  const other = (alg, label) => (parts) => {
    const key = keyOf(alg, label)
    return statementOf('fido-u2f', { sig: key.sign(message(parts)), x5c: [certifiedBy(root, { key })] })
  }
  statement('certificate-p384', wrong('The certified key is of P-384'), other(-35, 'u2f attestation'))
  statement('certificate-rsa', wrong('The certified key is of RSA'), other(-257, 'third'))
  statement('certificate-ed25519', wrong('The certified key is of Ed25519'), other(-8, 'u2f attestation'))
  statement('credential-p384', wrong('The credential key is of P-384'), u2f(), { alg: -35 })
  statement(
    'unknown-member',
    acceptable(22, 'attestation-invalid', 'A member that the syntax does not have'),
    u2f({ unknown: 1 }),
  )
  statement(
    'stranger',
    invalid(24, 'attestation-untrusted', 'An authority that is not trusted'),
    u2f({ x5c: [certifiedBy(stranger, { key: attesting })] }),
  )
  const middle = authority('U2F Intermediate', { issuer: root })
  statement(
    'intermediate-is-anchor',
    valid(24, 'The issuer is the trust anchor, and no root itself'),
    u2f({ x5c: [certifiedBy(middle, { key: attesting })] }),
    { expected: asking(middle) },
  )
  statement('leaf-is-anchor', valid(24, 'The certificate itself is the trust anchor'), u2f(), { expected: asking(leaf) })
  return topic
}
