import { randomBytes } from 'node:crypto'

import test from 'ava'

import type { Left, Migration } from '../../index.js'
import { fromBetterAuth, fromOtpauth, fromOtpauthMigration, fromOtplib, fromSpeakeasy } from '../../facade/migration/index.js'
import { memoryStore } from '../../facade/stores/index.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { Fixture } from '../helpers/service.js'

// Whatever is taken signs in with the code of the right key, and whatever could be read in two ways is left.

const base32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const key = Buffer.from('12345678901234567890')
const plain = `otpauth://totp/ann?secret=${base32}`

const reasons = ({ left }: { left: Left[] }) =>
  left.map(({ what, reason, member }) => [what, reason, ...(member ? [member] : [])])

/** Key, algorithm, digits and period of the only factor. */
function parameters(found: Migration): (string | null)[] {
  const { searchParams } = new URL((found.factors[0] as { uri: string }).uri)
  return ['secret', 'algorithm', 'digits', 'period'].map((name) => searchParams.get(name))
}

test('key URIs as apps write them sign in', async (t) => {
  for (const uri of [
    `otpauth://totp/Microsoft:Company:ann?secret=${base32}&issuer=Microsoft`,
    `otpauth://totp/Shop:ann?secret=${base32}&lock=false&counter=0&`,
    `OTPAUTH://TOTP/Nextcloud%3Aann%40cloud?secret=${base32.toLowerCase()}====&image=&algorithm=HmacSHA1`,
    ` otpauth://totp/github.com/ann?secret=${base32.match(/.{4}/g)!.join('%20')}&digits=\n`,
  ]) {
    for (const read of [fromOtplib, fromOtpauth, (one: unknown) => fromSpeakeasy(one, { encoding: 'ascii' })]) {
      const fixture = await Fixture.open(memoryStore())
      const { taken, left } = await fixture.service.importFactors('ann', read(uri))
      t.deepEqual([taken.length, left], [1, []], uri)
      const code = totpAt(plain, fixture.now)
      t.like(await fixture.service.verify('ann', { type: 'totp', code }), { ok: true }, uri)
    }
  }
})

test('key URIs that are refused say what is wrong, and whose they are', (t) => {
  const uri = (rest: string) => `otpauth://totp/Shop:ann?secret=${base32}&${rest}`
  const found = fromOtpauth([
    uri('digits=5'), uri('period=0'), uri('algorithm=MD5'), uri('encoder=steam'), uri('digits=six'), uri('digits=6&digits=6'),
    'otpauth://totp/Shop:ann?secret=0', `otpauth://hotp/Shop:ann?secret=${base32}`, `otpauth://steam/Shop:ann?secret=${base32}`,
    `otpauth://motp/Shop:ann?secret=${base32}`, `steam://${base32}`,
    { uri: `otpauth://totp/?secret=${base32}&digits=5`, issuer: 'Row', account: 'ben' },
    `motp://Shop:ann?secret=${base32}`, `otpauth-migration://offline?data=${base32}`,
  ])
  t.deepEqual(reasons(found), [
    ['[0] Shop: ann', 'unsupported-digits'], ['[1] Shop: ann', 'unsupported-period'], ['[2] Shop: ann', 'unsupported-algorithm'],
    ['[3] Shop: ann', 'unsupported-encoder'], ['[4] Shop: ann', 'malformed', 'digits'], ['[5] Shop: ann', 'malformed', 'digits'],
    ['[6] Shop: ann', 'malformed', 'secret'], ['[7] Shop: ann', 'hotp'], ['[8] Shop: ann', 'unsupported-encoder'],
    ['[9] Shop: ann', 'unsupported-type'], ['[10]', 'unsupported-encoder'], ['[11] Row: ben', 'unsupported-digits'],
    ['[12]', 'malformed', 'uri'], ['[13]', 'malformed', 'uri'],
  ])
  t.is(found.factors.length, 0)
  t.false(JSON.stringify(found.left).includes(base32))
})

