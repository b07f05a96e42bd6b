// Sign-ins, step-ups and recoveries: what is accepted, what the host is told, what attackers get.
import test from 'ava'
import { memoryStore } from '../../facade/stores/index.js'
import { TestAuthenticator, totpAt } from '../../facade/testing/index.js'
import { isCountersignError } from '../../index.js'
import { origin, overriding, wrongCode } from '../helpers/service.js'
import { HttpClient } from './http-client.js'
import { HttpHost, user } from './http-host.js'

test('a sign-in without a factor is done, unless one is required', async (t) => {
  const host = (await HttpHost.open()).pending()
  t.deepEqual((await host.client.post('/challenge')).body, { challenge: null })
  t.like(host.told, [{ user: { state: 'pending' }, outcome: { purpose: 'sign-in', ok: true, factor: null } }])
  t.is(host.session?.state, 'verified')

  for (const required of [true, async () => true]) {
    const strict = (await HttpHost.open({ required })).pending()
    t.deepEqual((await strict.client.post('/challenge')).body, { challenge: null })
    t.deepEqual(strict.told, [])
    t.deepEqual((await strict.client.get('/session')).body, { state: 'pending', passkeys: true, yubico: false, mayEnrol: true })
  }
})

test('a sign-in without a factor is no newer than its password, and none of long ago', async (t) => {
  const host = (await HttpHost.open({ freshSeconds: 60 })).pending()
  const at = host.session!.at
  host.fixture.now += 59_000
  await host.client.post('/challenge')
  t.is((host.told[0]!.outcome as { at: number }).at, at)
  host.fixture.now += 1000
  t.like((await host.client.get('/session')).body, { state: 'verified', fresh: false })

  host.pending()
  host.fixture.now += 60_000
  t.is((await host.client.post('/challenge')).body.type, 'urn:countersign:problem:step-up-required')
  t.is(host.session?.state, 'pending')
  t.is(host.told.length, 1)
})

test('a factor that is enrolled while the host thinks must be answered with', async (t) => {
  const required = async () => {
    await host.fixture.enrolTotp(user)
    return false
  }
  const host = (await HttpHost.open({ required })).pending()
  t.like((await host.client.post('/challenge')).body, { challenge: { totp: true } })
  t.deepEqual(host.told, [])
  t.is(host.session?.state, 'pending')
})

test('the time of a proof is told by the clock of the service', async (t) => {
  const host = await HttpHost.open()
  await host.fixture.enrolTotp(user)
  const [code] = await host.fixture.service.createRecoveryCodes(user)
  host.pending().fixture.now += 2345
  await host.client.post('/verify', { answer: { type: 'recovery', code } })
  const second = Math.floor(host.fixture.now / 1000)
  t.like(host.told, [{ outcome: { ok: true, at: (second + 1) * 1000 } }], 'later than any factor that is there')
  host.session!.at = host.fixture.now + 60_000
  t.like((await host.client.get('/session')).body, { fresh: true }, 'clocks of servers differ')
  host.session!.at = host.fixture.now + 60_001
  t.like((await host.client.get('/session')).body, { fresh: false }, 'by so much')
})

test('a step-up without a factor is none', async (t) => {
  const host = (await HttpHost.open()).verified({ at: 0 })
  t.deepEqual((await host.client.post('/challenge')).body, { challenge: null })
  t.deepEqual(host.told, [])
  t.like((await host.client.get('/session')).body, { fresh: false, mayEnrol: false })
})

test('lost records of an enrolled user are an error, never a way in', async (t) => {
  for (const required of [false, true]) {
    const host = (await HttpHost.open({ required })).pending({ enrolled: true })
    for (const path of ['/challenge', '/factors/totp', '/factors/webauthn']) {
      t.is((await host.client.post(path)).status, 500, path)
    }
    t.is((await host.client.get('/session')).status, 500)
    t.deepEqual(host.told, [])
    t.true(host.errors.every((error) => isCountersignError(error, 'record-missing')))
  }
})

test('a user with disabled or unusable factors gets a challenge', async (t) => {
  const host = (await HttpHost.open({ rp: { id: 'other.example', name: 'Other', origins: [origin], relatedOrigins: true } })).pending()
  await host.fixture.enrolKey(user)
  const { challenge } = (await host.client.post('/challenge')).body
  t.truthy(challenge)
  t.deepEqual(host.told, [])
})

