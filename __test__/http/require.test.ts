// What the option `require` of a handler asks of every answer: at a sign-in, a step-up, with a passkey, and of a first factor.
import test from 'ava'

import { createHandler } from '../../facade/http/index.js'
import type { HandlerOptions, HttpUser } from '../../facade/http/index.js'
import { memoryStore } from '../../facade/stores/index.js'
import { TestAuthenticator, totpAt } from '../../facade/testing/index.js'
import type { OpenOptions, Requirement } from '../../index.js'
import { Fixture, origin } from '../helpers/service.js'
import { key as secret, otp, uid } from '../helpers/yubico-key.js'
import { HttpHost, user } from './http-host.js'

const problem = (name: string) => `urn:countersign:problem:${name}`
const require = { phishingResistant: true }

function open(options: Partial<HandlerOptions> = {}, more: Partial<OpenOptions> = {}): Promise<HttpHost> {
  return HttpHost.open({ require, remember: true, ...options }, memoryStore(), more)
}

/** A user with an app, recovery codes, and a key if there is one. */
async function equipped(host: HttpHost, key = true) {
  const { uri } = await host.fixture.enrolTotp(user)
  const codes = await host.fixture.service.createRecoveryCodes(user)
  const enrolled = key ? (await host.fixture.enrolKey(user, { userVerified: true })).key : undefined
  host.fixture.step()
  return { uri, codes, key: enrolled, code: () => totpAt(uri, host.fixture.now) }
}

const sign = (key: TestAuthenticator, challenge: { webauthn: never }) => ({
  answer: { type: 'webauthn', response: key.get(challenge.webauthn, { origin }) },
})

for (const state of ['pending', 'verified'] as const) {
  test(`${state}: only what can prove it is offered, and nothing else is accepted or used up`, async (t) => {
    const host = await open()
    const { codes, key, code } = await equipped(host)
    host[state]()
    const before = await host.fixture.store.read(user)
    const session = (await host.client.get('/session')).body
    t.deepEqual(session.require, require)
    t.false('remember' in session)
    const { challenge, ...rest } = (await host.client.post('/challenge')).body
    t.deepEqual(Object.keys(challenge).sort(), ['id', 'webauthn'])
    t.deepEqual(rest, { require })
    const recovery = { type: 'recovery', code: codes[0] }
    for (const [path, body] of [
      ['/verify', { answer: { type: 'totp', code: code() } }], ['/verify', { answer: `totp:${code()}` }], ['/verify', { answer: recovery }],
      ['/verify', { answer: recovery, removeLost: true }], ['/reset', { totp: code(), recovery: codes[0] }],
    ] as const) {
      host.fixture.events.length = 0
      const refused = await host.client.post(path, body)
      t.like(refused, { status: 403, body: { ok: false, reason: 'rejected' } }, path)
      t.like(host.fixture.events, [{ type: 'rejected', reason: 'requirement-unmet' }])
      t.like(host.told.at(-1)?.outcome, { ok: false, reason: 'rejected' })
    }
    t.is(host.session?.state, state)
    t.is(await host.fixture.store.read(user), before)
    t.is((await host.client.post('/verify', { ...sign(key!, challenge), remember: true })).body.type, problem('malformed-request'))
    t.true((await host.client.post('/verify', sign(key!, challenge))).body.ok)
    t.like(host.told.at(-1)?.outcome, { ok: true, assurance: { phishingResistant: true } })
  })
}

test('who has no such factor gets an empty challenge that says why', async (t) => {
  const host = await open()
  const { code } = await equipped(host, false)
  host.pending()
  t.like((await host.client.get('/session')).body, { state: 'pending', mayEnrol: false, require })
  const { challenge, ...rest } = (await host.client.post('/challenge')).body
  t.deepEqual(Object.keys(challenge), ['id'])
  t.deepEqual(rest, { require })
  t.is((await host.client.post('/verify', { answer: { type: 'totp', code: code() } })).body.reason, 'rejected')
  t.is((await host.client.post('/factors/webauthn')).body.type, problem('second-factor-required'), 'a password alone enrols nothing beside it')
})

test('a browser that was remembered before is asked for the key', async (t) => {
  let strict = false
  const host = await open({ require: () => (strict ? require : null) })
  const { key, code } = await equipped(host)
  host.pending()
  await host.client.post('/verify', { answer: { type: 'totp', code: code() }, remember: true })
  host.pending()
  t.true((await host.client.post('/challenge')).body.remembered)
  strict = true
  host.pending()
  const { challenge, ...rest } = (await host.client.post('/challenge')).body
  t.deepEqual(rest, { require })
  t.is(host.session?.state, 'pending')
  t.true((await host.client.post('/verify', sign(key!, challenge))).body.ok)
})

