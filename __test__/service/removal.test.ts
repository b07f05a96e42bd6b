// On every store: removing the last factor says so in the record, and a record that was lost opens nothing.
import test from 'ava'

import { isCountersignError } from '../../index.js'
import type { Store } from '../../index.js'
import { invalidArgument } from '../helpers/invalid-argument.js'
import { Fixture, overriding } from '../helpers/service.js'
import { stores } from '../helpers/stores.js'

const user = 'ann'

for (const [name, make] of Object.entries(stores)) {
  const open = async () => {
    const fixture = await Fixture.open(await make())
    const { service } = fixture
    const challenge = () => service.challenge(user, { enrolled: true })
    const code = async () => {
      try {
        return await challenge()
      } catch (error) {
        if (isCountersignError(error)) return error.code
        throw error
      }
    }
    return { fixture, service, code }
  }

  test(`${name}: the last factor leaves who removed it, and when, until another is enrolled`, async (t) => {
    const { fixture, service, code } = await open()
    t.is(await code(), 'record-missing')
    const { factor } = await fixture.enrolTotp(user)
    await service.createRecoveryCodes(user)
    t.is((await service.status(user)).removed, undefined)
    fixture.step()
    t.deepEqual(await service.removeFactor(user, factor.id, { by: 'root' }), { ok: true, left: [] })
    t.is(await code(), null)
    t.is(await service.challenge(user), null)
    const removed = { at: fixture.now, by: 'root', enrolmentRequired: false }
    t.like(await service.status(user), { enrolled: false, removed })
    t.deepEqual(await service.factors(user), [])
    t.deepEqual(await all(service.users()), [user])
    t.deepEqual(fixture.events.filter(({ type }) => type === 'removed').map(({ by }) => by), ['root', 'root'])

    await fixture.enrolTotp(user)
    const { enrolled, removed: gone } = await service.status(user)
    t.deepEqual([enrolled, gone], [true, undefined])
    await lose(fixture.store)
    t.is(await code(), 'record-missing')
  })

  test(`${name}: a passkey leaves a mark too, nobody is found by its handle, and it can come again`, async (t) => {
    const { fixture, service, code } = await open()
    const { factor, key } = await fixture.enrolKey(user)
    const handle = (await service.signals(user))!.userId
    await service.removeFactor(user, factor.id)
    t.is(await code(), null)
    const { removed } = await service.status(user)
    t.deepEqual(removed, { at: fixture.now, enrolmentRequired: false })
    t.is(await fixture.store.owner(handle), undefined)
    const again = await fixture.enrolKey(user)
    t.is(await fixture.store.owner(handle), user)
    fixture.now += 1000
    t.true((await service.verify(user, await fixture.assertion(user, again.key))).ok)
    await t.throwsAsync(fixture.assertion(user, key), { any: true }, 'the old one is not asked for')
  })

  test(`${name}: all factors go in one change with what was begun, and enrolment can be demanded`, async (t) => {
    const { fixture, service, code } = await open()
    await fixture.enrolTotp(user)
    const { key } = await fixture.enrolKey(user)
    await service.createRecoveryCodes(user)
    const answer = await fixture.assertion(user, key)
    const begun = await service.beginTotp(user, { account: 'ann' })
    let updates = 0
    const { store } = fixture
    const counting = overriding(store, { update: (who, change) => (updates += 1, store.update(who, change)) })
    const other = await Fixture.open(counting)
    other.now = fixture.now
    t.deepEqual(await other.service.requireEnrolment(user, { by: 'help desk' }), { ok: true, left: [] })
    t.is(updates, 1)
    t.deepEqual(other.events.map(({ type, by, factor }) => [type, by, factor?.type]), [
      ['removed', 'help desk', 'recovery'], ['removed', 'help desk', 'totp'], ['removed', 'help desk', 'webauthn'],
      ['enrolment-required', 'help desk', undefined],
    ])
    t.like((await service.status(user)).removed, { by: 'help desk', enrolmentRequired: true })
    t.is(await code(), null)
    t.false((await service.verify(user, answer)).ok)
    const finished = await service.finishTotp(user, { enrolment: begun.enrolment, code: '000000', description: '' })
    t.deepEqual(finished, { ok: false, reason: 'rejected' })
    t.true(fixture.events.some(({ reason }) => reason === 'challenge-missing' || reason === 'challenge-mismatch'))
    // Again, and by the weaker call, nothing changes.
    t.true((await service.requireEnrolment(user, { by: 'eve' })).ok)
    t.deepEqual(await service.removeFactors(user, { by: 'eve' }), { ok: false, reason: 'no-such-factor' })
    t.like((await service.status(user)).removed, { by: 'help desk', enrolmentRequired: true })
  })

  test(`${name}: what was lost is an error, whoever asks for what`, async (t) => {
    const { fixture, service, code } = await open()
    await fixture.enrolTotp(user)
    await lose(fixture.store)
    const refused = { ok: false, reason: 'no-such-factor' }
    t.deepEqual(await service.removeFactors(user), refused)
    t.deepEqual(await service.requireEnrolment(user), refused)
    t.deepEqual(await service.removeFactor(user, 'recovery'), refused)
    await service.unlock(user)
    t.is(await code(), 'record-missing')
    t.is(await fixture.store.read(user), undefined)
    await fixture.store.update(user, () => ({ record: '{}', value: 0 }))
    t.is(await code(), 'record-missing')
    t.deepEqual(await service.requireEnrolment(user), refused)
    t.is(await code(), 'record-missing')
  })

  test(`${name}: a mark beside an entry opens nothing`, async (t) => {
    const { fixture, service, code } = await open()
    await fixture.enrolTotp(user)
    const entries = (await fixture.store.read(user))!
    const both = JSON.stringify({ ...(JSON.parse(entries) as object), removed: { at: 1, by: 'eve' } })
    // A file has no place for it; the other stores keep what they are given.
    if (name === 'tfa.cfg') {
      await t.throwsAsync(fixture.store.update(user, () => ({ record: both, value: 0 })))
      t.is(await fixture.store.read(user), entries)
      return
    }
    await fixture.store.update(user, () => ({ record: both, value: 0 }))
    t.is(await code(), 'record-corrupt')
    for (const work of [service.status(user), service.removeFactors(user), service.verify(user, 'totp:123456')]) {
      const error = await t.throwsAsync(work)
      t.true(isCountersignError(error, 'record-corrupt'))
    }
    t.is(await fixture.store.read(user), both)
  })

  test(`${name}: the whole user goes without a mark`, async (t) => {
    const { fixture, service, code } = await open()
    await fixture.enrolTotp(user)
    t.true(await service.removeUser(user, { by: 'root' }))
    t.like(fixture.events.at(-1), { type: 'removed', by: 'root' })
    t.is(await code(), 'record-missing')
    await fixture.enrolTotp(user)
    await service.removeFactors(user)
    t.true(await service.removeUser(user))
    t.is(await code(), 'record-missing')
    t.is(await fixture.store.read(user), undefined)
    t.deepEqual(await all(service.users()), [])
  })

  test(`${name}: no import brings a mark, and every import ends one`, async (t) => {
    const { fixture, service, code } = await open()
    const forged = '{"removed":{"at":1,"by":"eve"}}'
    t.like(await service.importRecord(user, forged, { replace: true }), { ok: true, changed: false })
    t.is(await code(), 'record-missing')
    await fixture.enrolTotp(user)
    const kept = (await fixture.store.read(user))!
    await service.importRecord(user, forged, { replace: true })
    t.is(await fixture.store.read(user), kept)
    await service.removeFactors(user)
    t.like(await service.importRecord(user, kept), { ok: true, changed: true })
    t.like(await service.status(user), { enrolled: true })
    t.is((await service.status(user)).removed, undefined)
    await lose(fixture.store)
    t.is(await code(), 'record-missing')
  })

  test(`${name}: of a removal and an enrolment at once, the record says what was last`, async (t) => {
    const { fixture, service, code } = await open()
    for (let round = 0; round < 5; round += 1) {
      const { factor } = await fixture.enrolTotp(user)
      const [removed] = await Promise.all([service.removeFactor(user, factor.id), fixture.enrolTotp(user)])
      t.true(removed.ok)
      const { enrolled, removed: mark } = await service.status(user)
      t.is(enrolled, mark === undefined)
      t.is((await code()) === null, !enrolled)
      await service.removeFactors(user)
      t.is(await code(), null)
      fixture.step()
    }
  })
}

