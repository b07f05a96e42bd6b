import test from 'ava'

import { verifyRegistration } from '../../facade/stateless/webauthn.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import type { Countersign, Migration, Store } from '../../index.js'
import { Fixture, origin, overriding, rp } from '../helpers/service.js'
import { stores } from '../helpers/stores.js'

const person = { name: 'ann', displayName: 'Ann' }
const rejected = { ok: false, reason: 'rejected' }
const other = { id: 'example.org', name: 'Other', origins: ['https://example.org'] }
const handleOf = (text: string) => Buffer.from(text).toString('base64url')

for (const [name, makeStore] of Object.entries(stores)) {
  test(`${name}: an imported passkey without a handle signs in by its id, and has its handle from then on`, async (t) => {
    const fixture = await Fixture.open(await makeStore())
    const { service } = fixture
    const { key, credential } = passkey()
    await service.importFactors('ann', migration(credential))
    await service.importFactors('eve', migration(passkey().credential))
    const handle = key.credentials[0]!.userHandle
    // None says nothing, and binds nothing.
    t.like(await sign(service, key, null), { ok: true, user: 'ann' })
    t.like(await sign(service, key), { ok: true, user: 'ann' })
    for (const wrong of [handleOf('another one'), null, '']) t.deepEqual(await sign(service, key, wrong), rejected)
    t.like(await sign(service, key, handle), { ok: true, user: 'ann' })
    // With its handle it signs in beside the others that the user gets.
    const second = await enrol(service, 'ann')
    for (const one of [key, second]) t.like(await sign(service, one), { ok: true, user: 'ann' })
    await service.removeUser('ann')
    t.deepEqual(await sign(service, key), rejected)
  })

  test(`${name}: passkeys of one user that were made for other handles sign in`, async (t) => {
    const fixture = await Fixture.open(await makeStore())
    const { service } = fixture
    const made = [passkey(), passkey(), passkey()]
    const [one, two, three] = made.map(({ credential, handle }) => ({ ...credential, userHandle: handle }))
    const { taken } = await service.importFactors('ann', migration(one!, two!))
    t.deepEqual(taken.map(({ notes }) => notes), [[], ['other-user-handle']])
    await service.importFactors('ann', migration(three!))
    for (const { key } of made) t.like(await sign(service, key), { ok: true, user: 'ann' })
    for (const { key, handle } of made) {
      const others = made.map((one) => one.handle).filter((one) => one !== handle)
      for (const wrong of [...others, null]) t.deepEqual(await sign(service, key, wrong), rejected)
    }
    const last = (await service.factors('ann'))[2]!
    await service.removeFactor('ann', last.id)
    t.is(await fixture.store.owner(made[2]!.handle), undefined)
    const { left } = await service.importFactors('eve', migration(two!))
    t.deepEqual(left, [{ what: '[0]', reason: 'user-handle-taken' }])
    t.deepEqual((await service.importFactors('eve', migration(three!))).left, [])
    t.like(await sign(service, made[2]!.key), { ok: true, user: 'eve' })
  })

  test(`${name}: a credential id that another user holds is refused`, async (t) => {
    const fixture = await Fixture.open(await makeStore())
    const { service, store } = fixture
    const { key, credential } = passkey()
    await service.importFactors('ann', migration(credential))
    await service.importFactors('eve', migration(passkey().credential))
    const before = await store.read('eve')
    // An authenticator that answers with an id that it has seen, and a key of its own.
    const forger = new TestAuthenticator({ userVerified: true, credentialId: Buffer.from(credential.id, 'base64url') })
    const creation = await service.beginWebauthn('eve', person)
    const finish = { response: forger.create(creation, { origin }), description: 'forged' }
    t.deepEqual(await service.finishWebauthn('eve', finish), rejected)
    t.deepEqual(fixture.events.at(-1), {
      type: 'rejected', user: 'eve', at: fixture.now, factor: { type: 'webauthn' }, reason: 'credential-taken',
    })
    const own = passkey()
    const { taken, left } = await service.importFactors('eve', migration(credential, own.credential))
    t.deepEqual([taken.length, left], [1, [{ what: '[0]', reason: 'credential-taken' }]])
    const record = (await store.read('ann'))!
    await service.removeUser('eve')
    const copied = await service.importRecord('bob', record)
    t.true(!copied.ok && copied.reason === 'credential-taken')
    t.is(await store.read('bob'), undefined)
    t.not(before, undefined)
    t.like(await sign(service, key), { ok: true, user: 'ann' })
    // Free again, by a factor that is removed and by a user.
    await service.removeFactor('ann', (await service.factors('ann'))[0]!.id)
    t.true((await service.importRecord('bob', record)).ok)
    t.like(await sign(service, key), { ok: true, user: 'bob' })
    await service.removeUser('bob')
    t.deepEqual((await service.importFactors('eve', migration(credential))).left, [])
    t.like(await sign(service, key), { ok: true, user: 'eve' })
  })

  test(`${name}: of users who register or import one id at the same time exactly one gets it`, async (t) => {
    const fixture = await Fixture.open(await makeStore())
    const services = [fixture.service, await fixture.another(), await fixture.another()]
    for (let round = 0; round < 6; round += 1) {
      const { credential } = passkey()
      const users = Array.from({ length: 6 }, (_, index) => `user ${round} ${index}`)
      const done = await Promise.all(
        users.map(async (user, index) => {
          const service = services[index % services.length]!
          if (index % 2 === 0) return (await service.importFactors(user, migration(credential))).taken.length === 1
          const key = new TestAuthenticator({ credentialId: Buffer.from(credential.id, 'base64url') })
          const response = key.create(await service.beginWebauthn(user, person), { origin })
          return (await service.finishWebauthn(user, { response, description: '' })).ok
        }),
      )
      t.is(done.filter(Boolean).length, 1)
      const factors = await Promise.all(users.map(async (user) => (await fixture.service.factors(user)).length))
      t.deepEqual(factors, done.map(Number), 'who was refused has nothing')
    }
  })

  test(`${name}: an id is one user's for each relying party`, async (t) => {
    const store = await makeStore()
    const fixture = await Fixture.open(store)
    const elsewhere = await fixture.another({ rp: other })
    const { credential } = passkey()
    t.is((await fixture.service.importFactors('ann', migration(credential))).taken.length, 1)
    t.is((await elsewhere.importFactors('eve', migration(credential))).taken.length, 1)
    t.is((await elsewhere.importFactors('bob', migration(credential))).left[0]?.reason, 'credential-taken')
    t.is((await fixture.service.importFactors('bob', migration(credential))).left[0]?.reason, 'credential-taken')
    // A record with credentials of both keeps both, whichever service changes it.
    const [here, there] = [passkey(), passkey(other)]
    await fixture.service.importFactors('both', migration(here.credential))
    await fixture.service.importFactors('both', migration(there.credential), { rp: other })
    for (const service of [fixture.service, elsewhere]) {
      const { credential: third } = passkey()
      t.is((await service.importFactors('both', migration(third))).taken.length, 1)
    }
    t.like(await sign(fixture.service, here.key), { ok: true, user: 'both' })
    t.like(await sign(elsewhere, there.key, undefined, other), { ok: true, user: 'both' })
    t.like(await sign(fixture.service, there.key, undefined, other, { rp: other }), { ok: true, user: 'both' })
  })

  test(`${name}: old records are put into the index, again and again, beside a server that works`, async (t) => {
    const store = await makeStore()
    const fixture = await Fixture.open(store)
    const { service } = fixture
    const { key, credential } = passkey()
    const twice = passkey()
    await old(fixture, 'ann', credential, twice.credential)
    await old(fixture, 'bob', twice.credential)
    await old(fixture, 'eve', passkey().credential)
    for (const one of [key, twice.key]) t.deepEqual(await sign(service, one), rejected)
    const working = Promise.all(Array.from({ length: 5 }, () => enrol(service, 'ann')))
    const [first, again] = await Promise.all([service.indexPasskeys(), service.indexPasskeys()])
    await working
    t.deepEqual([first.users, again.users, first.failed, again.failed], [3, 3, [], []])
    const third = await service.indexPasskeys()
    t.deepEqual([third.users, third.changed, third.shared.length], [3, 0, 1])
    t.deepEqual(third.shared[0]!.users.toSorted(), ['ann', 'bob'])
    t.like(await sign(service, key), { ok: true, user: 'ann' })
    t.deepEqual(await sign(service, twice.key), rejected, 'two users hold it')
    t.is(fixture.events.at(-1)!.reason, 'credential-taken')
    for (const user of ['ann', 'bob']) {
      t.true((await service.verify(user, await fixture.assertion(user, twice.key))).ok, 'beside a password it is a factor')
    }
    t.deepEqual(await sign(service, twice.key), rejected, 'and no more than that')
    t.is((await service.importFactors('dan', migration(twice.credential))).left[0]?.reason, 'credential-taken')
    // One of the two goes: whichever it was.
    await service.removeUser(third.shared[0]!.users[0])
    t.deepEqual((await service.indexPasskeys()).shared, [])
    t.like(await sign(service, twice.key), { ok: true, user: third.shared[0]!.users[1] })
  })
}

