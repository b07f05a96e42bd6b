// What sessions promise, whatever keeps them, on two machines at once.
import { setTimeout as pause } from 'node:timers/promises'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { createHandler } from '../../facade/http/index.js'
import { expressSessions } from '../../facade/http/express-session.js'
import { fastifySessions } from '../../facade/http/fastify-session.js'
import { createSessions } from '../../facade/http/session.js'
import { fromOtpauth } from '../../facade/migration/index.js'
import { memorySessions, memoryStore } from '../../facade/stores/index.js'
import { postgresSessions } from '../../facade/stores/postgres-store.js'
import { redisSessions } from '../../facade/stores/redis-store.js'
import { TestAuthenticator, totpAt } from '../../facade/testing/index.js'
import { Fixture, origin, wrongCode } from '../helpers/service.js'
import { overridingSessions } from '../helpers/session-stores.js'
import { own, postgresFound, redisFound } from '../stores/engines.js'
import { ownPostgres, ownRedis } from '../stores/own-databases.js'
import { enrolKey } from './flow.js'
import type { HttpClient } from './http-client.js'
import { expressKind, fastifyKind, ownKind, SessionSite } from './session-site.js'
import type { Kind } from './session-site.js'

const kinds: Record<string, Kind> = { memory: ownKind(), 'express-session': expressKind, '@fastify/session': fastifyKind }

if (postgresFound) {
  const pool = ownPostgres()
  kinds.postgres = ownKind(async () => {
    const store = postgresSessions(pool, { schema: own })
    await store.migrate()
    return store
  })
}

if (redisFound) {
  const client = ownRedis()
  let made = 0
  kinds.redis = ownKind(() => redisSessions(client, { prefix: `${own}:${(made += 1)}` }))
}

const minute = 60_000
const none = { state: 'none', passkeys: true }

function everyKind(title: string, body: (t: ExecutionContext, kind: Kind, name: string) => Promise<void>): void {
  // All sites of a database share a table, and each user has one record a site: one after the other.
  for (const [name, kind] of Object.entries(kinds)) test.serial(`${name}: ${title}`, (t) => body(t, kind, name))
}

/** A signed-in browser of a user who has enrolled an app. */
async function withApp(site: SessionSite, user = 'ann'): Promise<{ client: HttpClient; uri: string }> {
  const client = await site.verified(user)
  const { enrolment, uri } = (await client.post('/factors/totp')).body
  const code = totpAt(uri, site.fixture.now)
  const { body } = await client.post('/factors/totp/finish', { enrolment, code, description: 'phone' })
  if (!body.ok) throw new Error(JSON.stringify(body))
  return { client, uri }
}

function nextCode(site: SessionSite, uri: string) {
  site.fixture.step()
  return { type: 'totp', code: totpAt(uri, site.fixture.now) }
}

everyKind('from the password to a step-up, and out again', async (t, kind) => {
  const site = await SessionSite.open(t, kind)
  const { client, uri } = await withApp(site)
  t.like((await client.get('/session')).body, { state: 'verified', fresh: true })
  t.true(site.accounts.get('ann')?.enrolled)
  t.is((await client.signOut()).status, 204)
  t.deepEqual((await client.get('/session')).body, none)

  await client.host('POST', '/password', { user: 'ann' })
  t.is((await client.get('/factors')).status, 401)
  t.is((await client.host('GET', '/me')).body.user.state, 'pending')
  t.true((await client.post('/verify', { answer: nextCode(site, uri) })).body.ok)
  site.fixture.now += 6 * minute
  t.like((await client.get('/session')).body, { state: 'verified', fresh: false })
  t.true((await client.post('/verify', { answer: nextCode(site, uri) })).body.ok)
  t.like((await client.get('/session')).body, { state: 'verified', fresh: true })
  const { user } = (await client.host('GET', '/me')).body
  t.like(user, { id: 'ann', state: 'verified', name: 'Ann', enrolled: true })
  t.deepEqual(site.errors, [])
})

everyKind('a session has the assurance of its last proof, and a check may want a phishing-resistant one', async (t, kind) => {
  const site = await SessionSite.open(t, kind)
  const { client, uri } = await withApp(site)
  const key = new TestAuthenticator({ userVerified: true })
  t.true((await enrolKey(client, key)).body.ok)
  await client.signOut()
  const told = async () => (await client.get('/session')).body.assurance
  const check = async (options: object) => (await client.host('POST', '/check', options)).body

  t.is((await client.host('POST', '/password', { user: 'ann', options: { firstFactor: ['pwd'] } })).status, 204)
  t.is(await told(), undefined, 'the password alone says nothing')
  t.like(await check({ phishingResistant: true }), { reason: 'second-factor-required' })
  t.true((await client.post('/verify', { answer: nextCode(site, uri) })).body.ok)
  t.like(await told(), { amr: ['pwd', 'otp', 'mfa'], level: 2, phishingResistant: false })
  t.like(await check({ phishingResistant: true }), { ok: false, reason: 'step-up-required' })
  t.like(await check({ phishingResistant: false }), { ok: true })

  const { challenge } = (await client.post('/challenge', { phishingResistant: true })).body
  t.deepEqual(Object.keys(challenge).sort(), ['id', 'webauthn'])
  const answer = { type: 'webauthn', response: key.get(challenge.webauthn, { origin }) }
  t.true((await client.post('/verify', { answer })).body.ok)
  t.like(await told(), { amr: ['pwd', 'pop', 'user', 'mfa'], level: 3, phishingResistant: true, userVerified: true })
  t.like(await check({ phishingResistant: true, within: 60 }), { ok: true, user: { assurance: { level: 3 } } })

  // A weaker proof takes nothing away from one that is still fresh, and makes it no fresher.
  const step = 30_000
  t.true((await client.post('/verify', { answer: nextCode(site, uri) })).body.ok)
  t.like(await told(), { level: 3, phishingResistant: true })
  t.like(await check({ phishingResistant: true }), { ok: true })
  t.like(await check({ phishingResistant: true, within: step / 1000 + 60 }), { ok: true })
  t.like(await check({ phishingResistant: true, within: 10 }), { reason: 'step-up-required' })
  t.like(await check({ within: 10 }), { ok: true })
  // Afterwards the last proof counts, and another sign-in has nothing of this one.
  site.fixture.now += 6 * minute
  t.true((await client.post('/verify', { answer: nextCode(site, uri) })).body.ok)
  t.like(await told(), { level: 2, phishingResistant: false })
  t.like(await check({ phishingResistant: true }), { reason: 'step-up-required' })
  await client.host('POST', '/password', { user: 'ann' })
  t.true((await client.post('/verify', { answer: nextCode(site, uri) })).body.ok)
  t.like(await told(), { amr: ['otp'], level: 1 })
  for (const [name, options] of Object.entries({ firstFactor: { firstFactor: 'pwd' }, fromOtherSite: { fromOtherSite: 1 } })) {
    t.is((await client.host('POST', '/password', { user: 'ann', options })).status, 500, name)
  }
})

