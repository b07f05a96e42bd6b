import { createCipheriv } from 'node:crypto'

import test from 'ava'

import { memoryStore } from '../../facade/stores/index.js'
import { verifyYubicoOtp, yubicoPublicId } from '../../facade/stateless/yubico.js'
import type { YubicoSecrets } from '../../facade/stateless/yubico.js'
import { CountersignError } from '../../index.js'
import type { YubicoOptions } from '../../index.js'
import { Fixture } from '../helpers/service.js'
import { stores } from '../helpers/stores.js'
import { invalidArgument } from '../helpers/invalid-argument.js'

const user = 'ann'
const publicId = 'cccccccdjiii'
const key = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
const uid = Buffer.from('010203040506', 'hex')

/** What a key types. */
function otp(use: number, session: number, from = publicId): string {
  const block = Buffer.concat([uid, Buffer.of(use & 255, use >> 8, 1, 0, 1, session, 0x5a, 0xa5)])
  let crc = 0xffff
  for (const byte of block) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? 0x8408 : 0)
  }
  const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false)
  const sealed = cipher.update(Buffer.concat([block, Buffer.of(~crc & 255, (~crc >> 8) & 255)]))
  return from + sealed.toString('hex').replace(/./g, (digit) => 'cbdefghijklnrtuv'[parseInt(digit, 16)]!)
}

async function seeded(store = memoryStore(), secrets: YubicoOptions['secrets'] = () => ({ key, uid })) {
  const fixture = await Fixture.open(store, { yubico: { secrets } })
  const id = '82cb7cfe-e760-4982-b043-0d499c4a1384'
  const record = JSON.stringify({ yubico: [{ id, description: 'yk', created: 1_795_379_895, entry: publicId }] })
  await store.update(user, () => ({ record, value: undefined }))
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
}

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
  const { service } = await seeded(memoryStore(), () => ({ key: 'ff'.repeat(16) }))
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
    [null, 'yubico.secrets'],
    [{ key: 'hunter2' }, 'yubico.secrets.key'],
    [{ key, uid: key }, 'yubico.secrets.uid'],
    [{}, 'yubico.secrets.key'],
  ] as const) {
    const wrong = await seeded(memoryStore(), () => secrets as YubicoSecrets)
    const err = await t.throwsAsync(wrong.service.verify(user, `yubico:${otp(1, 1)}`), { instanceOf: CountersignError })
    t.true(invalidArgument(name)(err!.message), err!.message)
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
  t.deepEqual(verifyYubicoOtp({ otp: typed, key }), accepted)
  const folded = { otp: ` ${typed.toUpperCase()}\n`, key: key.toString('hex').toUpperCase() }
  t.deepEqual(verifyYubicoOtp({ ...folded, uid }), accepted)
  t.deepEqual(verifyYubicoOtp({ otp: typed, key, lastCounter: { use: 1, session: 0 } }), accepted)
  t.is(verifyYubicoOtp({ otp: typed, key, lastCounter: { use: 1, session: 1 } }), null)
  t.is(verifyYubicoOtp({ otp: typed, key: new Uint8Array(16) }), null)
  t.is(verifyYubicoOtp({ otp: typed, key, uid: '010203040507' }), null)
  t.is(yubicoPublicId(typed), '')
  t.is(yubicoPublicId(otp(1, 1).toUpperCase()), publicId)
  for (const none of [undefined, null, 7, {}, '', 'x', typed.slice(1), '\ud800']) {
    t.is(verifyYubicoOtp({ otp: none, key }), null)
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
  refused('lastCounter.use', { otp: '', key, lastCounter: { use: -1, session: 0 } })
  refused('lastCounter.session', { otp: '', key, lastCounter: { use: 0, session: 256 } })
  refused('lastCount', { otp: '', key, lastCount: {} })
})