test('the user who has the claim is free of the mark once the other one has gone', async (t) => {
  const fixture = await Fixture.open(await stores.memory())
  const { service } = fixture
  const { key, credential } = passkey()
  await old(fixture, 'ann', credential)
  await old(fixture, 'bob', credential)
  const [[holder, loser]] = (await service.indexPasskeys()).shared.map(({ users }) => users) as [[string, string]]
  t.deepEqual(await sign(service, key), rejected)
  await service.removeUser(loser)
  t.deepEqual(await sign(service, key), rejected, 'nobody has looked yet')
  t.deepEqual((await service.indexPasskeys()).shared, [])
  t.like(await sign(service, key), { ok: true, user: holder })
})

test('a passkey without a handle signs in only if its user verification is established, and with a right signature', async (t) => {
  const fixture = await Fixture.open(await stores.memory())
  const { service } = fixture
  const { key, credential } = passkey()
  const { userVerified: _, ...unproved } = credential
  await service.importFactors('ann', migration(unproved))
  t.deepEqual(await sign(service, key), rejected)
  t.is(fixture.events.at(-1)!.reason, 'verification-not-established')
  t.true((await service.verify('ann', await fixture.assertion('ann', key))).ok)
  const forger = new TestAuthenticator({ userVerified: true, credentialId: Buffer.from(credential.id, 'base64url') })
  forger.create(await service.beginWebauthn('eve', { ...person, use: 'passkey' }), { origin })
  t.deepEqual(await sign(service, forger, key.credentials[0]!.userHandle), rejected)
  t.like(await sign(service, key), { ok: true, user: 'ann' })
})

