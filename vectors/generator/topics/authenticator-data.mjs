import { concat, flipped, seeded, sha256, u16, utf8 } from '../bytes.mjs'
import { cbor, indefinite, textMap } from '../cbor.mjs'
import { attestedCredential, attestationObject, flag, origin } from '../ceremony.mjs'
import { keyOf } from '../keys.mjs'
import { acceptable, invalid, Topic, valid } from '../topic.mjs'

const { up, uv, be, bs, at, ed, reserved1, reserved2 } = flag

export function authenticatorData() {
  const topic = new Topic('authenticator-data', 'Authenticator data: flags, lengths, counters, extensions (6.1)')
  relyingParty(topic)
  flags(topic)
  lengths(topic)
  extensions(topic)
  credentials(topic)
  objects(topic)
  counters(topic)
  backup(topic)
  return topic
}

/** Flags of both ceremonies: AT is of registrations alone. */
const both = (topic, name, about, bits, more) => {
  topic.add('create', name, about, { flags: bits | at, ...more })
  topic.add('get', name, about, { flags: bits, ...more })
}

function relyingParty(topic) {
  const add = (name, comment, party) =>
    topic.both(`rp-id-hash-${name}`, invalid('rpIdHash', 'rp-id-mismatch', comment), { party })
  add('of-other-rp', 'Another relying party', { id: 'example.com' })
  add('of-subdomain', 'The RP ID of a subdomain', { id: 'login.example.org' })
  add('of-parent', 'The domain above', { id: 'org' })
  add('of-origin', 'The hash of the origin', { id: origin })
  add('of-upper-case', 'The RP ID in upper case', { id: 'EXAMPLE.ORG' })
  add('one-bit', 'One bit differs', { rpIdHash: flipped(sha256(utf8('example.org'))) })
  add('zero', 'Zeros', { rpIdHash: new Uint8Array(32) })
  add('of-nothing', 'The hash of an empty text', { id: '' })
}

function flags(topic) {
  const required = { expected: { userVerification: 'required' } }
  both(topic, 'user-present', valid('up', 'The user was present'), up)
  both(topic, 'user-verified', valid('uv', 'The user was verified, which was not required'), up | uv)
  both(topic, 'user-verified-as-required', valid('uv', 'The user was verified, as required'), up | uv, required)
  both(
    topic,
    'user-not-verified',
    invalid('uv', 'user-not-verified', 'The user was not verified, which was required'),
    up,
    required,
  )
  both(topic, 'user-not-present', invalid('up', 'user-not-present', 'UP is not set'), 0)
  both(topic, 'user-verified-not-present', invalid('up', 'user-not-present', 'UV without UP'), uv, required)
  topic.add(
    'create',
    'user-not-present-conditional',
    valid('up', 'A conditional create, in which UP may be absent', { flags: ['conditional-create'] }),
    {
      flags: at,
      expected: { mediation: 'conditional' },
    },
  )
  both(topic, 'backup-eligible', valid('backup', 'BE: the credential may be backed up'), up | be)
  both(topic, 'backed-up', valid('backup', 'BE and BS: the credential is backed up'), up | be | bs)
  both(
    topic,
    'backed-up-not-eligible',
    invalid('backup', 'backup-flags-invalid', 'BS without BE', { sections: ['6.1.3'] }),
    up | bs,
  )
  both(topic, 'reserved-bit-1', valid('authData', 'A reserved bit', { sections: ['6.1'] }), up | reserved1)
  both(topic, 'reserved-bit-5', valid('authData', 'The other reserved bit', { sections: ['6.1'] }), up | reserved2)
}

