import { asking, formatCases, notAsking, statementOf } from '../attested.mjs'
import { concat, flipped, seeded, sha256 } from '../bytes.mjs'
import { authority, basicConstraints, certifiedBy, extension, root, stranger } from '../certificates.mjs'
import { octets, sequence, tagged } from '../der.mjs'
import { keyOf } from '../keys.mjs'
import { acceptable, invalid, Topic, valid } from '../topic.mjs'

const NONCE = '1.2.840.113635.100.8.2'

/** The extension in which Apple's authority has put the hash. */
const nonce = (bytes, id = NONCE) => extension(id, sequence(tagged(1, octets(bytes))))

const middle = authority('Device Authority', { issuer: root })

const certified = ({ key, signed, issuer = middle, extensions = [basicConstraints(false), nonce(sha256(signed))], ...more }) =>
  certifiedBy(issuer, { key, subject: [['CN', 'Device 1']], extensions, ...more })

const apple =
  (change = {}) =>
  (parts) =>
    statementOf('apple', { x5c: [certified({ ...parts, ...change }), middle.certificate] })

/** A statement for others to hold. */
export const appleStatement = apple()

export function attestationApple() {
  const topic = new Topic(
    'attestation-apple',
    'The format apple (8.8): a certificate of the credential key, made for this ceremony',
  )
  const { add } = formatCases(topic, 'apple', '8.8')
  const expected = asking()
  const wrong = (comment) => invalid(22, 'attestation-invalid', comment)
  const statement = (name, about, make, more) => add(name, about, { statement: make, expected, ...more })
  const holding = (name, about, extensions) =>
    statement(name, about, (parts) => apple({ extensions: [basicConstraints(false), ...extensions(parts)] })(parts))
  statement('right', valid(24, 'A device of Apple'), apple())
  statement('not-asked-for', valid(22, 'A device of Apple, where nothing was asked for'), apple(), { expected: notAsking })
  statement('p384', valid(24, 'A credential key of P-384'), apple(), { alg: -35 })
  holding('nonce-one-bit', wrong('One bit of the hash differs'), ({ signed }) => [nonce(flipped(sha256(signed)))])
  holding('nonce-of-client-data', wrong('The hash of the client data alone'), ({ clientDataHash }) => [nonce(clientDataHash)])
  holding('nonce-of-data', wrong('The hash of the authenticator data alone'), ({ authData }) => [nonce(sha256(authData))])
  holding('nonce-not-hashed', wrong('The data themselves, not hashed'), ({ signed }) => [nonce(signed)])
  holding('nonce-swapped', wrong('The hash of the two in the other order'), ({ authData, clientDataHash }) => [
    nonce(sha256(concat(clientDataHash, authData))),
  ])
  holding('nonce-missing', wrong('No extension with the hash'), () => [])
  holding('nonce-elsewhere', wrong('The hash in another extension'), ({ signed }) => [
    nonce(sha256(signed), '1.2.840.113635.100.8.3'),
  ])
  holding('nonce-bare', wrong('The hash without the structure around it'), ({ signed }) => [extension(NONCE, sha256(signed))])
  holding('nonce-cut', wrong('The first 31 bytes of the hash'), ({ signed }) => [nonce(sha256(signed).slice(0, 31))])
  holding('nonce-empty', wrong('No bytes in place of the hash'), () => [nonce(new Uint8Array(0))])
  statement('other-key', wrong('The certificate of another key'), apple({ key: keyOf(-7, 'second') }))
  statement('without-certificates', wrong('No x5c'), () => statementOf('apple', {}))
  statement('empty-certificates', wrong('An empty x5c'), () => statementOf('apple', { x5c: [] }))
  statement('garbage', wrong('Bytes that are no certificate'), () =>
    statementOf('apple', { x5c: [seeded('no certificate', 200)] }),
  )
  statement('unknown-member', acceptable(22, 'attestation-invalid', 'A member that the syntax does not have'), (parts) =>
    statementOf('apple', { alg: -7, x5c: [certified(parts), middle.certificate] }),
  )
  statement('stranger', invalid(24, 'attestation-untrusted', 'An authority that is not trusted'), (parts) =>
    statementOf('apple', { x5c: [certified({ ...parts, issuer: stranger })] }),
  )
  statement('signature', invalid(24, 'attestation-invalid', 'The signature of the certificate is wrong'), (parts) =>
    statementOf('apple', { x5c: [flipped(certified(parts)), middle.certificate] }),
  )
  statement(
    'expired',
    invalid(24, 'attestation-untrusted', 'The certificate expired in 2021'),
    apple({ from: '20200101', until: '20210101' }),
  )
  return topic
}