test('the purpose comes from the state: an answer for one is none for the other', async (t) => {
  const host = (await HttpHost.open()).pending()
  const { key } = await host.fixture.enrolKey(user)
  const { challenge } = (await host.client.post('/challenge')).body
  const answer = { type: 'webauthn', response: key.get(challenge.webauthn, { origin }) }
  host.verified()
  t.is((await host.client.post('/verify', { answer })).body.reason, 'rejected')
  t.like(host.told, [{ outcome: { purpose: 'step-up', ok: false, reason: 'rejected' } }])
})

test('a challenge is bound to the session that got it', async (t) => {
  const host = (await HttpHost.open()).pending({ session: 'one' })
  const { key } = await host.fixture.enrolKey(user)
  for (const [session, ok] of [['two', false], ['one', true]] as const) {
    host.pending({ session: 'one' })
    const { challenge } = (await host.client.post('/challenge')).body
    const answer = { type: 'webauthn', response: key.get(challenge.webauthn, { origin }) }
    host.pending({ session })
    t.is((await host.client.post('/verify', { answer })).body.ok, ok, session)
  }
  host.verified({ session: 'one' })
  const creation = (await host.client.post('/factors/webauthn')).body
  const begun = (await host.client.post('/factors/totp')).body
  const response = new TestAuthenticator().create(creation, { origin })
  host.verified({ session: 'two' })
  t.is((await host.client.post('/factors/webauthn/finish', { response, description: '' })).body.reason, 'rejected')
  const code = totpAt(begun.uri, host.fixture.now)
  const finish = { enrolment: begun.enrolment, code, description: '' }
  t.is((await host.client.post('/factors/totp/finish', finish)).body.reason, 'rejected')
})

test('of fifty answers with one code, one is accepted', async (t) => {
  const host = (await HttpHost.open()).pending()
  const { uri } = await host.fixture.enrolTotp(user)
  host.fixture.step()
  const answer = { type: 'totp', code: totpAt(uri, host.fixture.now) }
  const replies = await Promise.all(Array.from({ length: 50 }, () => host.client.post('/verify', { answer })))
  t.is(replies.filter(({ status }) => status === 200).length, 1)
  t.is(replies.filter(({ status }) => status === 403).length, 49)
})

test('guesses count for the user, on whatever path', async (t) => {
  const host = await HttpHost.open()
  const { uri } = await host.fixture.enrolTotp(user)
  const [recovery] = await host.fixture.service.createRecoveryCodes(user)
  const totp = wrongCode(uri, host.fixture.now)
  for (let tries = 0; tries < 4; tries++) {
    t.is((await host.pending().client.post('/verify', { answer: { type: 'totp', code: totp } })).body.reason, 'rejected')
    t.is((await host.verified().client.post('/reset', { totp, recovery })).body.reason, 'rejected')
  }
  host.fixture.step()
  const right = totpAt(uri, host.fixture.now)
  host.verified()
  t.is((await host.client.post('/verify', { answer: { type: 'totp', code: right } })).body.reason, 'locked')
  t.is(host.session?.state, 'verified', 'a step-up that is locked signs nobody out')
  host.pending()
  t.is((await host.client.post('/reset', { totp: right, recovery })).body.reason, 'locked')
  t.is(host.session, null)
})

