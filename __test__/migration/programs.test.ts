import { createPublicKey } from 'node:crypto'

import test from 'ava'

import type { Left, Migration } from '../../index.js'
import { fromOtplib, fromSimpleWebAuthn, fromSpeakeasy, fromU2f, fromYubico } from '../../facade/migration/index.js'
import { registrationOptions, verifyRegistration } from '../../facade/stateless/webauthn.js'
import { memoryStore } from '../../facade/stores/index.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { Fixture, origin, rp } from '../helpers/service.js'

// Rows and exports as documented programs and databases have them. Each one signs in, or is left with its reason.

const base32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const key = Buffer.from('12345678901234567890')
const hex = key.toString('hex')
const uri = `otpauth://totp/Shop:ann?secret=${base32}`

const reasons = ({ left }: { left: Left[] }) => left.map(({ reason, member }) => (member ? `${reason} ${member}` : reason))

async function signsIn(found: Migration, uriOfApp: string): Promise<unknown> {
  const fixture = await Fixture.open(memoryStore())
  const { taken, left } = await fixture.service.importFactors('ann', found)
  const { ok } = await fixture.service.verify('ann', { type: 'totp', code: totpAt(uriOfApp, fixture.now) })
  return [taken.length, left, ok]
}

/** Keycloak's table, or its export with `names` in the other spelling. */
const keycloak = (type: string, data: object, secret: object) => ({
  id: 'e1', type, user_label: 'phone', created_date: 1_700_000_000_000, priority: 10,
  credential_data: JSON.stringify(data), secret_data: JSON.stringify(secret),
})
const authelia = {
  created_at: '2024-05-01T10:00:00Z', last_used_at: null, username: 'ann', issuer: 'Shop', algorithm: 'SHA256', digits: 6, period: 30,
  secret: Buffer.from(base32).toString('base64'),
}
const nextcloud = { id: 1, user_id: 'ann', secret: base32, state: 2, last_counter: 55_000_000, digits: null, period: null }

