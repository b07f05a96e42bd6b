import { createPublicKey, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'

import test from 'ava'
import type { ExecutionContext } from 'ava'

import type { ForeignCredential, Left, Migration } from '../../index.js'
import * as migration from '../../facade/migration/index.js'
import { memoryStore, tfaConfigStore } from '../../facade/stores/index.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { registrationOptions, verifyRegistration } from '../../facade/stateless/webauthn.js'
import { temporaryDirectory } from '../helpers/directories.js'
import { Fixture, origin, overriding, rp } from '../helpers/service.js'
import { invalidArgument } from '../helpers/invalid-argument.js'

const { fromBetterAuth, fromOtpauth, fromOtpauthMigration, fromOtplib, fromSimpleWebAuthn, fromSpeakeasy } = migration

interface Vector { from: string; options: object; data: any; code: string }

const vectors = JSON.parse(readFileSync(new URL('../../../__test__/vectors/migration.json', import.meta.url), 'utf8')) as {
  at: number
  secrets: Vector[]
}
const readers: Record<string, (data: unknown, options: any) => Migration> = {
  otplib: fromOtplib, otpauth: fromOtpauth, speakeasy: fromSpeakeasy, 'better-auth': fromBetterAuth,
}
const base32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const example = 'otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZTAC'

const reasons = ({ left }: { left: Left[] }) =>
  left.map(({ what, reason, member }) => [what, reason, ...(member ? [member] : [])])

test('the code that a library makes of its secret signs in', async (t) => {
  for (const [index, { from, options, data, code }] of vectors.secrets.entries()) {
    const found = readers[from]!(data, options)
    t.deepEqual(found.left, [], `${index} ${from}`)
    const fixture = await Fixture.open(memoryStore())
    fixture.now = vectors.at
    const { taken, left } = await fixture.service.importFactors('ann', found)
    t.deepEqual([taken.length, left], [1, []], `${index} ${from}`)
    t.like(await fixture.service.verify('ann', { type: 'totp', code }), { ok: true }, `${index} ${from}`)
    t.like(await fixture.service.verify('ann', { type: 'totp', code }), { ok: false }, 'once')
    fixture.step(4)
    const { uri } = found.factors[0] as { uri: string }
    t.like(await fixture.service.verify('ann', { type: 'totp', code: totpAt(uri, fixture.now) }), { ok: true }, 'and the next')
  }
})

test('every vector needs the reading that it has', (t) => {
  const keyOf = (found: Migration) => new URL((found.factors[0] as { uri: string }).uri).searchParams.get('secret')
  t.not(keyOf(fromBetterAuth(base32)), keyOf(fromOtplib(base32)), 'the text is the key, however it looks')
  t.not(keyOf(fromSpeakeasy(base32, { encoding: 'ascii' })), keyOf(fromSpeakeasy(base32, { encoding: 'base32' })))
  const repeated = fromOtplib('short key', { version: 12, encoding: 'ascii' })
  t.deepEqual(repeated.factors[0]!.notes, ['repeated-secret'])
  t.not(keyOf(repeated), keyOf(fromOtplib('short key', { encoding: 'ascii' })))
})

test('rows of secrets: names, times and what is beside them', (t) => {
  const names = { issuer: 'Shop', account: 'ann@example.com', description: 'my phone' }
  const { factors: [factor] } = fromOtplib([{ secret: base32, createdAt: '2024-05-06T07:08:09Z', ...names }])
  t.deepEqual(factor, {
    what: '[0] Shop: ann@example.com',
    description: 'my phone',
    created: Date.UTC(2024, 4, 6, 7, 8, 9),
    uri: `otpauth://totp/Shop:ann%40example%2Ecom?secret=${base32}&digits=6&algorithm=SHA1&period=30&issuer=Shop`,
    notes: [],
  })
  t.is(fromOtplib(base32).factors[0]!.description, 'authenticator app')
  t.is(fromOtplib(base32, { description: 'old app' }).factors[0]!.description, 'old app')
  const parameters = { algorithm: 'SHA1', digits: 6, period: 30 }
  const secret = { bytes: Buffer.from('12345678901234567890') }
  t.like(fromOtpauth({ issuer: 'Shop', label: 'ann', secret, ...parameters }).factors[0], {
    uri: `otpauth://totp/Shop:ann?secret=${base32}&digits=6&algorithm=SHA1&period=30&issuer=Shop`,
  })
  t.deepEqual(fromOtplib('JBSWY3DPEHPK3PXP').factors[0]!.notes, ['short-secret'])
})

test('secrets that are left, and why', (t) => {
  const rows = [
    '', '0189', null, 7, {}, { secret: base32, encoding: 'rot13' }, { secret: base32, digits: 'six' },
    { secret: base32, digits: 4 }, { secret: base32, step: 0 }, { secret: base32, algorithm: 'SHA3-256' }, { secret: base32, algorithm: 7 },
    { secret: base32, counter: 5 }, `otpauth://hotp/ann?secret=${base32}&counter=5`, 'otpauth://totp/ann?secret=0',
    '\ud800', 'A'.repeat(5000),
  ]
  t.deepEqual(reasons(fromOtplib(rows)), [
    ['[1]', 'malformed', 'secret'], ['[3]', 'malformed', 'secret'],
    ['[4]', 'malformed', 'secret'], ['[5]', 'malformed', 'secret'], ['[6]', 'malformed', 'digits'], ['[7]', 'unsupported-digits'],
    ['[8]', 'unsupported-period'], ['[9]', 'unsupported-algorithm'], ['[10]', 'malformed', 'algorithm'], ['[11]', 'hotp'],
    ['[12] ann', 'hotp'], ['[13] ann', 'malformed', 'secret'], ['[14]', 'malformed', 'secret'], ['[15]', 'malformed', 'secret'],
  ])
  const encrypted = randomBytes(72).toString('hex')
  const plain = 'decrypted-text-of-32-characters!'
  const found = fromBetterAuth([
    { secret: encrypted }, { secret: `$ba$1$${encrypted}` }, { secret: plain, verified: false }, { secret: plain, backupCodes: 'x' },
  ])
  t.deepEqual(reasons(found), [
    ['[0]', 'encrypted'], ['[1]', 'encrypted'], ['[2]', 'not-proved'], ['[3] backupCodes', 'malformed', 'backupCodes'],
  ])
  t.is(found.factors.length, 1)
  t.false(JSON.stringify([found.left, fromOtplib(rows).left]).includes(base32), 'no report holds a secret')
})

test('Google Authenticator › the well-known example, twice, beside what is none', (t) => {
  const found = fromOtpauthMigration([example, `${example}\n${example}`, 'otpauth-migration://offline?data=AAAA', 7])
  t.deepEqual(reasons(found), [['[3]', 'malformed'], ['[4]', 'malformed']])
  t.deepEqual(found.factors, [{
    what: '[0][0] Example: alice@google.com',
    description: 'authenticator app',
    uri: 'otpauth://totp/Example:alice%40google%2Ecom?secret=JBSWY3DPEHPK3PXP&digits=6&algorithm=SHA1&period=30&issuer=Example',
    notes: ['short-secret'],
  }])
})

test('Google Authenticator › an export of three codes, with HOTP, unknown fields and one code missing', async (t) => {
  const one = exported(0, [{ name: 'Shop:ann', issuer: 'Shop', kind: 2 }, { name: 'counter', issuer: 'Bank', kind: 1 }])
  const two = exported(1, [{ name: 'ben', issuer: '', kind: 2, key: 'another secret 12345' }])
  const three = exported(2, [{ name: 'cay', issuer: '', kind: 2, key: 'a third secret 12345' }])
  const found = fromOtpauthMigration(`${one}\r\n\r\n${three}\r\n`)
  t.deepEqual(reasons(found), [['[0][1] Bank: counter', 'hotp'], ['1 of 3 QR codes', 'other-codes-missing']])
  t.deepEqual(found.factors.map(({ what }) => what), ['[0][0] Shop: ann', '[1][0] cay'])
  t.deepEqual(reasons(fromOtpauthMigration([one, two, three])), [['[0][1] Bank: counter', 'hotp']])
  const { service } = await Fixture.open(memoryStore())
  const imported = await service.importFactors('ann', found)
  t.deepEqual(imported.taken.map(({ what, factor }) => [what, factor.type]), [['[0][0] Shop: ann', 'totp'], ['[1][0] cay', 'totp']])
  t.deepEqual(imported.left, found.left)
})

/** A credential as SimpleWebAuthn documents it, with the authenticator that holds it. */
function passkey(options: { synced?: boolean } = {}) {
  const key = new TestAuthenticator({ algorithm: 'ES256', backupEligible: options.synced === true, backupState: options.synced === true })
  const handle = randomBytes(32).toString('base64url')
  const creation = registrationOptions({ rp, user: { id: handle, name: 'ann', displayName: 'Ann' } })
  const verdict = verifyRegistration({ response: key.create(creation, { origin }), challenge: creation.challenge, rp })
  if (!verdict.ok) throw new Error(verdict.reason)
  const { id, publicKey, signCount } = verdict.credential
  const documented = {
    id,
    publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')),
    user: { id: 'ann' },
    webauthnUserID: handle,
    counter: signCount,
    deviceType: options.synced ? 'multiDevice' : 'singleDevice',
    backedUp: options.synced === true,
    transports: ['internal', 'hybrid'],
  }
  return { key, handle, documented, publicKey }
}

async function signsIn(t: ExecutionContext, fixture: Fixture, key: TestAuthenticator, message: string) {
  t.like(await fixture.service.verify('ann', await fixture.assertion('ann', key)), { ok: true }, message)
}

test('SimpleWebAuthn › the documented shape, in every form that databases and JSON make of it', async (t) => {
  for (const synced of [false, true]) {
    const { key, documented, publicKey } = passkey({ synced })
    const bytes = Buffer.from(publicKey, 'base64url')
    const base64 = bytes.toString('base64')
    const { counter, deviceType, backedUp, id } = documented
    // The end of a key of ES256: x, a head of three bytes, y.
    const point = Buffer.concat([Buffer.from([4]), bytes.subarray(-67, -35), bytes.subarray(-32)])
    const x = bytes.subarray(-67, -35).toString('base64url')
    const y = bytes.subarray(-32).toString('base64url')
    const jwk = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
    const flags = { credentialDeviceType: deviceType, credentialBackedUp: backedUp }
    const columns = { device_type: deviceType, backed_up: backedUp ? 't' : 'f' }
    const forms: [string, unknown][] = [
      ['as documented', documented],
      ['a list', [documented]],
      ['through JSON', JSON.parse(JSON.stringify(documented))],
      ['a Buffer through JSON', JSON.parse(JSON.stringify({ ...documented, publicKey: bytes }))],
      ['a list of numbers', { ...documented, publicKey: [...bytes] }],
      ['base64', { ...documented, publicKey: base64 }],
      ['base64url', { ...documented, publicKey }],
      ['bytea as text', { ...documented, publicKey: `\\x${bytes.toString('hex')}` }],
      ['registrationInfo', { credential: { id, publicKey: bytes, counter, transports: [] }, ...flags }],
      ['before version 11', { credentialID: Buffer.from(id, 'base64url'), credentialPublicKey: bytes, counter, ...flags }],
      ['a row of better-auth', { ...documented, id: 'row', credentialID: id, publicKey: base64, transports: 'usb,nfc' }],
      ['columns of SQLite', { ...documented, backedUp: backedUp ? 1 : 0, counter: `${counter}`, transports: '["usb"]' }],
      ['columns of its documentation', {
        cred_id: id, cred_public_key: bytes, webauthn_user_id: documented.webauthnUserID, counter, transports: 'internal',
        backup_eligible: synced, backup_status: backedUp,
      }],
      ['the whole result', { verified: true, registrationInfo: { credential: { id, publicKey: bytes, counter }, ...flags, userVerified: false } }],
      ['its result before version 11', { verified: true, registrationInfo: { credentialID: id, credentialPublicKey: bytes, counter, ...flags } }],
      ['a row that holds the result as JSON', { id: 7, registration_info: JSON.stringify({ credential: { id, publicKey: base64, counter }, ...flags }) }],
      ['credId beside the key of the row', { ...documented, id: 'b8b7a0de-3e0c-4a47-8d0e-6f1f0a4f3f11', credId: id }],
      ['credential_id beside the key of the row', { ...documented, id: 'clh3am1g40000qwer1234abcd', credential_id: id }],
      ['ids as the UTF-8 of their text', { ...documented, id: undefined, credentialID: Buffer.from(id) }],
      ['ids as base64 of the UTF-8 of their text', { ...documented, id: Buffer.from(id).toString('base64') }],
      ['ids in hexadecimal', { ...documented, id: Buffer.from(id, 'base64url').toString('hex') }],
      ['keys in hexadecimal', { ...documented, publicKey: bytes.toString('hex') }],
      ['base64 in lines', { ...documented, publicKey: base64.replaceAll(/.{20}/g, '$&\n') }],
      ['MySQL', { ...documented, publicKey: `0x${bytes.toString('hex')}` }],
      ['numbers with commas', { ...documented, id: `${[...Buffer.from(id, 'base64url')]}`, publicKey: `${[...bytes]}` }],
      ['BSON', { ...documented, publicKey: { _bsontype: 'Binary', sub_type: 0, position: bytes.length, buffer: Buffer.concat([bytes, bytes]) } }],
      ['extended JSON', { ...documented, publicKey: { $binary: { base64, subType: '00' } }, counter: { $numberInt: `${counter}` } }],
      ['a JSON text', JSON.stringify([{ ...documented, publicKey: base64 }])],
      ['a Buffer as JSON in a text column', { ...documented, publicKey: JSON.stringify(bytes) }],
      ['Auth.js', {
        credentialID: Buffer.from(id, 'base64url').toString('base64'), userId: 'ann', providerAccountId: 'x', counter, transports: 'usb,nfc',
        credentialPublicKey: base64, ...flags,
      }],
      ['go-webauthn', {
        id: Buffer.from(id, 'base64url').toString('base64'), publicKey: base64, attestationType: 'none', transport: ['usb'],
        flags: { userPresent: true, userVerified: false, backupEligible: synced, backupState: backedUp }, authenticator: { AAGUID: 'AAAA', signCount: counter },
      }],
      ['PEM', { ...documented, publicKey: jwk.export({ format: 'pem', type: 'spki' }), counter: undefined }],
      ['SPKI', { ...documented, publicKey: jwk.export({ format: 'der', type: 'spki' }) }],
      ['a JWK', { ...documented, publicKey: jwk.export({ format: 'jwk' }) }],
      ['a point, without a counter', { credential_id: id, public_key: point, algorithm: -7, ...columns }],
      ['columns of PostgreSQL', { id, public_key: bytes, counter: BigInt(counter), ...columns }],
    ]
    for (const [name, data] of forms) {
      const fixture = await Fixture.open(memoryStore())
      const found = fromSimpleWebAuthn(data)
      t.deepEqual(found.left, [], name)
      const { taken, left } = await fixture.service.importFactors('ann', found)
      t.deepEqual(left, [], name)
      t.like(taken[0]!.factor, { type: 'webauthn', credentialId: id, backupEligible: synced, backupState: synced }, name)
      t.false(taken[0]!.notes.includes('backup-not-recorded'), name)
      await signsIn(t, fixture, key, name)
    }
  }
})

test('SimpleWebAuthn › a private key in place of the public one', async (t) => {
  const { documented } = passkey()
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ed = generateKeyPairSync('ed25519')
  const keys = { ES256: ec, RS256: rsa, EdDSA: ed }
  const forms: [string, (keys: { privateKey: KeyObject; publicKey: KeyObject }) => unknown][] = [
    ['JWK', ({ privateKey }) => privateKey.export({ format: 'jwk' })],
    ['JWK as text', ({ privateKey }) => JSON.stringify(privateKey.export({ format: 'jwk' }))],
    ['JWK with a wrong member', ({ publicKey }) => ({ ...publicKey.export({ format: 'jwk' }), d: 'AA' })],
    ['PEM', ({ privateKey }) => privateKey.export({ format: 'pem', type: 'pkcs8' })],
    ['PEM without lines', ({ privateKey }) => String(privateKey.export({ format: 'pem', type: 'pkcs8' })).replaceAll('\n', '')],
    ['DER', ({ privateKey }) => privateKey.export({ format: 'der', type: 'pkcs8' })],
  ]
  const all: [string, unknown][] = Object.entries(keys).flatMap(([kind, pair]) =>
    forms.map(([form, make]): [string, unknown] => [`${kind} ${form}`, make(pair)]))
  const { x, y, d } = ec.privateKey.export({ format: 'jwk' })
  all.push(
    ['SEC 1', ec.privateKey.export({ format: 'der', type: 'sec1' })],
    ['PEM of SEC 1', ec.privateKey.export({ format: 'pem', type: 'sec1' })],
    ['PKCS #1', rsa.privateKey.export({ format: 'der', type: 'pkcs1' })],
    ['PEM of PKCS #1', rsa.privateKey.export({ format: 'pem', type: 'pkcs1' })],
    ['COSE as JSON', { 1: 2, 3: -7, '-1': 1, '-2': x, '-3': y, '-4': d }],
  )
  const { service } = await Fixture.open(memoryStore())
  for (const [name, publicKey] of all) {
    const { taken, left } = await service.importFactors('ann', fromSimpleWebAuthn({ ...documented, publicKey }))
    t.deepEqual(taken, [], name)
    t.like(left, [{ reason: 'malformed', member: 'publicKey' }], name)
  }
  // The public halves are taken.
  for (const { publicKey } of Object.values(keys)) {
    const row = { ...documented, id: randomBytes(32).toString('base64url'), publicKey: publicKey.export({ format: 'jwk' }) }
    t.is((await service.importFactors('ann', fromSimpleWebAuthn(row))).taken.length, 1)
  }
})

test('SimpleWebAuthn › description, time, transports and model are kept', async (t) => {
  const { documented } = passkey({ synced: true })
  const aaguid = 'EA9B8D66-4D01-1D21-3CE4-B6B48CB575D4'
  const { service } = await Fixture.open(memoryStore())
  const row = { ...documented, name: 'Ann’s\nlaptop', aaguid, createdAt: new Date(1_700_000_000_000), transports: ['usb', 7, ''] }
  const { taken: [one] } = await service.importFactors('ann', fromSimpleWebAuthn(row))
  t.like(one, {
    what: '[0] Ann’s laptop',
    notes: ['user-not-verified'],
    factor: { description: 'Ann’s laptop', created: 1_700_000_000_000, aaguid: aaguid.toLowerCase(), transports: ['usb'] },
  })
  const described = (data: object) => fromSimpleWebAuthn({ ...documented, ...data }).factors[0]!.description
  t.deepEqual([described({}), described({ deviceType: 'singleDevice', backedUp: false })], ['passkey', 'security key'])
  t.is(fromSimpleWebAuthn({ ...documented, aaguid: 'none' }).factors.length, 1)
})

test('SimpleWebAuthn › what is left, and why', async (t) => {
  const { documented } = passkey()
  const cut = documented.publicKey.slice(1)
  const rows = [
    null, 'text', { ...documented, id: '' }, { ...documented, id: 'a+b_' }, { ...documented, publicKey: undefined },
    { ...documented, publicKey: 'abcde' }, { ...documented, counter: -1 }, { ...documented, counter: '1e3' }, { ...documented, deviceType: 'both' },
    { ...documented, webauthnUserID: randomBytes(65).toString('base64url') },
    { ...documented, publicKey: cut }, { ...documented, id: 'Q'.repeat(24), backedUp: true },
  ]
  const found = fromSimpleWebAuthn(rows)
  t.deepEqual(reasons(found), [
    ['[0]', 'malformed'], ['[1]', 'malformed'], ['[2]', 'malformed', 'id'], ['[3]', 'malformed', 'id'],
    ['[4]', 'malformed', 'publicKey'], ['[5]', 'malformed', 'publicKey'], ['[6]', 'malformed', 'counter'],
    ['[7]', 'malformed', 'counter'], ['[8]', 'malformed', 'deviceType'], ['[9]', 'malformed', 'webAuthnUserID'],
    ['[11]', 'malformed', 'backedUp'],
  ])
  const { service, events } = await Fixture.open(memoryStore())
  const imported = await service.importFactors('ann', { factors: found.factors, left: [] })
  t.deepEqual(reasons(imported), [['[10]', 'malformed', 'publicKey']])
  t.deepEqual([imported.taken, await service.factors('ann'), events], [[], [], []])
})

test('SimpleWebAuthn › what could be dead is left, and why', (t) => {
  const { documented } = passkey()
  const { id: _, ...without } = documented
  const found = fromSimpleWebAuthn([
    { ...documented, id: randomUUID() }, { ...documented, id: 17 }, { ...documented, id: '507f1f77bcf86cd799439011' },
    { ...documented, id: 'clh3am1g40000qwer1234abcd' }, { ...documented, id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' }, without,
    { ...documented, credentialID: documented.id, credId: passkey().documented.id }, { ...documented, credentialID: 'a' },
    { verified: false, registrationInfo: documented }, { ...documented, revokedAt: new Date() }, { ...documented, enabled: 0 },
    { ...documented, counter: 'none' }, { ...documented, publicKey: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----' },
    { ...documented, publicKey: { kty: 'oct', k: 'AAAA' } },
  ])
  t.deepEqual(reasons(found), [
    ...[0, 1, 2, 3, 4, 5, 6, 7].map((at) => [`[${at}]`, 'malformed', 'id']), ['[8]', 'not-proved'], ['[9]', 'turned-off'],
    ['[10]', 'turned-off'], ['[11]', 'malformed', 'counter'], ['[12]', 'malformed', 'publicKey'], ['[13]', 'malformed', 'publicKey'],
  ])
  t.deepEqual(found.factors, [])
})

test('a factor that was never proved, or is turned off, is left, however its row says so', (t) => {
  const { documented } = passkey()
  const all = (about: object) => [
    ...fromSimpleWebAuthn({ ...documented, ...about }).left, ...fromSimpleWebAuthn({ ...about, credential: documented }).left,
    ...fromOtplib({ secret: base32, ...about }).left, ...fromOtplib({ otp: { ...about }, secret: base32 }).left,
  ].map(({ reason }) => reason)
  const notProved = [
    { status: 'unverified' }, { status: 'PENDING' }, { state: 'not_verified' }, { totp_status: 'created' }, { confirmed_at: null },
    { two_factor_confirmed_at: null }, { verifiedAt: '' }, { enabledAt: '0000-00-00 00:00:00' }, { isVerified: 'False' }, { is_confirmed: 'no' },
    { deviceVerified: 0n }, { mfaVerified: Buffer.from([0]) }, { confirmed: { type: 'Buffer', data: [0] } }, { verified: { $numberInt: '0' } },
  ]
  for (const about of notProved) t.deepEqual(all(about), Array(4).fill('not-proved'), JSON.stringify(Object.keys(about)))
  const turnedOff = [
    { otp_required_for_login: false }, { google2fa_enabled: 0 }, { isTwoFactorEnabled: 'f' }, { two_factor_authentication_enabled: 'N' },
    { status: 'Disabled' }, { state: 0 }, { inactive: 'TRUE' }, { totp_disabled_at: 1_700_000_000 }, { enabled: 'off' }, { 'is active': 'FALSE' },
  ]
  for (const about of turnedOff) t.deepEqual(all(about), Array(4).fill('turned-off'), JSON.stringify(Object.keys(about)))
  const fine = [
    { status: 'verified' }, { state: 'enabled' }, { state: 2 }, { confirmed_at: new Date() }, { verified: true, verified_at: null }, { enabled: 'Yes' },
    { deleted_at: '0000-00-00' }, { deletedAt: null }, { emailVerified: false }, { phone_verified_at: null }, { status: 7 }, { enabled: Buffer.from([1]) },
  ]
  for (const about of fine) t.deepEqual(all(about), [], JSON.stringify(Object.keys(about)))
})

test('SimpleWebAuthn › the key of a row is no credential id', (t) => {
  const { documented } = passkey()
  for (const id of [randomUUID().replaceAll('-', ''), 'passkey1', 'A'.repeat(20), 'passkey_01h2xcejqtf2nbrexx3vqjhp41', 'pk_2']) {
    t.deepEqual(reasons(fromSimpleWebAuthn({ ...documented, id })), [['[0]', 'malformed', 'id']], id)
    t.is(fromSimpleWebAuthn({ ...documented, id, credentialId: documented.id }).factors.length, 1)
  }
})

test('SimpleWebAuthn › a handle that may stand for other bytes is left out', (t) => {
  const handle = (webauthnUserID: unknown) => {
    const { factors: [factor], left } = fromSimpleWebAuthn({ ...passkey().documented, webauthnUserID })
    t.deepEqual(left, [])
    return (factor as ForeignCredential).credential.userHandle
  }
  t.is(handle(randomUUID()), undefined)
  t.is(handle('anna'), undefined)
  t.is(handle('YW5u'), 'YW5u')
  t.is(handle(Buffer.from('ann')), 'YW5u')
  const full = randomBytes(32)
  t.is(handle(full.toString('base64')), full.toString('base64url'))
})

test('SimpleWebAuthn › user handles come along, and never lead to somebody else', async (t) => {
  const fixture = await Fixture.open(memoryStore())
  const { service, store } = fixture
  const [first, second] = [passkey(), passkey()]
  const { webauthnUserID: _, ...without } = passkey().documented
  const { taken } = await service.importFactors('ann', fromSimpleWebAuthn([first.documented, second.documented, without]))
  t.deepEqual(taken.map(({ notes }) => notes), [
    ['user-not-verified'], ['other-user-handle', 'user-not-verified'], ['no-user-handle', 'user-not-verified'],
  ])
  t.deepEqual([await store.owner(first.handle), await store.owner(second.handle)], ['ann', 'ann'])
  await signsIn(t, fixture, first.key, 'with the handle of the user')
  await signsIn(t, fixture, second.key, 'with its own')
  const creation = await service.beginWebauthn('ann', { name: 'ann', displayName: 'Ann' })
  t.is(creation.user.id, first.handle, 'new passkeys are made for the same')
  const stolen = { ...passkey().documented, webauthnUserID: first.handle }
  const other = await service.importFactors('ben', fromSimpleWebAuthn([stolen]))
  t.deepEqual([other.taken, reasons(other)], [[], [['[0]', 'user-handle-taken']]])
  t.is(await store.owner(first.handle), 'ann')
  const again = await service.importFactors('ben', fromSimpleWebAuthn(without))
  t.deepEqual([again.taken, reasons(again)], [[], [['[0]', 'credential-taken']]])
  const given = fromSimpleWebAuthn({ ...passkey().documented, webauthnUserID: null }, { userHandle: Buffer.from('ben') })
  t.deepEqual((await service.importFactors('ben', given)).taken[0]!.notes, ['user-not-verified'])
  const verified = fromSimpleWebAuthn({ ...passkey().documented, userVerified: true })
  t.deepEqual((await service.importFactors('eve', verified)).taken[0]!.notes, [])
  t.is(await store.owner(Buffer.from('ben').toString('base64url')), 'ben')
})

test('whose a handle is: null is nobody, and what is no user fails every import', async (t) => {
  const { documented } = passkey()
  for (const [owner, taken] of [[null, 1], [undefined, 1], ['ann', 1], ['eve', 0]] as const) {
    const store = overriding(memoryStore(), { owner: async () => owner as string | undefined })
    const { service } = await Fixture.open(store)
    t.is((await service.importFactors('ann', fromSimpleWebAuthn(documented))).taken.length, taken, `${owner}`)
  }
  const { service } = await Fixture.open(overriding(memoryStore(), { owner: async () => 7 as unknown as string }))
  const record = JSON.stringify({ 'user-handle': documented.webauthnUserID })
  await t.throwsAsync(service.importFactors('ann', fromSimpleWebAuthn(documented)), { code: 'store-failed' })
  await t.throwsAsync(service.importRecord('ann', record), { code: 'store-failed' })
})

test('an import may be repeated, and says what was there already', async (t) => {
  const fixture = await Fixture.open(memoryStore())
  const { documented } = passkey()
  const found: Migration = {
    factors: [...fromSimpleWebAuthn([documented, documented]).factors, ...fromOtplib([base32, base32]).factors],
    left: [],
  }
  const first = await fixture.service.importFactors('ann', found)
  t.deepEqual(reasons(first), [['[1]', 'already-enrolled'], ['[1]', 'already-enrolled']])
  t.deepEqual(fixture.events.map(({ type, user, factor }) => [type, user, factor?.type]), [
    ['imported', 'ann', 'webauthn'], ['imported', 'ann', 'totp'],
  ])
  const record = await fixture.store.read('ann')
  const again = await fixture.service.importFactors('ann', found)
  t.deepEqual([again.taken, again.left.length], [[], 4])
  t.deepEqual([await fixture.store.read('ann'), fixture.events.length], [record, 2])
  t.false(JSON.stringify([first, again, fixture.events]).includes(base32))
})

test('fifty imports at once add each factor once', async (t) => {
  const { service } = await Fixture.open(memoryStore())
  const found = fromOtplib(base32)
  const all = await Promise.all(Array.from({ length: 50 }, () => service.importFactors('ann', found)))
  t.is(all.filter(({ taken }) => taken.length === 1).length, 1)
  t.is((await service.factors('ann')).length, 1)
})

test('an import adds to what the user has, up to the limit', async (t) => {
  const fixture = await Fixture.open(memoryStore(), { limits: { factors: 2 } })
  const { factor } = await fixture.enrolTotp('ann')
  const found = fromOtplib([base32, 'JBSWY3DPEHPK3PXP'])
  t.deepEqual(reasons(await fixture.service.importFactors('ann', found)), [['[1]', 'factor-limit']])
  t.deepEqual((await fixture.service.factors('ann')).map(({ id }) => id).slice(0, 1), [factor.id])
})

test('a file that Proxmox goes on using takes them too', async (t) => {
  const path = `${temporaryDirectory()}/tfa.json`
  const fixture = await Fixture.open(tfaConfigStore(path, { create: true }))
  const { documented, key, handle } = passkey()
  const found = { factors: [...fromOtplib(base32).factors, ...fromSimpleWebAuthn(documented).factors], left: [] }
  t.is((await fixture.service.importFactors('ann', found)).taken.length, 2)
  await signsIn(t, fixture, key, 'a passkey out of the file')
  t.is(await fixture.store.owner(handle), 'ann')
})

test('mistakes of the host are errors, which name the argument', async (t) => {
  const { service } = await Fixture.open(memoryStore())
  const invalid = (detail: string) => ({ code: 'invalid-argument', message: invalidArgument(detail) })
  const call = (user: any, value: any) => service.importFactors(user, value)
  await t.throwsAsync(call('', { factors: [], left: [] }), invalid('user'))
  for (const wrong of [undefined, [], [{ secret: base32 }], Promise.resolve({ factors: [], left: [] })]) {
    await t.throwsAsync(call('ann', wrong), invalid('migration'))
  }
  await t.throwsAsync(call('ann', { factors: {}, left: [] }), invalid('factors'))
  await t.throwsAsync(call('ann', { factors: [{ what: 'x', description: '' }], left: [] }), invalid('factors[0]'))
  const both = { what: 'x', description: '', uri: 'x', credential: { id: 'AAAA', publicKey: 'AAAA', signCount: 0 } }
  await t.throwsAsync(call('ann', { factors: [both], left: [] }), invalid('factors[0]'))
  const none = { ...both, uri: undefined, credential: {} }
  await t.throwsAsync(call('ann', { factors: [none], left: [] }), invalid('factors[0].credential.id'))
  t.throws(() => fromOtplib(base32, { enconding: 'hex' } as any), {
    code: 'invalid-argument',
    message: /^Invalid argument: enconding is not an option: expected one of .*encoding/,
  })
  t.throws(() => fromSpeakeasy(base32, {} as any), invalid('encoding'))
  t.throws(() => fromSpeakeasy(base32, undefined as any), invalid('encoding'))
  t.throws(() => fromOtplib(base32, { encoding: 'rot13' as any }), invalid('encoding'))
  t.throws(() => fromSimpleWebAuthn([], { userHandle: '' }), invalid('userHandle'))
})

/** The text of one QR code of an export of three. */
function exported(index: number, entries: { name: string; issuer: string; kind: number; key?: string }[]): string {
  const bytes = (tag: number, value: Uint8Array | string) =>
    Buffer.concat([Buffer.from([(tag << 3) | 2, value.length]), Buffer.from(value as string)])
  const number = (tag: number, value: number) => Buffer.from([tag << 3, value])
  const written = entries.map(({ name, issuer, kind, key = '12345678901234567890' }) => {
    const later = bytes(8, 'a field of a later version')
    const numbers = [number(4, 1), number(5, 1), number(6, kind)]
    return bytes(1, Buffer.concat([bytes(1, key), bytes(2, name), bytes(3, issuer), ...numbers, later]))
  })
  const payload = Buffer.concat([...written, number(2, 2), number(3, 3), number(4, index), number(5, 77)])
  return `otpauth-migration://offline?data=${encodeURIComponent(payload.toString('base64'))}`
}
