import test from 'ava'

import { memoryStore } from '../../facade/stores/index.js'
import { verifyYubicoOtp, yubicoPublicId } from '../../facade/stateless/yubico.js'
import type { YubicoSecrets } from '../../facade/stateless/yubico.js'
import { CountersignError } from '../../index.js'
import type { YubicoOptions } from '../../index.js'
import { Fixture } from '../helpers/service.js'
import { stores } from '../helpers/stores.js'
import { key, otp, publicId, uid } from '../helpers/yubico-key.js'
import { invalidArgument } from '../helpers/invalid-argument.js'

const user = 'ann'

async function seeded(store = memoryStore(), secrets: YubicoOptions['secrets'] = () => ({ key, uid })) {
  const fixture = await Fixture.open(store, { yubico: { secrets } })
  const id = '82cb7cfe-e760-4982-b043-0d499c4a1384'
  const record = JSON.stringify({ yubico: [{ id, description: 'yk', created: 1_795_379_895, entry: publicId }] })
  for (const name of [user, 'root']) await store.update(name, () => ({ record, value: undefined }))
  return fixture
}

for (const [name, makeStore] of Object.entries(stores)) {
  test(`${name}: an OTP signs in once, later ones after it`, async (t) => {
    const { service } = await seeded(await makeStore())
    t.true((await service.challenge(user))!.yubico)
    const code = otp(3, 1)
    const answers = await Promise.all(Array.from({ length: 20 }, () => service.verify(user, { type: 'yubico', code })))
    t.is(answers.filter(({ ok }) => ok).length, 1)
    t.deepEqual(await service.verify(user, `yubico:${otp(3, 0)}`), { ok: false, reason: 'rejected' })
    t.like(await service.verify(user, `yubico:${otp(3, 2).toUpperCase()}`), { ok: true, factor: { type: 'yubico' } })
    t.is((await service.status(user)).failures, 0)
  })

  test(`${name}: an OTP of a key that two users hold signs in one of them, once`, async (t) => {
    const fixture = await seeded(await makeStore())
    const services = [fixture.service, await fixture.another()]
    const enter = (who: string, code: string, service = services[0]!) => service.verify(who, { type: 'yubico', code })
    const both = Array.from({ length: 12 }, (_, index) => enter(index % 2 ? user : 'root', otp(3, 1), services[index % 3 && 1]))
    t.is((await Promise.all(both)).filter(({ ok }) => ok).length, 1)
    t.true((await enter(user, otp(4, 1))).ok)
    for (const earlier of [otp(4, 1), otp(4, 0), otp(3, 9)]) {
      t.deepEqual(await enter('root', earlier), { ok: false, reason: 'rejected' })
      t.is(fixture.events.at(-1)?.reason, 'code-reused')
      t.is(fixture.events.at(-1)?.user, 'root')
    }
    t.is((await services[1]!.status('root')).failures, 0, 'a used code is no guess')
    t.true((await enter('root', otp(4, 2).toUpperCase())).ok)
    t.false((await enter(user, otp(4, 2))).ok)
    // Nor after the one who used it is gone.
    t.true((await enter(user, otp(5, 1))).ok)
    t.true(await services[1]!.removeUser(user))
    t.false((await enter('root', otp(5, 1), services[1])).ok)
    const names: string[] = []
    for await (const one of fixture.service.users()) names.push(one)
    t.deepEqual([names, (await fixture.service.usersPage()).users], [['root'], ['root']])
  })

  test(`${name}: eight wrong OTPs in a row lock OTPs until something lifts it`, async (t) => {
    const fixture = await seeded(await makeStore(), () => ({ key, uid: given }))
    let given: Buffer | string = '010203040507'
    const enter = async (code: string) => (await fixture.another()).verify(user, { type: 'yubico', code })
    for (let failures = 1; failures <= 8; failures++) {
      t.deepEqual(await enter(otp(1, 1)), { ok: false, reason: 'rejected' })
      t.is((await fixture.service.status(user)).yubicoFailures, failures)
    }
    given = uid
    fixture.now += 365 * 86_400_000
    t.deepEqual(await enter(otp(1, 1)), { ok: false, reason: 'locked' })
    t.deepEqual((await fixture.service.challenge(user))!.locked, ['yubico'])
    t.deepEqual((await fixture.service.status(user)).locked, ['yubico'])
    t.deepEqual(await fixture.service.unlock(user), { unlocked: true })
    t.true((await enter(otp(1, 1))).ok, 'which the refusal did not use up')
    t.is((await fixture.service.status(user)).yubicoFailures, 0)
  })
}

test('a key that was programmed anew counts anew', async (t) => {
  let secrets: YubicoSecrets = { key, uid }
  const { service, store } = await seeded(memoryStore(), () => secrets)
  t.true((await service.verify(user, `yubico:${otp(9, 1)}`)).ok)
  t.false((await service.verify('root', `yubico:${otp(8, 1)}`)).ok)
  const anew = Buffer.from('060504030201', 'hex')
  secrets = { key, uid: anew }
  t.true((await service.verify('root', `yubico:${otp(1, 1, publicId, anew)}`)).ok)
  const counters: string[] = []
  for await (const name of store.users()) if (name.startsWith('countersign:yubico:')) counters.push(name)
  t.is(counters.length, 2)
})

