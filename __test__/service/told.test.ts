// What events say beyond a reason: the origins, the member that is malformed, and a clock that is off.
import test from 'ava'

import { memoryStore } from '../../facade/stores/index.js'
import { TestAuthenticator, totpAt } from '../../facade/testing/index.js'
import { HttpHost } from '../http/http-host.js'
import { Fixture, origin, wrongCode } from '../helpers/service.js'
import { stores } from '../helpers/stores.js'

const user = 'ann'
const step = 30_000

for (const [name, makeStore] of Object.entries(stores)) {
  test(`${name}: a wrong code that is right at another time says so to the host alone, once a minute`, async (t) => {
    const fixture = await Fixture.open(await makeStore())
    const { service } = fixture
    const { uri } = await fixture.enrolTotp(user)
    fixture.now += 100 * step
    const enter = (steps: number) => service.verify(user, { type: 'totp', code: totpAt(uri, fixture.now + steps * step) })
    const last = () => fixture.events.filter(({ type }) => type === 'rejected').at(-1)
    t.deepEqual(await enter(6), { ok: false, reason: 'rejected' })
    t.like(last(), { reason: 'wrong-code', drift: 6 })
    t.like(await service.status(user), { drift: 6, totpFailures: 1 })
    t.like(fixture.events.find(({ type }) => type === 'warning'), { reason: 'clock' })
    await enter(-6)
    t.is(last()?.drift, undefined, 'looked for once a minute')
    fixture.now += 60_000
    await enter(-20)
    t.is(last()?.drift, -20)
    fixture.now += 60_000
    await enter(21)
    t.is(last()?.drift, undefined)
    t.is((await service.status(user)).drift, -20)
    t.true((await enter(0)).ok)
    t.is((await service.status(user)).drift, undefined, 'a right code ends it')
  })
}

test('no drift is looked for by the code that locks, or while codes are locked', async (t) => {
  const fixture = await Fixture.open(memoryStore(), { limits: { totpFailures: 2 } })
  const { uri } = await fixture.enrolTotp(user)
  const codes = await fixture.service.createRecoveryCodes(user)
  fixture.now += 100 * step
  await fixture.service.verify(user, `totp:${wrongCode(uri, fixture.now)}`)
  fixture.now += 60_000
  const off = () => totpAt(uri, fixture.now + 9 * step)
  await fixture.service.verify(user, `totp:${off()}`)
  fixture.now += 60_000
  t.deepEqual(await fixture.service.verify(user, `totp:${off()}`), { ok: false, reason: 'locked' })
  t.deepEqual(await fixture.service.reset(user, { totp: off(), recovery: codes[0] }), { ok: false, reason: 'locked' })
  t.deepEqual(fixture.events.flatMap(({ drift }) => drift ?? []), [])
})

test('a clock that is off shows at the enrolment, and in a reset', async (t) => {
  const fixture = await Fixture.open(memoryStore())
  const { service } = fixture
  const { enrolment, uri } = await service.beginTotp(user, { account: 'ann' })
  const code = totpAt(uri, fixture.now - 4 * step)
  t.deepEqual(await service.finishTotp(user, { enrolment, code, description: '' }), { ok: false, reason: 'rejected' })
  t.like(fixture.events.at(-1), { type: 'rejected', reason: 'wrong-code', drift: -4 })
  await fixture.enrolTotp(user)
  const [recovery] = await service.createRecoveryCodes(user)
  fixture.now += 100 * step
  const enrolled = await fixture.enrolTotp(user)
  fixture.now += 100 * step
  t.false((await service.reset(user, { totp: totpAt(enrolled.uri, fixture.now + 3 * step), recovery })).ok)
  t.is(fixture.events.findLast(({ type }) => type === 'rejected')?.drift, 3)
})

test('no page hears of a drift, and administrators do', async (t) => {
  const host = (await HttpHost.open()).pending()
  const { uri } = await host.fixture.enrolTotp(user)
  host.fixture.now += 100 * step
  const answer = { type: 'totp', code: totpAt(uri, host.fixture.now + 5 * step) }
  const refused = await host.pending().client.post('/verify', { answer })
  host.verified({ admin: true })
  const own = await Promise.all([host.client.get('/factors'), host.client.get('/status')])
  for (const { body } of [refused, ...own]) t.false(JSON.stringify(body).includes('drift'))
  t.is((await host.client.get(`/admin/users/${user}`)).body.status.drift, 5)
})

test('malformed names the member, by a name of ours', async (t) => {
  const fixture = await Fixture.open(memoryStore())
  const { service, events } = fixture
  await fixture.enrolTotp(user)
  await service.createRecoveryCodes(user)
  const { key } = await fixture.enrolKey(user)
  const { response } = await fixture.assertion(user, key)
  const cases: [string | undefined, unknown][] = [
    [undefined, 7],
    [undefined, null],
    [undefined, { type: 'hunter2', code: '1' }],
    [undefined, 'hunter2:1'],
    ['code', { type: 'totp', code: 7 }],
    ['code', { type: 'totp', code: 'hunter2' }],
    ['code', { type: 'recovery', code: 'zz' }],
    ['response', { type: 'webauthn', response: 'hunter2' }],
    ['response', { type: 'webauthn', response: { ...response, response: 7 } }],
    ['id', { type: 'webauthn', response: { ...response, id: 7 } }],
    ['clientDataJSON', { type: 'webauthn', response: { ...response, response: { ...response.response, clientDataJSON: 'AAAA' } } }],
  ]
  for (const [member, answer] of cases) {
    t.deepEqual(await service.verify(user, answer), { ok: false, reason: 'malformed' }, `${member}`)
    t.like(events.at(-1), { type: 'rejected', reason: 'malformed' })
    t.is(events.at(-1)?.member, member)
  }
  await service.finishTotp(user, { enrolment: 'x', code: 7, description: '' })
  t.is(events.at(-1)?.member, 'code')
  await service.finishTotp(user, { enrolment: 'x', code: '1', description: '\n' })
  t.is(events.at(-1)?.member, 'description')
  const creation = await service.beginWebauthn(user, { name: 'ann', displayName: 'Ann' })
  const made = new TestAuthenticator().create(creation, { origin })
  const { length } = events
  const broken = { ...made, response: { ...made.response, clientDataJSON: 'AAAA' } }
  t.deepEqual(await service.finishWebauthn(user, { response: broken, description: '' }), { ok: false, reason: 'malformed' })
  t.is(events.length, length + 1, 'told once')
  t.is(events.at(-1)?.member, 'clientDataJSON')
  t.false(JSON.stringify(events).includes('hunter2'))
})