test('parameters under whatever name are read', (t) => {
  const secret = base32
  for (const [row, ...expected] of [
    [{ algo: 'sha256' }, 'SHA256', '6', '30'], [{ digest: 'SHA-512' }, 'SHA512', '6', '30'], [{ hash: 'HmacSHA256' }, 'SHA256', '6', '30'],
    [{ hash_algorithm: 'sha512' }, 'SHA512', '6', '30'], [{ algorithm: 'HmacSHA1' }, 'SHA1', '6', '30'],
    [{ interval: 60 }, 'SHA1', '6', '60'], [{ timeStep: '60' }, 'SHA1', '6', '60'], [{ time_step: 60n }, 'SHA1', '6', '60'],
    [{ step: { $numberInt: '60' } }, 'SHA1', '6', '60'], [{ code_length: 8 }, 'SHA1', '8', '30'],
    [{ algorithm: 'SHA1', digest: 'sha-1', hash: '$2b$12$abcdefghijklmnopqrstuv', period: 60, step: 60 }, 'SHA1', '6', '60'],
  ] as [object, ...string[]][]) {
    const found = fromOtplib({ secret, ...row })
    t.deepEqual([found.left, parameters(found)], [[], [base32, ...expected]], Object.keys(row).join())
  }
  for (const name of ['totpSecret', 'two_factor_secret', 'SECRET', 'otp-secret', 'key']) {
    t.is(parameters(fromOtplib({ [name]: base32 }))[0], base32, name)
  }
  t.is(parameters(fromOtplib({ key: key.toString('hex') }, { encoding: 'hex' }))[0], base32, 'a TOTPDevice of django-otp')
})

test('parameters inside the row are read, as apps and columns of JSON have them', (t) => {
  const secret = base32
  const otp = { digits: 8, period: 60, algorithm: 'SHA256', tokenType: 'TOTP', counter: 0 }
  for (const row of [
    { secret, otp }, { type: 'totp', info: { secret, algo: 'SHA256', digits: 8, period: 60 } }, { secret, options: JSON.stringify(otp) },
    { secret: JSON.stringify({ base32, algorithm: 'sha256', digits: 8, step: 60 }) }, { totp: { secret, ...otp } },
    { kind: 'TOTP', secret, algorithm: 'SHA256', digits: '8', timer: '60', counter: '0' },
    { secret, otpauth_url: `${plain}&digits=8&period=60&algorithm=SHA256` },
    { secret: [...key].map((byte) => (byte > 127 ? byte - 256 : byte)), ...otp, type: 'TOTP' },
  ] as object[]) {
    const found = fromOtplib(row)
    t.deepEqual([found.left, parameters(found)], [[], [base32, 'SHA256', '8', '60']], JSON.stringify(row))
  }
  const signed = fromOtplib({ secret: [-34, -83, 0, 127, -128, 1, 2, 3, 4, 5], type: 'TOTP' })
  t.is(parameters(signed)[0], parameters(fromOtplib('dead007f800102030405', { encoding: 'hex' }))[0])
  const found = fromOtplib([
    { secret, otp: { tokenType: 'STEAM', digits: 5 } }, { secret, kind: 'HOTP', timer: 30 }, { secret, otp: { tokenType: 'HOTP' } },
    { secret, otp: { digits: 5 } }, { secret: [300, 1] }, { secret: [-1, 200] },
  ])
  t.deepEqual(reasons(found), [
    ['[0]', 'unsupported-encoder'], ['[1]', 'hotp'], ['[2]', 'hotp'], ['[3]', 'unsupported-digits'],
    ['[4]', 'malformed', 'secret'], ['[5]', 'malformed', 'secret'],
  ])
})

test('secrets under several names have to agree', (t) => {
  const other = base32.replace('G', 'H')
  const hex = key.toString('hex')
  for (const row of [
    { secret: base32, totp_secret: other }, { totpSecret: base32, google2fa_secret: other }, { secret: { base32, hex: `00${hex}` } },
    { base32, ascii: 'another key of any length' }, { base32: other, hex }, { secret: base32, otp_secret: 'no base32 !' },
  ]) {
    t.deepEqual(reasons(fromOtplib(row)), [['[0]', 'malformed', 'secret']], JSON.stringify(Object.keys(row)))
  }
  for (const row of [
    { secret: base32, totp_secret: base32.toLowerCase() }, { google2fa_secret: base32 }, { secret: base32, totp_secret: '', otp_secret: null },
    { secret: { base32, hex, ascii: key.toString('latin1') } }, { secret: base32, key: 'row-17' }, { secret: plain, mfa_secret: base32 },
  ]) {
    t.is(parameters(fromOtplib(row))[0], base32, JSON.stringify(Object.keys(row)))
  }
})

