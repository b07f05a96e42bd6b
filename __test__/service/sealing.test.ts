// What the store holds is sealed: it can't be read, changed or moved, and every way of a sign-in goes on as before.
import test from 'ava'
import type { ExecutionContext } from 'ava'

import { Countersign } from '../../index.js'
import type { SealKey, SealOptions, Store } from '../../index.js'
import { checkSeal } from '../../facade/service/seal-keys.js'
import { Sealing } from '../../facade/service/sealing.js'
import { memoryStore } from '../../facade/stores/index.js'
import type { OpenChallenge } from '../../facade/stores/index.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { sealKey } from '../helpers/sealed.js'
import { Fixture, origin, overriding, rp, start, wrongCode } from '../helpers/service.js'
import { stores } from '../helpers/stores.js'
import { key as yubicoKey, otp, publicId, uid } from '../helpers/yubico-key.js'

const { 'tfa.cfg': _, ...sealable } = stores

/** What a person and a server do, with the texts that the store got. */
async function sealed(makeStore: () => Promise<Store>, options: Partial<SealOptions> = {}) {
  const [key, other] = [sealKey('k1'), sealKey('k2')]
  const store = await makeStore()
  const open: OpenChallenge[] = []
  const watched = overriding(store, {
    put(key, challenge) {
      open.push(challenge)
      return store.put(key, challenge)
    },
  })
  const seal = { keys: [key], ...options }
  const fixture = await Fixture.open(watched, { seal })
  return { store, open, key, other, seal, fixture }
}

const unsealed = (id: string) => ({ code: 'record-sealed', message: new RegExp(`user "\\w+".*"${id}"`) })

/** Nobody gets in by any call, and none of them says that there is no factor. */
async function refusesAll(t: ExecutionContext, service: Countersign, user: string, expected: object) {
  const calls = {
    challenge: () => service.challenge(user),
    verify: () => service.verify(user, 'totp:123456'),
    factors: () => service.factors(user),
    status: () => service.status(user),
    beginTotp: () => service.beginTotp(user, { account: 'ann' }),
    createRecoveryCodes: () => service.createRecoveryCodes(user),
    removeFactors: () => service.removeFactors(user),
    unlock: () => service.unlock(user),
    reset: () => service.reset(user, { totp: '123456', recovery: '1111-1111-1111-1111' }),
  }
  for (const [name, call] of Object.entries(calls)) await t.throwsAsync(call, expected, name)
}

