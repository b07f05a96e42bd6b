import { asking, formatCases, notAsking, statementOf } from '../attested.mjs'
import { concat, flipped, seeded } from '../bytes.mjs'
import { authority, certifiedBy, extension, root, stranger } from '../certificates.mjs'
import { der, enumerated, integer, nothing, octets, sequence, set, tagged } from '../der.mjs'
import { keyOf } from '../keys.mjs'
import { acceptable, invalid, Topic, valid } from '../topic.mjs'

const KEY_DESCRIPTION = '1.3.6.1.4.1.11129.2.1.17'
const purpose = (...numbers) => tagged(1, set(...numbers.map((number) => integer(number))))
const origin = (number) => tagged(702, integer(number))
const allApplications = tagged(600, nothing)
const signing = [purpose(2), origin(0)]

/** Android's KeyDescription. */
const description = ({ level = enumerated(1), keymintLevel = level, challenge, software = [], hardware = signing }) =>
  sequence(
    integer(300),
    level,
    integer(300),
    keymintLevel,
    octets(challenge),
    octets(new Uint8Array(0)),
    sequence(...software),
    sequence(...hardware),
  )

export const middle = authority('Android Intermediate', { issuer: root })

export const certified = ({ key, clientDataHash, issuer = middle, extensions, described = {}, ...more }) =>
  certifiedBy(issuer, {
    key,
    subject: [['CN', 'Android Keystore Key']],
    extensions: extensions ?? [extension(KEY_DESCRIPTION, description({ challenge: clientDataHash, ...described }))],
    ...more,
  })

/** A statement whose certificate, or whose members, are replaced. */
export const android =
  (change = {}, members = {}) =>
  (parts) =>
    statementOf('android-key', {
      alg: parts.key.alg,
      sig: parts.key.sign(parts.signed),
      x5c: [certified({ ...parts, ...change }), middle.certificate],
      ...members,
    })