function lengths(topic) {
  const about = (comment) => invalid('authData', 'malformed', comment, { sections: ['6.1'] })
  for (const length of [0, 1, 31, 32, 33, 36]) {
    topic.both(`cut-at-${length}`, about(`${length} bytes: too few for hash, flags and counter`), {
      authData: (bytes) => bytes.slice(0, length),
    })
  }
  topic.both('trailing-byte', about('A byte after the end'), { authData: (bytes) => concat(bytes, [0]) })
  topic.both('trailing-map', about('A map after the end that no flag announces'), {
    authData: (bytes) => concat(bytes, [0xa0]),
  })
  topic.both('leading-byte', about('A byte before the beginning'), { authData: (bytes) => concat([0], bytes) })
  topic.add('create', 'attested-data-cut', about('The key is cut'), { authData: (bytes) => bytes.slice(0, -1) })
  topic.add('create', 'attested-data-cut-at-id', about('The credential id is cut'), { authData: (bytes) => bytes.slice(0, 60) })
  topic.add('create', 'attested-data-cut-at-length', about('The length of the credential id is cut'), {
    authData: (bytes) => bytes.slice(0, 54),
  })
  topic.add('create', 'attested-data-missing', about('AT without attested credential data'), {
    authData: (bytes) => bytes.slice(0, 37),
  })
  topic.add('create', 'attested-data-not-announced', about('Attested credential data without AT'), {
    authData: (bytes) => clear(bytes, at),
  })
  topic.add(
    'create',
    'no-attested-data',
    about('Neither AT nor attested credential data: a registration without a credential'),
    { flags: up },
  )
  topic.add('create', 'id-length-too-large', about('The length of the credential id goes beyond the end'), {
    authData: (bytes) => concat(bytes.slice(0, 53), u16(0xffff), bytes.slice(55)),
  })
  topic.add('get', 'attested-data-announced', about('AT in an assertion, without the data'), {
    flags: up | at,
    authData: (bytes) => bytes,
  })
  topic.add(
    'get',
    'attested-data',
    acceptable(
      'authData',
      'malformed',
      'Attested credential data in an assertion: authenticators must not send it, and no step checks for it',
      { sections: ['6.1'] },
    ),
    {
      flags: up | at,
      authData: (bytes) =>
        concat(bytes, attestedCredential({ credentialId: seeded('credential id', 16), key: keyOf(-7).cose })),
    },
  )
}

const clear = (bytes, bit) => bytes.map((byte, position) => (position === 32 ? byte & ~bit : byte))

function extensions(topic) {
  const outputs = cbor(textMap({ credProtect: 2 }))
  const about = (comment) => invalid('authData', 'malformed', comment, { flags: ['extensions'], sections: ['6.1'] })
  const unsolicited = acceptable(
    'extensions',
    'extension-invalid',
    'An output that nobody asked for: a relying party may ignore or refuse it',
    { flags: ['extensions'], sections: ['9'] },
  )
  both(topic, 'extensions-unsolicited', unsolicited, up | ed, { extensions: outputs })
  both(topic, 'extensions-unknown', unsolicited, up | ed, {
    extensions: cbor(textMap({ 'example.unknown': [1, null, new Uint8Array(4)] })),
  })
  both(
    topic,
    'extensions-empty',
    acceptable('authData', 'malformed', 'ED with an empty map', { flags: ['extensions'] }),
    up | ed,
    { extensions: cbor(new Map()) },
  )
  both(topic, 'extensions-missing', about('ED without extension data'), up | ed)
  both(topic, 'extensions-not-announced', about('Extension data without ED'), up, { extensions: outputs })
  both(topic, 'extensions-cut', about('Extension data that is cut'), up | ed, { extensions: outputs.slice(0, -1) })
  both(topic, 'extensions-more', about('A byte after the extension data'), up | ed, { extensions: concat(outputs, [0]) })
  both(topic, 'extensions-list', about('A list in place of the map'), up | ed, { extensions: cbor(['credProtect']) })
  both(topic, 'extensions-number', about('A number in place of the map'), up | ed, { extensions: cbor(7) })
  both(
    topic,
    'extensions-indefinite',
    acceptable('authData', 'malformed', 'A map of indefinite length, which CTAP2 forbids', {
      flags: ['extensions', 'cbor-not-canonical'],
    }),
    up | ed,
    {
      extensions: cbor(indefinite([['credProtect', 2]])),
    },
  )
}