for (const [kind, makeStore] of Object.entries(sealable)) {
  test(`${kind}: nothing that the store gets can be read, and everybody signs in`, async (t) => {
    const { store, open, fixture } = await sealed(makeStore)
    const { service } = fixture
    const { uri } = await fixture.enrolTotp('ann')
    const { key } = await fixture.enrolKey('ann')
    const [code] = await service.createRecoveryCodes('ann')
    fixture.step()
    t.like(await service.verify('ann', `totp:${totpAt(uri, fixture.now)}`), { ok: true })
    t.deepEqual(await service.verify('ann', `totp:${totpAt(uri, fixture.now)}`), { ok: false, reason: 'rejected' })
    const assertion = await fixture.assertion('ann', key)
    t.like(await service.verify('ann', assertion), { ok: true })
    t.deepEqual(await service.verify('ann', assertion), { ok: false, reason: 'rejected' })
    t.like(await service.verify('ann', `recovery:${code}`), { ok: true, recoveryCodesLeft: 9 })
    const secret = new URL(uri).searchParams.get('secret') as string
    const texts = [(await store.read('ann')) as string, ...open.map(({ data }) => data)]
    t.true(open.length >= 3, 'an app, a key, a sign-in')
    for (const text of texts) {
      t.regex(text, /^cs1\.k1\.[\w-]+$/)
      const inside = Buffer.from(text.slice('cs1.k1.'.length), 'base64url').toString('latin1')
      for (const known of [secret, 'totp', 'purpose', 'webauthn', 'user']) t.false((text + inside).includes(known), known)
    }
    t.is(new Set(texts.map((text) => text.slice(7, 50))).size, texts.length, 'randomness of its own for each')
    // Found by the handle, which is looked up and so not sealed.
    t.like(await service.signals('ann'), { rpId: rp.id })
    t.is((await service.factors('ann')).length, 3)
  })

  test(`${kind}: a wrong purpose or session is rejected as ever, and uses the challenge up`, async (t) => {
    const { fixture } = await sealed(makeStore)
    const { service } = fixture
    const { key } = await fixture.enrolKey('ann')
    for (const [made, given] of [
      [{ purpose: 'step-up' }, {}],
      [{}, { purpose: 'step-up' }],
      [{ session: 'one' }, { session: 'two' }],
      [{ session: 'one' }, {}],
    ] as const) {
      const challenge = await service.challenge('ann', made)
      const answer = { type: 'webauthn', response: key.get(challenge!.webauthn!, { origin }) }
      t.deepEqual(await service.verify('ann', answer, given), { ok: false, reason: 'rejected' })
      t.deepEqual(await service.verify('ann', answer, made), { ok: false, reason: 'rejected' })
    }
    const { enrolment, uri } = await service.beginTotp('ann', { account: 'ann', session: 'one' })
    const finish = { enrolment, code: totpAt(uri, fixture.now), description: '' }
    t.deepEqual(await service.finishTotp('ann', { ...finish, session: 'two' }), { ok: false, reason: 'rejected' })
  })

  test(`${kind}: a text that is moved to another user, or between record and challenge, opens nothing`, async (t) => {
    const { store, open, fixture, seal } = await sealed(makeStore)
    const { service } = fixture
    const { key } = await fixture.enrolKey('ann')
    await fixture.enrolTotp('eve')
    const record = (await store.read('ann')) as string
    const write = (user: string, text: string) => store.update(user, () => ({ record: text, value: undefined }))
    const accepting = await fixture.another({ seal: { ...seal, plain: 'accept' } })
    await write('bob', record)
    await write('eve', record)
    for (const user of ['bob', 'eve']) {
      for (const one of [service, accepting]) await refusesAll(t, one, user, unsealed('k1'))
      t.is(await store.read(user), record, 'nothing was written')
    }
    // The data of one challenge for another one, and for another user's.
    const begin = async (user: string) => {
      const challenge = await service.challenge(user)
      return { answer: { type: 'webauthn', response: key.get(challenge!.webauthn!, { origin }) }, put: open.at(-1) as OpenChallenge }
    }
    const [one, other] = [await begin('ann'), await begin('ann')]
    await store.put('ann', { ...one.put, data: other.put.data })
    await t.throwsAsync(service.verify('ann', one.answer), unsealed('k1'))
    const third = await begin('ann')
    await store.put('ann', { ...third.put, data: record })
    await t.throwsAsync(service.verify('ann', third.answer), unsealed('k1'))
    await write('bob', third.put.data)
    await refusesAll(t, service, 'bob', unsealed('k1'))
    t.like(await service.verify('ann', other.answer), { ok: true }, 'in its own place it opens')
    // Whoever is removed is gone, whatever it was.
    t.true(await service.removeUser('bob'))
    t.is(await service.challenge('bob'), null)
  })

  test(`${kind}: a challenge of another user does not open under this one`, async (t) => {
    const { store, open, fixture } = await sealed(makeStore)
    const enrolment = async (user: string) => ({ begun: await fixture.service.beginTotp(user, { account: 'x' }), put: open.at(-1) as OpenChallenge })
    const ann = await enrolment('ann')
    await store.put('eve', ann.put)
    const { enrolment: id, uri } = ann.begun
    const finish = { enrolment: id, code: totpAt(uri, fixture.now), description: '' }
    await t.throwsAsync(fixture.service.finishTotp('eve', finish), unsealed('k1'))
    t.like(await fixture.service.finishTotp('ann', finish), { ok: true })
  })

  test(`${kind}: without its key a record is an error, and with it written under the first one`, async (t) => {
    const { store, fixture, key, other } = await sealed(makeStore)
    const { uri } = await fixture.enrolTotp('ann')
    const before = await store.read('ann')
    await refusesAll(t, await fixture.another({ seal: { keys: [other] } }), 'ann', unsealed('k1'))
    await refusesAll(t, await fixture.another({ seal: { keys: [other], plain: 'accept' } }), 'ann', unsealed('k1'))
    await refusesAll(t, await fixture.another({ seal: { keys: [{ ...other, id: 'k1' }] } }), 'ann', unsealed('k1'))
    const without = await Countersign.open({ rp, store, now: () => fixture.now })
    await refusesAll(t, without, 'ann', unsealed('k1'))
    t.is(await store.read('ann'), before)
    const both = await fixture.another({ seal: { keys: [other, key] } })
    fixture.step()
    t.like(await both.verify('ann', `totp:${totpAt(uri, fixture.now)}`), { ok: true })
    t.regex((await store.read('ann')) as string, /^cs1\.k2\./)
    // What was begun under the old key can be finished.
    const { enrolment, uri: next } = await fixture.service.beginTotp('ben', { account: 'ben' })
    const finish = { enrolment, code: totpAt(next, fixture.now), description: '' }
    t.like(await both.finishTotp('ben', finish), { ok: true })
    const late = await fixture.service.beginTotp('cleo', { account: 'cleo' })
    const dropped = await fixture.another({ seal: { keys: [other] } })
    const lost = { enrolment: late.enrolment, code: totpAt(late.uri, fixture.now), description: '' }
    await t.throwsAsync(dropped.finishTotp('cleo', lost), unsealed('k1'))
  })

  test(`${kind}: a plain record is refused, unless the host accepts it, and is sealed when it is written`, async (t) => {
    const { store, fixture, key, seal } = await sealed(makeStore)
    const plain = await Countersign.open({ rp, store, now: () => fixture.now })
    const { enrolment, uri } = await plain.beginTotp('ann', { account: 'ann' })
    const finish = { enrolment, code: totpAt(uri, fixture.now), description: '' }
    await t.throwsAsync(fixture.service.finishTotp('ann', finish), { code: 'record-sealed', message: /challenge is not sealed/ })
    const again = await plain.beginTotp('ann', { account: 'ann' })
    await plain.finishTotp('ann', { enrolment: again.enrolment, code: totpAt(again.uri, fixture.now), description: '' })
    await refusesAll(t, fixture.service, 'ann', { code: 'record-sealed', message: /user "ann".*not sealed/ })
    // One without any factor would be a way in.
    await store.update('eve', () => ({ record: '{}', value: undefined }))
    await refusesAll(t, fixture.service, 'eve', { code: 'record-sealed' })
    const accepting = await fixture.another({ seal: { ...seal, plain: 'accept' } })
    t.is((await accepting.factors('ann')).length, 1)
    t.regex((await store.read('ann')) as string, /^\{/, 'reading writes nothing')
    fixture.step()
    t.like(await accepting.verify('ann', `totp:${totpAt(again.uri, fixture.now)}`), { ok: true })
    t.regex((await store.read('ann')) as string, new RegExp(`^cs1\\.${key.id}\\.`))
    t.is((await fixture.service.factors('ann')).length, 1)
  })

  test(`${kind}: reseal moves everybody to the first key beside servers at work, and nobody is lost`, async (t) => {
    const { store, fixture, key, other } = await sealed(makeStore)
    const people = Array.from({ length: 12 }, (_, index) => `user ${index}`)
    const uris = new Map<string, string>()
    for (const user of people) uris.set(user, (await fixture.enrolTotp(user)).uri)
    const passkey = new TestAuthenticator({ userVerified: true })
    const creation = await fixture.service.beginWebauthn('user 0', { name: 'x', displayName: 'x', use: 'passkey' })
    const registered = await fixture.service.finishWebauthn('user 0', { response: passkey.create(creation, { origin }), description: '' })
    t.like(registered, { ok: true })
    const moved = await fixture.another({ seal: { keys: [other, key] } })
    // The old servers know the new key by now, and still seal under the old one.
    const old = await fixture.another({ seal: { keys: [key, other] } })
    fixture.step()
    const at = fixture.now
    const answer = (user: string) => `totp:${totpAt(uris.get(user)!, at)}`
    const progress: number[] = []
    const [resealed, ...outcomes] = await Promise.all([
      moved.reseal({ onProgress: ({ records }) => progress.push(records) }),
      ...people.flatMap((user) => [old.verify(user, answer(user)), moved.verify(user, answer(user))]),
    ])
    t.like(resealed, { records: 12, failed: [] })
    t.is(progress.at(-1), 12)
    t.is(outcomes.filter(({ ok }) => ok).length, people.length, 'each code counts once')
    // What an old server has written meanwhile is found, and moved by another run.
    const between = await moved.checkSealing()
    t.is((between.keys['k1'] ?? 0) + (between.keys['k2'] ?? 0), 12)
    t.is((await moved.reseal()).resealed, between.keys['k1'] ?? 0)
    t.deepEqual(await moved.checkSealing(), { records: 12, keys: { k2: 12 }, plain: 0, failed: [] })
    t.like(await moved.reseal(), { records: 12, resealed: 0 })
    const after = await fixture.another({ seal: { keys: [other] } })
    for (const user of people) t.like(await after.verify(user, answer(user)), { ok: false, reason: 'rejected' })
    fixture.step()
    for (const user of people) t.like(await after.verify(user, `totp:${totpAt(uris.get(user)!, fixture.now)}`), { ok: true })
    // The handle and the claims came along.
    const { webauthn } = await after.challenge()
    const signed = { type: 'webauthn', response: passkey.get(webauthn, { origin }) }
    t.like(await after.verifyPasskey(signed), { ok: true, user: 'user 0' })
    t.is((await store.read('user 0'))?.slice(0, 7), 'cs1.k2.')
  })

  test(`${kind}: a reseal that breaks off in the middle has moved some, lost nobody, and goes on`, async (t) => {
    const { store, fixture, key, other } = await sealed(makeStore)
    const people = Array.from({ length: 6 }, (_, index) => `user ${index}`)
    for (const user of people) await fixture.enrolTotp(user)
    let left = 3
    const failing = overriding(store, {
      update(user, change) {
        left -= 1
        if (left === 0) return store.update(user, () => { throw new Error('the power fails') })
        return left < 0 ? Promise.reject(new Error('no power')) : store.update(user, change)
      },
    })
    const seal = { keys: [other, key] }
    const broken = await Countersign.open({ rp, store: failing, seal })
    await t.throwsAsync(broken.reseal(), { code: 'store-failed' })
    const both = await fixture.another({ seal })
    t.deepEqual((await both.checkSealing()).keys, { k1: 4, k2: 2 })
    for (const user of people) t.is((await both.factors(user)).length, 1)
    t.deepEqual(await both.reseal(), { records: 6, resealed: 4, failed: [] })
    t.deepEqual((await both.checkSealing()).keys, { k2: 6 })
  })

  test(`${kind}: a whole store is sealed by a reseal that accepts plain records`, async (t) => {
    const store = await makeStore()
    const fixture = await Fixture.open(store)
    for (const user of ['ann', 'ben']) await fixture.enrolTotp(user)
    await store.update('eve', () => ({ record: 'no record', value: undefined }))
    t.deepEqual(await fixture.service.checkSealing(), { records: 3, keys: {}, plain: 3, failed: [] })
    await t.throwsAsync(fixture.service.reseal(), { code: 'invalid-argument', message: /seal/ })
    const keys = [sealKey('k1')]
    const strict = await fixture.another({ seal: { keys } })
    const failed = ['ann', 'ben', 'eve'].map((user) => ({ user, reason: 'record-sealed' }))
    const report = await strict.reseal()
    t.deepEqual([report.resealed, report.failed.toSorted((a, b) => (a.user < b.user ? -1 : 1))], [0, failed])
    t.is((await strict.checkSealing()).failed.length, 3)
    const accepting = await fixture.another({ seal: { keys, plain: 'accept' } })
    t.deepEqual(await accepting.reseal(), { records: 3, resealed: 2, failed: [{ user: 'eve', reason: 'record-corrupt' }] })
    t.is(await store.read('eve'), 'no record')
    t.deepEqual(await strict.checkSealing(), {
      records: 3, keys: { k1: 2 }, plain: 1, failed: [{ user: 'eve', reason: 'record-sealed' }],
    })
    t.is((await strict.factors('ann')).length, 1)
  })

  test(`${kind}: a store that runs a change again gets other bytes each time`, async (t) => {
    const { store, fixture, seal } = await sealed(makeStore)
    const { uri } = await fixture.enrolTotp('ann')
    const runs: string[][] = []
    const repeating = overriding(store, {
      update: (user, change) => store.update(user, (record) => {
        const all = [1, 2, 3].map(() => change(record))
        runs.push(all.map((one) => one.record as string))
        return all[2]!
      }),
    })
    const service = await Countersign.open({ rp, store: repeating, seal, now: () => fixture.now })
    fixture.step()
    t.like(await service.verify('ann', `totp:${totpAt(uri, fixture.now)}`), { ok: true })
    t.like(await service.verify('ann', `totp:${wrongCode(uri, fixture.now)}`), { ok: false })
    const resealing = await Countersign.open({ rp, store: repeating, seal: { keys: [sealKey('new'), ...seal.keys] } })
    t.like(await resealing.reseal(), { resealed: 1 })
    t.true(runs.length >= 3)
    for (const texts of runs) {
      const parts = texts.map((text) => Buffer.from(text.split('.')[2]!, 'base64url'))
      for (const [from, to] of [[0, 32], [32, 64]] as const) {
        t.is(new Set(parts.map((part) => part.toString('hex', from, to))).size, texts.length)
      }
    }
  })

  test(`${kind}: no byte of what the store holds can be another one`, async (t) => {
    const { store, fixture } = await sealed(makeStore)
    await fixture.enrolTotp('ann')
    const text = (await store.read('ann')) as string
    // The core looks at every byte and bit of it; here at one in each part, and at both ends.
    const places = kind === 'memory' ? [...text].map((_, index) => index) : [0, 2, 4, 8, 60, 200, text.length - 20, text.length - 1]
    for (const place of places) {
      const changed = text.slice(0, place) + (text[place] === 'B' ? 'C' : 'B') + text.slice(place + 1)
      await store.update('ann', () => ({ record: changed, value: undefined }))
      await t.throwsAsync(fixture.service.challenge('ann'), { code: 'record-sealed' }, String(place))
    }
    await store.update('ann', () => ({ record: text, value: undefined }))
    t.like(await fixture.service.challenge('ann'), { totp: true })
  })

  test(`${kind}: the counter of a Yubico key is sealed and moved too`, async (t) => {
    const yubico = { secrets: () => ({ key: yubicoKey, uid }) }
    const store = await makeStore()
    const [one, two] = [sealKey('k1'), sealKey('k2')]
    const fixture = await Fixture.open(store, { yubico, seal: { keys: [one] } })
    t.like(await fixture.service.enrolYubico('ann', { code: otp(1, 0), description: '' }), { ok: true })
    const moved = await fixture.another({ seal: { keys: [two, one] } })
    t.deepEqual(await moved.reseal(), { records: 2, resealed: 2, failed: [] })
    const names: string[] = []
    for await (const name of store.users()) names.push(name)
    const counter = names.find((name) => name.includes(publicId)) as string
    t.regex((await store.read(counter)) as string, /^cs1\.k2\./)
    const after = await fixture.another({ seal: { keys: [two] } })
    t.deepEqual(await after.verify('ann', `yubico:${otp(1, 0)}`), { ok: false, reason: 'rejected' })
    t.like(await after.verify('ann', `yubico:${otp(1, 1)}`), { ok: true })
    // A counter that is set back to another key's would accept an OTP again.
    await store.update(counter, (record) => ({ record: `${record?.slice(0, -1)}${record?.endsWith('A') ? 'Q' : 'A'}`, value: undefined }))
    await t.throwsAsync(after.verify('ann', `yubico:${otp(1, 2)}`), { code: 'record-sealed' })
    t.deepEqual((await after.checkSealing()).failed, [{ user: counter, reason: 'record-sealed' }])
  })
}

test('no two texts are sealed with the same bytes, by one process or by several services of it', async (t) => {
  const keys = [{ id: 'a', key: new Uint8Array(32).fill(1) }]
  const open = () => Sealing.open(checkSeal({ keys, plain: 'accept' }))
  const services = [await open(), await open()]
  const sealed: string[] = []
  for (let time = 0; time < 200; time += 1) {
    for (const one of services) sealed.push(one.reseal('{"yubico":[]}', 'ann').record!)
  }
  t.is(new Set(sealed.map((text) => Buffer.from(text.split('.')[2]!, 'base64url').subarray(0, 32).toString('hex'))).size, 400)
  for (const text of sealed) t.is(services[0]!.unseal(text, 'ann'), '{"yubico":[]}')
})

test('what sealing does not stop: the deletion of a record, and the return of an older one', async (t) => {
  const { store, fixture, key, other } = await sealed(stores.memory)
  const { factor } = await fixture.enrolTotp('ann')
  await fixture.enrolKey('ann')
  const older = (await store.read('ann')) as string
  t.like(await fixture.service.removeFactor('ann', factor.id), { ok: true })
  await store.update('ann', () => ({ record: older, value: undefined }))
  t.is((await fixture.service.factors('ann')).length, 2)
  const moved = await fixture.another({ seal: { keys: [other, key] } })
  await moved.reseal()
  await store.update('ann', () => ({ record: older, value: undefined }))
  const dropped = await fixture.another({ seal: { keys: [other] } })
  await t.throwsAsync(dropped.factors('ann'), unsealed('k1'), 'not under a key that is gone')
  await store.update('ann', () => ({ record: null, value: undefined }))
  t.is(await dropped.challenge('ann'), null)
  await t.throwsAsync(dropped.challenge('ann', { enrolled: true }), { code: 'record-missing' })
})

test('an index of passkeys and an import name who can not be opened, and go on', async (t) => {
  const { store, fixture, other } = await sealed(stores.memory)
  await fixture.enrolKey('ann')
  const next = await fixture.another({ seal: { keys: [other] } })
  await store.update('ben', () => ({ record: '{}', value: undefined }))
  const { failed } = await next.indexPasskeys()
  t.deepEqual(failed, ['ann', 'ben'].map((user) => ({ user, reason: 'record-sealed' })))
})

test('tfa.cfg: a file that belongs to another program is not sealed', async (t) => {
  const store = await stores['tfa.cfg']()
  const seal = { keys: [sealKey('k1')] }
  const refused = { code: 'invalid-argument', message: /seal.*tfaConfigStore/ }
  await t.throwsAsync(Countersign.open({ rp, store, seal }), refused)
  await t.throwsAsync(Countersign.open({ rp, store, seal: () => seal }), refused)
  await t.throwsAsync(Countersign.open({ rp, store: { users: store, challenges: await stores.memory() }, seal }), refused)
  await t.notThrowsAsync(Countersign.open({ rp, store }))
})

test('records under ids that somebody has made up are counted and named, whatever they are', async (t) => {
  const { store, fixture } = await sealed(async () => memoryStore())
  await fixture.enrolTotp('ann')
  const ids = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
  for (const id of ids) await store.update(id, () => ({ record: `cs1.${id}.AAAA`, value: undefined }))
  const report = await fixture.service.checkSealing()
  t.deepEqual(Object.entries(report.keys).toSorted(), [['__proto__', 1], ['constructor', 1], ['hasOwnProperty', 1], ['k1', 1], ['toString', 1]])
  t.deepEqual(report.failed.map(({ user }) => user).toSorted(), ids.toSorted())
  t.deepEqual([report.records, report.plain], [5, 0])
  for (const id of ids) await refusesAll(t, fixture.service, id, unsealed(id))
})

test('wrong keys are refused by their id, and without their bytes', async (t) => {
  const store = await stores.memory()
  const good = sealKey('good')
  const open = (seal: unknown) => Countersign.open({ rp, store, seal } as never)
  const key = (bytes: number) => new Uint8Array(bytes).fill(0x77)
  const hidden = Buffer.from(key(33)).toString('base64url')
  const wrong: [seal: unknown, message: RegExp][] = [
    [{ keys: [good, { id: 'short', key: key(31) }] }, /the key "short" must be 32 secret bytes/],
    [{ keys: [{ id: 'long', key: key(33) }] }, /"long"/],
    [{ keys: [{ id: 'text', key: hidden }] }, /"text"/],
    [{ keys: [{ id: 'hex', key: 'ab'.repeat(32) }] }, /"hex"/],
    [{ keys: [{ id: 'none' }] }, /"none"/],
    [{ keys: [{ id: 'list', key: Array.from(key(32)) }] }, /"list"/],
    [{ keys: [{ id: 'string', key: Buffer.from(key(32)).toString('base64') }] }, /"string"/],
    [{ keys: [good, sealKey('good')] }, /seal\.keys must be keys with different ids \("good" is there twice\)/],
    [{ keys: [] }, /seal\.keys/],
    [{ keys: Array.from({ length: 101 }, (_, index) => sealKey(`k${index}`)) }, /seal\.keys/],
    [{ keys: [sealKey('')] }, /seal\.keys\[0\]\.id/],
    [{ keys: [sealKey('a.b')] }, /seal\.keys\[0\]\.id/],
    [{ keys: [sealKey('a'.repeat(33))] }, /seal\.keys\[0\]\.id/],
    [{ keys: [{ ...good, extra: 1 }] }, /extra/],
    [{ keys: [good], plain: 'maybe' }, /seal\.plain/],
    [{ keys: [good], Plain: 'accept' }, /seal has a member that is not an option/],
    [{}, /seal\.keys/],
    [null, /seal/],
    ['accept', /seal/],
  ]
  for (const [seal, message] of wrong) {
    for (const given of [seal, async () => seal]) {
      const error = await t.throwsAsync(open(given), { code: 'invalid-argument', message })
      t.false(/d3d3d3|777777/.test(String(error?.stack)), 'without its bytes')
    }
  }
  const mine: SealKey = { id: 'k', key: key(32) }
  await t.notThrowsAsync(open({ keys: [mine] }))
  t.deepEqual(mine.key, key(32), "the host's own bytes stay as they are")
  await t.notThrowsAsync(open({ keys: [{ id: 'a-Z_9', key: Buffer.from(key(32)).toString('base64url') }] }))
})

test('a function gives the keys: when the service opens, and once more for a key that is not known', async (t) => {
  const store = await stores.memory()
  const [old, next] = [sealKey('old'), sealKey('new')]
  let keys = [old]
  let asked = 0
  let changing = 0
  const watched = overriding(store, {
    update: (user, change) => store.update(user, (record) => {
      changing += 1
      try {
        return change(record)
      } finally {
        changing -= 1
      }
    }),
  })
  const seal = async () => {
    asked += 1
    t.is(changing, 0, 'never inside of a change')
    return { keys: keys.map(({ id, key }) => ({ id, key: Uint8Array.from(key as Uint8Array) })) }
  }
  const fixture = await Fixture.open(watched, { seal })
  t.is(asked, 1)
  const { uri } = await fixture.enrolTotp('ann')
  const { key } = await fixture.enrolKey('ann')
  const ahead = await fixture.another({ seal: { keys: [next, old] } })
  await ahead.reseal()
  keys = [next, old]
  fixture.step()
  // The first to notice is a change, and many at once ask once.
  const code = totpAt(uri, fixture.now)
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => fixture.service.verify('ann', `totp:${code}`)))
  t.is(outcomes.filter(({ ok }) => ok).length, 1)
  t.is(asked, 2)
  const assertion = await fixture.assertion('ann', key)
  t.like(await fixture.service.verify('ann', assertion), { ok: true })
  t.regex((await store.read('ann')) as string, /^cs1\.new\./, 'the new first key seals')
  t.is(asked, 2)
  // Whoever can write to the store can't have the key service asked again and again.
  await store.update('eve', () => ({ record: `cs1.unknown.${'A'.repeat(100)}`, value: undefined }))
  for (let time = 0; time < 3; time += 1) {
    await t.throwsAsync(fixture.service.challenge('eve'), { code: 'record-sealed', message: /"unknown"/ })
    await t.throwsAsync(fixture.service.verify('eve', 'totp:123456'), { code: 'record-sealed', message: /"unknown"/ })
  }
  t.is(asked, 2)
})