test("another user's handle is refused, and no sign-in takes it", async (t) => {
  const fixture = await Fixture.open(await stores.memory())
  const { service, store } = fixture
  const eves = await enrol(service, 'eve')
  const handle = eves.credentials[0]!.userHandle
  const { key, credential } = passkey()
  await service.importFactors('ann', migration(credential))
  t.deepEqual(await sign(service, key, handle), rejected)
  const { webauthn } = (await service.challenge('ann'))!
  const response = key.get(webauthn!, { origin })
  const named = { type: 'webauthn', response: { ...response, response: { ...response.response, userHandle: handle } } }
  t.true((await service.verify('ann', named)).ok, 'the user is known')
  t.is(await store.owner(handle), 'eve')
  t.like(await sign(service, eves), { ok: true, user: 'eve' })
  t.like(await sign(service, key), { ok: true, user: 'ann' })
})

test('a handle that nobody has signed takes no place of another user', async (t) => {
  const fixture = await Fixture.open(await stores.memory())
  const { service, store } = fixture
  const [anns, mallorys] = [passkey(), passkey()]
  await service.importFactors('ann', migration(anns.credential))
  await service.importFactors('mallory', migration(mallorys.credential))
  // Nobody has it yet: it is stored, and leads nowhere.
  t.like(await sign(service, mallorys.key, anns.handle), { ok: true, user: 'mallory' })
  t.is(await store.owner(anns.handle), undefined)
  t.like(await sign(service, anns.key), { ok: true, user: 'ann' })
  t.like(await sign(service, mallorys.key, anns.handle), { ok: true, user: 'mallory' })
  t.deepEqual(await sign(service, mallorys.key), rejected, 'from now on it is the other one')
})