test('a lock says when it ends and what lifts it, in the challenge, the refusal and the status', async (t) => {
  const host = await HttpHost.open({}, undefined, { limits: { totpFailures: 2, failures: 4, lockSeconds: 600 } })
  const { service } = host.fixture
  const { uri } = await host.fixture.enrolTotp(user)
  const [code = ''] = await service.createRecoveryCodes(user)
  const guess = (type: 'totp' | 'recovery') =>
    host.pending().client.post('/verify', {
      answer: { type, code: type === 'totp' ? wrongCode(uri, host.fixture.now) : '0000-0000-0000-0000' },
    })
  const told = async () => [
    (await host.pending().client.post('/challenge')).body.challenge,
    await guess('totp').then(({ body }) => body),
    await service.status(user),
    (await host.verified().client.get('/factors')).body.status,
  ]
  for (let tries = 0; tries < 2; tries++) t.is((await guess('totp')).body.reason, 'rejected')
  for (const one of await told()) t.like(one, { lockedUntil: null, unlockedBy: ['recovery'] })
  t.is((await guess('totp')).headers.get('retry-after'), null, 'it does not end by itself')

  for (let tries = 0; tries < 2; tries++) t.is((await guess('recovery')).body.reason, 'rejected')
  const lockedUntil = Math.floor(host.fixture.now / 1000) * 1000 + 600_000
  for (const one of await told()) t.like(one, { lockedUntil, unlockedBy: [] })
  host.fixture.now = lockedUntil - 1500
  const refused = await host.pending().client.post('/reset', { totp: '123456', recovery: code })
  t.like(refused, { status: 403, body: { reason: 'locked', lockedUntil, unlockedBy: [] } })
  t.is(refused.headers.get('retry-after'), '2')

  // A key lifts every lock; that of all typed codes it outlives alone.
  await host.fixture.enrolKey(user)
  for (const one of await told()) t.like(one, { lockedUntil, unlockedBy: ['webauthn'] })
  host.fixture.now = lockedUntil
  for (const one of await told()) t.like(one, { lockedUntil: null, unlockedBy: ['webauthn', 'recovery'] })
  await service.unlock(user)
  t.is((await service.challenge(user))?.unlockedBy, undefined)
  t.false('lockedUntil' in (await service.status(user)))
})

test('headers of the host go with the answer, refused ones too', async (t) => {
  const host = await HttpHost.open({
    onVerified: (request, who, outcome) =>
      outcome.ok ? new Headers([['set-cookie', 'a=1'], ['set-cookie', 'b=2'], ['x-host', 'yes']]) : { 'set-cookie': 'gone=' },
  })
  const { uri } = await host.fixture.enrolTotp(user)
  const [code] = await host.fixture.service.createRecoveryCodes(user)
  const { headers } = await host.pending().client.post('/verify', { answer: { type: 'recovery', code } })
  t.deepEqual(headers.getSetCookie(), ['a=1', 'b=2'])
  t.is(headers.get('x-host'), 'yes')
  const lists = await HttpHost.open({ onVerified: () => ({ 'set-cookie': ['a=1; Path=/', 'b=2'], 'x-host': 'yes' }) })
  t.deepEqual((await lists.pending().client.post('/challenge')).headers.getSetCookie(), ['a=1; Path=/', 'b=2'])
  const answer = { type: 'totp', code: wrongCode(uri, host.fixture.now) }
  const refused = await host.pending().client.post('/verify', { answer })
  t.is(refused.status, 403)
  t.deepEqual(refused.headers.getSetCookie(), ['gone='])
})

test('nothing is signed in where the host’s session fails', async (t) => {
  const host = await HttpHost.open({ onVerified: () => Promise.reject(new Error('session store')) })
  await host.fixture.enrolTotp(user)
  const [code] = await host.fixture.service.createRecoveryCodes(user)
  t.is((await host.pending().client.post('/verify', { answer: { type: 'recovery', code } })).status, 500)
  t.is((await host.client.get('/session')).body.state, 'pending')
})

test('a recovery code removes what was lost, if asked to, and nothing else does', async (t) => {
  const host = await HttpHost.open()
  const { uri } = await host.fixture.enrolTotp(user)
  const { key } = await host.fixture.enrolKey(user)
  const [first, second] = await host.fixture.service.createRecoveryCodes(user)
  host.fixture.step()
  const totp = { type: 'totp', code: totpAt(uri, host.fixture.now) }
  t.is((await host.pending().client.post('/verify', { answer: totp, removeLost: true })).body.removed, undefined)
  const wrong = { type: 'recovery', code: '0000-0000-0000-0000' }
  t.is((await host.pending().client.post('/verify', { answer: wrong, removeLost: true })).status, 403)
  t.is((await host.pending().client.post('/verify', { answer: { type: 'recovery', code: first } })).status, 200)
  t.is((await host.fixture.service.factors(user)).length, 3)
  t.deepEqual(host.enrolled, [])

  host.pending()
  const { body } = await host.client.post('/verify', { answer: { type: 'recovery', code: second }, removeLost: true })
  t.deepEqual(body.removed.map(({ type }: { type: string }) => type).sort(), ['totp', 'webauthn'])
  t.deepEqual(body.signals.allAcceptedCredentialIds, [])
  t.is(body.signals.userId, key.credentials[0]!.userHandle)
  t.like(await host.fixture.service.factors(user), [{ type: 'recovery', left: 8 }])
  t.deepEqual(host.enrolled, [], 'the codes are a factor still')
  t.like((await host.client.get('/session')).body, { state: 'verified', fresh: true, mayEnrol: true })
  // Who knows the password alone gets no further than before.
  t.deepEqual((await host.pending().client.get('/session')).body, { state: 'pending', passkeys: true, yubico: false, mayEnrol: false })
})