test('a call that only reads asks for a key that is not known, too', async (t) => {
  const store = await stores.memory()
  const [old, next] = [sealKey('old'), sealKey('new')]
  const fixture = await Fixture.open(store, { seal: { keys: [old] } })
  await fixture.enrolTotp('ann')
  const { key } = await fixture.enrolKey('ann')
  const assertion = await fixture.assertion('ann', key)
  const reads: ((service: Countersign) => Promise<unknown>)[] = [
    (service) => service.challenge('ann'),
    (service) => service.factors('ann'),
    (service) => service.verify('ann', assertion),
  ]
  await (await fixture.another({ seal: { keys: [next, old] } })).reseal()
  for (const read of reads) {
    let asked = 0
    // The old key when the service opens, then what the host has by now.
    const seal = (known: SealKey[]) => async () => ({ keys: (asked += 1) % 2 === 1 ? [old] : known })
    await t.throwsAsync(read(await fixture.another({ seal: seal([old]) })), unsealed('new'))
    await t.notThrowsAsync(read(await fixture.another({ seal: seal([next, old]) })))
    t.is(asked, 4)
  }
})

test('an enrolment for a requirement is judged by the record that it makes', async (t) => {
  const { store, fixture } = await sealed(stores.memory)
  const enrol = async (require: object) => {
    const creation = await fixture.service.beginWebauthn('ann', { name: 'ann', displayName: 'Ann' })
    const response = new TestAuthenticator().create(creation, { origin })
    return fixture.service.finishWebauthn('ann', { response, description: '', require })
  }
  t.deepEqual(await enrol({ hardwareBound: true }), { ok: false, reason: 'authenticator-refused' })
  t.is(await store.read('ann'), undefined)
  t.like(await enrol({ phishingResistant: true }), { ok: true })
  t.regex((await store.read('ann')) as string, /^cs1\.k1\./)
  t.is((await fixture.service.factors('ann')).length, 1)
})

test('a key service that fails is a store that failed, and nobody gets in', async (t) => {
  const store = await stores.memory()
  const key = sealKey('k1')
  let down = new Error('the key service is down') as Error | undefined
  const seal = () => {
    if (down) throw down
    return { keys: [key] }
  }
  const failed = await t.throwsAsync(Countersign.open({ rp, store, seal }), { code: 'store-failed' })
  t.is((failed as { cause?: Error }).cause?.message, 'the key service is down')
  down = undefined
  const fixture = await Fixture.open(store, { seal, now: () => start })
  await store.update('eve', () => ({ record: `cs1.unknown.${'A'.repeat(100)}`, value: undefined }))
  down = new Error('down again')
  await t.throwsAsync(fixture.service.challenge('eve'), { code: 'store-failed' })
  await t.throwsAsync(fixture.service.challenge('eve'), { code: 'record-sealed' })
  await t.throwsAsync(fixture.service.removeFactors('eve'), { code: 'record-sealed' })
})