test('a function decides for each user, also in its own time', async (t) => {
  const asked: [HttpUser, string, unknown][] = []
  const host = await open({
    require: async (who, request, context) => {
      asked.push([who, new URL(request.url).pathname, context])
      return who.id === user ? require : {}
    },
  })
  host.pending()
  t.like((await host.client.get('/session')).body, { mayEnrol: true, require })
  t.is(asked.length, 1, 'once for each request')
  t.like(asked[0], [{ id: user, state: 'pending' }, '/countersign/session', undefined])
  host.pending({ id: 'bob' })
  t.false('require' in (await host.client.get('/session')).body)
  t.deepEqual((await host.client.post('/challenge')).body, { challenge: null })
  t.is(host.session?.state, 'verified')
})

test('a function that fails, or answers with no requirement, lets nobody in', async (t) => {
  class Row {
    get phishingResistant() {
      return true
    }
  }
  const answers: [unknown, string][] = [
    [undefined, 'invalid-argument'], [true, 'invalid-argument'], ['phishingResistant', 'invalid-argument'],
    [{ phishingResistent: true }, 'invalid-argument'], [{ phishingResistant: 1 }, 'invalid-argument'], [new Row(), 'invalid-argument'],
    [new Error('no database'), 'store-failed'],
  ]
  for (const [answer, code] of answers) {
    const host = await open({
      require: () => {
        if (answer instanceof Error) throw answer
        return answer as Requirement
      },
    })
    const { code: typed } = await equipped(host)
    for (const [path, body] of [['/challenge', {}], ['/verify', { answer: { type: 'totp', code: typed() } }], ['/reset', { totp: '', recovery: '' }]] as const) {
      host.pending()
      t.is((await host.client.post(path, body)).status, code === 'store-failed' ? 503 : 500, `${String(answer)} ${path}`)
      t.like(host.errors.at(-1), { code })
      t.is(host.session?.state, 'pending')
    }
    t.deepEqual(host.told, [])
    host.pending({ id: 'bob' })
    t.not((await host.client.post('/challenge')).status, 200, 'nor one without a factor')
  }
  const { service } = await Fixture.open(memoryStore())
  for (const wrong of [true, 'phishingResistant', null, { phishingResistent: true }, { phishingResistant: 'yes' }, new Row()]) {
    t.throws(() => createHandler(service, { user: () => null, onVerified() {}, require: wrong as Requirement }), {
      code: 'invalid-argument', message: /require/,
    })
  }
})

test('who has no factor ends the sign-in by the enrolment of one that can prove it', async (t) => {
  const host = await open({}, { yubico: { secrets: () => ({ key: secret, uid }) } })
  host.pending()
  t.like((await host.client.get('/session')).body, { mayEnrol: true, require })
  t.deepEqual((await host.client.post('/challenge')).body, { challenge: null, require })
  t.deepEqual(host.told, [], 'the password alone is not enough')
  const refused = { status: 403, body: { ok: false, reason: 'authenticator-refused' } }
  t.like(await host.client.post('/factors/totp'), refused)
  t.like(await host.client.post('/factors/totp/finish', { enrolment: 'x', code: '123456', description: 'phone' }), refused)
  t.like(await host.client.post('/factors/yubico', { code: otp(1, 1), description: 'key' }), refused)
  t.deepEqual(host.fixture.events.map(({ reason }) => reason), ['requirement-unmet', 'requirement-unmet'])
  const key = new TestAuthenticator()
  const response = key.create((await host.client.post('/factors/webauthn')).body, { origin })
  t.true((await host.client.post('/factors/webauthn/finish', { response, description: 'key' })).body.ok)
  t.like(host.told, [{ outcome: { ok: true, purpose: 'enrolment' } }])
  t.is(host.session?.state, 'verified')
})

test('an app that was begun before something was required is refused at the end', async (t) => {
  let strict = false
  const host = await open({ required: true, require: () => (strict ? require : null) })
  host.pending()
  const { enrolment, uri } = (await host.client.post('/factors/totp')).body
  strict = true
  const proof = { enrolment, code: totpAt(uri, host.fixture.now), description: 'phone' }
  t.is((await host.client.post('/factors/totp/finish', proof)).body.reason, 'authenticator-refused')
  t.deepEqual(await host.fixture.service.factors(user), [])
  strict = false
  t.true((await host.client.post('/factors/totp/finish', proof)).body.ok, 'it is open as before')
})