test('a URI beside the secret or its parameters has to agree with them', (t) => {
  const other = base32.replace('G', 'H')
  t.deepEqual(reasons(fromOtplib([
    { secret: other, otpauth_url: plain }, { secret: base32, digits: 6, uri: `${plain}&digits=8` }, { uri: `${plain}&digits=8`, digits: 6 },
    { uri: `${plain}&period=60`, step: 30 }, { secret: base32, algorithm: 'SHA1', otpauth: `${plain}&algorithm=SHA256` },
    { secret: base32, otpauth_url: plain.replace('totp', 'hotp') },
  ])), [
    ['[0] ann', 'malformed', 'secret'], ['[1] ann', 'malformed', 'digits'], ['[2] ann', 'malformed', 'digits'],
    ['[3] ann', 'malformed', 'period'], ['[4] ann', 'malformed', 'algorithm'], ['[5] ann', 'hotp'],
  ])
  const agreeing = [{ secret: key.toString(), otpauth_url: plain, digits: 6 }, { uri: plain, period: 30, algorithm: 'sha-1' }]
  t.deepEqual(agreeing.map((row) => reasons(fromSpeakeasy(row, { encoding: 'ascii' }))), [[], []])
})

test('an account that repeats the issuer is told once', (t) => {
  const found = fromOtplib({ secret: base32, issuer: 'Shop', label: 'Shop:ann' })
  t.is(found.factors[0]?.what, '[0] Shop: ann')
  t.regex((found.factors[0] as { uri: string }).uri, /^otpauth:\/\/totp\/Shop:ann\?/)
})

test('what could be read in two ways is left, with the member', (t) => {
  const secret = base32
  const found = fromOtplib([
    { secret, algorithm: 'SHA1', digest: 'sha256' }, { secret, digits: 6, codeLength: 8 }, { secret, period: 30, step: 60 },
    { secret, interval: 30_000 }, { secret, t0: 5 }, { secret, hash: 'md5' }, { secret, encoder: 'steam' }, { secret, type: 'steam' },
    { secret, type: 'hotp', period: 30 }, { secret, account: 'ann', counter: 1 },
  ])
  t.deepEqual(reasons(found), [
    ['[0]', 'malformed', 'algorithm'], ['[1]', 'malformed', 'digits'], ['[2]', 'malformed', 'period'], ['[3]', 'unsupported-period'],
    ['[4]', 'malformed', 't0'], ['[5]', 'unsupported-algorithm'], ['[6]', 'unsupported-encoder'], ['[7]', 'unsupported-encoder'],
    ['[8]', 'hotp'], ['[9] ann', 'hotp'],
  ])
  t.deepEqual(fromOtplib({ secret, type: 'totp', counter: 0 }).left, [])
})

test('a row without a secret is no factor; one that is turned off or not proved is left', (t) => {
  t.deepEqual(fromOtplib([{ secret: null }, { user: 'ann', totp_secret: null, digits: 6 }, null]), { factors: [], left: [] })
  t.deepEqual(fromBetterAuth([{ secret: null }, { id: 1, secret: null, backupCodes: null }]), { factors: [], left: [] })
  t.deepEqual(fromSpeakeasy({ base32: null, ascii: null }, { encoding: 'ascii' }), { factors: [], left: [] })
  t.deepEqual(reasons(fromOtplib([{}, { secret: undefined }, undefined])), [0, 1, 2].map((at) => [`[${at}]`, 'malformed', 'secret']))
  const secret = base32
  const found = fromOtplib([
    { secret, confirmed: false }, { secret, is_verified: 0 }, { secret, enabled: 'f' }, { secret, revokedAt: '2024-01-01' }, { secret, deleted: true },
  ])
  t.deepEqual(found.left.map(({ reason }) => reason), ['not-proved', 'not-proved', 'turned-off', 'turned-off', 'turned-off'])
  t.deepEqual(fromOtplib({ secret, confirmed: true, enabled: 1, revoked_at: null, deleted: 0 }).left, [])
})

