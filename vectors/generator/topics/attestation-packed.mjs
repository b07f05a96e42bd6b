import { asking, formatCases, notAsking, statementOf } from '../attested.mjs'
import { concat, flipped, seeded } from '../bytes.mjs'
import { aaguid } from '../ceremony.mjs'
import {
  aaguidExtension,
  attestationSubject,
  authority,
  basicConstraints,
  certifiedBy,
  certificate,
  extension,
  extendedKeyUsage,
  keyUsage,
  root,
  stranger,
} from '../certificates.mjs'
import { nothing } from '../der.mjs'
import { algorithms, keyOf, names } from '../keys.mjs'
import { acceptable, invalid, Topic, valid } from '../topic.mjs'

export function attestationPacked() {
  const topic = new Topic('attestation-packed', 'The format packed (8.2): self attestation, and certificates')
  const { add } = formatCases(topic, 'packed', '8.2')
  self(add)
  certified(add)
  requirements(add)
  chains(add)
  return topic
}

const wrong = (comment, more) => invalid(22, 'attestation-invalid', comment, more)

function self(add) {
  const packed =
    (change = {}) =>
    (parts) =>
      statementOf('packed', { alg: parts.key.alg, sig: parts.key.sign(parts.signed), ...change })
  for (const alg of algorithms) {
    add(`self-${names[alg].toLowerCase()}`, valid(22, `Self attestation by a key of ${names[alg]}`), {
      alg,
      statement: packed(),
    })
  }
  add(
    'self-asked-for',
    acceptable(24, 'attestation-untrusted', 'Self attestation, where trust anchors are given: a decision of the relying party'),
    { statement: packed(), expected: asking() },
  )
  const bad = (name, about, change) => add(`self-${name}`, about, { statement: packed(change) })
  const signing = (name, comment, message) =>
    add(`self-${name}`, wrong(comment), {
      statement: (parts) => statementOf('packed', { alg: -7, sig: parts.key.sign(message(parts)) }),
    })
  add('self-one-bit', wrong('The last bit of the signature is another'), {
    statement: (parts) => statementOf('packed', { alg: -7, sig: flipped(parts.key.sign(parts.signed)) }),
  })
  add('self-other-key', wrong('The signature of another key'), {
    statement: (parts) => statementOf('packed', { alg: -7, sig: keyOf(-7, 'second').sign(parts.signed) }),
  })
  signing('data-alone', 'Only the authenticator data are signed', ({ authData }) => authData)
  signing('hash-alone', 'Only the hash of the client data is signed', ({ clientDataHash }) => clientDataHash)
  signing('swapped', 'The hash is signed before the authenticator data', ({ authData, clientDataHash }) =>
    concat(clientDataHash, authData),
  )
  signing('client-data', 'The client data are signed, not their hash', ({ authData, client }) => concat(authData, client))
  signing('other-data', 'Other authenticator data are signed', ({ signed }) => flipped(signed, 33))
  for (const alg of [-35, -257, -8]) {
    bad(`alg-${names[alg].toLowerCase()}`, wrong(`alg says ${names[alg]}, and the key is of ES256`), { alg })
  }
  bad('without-alg', wrong('No alg'), { alg: undefined })
  bad('without-signature', wrong('No sig'), { sig: undefined })
  bad('empty-signature', wrong('An empty sig'), { sig: new Uint8Array(0) })
  bad('signature-text', wrong('sig as text'), { sig: 'signature' })
  bad('alg-text', wrong('alg as text'), { alg: 'ES256' })
  bad('certificates-empty', wrong('x5c is there, and has no certificate'), { x5c: [] })
  bad('certificates-null', wrong('x5c is null'), { x5c: null })
  bad('unknown-member', acceptable(22, 'attestation-invalid', 'A member that the syntax does not have'), { unknown: 1 })
  bad('ecdaa', acceptable(22, 'attestation-invalid', 'ecdaaKeyId, which Level 1 had, beside a right signature'), {
    ecdaaKeyId: seeded('ecdaa', 32),
  })
  add('self-empty-statement', wrong('An empty statement'), { statement: () => statementOf('packed', {}) })
}

/** A statement by a certified attestation key. */
export const by =
  (key, certificates, { alg = key.alg, sign = (parts) => key.sign(parts.signed), more = {} } = {}) =>
  (parts) =>
    statementOf('packed', { alg, sig: sign(parts), x5c: certificates, ...more })