function credentials(topic) {
  const add = (name, about, options) => topic.add('create', name, about, options)
  const sections = ['6.5.1']
  add('id-of-1-byte', valid(25, 'A credential id of one byte', { sections }), { credentialId: Uint8Array.of(7) })
  add('id-of-64-bytes', valid(25, 'A credential id of 64 bytes', { sections }), { credentialId: seeded('long id', 64) })
  add('id-of-1023-bytes', valid(25, 'The longest credential id there may be', { sections }), {
    credentialId: seeded('long id', 1023),
  })
  add('id-of-1024-bytes', acceptable(25, 'malformed', 'One byte too many: relying parties should refuse it', { sections }), {
    credentialId: seeded('long id', 1024),
  })
  add('id-empty', acceptable(25, 'malformed', 'An empty credential id', { sections }), { credentialId: new Uint8Array(0) })
  add(
    'id-other',
    acceptable(
      'authData',
      'credential-mismatch',
      'The id of the response is not that of the authenticator data. No step compares them, and the one to store is that of the authenticator data',
      { sections: ['5.1'] },
    ),
    {
      authData: (bytes) => flipped(bytes, 60),
    },
  )
  add('aaguid-zero', valid('authData', 'An AAGUID of zeros', { sections }), { model: new Uint8Array(16) })
  add('counter-large', valid('authData', 'The largest counter', { sections: ['6.1.1'] }), { signCount: 0xffffffff })
}

function objects(topic) {
  const add = (name, about, object) => topic.add('create', `object-${name}`, about, { object })
  const wrong = (comment) => invalid(13, 'malformed', comment, { sections: ['6.5.4'] })
  const lenient = (comment) => acceptable(13, 'malformed', comment, { flags: ['cbor-not-canonical'], sections: ['6.5.4'] })
  add('more', wrong('A byte after the attestation object'), (bytes) => concat(bytes, [0]))
  add('cut', wrong('The last byte of the attestation object is missing'), (bytes) => bytes.slice(0, -1))
  add('empty', wrong('Nothing'), () => new Uint8Array(0))
  add('list', wrong('A list of the three values'), (_, { fmt, attStmt, authData }) => cbor([fmt, attStmt, authData]))
  add('ctap-keys', wrong('The keys of CTAP2, which are numbers'), (_, { fmt, attStmt, authData }) =>
    cbor(
      new Map([
        [1, fmt],
        [2, authData],
        [3, attStmt],
      ]),
    ),
  )
  for (const name of ['fmt', 'attStmt', 'authData']) {
    add(`without-${name.toLowerCase()}`, wrong(`No ${name}`), (_, parts) => cbor(textMap({ ...parts, [name]: undefined })))
    add(`null-${name.toLowerCase()}`, wrong(`${name} is null`), (_, parts) => cbor(textMap({ ...parts, [name]: null })))
  }
  add('format-bytes', wrong('fmt as bytes'), (_, parts) => cbor(textMap({ ...parts, fmt: utf8(parts.fmt) })))
  add('data-text', wrong('authData as text'), (_, parts) => cbor(textMap({ ...parts, authData: 'text' })))
  add('statement-list', wrong('attStmt as a list'), (_, parts) => cbor(textMap({ ...parts, attStmt: [] })))
  add('statement-bytes', wrong('attStmt as bytes'), (_, parts) => cbor(textMap({ ...parts, attStmt: new Uint8Array(0) })))
  add(
    'other-order',
    acceptable(13, 'malformed', 'The members in another order than CTAP2 has them', { flags: ['cbor-not-canonical'] }),
    (_, { fmt, attStmt, authData }) => cbor(textMap({ authData, fmt, attStmt })),
  )
  add('unknown-member', acceptable(13, 'malformed', 'A member beside the three', { sections: ['6.5.4'] }), (_, parts) =>
    cbor(textMap({ ...parts, unknown: 1 })),
  )
  add('indefinite', lenient('A map of indefinite length, which CTAP2 forbids'), (_, parts) =>
    cbor(indefinite(Object.entries(parts))),
  )
  add('indefinite-data', lenient('authData in two chunks, which CTAP2 forbids'), (_, parts) =>
    withData(parts, [0x5f], cbor(parts.authData.slice(0, 40)), cbor(parts.authData.slice(40)), [0xff]),
  )
  add('long-length', lenient('A length of eight bytes where two do'), (_, parts) =>
    withData(parts, [0x5b, 0, 0, 0, 0, 0, 0], u16(parts.authData.length), parts.authData),
  )
  add('tagged', lenient('A tag before the object'), (bytes) => concat([0xd9, 0xd9, 0xf7], bytes))
  const twice = acceptable(13, 'malformed', 'authData twice, that of another relying party first', {
    flags: ['duplicate-member'],
  })
  const other = (authData) => concat(sha256(utf8('example.com')), authData.slice(32))
  add('duplicate-data-first', twice, (_, { fmt, attStmt, authData }) =>
    concat(
      [0xa4],
      cbor('fmt'),
      cbor(fmt),
      cbor('attStmt'),
      cbor(attStmt),
      cbor('authData'),
      cbor(other(authData)),
      cbor('authData'),
      cbor(authData),
    ),
  )
  add(
    'duplicate-data-last',
    { ...twice, comment: 'authData twice, that of another relying party last' },
    (_, { fmt, attStmt, authData }) =>
      concat(
        [0xa4],
        cbor('fmt'),
        cbor(fmt),
        cbor('attStmt'),
        cbor(attStmt),
        cbor('authData'),
        cbor(authData),
        cbor('authData'),
        cbor(other(authData)),
      ),
  )
  add('huge-length', wrong('A length of 2^63 bytes'), (_, { fmt, attStmt }) =>
    concat([0xa3], cbor('fmt'), cbor(fmt), cbor('attStmt'), cbor(attStmt), cbor('authData'), [0x5b, 0x80, 0, 0, 0, 0, 0, 0, 0]),
  )
  add('nested', wrong('Lists in lists, 10,000 deep'), (_, { fmt, authData }) =>
    concat(
      [0xa3],
      cbor('fmt'),
      cbor(fmt),
      cbor('attStmt'),
      new Uint8Array(10_000).fill(0x81),
      [0xa0],
      cbor('authData'),
      cbor(authData),
    ),
  )
  topic.add(
    'create',
    'of-assertion',
    invalid(13, 'malformed', 'Authenticator data in place of the attestation object', { flags: ['cross-ceremony'] }),
    {
      object: (_, { authData }) => authData,
    },
  )
  topic.add('create', 'object-in-object', invalid(13, 'malformed', 'An attestation object as bytes in CBOR'), {
    object: (_, { fmt, attStmt, authData }) => cbor(attestationObject(fmt, attStmt, authData)),
  })
}