everyKind('a remembered browser signs in by the password, under a new id, and nothing is fresh there', async (t, kind) => {
  const site = await SessionSite.open(t, kind, { remember: true })
  const { client, uri } = await withApp(site)
  await client.signOut()
  await client.host('POST', '/password', { user: 'ann' })
  t.true((await client.post('/verify', { answer: nextCode(site, uri), remember: true })).body.ok)
  t.is(await site.stateOf(client), 'verified')
  await client.signOut()

  await client.host('POST', '/password', { user: 'ann' })
  const pending = site.browser(client.cookies)
  t.deepEqual((await client.post('/challenge')).body, { challenge: null, remembered: true })
  t.like((await client.get('/session')).body, { state: 'verified', fresh: false, mayEnrol: false })
  t.is((await client.host('GET', '/me')).body.user.at, 0)
  t.deepEqual((await pending.get('/session')).body, none)
  t.is((await client.post('/recovery-codes')).body.type, 'urn:countersign:problem:step-up-required')
  t.true((await client.post('/verify', { answer: nextCode(site, uri) })).body.ok)
  t.like((await client.get('/session')).body, { state: 'verified', fresh: true })
  // In another browser the password is not enough.
  const elsewhere = await site.pending('ann')
  t.like((await elsewhere.post('/challenge')).body, { challenge: { totp: true } })
  t.is(await site.stateOf(elsewhere), 'pending')
  t.deepEqual(site.errors, [])
})

everyKind('a password that was given before a factor was there is no proof for an action that needs one', async (t, kind) => {
  const site = await SessionSite.open(t, kind)
  const client = await site.verified()
  const danger = async () => (await client.host('GET', '/danger')).body
  t.like(await danger(), { ok: true, user: { id: 'ann' } })
  // By an import: no enrolment has ended this session.
  site.fixture.now += 1000
  const uri = 'otpauth://totp/ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  const { taken } = await site.fixture.service.importFactors('ann', fromOtpauth(uri))
  t.is(taken.length, 1)
  t.deepEqual(await danger(), { ok: false, reason: 'step-up-required' })
  t.like((await client.get('/session')).body, { state: 'verified', fresh: false })
  t.true((await client.post('/verify', { answer: nextCode(site, uri) })).body.ok)
  t.like(await danger(), { ok: true })
  site.fixture.now += 5 * minute + 1000
  t.deepEqual(await danger(), { ok: false, reason: 'step-up-required' })
  // A record that is lost proves nothing.
  t.true((await client.post('/verify', { answer: nextCode(site, uri) })).body.ok)
  site.accounts.get('ann')!.enrolled = true
  await site.fixture.store.update('ann', () => ({ record: null, value: 0 }))
  t.is((await client.host('GET', '/danger')).status, 500)
  t.like(site.errors.at(-1), { code: 'record-missing' })
})

everyKind('a clock that goes back prolongs no session', async (t, kind) => {
  const site = await SessionSite.open(t, kind)
  const client = await site.verified()
  site.fixture.now -= minute
  t.is(await site.stateOf(client), 'verified', 'clocks of machines differ by as much')
  site.fixture.now -= 1
  t.deepEqual((await client.get('/session')).body, none)
  site.fixture.now += minute + 1
  t.is(await site.stateOf(client), 'verified')
})