test('secrets through drivers and JSON', (t) => {
  const speakeasy = { ascii: key.toString(), hex: key.toString('hex'), base32, otpauth_url: `otpauth://totp/ann?secret=${base32}` }
  const binary = { _bsontype: 'Binary', sub_type: 0, position: 20, buffer: Buffer.concat([key, Buffer.alloc(12)]) }
  for (const [name, data] of Object.entries({
    binary,
    'in a row': { secret: binary },
    'extended JSON': { secret: { $binary: { base64: key.toString('base64'), subType: '00' } } },
    'the older extended JSON': { secret: { $binary: key.toString('base64'), $type: '00' } },
    buffer: JSON.parse(JSON.stringify({ secret: key })),
    'JSON of a buffer in a text column': { secret: JSON.stringify(key) },
    'the text in a column of bytes': { secret: Buffer.from(base32) },
    'quoted text': JSON.stringify(base32),
    'a JSON text': JSON.stringify({ secret: base32 }),
    'a list as JSON text': JSON.stringify([base32]),
    speakeasy: { secret: speakeasy },
    'speakeasy as JSON text': { secret: JSON.stringify(speakeasy) },
    'hexadecimal alone': { hex: speakeasy.hex },
    'the URL alone': { otpauth_url: speakeasy.otpauth_url },
  })) {
    const found = fromOtplib(data)
    t.deepEqual([found.left, parameters(found)[0]], [[], base32], name)
  }
  const quoted = fromBetterAuth('"12345678901234567"')
  t.not(parameters(quoted)[0], parameters(fromBetterAuth('12345678901234567'))[0], 'where the text is the key, quotes are part of it')
})

test('times are read in seconds and milliseconds', (t) => {
  const created = (value: unknown) => fromOtplib({ secret: base32, created_at: value }).factors[0]!.created
  const at = Date.UTC(2024, 0, 2)
  for (const value of [at, at / 1000, new Date(at), '2024-01-02T00:00:00Z', { $date: '2024-01-02T00:00:00Z' }, { $date: { $numberLong: `${at}` } }]) {
    t.is(created(value), at, JSON.stringify(value))
  }
})

test('Google Authenticator › two exports that look like one batch are both read', (t) => {
  const one = exported(randomBytes(20), 'ann')
  const other = exported(randomBytes(20), 'ben')
  const found = fromOtpauthMigration([one, other, one])
  t.deepEqual(found.left, [])
  t.deepEqual(found.factors.map(({ what }) => what), ['[0][0] ann', '[1][0] ben'])
  const [a0, a1] = [exported(randomBytes(20), 'a0', 2, 0), exported(randomBytes(20), 'a1', 2, 1)]
  const b0 = exported(randomBytes(20), 'b0', 2, 0)
  const mixed = fromOtpauthMigration([a0, b0, a1])
  t.deepEqual(mixed.factors.map(({ what }) => what), ['[0][0] a0', '[1][0] b0', '[2][0] a1'])
  t.deepEqual(reasons(mixed), [['1 of 2 QR codes', 'other-codes-missing']])
})

test('Google Authenticator › an export as scanners and lists have it', (t) => {
  const one = exported(key, 'ann')
  const data = one.slice(one.indexOf('=') + 1)
  for (const [name, text] of Object.entries({
    'as zbarimg prints it': `QR-Code:${one}\n`, 'a byte order mark': `\ufeff${one}`, quotes: `"${one}",`, 'upper case': one.replace('otpauth-migration', 'OTPAUTH-MIGRATION'),
    'encoded twice': one.replace(data, encodeURIComponent(data)), 'a list as JSON': JSON.stringify([one]), 'not encoded': one.replace(data, decodeURIComponent(data)),
  })) {
    const found = fromOtpauthMigration(text)
    t.deepEqual([found.left, parameters(found)[0]], [[], base32], name)
  }
})

/** One entry in one code of an export, with a batch id of 0 as some apps give. */
function exported(secret: Buffer, account: string, size = 1, index = 0): string {
  const bytes = (tag: number, value: Buffer) => Buffer.concat([Buffer.from([(tag << 3) | 2, value.length]), value])
  const number = (tag: number, value: number) => Buffer.from([tag << 3, value])
  const entry = Buffer.concat([bytes(1, secret), bytes(2, Buffer.from(account)), number(6, 2)])
  const payload = Buffer.concat([bytes(1, entry), number(3, size), number(4, index)])
  return `otpauth-migration://offline?data=${encodeURIComponent(payload.toString('base64'))}`
}

