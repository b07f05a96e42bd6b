import test from 'ava'

import { isCountersignError } from '../../index.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import type { TestAlgorithm } from '../../facade/testing/test-authenticator.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { Fixture, origin, overriding, rp, start, wrongCode } from '../helpers/service.js'
import { stores } from '../helpers/stores.js'

const user = 'ann'

for (const [name, makeStore] of Object.entries(stores)) {
  test(`${name}: TOTP, from enrolment to sign-in`, async (t) => {
    const fixture = await Fixture.open(await makeStore())
    const { service } = fixture
    t.is(await service.challenge(user), null)
    const begun = await service.beginTotp(user, { account: 'ann@example.com' })
    t.regex(decodeURIComponent(begun.uri), /^otpauth:\/\/totp\/Example:ann@example\.com\?secret=[A-Z2-7]{32}&/)
    t.true(begun.uri.includes(begun.secret))
    t.regex(begun.qr, /<svg/)
    t.deepEqual(await service.factors(user), [])
    const wrong = await service.finishTotp(
      user, { enrolment: begun.enrolment, code: wrongCode(begun.uri, start), description: 'phone' },
    )
    t.deepEqual(wrong, { ok: false, reason: 'rejected' })
    const code = totpAt(begun.uri, start)
    const enrolled = await service.finishTotp(user, { enrolment: begun.enrolment, code, description: 'phone' })
    t.true(enrolled.ok)
    const [factor] = await service.factors(user)
    t.like(factor, { type: 'totp', description: 'phone', created: start, enabled: true })
    t.regex(factor?.id ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-4/)
    const challenge = await service.challenge(user)
    t.like(challenge, { totp: true })
    t.is(challenge?.webauthn, undefined)
    t.deepEqual(await service.verify(user, `totp:${code}`), { ok: false, reason: 'rejected' })
    fixture.step()
    const outcome = await service.verify(user, { type: 'totp', code: totpAt(begun.uri, fixture.now) })
    const assurance = {
      amr: ['otp'], level: 1, phishingResistant: false, userVerified: false, deviceBound: false, hardwareBound: false, at: fixture.now,
    } as const
    t.deepEqual(outcome, { ok: true, factor: { id: factor?.id ?? '', type: 'totp', description: 'phone' }, assurance } as never)
    t.is((await service.factors(user))[0]?.lastUsed, fixture.now)
    t.deepEqual(
      fixture.events.map(({ type }) => type),
      ['rejected', 'enrolled', 'rejected', 'verified'],
    )
  })

  for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as TestAlgorithm[]) {
    test(`${name}: WebAuthn with ${algorithm}, from registration to sign-in`, async (t) => {
      const fixture = await Fixture.open(await makeStore())
      const { service } = fixture
      const { factor, key } = await fixture.enrolKey(user, { algorithm, userVerified: true })
      t.like(factor, { type: 'webauthn', description: 'key', transports: ['usb'], backupEligible: false })
      const answer = await fixture.assertion(user, key)
      const outcome = await service.verify(user, answer)
      t.like(outcome, { ok: true, factor: { id: factor.id, type: 'webauthn' }, userVerified: true })
      t.deepEqual(await service.verify(user, answer), { ok: false, reason: 'rejected' })
      const text = `webauthn:${JSON.stringify((await fixture.assertion(user, key)).response)}`
      t.true((await service.verify(user, text)).ok)
    })
  }

  test(`${name}: recovery codes, each good once`, async (t) => {
    const fixture = await Fixture.open(await makeStore())
    const { service } = fixture
    await t.throwsAsync(service.createRecoveryCodes(user), { code: 'factor-required' })
    await fixture.enrolTotp(user)
    const codes = await service.createRecoveryCodes(user)
    t.is(new Set(codes).size, 10)
    for (const code of codes) t.regex(code, /^[0-9a-f]{4}(-[0-9a-f]{4}){3}$/)
    t.deepEqual((await service.challenge(user))?.recovery, { left: 10 })
    const typed = ` ${codes[3]?.toUpperCase().replaceAll('-', '')} `
    t.like(await service.verify(user, { type: 'recovery', code: typed }), { ok: true, recoveryCodesLeft: 9 })
    t.deepEqual(await service.verify(user, { type: 'recovery', code: codes[3] }), { ok: false, reason: 'rejected' })
    t.is((await service.status(user)).recoveryCodesLeft, 9)
    const renewed = await service.createRecoveryCodes(user)
    t.deepEqual(await service.verify(user, { type: 'recovery', code: codes[0] }), { ok: false, reason: 'rejected' })
    t.true((await service.verify(user, { type: 'recovery', code: renewed[0] })).ok)
    const [totp] = (await service.factors(user)).filter(({ type }) => type === 'totp')
    t.deepEqual(await service.removeFactor(user, totp?.id ?? ''), { ok: true, left: [] })
    t.is(await service.challenge(user), null)
  })

  test(`${name}: factors are renamed, disabled and removed`, async (t) => {
    const fixture = await Fixture.open(await makeStore())
    const { service } = fixture
    const { factor } = await fixture.enrolTotp(user)
    const { factor: second, key } = await fixture.enrolKey(user)
    t.like(await service.updateFactor(user, factor.id, { description: 'new phone' }), {
      ok: true,
      factor: { description: 'new phone' },
    })
    t.like(await service.updateFactor(user, second.id, { enable: false }), { ok: true, factor: { enabled: false } })
    t.deepEqual(await service.updateFactor(user, factor.id, { enable: false }), { ok: false, reason: 'last-factor' })
    t.deepEqual(await service.updateFactor(user, 'nobody', { enable: false }), { ok: false, reason: 'no-such-factor' })
    t.is((await service.challenge(user))?.webauthn, undefined)
    t.true((await service.removeFactor(user, factor.id)).ok)
    const challenge = await service.challenge(user)
    t.truthy(challenge, 'a disabled factor is still a factor')
    t.is(challenge?.totp, undefined)
    t.true((await service.updateFactor(user, second.id, { enable: true })).ok)
    t.true((await service.verify(user, await fixture.assertion(user, key))).ok)
    t.deepEqual(await service.removeFactor(user, second.id), { ok: true, left: [] })
  })

  test(`${name}: pages of users go on, whoever goes meanwhile`, async (t) => {
    const fixture = await Fixture.open(await makeStore())
    const { service } = fixture
    const people = ['ann', 'ä', 'Ann', ...Array.from({ length: 9 }, (_, index) => `user ${index}`)]
    for (const person of people) await fixture.enrolTotp(person)
    const seen: string[] = []
    for (let after: string | undefined; ;) {
      const { users, next } = await service.usersPage({ limit: 5, ...(after !== undefined && { after }) })
      t.true(users.length === 5 || next === null)
      seen.push(...users)
      if (next === null) break
      t.is(next, users.at(-1)!)
      // The very user whom the next page comes after.
      await service.removeUser(next)
      after = next
    }
    t.deepEqual(seen.toSorted(), people.toSorted())
    const left = (await service.usersPage()).users
    t.is(left.length, 10)
    t.deepEqual(await service.usersPage({ after: left[3]!, limit: 6 }), { users: left.slice(4), next: null })
    for (const wrong of [{ after: '' }, { after: '\ud800' }, { limit: 0 }, { limit: 1001 }, { offset: 1 }]) {
      await t.throwsAsync(service.usersPage(wrong), { code: 'invalid-argument' })
    }
    // PostgreSQL holds no NUL, but knows what comes after it.
    await t.notThrowsAsync(service.usersPage({ after: 'a\u0000' }))
  })

  test(`${name}: users come and go`, async (t) => {
    const fixture = await Fixture.open(await makeStore())
    const { service } = fixture
    const people = ['ann', '../../etc/passwd', 'CON', '😀'.repeat(64), '__proto__']
    // PostgreSQL and SQLite hold no NUL, and say so.
    if (!/^(?:postgres|sqlite)/.test(name)) people.push('a\u0000b')
    for (const person of people) await fixture.enrolTotp(person)
    const found: string[] = []
    for await (const person of service.users()) found.push(person)
    t.deepEqual(found.sort(), [...people].sort())
    const open = await service.beginWebauthn('ann', { name: 'ann', displayName: 'Ann' })
    t.true(await service.removeUser('ann'))
    t.false(await service.removeUser('ann'))
    const response = new TestAuthenticator().create(open, { origin })
    t.deepEqual(await service.finishWebauthn('ann', { response, description: '' }), { ok: false, reason: 'rejected' })
    t.is(await service.challenge('ann'), null)
    await t.throwsAsync(service.challenge('ann', { enrolled: true }), { code: 'record-missing' })
    t.true((await service.challenge('CON', { enrolled: true }))?.totp)
  })

  test(`${name}: a TOTP code and a recovery code remove the lost key, once`, async (t) => {
    const fixture = await Fixture.open(await makeStore())
    const { service, events } = fixture
    const { uri } = await fixture.enrolTotp(user)
    const { factor, key } = await fixture.enrolKey(user)
    const [recovery, other] = await service.createRecoveryCodes(user)
    fixture.step()
    const totp = totpAt(uri, fixture.now)
    const open = await fixture.assertion(user, key)
    for (const codes of [{ totp: wrongCode(uri, fixture.now), recovery }, { totp: 'x', recovery }, { totp, recovery: 7 }]) {
      t.false((await service.reset(user, codes)).ok)
    }
    t.is((await service.status(user)).failures, 1)
    events.length = 0
    // All at once: one of them gets it.
    const outcomes = await Promise.all([1, 2, 3].map(() => service.reset(user, { totp, recovery })))
    const [reset, ...more] = outcomes.filter(({ ok }) => ok)
    t.deepEqual(more, [])
    if (!reset?.ok) return t.fail()
    t.deepEqual(reset.removed.map(({ id }) => id), [factor.id])
    t.deepEqual(reset.left.map(({ type }) => type), ['recovery', 'totp'])
    t.is(reset.recoveryCodesLeft, 9)
    const told = events.filter(({ type }) => type !== 'rejected').map(({ type }) => type)
    t.deepEqual(told, ['verified', 'verified', 'recovery-code-used', 'removed'])
    t.deepEqual(await service.verify(user, open), { ok: false, reason: 'rejected' })
    t.deepEqual(await service.verify(user, { type: 'recovery', code: recovery }), { ok: false, reason: 'rejected' })
    t.true((await service.verify(user, { type: 'recovery', code: other })).ok)
    t.deepEqual(await service.reset(user, { totp, recovery, remove: [7 as never] }), { ok: false, reason: 'malformed' })
    t.deepEqual(await service.reset('nobody', { totp, recovery }), { ok: false, reason: 'rejected' })
  })

  test(`${name}: enrolment during a sign-in is the first one or none`, async (t) => {
    const fixture = await Fixture.open(await makeStore())
    const { service } = fixture
    const begun = await service.beginTotp(user, { account: 'ann' })
    await fixture.enrolKey(user)
    const code = totpAt(begun.uri, start)
    const enrolled = await service.finishTotp(
      user, { enrolment: begun.enrolment, code, description: '', firstOnly: true },
    )
    t.deepEqual(enrolled, { ok: false, reason: 'not-first' })
    t.is((await service.factors(user)).length, 1)
  })

  // That file refuses to hold one: see tfa-config-store.test.ts for a file that is corrupt as a whole.
  if (name === 'tfa.cfg') continue
  // A tfa.cfg holds objects alone: its own tests have what else can be there.
  if (name !== 'tfa.cfg') {
    test(`${name}: a text that is no record is an error that names the user and stays as it was`, async (t) => {
      const store = await makeStore()
      const { service } = await Fixture.open(store)
      await store.update(user, () => ({ record: '["hunter2"]', value: 0 }))
      const calls = [
        () => service.factors(user),
        () => service.challenge(user),
        () => service.status(user),
        () => service.verify(user, 'totp:123456'),
        () => service.verify(user, { type: 'webauthn', response: { id: 'AA' } }),
        () => service.unlock(user),
        () => service.createRecoveryCodes(user),
      ]
      for (const call of calls) {
        const err = await t.throwsAsync(call)
        t.true(isCountersignError(err, 'record-corrupt'))
        t.regex(err.message, /user "ann"/)
        t.notRegex(err.message, /hunter2/)
      }
      t.is(await store.read(user), '["hunter2"]')
      t.true(await service.removeUser(user))
    })

    test(`${name}: a record that can't be used refuses its own user, is never null, and can be removed`, async (t) => {
      const store = await makeStore()
      const { service } = await Fixture.open(store)
      const large = `{"totp":[],"x":"${'a'.repeat(1_200_000)}"}`
      for (const record of ['{ "totp":7,"hunter2":1}', '{"totp":[],"totp":[]}', '{"totp-locked":"yes"}', large]) {
        await store.update(user, () => ({ record, value: 0 }))
        const [only, ...others] = await service.factors(user)
        t.like(only, { id: 'unusable-1', type: 'unknown', unusable: true, enabled: false })
        t.is(others.length, 0)
        t.true((await service.status(user)).enrolled)
        const challenge = await service.challenge(user, { enrolled: true })
        t.deepEqual(Object.keys(challenge ?? {}), ['id'])
        t.deepEqual(await service.verify(user, 'totp:123456'), { ok: false, reason: 'rejected' })
        t.deepEqual(await service.unlock(user), { unlocked: false })
        t.true(isCountersignError(await t.throwsAsync(service.createRecoveryCodes(user)), 'record-corrupt'))
        t.is(await store.read(user), record)
        t.deepEqual(await service.updateFactor(user, 'unusable-1', { enable: true }), { ok: false, reason: 'not-changeable' })
        t.like(await service.removeFactor(user, 'unusable-1'), { ok: true, left: [] })
        t.regex((await store.read(user))!, /^\{"removed":/)
        t.is(await service.challenge(user), null)
      }
    })

    test(`${name}: an entry that can't be used stays as it came beside those that work`, async (t) => {
      const store = await makeStore()
      const fixture = await Fixture.open(store)
      const { service } = fixture
      const { uri, factor } = await fixture.enrolTotp(user)
      const { credential: _, ...key } = { credential: 1, id: 'key', created: 1, entry: { cred_id: 'AAAA', transports: null } }
      const bad = `{ "id":"five",  "created":7,"description":"old app","entry":"${uri.replace('digits=6', 'digits=5')}" }`
      await store.update(user, (record) => ({
        record: record!.replace('"totp":[', `"webauthn":[${JSON.stringify(key)}],"totp":[${bad},`), value: 0,
      }))
      const held = await service.factors(user)
      t.deepEqual(held.map(({ id, type, unusable }) => ({ id, type, unusable })), [
        { id: factor.id, type: 'totp', unusable: undefined },
        { id: 'five', type: 'totp', unusable: true },
        { id: 'key', type: 'webauthn', unusable: true },
      ])
      t.like(held[1], { description: 'old app', created: 7000, enabled: false })
      const challenge = await service.challenge(user)
      t.is(challenge?.totp, true)
      t.is(challenge?.webauthn, undefined)
      fixture.step()
      t.true((await service.verify(user, { type: 'totp', code: totpAt(uri, fixture.now) })).ok)
      t.true((await store.read(user))!.includes(bad))
      t.deepEqual(await service.updateFactor(user, factor.id, { enable: false }), { ok: false, reason: 'last-factor' })
      t.like(await service.updateFactor(user, 'five', { description: 'x' }), { ok: false, reason: 'not-changeable' })
      t.like(await service.removeFactor(user, factor.id), { ok: true })
      t.deepEqual(Object.keys((await service.challenge(user))!), ['id'])
      for (const id of ['key', 'five']) t.like(await service.removeFactor(user, id), { ok: true })
      t.is(await service.challenge(user), null)
    })
  }
}