/** An attestation object whose authData is written by hand. */
function withData({ fmt, attStmt }, ...bytes) {
  return concat([0xa3], cbor('fmt'), cbor(fmt), cbor('attStmt'), cbor(attStmt), cbor('authData'), ...bytes)
}

function counters(topic) {
  const add = (name, about, stored, signCount) =>
    topic.add(
      'get',
      `counter-${name}`,
      { ...about, flags: ['counter'], sections: ['6.1.1'] },
      { stored: { signCount: stored }, signCount },
    )
  add('zero', valid(22, 'An authenticator without a counter'), 0, 0)
  add('first', valid(22, 'The first signature that is counted'), 0, 1)
  add('next', valid(22, 'One more than the stored one'), 5, 6)
  add('leap', valid(22, 'Many more than the stored one'), 5, 0xffffffff)
  add('large', valid(22, 'Beyond 2^31, where signed numbers become negative'), 0x7fffffff, 0x80000000)
  add('largest', valid(22, 'Both beyond 2^31'), 0x80000000, 0x80000001)
  const clone = (comment) => acceptable(22, 'counter-not-increased', comment)
  add('same', clone('The stored counter again: a clone, or a relying party that stores none'), 5, 5)
  add('smaller', clone('A smaller counter'), 5, 4)
  add('back-to-zero', clone('Zero after a stored counter'), 5, 0)
  add('wrapped', clone('Zero after the largest counter'), 0xffffffff, 0)
  add('smaller-as-unsigned', clone('Smaller, although larger to who reads signed numbers'), 0x80000000, 1)
}

function backup(topic) {
  const add = (name, about, stored, bits) =>
    topic.add('get', `backup-${name}`, { ...about, flags: ['backup'] }, { flags: up | bits, stored })
  const synced = { backupEligible: true, backupState: true }
  const eligible = { backupEligible: true, backupState: false }
  const bound = { backupEligible: false, backupState: false }
  add('begins', valid(19, 'The credential has been backed up since'), eligible, be | bs)
  add('ends', valid(19, 'The backup is gone'), synced, be)
  const changed = (comment) =>
    acceptable(19, 'backup-flags-invalid', `${comment}. BE never changes: who uses these flags must refuse it`)
  add('no-longer-eligible', changed('BE was set'), eligible, 0)
  add('becomes-eligible', changed('BE was not set'), bound, be)
  add('becomes-backed-up', changed('BE was not set, and BS is set too'), bound, be | bs)
}