everyKind('fixation: an id from before a step is worth nothing after it', async (t, kind, name) => {
  const site = await SessionSite.open(t, kind)
  const { uri } = await withApp(site)
  // Somebody puts a session of their own into the browser, and waits.
  const thief = await site.verified('bob')
  const victim = site.browser(thief.cookies)
  await victim.host('POST', '/password', { user: 'ann' })
  t.deepEqual((await thief.get('/session')).body, none)

  const pending = site.browser(victim.cookies)
  t.is(await site.stateOf(pending), 'pending')
  t.true((await victim.post('/verify', { answer: nextCode(site, uri) })).body.ok)
  t.deepEqual((await pending.get('/session')).body, none)
  t.is((await pending.get('/factors')).status, 401)
  t.is((await pending.post('/verify', { answer: nextCode(site, uri) })).status, 401)

  const before = site.browser(victim.cookies)
  t.true((await victim.post('/verify', { answer: nextCode(site, uri) })).body.ok)
  t.deepEqual((await before.get('/session')).body, none)
  t.is(await site.stateOf(victim), 'verified')
  // An id that nobody was given.
  const [[cookie] = ['']] = [...victim.cookies.keys()].filter((one) => !one.includes('passkey')).map((one) => [one])
  for (const made of ['x', `${'a'.repeat(22)}.${'b'.repeat(43)}`, 's:abc.def', '%', '{}', '__proto__']) {
    const planted = site.browser([[cookie, made]])
    t.deepEqual((await planted.get('/session')).body, none, made)
    await planted.host('POST', '/password', { user: 'ann' })
    t.not(planted.cookies.get(cookie), made)
    t.is(await site.stateOf(planted), 'pending', `${name} ${made}`)
  }
  t.deepEqual(site.errors, [])
})

everyKind('a sign-out wins over an answer that is on its way', async (t, kind) => {
  const site = await SessionSite.open(t, kind)
  const { client, uri } = await withApp(site)
  for (const state of ['verified', 'pending']) {
    if (state === 'pending') await client.host('POST', '/password', { user: 'ann' })
    const answer = nextCode(site, uri)
    const open = site.hold()
    const late = site.browser(client.cookies)
    const verifying = late.post('/verify', { answer })
    while (site.arrived === 0) await pause(1)
    t.is((await client.signOut()).status, 204)
    open()
    t.is((await verifying).status, 200, 'the code was right')
    t.deepEqual((await late.get('/session')).body, none, state)
    t.deepEqual((await client.get('/session')).body, none, state)
  }
})

everyKind('an id that was replaced signs out for a minute, and does nothing else', async (t, kind) => {
  const site = await SessionSite.open(t, kind)
  const { client, uri } = await withApp(site)
  for (const wait of [0, 61_000]) {
    const old = site.browser(client.cookies)
    t.true((await client.post('/verify', { answer: nextCode(site, uri) })).body.ok)
    site.fixture.now += wait
    t.is((await old.get('/factors')).status, 401)
    await old.host('POST', '/end-others')
    t.is(await site.stateOf(client), 'verified')
    await old.signOut()
    t.is(await site.stateOf(client), wait === 0 ? 'none' : 'verified')
    if (wait === 0) {
      await client.host('POST', '/password', { user: 'ann' })
      await client.post('/verify', { answer: nextCode(site, uri) })
    }
  }
})

everyKind('two answers at once: the browser is signed in, and no older id is', async (t, kind, name) => {
  const site = await SessionSite.open(t, kind)
  const client = await site.verified()
  const keys = [new TestAuthenticator(), new TestAuthenticator()]
  for (const key of keys) t.true((await enrolKey(client, key)).body.ok)
  site.fixture.now += 2000
  await client.host('POST', '/password', { user: 'ann' })
  const old = site.browser(client.cookies)
  const answers = []
  for (const key of keys) {
    const { challenge } = (await client.post('/challenge')).body
    answers.push({ type: 'webauthn', response: key.get(challenge.webauthn, { origin }) })
  }
  const open = site.hold()
  const verifying = answers.map((answer) => client.post('/verify', { answer }))
  while (site.arrived < 2) await pause(1)
  open()
  const replies = await Promise.all(verifying)
  for (const { status } of replies) t.is(status, 200)
  // Who has an old id, and is right later, gets none. A session plugin has no such step, so there each is a session.
  const given = replies.filter(({ headers }) => headers.getSetCookie().length > 0).length
  t.is(given, name.includes('session') ? 2 : 1)
  t.is(await site.stateOf(client), 'verified')
  t.deepEqual((await old.get('/session')).body, none)
  t.is((await client.signOut()).status, 204)
  t.deepEqual((await client.get('/session')).body, none)
  t.deepEqual(site.errors, [])
})

everyKind('a user who is removed is signed out, also with an answer on its way', async (t, kind) => {
  const site = await SessionSite.open(t, kind)
  const { client, uri } = await withApp(site)
  const pending = await site.pending()
  const account = site.accounts.get('ann')!
  const answer = nextCode(site, uri)
  const open = site.hold()
  const verifying = pending.post('/verify', { answer })
  while (site.arrived === 0) await pause(1)
  site.accounts.delete('ann')
  open()
  await verifying
  t.deepEqual((await client.get('/session')).body, none)
  t.deepEqual((await client.host('GET', '/me')).body, { user: null })
  t.is((await client.get('/factors')).status, 401)
  site.accounts.set('ann', account)
  t.not(await site.stateOf(pending), 'verified')
  // The host says so, for good.
  await site.machines[0]!.endUser('ann')
  for (const one of [client, pending]) t.deepEqual((await one.get('/session')).body, none)
  t.is(await site.stateOf(await site.pending()), 'pending')
})

everyKind('a password alone does not sign in who has enrolled in the meantime', async (t, kind) => {
  const site = await SessionSite.open(t, kind)
  const client = await site.pending()
  // The host's own word comes late: the handler has found no factor, and asks once more.
  let asked = 0
  const { get } = site.accounts
  site.accounts.get = (id) => ({ ...get.call(site.accounts, id), enrolled: (asked += 1) > 1 })
  await client.post('/challenge')
  t.true(asked > 1)
  site.accounts.get = get
  t.is(await site.stateOf(client), 'pending')
})

