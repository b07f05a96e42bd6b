import test from 'ava'

import {
  authenticationOptions, registrationOptions, verifyAuthentication, verifyRegistration,
} from '../../facade/stateless/webauthn.js'
import type { AuthenticationExtensions, RegistrationExtensions, VerifyAuthenticationOptions } from '../../facade/stateless/webauthn.js'
import { memoryStore } from '../../facade/stores/memory-store.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import type { CreateOptions } from '../../facade/testing/test-authenticator.js'
import { Fixture, origin, rp } from '../helpers/service.js'

type Outputs = NonNullable<CreateOptions['extensionOutputs']>

const user = { name: 'ann', displayName: 'Ann' }
const bytes = Uint8Array.of(255, 254, 0)
const id = Buffer.alloc(16, 3).toString('base64url')
const others = { rp: { id: 'example.com' }, allowCredentials: [{ id }] }

test('inputs of a registration come out as JSON, bytes in base64url', (t) => {
  const extensions: RegistrationExtensions = {
    prf: { eval: { first: bytes, second: '__4A' } }, largeBlob: { support: 'preferred' }, credBlob: bytes, minPinLength: true,
    credentialProtectionPolicy: 'userVerificationOptional', enforceCredentialProtectionPolicy: true, appidExclude: 'https://example.com',
  }
  const options = registrationOptions({ rp, user, extensions, attestationFormats: ['packed', 'tpm'], hints: ['hybrid'] })
  t.deepEqual({ ...options.extensions }, {
    ...extensions, credProps: true, credBlob: '__4A', prf: { eval: { first: '__4A', second: '__4A' } },
  })
  t.deepEqual(options.attestationFormats, ['packed', 'tpm'])
  t.deepEqual(registrationOptions({ rp, user }).extensions, { credProps: true })
  t.deepEqual(registrationOptions({ rp, user, extensions: { credProps: false } }).extensions, { credProps: false })
})

test('inputs of an authentication come out as JSON, for the credentials that are listed', (t) => {
  const extensions: AuthenticationExtensions = {
    prf: { evalByCredential: { [id]: { first: bytes } }, eval: { first: bytes } }, largeBlob: { write: bytes },
    getCredBlob: true, appid: 'https://example.com/u2f',
  }
  t.deepEqual(authenticationOptions({ ...others, extensions }).extensions, {
    prf: { eval: { first: '__4A' }, evalByCredential: { [id]: { first: '__4A' } } }, largeBlob: { write: '__4A' },
    getCredBlob: true, appid: 'https://example.com/u2f',
  })
  t.false(Object.hasOwn(authenticationOptions(others), 'extensions'))
  // Browsers get 64 credentials at most, and refuse salts for any other.
  const many = Array.from({ length: 65 }, (_, number) => ({ id: Buffer.alloc(16, number).toString('base64url') }))
  const evalByCredential = Object.fromEntries(many.map((one) => [one.id, { first: bytes }]))
  const made = authenticationOptions({ rp: others.rp, allowCredentials: many, extensions: { prf: { evalByCredential } } })
  t.is(Object.keys((made.extensions as { prf: { evalByCredential: object } }).prf.evalByCredential).length, 64)
})

test('what a browser would refuse is refused before, by its name', (t) => {
  const create: [string, unknown][] = [
    ['extensions.prf.evalByCredential', { prf: { evalByCredential: {} } }], ['extensions.prf.eval.first', { prf: { eval: {} } }],
    ['extensions.prf.eval.second', { prf: { eval: { first: bytes, second: '=' } } }], ['extensions.largeBlob.support', { largeBlob: {} }],
    ['extensions.largeBlob.read', { largeBlob: { read: true } }], ['extensions.credBlob', { credBlob: new Uint8Array(33) }],
    ['extensions.credBlob', { credBlob: new Uint8Array(0) }], ['extensions.hmacCreateSecret', { hmacCreateSecret: true, prf: {} }],
    ['extensions.credentialProtectionPolicy', { enforceCredentialProtectionPolicy: true }],
    ['extensions.credentialProtectionPolicy', { credentialProtectionPolicy: 3 }], ['extensions.getCredBlob', { getCredBlob: true }],
    ['extensions', []], ['extensions.minPinLength', { minPinLength: 4 }],
  ]
  for (const [name, extensions] of create) {
    const make = () => registrationOptions({ rp, user, extensions: extensions as RegistrationExtensions })
    const error = t.throws(make, { code: 'invalid-argument' })
    t.true(error?.message.includes(`${name} `), `${name}: ${error?.message}`)
  }
  const get: [string, unknown][] = [
    ['extensions.prf.evalByCredential', { prf: { evalByCredential: { AAAA: { first: bytes } } } }],
    ['extensions.prf.evalByCredential', { prf: { evalByCredential: { '+': { first: bytes } } } }],
    ['extensions.prf.evalByCredential', { prf: { evalByCredential: [] } }],
    ['extensions.largeBlob', { largeBlob: {} }], ['extensions.largeBlob', { largeBlob: { read: true, write: bytes } }],
    ['extensions.largeBlob', { largeBlob: { read: false } }], ['extensions.appid', { appid: '' }], ['extensions.credBlob', { credBlob: bytes }],
  ]
  for (const [name, extensions] of get) {
    const make = () => authenticationOptions({ ...others, extensions: extensions as AuthenticationExtensions })
    const error = t.throws(make, { code: 'invalid-argument' })
    t.true(error?.message.includes(`${name} `), `${name}: ${error?.message}`)
  }
  for (const allowCredentials of [[], [{ id }, { id: 'AAAA' }]]) {
    const error = t.throws(() => authenticationOptions({ ...others, allowCredentials, extensions: { largeBlob: { write: bytes } } }))
    t.true(error?.message.includes('extensions.largeBlob.write'), error?.message)
  }
})

