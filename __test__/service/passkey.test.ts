import { createHash } from 'node:crypto'

import test from 'ava'

import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import type { Countersign, PasskeyOptions } from '../../index.js'
import { Fixture, origin, overriding } from '../helpers/service.js'
import { stores } from '../helpers/stores.js'

const person = { name: 'ann', displayName: 'Ann' }
const rejected = { ok: false, reason: 'rejected' }

for (const [name, makeStore] of Object.entries(stores)) {
  test(`${name}: a passkey signs in without a user name, and says who it is`, async (t) => {
    const { fixture, key, id } = await enrolled(await makeStore())
    await enrol(fixture.service, 'eve')
    const outcome = await fixture.service.verifyPasskey(await sign(fixture.service, key))
    t.deepEqual(outcome, {
      ok: true, user: 'ann', factor: { id, type: 'webauthn', description: 'passkey' }, userVerified: true,
    })
    t.deepEqual(fixture.events.at(-1), { type: 'verified', user: 'ann', at: fixture.now, factor: { id, type: 'webauthn' } })
    // The counter was stored: an older one is refused.
    key.credentials[0]!.signCount = 0
    t.deepEqual(await fixture.service.verifyPasskey(await sign(fixture.service, key)), rejected)
  })

  test(`${name}: a passkey's challenge is answered once, in its time and its session`, async (t) => {
    const { fixture, key } = await enrolled(await makeStore(), { signCount: null })
    const { service } = fixture
    const answer = await sign(service, key)
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => service.verifyPasskey(answer)))
    t.is(outcomes.filter(({ ok }) => ok).length, 1)
    const late = await sign(service, key)
    fixture.now += 300_000
    t.deepEqual(await service.verifyPasskey(late), rejected)
    const bound = { session: 'a' }
    t.deepEqual(await service.verifyPasskey(await sign(service, key, bound), { session: 'b' }), rejected)
    t.deepEqual(await service.verifyPasskey(await sign(service, key, bound)), rejected)
    t.deepEqual(await service.verifyPasskey(await sign(service, key), bound), rejected)
    t.like(await service.verifyPasskey(await sign(service, key, bound), bound), { ok: true, user: 'ann' })
  })

  test(`${name}: a passkey's answer and one of a user who is known are no answers for each other`, async (t) => {
    const { fixture, key } = await enrolled(await makeStore())
    const { service } = fixture
    t.deepEqual(await service.verify('ann', await sign(service, key)), rejected)
    const challenge = await service.challenge('ann')
    const named = { type: 'webauthn', response: key.get(challenge!.webauthn!, { origin }) }
    t.deepEqual(await service.verifyPasskey(named), rejected)
    t.true((await service.verify('ann', named)).ok, 'the refusal took nothing')
  })

  test(`${name}: a passkey is refused without its user handle or with another's, and takes no challenge then`, async (t) => {
    const { fixture, key } = await enrolled(await makeStore())
    const { service } = fixture
    const eves = (await enrol(service, 'eve')).key
    const answer = await sign(service, key)
    const withHandle = (userHandle: unknown) => {
      const { response } = answer
      return { type: 'webauthn', response: { ...response, response: { ...response.response, userHandle } } }
    }
    for (const handle of [undefined, null, '', eves.credentials[0]!.userHandle, 'bm9ib2R5']) {
      t.deepEqual(await service.verifyPasskey(withHandle(handle)), rejected, String(handle))
    }
    t.is(fixture.events.at(-1)!.user, '', 'nobody has this handle')
    t.deepEqual(await service.verifyPasskey(withHandle('*')), { ok: false, reason: 'malformed' })
    t.true((await service.verifyPasskey(answer)).ok)
  })
}

test('a passkey verifies the person, whatever the settings ask of a second factor', async (t) => {
  const { fixture, key } = await enrolled(await stores.memory())
  t.is((await fixture.service.challenge()).webauthn.userVerification, 'required')
  const { webauthn } = await fixture.service.challenge()
  const response = key.get(webauthn, { origin, userVerified: false })
  t.deepEqual(await fixture.service.verifyPasskey({ type: 'webauthn', response }), rejected)
  t.is(fixture.events.at(-1)!.reason, 'user-not-verified')
})

test('what is no passkey of an enabled factor is refused', async (t) => {
  const { fixture, key, id } = await enrolled(await stores.memory())
  const { service } = fixture
  await service.createRecoveryCodes('ann')
  t.deepEqual(await service.verifyPasskey({ type: 'totp', code: '123456' }), rejected)
  t.deepEqual(await service.verifyPasskey('webauthn:{}'), { ok: false, reason: 'malformed' })
  t.deepEqual(await service.verifyPasskey(undefined), { ok: false, reason: 'malformed' })
  await enrol(service, 'ann')
  await service.updateFactor('ann', id, { enable: false })
  t.deepEqual(await service.verifyPasskey(await sign(service, key)), rejected)
  await service.updateFactor('ann', id, { enable: true })
  t.true((await service.verifyPasskey(await sign(service, key))).ok)
  await service.removeUser('ann')
  t.deepEqual(await service.verifyPasskey(await sign(service, key)), rejected)
})

test('a credential with which no handle is stored signs in with a user name alone', async (t) => {
  const { fixture, key } = await enrolled(await stores.memory())
  const { store, service } = fixture
  const handle = key.credentials[0]!.userHandle
  await store.update('ann', (record) => {
    const stored = JSON.parse(record!)
    delete stored.webauthn[0].entry.user_handle
    return { record: JSON.stringify(stored), handle, value: undefined }
  })
  t.deepEqual(await service.verifyPasskey(await sign(service, key)), rejected)
  t.true((await service.verify('ann', await fixture.assertion('ann', key))).ok)
})

