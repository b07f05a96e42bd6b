// What a policy requires, over HTTP: the state in the session, the end of a sign-in, and the report of administrators.
import test from 'ava'

import { createHandler } from '../../facade/http/index.js'
import type { HandlerOptions } from '../../facade/http/index.js'
import { createSessions } from '../../facade/http/session.js'
import { memorySessions, memoryStore } from '../../facade/stores/index.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import type { Duty, Policy, PolicySubject } from '../../index.js'
import { Fixture, origin } from '../helpers/service.js'
import { HttpHost, user } from './http-host.js'

const day = 86_400_000
const problem = (name: string) => `urn:countersign:problem:${name}`

/** A host that gives everybody 30 days. */
async function withPolicy(
  { require = true, ...options }: Partial<HandlerOptions> & { require?: Duty['require'] } = {}, asked: PolicySubject[] = [],
) {
  const policy: Policy = (subject) => {
    asked.push(subject)
    return { require: require!, by: host.fixture.now + 30 * day }
  }
  const host: HttpHost = await HttpHost.open(options, memoryStore(), { policy })
  const session = async () => (await host.client.get('/session')).body
  return { host, session, wait: (days: number) => void (host.fixture.now += days * day) }
}

test('while there is time, a user without a factor signs in and is told how much', async (t) => {
  const { host, session, wait } = await withPolicy()
  const by = host.fixture.now + 30 * day
  host.pending()
  t.deepEqual(await session(), {
    state: 'pending', passkeys: true, yubico: false, mayEnrol: false, enforcement: { state: 'grace', require: {}, by, reminders: [] },
  })
  wait(25)
  host.pending()
  t.deepEqual((await host.client.post('/challenge')).body, { challenge: null })
  t.like(host.told.at(-1)?.outcome, { ok: true, factor: null, enforcement: { state: 'expiring', by } })
  t.like(await session(), { state: 'verified', enforcement: { state: 'expiring', by } })
})

test('afterwards the sign-in is done by an enrolment alone', async (t) => {
  const { host, session, wait } = await withPolicy()
  host.pending()
  await session()
  wait(30)
  host.pending()
  t.like(await session(), { mayEnrol: true, enforcement: { state: 'required' } })
  t.deepEqual((await host.client.post('/challenge')).body, { challenge: null })
  t.is(host.session?.state, 'pending')
  t.deepEqual(host.told, [])
  const { enrolment, uri } = (await host.client.post('/factors/totp')).body
  const proof = { enrolment, code: totpAt(uri, host.fixture.now), description: 'phone' }
  t.is((await host.client.post('/factors/totp/finish', proof)).status, 200)
  t.like(host.told.at(-1)?.outcome, { ok: true, purpose: 'enrolment', enforcement: { state: 'none' } })
  t.like(await session(), { state: 'verified', enforcement: { state: 'none', reminders: ['one-method'] } })
})