/** The verdict on a registration whose authenticator signs `extensionOutputs`. */
function register(extensionOutputs: Outputs | undefined, extensions?: RegistrationExtensions, unsolicited?: 'ignore' | 'refuse') {
  const options = registrationOptions({ rp, user })
  const key = new TestAuthenticator()
  const response = key.create(options, { origin, ...(extensionOutputs && { extensionOutputs }) })
  const verdict = verifyRegistration({
    response, challenge: options.challenge, rp, ...(extensions && { extensions }), ...(unsolicited && { unsolicitedExtensions: unsolicited }),
  })
  return { key, verdict, told: verdict.ok ? (verdict.extensions ?? null) : verdict.reason }
}

test('signed outputs of a registration are verified', (t) => {
  const protection = { credentialProtectionPolicy: 'userVerificationOptionalWithCredentialIDList' } as const
  const enforced = { ...protection, enforceCredentialProtectionPolicy: true } as const
  const everything = { credProtect: 2, minPinLength: 6, credBlob: true, 'hmac-secret': true }
  const all: RegistrationExtensions = { ...enforced, minPinLength: true, credBlob: bytes, prf: {} }
  const cases: [Outputs | undefined, RegistrationExtensions | undefined, 'ignore' | 'refuse' | undefined, unknown][] = [
    [everything, all, 'refuse', everything],
    [everything, undefined, undefined, null], [everything, {}, undefined, null], [everything, {}, 'refuse', 'extension-invalid'],
    [everything, { ...all, minPinLength: false }, 'refuse', 'extension-invalid'],
    [{ other: 'x' }, all, 'refuse', 'extension-invalid'], [{ other: 'x' }, protection, undefined, null],
    [undefined, all, 'refuse', 'extension-invalid'], [undefined, protection, 'refuse', null], [undefined, undefined, 'refuse', null],
    [{ credProtect: 1 }, enforced, undefined, 'extension-invalid'], [{ credProtect: 1 }, protection, undefined, 'extension-invalid'],
    [{ credProtect: 3 }, enforced, undefined, { credProtect: 3 }], [{ credProtect: 4 }, protection, undefined, 'extension-invalid'],
    [{ credProtect: true }, protection, undefined, 'extension-invalid'], [{ credProtect: true }, {}, undefined, null],
    [{ minPinLength: 3 }, { minPinLength: true }, undefined, 'extension-invalid'],
    [{ minPinLength: 64 }, { minPinLength: true }, undefined, 'extension-invalid'],
    [{ minPinLength: '6' }, { minPinLength: true }, undefined, 'extension-invalid'],
    [{ credBlob: false }, { credBlob: bytes }, undefined, { credBlob: false }],
    [{ credBlob: 1 }, { credBlob: bytes }, undefined, 'extension-invalid'],
    [{ 'hmac-secret': 1 }, { hmacCreateSecret: true }, undefined, 'extension-invalid'],
  ]
  for (const [outputs, extensions, unsolicited, expected] of cases) {
    t.deepEqual(register(outputs, extensions, unsolicited).told, expected as never, JSON.stringify([outputs, extensions, unsolicited]))
  }
})

