import { Worker } from 'node:worker_threads'

import test from 'ava'
import type { ExecutionContext } from 'ava'

import { Countersign, CountersignError, errorCodes } from '../../index.js'
import { Fixture, origin, rp } from '../helpers/service.js'
import { stores } from '../helpers/stores.js'
import { memoryStore } from '../../facade/stores/index.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { invalidArgument } from '../helpers/invalid-argument.js'

const user = 'ann'
const secret = 'hunter2'

/** What a host may pass by mistake; each is wrong everywhere. */
const wrong: unknown[] = [
  null, true, 7, -1, NaN, 10n, Symbol(secret), () => secret, [secret], { secret }, new Date(), `${secret}\ud800`,
  new Map(),
  Object.create({ toString: () => secret }), new Proxy({}, {}),
]

async function refused(t: ExecutionContext, name: string, call: () => unknown): Promise<void> {
  const err = await t.throwsAsync(async () => call(), { instanceOf: CountersignError }, name)
  t.is(err?.code, 'invalid-argument', name)
  t.false(err?.message.includes(secret), name)
}

test('every argument of every method: wrong types are named, and never quoted', async (t) => {
  const { service } = await Fixture.open(memoryStore())
  for (const value of [...wrong, undefined, '', 'a'.repeat(257)] as never[]) {
    const calls: Record<string, () => unknown> = {
      beginTotp: () => service.beginTotp(value, { account: 'a' }),
      finishTotp: () => service.finishTotp(value, { enrolment: 'a', code: '1', description: '' }),
      beginWebauthn: () => service.beginWebauthn(value, { name: 'a', displayName: 'a' }),
      finishWebauthn: () => service.finishWebauthn(value, { response: {}, description: '' }),
      createRecoveryCodes: () => service.createRecoveryCodes(value),
      challenge: () => service.challenge(value, {}),
      signals: () => service.signals(value),
      verify: () => service.verify(value, 'totp:123456'),
      reset: () => service.reset(value, { totp: '123456', recovery: '0000-0000-0000-0000' }),
      recover: () => service.recover(value, { recovery: '0000-0000-0000-0000' }),
      factors: () => service.factors(value),
      updateFactor: () => service.updateFactor(value, 'id', {}),
      removeFactor: () => service.removeFactor(value, 'id'),
      status: () => service.status(value),
      unlock: () => service.unlock(value),
      removeUser: () => service.removeUser(value),
    }
    for (const [name, call] of Object.entries(calls)) {
      await refused(t, name, call)
      await t.throwsAsync(async () => call(), { message: invalidArgument('user') })
    }
  }
  for (const value of wrong as never[]) {
    const calls: Record<string, () => unknown> = {
      'beginTotp options': () => service.beginTotp(user, value),
      'beginTotp account': () => service.beginTotp(user, { account: value }),
      'beginTotp issuer': () => service.beginTotp(user, { account: 'a', issuer: value }),
      'beginTotp session': () => service.beginTotp(user, { account: 'a', session: value }),
      'beginTotp rp': () => service.beginTotp(user, { account: 'a', rp: value }),
      'finishTotp session': () => service.finishTotp(user, { enrolment: 'a', code: '1', description: '', session: value }),
      'passkey challenge session': () => service.challenge({ session: value }),
      'passkey challenge rp': () => service.challenge({ rp: value }),
      'verifyPasskey session': () => service.verifyPasskey('webauthn:{}', { session: value }),
      'signals rp': () => service.signals(user, { rp: value }),
      'beginWebauthn use': () => service.beginWebauthn(user, { name: 'a', displayName: 'a', use: value }),
      'beginWebauthn name': () => service.beginWebauthn(user, { name: value, displayName: 'a' }),
      'beginWebauthn hints': () => service.beginWebauthn(user, { name: 'a', displayName: 'a', hints: [value] }),
      'challenge purpose': () => service.challenge(user, { purpose: value }),
      'challenge session': () => service.challenge(user, { session: value }),
      'challenge rp id': () => service.challenge(user, { rp: { ...rp, id: value } }),
      'challenge origins': () => service.challenge(user, { rp: { ...rp, origins: [value] } }),
      'verify purpose': () => service.verify(user, 'totp:123456', { purpose: value }),
      'updateFactor enable': () => service.updateFactor(user, 'id', { enable: [value] as never }),
      open: () => Countersign.open(value),
      'open rp': () => Countersign.open({ rp: value, store: memoryStore() }),
      'open store': () => Countersign.open({ rp, store: value }),
    }
    for (const [name, call] of Object.entries(calls)) await refused(t, name, call)
  }
  await refused(t, 'enabled', () => service.challenge(user, { enrolled: 1 as never }))
  await refused(t, 'purpose', () => service.challenge(user, { purpose: 'register' as never }))
  await refused(t, 'misspelt', () => service.challenge(user, { enroled: true } as never))
  await refused(t, 'rp of a bad domain', () => service.challenge(user, { rp: { ...rp, id: 'EXAMPLE.com/x' } }))
})

