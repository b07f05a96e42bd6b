import { asking, formatCases, notAsking } from '../attested.mjs'
import { concat, flipped, fromNumber, hash, seeded, sha256, toNumber, u16 } from '../bytes.mjs'
import { aaguid } from '../ceremony.mjs'
import {
  aaguidExtension,
  authority,
  basicConstraints,
  certifiedBy,
  extendedKeyUsage,
  root,
  stranger,
} from '../certificates.mjs'
import { keyOf, names } from '../keys.mjs'
import {
  aikExtensions,
  aikUsage,
  attesting,
  attributesOf,
  device,
  deviceNames,
  separate,
  SHA1,
  SHA256,
  SHA384,
  SHA512,
  tpmStatement,
} from '../tpm.mjs'
import { acceptable, invalid, Topic, valid } from '../topic.mjs'

const hashNames = { [SHA1]: 'SHA-1', [SHA256]: 'SHA-256', [SHA384]: 'SHA-384', [SHA512]: 'SHA-512' }
const sized = (bytes) => concat(u16(bytes.length), bytes)
const wrong = (comment, more) => invalid(22, 'attestation-invalid', comment, more)
const lenient = (comment, more) => acceptable(22, 'attestation-invalid', comment, more)

export function attestationTpm() {
  const topic = new Topic('attestation-tpm', 'The format tpm (8.3), which Windows Hello uses')
  const { add } = formatCases(topic, 'tpm', '8.3')
  const statement = (name, about, change, more) =>
    add(name, about, { alg: -257, statement: tpmStatement(change), expected: asking(), ...more })
  keys(statement)
  hashes(statement)
  members(statement)
  areas(statement)
  infos(statement)
  signatures(statement)
  certificates(statement)
  devices(statement)
  chains(statement)
  return topic
}

function keys(statement) {
  for (const alg of [-7, -35, -36, -257, -37]) {
    statement(`key-${names[alg].toLowerCase()}`, valid(24, `A TPM with a credential key of ${names[alg]}`), {}, { alg })
  }
  statement('not-asked-for', valid(22, 'A TPM, where nothing was asked for'), {}, { expected: notAsking })
  statement('exponent-written', valid(24, 'The exponent 65537, written out'), { area: { exponent: 65_537 } })
  statement(
    'exponent-3',
    valid(24, 'The exponent 3, written out'),
    { area: { exponent: 3 } },
    { key: keyOf(-257, 'exponent 3') },
  )
  statement(
    'exponent-3-as-default',
    wrong('An exponent of zero, which is 65537, and a credential key whose exponent is 3'),
    {},
    { key: keyOf(-257, 'exponent 3') },
  )
  statement('exponent-other', wrong('Another exponent than that of the credential key'), { area: { exponent: 3 } })
  const short = shortKey()
  statement(
    'coordinate-full',
    valid(24, 'A coordinate that begins with a zero byte, written in full'),
    {},
    { alg: -7, key: short },
  )
  statement(
    'coordinate-shortened',
    valid(24, 'A coordinate that begins with a zero byte, which a TPM may leave out'),
    { area: { unique: concat(sized(short.x.slice(1)), sized(short.y)) } },
    { alg: -7, key: short },
  )
}

function shortKey() {
  for (let number = 0; ; number += 1) {
    const key = keyOf(-7, `short ${number}`)
    if (key.x[0] === 0) return key
  }
}