test('signed outputs of an authentication are verified', (t) => {
  const { key, verdict } = register(undefined)
  if (!verdict.ok) return t.fail()
  let credential: VerifyAuthenticationOptions['credential'] = verdict.credential
  const told = (extensionOutputs: Outputs, extensions?: AuthenticationExtensions, unsolicitedExtensions: 'ignore' | 'refuse' = 'ignore') => {
    const options = authenticationOptions({ rp, allowCredentials: [credential] })
    const response = key.get(options, { origin, extensionOutputs })
    const given = verifyAuthentication({
      response, challenge: options.challenge, rp, credential, ...(extensions && { extensions }), unsolicitedExtensions,
    })
    if (given.ok) credential = given.credential
    return given.ok ? (given.extensions ?? null) : given.reason
  }
  t.deepEqual(told({ credBlob: bytes }, { getCredBlob: true }, 'refuse'), { credBlob: '__4A' })
  t.deepEqual(told({ credBlob: new Uint8Array(0) }, { getCredBlob: true }), { credBlob: '' })
  t.is(told({ credBlob: bytes }, {}), null)
  t.is(told({ credBlob: bytes }), null)
  t.is(told({ credBlob: bytes }, {}, 'refuse'), 'extension-invalid')
  t.is(told({ credBlob: 7 }, { getCredBlob: true }), 'extension-invalid')
  t.is(told({ 'hmac-secret': bytes }, { prf: { eval: { first: bytes } } }, 'refuse'), null, 'encrypted: only the browser can read it')
  t.true(credential.signCount! > 0, 'the counter is taken along')
})

test('a key of an appid is accepted if the extension was asked for', (t) => {
  const appid = 'https://example.com/u2f'
  const options = registrationOptions({ rp, user })
  const key = new TestAuthenticator()
  const made = verifyRegistration({ response: key.create(options, { origin }), challenge: options.challenge, rp })
  if (!made.ok) return t.fail()
  key.credentials[0]!.rpId = appid
  const request = authenticationOptions({ rp, allowCredentials: [made.credential], extensions: { appid } })
  const response = key.get(request, { origin, credentialId: made.credential.id })
  const verify = (extensions: AuthenticationExtensions) =>
    verifyAuthentication({ response, challenge: request.challenge, rp, credential: made.credential, extensions })
  t.true(verify({ appid }).ok)
  t.like(verify({}), { ok: false, reason: 'rp-id-mismatch' })
  t.like(verify({ appid: `${appid}/` }), { ok: false, reason: 'rp-id-mismatch' })
})

test('the service keeps what was asked for with the challenge', async (t) => {
  const { service, events } = await Fixture.open(memoryStore())
  const key = new TestAuthenticator()
  const enrol = async (extensions: RegistrationExtensions, extensionOutputs: Outputs) => {
    const creation = await service.beginWebauthn('ann', { ...user, extensions })
    const response = key.create(creation, { origin, extensionOutputs })
    return service.finishWebauthn('ann', { response, description: 'key' })
  }
  const protection = { credentialProtectionPolicy: 'userVerificationRequired', enforceCredentialProtectionPolicy: true } as const
  t.deepEqual(await enrol(protection, { credProtect: 2 }), { ok: false, reason: 'rejected' })
  t.is(events.at(-1)?.reason, 'extension-invalid')
  t.deepEqual(await service.factors('ann'), [], 'nothing is stored')
  const enrolled = await enrol(protection, { credProtect: 3 })
  t.deepEqual(enrolled.ok && enrolled.extensions, { credProtect: 3 })

  const challenge = await service.challenge('ann', { extensions: { getCredBlob: true } })
  const response = key.get(challenge!.webauthn!, { origin, credentialId: key.credentials.at(-1)!.id, extensionOutputs: { credBlob: bytes } })
  const outcome = await service.verify('ann', { type: 'webauthn', response })
  t.deepEqual(outcome.ok && outcome.extensions, { credBlob: '__4A' })
})

test('the service names what it does not take', async (t) => {
  const { service } = await Fixture.open(memoryStore(), { webauthn: { passkeys: true } })
  const appid = 'https://example.com/u2f'
  const wrong: [string, () => Promise<unknown>][] = [
    ['extensions.appidExclude', () => service.beginWebauthn('ann', { ...user, extensions: { appidExclude: appid } as RegistrationExtensions })],
    ['extensions.appid', () => service.challenge('ann', { extensions: { appid } as AuthenticationExtensions })],
    ['extensions.largeBlob.write', () => service.challenge({ extensions: { largeBlob: { write: bytes } as unknown as { read: true } } })],
    ['extensions.prf.evalByCredential', () => service.challenge({ extensions: { prf: { evalByCredential: {} } as object } })],
    ['attestationFormats', () => service.beginWebauthn('ann', { ...user, attestationFormats: 'packed' as unknown as string[] })],
  ]
  for (const [name, call] of wrong) {
    const error = await t.throwsAsync(call(), { code: 'invalid-argument' })
    t.true(error?.message.includes(`${name} `), error?.message)
  }
  // With two keys, a browser would not know where to write.
  const keys = [new TestAuthenticator(), new TestAuthenticator()]
  for (const key of keys) {
    const response = key.create(await service.beginWebauthn('ann', user), { origin })
    await service.finishWebauthn('ann', { response, description: 'key' })
  }
  const error = await t.throwsAsync(service.challenge('ann', { extensions: { largeBlob: { write: bytes } } }), { code: 'invalid-argument' })
  t.true(error?.message.includes('extensions.largeBlob.write'), error?.message)
})