export function attestationAndroidKey() {
  const topic = new Topic(
    'attestation-android-key',
    'The format android-key (8.4): a certificate that says where the key lives and what it is for',
  )
  const { add } = formatCases(topic, 'android-key', '8.4')
  const wrong = (comment) => invalid(22, 'attestation-invalid', comment)
  const expected = asking()
  const statement = (name, about, make, more) => add(name, about, { statement: make, expected, ...more })
  const described = (name, about, change) => statement(name, about, android({ described: change }))
  const lenient = (comment) => acceptable(22, 'attestation-invalid', comment)
  statement('right', valid(24, 'A key in a trusted execution environment'), android())
  statement('with-root', valid(24, 'The trust anchor itself at the end of x5c, as devices send it'), (parts) =>
    android({}, { x5c: [certified(parts), middle.certificate, root.certificate] })(parts),
  )
  statement('not-asked-for', valid(22, 'The same, where nothing was asked for'), android(), { expected: notAsking })
  described('strongbox', valid(24, 'A key in StrongBox'), { level: enumerated(2) })
  described('software', lenient('A key in software: a decision of the relying party'), {
    level: enumerated(0),
    software: signing,
    hardware: [],
  })
  described('level-integer', lenient('The level as an INTEGER, as a few devices write it'), { level: integer(1) })
  described('level-unknown', lenient('A level that nobody knows'), { level: enumerated(9) })
  described('levels-differ', lenient('The key is in StrongBox, and what attests it is not'), {
    level: enumerated(2),
    keymintLevel: enumerated(1),
  })
  statement('p384', valid(24, 'A credential key of P-384'), android(), { alg: -35 })
  statement('rs256', valid(24, 'A credential key of RSA'), android(), { alg: -257 })
  // The signature
  statement('one-bit', wrong('The last bit of the signature is another'), (parts) =>
    android({}, { sig: flipped(parts.key.sign(parts.signed)) })(parts),
  )
  statement('data-alone', wrong('Only the authenticator data are signed'), (parts) =>
    android({}, { sig: parts.key.sign(parts.authData) })(parts),
  )
  statement('alg-other', wrong('alg says EdDSA, and the key is of ES256'), android({}, { alg: -8 }))
  statement('without-alg', wrong('No alg'), android({}, { alg: undefined }))
  statement('without-signature', wrong('No sig'), android({}, { sig: undefined }))
  statement('without-certificates', wrong('No x5c'), android({}, { x5c: undefined }))
  statement('empty-certificates', wrong('An empty x5c'), android({}, { x5c: [] }))
  statement('unknown-member', lenient('A member that the syntax does not have'), android({}, { unknown: 1 }))
  statement('other-key', wrong('The certificate of another key, which does not sign'), android({ key: keyOf(-7, 'second') }))
  statement('other-key-signs', wrong('The certificate of another key, which signs'), (parts) => {
    const other = keyOf(-7, 'second')
    return android({ key: other }, { sig: other.sign(parts.signed) })(parts)
  })
  // What the certificate says
  described('challenge-one-bit', wrong('One bit of the challenge differs'), { challenge: seeded('another challenge') })
  statement('challenge-not-hashed', wrong('The challenge itself in place of the hash of the client data'), (parts) =>
    android({ described: { challenge: parts.client } })(parts),
  )
  described('challenge-empty', wrong('An empty challenge'), { challenge: new Uint8Array(0) })
  described('all-applications', wrong('Every application may use the key, as hardware says'), {
    hardware: [...signing, allApplications],
  })
  described('all-applications-software', wrong('Every application may use the key, as software says'), {
    software: [allApplications],
  })
  described('imported', wrong('The key was not generated in the device'), { hardware: [purpose(2), origin(2)] })
  described('derived', wrong('The key was derived'), { hardware: [purpose(2), origin(1)] })
  described('origin-missing', wrong('Nothing says where the key is from'), { hardware: [purpose(2)] })
  described('purpose-missing', wrong('Nothing says what the key is for'), { hardware: [origin(0)] })
  described('purpose-verify', wrong('The key is for verifying'), { hardware: [purpose(3), origin(0)] })
  described('purpose-encrypt', wrong('The key is for encryption'), { hardware: [purpose(0), origin(0)] })
  described('purpose-empty', wrong('The key is for nothing'), { hardware: [purpose(), origin(0)] })
  described(
    'purpose-several',
    lenient('The key may sign and verify: purpose is to contain SIGN, older levels said that it is SIGN'),
    { hardware: [purpose(2, 3), origin(0)] },
  )
  described('lists-empty', wrong('Both lists are empty'), { hardware: [] })
  described('software-alone', lenient('Software says everything, hardware nothing: accepted unless only hardware counts'), {
    software: signing,
    hardware: [],
  })
  described('shared', lenient('Software says the purpose, hardware the origin'), {
    software: [purpose(2)],
    hardware: [origin(0)],
  })
  described('origins-differ', wrong('Software says imported, hardware generated'), { software: [origin(2)] })
  described('unknown-tags', lenient('Members that nobody knows yet'), {
    hardware: [...signing, tagged(998, integer(1)), tagged(999, octets(Uint8Array.of(1)))],
  })
  const extensions = (name, about, content) =>
    statement(name, about, (parts) => android({ extensions: content(description({ challenge: parts.clientDataHash })) })(parts))
  extensions('description-missing', wrong('No description of the key'), () => [])
  extensions('description-elsewhere', wrong('The description in another extension'), (content) => [
    extension('1.3.6.1.4.1.11129.2.1.18', content),
  ])
  extensions('description-cut', wrong('A description that is cut'), (content) => [
    extension(KEY_DESCRIPTION, content.slice(0, -1)),
  ])
  extensions('description-more', wrong('Bytes after the description'), (content) => [
    extension(KEY_DESCRIPTION, concat(content, nothing)),
  ])
  extensions('description-empty', wrong('An empty description'), () => [extension(KEY_DESCRIPTION, sequence())])
  extensions('description-bytes', wrong('Bytes in place of the description'), (content) => [
    extension(KEY_DESCRIPTION, der(4, content)),
  ])
  // The chain
  statement('stranger', invalid(24, 'attestation-untrusted', 'An authority that is not trusted'), (parts) =>
    android({}, { x5c: [certified({ ...parts, issuer: stranger })] })(parts),
  )
  statement('chain-signature', invalid(24, 'attestation-invalid', 'The signature of the certificate is wrong'), (parts) =>
    android({}, { x5c: [flipped(certified(parts)), middle.certificate] })(parts),
  )
  statement(
    'expired',
    invalid(24, 'attestation-untrusted', 'The certificate expired in 2021'),
    android({ from: '20200101', until: '20210101' }),
  )
  return topic
}