everyKind('a first factor, a recovery and the host end the other sessions of a user, and no others', async (t, kind) => {
  const site = await SessionSite.open(t, kind)
  const [elsewhere, waiting, bob] = [await site.verified(), await site.pending(), await site.verified('bob')]
  const { client, uri } = await withApp(site)
  for (const one of [elsewhere, waiting]) t.deepEqual((await one.get('/session')).body, none)
  t.is(await site.stateOf(client), 'verified')
  t.is(await site.stateOf(bob), 'verified')

  site.fixture.now += 2000
  await client.post('/verify', { answer: nextCode(site, uri) })
  const { codes } = (await client.post('/recovery-codes')).body
  const stolen = client
  const recovering = await site.pending()
  t.true((await recovering.post('/verify', { answer: { type: 'recovery', code: codes[0] } })).body.ok)
  t.deepEqual((await stolen.get('/session')).body, none)
  t.is(await site.stateOf(recovering), 'verified')

  const other = await site.verified('ann', nextCode(site, uri))
  t.is(await site.stateOf(other), 'verified')
  await recovering.host('POST', '/end-others')
  t.deepEqual((await other.get('/session')).body, none)
  t.is(await site.stateOf(recovering), 'verified')
  // Once more by another one: that one stays then.
  const newest = await site.verified('ann', nextCode(site, uri))
  await newest.host('POST', '/end-others')
  t.deepEqual((await recovering.get('/session')).body, none)
  t.is(await site.stateOf(newest), 'verified')
  t.is(await site.stateOf(bob), 'verified')
})

everyKind('an administrator who removes the last factor ends the sessions of that user alone', async (t, kind) => {
  const site = await SessionSite.open(t, kind)
  const { client: root } = await withApp(site, 'root')
  const { client: ann, uri } = await withApp(site)
  const waiting = await site.pending()
  site.fixture.now += 2000
  const key = new TestAuthenticator()
  t.true((await enrolKey(root, key)).body.ok)
  site.fixture.now += 2000
  const { challenge } = (await root.post('/challenge')).body
  const answer = { type: 'webauthn', response: key.get(challenge.webauthn, { origin }) }
  t.true((await root.post('/verify', { answer })).body.ok)
  t.true((await root.post('/admin/users/ann/require-enrolment')).body.ok)
  for (const one of [ann, waiting]) t.deepEqual((await one.get('/session')).body, none)
  t.is(await site.stateOf(root), 'verified')
  t.false(site.accounts.get('ann')?.enrolled)
  t.is(typeof uri, 'string')
})

everyKind('a lock ends a pending sign-in', async (t, kind) => {
  const site = await SessionSite.open(t, kind)
  const { uri } = await withApp(site)
  const client = await site.pending()
  const copy = site.browser(client.cookies)
  for (let tries = 0; tries < 9; tries += 1) {
    await client.post('/verify', { answer: { type: 'totp', code: wrongCode(uri, site.fixture.now) } })
  }
  for (const one of [client, copy]) t.deepEqual((await one.get('/session')).body, none)
})

everyKind('a sign-in waits for a quarter of an hour, and lasts for twelve', async (t, kind) => {
  const site = await SessionSite.open(t, kind)
  const client = await site.pending()
  site.fixture.now += 15 * minute - 1
  t.is(await site.stateOf(client), 'pending')
  site.fixture.now += 1
  t.deepEqual((await client.get('/session')).body, none)
  t.is((await client.post('/challenge')).status, 401)

  const verified = await site.verified()
  const { now } = site.fixture
  for (let passed = 0; passed < 12 * 60; passed += 30) {
    site.fixture.now = now + passed * minute
    t.is(await site.stateOf(verified), 'verified', `${passed} minutes`)
  }
  site.fixture.now = now + 12 * 60 * minute
  t.deepEqual((await verified.get('/session')).body, none)
})

everyKind('a page of another site signs nobody in or out', async (t, kind) => {
  const site = await SessionSite.open(t, kind)
  const client = await site.verified()
  const before = new Map(client.cookies)
  for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
    for (const path of ['/password', '/sign-out']) {
      const { status, headers: answered } = await client.host('POST', path, { user: 'bob' }, headers)
      t.is(status, 403)
      t.deepEqual(answered.getSetCookie(), [])
    }
  }
  t.deepEqual(client.cookies, before)
  t.is((await client.host('GET', '/me')).body.user.id, 'ann')
  // What an identity provider sends.
  const options = { fromOtherSite: true }
  const foreign = { origin: 'https://login.example', 'sec-fetch-site': 'cross-site' }
  t.is((await client.host('POST', '/password', { user: 'bob', options }, foreign)).status, 204)
  t.is((await client.host('GET', '/me')).body.user.id, 'bob')
  await t.throwsAsync(site.machines[0]!.signIn({ method: 'POST', headers: {} }, ''), { code: 'invalid-argument' })
})