function hashes(statement) {
  const attestors = { '-7': keyOf(-7, 'aik'), '-35': keyOf(-35, 'aik'), '-257': attesting }
  for (const [alg, aik] of Object.entries(attestors)) {
    for (const nameAlg of [SHA1, SHA256, SHA384, SHA512]) {
      const comment = `The attestation key is of ${names[alg]}, and the name of the public area is by ${hashNames[nameAlg]}: two hashes, each of its own`
      const flags = ['two-hashes', `attestation-alg:${names[alg]}`]
      const about =
        nameAlg === SHA1
          ? acceptable(22, 'attestation-unsupported', `${comment}. Whether to accept SHA-1 is a decision`, {
              flags: [...flags, 'sha-1'],
            })
          : valid(24, comment, { flags })
      statement(`hashes-${names[alg].toLowerCase()}-${hashNames[nameAlg].toLowerCase()}`, about, { aik, area: { nameAlg } })
    }
  }
  const sha1 = { alg: -65_535, sign: (key, bytes) => key.signBy('sha1', bytes) }
  statement(
    'sha-1',
    acceptable(22, 'attestation-unsupported', 'RSASSA-PKCS1-v1_5 with SHA-1, as older TPMs sign statements', {
      flags: ['sha-1'],
    }),
    sha1,
  )
  statement('sha-1-said-signed-sha-256', wrong('alg says SHA-1, and the signature is by SHA-256', { flags: ['sha-1'] }), {
    ...sha1,
    sign: (key, bytes) => key.signBy('sha256', bytes),
  })
  statement('sha-1-signed-said-sha-256', wrong('alg says SHA-256, and the signature is by SHA-1', { flags: ['sha-1'] }), {
    sign: (key, bytes) => key.signBy('sha1', bytes),
  })
  statement(
    'name-unknown-hash',
    invalid(
      22,
      'attestation-unsupported',
      'The public area says that its name is by SM3, which few know, and the name says SHA-256',
    ),
    {
      bendArea: (bytes) => concat(bytes.slice(0, 2), u16(0x12), bytes.slice(4)),
    },
  )
  const swapped = { area: { nameAlg: SHA384 } }
  statement('extra-data-by-name-hash', wrong('extraData by the hash of the name', { flags: ['two-hashes'] }), {
    ...swapped,
    info: ({ signed }) => ({ extraData: hash('sha384', signed) }),
  })
  statement('name-by-signature-hash', wrong('The name by the hash of the signature', { flags: ['two-hashes'] }), {
    ...swapped,
    info: ({ pubArea }) => ({ name: concat(u16(SHA384), sha256(pubArea)) }),
  })
}

function members(statement) {
  for (const version of ['1.2', '2', '2.0 ', '', '3.0']) {
    statement(
      `version-${version.trim().replace('.', '-') || 'empty'}${version.endsWith(' ') ? '-and-space' : ''}`,
      wrong(`ver is "${version}"`),
      { members: { ver: version } },
    )
  }
  for (const member of ['ver', 'alg', 'sig', 'x5c', 'pubArea', 'certInfo']) {
    statement(`without-${member.toLowerCase()}`, wrong(`No ${member}`), { members: { [member]: undefined } })
    statement(`${member.toLowerCase()}-null`, wrong(`${member} is null`), { members: { [member]: null } })
  }
  statement('version-number', wrong('ver as a number'), { members: { ver: 2 } })
  statement('empty-certificates', wrong('An empty x5c'), { x5c: [] })
  statement('ecdaa', lenient('ecdaaKeyId, which Level 1 had, beside a right signature'), {
    members: { ecdaaKeyId: seeded('ecdaa', 32) },
  })
  statement('unknown-member', lenient('A member that the syntax does not have'), { members: { unknown: 1 } })
}