test('several relying parties share one user', async (t) => {
  const fixture = await Fixture.open(await stores.memory())
  const { service } = fixture
  const other = { id: 'other.example', name: 'Other', origins: ['https://other.example'] }
  const creation = await service.beginWebauthn(user, { name: 'ann', displayName: 'Ann', rp: other })
  t.is(creation.rp.id, 'other.example')
  const key = new TestAuthenticator()
  const response = key.create(creation, { origin: 'https://other.example' })
  t.true((await service.finishWebauthn(user, { response, description: 'key', rp: other })).ok)
  const there = await service.challenge(user, { rp: other })
  t.is(there?.webauthn?.rpId, 'other.example')
  const answer = { type: 'webauthn', response: key.get(there!.webauthn!, { origin: 'https://other.example' }) }
  t.false((await service.verify(user, answer)).ok, 'not for the default relying party')
  const again = await service.challenge(user, { rp: other })
  const right = { type: 'webauthn', response: key.get(again!.webauthn!, { origin: 'https://other.example' }) }
  t.true((await service.verify(user, right, { rp: other })).ok)
  for (let i = 0; i < 200; i++) await service.challenge(user, { rp: { ...other, id: `r${i}.example`, relatedOrigins: true } })
})

test('users and challenges may live in different engines', async (t) => {
  const [users, challenges] = [await stores.memory(), await stores.memory()]
  const fixture = await Fixture.open(users)
  fixture.service = await fixture.another({ store: { users, challenges } })
  const { key } = await fixture.enrolKey(user)
  const answer = await fixture.assertion(user, key)
  const id = JSON.parse(
    Buffer.from(answer.response.response.clientDataJSON, 'base64url').toString(),
  ).challenge as string
  t.is(await users.take(user, id, start), undefined)
  t.true((await fixture.service.verify(user, answer)).ok)
})