export const attesting = keyOf(-7, 'attestation')
export const leafBy = (issuer, options) => certifiedBy(issuer, { key: attesting, ...options })

function certified(add) {
  for (const alg of [-7, -35, -36, -8, -257, -37]) {
    const key = keyOf(alg, alg === -257 || alg === -37 ? 'third' : 'attestation')
    const chain = [certifiedBy(root, { key })]
    add(
      `by-${names[alg].toLowerCase()}`,
      valid(24, `A certified key of ${names[alg]} signs`, { flags: [`attestation-alg:${names[alg]}`] }),
      { statement: by(key, chain), expected: asking() },
    )
    add(
      `by-${names[alg].toLowerCase()}-one-bit`,
      wrong(`A wrong signature of ${names[alg]}`, { flags: [`attestation-alg:${names[alg]}`] }),
      {
        statement: by(key, chain, { sign: (parts) => flipped(key.sign(parts.signed)) }),
        expected: asking(),
      },
    )
  }
  const chain = [leafBy(root)]
  add('not-asked-for', valid(22, 'A statement with certificates, where nothing was asked for'), {
    statement: by(attesting, chain),
    expected: notAsking,
  })
  add(
    'wrong-not-asked-for',
    acceptable(22, 'attestation-invalid', 'A wrong signature, where nothing was asked for. 7.1 has it verified all the same'),
    {
      statement: by(attesting, chain, { sign: (parts) => flipped(attesting.sign(parts.signed)) }),
      expected: notAsking,
    },
  )
  for (const alg of [-8, -257, -35]) {
    add(`of-${names[alg].toLowerCase()}-key`, valid(24, `A certified key of ES256 attests one of ${names[alg]}`), {
      alg,
      statement: by(attesting, chain),
      expected: asking(),
    })
  }
  const signing = (name, comment, sign) =>
    add(name, wrong(comment), { statement: by(attesting, chain, { sign }), expected: asking() })
  signing('by-credential-key', 'The credential key signs, and a certificate of another key stands beside it', (parts) =>
    parts.key.sign(parts.signed),
  )
  signing('data-alone', 'Only the authenticator data are signed', ({ authData }) => attesting.sign(authData))
  signing('hash-alone', 'Only the hash of the client data is signed', ({ clientDataHash }) => attesting.sign(clientDataHash))
  signing('other-data', 'Other authenticator data are signed', ({ signed }) => attesting.sign(flipped(signed, 33)))
  signing('empty-signature', 'An empty signature', () => new Uint8Array(0))
  for (const alg of [-35, -257, -8]) {
    add(`alg-${names[alg].toLowerCase()}`, wrong(`alg says ${names[alg]}, and the certified key is of P-256`), {
      statement: by(attesting, chain, { alg }),
      expected: asking(),
    })
  }
  add('alg-unknown', invalid(22, 'attestation-unsupported', 'alg is of private use'), {
    statement: by(attesting, chain, { alg: -65_536 }),
    expected: asking(),
  })
  const x5c = (name, comment, certificates) =>
    add(`x5c-${name}`, wrong(comment), { statement: by(attesting, certificates), expected: asking() })
  x5c('text', 'A certificate as text', ['certificate'])
  x5c('bytes', 'The certificate alone, without a list around it', chain[0])
  x5c('garbage', 'Bytes that are no certificate', [seeded('no certificate', 200)])
  x5c('trailing-byte', 'A byte after the certificate', [concat(chain[0], [0])])
  x5c('cut', 'The last byte of the certificate is missing', [chain[0].slice(0, -1)])
  x5c('public-key', 'A public key in place of a certificate', [attesting.spki])
  x5c('other', 'The certificate of another key', [certifiedBy(root, { key: keyOf(-7, 'other attestation') })])
}