test('apps in tables and exports of programs sign in', async (t) => {
  const sha256 = `${uri}&algorithm=SHA256`
  for (const [name, row, app = uri, options = {}] of [
    ['Keycloak', keycloak('otp', { subType: 'totp', digits: 6, counter: 0, period: 30, algorithm: 'HmacSHA1' }, { value: key.toString() })],
    ['Keycloak, base32', keycloak('otp', { subType: 'totp', digits: 6, period: 30, algorithm: 'HmacSHA256', secretEncoding: 'BASE32' }, { value: base32 }), sha256],
    ['Keycloak, exported', {
      type: 'otp', userLabel: 'phone', createdDate: 1_700_000_000_000, secretData: JSON.stringify({ value: key.toString() }),
      credentialData: JSON.stringify({ subType: 'totp', digits: 6, counter: 0, period: 30, algorithm: 'HmacSHA1' }),
    }],
    ['Nextcloud', { ...nextcloud, algorithm: 1 }],
    ['Nextcloud, SHA256', { ...nextcloud, state: '2', algorithm: '2' }, sha256],
    ['Nextcloud before algorithms', nextcloud],
    ['DynamoDB', { userId: { S: 'ann' }, secret: { S: base32 }, digits: { N: '6' }, enabled: { BOOL: true }, usedAt: { NULL: true } }],
    ['DynamoDB, exported', { Item: { pk: { S: 'ann' }, mfa: { M: { secret: { S: base32 }, algorithm: { S: 'SHA256' } } } } }, sha256],
    ['DynamoDB, scanned, bytes', { Items: [{ pk: { S: 'ann' }, secret: { B: key.toString('base64') } }], Count: 1 }],
    ['Django', { model: 'otp_totp.totpdevice', pk: 1, fields: { confirmed: true, key: hex, step: 30, t0: 0, digits: 6, drift: 0 } }, uri, { encoding: 'hex' }],
    ['Django, drift of a step', { confirmed: 1, key: hex, step: 30, t0: 0, digits: 6, drift: -1, last_t: 5 }, uri, { encoding: 'hex' }],
    ['Laravel, serialized', { two_factor_secret: `s:32:"${base32}";`, two_factor_confirmed_at: '2024-01-01 00:00:00' }],
    ['WordPress', { umeta_id: 1, user_id: 1, meta_key: '_two_factor_totp_key', meta_value: base32 }],
    ['ASP.NET Core Identity', { UserId: 'a', LoginProvider: '[AspNetUserStore]', Name: 'AuthenticatorKey', Value: base32 }],
    ['Auth0', { mfa_factors: [{ totp: { secret: base32 } }] }],
    ['Ory Kratos', { type: 'totp', config: JSON.stringify({ totp_url: sha256 }) }, sha256],
    ['Supabase', { friendly_name: 'phone', factor_type: 'totp', status: 'verified', secret: base32 }],
    ['MongoDB, a user', { _id: { $oid: '507f1f77bcf86cd799439011' }, accounts: [{ provider: 'x' }], twoFactor: { secret: base32, enabled: true } }],
    ['MongoDB, deeper', { mfa: { totp: { secret: base32, enabled: true }, sms: null } }],
    ['Aegis', { version: 1, header: { slots: null, params: null }, db: { version: 2, entries: [{ type: 'totp', name: 'ann', info: { secret: base32, algo: 'SHA256' } }] } }, sha256],
    ['2FAS', { services: [{ name: 'Shop', secret: base32, otp: { tokenType: 'TOTP', algorithm: 'SHA256', counter: 0 } }], schemaVersion: 4 }, sha256],
    ['Bitwarden', { encrypted: false, items: [{ type: 1, name: 'Shop', login: { username: 'ann', totp: uri, fido2Credentials: [] } }] }],
    ['Bitwarden, CSV', { type: 'login', name: 'Shop', login_username: 'ann', login_totp: base32 }],
    ['LastPass', { version: 3, accounts: [{ issuerName: 'Shop', userName: 'ann', secret: base32, timeStep: 30, digits: 6, algorithm: 'SHA1' }] }],
    ['hexadecimal with colons', { secret: hex.match(/../g)!.join(':') }, uri, { encoding: 'hex' }],
    ['hexadecimal with 0x', { secret: `0x${hex.toUpperCase()}` }, uri, { encoding: 'hex' }],
    ['numbers with commas', { secret: `${[...key]}` }],
    ['numbers in JSON', { secret: JSON.stringify([...key]) }],
    ['Discourse', { id: 1, user_id: 2, method: 1, data: base32.toLowerCase(), enabled: true, last_used: null, name: 'phone' }],
    ['Vaultwarden', { uuid: 'a', user_uuid: 'b', atype: 0, enabled: 1, data: base32, last_used: 55_000_000 }],
    ['Authelia', { totp_configurations: [authelia] }, `${uri}&algorithm=SHA256`],
    ['KeePassXC', { Group: 'Root', Title: 'Shop', Username: 'ann', TOTP: uri }],
    ['Proton Authenticator', { version: 1, entries: [{ id: 'x', content: { uri, entry_type: 'Totp', name: 'Shop' }, note: null }] }],
    ['FreeOTP', {
      tokenOrder: ['Shop:ann'],
      tokens: [{ algo: 'SHA1', counter: 0, digits: 6, issuerExt: 'Shop', label: 'ann', period: 30, secret: [...new Int8Array(key)], type: 'TOTP' }],
    }],
    ['Authy, decrypted', { authenticator_tokens: [{ account_type: 'authenticator', decrypted_seed: base32, digits: 6, name: 'Shop' }] }],
    ['a name that says it all', { mfa_totp_secret: base32 }],
    ['blanks that nobody sees', { secret: `\ufeff${base32.match(/.{4}/g)!.join('\u00a0')}\u200b` }],
    ['dashes of another kind', { secret: base32.match(/.{4}/g)!.join('\u2013') }],
    ['single quotes', { secret: `'${base32}'` }],
    ['the bytes of the text, of PostgreSQL', { secret: `\\x${Buffer.from(base32).toString('hex')}` }],
    ['the bytes of the text, of MySQL', { secret: `0x${Buffer.from(base32).toString('hex').toUpperCase()}` }],
    ['a key URI in a data: URL', { secret: `data:text/plain;charset=utf-8,${encodeURIComponent(uri)}` }],
    ['a key URI in a data: URL, in base64', { otpauth_url: `data:;base64,${Buffer.from(uri).toString('base64')}` }],
    ['a key URI, percent-encoded', { secret: encodeURIComponent(uri) }],
    ['a key URI in base64', { secret: Buffer.from(uri).toString('base64url') }],
    ['base64, percent-encoded', { secret: encodeURIComponent(key.toString('base64')) }, uri, { encoding: 'base64' }],
    ['bytes in a data: URL', { secret: `data:application/octet-stream;base64,${key.toString('base64')}` }],
    ['a text in a data: URL', { secret: `data:text/plain;base64,${Buffer.from(base32).toString('base64')}` }],
  ] as [string, object, string?, object?][]) {
    const found = fromOtplib(row, options)
    t.deepEqual(found.left, [], name)
    t.deepEqual(await signsIn(found, app), [1, [], true], name)
  }
})

