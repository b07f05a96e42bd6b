import { createHash } from 'node:crypto'

import test from 'ava'

import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { verifyRegistration } from '../../facade/stateless/webauthn.js'
import { memoryStore } from '../../facade/stores/memory-store.js'
import type { Countersign, PasskeyOptions } from '../../index.js'
import { Fixture, origin, overriding, rp } from '../helpers/service.js'
import { stores } from '../helpers/stores.js'

const person = { name: 'ann', displayName: 'Ann' }
const rejected = { ok: false, reason: 'rejected' }

for (const [name, makeStore] of Object.entries(stores)) {
  test(`${name}: a passkey signs in without a user name, and says who it is`, async (t) => {
    const { fixture, key, id } = await enrolled(await makeStore())
    await enrol(fixture.service, 'eve')
    const outcome = await fixture.service.verifyPasskey(await sign(fixture.service, key))
    t.like(outcome, {
      ok: true, user: 'ann', factor: { id, type: 'webauthn', description: 'passkey' }, userVerified: true,
    })
    t.deepEqual(Object.keys(outcome).sort(), ['assurance', 'factor', 'ok', 'user', 'userVerified'])
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

  test(`${name}: a key that never verified its user signs in beside a password alone, until it has`, async (t) => {
    const fixture = await Fixture.open(await makeStore())
    const { service } = fixture
    const key = new TestAuthenticator()
    const creation = await service.beginWebauthn('ann', { ...person, residentKey: 'required' })
    const enrolment = { response: key.create(creation, { origin }), description: '' }
    t.true((await service.finishWebauthn('ann', enrolment)).ok)
    const answer = async (userVerified: boolean) => {
      const { webauthn } = await service.challenge()
      return service.verifyPasskey({ type: 'webauthn', response: key.get(webauthn, { origin, userVerified }) })
    }
    // Whoever found it has set a PIN: the ceremony that would establish it relies on nothing, and changes nothing.
    for (let time = 0; time < 2; time += 1) t.deepEqual(await answer(true), rejected)
    t.is(fixture.events.at(-1)!.reason, 'verification-not-established')
    t.true((await service.verify('ann', await fixture.assertion('ann', key))).ok)
    t.deepEqual(await answer(true), rejected, 'a touch beside a password establishes nothing')
    const { webauthn } = (await service.challenge('ann', { purpose: 'step-up' }))!
    const verified = { type: 'webauthn', response: key.get(webauthn!, { origin, userVerified: true }) }
    t.true((await service.verify('ann', verified, { purpose: 'step-up' })).ok)
    t.like(await answer(true), { ok: true, user: 'ann' })
    t.deepEqual(await answer(false), rejected)
  })

  test(`${name}: whoever begins twice is one account to an authenticator, and either passkey signs in`, async (t) => {
    const store = await makeStore()
    const fixture = await Fixture.open(store)
    const other = await fixture.another({ store })
    const begin = (service: Countersign, user: string) => service.beginWebauthn(user, { ...person, use: 'passkey' })
    const [first, second] = await Promise.all([begin(fixture.service, 'ann'), begin(other, 'ann')])
    t.is(second.user.id, first.user.id)
    t.not(second.challenge, first.challenge)
    t.is(Buffer.from(first.user.id, 'base64url').length, 32)
    t.not((await begin(other, 'eve')).user.id, first.user.id)
    const keys = [first, second].map((creation) => {
      const key = new TestAuthenticator({ userVerified: true })
      return { key, response: key.create(creation, { origin }) }
    })
    for (const { response } of keys) {
      t.true((await fixture.service.finishWebauthn('ann', { response, description: '' })).ok)
    }
    for (const { key } of keys) {
      t.like(await other.verifyPasskey(await sign(other, key)), { ok: true, user: 'ann' })
    }
  })

  test(`${name}: strangers leave nothing behind, and no failed answer writes`, async (t) => {
    const store = await makeStore()
    const { fixture, key } = await enrolled(store)
    const calls: string[] = []
    const watched = overriding(store, {
      put: (key, challenge) => (calls.push('put'), store.put(key, challenge)),
      update: (user, change) => (calls.push('update'), store.update(user, change)),
    })
    const service = await fixture.another({ store: watched })
    const before = await store.read('ann')
    for (let count = 0; count < 200; count += 1) {
      const { response } = await sign(service, key)
      const { signature } = response.response
      const wrong = { ...response, response: { ...response.response, signature: `${signature.slice(0, -4)}AAAA` } }
      t.deepEqual(await service.verifyPasskey({ type: 'webauthn', response: wrong }), rejected)
    }
    t.deepEqual(calls, [])
    t.is(await store.read('ann'), before)
  })

  test(`${name}: one response signs in once on any number of machines`, async (t) => {
    const { fixture, key } = await enrolled(await makeStore(), { signCount: null })
    const services = await Promise.all(Array.from({ length: 4 }, () => fixture.another()))
    const answer = await sign(fixture.service, key)
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, index) => services[index % 4]!.verifyPasskey(answer)),
    )
    t.is(outcomes.filter(({ ok }) => ok).length, 1)
    t.deepEqual(await services[0]!.verifyPasskey(answer), rejected)
    t.is(fixture.events.at(-1)!.reason, 'challenge-missing')
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

test('a passkey that is turned off is not enrolled again, and browsers get as many credentials as they take', async (t) => {
  const fixture = await Fixture.open(memoryStore(), { limits: { factors: 80 } })
  const { service } = fixture
  const keys: TestAuthenticator[] = []
  for (let number = 0; number < 70; number += 1) {
    const key = new TestAuthenticator()
    const creation = await service.beginWebauthn('ann', person)
    const response = key.create({ ...creation, excludeCredentials: [] }, { origin })
    t.true((await service.finishWebauthn('ann', { response, description: '' })).ok)
    keys.push(key)
    fixture.now += 1000
  }
  const ids = keys.map((key) => key.credentials[0]!.id).toReversed()
  const listed = async () => {
    const { excludeCredentials = [] } = await service.beginWebauthn('ann', person)
    const allowed = (await service.challenge('ann'))!.webauthn!.allowCredentials!
    return [excludeCredentials, allowed].map((credentials) => credentials.map(({ id }) => id))
  }
  t.deepEqual(await listed(), [ids.slice(0, 64), ids.slice(0, 64)])
  // One that was used comes first, and one that is turned off can't be used, but is there.
  t.true((await service.verify('ann', await fixture.assertion('ann', keys[20]!))).ok)
  const first = keys[20]!.credentials[0]!.id
  const others = ids.filter((id) => id !== first)
  t.deepEqual(await listed(), [[first, ...others.slice(0, 63)], [first, ...others.slice(0, 63)]])
  const { id: off } = (await service.factors('ann')).find(({ lastUsed }) => lastUsed !== undefined)!
  await service.updateFactor('ann', off, { enable: false })
  t.deepEqual(await listed(), [[first, ...others.slice(0, 63)], others.slice(0, 64)])
})

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

test('a credential with which no handle is stored signs in once it is known whose its id is', async (t) => {
  const { fixture, key } = await enrolled(await stores.memory())
  const { store, service } = fixture
  const handle = key.credentials[0]!.userHandle
  await store.update('ann', (record) => {
    const stored = JSON.parse(record!)
    delete stored.webauthn[0].entry.user_handle
    delete stored.webauthn[0].entry.rp_id
    delete stored['user-handle']
    return { record: JSON.stringify(stored), claims: [], value: undefined }
  })
  t.truthy(handle)
  t.deepEqual(await service.verifyPasskey(await sign(service, key)), rejected)
  t.true((await service.verify('ann', await fixture.assertion('ann', key))).ok)
  t.like(await service.verifyPasskey(await sign(service, key)), { ok: true, user: 'ann' })
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
  t.is(puts.length, 3, 'nothing is stored of a challenge for anyone')
  for (const put of puts) {
    t.false(put.includes(session))
    t.true(put.includes(createHash('sha256').update(session).digest('base64url')))
  }
})

test('a passkey that is made without a dialog signs in by itself once it has verified its user beside a password', async (t) => {
  const fixture = await Fixture.open(await stores.memory())
  const { service } = fixture
  const key = new TestAuthenticator({ userVerified: true })
  const creation = await service.beginWebauthn('ann', { ...person, use: 'passkey', conditional: true })
  const response = key.create(creation, { origin, userPresent: false, userVerified: false })
  t.true((await service.finishWebauthn('ann', { response, description: 'made for you' })).ok)
  t.deepEqual(await service.verifyPasskey(await sign(service, key)), rejected)
  t.true((await service.verify('ann', await fixture.assertion('ann', key))).ok)
  t.like(await service.verifyPasskey(await sign(service, key)), { ok: true, user: 'ann' })
})

test('an import decides whether a passkey signs in by itself', async (t) => {
  for (const userVerified of [true, false, undefined]) {
    const fixture = await Fixture.open(await stores.memory())
    const { service } = fixture
    const key = new TestAuthenticator({ userVerified: true })
    const { challenge, ...creation } = await service.beginWebauthn('ann', { ...person, use: 'passkey' })
    const response = key.create({ challenge, ...creation }, { origin })
    const made = verifyRegistration({ response, challenge, rp })
    if (!made.ok) throw new Error(made.reason)
    const { userVerified: _, ...stored } = made.credential
    const credential = { ...stored, userHandle: creation.user.id, ...(userVerified !== undefined && { userVerified }) }
    const factors = [{ what: '[0]', description: 'imported', credential, notes: [] }]
    const { taken } = await service.importFactors('ann', { factors, left: [] })
    t.is(taken[0]?.notes.includes('user-not-verified'), userVerified !== true)
    t.is((await service.verifyPasskey(await sign(service, key))).ok, userVerified === true)
    t.true((await service.verify('ann', await fixture.assertion('ann', key))).ok)
    t.true((await service.verifyPasskey(await sign(service, key))).ok)
  }
})

test('a user handle is made with a key that only this system has', async (t) => {
  const handle = async (store: Awaited<ReturnType<typeof stores.memory>>, options = {}) => {
    const { service } = await Fixture.open(store, options)
    return (await service.beginWebauthn('ann', person)).user.id
  }
  const withoutKey = async () => {
    const { sharedKey: _, ...methods } = overriding(await stores.memory(), {})
    return methods
  }
  t.not(await handle(await stores.memory()), await handle(await stores.memory()), 'each store has its own key')
  const challengeKey = new Uint8Array(32).fill(7)
  const given = await handle(await withoutKey(), { challengeKey })
  t.is(await handle(await stores.memory(), { challengeKey, webauthn: { passkeys: false } }), given)
})

test('without such a key, the record keeps the handle: in every process, at the same moment and later', async (t) => {
  for (const [name, makeStore] of Object.entries(stores)) {
    const store = await makeStore()
    const { sharedKey: _, ...withoutKey } = overriding(store, {})
    const fixture = await Fixture.open(withoutKey)
    const { service } = fixture
    const other = await fixture.another({ store: withoutKey })
    const begin = (of: Countersign, user: string) => of.beginWebauthn(user, person)
    const begun = await Promise.all([service, other, service, other].map((of) => begin(of, 'ann')))
    const again = await begin(await fixture.another({ store: withoutKey }), 'ann')
    t.is(new Set([...begun, again].map(({ user }) => user.id)).size, 1, name)
    t.not((await begin(other, 'eve')).user.id, again.user.id)
    // Whoever has only begun has no factor, and a lost record still is one.
    t.is(await service.challenge('ann'), null, name)
    await t.throwsAsync(service.challenge('ann', { enrolled: true }), { code: 'record-missing' })
    t.deepEqual(await service.factors('ann'), [])
    // A user with another factor already, and one whose last factor was removed: the mark of that stays.
    const { factor } = await fixture.enrolTotp('bob')
    const [bob, bobAgain] = [await begin(service, 'bob'), await begin(other, 'bob')]
    t.is(bobAgain.user.id, bob.user.id)
    t.true((await service.removeFactor('bob', factor.id)).ok)
    await begin(other, 'bob')
    t.is(await service.challenge('bob', { enrolled: true }), null, `${name}: removed, not lost`)
    // Either ceremony can be finished, and the passkey is found by the handle.
    const key = new TestAuthenticator({ userVerified: true })
    const made = key.create(begun[3]!, { origin })
    t.true((await service.finishWebauthn('ann', { response: made, description: '' })).ok)
    t.is(await store.owner(again.user.id), 'ann', name)
    t.true((await service.verify('ann', await fixture.assertion('ann', key))).ok)
    await service.removeUser('eve')
    t.is((await store.read('eve')) ?? undefined, undefined, name)
  }
})

test('a new user with the name of one who was renamed gets a handle of their own', async (t) => {
  for (const [name, makeStore] of Object.entries(stores)) {
    const store = await makeStore()
    const { fixture, key } = await enrolled(store)
    const { service } = fixture
    const handle = key.credentials[0]!.userHandle
    const record = (await store.read('ann'))!
    await store.update('ann', () => ({ record: null, value: undefined }))
    await store.update('anna', () => ({ record, handle, value: undefined }))
    const another = await enrol(service, 'ann')
    t.like(await service.verifyPasskey(await sign(service, key)), { ok: true, user: 'anna' }, name)
    t.like(await service.verifyPasskey(await sign(service, another.key)), { ok: true, user: 'ann' }, name)
  }
})

test('passkeys can be turned off', async (t) => {
  const { fixture, key } = await enrolled(await stores.memory(), { signCount: null })
  const answer = await sign(fixture.service, key)
  const off = await fixture.another({ webauthn: { passkeys: false } })
  await t.throwsAsync(off.challenge(), { code: 'invalid-argument', message: /webauthn\.passkeys/ })
  t.deepEqual(await off.verifyPasskey(answer), rejected)
  t.is(fixture.events.at(-1)!.reason, 'not-supported')
  t.true((await off.verify('ann', await fixture.assertion('ann', key))).ok, 'it is a second factor still')
  t.true((await fixture.service.verifyPasskey(answer)).ok)
})

test('a store without a key of its own needs one from the host', async (t) => {
  const store = overriding(await stores.memory(), { sharedKey: undefined } as never)
  const { fixture } = await enrolled(store)
  await t.throwsAsync(fixture.service.challenge(), { code: 'invalid-argument', message: /challengeKey/ })
  await t.throwsAsync(fixture.another({ webauthn: { passkeys: true } }), { code: 'invalid-argument', message: /challengeKey/ })
  for (const challengeKey of [new Uint8Array(31), 'x'.repeat(42), 'no base64url!'.repeat(4), 7 as never]) {
    await t.throwsAsync(fixture.another({ challengeKey }), { code: 'invalid-argument', message: /challengeKey/ })
  }
  const challengeKey = new Uint8Array(32).fill(7)
  const [one, other] = [await fixture.another({ challengeKey }), await fixture.another({ challengeKey })]
  const { key } = await enrol(one, 'eve')
  t.like(await other.verifyPasskey(await sign(one, key)), { ok: true, user: 'eve' })
  const elsewhere = await fixture.another({ challengeKey: new Uint8Array(32).fill(8) })
  t.deepEqual(await elsewhere.verifyPasskey(await sign(one, key)), rejected)
})

test('what a store gives as its key has to be one', async (t) => {
  for (const bad of ['', 'short', undefined, 7]) {
    const store = overriding(await stores.memory(), { sharedKey: async () => bad as string })
    const { service } = await Fixture.open(store)
    await t.throwsAsync(service.challenge(), { code: 'store-failed' })
  }
  let failures = 1
  const store = await stores.memory()
  const shaky = overriding(store, {
    sharedKey: async (fresh) => {
      if (failures-- > 0) throw new Error('gone')
      return store.sharedKey!(fresh)
    },
  })
  const { service } = await Fixture.open(shaky)
  await t.throwsAsync(service.challenge(), { code: 'store-failed' })
  t.is((await service.challenge()).webauthn.userVerification, 'required', 'the next one asks again')
})

test('an answer to a challenge of another relying party, or to none of ours, is refused', async (t) => {
  const { fixture, key } = await enrolled(await stores.memory())
  const { service } = fixture
  const other = { id: 'example.org', name: 'Other', origins: [origin], relatedOrigins: true }
  const { webauthn } = await service.challenge({ rp: other })
  const answer = { type: 'webauthn', response: key.get({ ...webauthn, rpId: 'example.com' }, { origin }) }
  t.deepEqual(await service.verifyPasskey(answer), rejected)
  t.is(fixture.events.at(-1)!.reason, 'challenge-mismatch')
  const made = { ...webauthn, rpId: 'example.com', challenge: 'A'.repeat(75) }
  t.deepEqual(await service.verifyPasskey({ type: 'webauthn', response: key.get(made, { origin }) }), rejected)
  t.is(fixture.events.at(-1)!.reason, 'challenge-mismatch')
  const known = { ...webauthn, rpId: 'example.com', challenge: 'A'.repeat(43) }
  t.like(await service.verifyPasskey({ type: 'webauthn', response: key.get(known, { origin }) }), { ok: false })
})

test('a user who signs in very often waits, and nothing is accepted twice', async (t) => {
  const { fixture, key } = await enrolled(await stores.memory(), { signCount: null })
  const { service } = fixture
  const first = await sign(service, key)
  t.true((await service.verifyPasskey(first)).ok)
  for (let count = 1; count < 256; count += 1) t.true((await service.verifyPasskey(await sign(service, key))).ok)
  t.deepEqual(await service.verifyPasskey(await sign(service, key)), rejected)
  t.deepEqual(await service.verifyPasskey(first), rejected)
  t.true((await service.verify('ann', await fixture.assertion('ann', key))).ok)
  fixture.now += 600_001
  t.true((await service.verifyPasskey(await sign(service, key))).ok)
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