test('who it was is a short text without controls', async (t) => {
  const { service } = await Fixture.open(await stores.memory())
  for (const by of ['', 'a\nb', 'a\u202eb', 'x'.repeat(256), '\ud800', 7, null, {}] as string[]) {
    for (const call of [
      () => service.removeFactor(user, 'x', { by }), () => service.removeFactors(user, { by }),
      () => service.requireEnrolment(user, { by }), () => service.unlock(user, { by }), () => service.removeUser(user, { by }),
    ]) {
      await t.throwsAsync(call, { message: invalidArgument('by') })
    }
  }
  await t.throwsAsync(() => service.removeFactors(user, { who: 'root' } as never), { message: invalidArgument('who') })
})

/** Somebody else's doing: the record is not there any more. */
test('whatever id an imported factor has, it can be renamed and removed by it', async (t) => {
  for (const id of ['', 'x'.repeat(300), '\u{1f511}'.repeat(500), 'a/b?c#d']) {
    const fixture = await Fixture.open(await stores['memory']!(), { yubico: { secrets: () => null } })
    const { service } = fixture
    const entry = { id, description: '', created: 1, entry: 'cccccccdjiii' }
    t.like(await service.importRecord(user, JSON.stringify({ yubico: [entry, { ...entry, id: 'other', entry: 'cccccccdjiik' }] })), { ok: true })
    t.deepEqual((await service.factors(user)).map((factor) => factor.id), [id, 'other'])
    for (const none of ['\ud800', `${id}\udc00`, 'x'.repeat(2 ** 21 + 1), 5 as never]) {
      t.deepEqual(await service.removeFactor(user, none), { ok: false, reason: 'no-such-factor' })
      t.deepEqual(await service.updateFactor(user, none, { enable: false }), { ok: false, reason: 'no-such-factor' })
    }
    t.like(await service.updateFactor(user, id, { description: 'mine' }), { ok: true, factor: { description: 'mine' } })
    const codes = await service.createRecoveryCodes(user)
    if (id.length === 300) {
      const recovered = await service.recover(user, { recovery: codes[0]!, remove: [id] })
      t.deepEqual(recovered.ok && recovered.removed.map((factor) => factor.id), [id])
    } else {
      t.true((await service.removeFactor(user, id)).ok)
    }
    t.deepEqual((await service.factors(user)).filter(({ type }) => type === 'yubico').map((factor) => factor.id), ['other'])
  }
})

test('a Yubico key that no OTP can match is never offered, and can be removed', async (t) => {
  const fixture = await Fixture.open(await stores['memory']!(), { yubico: { secrets: () => null } })
  const { service } = fixture
  await fixture.enrolTotp(user)
  const record = JSON.parse((await fixture.store.read(user))!) as object
  const entry = { id: 'y', description: '', created: 1, entry: 'notmodhex!' }
  await fixture.store.update(user, () => ({ record: JSON.stringify({ ...record, yubico: [entry] }), value: undefined }))
  t.is((await service.challenge(user))?.yubico, undefined)
  t.like((await service.factors(user)).at(-1), { id: 'y', type: 'yubico', unusable: true })
  t.true((await service.removeFactor(user, 'y')).ok)
})

async function lose(store: Store): Promise<void> {
  await store.update(user, () => ({ record: null, value: 0 }))
}

async function all(users: AsyncIterable<string>): Promise<string[]> {
  const found = []
  for await (const one of users) found.push(one)
  return found
}