test('apps that no code would answer are left, with the reason', (t) => {
  const totp = { subType: 'totp', digits: 6, period: 30, algorithm: 'HmacSHA1' }
  for (const [row, expected, options = {}] of [
    [keycloak('otp', { ...totp, subType: 'hotp', counter: 3 }, { value: base32 }), ['hotp']],
    [keycloak('otp', { ...totp, secretEncoding: 'BASE64' }, { value: base32 }), ['malformed secret']],
    [keycloak('otp', totp, {}), ['malformed secret']],
    [keycloak('password', { hashIterations: 27_500, algorithm: 'pbkdf2-sha256' }, { value: 'x', salt: 'y' }), ['unsupported-type']],
    [keycloak('webauthn', { credentialId: 'AAAA', credentialPublicKey: 'AAAA' }, {}), ['unsupported-type']],
    [{ ...nextcloud, algorithm: 1, state: 1 }, ['not-proved']],
    [{ ...nextcloud, algorithm: 1, state: 0 }, ['turned-off']],
    [{ ...nextcloud, algorithm: 4 }, ['malformed algorithm']],
    [{ ...nextcloud, algorithm: 1, secret: `${'a'.repeat(32)}|${'b'.repeat(32)}|${'c'.repeat(128)}|3` }, ['encrypted']],
    // Without what tells Nextcloud, other programs mean SHA256 by it.
    [{ secret: base32, algorithm: 1 }, ['malformed algorithm']],
    [{ key: hex, confirmed: true, t0: 0, drift: 5 }, ['malformed drift'], { encoding: 'hex' }],
    [{ key: hex, confirmed: true, t0: 60, drift: 0 }, ['malformed t0'], { encoding: 'hex' }],
    [{ version: 1, header: { slots: [{}], params: {} }, db: 'AAAA' }, ['encrypted']],
    [{ services: [], servicesEncrypted: 'AAAA:BBBB:CCCC' }, ['encrypted']],
    [{ secret: base32, is_encrypted: 1 }, ['encrypted']],
    [{ encrypted: true, passwordProtected: true, data: '2.AAAA' }, ['encrypted']],
    [{ items: [{ type: 1, name: 'x', login: { username: 'ann', totp: null } }] }, []],
    [{ items: [{ type: 1, login: { totp: `steam://${base32}` } }] }, ['unsupported-encoder']],
    [{ two_factor_secret: `s:31:"${base32}";` }, ['malformed secret']],
    [{ secret: `data:image/png;base64,${key.toString('base64')}` }, ['malformed secret']],
    [{ secret: 'data:text/plain;base64,!' }, ['malformed secret']],
    [{ secret: `${base32}%` }, ['malformed secret']],
    [{ method: 2, data: '{}', enabled: true, last_used: null }, ['unsupported-type']],
    [{ method: 1, data: base32, enabled: false, last_used: null }, ['turned-off']],
    [{ method: 1, data: null, enabled: true, last_used: null }, []],
    [{ atype: 1, enabled: 1, data: '{}' }, ['unsupported-type']],
    [{ atype: 0, enabled: 0, data: base32 }, ['turned-off']],
    [{ meta_key: '_two_factor_enabled_providers', meta_value: base32 }, ['malformed secret']],
    [{ factors: [{ type: 'sms', phone: '1' }, { type: 'hotp', secret: base32, counter: 1 }] }, ['unsupported-type', 'hotp']],
    [{ twoFactor: null }, []], [{ mfa: { totp: { secret: null } } }, []], [{ twoFactor: { secret: base32, enabled: false } }, ['turned-off']],
  ] as [object, string[], object?][]) {
    const found = fromOtplib(row, options)
    t.deepEqual([found.factors, reasons(found)], [[], expected], JSON.stringify(row))
  }
  t.deepEqual(reasons(fromSpeakeasy({ secret: base32, epoch: 5 }, { encoding: 'base32' })), ['malformed t0'])
  t.deepEqual(reasons(fromOtplib({ secret: base32, epoch: Date.now() })), [], 'otplib keeps the time of day under this name')
})