test('a page reads no further than it goes, where the store can begin behind a user', async (t) => {
  const endless = overriding(await stores.memory(), {
    async *usersAfter(after) {
      for (let next = Number(after) + 1; ; next += 1) yield String(next)
    },
  })
  const { service } = await Fixture.open(endless)
  t.deepEqual(await service.usersPage({ after: '41', limit: 3 }), { users: ['42', '43', '44'], next: '44' })
})

test('a store that fails makes the call fail, with its error as cause, and lets nobody in', async (t) => {
  const good = await stores.memory()
  const fixture = await Fixture.open(good)
  const { uri } = await fixture.enrolTotp(user)
  const { key } = await fixture.enrolKey(user)
  const answer = await fixture.assertion(user, key)
  fixture.step()
  const broken = new Error('disk')
  const calls = (service: typeof fixture.service): Record<string, () => Promise<unknown>> => ({
    read: () => service.challenge(user),
    put: () => service.challenge(user),
    take: () => service.verify(user, answer),
    update: () => service.verify(user, { type: 'totp', code: totpAt(uri, fixture.now) }),
    clear: () => service.removeUser(user),
    users: async () => { for await (const _ of service.users()) t.fail() },
  })
  const lies: Record<string, unknown[]> = {
    read: [7, {}, Buffer.from('{}')],
    take: [true, 7, {}],
    update: [undefined, true, { ok: true }, 7],
  }
  for (const method of ['read', 'put', 'take', 'update', 'clear', 'users'] as const) {
    const failing = (behave: () => unknown) => overriding(good, { [method]: behave })
    const ways = [() => { throw broken }, () => Promise.reject(broken)]
    for (const behave of method === 'users' ? ways.slice(0, 1) : ways) {
      const service = await fixture.another({ store: failing(behave) })
      const err = await t.throwsAsync(() => calls(service)[method]!(), { code: 'store-failed' })
      t.is(err?.cause, broken)
    }
    for (const lie of lies[method] ?? []) {
      const service = await fixture.another({ store: failing(() => Promise.resolve(lie)) })
      await t.throwsAsync(() => calls(service)[method]!(), { code: 'store-failed' })
    }
  }
  t.true(
    (await fixture.service.verify(user, { type: 'totp', code: totpAt(uri, fixture.now) })).ok, 'nothing was used up',
  )
})