test('what a framework has encrypted says so, whatever the encoding', (t) => {
  const base64 = (bytes: number) => randomBytes(bytes).toString('base64')
  const hex = (bytes: number) => randomBytes(bytes).toString('hex')
  const json = (value: object) => JSON.stringify(value)
  const laravel = Buffer.from(json({ iv: base64(16), value: base64(48), mac: hex(32), tag: '' })).toString('base64')
  const rails = { p: base64(32), h: { iv: base64(12), at: base64(16) } }
  const texts = [
    laravel,
    json(rails),
    `${base64(33)}--${base64(12)}--${base64(16)}`, `${base64(48)}--${hex(20)}`,
    Buffer.concat([Buffer.from([0x80, 0, 0, 0, 0, 0x66]), randomBytes(99)]).toString('base64url'),
    `def50200${hex(116)}`,
    `enc:${base64(48)}`, `ENC(${base64(48)})`, `vault:v1:${base64(60)}`, `{cipher}${hex(48)}`, `$ba$1$${hex(60)}`,
    `U2FsdGVkX1${base64(40)}`, `ENC[AES256_GCM,data:${base64(24)},type:str]`, `CfDJ8${base64(96)}+/`,
    `eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..${'a'.repeat(16)}.${'b'.repeat(43)}.${'c'.repeat(22)}`,
    `${hex(48)}|${hex(16)}|${hex(64)}|3`,
    `${hex(16)}:${hex(32)}`, `${hex(12)}:${hex(16)}:${hex(32)}`, `${base64(12)}:${base64(32)}:${base64(16)}`,
  ]
  for (const text of texts) {
    for (const encoding of ['base32', 'base64', 'hex', 'ascii'] as const) {
      const found = fromOtplib([text, json([text]), { user: 'ann', issuer: 'Shop', secret: text }], { encoding })
      t.deepEqual([found.factors, reasons(found)], [[], [['[0]', 'encrypted'], ['[1]', 'encrypted'], ['[2] Shop', 'encrypted']]], text)
    }
    t.deepEqual(reasons(fromBetterAuth({ secret: text, backupCodes: text })), [['[0]', 'encrypted'], ['[0] backupCodes', 'encrypted']], text)
  }
  const rows = [
    rails, { secret: rails }, { secret: { iv: hex(16), content: hex(32) } }, { iv: hex(12), encryptedData: hex(32), authTag: hex(16) },
    { secret: hex(32), iv: hex(16) }, { totp_secret: base64(32), totp_secret_iv: base64(12) }, { encrypted_otp_secret: base64(48), encrypted_otp_secret_iv: base64(12) },
    { secret: { $binary: { base64: base64(64), subType: '06' } } }, { secret: { sub_type: 6, buffer: randomBytes(64), position: 64 } },
  ]
  const found = fromOtpauth(rows)
  t.deepEqual([found.factors, reasons(found)], [[], rows.map((_, index) => [`[${index}]`, 'encrypted'])])
  // The secret itself is none of it, whatever stands beside it.
  for (const secret of [base32, { secret: base32, iv: null, encrypted: false, hash: 'SHA1' }, { secret: base32, nonce: 'x', data: {} }]) {
    t.deepEqual(parameters(fromOtplib(secret)), [base32, 'SHA1', '6', '30'])
  }
  for (const encoding of ['hex', 'base64'] as const) {
    const secret = randomBytes(64).toString(encoding)
    t.deepEqual(reasons(fromOtplib(secret, { encoding })), [], secret)
  }
})

test('an empty secret is no factor, as a missing one', (t) => {
  for (const secret of ['', ' ', null, Buffer.alloc(0)]) {
    for (const read of [fromOtplib, fromOtpauth, fromBetterAuth, (one: unknown) => fromSpeakeasy(one, { encoding: 'ascii' })]) {
      t.deepEqual(read({ user: 'ann', secret, createdAt: 1_700_000_000_000, confirmed: false }), { factors: [], left: [] })
      t.deepEqual(read([secret]), { factors: [], left: [] })
    }
  }
  t.deepEqual(parameters(fromOtplib({ secret: '', totp_secret: base32 })), [base32, 'SHA1', '6', '30'])
  t.deepEqual(reasons(fromOtplib([{ secret: undefined }, undefined, { user: 'ann' }])).map(([, reason]) => reason), ['malformed', 'malformed', 'malformed'])
})