function requirements(add) {
  const leaf = (name, about, options) =>
    add(
      `leaf-${name}`,
      { ...about, sections: ['8.2.1'] },
      { statement: by(attesting, [leafBy(root, options)]), expected: asking() },
    )
  const subject = (changes) => ({
    subject: attestationSubject
      .map(([name, value]) => [name, changes[name] === undefined ? value : changes[name]])
      .filter(([, value]) => value !== null),
  })
  leaf('version-1', wrong('A certificate of version 1'), { version: 1 })
  leaf('version-2', wrong('A certificate of version 2'), { version: 2 })
  leaf('without-country', wrong('No country in the subject'), subject({ C: null }))
  leaf('without-organization', wrong('No organization in the subject'), subject({ O: null }))
  leaf('without-unit', wrong('No organizational unit in the subject'), subject({ OU: null }))
  leaf('without-name', wrong('No common name in the subject'), subject({ CN: null }))
  leaf('other-unit', wrong('Another organizational unit'), subject({ OU: 'Attestation' }))
  leaf('unit-in-lower-case', wrong('The organizational unit in lower case'), subject({ OU: 'authenticator attestation' }))
  leaf(
    'country-of-three',
    acceptable(22, 'attestation-invalid', 'A country of three letters, where ISO 3166 has codes of two'),
    subject({ C: 'SWE' }),
  )
  leaf('empty-subject', wrong('An empty subject'), { subject: [] })
  leaf('authority', wrong('basicConstraints say that the certificate is of an authority'), {
    extensions: [basicConstraints(true)],
  })
  leaf('without-constraints', wrong('No basicConstraints'), { extensions: [] })
  const model = (name, about, content) => leaf(`aaguid-${name}`, about, { extensions: [basicConstraints(false), content] })
  model('right', valid(24, 'The extension with the AAGUID of the authenticator data'), aaguidExtension(aaguid))
  model('other', wrong('The extension with another AAGUID'), aaguidExtension(seeded('another aaguid', 16)))
  model('zero', wrong('The extension with an AAGUID of zeros'), aaguidExtension(new Uint8Array(16)))
  model('critical', wrong('The extension is critical'), aaguidExtension(aaguid, { critical: true }))
  model('bare', wrong('The AAGUID without an OCTET STRING around it'), aaguidExtension(aaguid, { bare: true }))
  model('short', wrong('An AAGUID of 15 bytes'), aaguidExtension(aaguid.slice(0, 15)))
  add(
    'leaf-aaguid-of-zero-model',
    wrong('The extension with an AAGUID, and authenticator data with zeros', { sections: ['8.2.1'] }),
    {
      model: new Uint8Array(16),
      statement: by(attesting, [leafBy(root, { extensions: [basicConstraints(false), aaguidExtension(aaguid)] })]),
      expected: asking(),
    },
  )
}