function areas(statement) {
  const area = (name, comment, change, more) => statement(`area-${name}`, wrong(comment), change, more)
  const ecc = { alg: -7 }
  const other = keyOf(-7, 'second')
  area('other-key', 'The public area of another key', { area: { unique: concat(sized(other.x), sized(other.y)) } }, ecc)
  area('x-other', 'Another x', { area: { unique: concat(sized(other.x), sized(keyOf(-7).y)) } }, ecc)
  area('y-other', 'Another y', { area: { unique: concat(sized(keyOf(-7).x), sized(other.y)) } }, ecc)
  area('curve-other', 'P-384 as the curve of a key of P-256', { area: { parameters: concat(u16(4), u16(0x10)) } }, ecc)
  area('modulus-other', 'Another modulus', { area: { unique: sized(keyOf(-257, 'second').n) } })
  area('type-rsa', 'The type of RSA for a key of an elliptic curve', { area: { type: 1 } }, ecc)
  area('type-ecc', 'The type of an elliptic curve for a key of RSA', { area: { type: 0x23 } })
  area('type-unknown', 'A type that nobody knows', { area: { type: 0x08 } })
  area('more', 'A byte after the public area', { area: { after: [0] } })
  area('cut', 'The last byte of the public area is missing', { bendArea: (bytes) => bytes.slice(0, -1) })
  area('empty', 'An empty public area', { bendArea: () => new Uint8Array(0) })
  area('sized', 'The length of the public area before it, as TPM2B_PUBLIC has it', { bendArea: sized })
  statement('area-symmetric', valid(24, 'A symmetric algorithm with its words'), {
    area: { symmetric: concat(u16(0x06), u16(128), u16(0x43)) },
  })
  statement('area-scheme', valid(24, 'A signature scheme with its word'), { area: { scheme: concat(u16(0x18), u16(SHA256)) } })
  statement('area-attributes', valid(24, 'Other attributes of the object'), { area: { attributes: 0x0002_0072 } })
}

function infos(statement) {
  const info = (name, comment, change) => statement(`info-${name}`, wrong(comment), change)
  info('magic', 'magic is not TPM_GENERATED_VALUE: the TPM did not make it', { info: { magic: 0xff544348 } })
  info('magic-zero', 'magic is zero', { info: { magic: 0 } })
  info('type-quote', 'The type of a quote', { info: { type: 0x8018 } })
  info('type-creation', 'The type of a certified creation', { info: { type: 0x801a } })
  info('extra-data-one-bit', 'One bit of extraData differs', { info: ({ extraData }) => ({ extraData: flipped(extraData) }) })
  info('extra-data-of-client-data', 'extraData is the hash of the client data alone', {
    info: ({ clientDataHash }) => ({ extraData: clientDataHash }),
  })
  info('extra-data-of-data', 'extraData is the hash of the authenticator data alone', {
    info: ({ authData }) => ({ extraData: sha256(authData) }),
  })
  info('extra-data-not-hashed', 'extraData is what should be hashed', { info: ({ signed }) => ({ extraData: signed }) })
  info('extra-data-empty', 'extraData is empty', { info: { extraData: new Uint8Array(0) } })
  info('extra-data-prefix', 'The first 16 bytes of extraData', {
    info: ({ extraData }) => ({ extraData: extraData.slice(0, 16) }),
  })
  info('name-one-bit', 'One bit of the name differs', { info: ({ name }) => ({ name: flipped(name) }) })
  info('name-without-algorithm', 'The name without its algorithm', { info: ({ name }) => ({ name: name.slice(2) }) })
  info('name-other-algorithm', 'The name says SHA-1, with the hash by SHA-256', {
    info: ({ name }) => ({ name: concat(u16(SHA1), name.slice(2)) }),
  })
  info('name-empty', 'The name is empty', { info: { name: new Uint8Array(0) } })
  info('name-of-attesting-key', 'The name of the attestation key', {
    info: { name: concat(u16(SHA256), sha256(attesting.spki)) },
  })
  info('more', 'A byte after what is certified', { info: { after: [0] } })
  info('cut', 'The last byte is missing', { bendInfo: (bytes) => bytes.slice(0, -1) })
  info('empty', 'Nothing is certified', { bendInfo: () => new Uint8Array(0) })
  info('sized', 'The length before it, as TPM2B_ATTEST has it', { bendInfo: sized })
  statement('info-clock-not-safe', valid(24, 'The clock is not safe, which no step checks'), { info: { safe: 0 } })
  statement(
    'info-clock-odd',
    valid(24, 'A byte for the safety of the clock that is no boolean, as in the vector of the specification'),
    { info: { safe: 0x33 } },
  )
}