function credential() {
  const authenticator = new TestAuthenticator({ algorithm: 'ES256', backupEligible: true, backupState: true })
  const handle = Buffer.alloc(16, 7).toString('base64url')
  const creation = registrationOptions({ rp, user: { id: handle, name: 'ann', displayName: 'Ann' } })
  const verdict = verifyRegistration({ response: authenticator.create(creation, { origin }), challenge: creation.challenge, rp })
  if (!verdict.ok) throw new Error(verdict.reason)
  const { id, publicKey, signCount } = verdict.credential
  return { authenticator, handle, id: Buffer.from(id, 'base64url'), cose: Buffer.from(publicKey, 'base64url'), counter: signCount }
}

/** As OpenSSL and .NET write bytes. */
const marked = (bytes: Buffer, mark: string) => bytes.toString('hex').match(/../g)!.join(mark)

test('passkeys in tables and exports of programs sign in', async (t) => {
  const { authenticator, handle, id, cose, counter } = credential()
  const base64 = (bytes: Buffer) => bytes.toString('base64')
  const x = cose.subarray(-67, -35).toString('base64url')
  const y = cose.subarray(-32).toString('base64url')
  const pem = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' }).export({ format: 'pem', type: 'spki' }) as string
  const compressed = Buffer.concat([Buffer.of(2 + (cose.at(-1)! & 1)), Buffer.from(x, 'base64url')])
  const rust = {
    cred_id: id.toString('base64url'), cred: { type_: 'ES256', key: { EC_EC2: { curve: 'SECP256R1', x, y } } }, counter,
    user_verified: true, backup_eligible: true, backup_state: true, registration_policy: 'required',
    extensions: { cred_protect: 'Ignored' }, attestation: { data: 'None', metadata: 'None' }, attestation_format: 'none',
  }
  const about = { aaguid: '00000000-0000-0000-0000-000000000000', credentialId: base64(id), counter, attestationStatementFormat: 'none', transports: ['usb'] }
  const flat = { credential_id: base64(id), public_key: base64(cose), sign_count: counter }
  for (const [name, row, also = {}] of [
    ['Keycloak', keycloak('webauthn', { ...about, credentialPublicKey: cose.toString('base64url') }, {}), { transports: ['usb'] }],
    ['Keycloak, without a password', keycloak('webauthn-passwordless', { ...about, credentialPublicKey: cose.toString('base64url') }, {})],
    ['DynamoDB', {
      pk: { S: 'ann' }, credentialID: { S: id.toString('base64url') }, publicKey: { B: base64(cose) }, counter: { N: `${counter}` }, transports: { SS: ['usb'] },
      deviceType: { S: 'multiDevice' }, backedUp: { BOOL: false },
    }, { transports: ['usb'], backupEligible: true, backupState: false }],
    ['Ory Kratos', {
      type: 'webauthn',
      config: { user_handle: base64(Buffer.from(handle, 'base64url')), credentials: [{ id: base64(id), public_key: base64(cose), authenticator: { sign_count: counter } }] },
    }, { userHandle: handle }],
    ['Spring Security', { ...flat, sign_count: undefined, signature_count: counter, uv_initialized: true, authenticator_transports: 'usb,nfc' }, { userVerified: true, transports: ['usb', 'nfc'] }],
    ['ASP.NET Core Identity', {
      CredentialId: base64(id),
      Data: JSON.stringify({ PublicKey: base64(cose), Name: 'key', SignCount: counter, IsUserVerified: false, IsBackupEligible: true, IsBackedUp: false }),
    }, { userVerified: false, backupEligible: true, backupState: false }],
    ['webauthn-lib for PHP', {
      id: 1, name: 'key', credential_id: id.toString('base64url'),
      data: JSON.stringify({ publicKeyCredentialId: id.toString('base64url'), credentialPublicKey: cose.toString('base64url'), userHandle: handle, counter, uvInitialized: null }),
    }, { userHandle: handle }],
    ['Fido2 for .NET', { Id: base64(id), PublicKey: base64(cose), SignCount: counter, IsBackupEligible: true, IsBackedUp: true }, { backupEligible: true, backupState: true }],
    ['GitLab', { id: 1, credential_xid: id.toString('base64url'), public_key: base64(cose), counter }],
    ['Supabase', { factor_type: 'webauthn', status: 'verified', web_authn_credential: { id: base64(id), publicKey: base64(cose), authenticator: { signCount: counter, AAGUID: base64(Buffer.alloc(16, 5)) } } }, { aaguid: '05050505-0505-0505-0505-050505050505' }],
    ['Django', { model: 'otp_webauthn.webauthncredential', pk: 1, fields: { ...flat, confirmed: true } }],
    ['Python, an enumeration as text', { ...flat, credential_device_type: 'CredentialDeviceType.MULTI_DEVICE', credential_backed_up: true }, { backupEligible: true }],
    ['MongoDB, a user', { _id: { $oid: '507f1f77bcf86cd799439011' }, passkeys: [flat] }],
    ['a user with JSON in a column', { id: 7, credentials: JSON.stringify([flat]) }],
    ['hexadecimal with colons', { ...flat, credential_id: marked(id, ':'), public_key: marked(cose, ':').toUpperCase() }],
    ['hexadecimal with dashes', { ...flat, credential_id: marked(id, '-').toUpperCase(), public_key: marked(cose, '-').toUpperCase() }],
    ['a dump of SQLite', { ...flat, credential_id: `X'${id.toString('hex')}'`, public_key: `x'${cose.toString('hex').toUpperCase()}'` }],
    ['PEM in one line', { ...flat, public_key: pem.replaceAll('\n', ' ') }],
    ['PEM with \\n', { ...flat, public_key: pem.replaceAll('\n', '\\n') }],
    ['PEM in base64', { ...flat, public_key: base64(Buffer.from(pem)) }],
    ['webauthn-rs, a Passkey', { cred: { ...rust, transports: null } }, { backupEligible: true, backupState: true, userVerified: true }],
    ['webauthn-rs, a Passkey as JSON in a column', { id: 1, uuid: 'a', passkey: JSON.stringify({ cred: rust }) }, { backupEligible: true }],
    ['webauthn-rs 0.3, bytes as numbers', {
      cred_id: [...id], counter, verified: true, registration_policy: 'discouraged',
      cred: { type_: 'ECDSA_SHA256', key: { EC_EC2: { curve: 'SECP256R1', x: [...Buffer.from(x, 'base64url')], y: [...Buffer.from(y, 'base64url')] } } },
    }],
    ['webauthn-rs, flags that nobody recorded', { ...rust, backup_eligible: false, backup_state: false }, { backupEligible: undefined }],
    ['Vaultwarden', {
      uuid: 'a', user_uuid: 'b', atype: 7, enabled: 1, last_used: 0,
      data: JSON.stringify([{ id: 1, name: 'blue', migrated: false, credential: { cred: rust } }]),
    }, { userVerified: true }],
    ['Discourse', {
      id: 1, user_id: 2, credential_id: base64(id), public_key: base64(cose), factor_type: 0, enabled: true, name: 'key', last_used: null,
    }],
    ['Authelia', {
      webauthn_credentials: [{
        created_at: '2024-05-01T10:00:00Z', rpid: 'example.com', username: 'ann', description: 'key', kid: base64(id), attestation_type: 'none',
        transports: ['usb'], sign_count: counter, clone_warning: false, legacy: false, discoverable: true, present: true, verified: false,
        backup_eligible: true, backup_state: true, public_key: base64(cose), attestation: '',
      }],
    }, { userVerified: false, backupEligible: true, backupState: true, transports: ['usb'] }],
    ['Zitadel', { keyID: base64(id), publicKey: base64(cose), attestationType: 'none', aaGUID: base64(Buffer.alloc(16)), signCount: counter }],
    ['WebAuthn4J', { attestedCredentialData: { aaguid: about.aaguid, credentialId: id.toString('base64url'), coseKey: cose.toString('base64url') }, counter }],
    ['Fido2 for .NET, by its descriptor', { Descriptor: { Type: 'public-key', Id: base64(id) }, PublicKey: base64(cose), SignatureCounter: counter }],
    ['a JWK as text', { id: id.toString('base64url'), jwk: JSON.stringify({ kty: 'EC', crv: 'P-256', x, y }), counter }],
    ['COSE as JSON', { id: id.toString('base64url'), publicKey: { 1: 2, 3: -7, '-1': 1, '-2': x, '-3': [...Buffer.from(y, 'base64url')] }, counter }],
    ['a Map', new Map<string, unknown>(Object.entries(flat))],
    ['base64 of base64', { ...flat, credential_id: base64(Buffer.from(base64(id))), public_key: base64(Buffer.from(base64(cose))) }],
    ['a compressed point', { ...flat, public_key: base64(compressed) }],
    ['COSE with a compressed point', {
      ...flat,
      public_key: Buffer.concat([cose.subarray(0, -35), Buffer.of(0x22, compressed[0] === 3 ? 0xf5 : 0xf4)]).toString('base64url'),
    }],
    ['percent-encoded base64', { ...flat, credential_id: encodeURIComponent(base64(id)), public_key: encodeURIComponent(base64(cose)) }],
    ['data: URLs', {
      ...flat, credential_id: `data:application/octet-stream;base64,${base64(id)}`, public_key: `DATA:;base64,${encodeURIComponent(base64(cose))}`,
    }],
    ['PEM in a data: URL', { ...flat, public_key: `data:application/x-pem-file;base64,${base64(Buffer.from(pem))}` }],
  ] as [string, object, object?][]) {
    const found = fromSimpleWebAuthn(row)
    t.deepEqual(found.left, [], name)
    t.like(found.factors[0], { credential: { signCount: counter, ...also } }, name)
    const fixture = await Fixture.open(memoryStore())
    const { taken, left } = await fixture.service.importFactors('ann', found)
    t.deepEqual([taken.length, left], [1, []], name)
    t.like(await fixture.service.verify('ann', await fixture.assertion('ann', authenticator)), { ok: true }, name)
  }
})