test('no user by mistake is an error, not a sign-in without one', async (t) => {
  const { service } = await Fixture.open(await stores.memory())
  for (const user of [undefined, null, ''] as unknown as string[]) {
    await t.throwsAsync(service.challenge(user), { code: 'invalid-argument' })
    await t.throwsAsync(service.challenge(user, {}), { code: 'invalid-argument' })
  }
  await t.throwsAsync(service.challenge({ purpose: 'step-up' } as PasskeyOptions), { code: 'invalid-argument' })
})

test('what a registration is for decides what it asks', async (t) => {
  const { service } = await Fixture.open(await stores.memory())
  const asked = async (options: object) => {
    const { authenticatorSelection } = await service.beginWebauthn('ann', { ...person, ...options })
    return [authenticatorSelection?.residentKey, authenticatorSelection?.userVerification]
  }
  t.deepEqual(await asked({}), ['discouraged', 'discouraged'])
  t.deepEqual(await asked({ use: 'second-factor' }), ['discouraged', 'discouraged'])
  t.deepEqual(await asked({ use: 'passkey' }), ['required', 'required'])
  t.deepEqual(await asked({ use: 'passkey', residentKey: 'preferred' }), ['preferred', 'required'])
  t.deepEqual(await asked({ use: 'passkey', conditional: true }), ['required', 'preferred'])
  await t.throwsAsync(asked({ use: 'login' }), { code: 'invalid-argument', message: /use/ })
})

test('no request lowers what the settings require of a registration', async (t) => {
  const { service } = await Fixture.open(await stores.memory(), { webauthn: { userVerification: 'required' } })
  for (const use of ['passkey', 'second-factor'] as const) {
    const key = new TestAuthenticator()
    const creation = await service.beginWebauthn('ann', { ...person, use, conditional: true })
    t.is(creation.authenticatorSelection?.userVerification, 'required', use)
    const response = key.create(creation, { origin, userPresent: false, userVerified: false })
    t.deepEqual(await service.finishWebauthn('ann', { response, description: '' }), rejected)
  }
  const own = { ...person, use: 'passkey', userVerification: 'preferred', conditional: true } as const
  t.is((await service.beginWebauthn('ann', own)).authenticatorSelection?.userVerification, 'preferred')
})

test('the store of challenges does not learn the session', async (t) => {
  const puts: string[] = []
  const store = await stores.memory()
  const fixture = await Fixture.open(
    overriding(store, { put: (key, challenge) => (puts.push(JSON.stringify([key, challenge])), store.put(key, challenge)) }),
  )
  const { service } = fixture
  const session = 'the-cookie-of-ann'
  await fixture.enrolKey('ann')
  puts.length = 0
  await service.challenge({ session })
  await service.challenge('ann', { session })
  await service.beginTotp('ann', { account: 'ann', session })
  await service.beginWebauthn('ann', { ...person, session })
  t.is(puts.length, 4)
  for (const put of puts) {
    t.false(put.includes(session))
    t.true(put.includes(createHash('sha256').update(session).digest('base64url')))
  }
})

test('a passkey that is made without a dialog signs in later', async (t) => {
  const { service } = await Fixture.open(await stores.memory())
  const key = new TestAuthenticator()
  const creation = await service.beginWebauthn('ann', { ...person, use: 'passkey', conditional: true })
  const response = key.create(creation, { origin, userPresent: false, userVerified: false })
  t.true((await service.finishWebauthn('ann', { response, description: 'made for you' })).ok)
  const { webauthn } = await service.challenge()
  const answer = { type: 'webauthn', response: key.get(webauthn, { origin, userVerified: true }) }
  t.like(await service.verifyPasskey(answer), { ok: true, user: 'ann' })
})

test('signals name the passkeys that are left', async (t) => {
  const { fixture, key, id } = await enrolled(await stores.memory())
  const { service } = fixture
  const second = await enrol(service, 'ann')
  const [{ userHandle, id: first }, { id: other }] = [key.credentials[0]!, second.key.credentials[0]!]
  const signals = { rpId: 'example.com', userId: userHandle, allAcceptedCredentialIds: [first, other] }
  t.deepEqual(await service.signals('ann'), signals)
  await service.updateFactor('ann', id, { enable: false })
  t.deepEqual(await service.signals('ann'), signals, 'it may be enabled again')
  await service.removeFactor('ann', id)
  t.deepEqual(await service.signals('ann'), { ...signals, allAcceptedCredentialIds: [other] })
  t.is(await service.signals('eve'), null)
})

async function enrolled(store: Awaited<ReturnType<typeof stores.memory>>, options = {}) {
  const fixture = await Fixture.open(store)
  return { fixture, ...(await enrol(fixture.service, 'ann', options)) }
}

async function enrol(service: Countersign, user: string, options = {}) {
  const key = new TestAuthenticator({ userVerified: true, ...options })
  const creation = await service.beginWebauthn(user, { ...person, use: 'passkey' })
  const finish = { response: key.create(creation, { origin }), description: 'passkey' }
  const made = await service.finishWebauthn(user, finish)
  if (!made.ok) throw new Error(made.reason)
  return { key, id: made.factor.id }
}

async function sign(service: Countersign, key: TestAuthenticator, options: PasskeyOptions = {}) {
  const { webauthn } = await service.challenge(options)
  return { type: 'webauthn', response: key.get(webauthn, { origin }) }
}