function chains(add) {
  const flags = ['chain']
  const chain = (name, about, certificates, expected = asking()) =>
    add(`chain-${name}`, { ...about, flags }, { statement: by(attesting, certificates), expected })
  const untrusted = (comment) => invalid(24, 'attestation-untrusted', comment)
  const broken = (comment) => invalid(24, 'attestation-invalid', comment)
  const middle = authority('Maker Intermediate', { issuer: root })
  const lower = authority('Maker Lower Intermediate', { issuer: middle })
  chain('intermediate', valid(24, 'An authority between the certificate and the trust anchor'), [
    leafBy(middle),
    middle.certificate,
  ])
  chain('two-intermediates', valid(24, 'Two authorities between'), [leafBy(lower), lower.certificate, middle.certificate])
  chain('with-root', valid(24, 'The trust anchor itself at the end of x5c'), [leafBy(root), root.certificate])
  chain('intermediate-with-root', valid(24, 'An authority between, and the trust anchor at the end'), [
    leafBy(middle),
    middle.certificate,
    root.certificate,
  ])
  chain(
    'intermediate-is-anchor',
    valid(24, 'The authority between is the trust anchor'),
    [leafBy(middle), middle.certificate],
    asking(middle),
  )
  const leaf = leafBy(root)
  chain(
    'leaf-is-anchor',
    valid(24, 'The certificate itself is the trust anchor: 7.1 calls it an acceptable certificate'),
    [leaf],
    asking(leaf),
  )
  chain('second-anchor', valid(24, 'The second of two trust anchors'), [leafBy(root)], asking(stranger, root))
  chain('stranger', untrusted('An authority that is not trusted'), [leafBy(stranger)])
  chain('stranger-with-root', untrusted('An authority that is not trusted, with its own certificate'), [
    leafBy(stranger),
    stranger.certificate,
  ])
  const namesake = { ...stranger, subject: root.subject }
  chain('namesake', untrusted('An authority that has only the name of the trust anchor'), [leafBy(namesake)])
  chain('self-signed', untrusted('A certificate that its own key has signed'), [
    certificate({ key: attesting, signer: attesting, issuer: attestationSubject }),
  ])
  chain('intermediate-missing', untrusted('The authority between is missing'), [leafBy(middle)])
  chain('other-order', broken('The certificates in the wrong order'), [middle.certificate, leafBy(middle)])
  chain('signature', broken('The signature of the certificate is wrong, and its issuer stands beside it'), [
    flipped(leafBy(middle)),
    middle.certificate,
  ])
  chain('signature-untrusted', untrusted('The signature of the trust anchor is wrong'), [flipped(leafBy(root))])
  chain('unrelated', broken('A second certificate that has nothing to do with the first'), [
    leafBy(middle),
    stranger.certificate,
  ])
  chain(
    'after-the-anchor',
    acceptable(24, 'attestation-invalid', 'An unrelated certificate after the one that the trust anchor issued'),
    [leafBy(root), stranger.certificate],
  )
  const unsound = (comment) => invalid(24, 'attestation-invalid', comment)
  chain('expired', unsound('The certificate expired in 2021'), [leafBy(root, { from: '20200101', until: '20210101' })])
  chain('not-yet-valid', unsound('The certificate is valid from 2060'), [leafBy(root, { from: '20600101', until: '20700101' })])
  const expired = authority('Expired Intermediate', { issuer: root, from: '20200101', until: '20210101' })
  chain('expired-intermediate', unsound('The authority between expired in 2021'), [leafBy(expired), expired.certificate])
  const leafAuthority = authority('Not an Authority', { issuer: root, extensions: [basicConstraints(false)] })
  chain('issuer-no-authority', unsound('The issuer is no authority'), [leafBy(leafAuthority), leafAuthority.certificate])
  const silent = authority('Silent Authority', { issuer: root, extensions: [] })
  chain('issuer-silent', unsound('The issuer does not say that it is an authority'), [leafBy(silent), silent.certificate])
  const unsigning = authority('Not Signing', { issuer: root, extensions: [basicConstraints(true), keyUsage(0)] })
  chain('issuer-key-usage', unsound('The issuer may not sign certificates'), [leafBy(unsigning), unsigning.certificate])
  const short = authority('Short Path', { issuer: root, extensions: [basicConstraints(true, 0), keyUsage(5)] })
  const below = authority('Below Short Path', { issuer: short })
  chain('path-length', unsound('An authority below one whose path length is zero'), [
    leafBy(below),
    below.certificate,
    short.certificate,
  ])
  chain('path-length-kept', valid(24, 'A certificate below an authority whose path length is zero'), [
    leafBy(short),
    short.certificate,
  ])
  const unknown = extension('1.3.6.1.4.1.99999.1', nothing, true)
  chain('critical-extension', unsound('A critical extension that nobody knows'), [
    leafBy(root, { extensions: [basicConstraints(false), unknown] }),
  ])
  chain('unknown-extension', valid(24, 'An extension that nobody knows, not critical'), [
    leafBy(root, { extensions: [basicConstraints(false), extension('1.3.6.1.4.1.99999.1', nothing)] }),
  ])
  const limited = authority('Limited Purpose', {
    issuer: root,
    extensions: [basicConstraints(true), keyUsage(5), extendedKeyUsage('1.3.6.1.5.5.7.3.1')],
  })
  chain(
    'purpose',
    acceptable(
      24,
      'attestation-invalid',
      'The issuer may certify servers alone, and the certificate is for client authentication',
    ),
    [leafBy(limited, { extensions: [basicConstraints(false), extendedKeyUsage('1.3.6.1.5.5.7.3.2')] }), limited.certificate],
  )
  chain('twice', acceptable(24, 'attestation-invalid', 'The certificate twice'), [leafBy(root), leafBy(root)])
  chain('very-long', acceptable(24, 'attestation-invalid', 'The trust anchor twenty times after the certificate'), [
    leafBy(root),
    ...Array.from({ length: 20 }, () => root.certificate),
  ])
}

/** Statements for others to hold. */
export const selfStatement = (parts) => statementOf('packed', { alg: parts.key.alg, sig: parts.key.sign(parts.signed) })
export const certifiedStatement = (issuer) => (parts) => by(attesting, [leafBy(issuer)])(parts)