test('no user can have the name of a key’s counter', async (t) => {
  const { service } = await seeded()
  const name = `countersign:yubico:${publicId}:x`
  for (const call of [service.status(name), service.factors(name), service.removeUser(name)]) {
    await t.throwsAsync(call, { message: invalidArgument('user'), code: 'invalid-argument' })
  }
})

test('secrets are asked for only for a key that the user has', async (t) => {
  const asked: string[][] = []
  const fixture = await seeded(memoryStore(), async (...names) => {
    asked.push(names)
    return undefined
  })
  for (const code of ['', 'x', otp(1, 1, 'cccccccdjiij'), otp(1, 1)]) {
    t.false((await fixture.service.verify(user, { type: 'yubico', code })).ok)
    t.false((await fixture.service.verify('nobody', { type: 'yubico', code })).ok)
  }
  t.deepEqual(asked, [[publicId, user]])
  t.is(fixture.events.at(-2)?.reason, 'key-missing')
  t.is((await fixture.service.status(user)).failures, 1, "another user's key counts, an unknown secret does not")
})

test('wrong OTPs count towards the lock', async (t) => {
  const { service } = await seeded(memoryStore(), () => ({ key: 'ff'.repeat(16), uid }))
  t.deepEqual(await service.verify(user, `yubico:${otp(1, 1)}`), { ok: false, reason: 'rejected' })
  t.is((await service.status(user)).failures, 1)
})

test('a look-up that fails is a failure of the host, and nobody gets in', async (t) => {
  const cause = new Error('vault')
  const { service } = await seeded(memoryStore(), () => {
    throw cause
  })
  const err = await t.throwsAsync(service.verify(user, `yubico:${otp(1, 1)}`), { instanceOf: CountersignError })
  t.is(err!.code, 'store-failed')
  t.is(err!.cause, cause)
  for (const [secrets, name] of [
    ['hunter2', 'yubico.secrets'],
    [{ key: 'hunter2' }, 'yubico.secrets.key'],
    [{ key, uid: key }, 'yubico.secrets.uid'],
    [{ key }, 'yubico.secrets.uid'],
    [{}, 'yubico.secrets.key'],
  ] as const) {
    const wrong = await seeded(memoryStore(), () => secrets as unknown as YubicoSecrets)
    const err = await t.throwsAsync(wrong.service.verify(user, `yubico:${otp(1, 1)}`), { instanceOf: CountersignError })
    t.true(invalidArgument(name)(err!.message), err!.message)
    if (name.endsWith('uid')) t.regex(err!.message, /private id .*program the key again/)
    t.is((await wrong.service.status(user)).failures, 0)
  }
  // A key that is not known, as databases say it.
  for (const none of [null, undefined]) {
    const { service, events } = await seeded(memoryStore(), () => none)
    t.deepEqual(await service.verify(user, `yubico:${otp(1, 1)}`), { ok: false, reason: 'rejected' })
    t.is(events.at(-1)!.reason, 'key-missing')
    t.is((await service.status(user)).failures, 0)
  }
})

test('without the option it is neither offered nor accepted', async (t) => {
  const { store } = await seeded()
  const { service } = await Fixture.open(store)
  t.deepEqual(Object.keys((await service.challenge(user))!), ['id'])
  t.deepEqual(await service.verify(user, `yubico:${otp(1, 1)}`), { ok: false, reason: 'rejected' })
  t.is((await service.status(user)).failures, 0)
})

test('without a store: the published vector', (t) => {
  const typed = 'dvgtiblfkbgturecfllberrvkinnctnn'
  const accepted = { publicId: '', counter: { use: 1, session: 1 } }
  t.deepEqual(verifyYubicoOtp({ otp: typed, key, uid }), accepted)
  const folded = { otp: ` ${typed.toUpperCase()}\n`, key: key.toString('hex').toUpperCase() }
  t.deepEqual(verifyYubicoOtp({ ...folded, uid }), accepted)
  t.deepEqual(verifyYubicoOtp({ otp: typed, key, uid, lastCounter: { use: 1, session: 0 } }), accepted)
  t.is(verifyYubicoOtp({ otp: typed, key, uid, lastCounter: { use: 1, session: 1 } }), null)
  t.is(verifyYubicoOtp({ otp: typed, key: new Uint8Array(16), uid }), null)
  t.is(verifyYubicoOtp({ otp: typed, key, uid: '010203040507' }), null)
  t.is(yubicoPublicId(typed), '')
  t.is(yubicoPublicId(otp(1, 1).toUpperCase()), publicId)
  for (const none of [undefined, null, 7, {}, '', 'x', typed.slice(1), '\ud800']) {
    t.is(verifyYubicoOtp({ otp: none, key, uid }), null)
    t.is(yubicoPublicId(none), null)
  }
})

test('arguments of the host are checked by name', (t) => {
  const refused = (name: string, options: unknown) => {
    const err = t.throws(() => verifyYubicoOtp(options as never), { instanceOf: CountersignError })
    t.true(invalidArgument(name)(err!.message), err!.message)
  }
  refused('key', { otp: '' })
  refused('key', { otp: '', key: 'hunter2' })
  refused('key', { otp: '', key: new Uint8Array(15) })
  refused('uid', { otp: '', key, uid: '' })
  refused('uid', { otp: '', key })
  refused('lastCounter.use', { otp: '', key, uid, lastCounter: { use: -1, session: 0 } })
  refused('lastCounter.session', { otp: '', key, uid, lastCounter: { use: 0, session: 256 } })
  refused('lastCount', { otp: '', key, uid, lastCount: {} })
})