everyKind('a store of sessions that fails signs nobody in, and says so', async (t, kind, name) => {
  const site = await SessionSite.open(t, kind)
  const { client, uri } = await withApp(site)
  const plugin = name.includes('session')
  const [read, write, remove] = plugin ? (['get', 'set', 'destroy'] as const) : (['read', 'replace', 'delete'] as const)

  site.broken.add(read)
  const failed = await client.host('GET', '/countersign/session')
  t.true(failed.status >= 500, String(failed.status))
  t.is((await client.host('GET', '/me')).status, 500)
  site.broken.delete(read)
  t.is(await site.stateOf(client), 'verified')

  // A sign-in that can't be stored is none.
  site.broken.add(plugin ? 'set' : 'create')
  const other = site.browser()
  t.is((await other.host('POST', '/password', { user: 'ann' })).status, 500)
  site.broken.clear()
  t.deepEqual((await other.get('/session')).body, none)

  const pending = await site.pending()
  const before = new Map(pending.cookies)
  site.broken.add(write)
  const answered = await pending.call('POST', '/verify', { answer: nextCode(site, uri) })
  t.is(answered.status, 503)
  site.broken.clear()
  t.not(await site.stateOf(pending), 'verified')
  t.not(await site.stateOf(site.browser(before)), 'verified')

  // A sign-out that failed has not happened: the person has to know.
  site.broken.add(remove)
  t.is((await client.host('POST', '/sign-out')).status, 500)
  site.broken.clear()
  await client.signOut()
  t.deepEqual((await client.get('/session')).body, none)

  const ended = await site.verified('bob')
  site.broken.add(plugin ? 'destroy' : 'deleteAll')
  await t.throwsAsync(site.machines[0]!.endUser('bob'), { code: 'store-failed' })
  site.broken.clear()
  t.is(await site.stateOf(ended), 'verified')
  for (const error of site.errors) t.regex(String((error as Error).cause ?? error), /store of sessions is down/)
})

everyKind('a passkey signs in anew, in place of who was there', async (t, kind) => {
  const site = await SessionSite.open(t, kind)
  const client = await site.verified()
  const key = new TestAuthenticator({ userVerified: true })
  t.true((await enrolKey(client, key, 'passkey')).body.ok)
  site.fixture.now += 2000
  const shared = await site.verified('bob')
  const before = site.browser(shared.cookies)
  const { webauthn } = (await shared.post('/passkey/challenge')).body
  const answer = { type: 'webauthn', response: key.get(webauthn, { origin }) }
  const { body } = await shared.post('/passkey/verify', { answer })
  t.true(body.ok, JSON.stringify(body))
  t.is((await shared.host('GET', '/me')).body.user.id, 'ann')
  t.is(await site.stateOf(shared), 'verified')
  t.deepEqual((await before.get('/session')).body, none)
})

for (const name of ['express-session', '@fastify/session']) {
  test(`${name}: what the host has in the session stays with a proof, and goes with a sign-in`, async (t) => {
    const site = await SessionSite.open(t, kinds[name]!)
    const client = site.browser()
    const cart = async (put?: string) => (await client.host('POST', '/cart', { put })).body.cart
    t.is(await cart('of a visitor'), 'of a visitor')
    await client.host('POST', '/password', { user: 'ann' })
    t.is(await cart(), null)
    await cart('of ann')
    await client.post('/challenge')
    t.is(await site.stateOf(client), 'verified')
    t.is(await cart(), 'of ann')
    await client.signOut()
    t.is(await cart(), null)
  })

  test(`${name}: a request that saves an old session late brings nothing back`, async (t) => {
    const site = await SessionSite.open(t, kinds[name]!)
    const client = await site.verified()
    const saved = new Map(site.texts)
    await client.signOut()
    // As a handler does that was slow, with what it had read.
    for (const [id, text] of saved) if (!id.startsWith('countersign-')) site.texts.set(id, text)
    const back = site.browser(client.cookies)
    for (const cookie of [...client.cookies.keys()]) back.cookies.set(cookie, client.cookies.get(cookie)!)
    t.deepEqual((await back.get('/session')).body, none)
  })

  test(`${name}: a session that is saved late under an id from before a proof is worth nothing`, async (t) => {
    const site = await SessionSite.open(t, kinds[name]!)
    const { client, uri } = await withApp(site)
    const [before, saved] = [site.browser(client.cookies), new Map(site.texts)]
    t.true((await client.post('/verify', { answer: nextCode(site, uri) })).body.ok)
    for (const [id, text] of saved) if (!id.startsWith('countersign-')) site.texts.set(id, text)
    t.deepEqual((await before.get('/session')).body, none)
    t.is((await before.get('/factors')).status, 401)
    t.like((await client.get('/session')).body, { state: 'verified' })
  })

  test(`${name}: an end of all sign-ins is not undone by a late end of the others`, async (t) => {
    const site = await SessionSite.open(t, kinds[name]!)
    const { client } = await withApp(site)
    const others = () => [...site.texts].filter(([id]) => id.startsWith('countersign-others-'))
    t.is((await client.host('POST', '/end-others', {})).status, 204)
    const late = others()
    t.true(late.length >= 1)
    t.like((await client.get('/session')).body, { state: 'verified' })
    await site.machines[0]!.endUser('ann')
    for (const [id, text] of late) site.texts.set(id, text)
    t.deepEqual((await client.get('/session')).body, none)
  })

  test(`${name}: what the store loses ends sign-ins, and brings back none that were ended`, async (t) => {
    const site = await SessionSite.open(t, kinds[name]!)
    const states = async (...clients: HttpClient[]) => Promise.all(clients.map((client) => site.stateOf(client)))
    // As a server does whose memory is full.
    const evict = (prefix: string) => {
      const lost = [...site.texts.keys()].filter((id) => id.startsWith(prefix))
      for (const id of lost) site.texts.delete(id)
      return lost.length
    }
    const [one, other, third] = [await site.verified(), await site.verified(), await site.verified('bob')]
    t.deepEqual(await states(one, other, third), ['verified', 'verified', 'verified'])
    await site.machines[0]!.endUser('ann')
    evict('countersign-all-')
    evict('countersign-others-')
    t.deepEqual(await states(one, other), ['none', 'none'])
    const [again, beside] = [await site.verified(), await site.verified()]
    t.deepEqual(await states(one, other, again, beside), ['none', 'none', 'verified', 'verified'])
    t.is((await again.host('POST', '/end-others', {})).status, 204)
    t.deepEqual(await states(again, beside), ['verified', 'none'])
    t.true(evict('countersign-others-') > 0)
    t.deepEqual(await states(again, beside), ['none', 'none'])
    const last = await site.verified()
    t.deepEqual(await states(again, beside, last), ['none', 'none', 'verified'])
    for (const prefix of ['countersign-all-', 'countersign-open-', 'countersign-proof-']) {
      const client = await site.verified()
      t.true(evict(prefix) > 0)
      t.deepEqual(await states(client), ['none'], prefix)
    }
  })

  test(`${name}: sign-ins end for everyone also where periods and clocks differ`, async (t) => {
    const site = await SessionSite.open(t, kinds[name]!)
    const day = 43_200_000
    // The last moment of a period, and the first of the next one.
    site.fixture.now = Math.ceil(site.fixture.now / day) * day - 1
    const before = await site.verified()
    site.fixture.now += 1
    const after = await site.verified()
    t.is(await site.stateOf(before), 'verified')
    t.is(await site.stateOf(after), 'verified')
    // By a machine whose clock is behind.
    site.fixture.now -= 60_000
    await site.machines[1]!.endUser('ann')
    site.fixture.now += 60_000
    t.deepEqual([await site.stateOf(before), await site.stateOf(after)], ['none', 'none'])
    // Many sign-ins at once, none of which another one ends.
    const many = await Promise.all(Array.from({ length: 8 }, () => site.verified('bob')))
    const states = await Promise.all(many.map((client) => site.stateOf(client)))
    t.true(states.filter((state) => state === 'verified').length >= 7, states.join())
  })

  test(`${name}: sign-outs of nobody leave nothing in the store`, async (t) => {
    const site = await SessionSite.open(t, kinds[name]!)
    for (let asked = 0; asked < 5; asked += 1) t.is((await site.browser().host('POST', '/sign-out', {})).status, 204)
    t.is(site.texts.size, 0)
  })
}

