import { createHash } from 'node:crypto'

import test from 'ava'

import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import type { TestAlgorithm, TestAuthenticatorOptions } from '../../facade/testing/test-authenticator.js'
import {
  authenticationOptions,
  registrationOptions,
  verifyAuthentication,
  verifyRegistration,
  webauthnReasons,
} from '../../facade/stateless/webauthn.js'
import type { Credential, RegistrationResponseJSON, WebauthnReason } from '../../facade/stateless/webauthn.js'
import { origin, rp } from '../helpers/service.js'
import { invalidArgument } from '../helpers/invalid-argument.js'

const person = { name: 'ann', displayName: 'Ann' }
const challenge = Buffer.alloc(32, 7).toString('base64url')

function registered(options: TestAuthenticatorOptions = {}) {
  const key = new TestAuthenticator(options)
  const creation = registrationOptions({ rp, user: person, challenge })
  const response = key.create(creation, { origin })
  const verdict = verifyRegistration({ response, challenge, rp })
  if (!verdict.ok) throw new Error(verdict.reason)
  return { key, credential: verdict.credential, response }
}

function assertion(key: TestAuthenticator, credential: Credential, ceremony: object = {}) {
  const options = authenticationOptions({ rp, challenge, allowCredentials: [credential] })
  return key.get(options, { origin, ...ceremony })
}

test('options are the standard JSON, fresh each time', (t) => {
  const first = registrationOptions({ rp, user: person })
  t.deepEqual(first.rp, { id: 'example.com', name: 'Example' })
  t.deepEqual(first.pubKeyCredParams.map(({ alg }) => alg), [-8, -7, -257])
  t.is(Buffer.from(first.challenge, 'base64url').length, 32)
  t.is(Buffer.from(first.user.id, 'base64url').length, 32)
  const second = registrationOptions({ rp, user: person })
  t.not(first.challenge, second.challenge)
  t.not(first.user.id, second.user.id)
  const full = registrationOptions({
    rp,
    user: { ...person, id: Uint8Array.of(1, 2, 3) },
    challenge: Buffer.alloc(32, 7),
    algorithms: [-48, -7],
    timeout: 60_000,
    excludeCredentials: [{ id: 'AQID', transports: ['usb'] }],
    residentKey: 'required',
    userVerification: 'required',
    authenticatorAttachment: 'platform',
    attestation: 'direct',
    hints: ['client-device'],
  })
  t.like(full, {
    challenge,
    timeout: 60_000,
    user: { id: 'AQID', ...person },
    excludeCredentials: [{ type: 'public-key', id: 'AQID', transports: ['usb'] }],
    attestation: 'direct',
    hints: ['client-device'],
  })
  t.like(full.authenticatorSelection, {
    residentKey: 'required', userVerification: 'required', authenticatorAttachment: 'platform',
  })
  const many = Array.from({ length: 65 }, (_, index) => ({ id: Uint8Array.of(9, index) }))
  const lists = [
    registrationOptions({ rp, user: person, excludeCredentials: many }).excludeCredentials,
    authenticationOptions({ rp, allowCredentials: many }).allowCredentials,
  ]
  for (const list of lists) {
    t.deepEqual(list!.map(({ id }) => id), many.slice(0, 64).map(({ id }) => Buffer.from(id).toString('base64url')))
  }
  const get = authenticationOptions({ rp, allowCredentials: [{ id: Uint8Array.of(1, 2, 3) }] })
  t.like(get, {
    rpId: 'example.com', allowCredentials: [{ type: 'public-key', id: 'AQID' }], userVerification: 'discouraged',
  })
})

for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as TestAlgorithm[]) {
  for (const attestation of ['none', 'packed'] as const) {
    test(`${algorithm}, ${attestation}: both ceremonies`, (t) => {
      const key = new TestAuthenticator({ algorithm, signCount: 5 })
      const creation = registrationOptions({ rp, user: person, challenge })
      const response = key.create(creation, { origin, attestation })
      const verdict = verifyRegistration(
        { response, challenge, rp, attestation: attestation === 'none' ? 'none' : 'direct' },
      )
      if (!verdict.ok) return t.fail(verdict.reason)
      t.like(verdict.attestation, { format: attestation, trusted: false })
      t.like(verdict.credential, { id: response.id, signCount: 5, transports: ['usb'], backupEligible: false })
      const again = verifyAuthentication(
        { response: assertion(key, verdict.credential), challenge, rp, credential: verdict.credential },
      )
      if (!again.ok) return t.fail(again.reason)
      t.is(again.credential.signCount, 6)
      t.deepEqual({ ...again.credential, signCount: 5 }, verdict.credential)
      t.deepEqual(JSON.parse(JSON.stringify(again.credential)), again.credential)
    })
  }
}