test('a removal that fails signs nobody in', async (t) => {
  const store = memoryStore()
  let removals = false
  const failing = overriding(store, {
    update: (who, change) =>
      store.update(who, (record) => {
        const next = change(record)
        if (removals && record?.includes('"webauthn":[{') && !next.record?.includes('"webauthn":[{')) throw new Error('disk')
        return next
      }),
  })
  const host = await HttpHost.open({}, failing)
  await host.fixture.enrolKey(user)
  const [code] = await host.fixture.service.createRecoveryCodes(user)
  removals = true
  const { status } = await host.pending().client.post('/verify', { answer: { type: 'recovery', code }, removeLost: true })
  t.is(status, 503)
  t.deepEqual(host.told, [])
  t.is(host.session?.state, 'pending')
  removals = false
  const again = await host.client.post('/verify', { answer: { type: 'recovery', code }, removeLost: true })
  t.like(again.body, { ok: true, removed: [{ type: 'webauthn' }] }, 'the code was not used up')
})

test('two codes of a pending sign-in remove the keys and sign in', async (t) => {
  const host = await HttpHost.open()
  const { uri } = await host.fixture.enrolTotp(user)
  const { factor } = await host.fixture.enrolKey(user)
  const [recovery] = await host.fixture.service.createRecoveryCodes(user)
  host.fixture.step()
  const totp = totpAt(uri, host.fixture.now)
  t.is((await host.pending().client.post('/reset', { totp, recovery: '0000-0000-0000-0000' })).status, 403)
  host.fixture.step()
  const { body } = await host.client.post('/reset', { totp: totpAt(uri, host.fixture.now), recovery })
  t.like(body, { ok: true, removed: [{ id: factor.id }], recoveryCodesLeft: 9, signals: { allAcceptedCredentialIds: [] } })
  t.like(host.told.at(-1), { outcome: { purpose: 'reset', ok: true, factor: { type: 'recovery' }, recoveryCodesLeft: 9 } })
  t.is(host.session?.state, 'verified')
  t.deepEqual(host.enrolled, [true])
})

test('a passkey signs in without a user name', async (t) => {
  const host = (await HttpHost.open()).verified({ name: 'ann@example.com' })
  const key = new TestAuthenticator({ userVerified: true })
  const creation = (await host.client.post('/factors/webauthn', { use: 'passkey' })).body
  t.like(creation, {
    user: { name: 'ann@example.com', displayName: 'ann@example.com' },
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  })
  const response = key.create(creation, { origin })
  t.is((await host.client.post('/factors/webauthn/finish', { response, description: 'passkey' })).status, 200)

  host.session = null
  const challenge = (await host.client.post('/passkey/challenge')).body
  const answer = { type: 'webauthn', response: key.get(challenge.webauthn, { origin }) }
  const { body } = await host.client.post('/passkey/verify', { answer })
  t.like(body, { ok: true, userVerified: true, factor: { type: 'webauthn' } })
  t.false(JSON.stringify(body).includes(user))
  t.like(host.told.at(-1), { user: { id: user }, outcome: { purpose: 'passkey', ok: true } })
  host.session = null
  t.is((await host.client.post('/passkey/verify', { answer })).status, 403)
})