test('passkeys that could be dead are left, with the reason', (t) => {
  const { id, cose, counter } = credential()
  const row = { credentialID: id.toString('base64url'), publicKey: cose.toString('base64url'), counter }
  const laravel = Buffer.from(JSON.stringify({ iv: 'AAAA', value: 'AAAA', mac: 'aa', tag: '' })).toString('base64')
  for (const [given, expected] of [
    [{ ...row, publicKey: laravel }, ['encrypted']],
    [{ ...row, publicKey: 'vault:v1:AAAA' }, ['encrypted']],
    [{ ...row, publicKey: { S: row.publicKey } }, ['malformed publicKey']],
    [keycloak('otp', { subType: 'totp' }, { value: 'x' }), ['unsupported-type']],
    [{ passkeys: [row, { type: 'totp', secret: base32 }, {}] }, ['unsupported-type', 'malformed id']],
    // A passkey of Bitwarden's is a private key, and its id a UUID.
    [{ credentialId: 'b8b7a0de-3e0c-4a47-8d0e-6f1f0a4f3f11', keyType: 'public-key', keyValue: 'AAAA', counter: '0' }, ['malformed id']],
    [{ ...row, credentialID: marked(id, ':').slice(0, -1) }, ['malformed id']],
    [{ ...row, publicKey: '-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----' }, ['malformed publicKey']],
    [{ passkeys: [] }, []],
    // A point that is on no curve, and the names of two curves in one key.
    [{ ...row, publicKey: Buffer.concat([Buffer.of(2), Buffer.alloc(32, 0xff)]) }, ['malformed publicKey']],
    [{ ...row, publicKey: undefined, cred: { type_: 'ES384', key: { EC_EC2: { curve: 'SECP256R1', x: 'AAAA', y: 'AAAA' } } } }, ['malformed publicKey']],
    [{ ...row, publicKey: undefined, cred: { type_: 'INSECURE_RS1', key: { RSA: { n: [1], e: [1, 0, 1] } } } }, ['malformed publicKey']],
    [{ ...row, publicKey: undefined, cred: { type_: 'ES256', key: {} } }, ['malformed publicKey']],
    [{ ...row, publicKey: undefined, cred: 'x' }, ['malformed publicKey']],
    [{ ...row, publicKey: { 1: 2, 3: -7, '-1': 1, '-2': '?' } }, ['malformed publicKey']],
    [{ atype: 7, enabled: 0, data: JSON.stringify([{ name: 'x', credential: row }]) }, ['turned-off']],
    [{ atype: 1, enabled: 1, data: JSON.stringify({ email: 'a' }) }, ['unsupported-type']],
    [{ method: 1, data: base32, enabled: true, last_used: null }, ['unsupported-type']],
  ] as [object, string[]][]) {
    const found = fromSimpleWebAuthn(given)
    t.deepEqual(reasons(found), expected, JSON.stringify(given))
  }
})