test('an attestation that says nothing is not verified, and no answer where one was asked for', (t) => {
  const key = new TestAuthenticator()
  const creation = registrationOptions({ rp, user: person, challenge, attestation: 'direct' })
  const response = key.create(creation, { origin, attestation: 'none' })
  const verdict = verifyRegistration({ response, challenge, rp })
  t.like(verdict, { ok: true, attestation: { format: 'none', verified: false, trusted: false } })
  for (const attestation of ['indirect', 'direct', 'enterprise'] as const) {
    const refused = verifyRegistration({ response, challenge, rp, attestation })
    t.deepEqual(refused, { ok: false, reason: 'attestation-unsupported' })
  }
})

test('a stored key that anybody can answer for is no key', (t) => {
  const identity = Buffer.concat([Buffer.from('a401010327200621582001', 'hex'), Buffer.alloc(31)])
  const { key, credential } = registered()
  const options = { response: assertion(key, credential), challenge, rp, credential: { ...credential, publicKey: identity } }
  t.throws(() => verifyAuthentication(options), { code: 'invalid-argument', message: /publicKey/ })
})

test('a credential that another library stored goes straight in', (t) => {
  const { key, credential } = registered()
  const bytes = new Uint8Array(Buffer.from(credential.publicKey, 'base64url'))
  const stored = {
    id: credential.id, publicKey: bytes, counter: 0, transports: ['usb'], credentialDeviceType: 'singleDevice',
  }
  t.true(verifyAuthentication({ response: assertion(key, credential), challenge, rp, credential: stored }).ok)
})

test('a response as JSON text is the same response', (t) => {
  const { response } = registered()
  t.true(verifyRegistration({ response: JSON.stringify(response), challenge, rp }).ok)
})

test('registration: every refusal by its name', (t) => {
  const key = new TestAuthenticator()
  const creation = registrationOptions({ rp, user: person, challenge })
  const make = (ceremony: object = {}, device = key) => device.create(creation, { origin, ...ceremony })
  const about = (options: object, ceremony?: object, device?: TestAuthenticator) =>
    verifyRegistration({ response: make(ceremony, device), challenge, rp, ...options })
  const other = Buffer.alloc(32, 8).toString('base64url')
  const rows: [WebauthnReason, ReturnType<typeof about>][] = [
    ['challenge-mismatch', about({ challenge: other })],
    ['origin-mismatch', about({}, { origin: 'https://evil.example' })],
    ['origin-mismatch', about({}, { origin: 'https://example.com:8443' })],
    ['origin-mismatch', about({}, { origin: 'https://sub.example.com' })],
    ['cross-origin', about({}, { crossOrigin: true })],
    ['cross-origin', about(
      { crossOrigin: { topOrigins: ['https://a.example'] } }, { crossOrigin: true, topOrigin: 'https://b.example' },
    )],
    ['rp-id-mismatch', about({ rp: { id: 'com', origins: [origin] } })],
    ['user-not-present', about({}, { userPresent: false })],
    ['user-not-verified', about({ userVerification: 'required' })],
    ['algorithm-not-allowed', about({ algorithms: [-7] }, {}, new TestAuthenticator({ algorithm: 'EdDSA' }))],
    ['backup-flags-invalid', about({}, {}, new TestAuthenticator({ backupState: true }))],
    ['type-mismatch', verifyRegistration({ response: swapType(make(), 'webauthn.get'), challenge, rp })],
    ['attestation-invalid', verifyRegistration({ response: moved(make({ attestation: 'packed' })), challenge, rp })],
  ]
  for (const [reason, verdict] of rows) t.deepEqual(verdict, { ok: false, reason })
  t.true(about({ crossOrigin: { topOrigins: [], allowMissing: true } }, { crossOrigin: true }).ok)
  t.true(about({ rp: { ...rp, allowSubdomains: true } }, { origin: 'https://sub.example.com' }).ok)
  t.true(about({ rp: { ...rp, allowAnyPort: true } }, { origin: 'https://example.com:8443' }).ok)
  t.true(about({ conditional: true }, { userPresent: false }).ok)
})