test('a weaker factor ends no sign-in: what is required has to be enrolled', async (t) => {
  const asked: PolicySubject[] = []
  const { host, session, wait } = await withPolicy({ require: { phishingResistant: true }, conditionalCreate: true }, asked)
  const { uri } = await host.fixture.enrolTotp(user)
  const codes = await host.fixture.service.createRecoveryCodes(user)
  host.pending()
  await session()
  wait(31)
  host.pending()
  t.false((await session()).mayEnrol, 'the factor that is there has to answer')
  t.is((await host.client.post('/factors/webauthn')).body.type, problem('second-factor-required'))
  const code = totpAt(uri, host.fixture.now)
  const answered = await host.client.post('/verify', { answer: { type: 'totp', code } })
  t.like(answered, { status: 200, body: { ok: true, factor: { type: 'totp' }, enrolmentRequired: true } })
  t.deepEqual(asked.at(-1)?.assurance?.amr, ['otp'])
  const enforcement = { state: 'required', require: { phishingResistant: true } }
  t.like(host.told.at(-1)?.outcome, { ok: false, reason: 'enrolment-required', purpose: 'sign-in', factor: { type: 'totp' }, enforcement })
  t.like(await session(), { state: 'pending', answered: true, mayEnrol: true, enforcement })

  // Nothing but that: not even codes or lists.
  for (const [method, path] of [['GET', '/factors'], ['GET', '/status'], ['POST', '/recovery-codes'], ['DELETE', '/factors/x']] as const) {
    t.is((await host.client.call(method, path)).body.type, problem('second-factor-required'), path)
  }
  t.is((await host.client.post('/factors/totp')).body.reason, 'authenticator-refused')
  t.is((await host.client.post('/factors/webauthn', { use: 'passkey', conditional: true })).body.type, problem('malformed-request'))
  const key = new TestAuthenticator()
  const response = key.create((await host.client.post('/factors/webauthn')).body, { origin })
  t.true((await host.client.post('/factors/webauthn/finish', { response, description: 'key' })).body.ok)
  t.like(host.told.at(-1)?.outcome, { ok: true, purpose: 'enrolment', assurance: { amr: ['otp'] }, enforcement: { state: 'none' } })
  t.like(await session(), { state: 'verified', enforcement: { state: 'none' } })

  // From now on the app signs in again, and so does a recovery code: the key is there.
  host.pending()
  t.true((await host.client.post('/verify', { answer: { type: 'recovery', code: codes[0] } })).body.ok)
  t.is(host.session?.state, 'verified')
})

test('an answer of long ago, or of a session without one, enrols nothing', async (t) => {
  const { host, session } = await withPolicy({ require: { phishingResistant: true } })
  const { uri } = await host.fixture.enrolTotp(user)
  host.pending()
  await session()
  host.fixture.now += 31 * day
  host.pending()
  await host.client.post('/verify', { answer: { type: 'totp', code: totpAt(uri, host.fixture.now) } })
  host.fixture.now += 302_000
  const late = await session()
  t.false(late.mayEnrol)
  t.false('answered' in late)
  t.is((await host.client.post('/factors/webauthn')).body.type, problem('second-factor-required'))
  t.true((await host.client.post('/verify', { answer: { type: 'totp', code: totpAt(uri, host.fixture.now) } })).body.enrolmentRequired)
  t.true((await session()).mayEnrol)
  host.session = { ...host.session!, answered: false }
  t.false((await session()).mayEnrol)
})

test('reset, a lost phone, a passkey and a remembered browser end no sign-in either', async (t) => {
  const { host, wait } = await withPolicy({ require: { deviceBound: true }, remember: true })
  const { uri } = await host.fixture.enrolTotp(user)
  const codes = await host.fixture.service.createRecoveryCodes(user)
  const passkey = new TestAuthenticator({ userVerified: true, backupEligible: true })
  const creation = await host.fixture.service.beginWebauthn(user, { name: user, displayName: user, use: 'passkey' })
  await host.fixture.service.finishWebauthn(user, { response: passkey.create(creation, { origin }), description: 'passkey' })
  wait(1)
  host.pending()
  await host.client.post('/verify', { answer: { type: 'totp', code: totpAt(uri, host.fixture.now) }, remember: true })
  t.is(host.session?.state, 'verified')
  wait(29.5)
  host.pending()
  t.true((await host.client.post('/challenge')).body.remembered, 'there is time')
  wait(0.4)
  host.pending()
  await host.client.get('/session')
  host.fixture.now += day / 2
  host.pending()
  t.like((await host.client.post('/challenge')).body, { challenge: { totp: true } }, 'a remembered browser proves too little')
  const waits = (purpose: string) => {
    t.like(host.told.at(-1)?.outcome, { ok: false, reason: 'enrolment-required', purpose })
    t.like(host.session, { id: user, state: 'pending', answered: true })
  }
  host.session = null
  const { webauthn } = (await host.client.post('/passkey/challenge')).body
  const answer = { type: 'webauthn', response: passkey.get(webauthn, { origin }) }
  t.true((await host.client.post('/passkey/verify', { answer })).body.enrolmentRequired)
  waits('passkey')
  host.pending()
  t.true((await host.client.post('/reset', { totp: totpAt(uri, host.fixture.now), recovery: codes[0] })).body.enrolmentRequired)
  waits('reset')
  host.pending()
  const lost = await host.client.post('/verify', { answer: { type: 'recovery', code: codes[1] }, removeLost: true })
  t.like(lost.body, { ok: true, enrolmentRequired: true, removed: [{ type: 'totp' }] })
  waits('sign-in')
})