test('a first key that is too weak is refused, and leaves the way open for another', async (t) => {
  const host = await open({ require: { deviceBound: true, userVerified: true } })
  host.pending()
  const enrol = async (key: TestAuthenticator) => {
    const { body } = await host.client.post('/factors/webauthn')
    t.is(body.authenticatorSelection.userVerification, 'required')
    return (await host.client.post('/factors/webauthn/finish', { response: key.create(body, { origin }), description: 'key' })).body
  }
  t.like(await enrol(new TestAuthenticator({ userVerified: true, backupEligible: true })), { ok: false, reason: 'authenticator-refused' })
  t.like(host.fixture.events.at(-1), { type: 'rejected', reason: 'requirement-unmet', factor: { type: 'webauthn' } })
  t.deepEqual(await host.fixture.service.factors(user), [])
  t.is(host.session?.state, 'pending')
  t.true((await enrol(new TestAuthenticator({ userVerified: true }))).ok)
  t.is(host.session?.state, 'verified')
})

test('signed in, a user may add what does not prove it', async (t) => {
  const host = await open()
  await equipped(host)
  host.verified()
  const { enrolment, uri } = (await host.client.post('/factors/totp')).body
  const proof = { enrolment, code: totpAt(uri, host.fixture.now), description: 'phone' }
  t.true((await host.client.post('/factors/totp/finish', proof)).body.ok)
})

test('a policy whose time is over asks the same of a first factor', async (t) => {
  const host = await HttpHost.open({}, memoryStore(), { policy: () => ({ require }) })
  host.pending()
  t.like((await host.client.get('/session')).body, { mayEnrol: true, enforcement: { state: 'required', require } })
  t.is((await host.client.post('/factors/totp')).body.reason, 'authenticator-refused')
  const inTime: HttpHost = await HttpHost.open({ required: true }, memoryStore(), { policy: () => ({ require, by: inTime.fixture.now + 86_400_000 }) })
  inTime.pending()
  t.is((await inTime.client.post('/factors/totp')).status, 200, 'there is time')
})

test('a passkey alone is held to it: what everybody has to prove stands in its challenge, and a function is asked about its user', async (t) => {
  const strict = { deviceBound: true }
  const asked: HttpUser[] = []
  const host = await open({
    require: (who) => {
      asked.push(who)
      return who.id === user ? strict : null
    },
  })
  const enrol = async (name: string, backupEligible: boolean) => {
    const key = new TestAuthenticator({ userVerified: true, backupEligible })
    const creation = await host.fixture.service.beginWebauthn(name, { name, displayName: name, use: 'passkey' })
    await host.fixture.service.finishWebauthn(name, { response: key.create(creation, { origin }), description: 'passkey' })
    return key
  }
  const [synced, bound, ofBob] = [await enrol(user, true), await enrol(user, false), await enrol('bob', true)]
  const signIn = async (key: TestAuthenticator, handler = host, wrong = false) => {
    const challenge = (await handler.client.post('/passkey/challenge')).body
    const { answer } = sign(key, challenge)
    if (wrong) answer.response.response.signature = Buffer.alloc(64).toString('base64url')
    return handler.client.post('/passkey/verify', { answer })
  }
  const before = await host.fixture.store.read(user)
  t.is((await signIn(synced)).body.reason, 'rejected')
  t.is(host.fixture.events.at(-1)?.reason, 'requirement-unmet')
  t.is(await host.fixture.store.read(user), before)
  t.deepEqual(host.told, [])
  t.like(asked, [{ id: user, state: 'pending' }])
  t.true((await signIn(bound)).body.ok)
  t.is(host.session?.id, user)
  t.true((await signIn(ofBob)).body.ok)
  asked.length = 0
  t.is((await signIn(bound, host, true)).body.reason, 'rejected')
  t.deepEqual(asked, [], 'a wrong answer asks the host nothing')

  const forAll = await open({ require: strict })
  const key = new TestAuthenticator({ userVerified: true, backupEligible: true })
  const creation = await forAll.fixture.service.beginWebauthn(user, { name: user, displayName: user, use: 'passkey' })
  await forAll.fixture.service.finishWebauthn(user, { response: key.create(creation, { origin }), description: 'passkey' })
  const { webauthn } = (await forAll.client.post('/passkey/challenge')).body
  const answer = { type: 'webauthn', response: key.get(webauthn, { origin }) }
  t.is((await forAll.client.post('/passkey/verify', { answer })).body.reason, 'rejected')
})

test('what the page asks for is required too', async (t) => {
  const host = await open({ require: { deviceBound: true } })
  await host.fixture.enrolKey(user, { backupEligible: true })
  const bound = await host.fixture.enrolKey(user)
  host.verified()
  const { challenge } = (await host.client.post('/challenge', { phishingResistant: true })).body
  t.deepEqual(challenge.webauthn.allowCredentials.map(({ id }: { id: string }) => id), [(bound.factor as { credentialId: string }).credentialId])
})