test('an id that no origin can use is a mistake of the host', (t) => {
  const { credential, response } = registered()
  const calls = {
    verifyRegistration: (party: object) => verifyRegistration({ response, challenge, rp: { ...rp, ...party } }),
    verifyAuthentication: (party: object) => verifyAuthentication({ response, challenge, credential, rp: { ...rp, ...party } }),
  }
  const message = /rp\.id must be the domain of one of rp\.origins/
  for (const call of Object.values(calls)) {
    for (const party of [
      { id: 'example.org' }, { id: 'www.example.com' }, { origins: ['https://badexample.com'] }, { origins: ['https://com'] },
      { id: 'example.org', allowSubdomains: true }, { id: 'example.org', relatedOrigins: false },
    ]) t.throws(() => call(party), { code: 'invalid-argument', message }, JSON.stringify(party))
  }
  for (const party of [
    { id: 'example.org', relatedOrigins: true }, { id: 'example.org', origins: ['https://example.com', 'https://example.org'] },
    { id: 'example.org', origins: ['android:apk-key-hash:AAAA'] }, { id: 'www.example.com', allowSubdomains: true },
  ]) t.false(calls.verifyRegistration(party).ok, JSON.stringify(party))
})

test('authentication: every refusal by its name', (t) => {
  const { key, credential, response: registration } = registered({ signCount: 9 })
  const stranger = registered()
  const about = (options: object, ceremony: object = {}) =>
    verifyAuthentication({ response: assertion(key, credential, ceremony), challenge, rp, credential, ...options })
  const tampered = assertion(key, credential)
  const signature = Buffer.from(tampered.response.signature, 'base64url')
  signature[signature.length - 1]! ^= 1
  tampered.response.signature = signature.toString('base64url')
  const rows: [WebauthnReason, ReturnType<typeof about>][] = [
    ['challenge-mismatch', about({ challenge: Buffer.alloc(32, 8) })],
    ['origin-mismatch', about({}, { origin: 'https://evil.example' })],
    ['user-not-present', about({}, { userPresent: false })],
    ['user-not-verified', about({ userVerification: 'required' })],
    ['credential-mismatch', about({ credential: stranger.credential })],
    ['signature-invalid', about({ credential: { ...credential, publicKey: stranger.credential.publicKey } })],
    ['signature-invalid', about({ response: tampered })],
    ['counter-not-increased', about({ credential: { ...credential, signCount: 1000 } })],
    ['backup-flags-invalid', about({ credential: { ...credential, backupEligible: true } })],
    ['malformed', about({ response: swapType(registration, 'webauthn.get') })],
  ]
  for (const [reason, verdict] of rows) t.deepEqual(verdict, { ok: false, reason })
  const reported = about({ credential: { ...credential, signCount: 1000 }, counter: 'report' })
  t.like(reported, { ok: true, counter: 'not-increased' })
  for (const [reason] of rows) t.true(webauthnReasons.includes(reason))
})

test('every byte of a response counts', (t) => {
  const { key, credential } = registered()
  const whole = assertion(key, credential)
  for (const member of ['clientDataJSON', 'authenticatorData', 'signature'] as const) {
    const bytes = Buffer.from(whole.response[member], 'base64url')
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at]! ^= 0x04
      const response = { ...whole, response: { ...whole.response, [member]: changed.toString('base64url') } }
      t.false(verifyAuthentication({ response, challenge, rp, credential }).ok, `${member}[${at}]`)
    }
  }
  t.true(verifyAuthentication({ response: whole, challenge, rp, credential }).ok)
})

test('what a client sends is malformed, never an exception', (t) => {
  const { credential } = registered()
  const hostile: unknown[] = [
    undefined, null, '', '{', '[]', 7, 7n, {}, [], { id: 'AA' }, { id: 'a'.repeat(100_000) }, { id: '\ud800' },
    { get id() { throw new Error('getter') } }, Object.create(registered().response),
  ]
  for (const response of hostile) {
    t.deepEqual(verifyRegistration({ response, challenge, rp }), { ok: false, reason: 'malformed' })
    t.deepEqual(verifyAuthentication({ response, challenge, rp, credential }), { ok: false, reason: 'malformed' })
  }
})