test('U2F and Yubico keys in lists and in DynamoDB', (t) => {
  const point = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 9)]).toString('base64')
  const u2f = (row: unknown) => fromU2f(row).factors.map((one) => (one as { u2f: { keyHandle: string } }).u2f.keyHandle)
  const keyHandle = Buffer.alloc(64, 3).toString('base64url')
  t.deepEqual(u2f({ u2fKeys: [{ keyHandle, publicKey: point, counter: 1 }] }), [keyHandle])
  t.deepEqual(u2f({ keyHandle: { S: keyHandle }, publicKey: { B: point }, counter: { N: '1' } }), [keyHandle])
  t.deepEqual(reasons(fromU2f([{ type: 'totp', secret: base32 }])), ['unsupported-type'])
  t.deepEqual(fromYubico({ devices: [{ publicId: 'cccccccdjiii' }] }).factors.length, 1)
  t.deepEqual(fromYubico({ publicId: { S: 'cccccccdjiii' } }).factors.length, 1)
  t.deepEqual(reasons(fromYubico([{ type: 'webauthn', publicId: '?' }])), ['unsupported-type'])
  const old = JSON.stringify([{ id: 1, name: 'blue', reg: { keyHandle, pubKey: point, attestationCert: null }, compromised: false, counter: 4 }])
  t.like(fromU2f({ atype: 4, enabled: 1, data: old }).factors, [{ description: 'blue', u2f: { keyHandle, counter: 4 } }])
  t.deepEqual(reasons(fromU2f({ atype: 4, enabled: 1, data: old.replace('false', 'true') })), ['turned-off'])
  const ids = (given: unknown) => fromYubico(given).factors.map((one) => (one as { yubico: { publicId: string } }).yubico.publicId)
  const both = ['cccccccdjiii', 'cccccccdjiij']
  for (const given of [
    'cccccccdjiii,cccccccdjiij', ['cccccccdjiii cccccccdjiij'], { Keys: both, Nfc: true },
    { atype: 3, enabled: 1, data: JSON.stringify({ Keys: both, Nfc: true }) },
  ]) t.deepEqual(ids(given), both)
  t.deepEqual(reasons(fromYubico({ atype: 3, enabled: 0, data: JSON.stringify({ Keys: both }) })), ['turned-off', 'turned-off'])
})