test('events come after the commit, and a listener that fails changes nothing', async (t) => {
  const store = await stores.memory()
  const fixture = await Fixture.open(store)
  const { uri } = await fixture.enrolTotp(user)
  for (const onEvent of [() => { throw new Error('log') }, () => Promise.reject(new Error('log')) as unknown as void]) {
    fixture.step()
    const service = await fixture.another({ onEvent })
    t.true((await service.verify(user, { type: 'totp', code: totpAt(uri, fixture.now) })).ok)
  }
  const lost = overriding(store, {
    update: async (person, change) => {
      change(await store.read(person))
      throw new Error('commit')
    },
  })
  const service = await fixture.another({ store: lost })
  fixture.step()
  const before = fixture.events.length
  await t.throwsAsync(service.verify(user, { type: 'totp', code: totpAt(uri, fixture.now) }), { code: 'store-failed' })
  t.is(fixture.events.length, before)
})

test('an event names user, time and factor, and never what was typed', async (t) => {
  const fixture = await Fixture.open(await stores.memory())
  const { uri, factor, code } = await fixture.enrolTotp(user)
  await fixture.service.verify(user, `totp:${code}`)
  await fixture.service.verify(user, 'nonsense')
  await fixture.service.removeUser(user)
  t.deepEqual(fixture.events[0], { type: 'enrolled', user, at: start, factor: { id: factor.id, type: 'totp' } })
  t.like(fixture.events[1], { type: 'rejected', user, at: start, factor: { type: 'totp' }, reason: 'code-reused' })
  t.deepEqual(fixture.events[2], { type: 'rejected', user, at: start, reason: 'malformed' })
  t.deepEqual(fixture.events[3], { type: 'removed', user, at: start })
  const text = JSON.stringify(fixture.events)
  t.false(text.includes(code))
  t.false(text.includes(new URL(uri).searchParams.get('secret') ?? code))
})