test('a passkey’s challenge is for the browser that asked', async (t) => {
  const host = (await HttpHost.open()).verified()
  const key = await enrolPasskey(host)
  host.session = null
  const browser = () => new HttpClient(origin, (request) => host.handler(request))
  const [ann, eve] = [browser(), browser()]
  const sign = async (client: HttpClient) => {
    const { webauthn } = (await client.post('/passkey/challenge')).body
    return { answer: { type: 'webauthn', response: key.get(webauthn, { origin }) } }
  }
  const asked = await ann.post('/passkey/challenge')
  const [cookie = ''] = asked.headers.getSetCookie()
  t.regex(cookie, /^__Host-countersign-passkey=[\w-]{22}; Path=\/; Max-Age=86400; HttpOnly; SameSite=Strict; Secure$/)
  const evesAnswer = await sign(eve)
  t.is((await ann.post('/passkey/verify', evesAnswer)).status, 403, 'another browser')
  t.is((await browser().post('/passkey/verify', evesAnswer)).status, 403, 'no cookie')
  const twice = [...ann.cookies, ...eve.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  t.is((await browser().call('POST', '/passkey/verify', evesAnswer, { cookie: twice })).status, 403, 'two cookies')
  const [first, second] = [await sign(ann), await sign(ann)]
  t.is((await ann.post('/passkey/verify', first)).status, 200, 'autofill and a button both wait')
  host.session = null
  t.is((await ann.post('/passkey/verify', second)).status, 200)
})

test('a page on localhost gets the cookie too', async (t) => {
  const rp = { id: 'localhost', name: 'Dev', origins: ['http://localhost:3000'] }
  const host = await HttpHost.open({}, undefined, { rp })
  const client = new HttpClient('http://localhost:3000', (request) => host.handler(request))
  const [cookie = ''] = (await client.post('/passkey/challenge')).headers.getSetCookie()
  t.regex(cookie, /^countersign-passkey=[\w-]{22}; Path=\/; Max-Age=86400; HttpOnly; SameSite=Strict$/)
})

test('passkeys can be turned off, for the handler or the whole service', async (t) => {
  const off = { webauthn: { passkeys: false } }
  const hosts = [await HttpHost.open({ passkeys: false }), await HttpHost.open({}, undefined, off)]
  for (const host of hosts) {
    t.deepEqual((await host.client.get('/session')).body, { state: 'none', passkeys: false })
    for (const path of ['challenge', 'verify']) {
      const { status } = await host.client.host('POST', `/countersign/passkey/${path}`, { answer: {} })
      t.is(status, 404, path)
    }
    const { paths } = (await host.client.get('/openapi.json')).body
    t.deepEqual(Object.keys(paths).filter((path) => path.includes('passkey')), [])
    host.verified()
    t.like((await host.client.get('/session')).body, { state: 'verified', passkeys: false })
    t.like((await host.client.post('/factors/webauthn', { use: 'passkey' })).body, { status: 400, detail: 'use' })
    t.is((await host.client.post('/factors/webauthn', { use: 'second-factor' })).status, 200)
  }
  await t.throwsAsync(HttpHost.open({ passkeys: true }, undefined, off), { code: 'invalid-argument', message: /passkeys/ })
})

test('a refused passkey tells nobody whether anyone has it', async (t) => {
  const host = await HttpHost.open()
  const { key } = await host.fixture.enrolKey(user)
  const stranger = new TestAuthenticator({ userVerified: true })
  const other = await HttpHost.open()
  stranger.create(await other.fixture.service.beginWebauthn('eve', { name: 'e', displayName: 'e', use: 'passkey' }), { origin })
  const replies = []
  for (const one of [key, stranger]) {
    const challenge = (await host.client.post('/passkey/challenge')).body
    const credentialId = one.credentials[0]!.id
    const response = one.get(challenge.webauthn, { origin, credentialId }) as any
    response.response.userHandle ??= one.credentials[0]!.userHandle
    replies.push(await host.client.post('/passkey/verify', { answer: { type: 'webauthn', response } }))
  }
  t.is(replies[0]!.status, 403)
  t.deepEqual(replies[0]!.body, replies[1]!.body)
  t.deepEqual(host.told, [])
})

test('a wrong code of somebody without a phone is refused like any other', async (t) => {
  const host = await HttpHost.open()
  const { uri } = await host.fixture.enrolTotp(user)
  const answer = { type: 'totp', code: wrongCode(uri, host.fixture.now) }
  const known = await host.pending().client.post('/verify', { answer })
  const unknown = await host.pending({ id: 'nobody' }).client.post('/verify', { answer })
  t.deepEqual([known.status, known.body], [unknown.status, unknown.body])
})

async function enrolPasskey(host: HttpHost): Promise<TestAuthenticator> {
  const key = new TestAuthenticator({ userVerified: true })
  const creation = (await host.client.post('/factors/webauthn', { use: 'passkey' })).body
  const response = key.create(creation, { origin })
  await host.client.post('/factors/webauthn/finish', { response, description: 'passkey' })
  return key
}