test('a session of before the deadline steps up, and stays signed in', async (t) => {
  const { host, wait } = await withPolicy({ require: { phishingResistant: true } })
  const { uri } = await host.fixture.enrolTotp(user)
  host.verified()
  await host.client.get('/session')
  wait(31)
  t.is((await host.client.post('/verify', { answer: { type: 'totp', code: totpAt(uri, host.fixture.now) } })).status, 200)
  t.like(host.told.at(-1)?.outcome, { ok: true, purpose: 'step-up', enforcement: { state: 'required' } })
  t.is(host.session?.state, 'verified')
})

test('sessions wait for the enrolment, and refuse those of before the deadline if they are asked to', async (t) => {
  const fixture: Fixture = await Fixture.open(memoryStore(), { policy: () => ({ require: { phishingResistant: true }, by: start + day / 48 }) })
  const start = fixture.now
  const sessions = createSessions(fixture.service, { store: memorySessions(), account: () => ({}) })
  let cookie = ''
  const request = (path: string, body?: object) => {
    const sent = body && { method: 'POST', body: JSON.stringify(body) }
    return new Request(`${origin}${path}`, { ...sent, headers: { cookie, origin, 'content-type': 'application/json' } })
  }
  const keep = (headers: Headers) => {
    const [set] = headers.getSetCookie()
    if (set) cookie = set.split(';')[0]!
  }
  const { uri } = await fixture.enrolTotp(user)
  fixture.step()
  const signedIn = await sessions.signIn(request('/password', {}), user)
  keep(new Headers(signedIn.ok ? signedIn.headers : {}))
  const check = (options: object) => sessions.check(request('/'), options)
  t.like(await check({ compliant: true }), { ok: false, reason: 'second-factor-required' })
  const answer = { type: 'totp', code: totpAt(uri, fixture.now) }
  const verified = await sessions.handler(request('/countersign/verify', { answer }))
  t.is(verified.status, 200)
  keep(verified.headers)
  t.like(await check({ compliant: true }), { ok: true }, 'there is time')
  const before = cookie
  fixture.now = start + day / 48
  t.like(await check({}), { ok: true })
  t.deepEqual(await check({ compliant: true }), { ok: false, reason: 'enrolment-required' })
  cookie = ''
  const late = await sessions.signIn(request('/password', {}), user)
  keep(new Headers(late.ok ? late.headers : {}))
  const pending = cookie
  keep((await sessions.handler(request('/countersign/verify', { answer: { type: 'totp', code: totpAt(uri, fixture.now) } }))).headers)
  t.not(cookie, pending, 'a new id')
  t.like(await sessions.user(request('/')), { state: 'pending', answered: true, assurance: { amr: ['otp'] } })
  t.deepEqual(await check({}), { ok: false, reason: 'second-factor-required' })
  const key = new TestAuthenticator()
  const creation = await (await sessions.handler(request('/countersign/factors/webauthn', {}))).json()
  const response = key.create(creation as never, { origin })
  keep((await sessions.handler(request('/countersign/factors/webauthn/finish', { response, description: 'key' }))).headers)
  t.like(await check({ compliant: true }), { ok: true, user: { state: 'verified', answered: false } })
  cookie = before
  t.deepEqual(await check({}), { ok: false, reason: 'not-signed-in' }, 'an enrolment ends the others')
  t.is((await fixture.service.factors(user)).length, 2)
  await t.throwsAsync(check({ compliant: 'yes' }), { code: 'invalid-argument' })
})