function signatures(statement) {
  const signing = (name, comment, sign) => statement(`signature-${name}`, wrong(comment), { sign })
  signing('one-bit', 'The last bit of the signature is another', (key, bytes) => flipped(key.sign(bytes)))
  signing('empty', 'An empty signature', () => new Uint8Array(0))
  signing('of-hash', 'The hash of certInfo is signed', (key, bytes) => key.sign(sha256(bytes)))
  signing('of-other', 'Another certInfo is signed', (key, bytes) => key.sign(flipped(bytes)))
  signing('other-key', 'The signature of another key', (_, bytes) => keyOf(-257, 'second').sign(bytes))
  signing('of-packed', 'What the format packed signs', (key, _, { signed }) => key.sign(signed))
  statement('alg-of-other-kind', wrong('alg says ES256, and the attestation key is of RSA'), { alg: -7 })
  statement('alg-unknown', invalid(22, 'attestation-unsupported', 'alg is of private use'), { alg: -65_536 })
  signing('longer', 'A zero byte before the signature', (key, bytes) => concat([0], key.sign(bytes)))
  signing('not-reduced', 'The modulus added to the signature', (key, bytes) =>
    fromNumber(toNumber(key.sign(bytes)) + toNumber(key.n)),
  )
  const aik = keyOf(-7, 'aik')
  statement('signature-ecdsa-one-bit', wrong('The last bit of a signature of ECDSA is another'), {
    aik,
    sign: (key, bytes) => flipped(key.sign(bytes)),
  })
  statement('signature-ecdsa-longer', wrong('A zero byte after a signature of ECDSA'), {
    aik,
    sign: (key, bytes) => concat(key.sign(bytes), [0]),
  })
}

function certificates(statement) {
  const certificate = (name, about, change) =>
    statement(`certificate-${name}`, { ...about, sections: ['8.3.1'] }, { certificate: change })
  const extensions = (...list) => ({ extensions: list })
  certificate('version-1', wrong('A certificate of version 1'), { version: 1 })
  certificate('subject', wrong('A subject that is not empty'), { subject: [['CN', 'TPM']] })
  certificate(
    'authority',
    wrong('basicConstraints say that the certificate is of an authority'),
    extensions(basicConstraints(true), aikUsage, separate(device)),
  )
  certificate('without-constraints', wrong('No basicConstraints'), extensions(aikUsage, separate(device)))
  certificate('without-usage', wrong('No extended key usage'), extensions(basicConstraints(false), separate(device)))
  certificate(
    'other-usage',
    wrong('An extended key usage of other purposes'),
    extensions(basicConstraints(false), extendedKeyUsage('1.3.6.1.5.5.7.3.2'), separate(device)),
  )
  certificate(
    'any-usage',
    wrong('The extended key usage of any purpose, which is not that of a TPM'),
    extensions(basicConstraints(false), extendedKeyUsage('2.5.29.37.0'), separate(device)),
  )
  certificate(
    'usage-among-others',
    valid(24, 'The extended key usage among others'),
    extensions(basicConstraints(false), extendedKeyUsage('1.3.6.1.4.1.311.21.36', '2.23.133.8.3'), separate(device)),
  )
  certificate('without-names', wrong('No subject alternative name'), extensions(basicConstraints(false), aikUsage))
  certificate(
    'aaguid',
    valid(24, 'The extension with the AAGUID of the authenticator data'),
    extensions(...aikExtensions, aaguidExtension(aaguid)),
  )
  certificate(
    'aaguid-other',
    wrong('The extension with another AAGUID'),
    extensions(...aikExtensions, aaguidExtension(seeded('another aaguid', 16))),
  )
  certificate(
    'aaguid-critical',
    lenient('The extension with the AAGUID is critical, which 8.2.1 forbids for packed'),
    extensions(...aikExtensions, aaguidExtension(aaguid, { critical: true })),
  )
  certificate(
    'aaguid-bare',
    lenient('The AAGUID without an OCTET STRING around it'),
    extensions(...aikExtensions, aaguidExtension(aaguid, { bare: true })),
  )
}

