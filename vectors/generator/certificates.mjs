// X.509 certificates (RFC 5280) of attestation keys and those who certify them.
import { seeded } from './bytes.mjs'
import { bits, boolean, der, integer, octets, oid, printable, sequence, set, tagged, time, utf8String } from './der.mjs'
import { keyOf } from './keys.mjs'

const attributes = { C: '2.5.4.6', O: '2.5.4.10', OU: '2.5.4.11', CN: '2.5.4.3' }

/** Of pairs such as `['CN', 'Key 1']`, each a set of its own. */
export const distinguishedName = (pairs) =>
  sequence(
    ...pairs.map(([name, value]) => set(sequence(oid(attributes[name]), name === 'C' ? printable(value) : utf8String(value)))),
  )

/** What 8.2.1 wants of the subject of a packed statement's certificate. */
export const attestationSubject = [
  ['C', 'SE'],
  ['O', 'Maker'],
  ['OU', 'Authenticator Attestation'],
  ['CN', 'Key 1'],
]

export const extension = (id, content, critical = false) =>
  sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(content))

export const basicConstraints = (authority, pathLength) =>
  extension(
    '2.5.29.19',
    sequence(...(authority ? [boolean(true)] : []), ...(pathLength === undefined ? [] : [integer(pathLength)])),
    true,
  )

/** The bits in the order of RFC 5280: 0 is digitalSignature, 5 is keyCertSign. */
export const keyUsage = (bit) => extension('2.5.29.15', der(3, [7 - bit, 0x80 >> bit]), true)

export const extendedKeyUsage = (...purposes) => extension('2.5.29.37', sequence(...purposes.map(oid)))

export const aaguidExtension = (aaguid, { critical = false, bare = false } = {}) =>
  extension('1.3.6.1.4.1.45724.1.1.4', bare ? aaguid : octets(aaguid), critical)

/**
 * A certificate in DER. `key` is the subject's, `signer` the issuer's; both are by `keyOf`. Version 1 has no extensions.
 */
export function certificate({
  key,
  signer,
  subject = attestationSubject,
  issuer = [['CN', 'Maker Root']],
  version = 3,
  from = '20200101',
  until = '20491231',
  serial = seeded(`serial ${JSON.stringify(subject)}`, 8),
  extensions = [basicConstraints(false)],
}) {
  const signed = sequence(
    ...(version === 1 ? [] : [tagged(0, integer(version - 1))]),
    integer(serial),
    signer.certifies,
    distinguishedName(issuer),
    sequence(time(from), time(until)),
    distinguishedName(subject),
    key.spki,
    ...(version === 3 && extensions.length > 0 ? [tagged(3, sequence(...extensions))] : []),
  )
  const signature = signer.certify ? signer.certify(signed) : signer.sign(signed)
  return sequence(signed, signer.certifies, bits(signature))
}

/** An authority with a certificate of its own, which may be of another authority. */
export function authority(name, { issuer, extensions = [basicConstraints(true), keyUsage(5)], ...more } = {}) {
  const key = keyOf(-7, `authority ${name}`)
  const subject = [['CN', name]]
  const signed = certificate({
    key,
    subject,
    extensions,
    signer: issuer?.key ?? key,
    issuer: issuer?.subject ?? subject,
    ...more,
  })
  return { key, subject, certificate: signed }
}

/** What the authority certifies. */
export const certifiedBy = (issuer, options) => certificate({ ...options, signer: issuer.key, issuer: issuer.subject })

export const root = authority('Maker Root')
export const stranger = authority('Stranger Root')
