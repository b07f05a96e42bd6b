// What other people's apps, tables and files hold: each row of these tables is one kind of it. Whatever is taken signs in, and
// whatever is left says why and by which member.
import { constants, createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'

import test from 'ava'

import type { Left, Migration } from '../../index.js'
import { fromBetterAuth, fromOtpauth, fromOtplib, fromSimpleWebAuthn, fromSpeakeasy } from '../../facade/migration/index.js'
import { totpCode } from '../../facade/stateless/totp.js'
import { registrationOptions, verifyRegistration } from '../../facade/stateless/webauthn.js'
import { memoryStore } from '../../facade/stores/index.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import type { TestAlgorithm } from '../../facade/testing/test-authenticator.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { Fixture, origin, rp } from '../helpers/service.js'

const base32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const key = Buffer.from('12345678901234567890')
const uri = `otpauth://totp/Shop:ann?secret=${base32}&issuer=Shop`
const grouped = (mark: string) => base32.match(/.{4}/g)!.join(mark)

const told = ({ left }: { left: Left[] }) => left.map(({ reason, member }) => (member === undefined ? reason : `${reason} ${member}`))

interface Codes {
  algorithm?: 'SHA1' | 'SHA256' | 'SHA512'
  digits?: number
  period?: number
}
const eight: Codes = { algorithm: 'SHA256', digits: 8, period: 60 }

const stratum = {
  Type: 2, Icon: null, Issuer: 'Shop', Username: 'ann', Secret: base32, Pin: null, Algorithm: 0, Digits: 6, Period: 30, Counter: 0,
  CopyCount: 0, Ranking: 0,
}
const backup = (row: object) => ({ Authenticators: [{ ...stratum, ...row }], Categories: [], AuthenticatorCategories: [], CustomIcons: [] })
const pam = (...lines: string[]) => [base32, ...lines, ''].join('\n')

/** What it is, the input, and what its codes are like, or the reasons for which it is left. */
const apps: [name: string, given: unknown, expected: Codes | string[]][] = [
  ['KeePass, base32', { Title: 'Shop', 'TimeOtp-Secret-Base32': base32, 'TimeOtp-Length': '8', 'TimeOtp-Period': '60', 'TimeOtp-Algorithm': 'HMAC-SHA-256' }, eight],
  ['KeePass, hex', { 'TimeOtp-Secret-Hex': key.toString('hex') }, {}],
  ['KeePass, base64', { 'TimeOtp-Secret-Base64': key.toString('base64') }, {}],
  ['KeePass, the text itself', { 'TimeOtp-Secret': key.toString('latin1') }, {}],
  ['KeePass, fields as its XML has them', { Strings: [{ Key: 'Title', Value: 'Shop' }, { Key: 'TimeOtp-Secret-Base32', Value: base32 }] }, {}],
  ['KeePass, two secrets', { 'TimeOtp-Secret-Hex': key.toString('hex'), 'TimeOtp-Secret-Base32': base32 }, ['malformed secret']],
  ['KeePass, a counter', { 'HmacOtp-Secret-Base32': base32, 'HmacOtp-Counter': '0' }, ['hotp']],
  ['TrayTOTP', { 'TOTP Seed': base32, 'TOTP Settings': '60;8' }, { digits: 8, period: 60 }],
  ['TrayTOTP, Steam', { 'TOTP Seed': base32, 'TOTP Settings': '30;S' }, ['unsupported-encoder']],
  ['TrayTOTP, settings without digits', { 'TOTP Seed': base32, 'TOTP Settings': '30' }, ['malformed digits']],
  ['KeeOtp', { otp: `key=${base32}&size=8&step=60&otpHashMode=Sha256` }, eight],
  ['KeeOtp, a counter', { otp: `key=${base32}&type=Hotp&counter=1` }, ['hotp']],
  ['Stratum', backup({}), {}],
  ['Stratum, its numbers', backup({ Algorithm: 1, Digits: 8, Period: 60 }), eight],
  ['Stratum, SHA-512', backup({ Algorithm: 2 }), { algorithm: 'SHA512' }],
  ['Stratum, an unknown algorithm', backup({ Algorithm: 3 }), ['malformed algorithm']],
  ['Stratum, HOTP', backup({ Type: 1 }), ['hotp']],
  ['Stratum, Mobile-OTP', backup({ Type: 3, Pin: '1234' }), ['unsupported-type']],
  ['Stratum, Steam', backup({ Type: 4 }), ['unsupported-encoder']],
  ['Stratum, Yandex', backup({ Type: 5, Pin: '1234' }), ['unsupported-type']],
  ['Stratum, a kind of tomorrow', backup({ Type: 6 }), ['unsupported-type']],
  ['1Password, command line', { title: 'Shop', fields: [{ id: 'password', type: 'CONCEALED', value: 'x' }, { id: 'TOTP_1', type: 'OTP', value: uri, totp: '123456' }] }, {}],
  ['1Password, export', { overview: { title: 'Shop' }, details: { sections: [{ fields: [{ id: 'TOTP_1', value: { totp: base32 } }] }] } }, {}],
  ['1Password, an export without one', { accounts: [{ vaults: [{ items: [{ overview: { title: 'Shop' }, details: { sections: [] } }] }] }] }, []],
  ['Bitwarden', { items: [{ type: 1, name: 'Shop', login: { username: 'ann', totp: grouped(' ') } }] }, {}],
  ['Raivo', [{ issuer: 'Shop', account: 'ann', secret: base32, algorithm: 'SHA1', digits: '6', kind: 'TOTP', timer: '30', counter: '0', pinned: 'false' }], {}],
  ['Raivo, HOTP', [{ secret: base32, algorithm: 'SHA1', digits: '6', kind: 'HOTP', timer: '0', counter: '3' }], ['hotp']],
  ['Ente', `${uri}&algorithm=sha1&digits=6&period=30&codeDisplay=%7B%22pinned%22%3Afalse%7D\n${uri.replace('GE', 'HE')}`, {}],
  ['Ente, encrypted', { version: 1, kdfParams: { memLimit: 4096, opsLimit: 3, salt: 'AAAA' }, encryptedData: 'AAAA', encryptionNonce: 'BBBB' }, ['encrypted']],
  ['2FAS', { services: [{ name: 'Shop', secret: base32, otp: { account: 'ann', digits: 6, period: 30, algorithm: 'SHA1', counter: 0, tokenType: 'TOTP' } }] }, {}],
  ['andOTP', [{ secret: base32, issuer: 'Shop', label: 'ann', digits: 6, type: 'TOTP', algorithm: 'SHA1', last_used: 1, period: 30, tags: [] }], {}],
  ['andOTP, Mobile-OTP', [{ secret: base32, label: 'ann', type: 'MOTP', pin: '1234', tags: [] }], ['unsupported-type']],
  ['Aegis, Yandex', { db: { entries: [{ type: 'yandex', name: 'ann', info: { secret: base32, pin: '1234' } }] } }, ['unsupported-type']],
  ['Authy, decrypted', { accountType: 'authenticator', digits: 6, name: 'Shop', decryptedSeed: base32, encryptedSeed: 'AAAA', salt: 'x' }, {}],
  ['Authy, seven digits in ten seconds', { name: 'Shop', secret: base32, digits: 7, period: 10 }, { digits: 7, period: 10 }],
  ['Authy, encrypted', { authenticator_tokens: [{ account_type: 'x', digits: 6, encrypted_seed: 'AAAA', salt: 'q', unique_iv: null }] }, ['encrypted']],
  ['LastPass', { deviceId: '', version: 3, accounts: [{ issuerName: 'Shop', userName: 'ann', secret: base32, timeStep: 30, digits: 6, algorithm: 'SHA1' }] }, {}],
  ['Duo', [{ name: 'Shop', otpGenerator: { otpSecret: base32 }, accountType: 'OtherAccount' }], {}],
  ['Duo, HOTP', [{ name: 'Shop', otpGenerator: { otpSecret: base32, counter: 4 }, accountType: 'OtherAccount' }], ['hotp']],
  ['libpam-google-authenticator', pam('" RATE_LIMIT 3 30', '" WINDOW_SIZE 17', '" DISALLOW_REUSE', '" TOTP_AUTH'), {}],
  ['libpam, its step', pam('" TOTP_AUTH', '" STEP_SIZE 60'), { period: 60 }],
  ['libpam, a counter', pam('" HOTP_COUNTER 1', '12345678'), ['hotp']],
  ['libpam, codes that lag', pam('" TIME_SKEW -3', '" TOTP_AUTH'), ['malformed drift']],
  ['lower case', base32.toLowerCase(), {}],
  ['groups', grouped(' '), {}],
  ['dashes', grouped('\u2013').toLowerCase(), {}],
  ['padding', `${base32}======`, {}],
  ['a full stop', `${base32}.`, {}],
  ['quotes and a comma', `"${base32}",`, {}],
  ['quotes of a text', `\u201e${base32}\u201c`, {}],
  ['brackets', `(${grouped(' ')})`, {}],
  ['full width', [...base32].map((one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0)).join(''), {}],
  ['a 0 for a letter', base32.replace('Q', '0'), ['malformed secret']],
  ['a 1 for a letter', base32.replace('G', '1'), ['malformed secret']],
  ['an 8 for a letter', base32.replace('B', '8'), ['malformed secret']],
  ['a mark inside', grouped('.'), ['malformed secret']],
  ['hexadecimal that nobody announced', key.toString('hex'), ['malformed secret']],
  ...[
    { otp: null, code: null, token: 'abc', mfa: [], steps: 0 }, { method: 'app', status: 'active', valid: 1, pending: false, setup: true, trashed: false, deletedAt: null },
    { type: 'PhoneAppOTP', interval: 30, window: 1, drift: 0, lifetime: 86_400, lock_duration: 60 }, { email_verified: false, phone: '+31', token_type: 'Bearer', totp: true },
    { name: 'SMS backup', issuer: 'Steam Community', state: 'CONFIRMED', password_hash: 'x', size: 20, methods: ['totp'] },
  ].map((about): (typeof apps)[number] => [`what says nothing of the codes: ${Object.keys(about).join()}`, { secret: base32, ...about }, {}]),
  ['hexadecimal that has the characters of base32', { secret: 'a2b3c4d5e6f7a2b3c4d5e6f7a2b3c4d5e6f7a2b3' }, ['malformed secret']],
  ['base64 that has the characters of base32', { secret: 'abcDEFghiJKLmnoPQRstuVWXyz2=' }, ['malformed secret']],
  ['digits as a decimal', { secret: base32, digits: '8.0', period: '60.0' }, { digits: 8, period: 60 }],
  ['digits as a word', { secret: base32, digits: 'six' }, ['malformed digits']],
  ['a switch', { secret: base32, is_hotp: 1 }, ['hotp']],
  ['privacyIDEA', { serial: 'TOTP1', type: 'TOTP', otpkey: base32, 'totp.hashlib': 'sha256', otplen: 8, timeStep: 60 }, eight],
  ['Laragear for Laravel', { shared_secret: base32, label: 'Shop:ann', digits: 6, seconds: 60, window: 1, algorithm: 'sha1', enabled_at: '2024-01-01' }, { period: 60 }],
  ['django-allauth', { type: 'totp', data: { secret: base32 } }, {}],
  ['django-mfa2', { key_type: 'TOTP', properties: JSON.stringify({ secret_key: base32 }), enabled: true }, {}],
  ['phpMyAdmin', { username: 'ann', config_data: JSON.stringify({ '2fa': { backend: 'application', settings: { secret: base32 } } }) }, {}],
  ['django-trench', { name: 'app', secret: base32, is_primary: true, is_active: true, _backup_codes: '' }, {}],
  ['django-trench, by mail', { name: 'email', secret: base32, is_primary: true, is_active: true, _backup_codes: '' }, ['unsupported-type']],
  ['a phone of django-two-factor-auth', { number: '+31', key: base32, method: 'sms', confirmed: true }, ['unsupported-type']],
  ...Object.entries({ tokenDigits: 8, numberOfDigits: 8, otplen: 8, totp_size: 8, digit: '8' })
    .map(([name, value]): (typeof apps)[number] => [`digits as ${name}`, { secret: base32, [name]: value }, { digits: 8 }]),
  ...Object.entries({ period_seconds: 60, stepTime: '60', timePeriod: 60, tokenPeriod: 60, intervalSeconds: 60, periodMs: 60_000, 'otp.interval': 60 })
    .map(([name, value]): (typeof apps)[number] => [`a period as ${name}`, { secret: base32, [name]: value }, { period: 60 }]),
  ...Object.entries({ hashAlgo: 'sha256', otp_algo: 'SHA-256', digestAlgorithm: 'HmacSHA256', hashType: 'sha256', sha: 256 })
    .map(([name, value]): (typeof apps)[number] => [`an algorithm as ${name}`, { secret: base32, [name]: value }, { algorithm: 'SHA256' }]),
  ...['2fa_key', 'ga_secret', 'secret_base32', 'mfa_secret_key', 'otp_base32'].map((name): (typeof apps)[number] => [`a secret as ${name}`, { [name]: base32 }, {}]),
  ['an encoding in upper case', { secret: key.toString('hex'), secretEncoding: 'HEX' }, {}],
  ['an encoding that nobody knows', { secret: base32, encoding: 'base58' }, ['malformed secret']],
  ['a length of the secret', { secret: base32, length: 32, secret_length: 20, key_size: 160 }, {}],
  ['an algorithm of something else', { secret: base32, password_algo: 'x', password_hash: 'sha256', signature: 'SHA512' }, {}],
  ...Object.entries({ duration: 60, timeWindow: 90, validity: '60' })
    .map(([name, value]): (typeof apps)[number] => [`perhaps a period: ${name}`, { secret: base32, [name]: value }, ['malformed period']]),
  ['perhaps digits', { secret: base32, length: 8 }, ['malformed digits']],
  ['perhaps an algorithm', { secret: base32, mac: 'HmacSHA512' }, ['malformed algorithm']],
  ['perhaps a period, the usual one', { secret: base32, duration: 30, length: 6, mac: 'sha1' }, {}],
  ...['sms', 'EMAIL', 'email_otp', 'push', 'webauthn', 'ocra', 'phone', 'static'].map((type): (typeof apps)[number] => [`type ${type}`, { secret: base32, type }, ['unsupported-type']]),
  ...Object.entries({ mode: 'hotp', method: 'HOTP', key_type: 'oath-hotp', otp_kind: 'counter', isTimeBased: false, moving_factor: 5 })
    .map(([name, value]): (typeof apps)[number] => [`${name}: ${value}`, { secret: base32, [name]: value }, ['hotp']]),
  ['a number as type', { secret: base32, type: 1 }, ['malformed type']],
  ['OATH-TOTP', { secret: base32, type: 'OATH-TOTP', counter: 7 }, {}],
  ['a clock that is off by more than a step', { secret: base32, timeShift: -90 }, ['malformed drift']],
  ...Object.entries({
    trashed: true, inTrash: 1, deletedDate: '2024-01-01', status: 'TRASHED', enable: 0, google2fa_enable: 0, use_2fa: false, '2fa': 'no', totp: 0,
    isTwoFactor: false, mfa_on: 'f', valid: false, blocked: true, suspended_at: '2024-01-01', state: 'expired', lost: true,
  }).map(([name, value]): (typeof apps)[number] => [`turned off by ${name}`, { secret: base32, [name]: value }, ['turned-off']]),
  ...Object.entries({
    pending: true, isPending: 1, enrolled: false, is_setup: 0, confirmed_date: null, activation_date: null, temporary: true,
    status: 'PENDING_ACTIVATION', state: 'awaiting_confirmation', twoFactorStatus: 'NOT_SETUP',
  }).map(([name, value]): (typeof apps)[number] => [`not proved by ${name}`, { secret: base32, [name]: value }, ['not-proved']]),
  ['Bitwarden, thrown away', { items: [{ type: 1, name: 'x', login: { totp: base32 }, deletedDate: '2024-01-01T00:00:00Z' }] }, ['turned-off']],
  ['Bitwarden, kept', { items: [{ type: 1, name: 'x', login: { totp: base32 }, deletedDate: null }] }, {}],
  ['a key URI, as zbarimg prints it', `QR-Code:${uri}\n`, {}],
  ['Ente, thrown away', `${uri}&codeDisplay=${encodeURIComponent(JSON.stringify({ pinned: false, trashed: true, tags: [] }))}`, ['turned-off']],
  ['Ente, with blanks as in a form', `${uri}&codeDisplay=%7B%22trashed%22%3A+true%7D`, ['turned-off']],
  ['Ente, a note', `${uri}&codeDisplay=${encodeURIComponent(JSON.stringify({ trashed: false, note: 'a=1&b', tags: ['trash'] }))}`, {}],
  ['Ente, what is no JSON', `${uri}&codeDisplay=trashed`, {}],
  ...Object.entries({ step: 60, interval: '60', algo: 'SHA256', hash: 'sha512', digit: 8, t0: 60, type: 'hotp', tokenType: 'STEAM', trashed: true })
    .map(([name, value], at): (typeof apps)[number] => [
      `a URI with ${name}`, `${uri}&${name}=${value}`,
      [['malformed period'], ['malformed period'], ['malformed algorithm'], ['malformed algorithm'], ['malformed digits'], ['malformed t0'], ['hotp'], ['unsupported-encoder'], ['turned-off']][at]!,
    ]),
  ['a URI with the usual values under other names', `${uri}&step=30&algo=sha1&type=totp&counter=5&lock=false&tags=a&tags=b`, {}],
]

for (const [name, given, expected] of apps) {
  test(`an app: ${name}`, async (t) => {
    const found = fromOtplib(given)
    if (Array.isArray(expected)) return t.deepEqual([found.factors, told(found)], [[], expected])
    const fixture = await Fixture.open(memoryStore())
    const { taken, left } = await fixture.service.importFactors('ann', found)
    t.deepEqual([left, taken[0]?.factor.type], [[], 'totp'])
    const code = totpAt({ secret: base32, ...expected }, fixture.now)
    t.true((await fixture.service.verify('ann', { type: 'totp', code })).ok)
  })
}

test('secrets are read in the same way everywhere', (t) => {
  const at = 1_800_000_000_000
  for (const [name, given, expected] of apps.filter(([, given]) => typeof given === 'string' && !given.includes('\n') && !given.startsWith(uri))) {
    const secret = given as string
    const encoded = `otpauth://totp/ann?secret=${encodeURIComponent(secret)}`
    if (Array.isArray(expected)) {
      t.throws(() => totpCode({ secret }, at), { code: 'invalid-argument' }, name)
      t.deepEqual(told(fromOtpauth(encoded)), ['malformed secret'], name)
      continue
    }
    const code = totpCode({ secret: base32 }, at)
    t.is(totpCode({ secret }, at), code, name)
    t.is(totpCode(encoded, at), code, name)
    t.deepEqual(told(fromSpeakeasy(secret, { encoding: 'base32' })), [], name)
  }
  // Where the text is the key, nothing of it is a mark.
  t.not(uriOf(fromBetterAuth('"a key of text"')), uriOf(fromBetterAuth('a key of text')))
  t.deepEqual(told(fromBetterAuth(uri)), ['malformed secret'])
  t.deepEqual(told(fromBetterAuth({ secret: 'a key of text', twoFactorEnabled: false })), ['turned-off'])
})

const uriOf = (found: Migration) => (found.factors[0] as { uri: string }).uri

test('what is left of a key URI is told with its account', (t) => {
  const [of] = fromOtpauth(`${uri}&algo=SHA256`).left
  t.deepEqual(of, { what: '[0] Shop: ann', reason: 'malformed', member: 'algorithm' })
  t.is(fromOtpauth(`${uri}&trashed=true`).left[0]!.what, '[0] Shop: ann')
})

test('recovery codes beside a secret are taken, or left with the reason', async (t) => {
  const clear = ['aBcDeFgHiJ-kLmNoPqRsT', 'aBcDeFgHiJ-kLmNoPqRsU']
  for (const [row, typed] of [
    [pam('" TOTP_AUTH', '12345678', '87654321'), '1. 8765 4321'],
    [{ secret: base32, two_factor_recovery_codes: JSON.stringify(clear) }, `"${clear[1]}",`],
    [{ secret: base32, recoveryCodes: clear }, clear[0]!.replace('-', '_')],
    [{ secret: base32, backup_codes: clear.join('\n') }, `Code 2: ${clear[1]}.`],
    [{ secret: base32, scratch_tokens: clear }, clear[1]!],
    [{ twoFactor: { secret: base32, backupCodes: clear } }, clear[1]!],
    [{ secret: base32, backup_codes: `{${clear.join(',')}}` }, clear[1]!],
    [{ secret: base32, recovery_codes: [...clear, 'aBcDeFgHiJ-kLmNoPqRsV'].map((code, at) => ({ code, used_at: at > 1 ? '2024-01-01' : null })) }, clear[1]!],
    [{ secret: base32, recovery_codes: clear.map((code) => ({ code, used: false })) }, clear[0]!],
  ] as [unknown, string][]) {
    const { service } = await Fixture.open(memoryStore())
    const { taken, left } = await service.importFactors('ann', fromOtplib(row))
    t.deepEqual([taken.map(({ factor }) => factor.type), left], [['totp', 'recovery'], []], typed)
    t.like(await service.verify('ann', { type: 'recovery', code: typed }), { ok: true, recoveryCodesLeft: 1 }, typed)
    t.false((await service.verify('ann', { type: 'recovery', code: typed })).ok)
  }
  for (const [codes, reason] of [
    [['$2b$10$abcdefghijklmnopqrstuv'], 'recovery-codes'], [['5f4dcc3b5aa765d61d8327deb882cf99'], 'recovery-codes'],
    [[12345678], 'malformed recoveryCodes'], [[{ code: 'abcd-efgh' }], 'malformed recoveryCodes'], [[], undefined], [null, undefined], ['', undefined],
    [Buffer.from(JSON.stringify({ iv: 'AAAA', value: 'AAAA', mac: 'aa', tag: '' })).toString('base64'), 'encrypted'],
  ] as [unknown, string | undefined][]) {
    const found = fromOtplib({ secret: base32, recoveryCodes: codes })
    t.deepEqual([found.factors.length, told(found)], [1, reason === undefined ? [] : [reason]], JSON.stringify(codes))
    t.is(found.left[0]?.what, reason && '[0] recoveryCodes')
  }
  // A code that was used must not work again, and none is lost without a word.
  for (const [row, expected] of [
    [{ backup_codes: clear, used_backup_codes: [clear[0]] }, 'recovery-codes'], [{ backupCodes: clear, backupCodesUsed: '["x"]' }, 'recovery-codes'],
    [{ backup_codes_hash: clear }, 'recovery-codes'], [{ hashedBackupCodes: clear }, 'recovery-codes'],
    [{ backupCodes: { [clear[0]!]: true } }, 'malformed backupCodes'], [{ backupCodes: JSON.parse(JSON.stringify(Buffer.from('[]'))) as unknown }, 'malformed backupCodes'],
    ...['used_backup_codes', 'mfaUsedBackupCodes', 'twoFactorUsedRecoveryCodes', 'mfa_backup_codes_used', 'used_recovery_tokens', 'usedEmergencyCodes', 'redeemedBackupCodes']
      .map((name) => [{ mfaBackupCodes: clear, [name]: [clear[0]] }, 'recovery-codes']),
    [{ backupCodes: clear, usedBackupCodeIndexes: [0] }, 'recovery-codes'], [{ backupCodes: clear, backupCodesUsed: 1 }, 'recovery-codes'],
    [{ backupCodes: clear, backupCodesUsed: 0 }, undefined], [{ backupCodes: clear, unusedBackupCodes: clear }, undefined],
    [{ backupCodes: clear, recoveryCodes: ['aBcDeFgHiJ'] }, 'recovery-codes'], [{ backupCodes: [{ code: clear[0], used: null, status: 'used' }] }, undefined],
    [{ backup_codes: clear.map((code) => ({ code, used: true })) }, undefined], [{ backup_codes: clear, used_backup_codes: [] }, undefined],
  ] as [object, string | undefined][]) {
    const found = fromOtplib({ secret: base32, ...row })
    t.deepEqual(told(found), expected === undefined ? [] : [expected], JSON.stringify(row))
  }
})

function credential(algorithm: TestAlgorithm) {
  const authenticator = new TestAuthenticator({ algorithm, signCount: 7 })
  const creation = registrationOptions({ rp, user: { id: Buffer.alloc(16, 7).toString('base64url'), name: 'ann', displayName: 'Ann' } })
  const response = authenticator.create(creation, { origin })
  const verdict = verifyRegistration({ response, challenge: creation.challenge, rp })
  if (!verdict.ok) throw new Error(verdict.reason)
  const { id, publicKey, signCount } = verdict.credential
  const object = Buffer.from(response.response.attestationObject, 'base64url')
  // `authData` is the last member of a statement `none`.
  const authData = object.subarray(object.indexOf('authData') + 10)
  const cose = Buffer.from(publicKey, 'base64url')
  return { authenticator, id, cose, counter: signCount, authData, attested: authData.subarray(37) }
}

const ec = credential('ES256')
const [x, y] = [ec.cose.subarray(-67, -35).toString('base64url'), ec.cose.subarray(-32).toString('base64url')]
const jwk = { kty: 'EC', crv: 'P-256', x, y }
const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'pem', type: 'spki' }) as string
const ed = credential('EdDSA')
const edKey = ed.cose.subarray(-32)
const row = { credentialID: ec.id, publicKey: ec.cose.toString('base64url'), counter: ec.counter }