function devices(statement) {
  const flags = ['tpm-device']
  const named = (name, about, names) =>
    statement(
      `device-${name}`,
      { ...about, flags, sections: ['8.3.1'] },
      { certificate: { extensions: [basicConstraints(false), aikUsage, names] } },
    )
  named('one-set', valid(24, 'One set for all attributes, as some makers write them'), deviceNames([attributesOf(device)]))
  named(
    'other-order',
    valid(24, 'The attributes in another order'),
    deviceNames(
      attributesOf(device)
        .toReversed()
        .map((one) => [one]),
    ),
  )
  named(
    'not-critical',
    lenient('The name is not critical: RFC 5280 demands it where the subject is empty'),
    deviceNames(
      attributesOf(device).map((one) => [one]),
      false,
    ),
  )
  for (const attribute of ['manufacturer', 'model', 'version']) {
    named(`without-${attribute}`, wrong(`No ${attribute}`), separate({ ...device, [attribute]: undefined }))
  }
  named(
    'manufacturer-unknown',
    acceptable(24, 'attestation-untrusted', 'A manufacturer that the registry of TCG does not have: lists grow old'),
    separate({ ...device, manufacturer: 'id:FFFFFFFF' }),
  )
  named(
    'manufacturer-lower-case',
    lenient('The digits of the manufacturer in lower case'),
    separate({ ...device, manufacturer: 'id:53454345'.toLowerCase() }),
  )
  named(
    'manufacturer-letters-lower-case',
    lenient('Letters among the digits, in lower case'),
    separate({ ...device, manufacturer: 'id:414d4400' }),
  )
  named(
    'manufacturer-of-conformance-tests',
    acceptable(24, 'attestation-untrusted', 'The manufacturer of the conformance tests of FIDO'),
    separate({ ...device, manufacturer: 'id:FFFFF1D0' }),
  )
  named(
    'manufacturer-without-prefix',
    wrong('The manufacturer without "id:"'),
    separate({ ...device, manufacturer: '49465800' }),
  )
  named('manufacturer-short', wrong('Seven digits'), separate({ ...device, manufacturer: 'id:4946580' }))
  named('manufacturer-text', wrong('The manufacturer by its name'), separate({ ...device, manufacturer: 'id:Infineon' }))
  named('manufacturer-empty', wrong('An empty manufacturer'), separate({ ...device, manufacturer: '' }))
  named('model-empty', lenient('An empty model'), separate({ ...device, model: '' }))
  named(
    'manufacturer-twice',
    lenient('Two manufacturers'),
    deviceNames([...attributesOf(device), ...attributesOf({ manufacturer: 'id:494E5443' })].map((one) => [one])),
  )
}

function chains(statement) {
  const flags = ['chain']
  const aik = { key: attesting, subject: [], serial: seeded('aik', 8), extensions: aikExtensions }
  const middle = authority('TPM Intermediate', { issuer: root })
  statement('chain-intermediate', valid(24, 'An authority between', { flags }), {
    x5c: [certifiedBy(middle, aik), middle.certificate],
  })
  statement('chain-stranger', invalid(24, 'attestation-untrusted', 'An authority that is not trusted', { flags }), {
    x5c: [certifiedBy(stranger, aik)],
  })
  statement('chain-expired', invalid(24, 'attestation-untrusted', 'The certificate expired in 2021', { flags }), {
    x5c: [certifiedBy(root, { ...aik, from: '20200101', until: '20210101' })],
  })
  statement('chain-signature', invalid(24, 'attestation-invalid', 'The signature of the certificate is wrong', { flags }), {
    x5c: [flipped(certifiedBy(middle, aik)), middle.certificate],
  })
  statement('chain-garbage', wrong('Bytes that are no certificate', { flags }), { x5c: [seeded('no certificate', 200)] })
  statement('chain-other-key', wrong('The certificate of another key', { flags }), {
    x5c: [certifiedBy(root, { ...aik, key: keyOf(-257, 'second') })],
  })
}