test('what a host passes wrong is named', (t) => {
  const { response, credential } = registered()
  const registration: [string, object][] = [
    ['challenge', { challenge: 'short' }], ['challenge', { challenge: `${challenge}=` }],
    ['rp.origins', { rp: { id: 'example.com' } }],
    ['rp', { rp: null }], ['userVerfication', { userVerfication: 'required' }], ['algorithms', { algorithms: [] }],
    ['trustAnchors[0]', { trustAnchors: [7] }], ['now', { now: NaN }], ['conditional', { conditional: 1 }],
    ['attestationPolicy', { attestationPolicy: 'strict' }], ['attestationPolicy.tmp', { attestationPolicy: { tmp: {} } }],
    ['attestationPolicy.tpm.vendors', { attestationPolicy: { tpm: { vendors: 'all' } } }],
    ['attestationPolicy.tpm.vendors[1]', { attestationPolicy: { tpm: { vendors: ['49465800', 'IFX'] } } }],
    ['attestationPolicy.tpm.allowSha1', { attestationPolicy: { tpm: { allowSha1: 'yes' } } }],
    ['attestationPolicy.androidKey.securityLevel', { attestationPolicy: { androidKey: { securityLevel: 'tee' } } }],
    ['attestationPolicy.fidoU2f.zeroAaguid', { attestationPolicy: { fidoU2f: { zeroAaguid: 1 } } }],
    ['attestationPolicy.compound', { attestationPolicy: { compound: 'one' } }],
  ]
  for (const [name, options] of registration) {
    const call = () => verifyRegistration({ response, challenge, rp, ...options } as never)
    t.throws(call, { code: 'invalid-argument', message: invalidArgument(name) })
  }
  const stored: [string, object][] = [
    ['credential', { credential: null }], ['credential.signCount', { credential: { ...credential, signCount: -1 } }],
    ['credential.signCount', { credential: { ...credential, signCount: 2 ** 32 } }],
    ['credential.publicKey', { credential: { ...credential, publicKey: 'a b' } }], ['counter', { counter: 'ignore' }],
  ]
  for (const [name, options] of stored) {
    const call = () => verifyAuthentication({ response: {}, challenge, rp, credential, ...options } as never)
    t.throws(call, { code: 'invalid-argument', message: invalidArgument(name) })
  }
})

test('the device model and the handle are kept', (t) => {
  const aaguid = createHash('sha256').update('model').digest().subarray(0, 16)
  const key = new TestAuthenticator({ aaguid })
  const creation = registrationOptions({ rp, user: { ...person, id: 'AQID' }, challenge, residentKey: 'required' })
  const verdict = verifyRegistration({ response: key.create(creation, { origin }), challenge, rp, userHandle: 'AQID' })
  if (!verdict.ok) return t.fail(verdict.reason)
  t.is(verdict.credential.aaguid.replaceAll('-', ''), aaguid.toString('hex'))
  t.is(verdict.credential.userHandle, 'AQID')
  const held = key.credentials[0]!
  held.userHandle = 'BBBB'
  const response = key.get(authenticationOptions({ rp, challenge }), { origin })
  const refused = verifyAuthentication({ response, challenge, rp, credential: verdict.credential })
  t.deepEqual(refused, { ok: false, reason: 'user-handle-mismatch' })
})

test('a stored model is taken in any spelling of a UUID, and comes out in the usual one', (t) => {
  const key = new TestAuthenticator()
  const creation = registrationOptions({ rp, user: person, challenge })
  const registered = verifyRegistration({ response: key.create(creation, { origin }), challenge, rp })
  if (!registered.ok) return t.fail(registered.reason)
  const verify = (aaguid: unknown) => {
    const response = assertion(key, registered.credential)
    const verdict = verifyAuthentication({
      response, challenge, rp, credential: { ...registered.credential, aaguid } as never, counter: 'report',
    })
    return verdict.ok ? verdict.credential.aaguid : verdict.reason
  }
  const usual = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0'
  for (const aaguid of [usual, usual.toUpperCase(), usual.replaceAll('-', '')]) t.is(verify(aaguid), usual)
  t.is(verify(undefined), '00000000-0000-0000-0000-000000000000')
  const wrong = ['', 'model', `${usual}0`, usual.replace('-', ''), `{${usual}}`, usual.replace('f', 'g'), 7, null]
  for (const aaguid of wrong) {
    t.throws(() => verify(aaguid), { code: 'invalid-argument', message: 'Invalid argument: credential.aaguid must be a UUID' })
  }
})

function swapType(response: RegistrationResponseJSON, type: string): RegistrationResponseJSON {
  const client = JSON.parse(Buffer.from(response.response.clientDataJSON, 'base64url').toString()) as object
  const clientDataJSON = Buffer.from(JSON.stringify({ ...client, type })).toString('base64url')
  return { ...response, response: { ...response.response, clientDataJSON } }
}

/** The statement signs other client data than the response holds. */
function moved(response: RegistrationResponseJSON): RegistrationResponseJSON {
  const text = Buffer.from(response.response.clientDataJSON, 'base64url').toString()
  const clientDataJSON = Buffer.from(` ${text}`).toString('base64url')
  return { ...response, response: { ...response.response, clientDataJSON } }
}