test('a policy that fails lets nobody in', async (t) => {
  let fails = false
  const policy: Policy = () => {
    if (fails) throw new Error('no database')
    return null
  }
  const host = await HttpHost.open({}, memoryStore(), { policy })
  host.pending()
  t.deepEqual((await host.client.get('/session')).body.enforcement, { state: 'none', reminders: [] })
  fails = true
  t.is((await host.client.post('/challenge')).status, 503)
  t.is((await host.client.get('/session')).status, 503)
  t.is(host.session?.state, 'pending')
  t.like(host.errors[0], { code: 'store-failed', cause: { message: 'no database' } })
})

test('an administrator reads page by page who has not enrolled', async (t) => {
  const users = ['ann', 'bob', 'cid', 'dan', 'eve']
  const given: (string | undefined)[] = []
  const { host } = await withPolicy({
    users: (after) => {
      given.push(after)
      return users.filter((one) => after === undefined || one > after)
    },
  })
  await host.fixture.enrolTotp('bob')
  await host.fixture.enrolTotp('cid')
  host.verified({ id: 'root' })
  t.is((await host.client.get('/admin/report')).body.type, 'urn:countersign:problem:not-an-administrator')
  host.verified({ id: 'root', admin: true })
  const page = async (query: string) => (await host.client.get(`/admin/report${query}`)).body
  const missing = (name: string) => ({ user: name, state: 'grace', require: {}, by: host.fixture.now + 30 * day, factors: [] })
  t.deepEqual(await page(''), { looked: 5, report: [missing('ann'), missing('dan'), missing('eve')], next: null })
  t.deepEqual(await page('?limit=2'), { looked: 2, report: [missing('ann')], next: 'bob' })
  t.deepEqual(await page('?limit=1&after=bob'), { looked: 1, report: [], next: 'cid' })
  t.deepEqual(await page('?after=cid&limit=2'), { looked: 2, report: [missing('dan'), missing('eve')], next: null })
  t.deepEqual(given, [undefined, undefined, 'bob', 'cid'])
  for (const query of ['?limit=0', '?limit=1001', '?limit=x']) {
    t.is((await host.client.get(`/admin/report${query}`)).body.type, 'urn:countersign:problem:malformed-request', query)
  }
})

test('an account whose id is none here ends no report', async (t) => {
  const [long, ours] = ['b'.repeat(300), 'countersign:yubico:x']
  const users = ['ann', long, ours, 'dan']
  const { host } = await withPolicy({ users: (after) => users.filter((one) => after === undefined || one > after) })
  host.verified({ id: 'root', admin: true })
  const found: [string, string][] = []
  let next: string | null = ''
  while (next !== null && found.length < 9) {
    const { status, body } = await host.client.get(`/admin/report?limit=1&after=${encodeURIComponent(next)}`)
    t.is(status, 200, next)
    for (const { user, state } of body.report) found.push([user, state])
    next = body.next ?? null
  }
  t.deepEqual(found, [['ann', 'grace'], [long, 'failed'], [ours, 'failed'], ['dan', 'grace']])
})

test('what is no list of users is an error of the host, and not a report on characters', async (t) => {
  for (const users of ['ann', undefined, null, 5, {}]) {
    const { host } = await withPolicy({ users: async () => users as string[] })
    host.verified({ id: 'root', admin: true })
    t.is((await host.client.get('/admin/report')).status, 500)
    t.like(host.errors[0], { code: 'invalid-argument', message: 'Invalid argument: users() must be the ids of your users, as a list or an async iterable' })
  }
})

test('the report needs a policy, and the host’s word on who is there', async (t) => {
  const { host } = await withPolicy()
  host.verified({ id: 'root', admin: true })
  t.is((await host.handler(new Request(`${origin}/countersign/admin/report`))).status, 404)
  const { service } = await Fixture.open(memoryStore())
  const options = { user: () => null, onVerified: () => undefined, users: () => [] }
  t.throws(() => createHandler(service, options), { code: 'invalid-argument' })
  const plain = await HttpHost.open()
  t.false('enforcement' in (await plain.pending().client.get('/session')).body)
})