test('closing waits for what is running and refuses what comes later', async (t) => {
  const store = await stores.memory()
  let release = () => {}
  const gate = new Promise<void>((resolve) => { release = resolve })
  const slow = overriding(store, { read: (person) => gate.then(() => store.read(person)) })
  const fixture = await Fixture.open(slow)
  const running = fixture.service.factors(user)
  let closed = false
  const closing = fixture.service.close().then(() => { closed = true })
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.false(closed)
  await t.throwsAsync(fixture.service.factors(user), { code: 'closed' })
  t.throws(() => fixture.service.users(), { code: 'closed' })
  release()
  t.deepEqual(await running, [])
  await closing
  await fixture.service[Symbol.asyncDispose]()
  t.true(closed)
})

test('a clock that tells no time is an error', async (t) => {
  for (const now of [NaN, -1, 1.5, '0', undefined]) {
    const { service } = await Fixture.open(await stores.memory(), { now: () => now as number })
    await t.throwsAsync(service.status(user), { code: 'invalid-argument', message: /^Invalid argument: now must be epoch milliseconds, like Date\.now\(\): an integer from 0 to \d+$/ })
  }
})

test('the options reach the core', async (t) => {
  const fixture = await Fixture.open(await stores.memory(), {
    rp,
    totp: { digits: 8, period: 60, algorithm: 'SHA256', issuer: 'Shop' },
    recovery: { codes: 3 },
    webauthn: { userVerification: 'required', algorithms: [-257] },
    limits: { factors: 2 },
  })
  const { uri } = await fixture.enrolTotp(user)
  for (const part of ['digits=8', 'period=60', 'algorithm=SHA256', 'issuer=Shop']) t.true(uri.includes(part), part)
  t.is((await fixture.service.createRecoveryCodes(user)).length, 3)
  const creation = await fixture.service.beginWebauthn(user, { name: 'ann', displayName: 'Ann' })
  t.deepEqual(creation.pubKeyCredParams, [{ type: 'public-key', alg: -257 }])
  t.is(creation.authenticatorSelection?.userVerification, 'required')
  const key = new TestAuthenticator()
  const response = key.create(creation, { origin })
  t.deepEqual(
    await fixture.service.finishWebauthn(user, { response, description: '' }), { ok: false, reason: 'rejected' },
  )
  await fixture.enrolKey(user, { userVerified: true })
  await t.throwsAsync(fixture.enrolKey('ann', { userVerified: true }), { code: 'factor-limit' })
})