test('everything from a client is an outcome', async (t) => {
  const fixture = await Fixture.open(memoryStore())
  const { service } = fixture
  await fixture.enrolTotp(user)
  const { key } = await fixture.enrolKey(user)
  const good = await fixture.assertion(user, key)
  const cut = (member: string, value: unknown) => ({
    ...good.response, response: { ...good.response.response, [member]: value },
  })
  const hostile: unknown[] = [
    ...wrong, undefined, '', 'totp:', `totp:${'1'.repeat(70_000)}`, 'webauthn:{}', 'u2f:{}', 'yubico:cccccc',
    'recovery:\u0000',
    ...['clientDataJSON', 'authenticatorData', 'signature', 'userHandle'].flatMap((member) =>
      [null, 7, '', '!', 'A', '====', 'é', {}, [], 'A'.repeat(60_000)].map(
        (value) => ({ type: 'webauthn', response: cut(member, value) }),
      ),
    ),
    { type: 'webauthn', response: { ...good.response, id: '__proto__' } },
    { type: 'webauthn', response: { ...good.response, type: 'password' } },
    { type: 'webauthn', response: [good.response] },
    { type: 'u2f', response: good.response },
    { type: 'totp', response: good.response },
  ]
  for (const [index, answer] of hostile.entries()) {
    const outcome = await service.verify(user, answer)
    t.false(outcome.ok, `answer ${index}`)
    t.false((await service.verifyPasskey(answer)).ok, `passkey ${index}`)
    const enrolled = await service.finishWebauthn(user, { response: answer, description: '' })
    t.false(enrolled.ok)
    t.false((await service.finishTotp(user, { enrolment: answer, code: answer, description: '' })).ok)
  }
  const response = new TestAuthenticator().create(
    await service.beginWebauthn(user, { name: 'a', displayName: 'a' }), { origin },
  )
  t.true((await service.finishWebauthn(user, { response, description: '' })).ok)
})

test.serial('polluted prototypes change nothing', async (t) => {
  const polluted = Object.prototype as Record<string, unknown>
  const fixture = await Fixture.open(memoryStore())
  const { key } = await fixture.enrolKey(user)
  const evil = {
    session: 'evil',
    enrolled: true,
    rp: { id: 'evil' },
    allowSubdomains: true,
    failure: { code: 'closed' },
    reason: 'locked',
  }
  try {
    Object.assign(polluted, evil)
    const answer = await fixture.assertion(user, key)
    t.true((await fixture.service.verify(user, answer)).ok)
    t.is(await fixture.service.challenge('nobody'), null)
    const other = await fixture.service.challenge(user)
    const foreign = key.get(other!.webauthn!, { origin: 'https://sub.example.com' })
    t.false((await fixture.service.verify(user, { type: 'webauthn', response: foreign })).ok)
  } finally {
    for (const name of Object.keys(evil)) delete polluted[name]
  }
})

for (const [name, makeStore] of Object.entries(stores)) {
  test.serial(`${name}: a polluted prototype removes no record and lends no handle`, async (t) => {
    const polluted = Object.prototype as Record<string, unknown>
    const store = await makeStore()
    const fixture = await Fixture.open(store)
    // Its clients connect now: `net` takes the members of a polluted prototype for options.
    await Promise.all([store.read(user), store.owner('none')])
    try {
      Object.assign(polluted, { record: null, handle: 'evil' })
      await fixture.enrolTotp(user)
      t.false((await fixture.service.verify(user, { type: 'totp', code: 'no code' })).ok)
      t.false(await fixture.service.removeUser('nobody'))
      t.is((await fixture.service.factors(user)).length, 1)
      t.is(await store.owner('evil'), undefined)
    } finally {
      delete polluted.record
      delete polluted.handle
    }
    t.truthy(await fixture.service.challenge(user))
  })
}

test('ids of factors that can not be are of no factor', async (t) => {
  const fixture = await Fixture.open(memoryStore())
  await fixture.enrolTotp(user)
  const ids = ['', '__proto__', 'a'.repeat(1_000_000), '\ud800', '../..', 'recovery', null, 7, {}, undefined]
  for (const id of ids as string[]) {
    t.deepEqual(await fixture.service.removeFactor(user, id), { ok: false, reason: 'no-such-factor' })
    t.deepEqual(await fixture.service.updateFactor(user, id, { enable: true }), { ok: false, reason: 'no-such-factor' })
  }
})

test('a record of a store that is no record', async (t) => {
  const store = memoryStore()
  const { service } = await Fixture.open(store)
  for (const record of [
    '', 'null', '[]', '7', '{', '\u0000', '['.repeat(10_000), `["${'a'.repeat(2_000_000)}"]`,
  ]) {
    await store.update(user, () => ({ record, value: undefined }))
    const err = await t.throwsAsync(service.factors(user), { instanceOf: CountersignError })
    t.true(['record-corrupt', 'record-too-large'].includes(err?.code ?? ''), err?.code)
    t.true((errorCodes as readonly string[]).includes(err?.code ?? ''))
    t.is(await store.read(user), record)
  }
})

test('it loads and works in several worker threads at once', async (t) => {
  const entry = new URL('../../facade/stateless/totp.js', import.meta.url).href
  const script = `
    import { parentPort } from 'node:worker_threads'
    const { generateSecret, totpCode, verifyTotp } = await import(${JSON.stringify(entry)})
    let matches = 0
    for (let i = 0; i < 500; i++) {
      const secret = generateSecret()
      if (verifyTotp({ secret, code: totpCode({ secret }, 0), at: 0 })?.step === 0) matches++
    }
    parentPort.postMessage(matches)`
  const url = new URL(`data:text/javascript,${encodeURIComponent(script)}`)
  const run = () =>
    new Promise((resolve, reject) => {
      const worker = new Worker(url)
      worker.once('message', resolve)
      worker.once('error', reject)
    })
  t.deepEqual(await Promise.all(Array.from({ length: 4 }, run)), [500, 500, 500, 500])
})