test('with http on localhost beside https, the cookie is for https alone', async (t) => {
  const { service } = await Fixture.open(memoryStore())
  const mixed = { id: 'example.com', name: 'Example', origins: [origin, 'http://localhost:3000'] }
  const sessions = createSessions(service, { store: memorySessions(), account: () => ({}), rp: mixed })
  const signedIn = await sessions.signIn(new Request(origin, { method: 'POST', headers: { origin } }), 'ann')
  t.true(signedIn.ok && /^__Host-.*; Secure/.test(signedIn.headers['set-cookie'] ?? ''))
})

everyKind('a page of another site signs nobody out, by whichever method', async (t, kind) => {
  const site = await SessionSite.open(t, kind)
  for (const sessions of site.machines) {
    const request = { method: 'GET', headers: { 'sec-fetch-site': 'cross-site' }, session: { regenerate() {} }, sessionStore: {} }
    t.deepEqual(await sessions.signOut(request), { ok: false, reason: 'wrong-origin' })
  }
})

test('a request from an origin that is not in rp.origins is refused with a warning, and one without JSON is not', async (t) => {
  const fixture = await Fixture.open(memoryStore())
  const sessions = createSessions(fixture.service, { account: () => ({}), store: memorySessions() })
  const warned = () => fixture.events.filter(({ type }) => type === 'warning')
  const json = { 'content-type': 'application/json' }
  t.false(sessions.isOwn({ method: 'POST', headers: { origin } }))
  t.deepEqual(warned(), [])
  const headers = { ...json, origin: 'https://127.0.0.1' }
  for (const request of [{ method: 'POST', headers }, new Request(origin, { method: 'POST', headers })]) {
    t.false(sessions.isOwn(request))
    t.like(warned(), [{ reason: 'wrong-origin' }])
    t.is(warned().length, 1)
    t.regex(warned()[0]?.message ?? '', /The page is at https:\/\/127\.0\.0\.1, but rp\.origins is https:\/\/example\.com/)
  }
  fixture.now += minute
  t.deepEqual(await sessions.signIn({ method: 'POST', headers }, 'ann'), { ok: false, reason: 'wrong-origin' })
  t.is(warned().length, 2)
})