test('a store without claims works as it did', async (t) => {
  const { update, ...methods } = overriding(await stores.memory(), {})
  const claimless: Store = { ...methods, update: (user, change) => update(user, (record) => ({ ...change(record), claims: undefined })) }
  const fixture = await Fixture.open(claimless)
  const { service } = fixture
  const key = await enrol(service, 'ann')
  t.like(await sign(service, key), { ok: true, user: 'ann' })
  const { key: imported, credential } = passkey()
  await service.importFactors('bob', migration(credential))
  t.deepEqual(await sign(service, imported), rejected)
  t.true((await service.verify('bob', await fixture.assertion('bob', imported))).ok)
  await t.throwsAsync(service.indexPasskeys(), { code: 'not-supported', message: /claims/ })
})

test('a sign-in gives the store no claims unless they change', async (t) => {
  const store = await stores.memory()
  const given: unknown[] = []
  const watched = overriding(store, {
    update: (user, change) =>
      store.update(user, (record) => {
        const changed = change(record)
        given.push(changed.claims)
        return changed
      }),
  })
  const fixture = await Fixture.open(watched)
  const { service } = fixture
  const key = await enrol(service, 'ann')
  t.like(given, { length: 1, 0: { length: 2 } })
  await fixture.enrolTotp('ann')
  t.true((await sign(service, key)).ok)
  t.true((await service.verify('ann', await fixture.assertion('ann', key))).ok)
  t.deepEqual(given.slice(1), [undefined, undefined, undefined])
})

/** A passkey that was made elsewhere, as other libraries store it: without its handle. */
function passkey(party = rp) {
  const key = new TestAuthenticator({ userVerified: true })
  const handle = handleOf(`handle ${Math.random()}`)
  const challenge = handleOf('a challenge of the other library')
  const [from] = party.origins
  const creation = {
    rp: party, user: { id: handle, ...person }, challenge, pubKeyCredParams: [{ type: 'public-key' as const, alg: -7 as const }],
    authenticatorSelection: { residentKey: 'required' as const, requireResidentKey: true },
  }
  const made = verifyRegistration({ response: key.create(creation, { origin: from! }), challenge, rp: party })
  if (!made.ok) throw new Error(made.reason)
  const { userHandle: _, ...credential } = made.credential
  return { key, handle, credential }
}

type Credential = ReturnType<typeof passkey>['credential'] & { userHandle?: string }

function migration(...credentials: Partial<Credential>[]): Migration {
  const factors = credentials.map((credential, index) => {
    return { what: `[${index}]`, description: 'imported', credential: credential as Credential, notes: [] }
  })
  return { factors, left: [] }
}

/** A record as it was stored before there was an index. */
async function old(fixture: Fixture, user: string, ...credentials: Credential[]): Promise<void> {
  const { service, store } = await Fixture.open(await stores.memory())
  await service.importFactors(user, migration(...credentials))
  const record = JSON.parse((await store.read(user))!)
  for (const { entry } of record.webauthn) delete entry.rp_id
  await fixture.store.update(user, () => ({ record: JSON.stringify(record), value: undefined }))
}

async function enrol(service: Countersign, user: string) {
  const key = new TestAuthenticator({ userVerified: true })
  const creation = await service.beginWebauthn(user, { ...person, use: 'passkey' })
  const made = await service.finishWebauthn(user, { response: key.create(creation, { origin }), description: 'passkey' })
  if (!made.ok) throw new Error(made.reason)
  return key
}

/** Signs in without a user name, with the handle that the authenticator has or with another one. */
async function sign(
  service: Countersign, key: TestAuthenticator, userHandle?: string | null, party = rp, options: { rp?: typeof rp } = {},
) {
  const { webauthn } = await service.challenge(options)
  const response = key.get(webauthn, { origin: party.origins[0]! })
  const changed = userHandle === undefined ? response.response : { ...response.response, userHandle }
  return service.verifyPasskey({ type: 'webauthn', response: { ...response, response: changed } }, options)
}