const shown = (value: unknown) => `${typeof value} ${typeof value === 'bigint' || Number.isNaN(value) ? String(value) : JSON.stringify(value)}`

/** What it is, the row, and whose key signs, or the reasons for which it is left. */
const keys: [name: string, given: unknown, expected: { authenticator: TestAuthenticator; notes?: string[]; transports?: string[] } | string[]][] = [
  ...['7', '7.0', ' 7 ', '007', 7n, { $numberLong: '7' }, { $numberDouble: '7.0' }, { $numberDecimal: '7' }].map(
    (counter): (typeof keys)[number] => [`counter ${shown(counter)}`, { ...row, counter }, { authenticator: ec.authenticator }],
  ),
  ...['', ' ', null].map(
    (counter): (typeof keys)[number] => [`counter ${shown(counter)}`, { ...row, counter }, { authenticator: ec.authenticator, notes: ['counter-not-recorded'] }],
  ),
  ...['7.5', '0x7', '7n', 'seven', 2 ** 32, -1, '-1', true, Number.NaN, {}].map(
    (counter): (typeof keys)[number] => [`counter ${shown(counter)}`, { ...row, counter }, ['malformed counter']],
  ),
  ...([
    [[''], []], ['', []], ['[""]', []], [[null, 7], []], ['null', []], [['USB', 'usb'], ['usb']], ['{usb,nfc}', ['usb', 'nfc']],
    ['AuthenticatorTransport.USB', ['usb']], [new Set(['usb']), ['usb']], [['usb', 'of-tomorrow'], ['usb', 'of-tomorrow']],
  ] as [unknown, string[]][]).map(
    ([transports, found], at): (typeof keys)[number] => [`transports ${at}`, { ...row, transports }, { authenticator: ec.authenticator, transports: found }],
  ),
  ...['lastCounter', 'sign_counter', 'stored_sign_count', 'authenticatorCounter'].map(
    (name): (typeof keys)[number] => [`a counter as ${name}`, { ...row, counter: undefined, [name]: 7 }, { authenticator: ec.authenticator, notes: [] }],
  ),
  ['the id as text, twice', { ...row, credentialID: Buffer.from(Buffer.from(ec.id).toString('base64')).toString('base64') }, ec],
  ['an id that was cut', { ...row, credentialID: ec.id.slice(0, 20) }, ['malformed id']],
  ...Object.entries({ credentialIdentifier: ec.id, credential_id_base64: Buffer.from(ec.id, 'base64url').toString('base64') })
    .map(([name, id]): (typeof keys)[number] => [`the id as ${name}`, { ...row, credentialID: undefined, id: 'Q8sZ0abcdEFGHijklMNOPqrstUVWXyz0', [name]: id }, ec]),
  ...['passkeyId', 'webauthn_id', 'authenticatorId', 'kid'].map(
    (name): (typeof keys)[number] => [`a row's own id beside ${name}`, { ...row, credentialID: undefined, id: 'uQmVzdCBsb25nIGVub3VnaCBpZA', [name]: ec.id }, ['malformed id']],
  ),
  ...['Q8sZ0abcdEFGHijklMNOPqrstUVWXyz0', 'passkey_V1StGXR8Z5jdHi6BmyTabc12'].map(
    (id): (typeof keys)[number] => [`a row's own id: ${id}`, { ...row, credentialID: undefined, id }, ['malformed id']],
  ),
  ['bytes that are the JSON of a Buffer', { ...row, publicKey: `\\x${Buffer.from(JSON.stringify(ec.cose)).toString('hex')}` }, ec],
  ['bytes that are the JSON of an array', { ...row, publicKey: Buffer.from(JSON.stringify({ ...ec.cose })) }, ec],
  ['an empty user handle', { ...row, userHandle: '' }, ec],
  ['of this domain', { ...row, rpID: 'Example.com' }, ec],
  ['of another domain', { ...row, rpID: 'example.org' }, ['other-rp-id']],
  ['of another domain, as verifyRegistrationResponse() returns it', { verified: true, registrationInfo: { credential: { id: ec.id, publicKey: ec.cose, counter: 7 }, rpID: 'example.org' } }, ['other-rp-id']],
  ['a key that looked copied', { credential: { id: ec.id, publicKey: ec.cose.toString('base64') }, authenticator: { signCount: 7, cloneWarning: true } }, ['turned-off']],
  ['attested credential data', { attestedCredentialData: ec.attested.toString('base64'), counter: 7 }, ec],
  ['attested credential data of python-fido2', { credential_data: ec.attested, sign_count: 7 }, ec],
  ['authenticator data', { authData: ec.authData.toString('base64url') }, ec],
  ['attested credential data that was cut', { attestedCredentialData: ec.attested.subarray(0, 30).toString('base64') }, ['malformed id']],
  ['authenticator data of a sign-in', { authData: ec.authData.subarray(0, 37) }, ['malformed id']],
  ['a JWK with its algorithm', { ...row, publicKey: { ...jwk, alg: 'ES256', use: 'sig', key_ops: ['verify'], kid: '1' } }, ec],
  ['a JWK with the algorithm of another curve', { ...row, publicKey: { ...jwk, alg: 'ES384' } }, ['malformed publicKey']],
  ['a JWK for encryption', { ...row, publicKey: { ...jwk, alg: 'ECDH-ES' } }, ['malformed publicKey']],
  ['a private JWK', { ...row, publicKey: { ...jwk, d: x } }, ['malformed publicKey']],
  ['PEM', { ...row, publicKey: pem }, ec],
  ['PEM and the algorithm as a number', { ...row, publicKey: pem, algorithm: -7 }, ec],
  ['PEM and the algorithm as a name', { ...row, publicKey: pem, alg: 'ES256' }, ec],
  ['COSE and the algorithm of another key', { ...row, algorithm: -257 }, ['malformed algorithm']],
  ['a certificate', { ...row, publicKey: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----' }, ['malformed publicKey']],
  ['Ed25519 as 32 bytes', { credentialID: ed.id, publicKey: edKey, counter: 7, algorithm: -8 }, ed],
  ['Ed25519 as a JWK', { credentialID: ed.id, publicKey: { kty: 'OKP', crv: 'Ed25519', x: edKey.toString('base64url'), alg: 'EdDSA' }, counter: 7 }, ed],
  ['32 bytes of anything', { ...row, publicKey: edKey }, ['malformed publicKey']],
]

for (const [name, given, expected] of keys) {
  test(`a passkey: ${name}`, async (t) => {
    const fixture = await Fixture.open(memoryStore())
    const { taken, left } = await fixture.service.importFactors('ann', fromSimpleWebAuthn(given))
    if (Array.isArray(expected)) return t.deepEqual([taken, told({ left })], [[], expected])
    t.deepEqual(left, [])
    if (expected.notes) t.deepEqual(taken[0]!.notes.filter((note) => note === 'counter-not-recorded'), expected.notes)
    const challenge = (await fixture.service.challenge('ann'))!.webauthn!
    if (expected.transports) t.deepEqual(challenge.allowCredentials![0]!.transports ?? [], expected.transports)
    const response = expected.authenticator.get(challenge, { origin })
    t.true((await fixture.service.verify('ann', { type: 'webauthn', response })).ok)
  })
}

for (const [algorithm, number, hash, pss] of [['RS256', -257, 'sha256', false], ['RS512', -259, 'sha512', false], ['PS256', -37, 'sha256', true]] as const) {
  test(`an RSA key of ${algorithm}, whose algorithm stands beside it`, async (t) => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const bare = publicKey.export({ format: 'jwk' })
    const spki = publicKey.export({ format: 'pem', type: 'spki' })
    const padding = pss ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : {}
    const of = (about: object) => fromSimpleWebAuthn({ credentialID: ec.id, counter: 0, ...about })
    for (const about of [
      { publicKey: { ...bare, alg: algorithm } }, { publicKey: bare, algorithm: number }, { publicKey: spki, algorithm }, { publicKey: spki, algorithm: `${number}` },
    ]) {
      const fixture = await Fixture.open(memoryStore())
      t.deepEqual((await fixture.service.importFactors('ann', of(about))).left, [])
      const response = ec.authenticator.get((await fixture.service.challenge('ann'))!.webauthn!, { origin })
      const { authenticatorData, clientDataJSON } = response.response
      const message = Buffer.concat([Buffer.from(authenticatorData, 'base64url'), createHash('sha256').update(Buffer.from(clientDataJSON, 'base64url')).digest()])
      response.response.signature = sign(hash, message, { key: privateKey, ...padding }).toString('base64url')
      t.true((await fixture.service.verify('ann', { type: 'webauthn', response })).ok, Object.keys(about).join())
    }
    t.deepEqual(told(of({ publicKey: { ...bare, alg: algorithm }, algorithm: number === -37 ? -257 : -37 })), ['malformed publicKey'])
    t.deepEqual(told(of({ publicKey: { ...bare, alg: 'RSA-OAEP' } })), ['malformed publicKey'])
  })
}