test('without its session plugin, a handler says what is missing', async (t) => {
  const { service } = await Fixture.open(memoryStore())
  const errors: any[] = []
  const options = { account: () => ({}), onError: (error: unknown) => errors.push(error) }
  for (const [sessions, plugin] of [
    [expressSessions(service, options), /session of express-session\. Call app\.use\(session/],
    [fastifySessions(service, options), /Register @fastify\/cookie and @fastify\/session/],
  ] as const) {
    for (const context of [undefined, { req: { headers: {} } }, { req: { session: {}, headers: {} } }]) {
      const { status } = await sessions.handler(new Request(`${origin}/countersign/session`), context)
      t.is(status, 500)
      t.regex(errors.pop().message, plugin)
      await t.throwsAsync((sessions as any).user(context?.req), { code: 'invalid-argument', message: plugin })
    }
    await t.throwsAsync(sessions.endUser('ann'), { code: 'invalid-argument', message: /option store/ })
  }
})

test('a process that serves nothing ends sessions by the store that it is given', async (t) => {
  const site = await SessionSite.open(t, expressKind)
  const client = await site.verified()
  const store = {
    get: (id: string, done: (error: unknown, session?: unknown) => void) => done(null, JSON.parse(site.texts.get(id) ?? 'null')),
    set: (id: string, session: object, done: () => void) => (site.texts.set(id, JSON.stringify(session)), done()),
    destroy: (id: string, done: () => void) => (site.texts.delete(id), done()),
  }
  await expressSessions(await site.fixture.another(), { account: () => null, store }).endUser('ann')
  t.deepEqual((await client.get('/session')).body, none)
})

test('wrong options are refused by their names', async (t) => {
  const { service } = await Fixture.open(memoryStore())
  const right = { account: () => ({}), store: memorySessions() }
  const wrong: [object, RegExp][] = [
    [{ account: undefined }, /account/], [{ onEnrolled: true }, /onEnrolled/], [{ store: {} }, /store of sessions/],
    [{ store: undefined }, /store of sessions/], [{ user: () => null }, /user must be left out/],
    [{ onVerified: () => undefined }, /onVerified must be left out/], [{ absoluteSeconds: 10 }, /absoluteSeconds/],
    [{ idleSeconds: 0 }, /idleSeconds/], [{ pendingSeconds: '9' }, /pendingSeconds/], [{ cookie: 'a b' }, /cookie/],
    [{ sameSite: 'None' }, /sameSite/], [{ freshSecnds: 1 }, /freshSecnds is not an option/],
  ]
  for (const [options, message] of wrong) {
    t.throws(() => createSessions(service, { ...right, ...options } as never), { code: 'invalid-argument', message })
  }
  t.throws(() => createSessions({} as never, right), { message: /Countersign\.open/ })
  t.throws(() => createSessions(service, undefined as never), { message: /options must be an object/ })
  t.throws(() => expressSessions(service, { account: () => null, store: {} } as never), { message: /store of the session plugin/ })
  t.throws(() => fastifySessions(service, {} as never), { message: /account/ })
  t.notThrows(() => createHandler(service, { user: () => null, onVerified: () => undefined }))
})

test('the store has nothing that signs in: neither the id nor the secret of a cookie', async (t) => {
  const site = await SessionSite.open(t, ownKind())
  const { client } = await withApp(site)
  const cookie = client.cookies.get('__Host-countersign-session')!
  const [id, secret] = cookie.split('.')
  t.is(`${id!.length} ${secret!.length}`, '22 43')
  const stored = [...site.texts].join('\n')
  t.true(stored.includes('ann'))
  for (const part of [id!, secret!]) t.false(stored.includes(part))
})

test('the cookie of one session with the secret of another opens neither', async (t) => {
  const site = await SessionSite.open(t, ownKind())
  const [ann, bob] = [await site.verified(), await site.verified('bob')]
  const name = '__Host-countersign-session'
  const [[id, secret], [otherId, otherSecret]] = [ann, bob].map((one) => one.cookies.get(name)!.split('.')) as [string[], string[]]
  for (const mixed of [`${id}.${otherSecret}`, `${otherId}.${secret}`, `${id}.`, `${id}.${secret}x`, `${secret}.${id}`, `.${secret}`]) {
    const client = site.browser([[name, mixed]])
    t.deepEqual((await client.get('/session')).body, none, mixed)
    // And it ends nobody's session.
    await client.signOut()
  }
  // Two cookies of one name: one of them may be another site's.
  const twice = await ann.host('GET', '/me', {}, { cookie: `${name}=${id}.${secret}; ${name}=${otherId}.${otherSecret}` })
  t.deepEqual(twice.body, { user: null })
  for (const one of [ann, bob]) t.is(await site.stateOf(one), 'verified')
})

test('the cookie is for this host, https and no script', async (t) => {
  const site = await SessionSite.open(t, ownKind())
  const reply = await site.browser().host('POST', '/password', { user: 'ann' })
  const [set = ''] = reply.headers.getSetCookie()
  t.regex(set, /^__Host-countersign-session=[\w.-]{66}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure$/)
  const out = await site.browser([['__Host-countersign-session', 'x']]).signOut()
  t.regex(out.headers.getSetCookie()[0]!, /^__Host-countersign-session=; Path=\/; Max-Age=0; /)

  const { service } = await Fixture.open(memoryStore(), { rp: { id: 'localhost', name: 'x', origins: ['http://localhost:1'] } })
  const plain = createSessions(service, { account: () => ({}), store: memorySessions(), cookie: 'sid', sameSite: 'Strict' })
  const signedIn = await plain.signIn(new Request('http://localhost:1/password', { method: 'POST' }), 'ann')
  if (!signedIn.ok) return t.fail()
  t.regex(signedIn.headers['set-cookie']!, /^sid=[\w.-]{66}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/)
})

test('a session that nobody uses ends after an hour', async (t) => {
  const site = await SessionSite.open(t, ownKind())
  const [used, left] = [await site.verified(), await site.verified()]
  for (let passed = 0; passed < 60; passed += 20) {
    site.fixture.now += 20 * minute
    if (passed < 40) t.is(await site.stateOf(used), 'verified')
  }
  t.is(await site.stateOf(used), 'verified')
  t.deepEqual((await left.get('/session')).body, none)
})

test('a user lists and ends sessions of their own, and of nobody else', async (t) => {
  const site = await SessionSite.open(t, ownKind())
  const [here, there, bob] = [await site.verified(), await site.verified(), await site.verified('bob')]
  const [sessions] = site.machines as unknown as ReturnType<typeof createSessions>[]
  const requestOf = (client: HttpClient) =>
    new Request(origin, { headers: { cookie: [...client.cookies].map((pair) => pair.join('=')).join('; ') } })
  const list = await sessions!.list(requestOf(here))
  t.is(list.length, 2)
  t.deepEqual(list.map(({ current }) => current).sort(), [false, true])
  for (const one of list) t.like(one, { state: 'verified', begun: site.fixture.now, seen: site.fixture.now })
  for (const secret of here.cookies.values()) t.false(JSON.stringify(list).includes(secret.split('.')[1]!))

  const [ofBob] = await sessions!.list(requestOf(bob))
  await sessions!.endSession(requestOf(here), ofBob!.id)
  for (const strange of ['', 'x', '__proto__', 5 as never]) await sessions!.endSession(requestOf(here), strange)
  t.is(await site.stateOf(bob), 'verified')
  await sessions!.endSession(requestOf(here), list.find(({ current }) => !current)!.id)
  t.deepEqual((await there.get('/session')).body, none)
  t.is(await site.stateOf(here), 'verified')

  // Nobody: neither a visitor nor who has given the password alone.
  for (const nobody of [site.browser(), await site.pending()]) {
    t.deepEqual(await sessions!.list(requestOf(nobody)), [])
    await sessions!.endSession(requestOf(nobody), list.find(({ current }) => current)!.id)
  }
  t.is(await site.stateOf(here), 'verified')
})

test('a user has at most 100 sign-ins: those that wait for a factor make room first, then those unused the longest', async (t) => {
  const fixture = await Fixture.open(memoryStore())
  const store = memorySessions()
  const sessions = createSessions(fixture.service, { store, account: () => ({}) })
  const request = (cookie = '') => new Request(origin, { method: 'POST', headers: { cookie } })
  const signIn = async (verified: boolean, user = 'ann') => {
    fixture.now += 1000
    const signedIn = await sessions.signIn(request(), user)
    let cookie = (signedIn.ok && signedIn.headers['set-cookie']?.split(';')[0]) || ''
    if (!verified) return cookie
    const asked = new Request(`${origin}/countersign/challenge`, { method: 'POST', headers: { cookie, 'content-type': 'application/json' }, body: '{}' })
    cookie = (await sessions.handler(asked)).headers.getSetCookie()[0]?.split(';')[0] ?? ''
    return cookie
  }
  const stateOf = async (cookie: string) => (await sessions.user(request(cookie)))?.state
  const bob = await signIn(true, 'bob')
  const own: string[] = []
  for (let made = 0; made < 3; made += 1) own.push(await signIn(true))
  const waiting = await signIn(false)
  // One that nobody can read is the first to go.
  await store.create({ key: 'x'.repeat(43), user: 'ann', data: 'not ours', expires: fixture.now + 3_600_000 })
  for (let made = 0; made < 95; made += 1) await signIn(false)
  t.is((await store.list('ann')).length, 100)
  t.is(await stateOf(await signIn(false)), 'pending')
  t.is(await store.read('x'.repeat(43)), undefined)
  t.is(await stateOf(waiting), 'pending')
  // Whoever floods ends sign-ins that wait, and none that is complete.
  for (let made = 0; made < 120; made += 1) await signIn(false)
  t.is(await stateOf(waiting), undefined)
  t.deepEqual(await Promise.all(own.map(stateOf)), ['verified', 'verified', 'verified'])
  t.is((await store.list('ann')).length, 100)
  for (let made = 0; made < 98; made += 1) await signIn(true)
  t.deepEqual(await Promise.all(own.map(stateOf)), [undefined, 'verified', 'verified'])
  t.is((await store.list('ann')).length, 100)
  t.is(await stateOf(bob), 'verified')
  // Those that begin at once don't all end each other.
  const many = await Promise.all(Array.from({ length: 20 }, () => sessions.signIn(request(), 'ann')))
  const states = await Promise.all(many.map((made) => stateOf((made.ok && made.headers['set-cookie']?.split(';')[0]) || '')))
  t.true(states.includes('pending'))
})

test('a proof is kept, though requests of the same browser change the session all the time', async (t) => {
  const store = memorySessions()
  let busy = 0
  const site = await SessionSite.open(t, ownKind(() => overridingSessions(store, {
    async replace(session, before) {
      // Somebody else was faster, twice.
      if (busy-- > 0) await store.replace({ ...session, data: JSON.stringify({ ...JSON.parse(before), noise: busy }) }, before)
      return store.replace(session, before)
    },
  })))
  const { client, uri } = await withApp(site)
  site.fixture.now += 6 * minute
  const answer = nextCode(site, uri)
  t.like((await client.get('/session')).body, { fresh: false })
  busy = 2
  t.is((await client.post('/verify', { answer })).status, 200)
  t.like((await client.get('/session')).body, { state: 'verified', fresh: true })
  busy = 1000
  t.is((await client.post('/verify', { answer: nextCode(site, uri) })).status, 503)
})

test('what is not a session of ours in the store is an error, and nobody', async (t) => {
  const store = memorySessions()
  const site = await SessionSite.open(t, ownKind(() => store))
  const client = await site.verified()
  const [stored] = await store.list('ann')
  for (const data of ['', '{', 'null', '{}', '5', stored!.data.replace('verified', 'admin'), stored!.data.replace('"secret"', '"s"')]) {
    const before = (await store.list('ann'))[0]!.data
    await store.replace({ ...stored!, data }, before)
    t.is((await client.call('GET', '/session')).status, 503, data)
  }
})
