// Who may enrol what and when, and how factors are changed.
import test from 'ava'
import type { HandlerOptions } from '../../facade/http/index.js'
import { memoryStore } from '../../facade/stores/index.js'
import { TestAuthenticator, totpAt } from '../../facade/testing/index.js'
import { origin, overriding } from '../helpers/service.js'
import { stores } from '../helpers/stores.js'
import { enrolKey } from './flow.js'
import { HttpHost, user } from './http-host.js'

const minute = 60_000
const problem = (name: string) => `urn:countersign:problem:${name}`
const beginnings = ['/factors/totp', '/factors/webauthn']
const ends = ['/factors/totp/finish', '/factors/webauthn/finish']

async function finishTotp(host: HttpHost, begun: { enrolment: string; uri: string }) {
  const code = totpAt(begun.uri, host.fixture.now)
  return host.client.post('/factors/totp/finish', { enrolment: begun.enrolment, code, description: 'phone' })
}

test('a pending sign-in enrols only when it must, and its first factor ends it', async (t) => {
  const free = (await HttpHost.open()).pending()
  for (const path of [...beginnings, ...ends]) {
    const body = { enrolment: '', code: '', response: {}, description: '' }
    t.is((await free.client.post(path, body)).body.type, problem('second-factor-required'), path)
  }
  t.like((await free.client.get('/session')).body, { mayEnrol: false })

  const host = (await HttpHost.open({ required: ({ id }) => id === user })).pending()
  t.is((await finishTotp(host, (await host.client.post('/factors/totp')).body)).status, 200)
  t.like(host.told, [{ user: { state: 'pending' }, outcome: { purpose: 'enrolment', ok: true, factor: { type: 'totp' } } }])
  t.deepEqual(host.enrolled, [true])
  t.like((await host.client.get('/session')).body, { state: 'verified', fresh: true })

  host.pending()
  for (const path of beginnings) t.is((await host.client.post(path)).body.type, problem('second-factor-required'), path)
  t.is((await host.pending({ id: 'bob' }).client.post('/factors/totp')).body.type, problem('second-factor-required'))
})

test('a password that is not fresh enrols nothing', async (t) => {
  for (const state of ['pending', 'verified'] as const) {
    const host = (await HttpHost.open({ required: true }))[state]()
    const begun = (await host.client.post('/factors/totp')).body
    host.fixture.now += 5 * minute
    t.is((await finishTotp(host, begun)).body.type, problem('step-up-required'))
    for (const path of beginnings) t.is((await host.client.post(path)).body.type, problem('step-up-required'))
    t.like((await host.client.get('/session')).body, { mayEnrol: false })
    host.session!.at = host.fixture.now + 6 * minute
    t.is((await host.client.post('/factors/totp')).status, 403, 'nor does one of the future')
  }
})

test('of two first factors at once, one is enrolled', async (t) => {
  const host = (await HttpHost.open({ required: true })).pending()
  const begun = await Promise.all([host.client.post('/factors/totp'), host.client.post('/factors/totp')])
  const replies = await Promise.all(begun.map(({ body }) => finishTotp(host, body)))
  t.deepEqual(replies.map(({ status }) => status).sort(), [200, 409])
  t.like(replies.find(({ status }) => status === 409), { body: { ok: false, reason: 'not-first' } })
  t.is((await host.fixture.service.factors(user)).length, 1)
  t.is(host.told.length, 1)
})

test('a session that knows the password alone adds nothing to the factors of another', async (t) => {
  const host = (await HttpHost.open()).verified()
  const begun = (await host.client.post('/factors/totp')).body
  host.fixture.now += minute
  await host.fixture.enrolKey(user)
  const replies = [
    await finishTotp(host, begun),
    await host.client.post('/factors/totp'),
    await host.client.post('/recovery-codes'),
    await host.client.call('DELETE', `/factors/${(await host.fixture.service.factors(user))[0]!.id}`),
  ]
  for (const { body } of replies) t.is(body.type, problem('step-up-required'))
  t.like((await host.client.get('/session')).body, { fresh: false, mayEnrol: false })
  t.is((await host.fixture.service.factors(user)).length, 1)
  // A proof that is newer than a factor can have been one of it.
  host.verified()
  t.like((await host.client.get('/session')).body, { fresh: true, mayEnrol: true })
})

test('a proof before an import counts as the password, however old the factors say they are', async (t) => {
  const uri = 'otpauth://totp/ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  const old = { what: 'app', description: 'app', created: 1_500_000_000_000, notes: [], uri }
  const created = 1_500_000_000
  const recovery = { secret: '65ab65bc179e8c16', entries: [null], created }
  const data = JSON.stringify({ totp: [{ id: 'a', description: '', created, entry: uri }], recovery })
  for (const [name, makeStore] of Object.entries(stores)) {
    for (const how of ['factors', 'record'] as const) {
      const host = (await HttpHost.open({}, await makeStore())).verified()
      const { service } = host.fixture
      host.fixture.now += minute
      if (how === 'factors') t.is((await service.importFactors(user, { factors: [old], left: [] })).taken.length, 1)
      else t.like(await service.importRecord(user, data), { ok: true, changed: true })
      t.like((await host.client.get('/session')).body, { fresh: false, mayEnrol: false }, `${name} ${how}`)
      const factors = await service.factors(user)
      t.true(factors.every((factor) => factor.created === created * 1000 && factor.added === Math.floor(host.fixture.now / 1000) * 1000))
      for (const { id } of factors) {
        t.is((await host.client.call('DELETE', `/factors/${id}`)).body.type, problem('step-up-required'), `${name} ${how}`)
      }
      host.verified()
      t.like((await host.client.get('/session')).body, { fresh: true, mayEnrol: true }, `${name} ${how}`)
    }
  }
})

test('a proof in the second of an enrolment counts as the password, unless it is that enrolment', async (t) => {
  const host = (await HttpHost.open()).verified()
  const begun = (await host.client.post('/factors/totp')).body
  host.fixture.now += 100
  const thief = { ...host.session!, at: host.fixture.now }
  host.fixture.now += 800
  t.is((await finishTotp(host, begun)).status, 200)
  t.is(Math.floor(thief.at / 1000), Math.floor(host.fixture.now / 1000))
  t.is((await host.client.post('/recovery-codes')).status, 200, 'the session that enrolled goes on')
  host.session = thief
  t.like((await host.client.get('/session')).body, { fresh: false, mayEnrol: false })
  for (const { id } of await host.fixture.service.factors(user)) {
    t.is((await host.client.call('DELETE', `/factors/${id}`)).body.type, problem('step-up-required'))
  }
})

test('a signed-in user without a factor enrols one after another', async (t) => {
  const host = (await HttpHost.open()).verified()
  host.fixture.now += minute
  t.is((await finishTotp(host, (await host.client.post('/factors/totp')).body)).status, 200)
  t.like(host.told, [{ user: { state: 'verified' }, outcome: { purpose: 'enrolment', ok: true } }])
  t.is((await enrolKey(host.client, new TestAuthenticator())).status, 200)
  t.is((await host.client.post('/recovery-codes')).status, 200)
  t.is(host.told.length, 1, 'the second one is no sign-in')
  t.deepEqual(host.enrolled, [true, true])
})

test('the time that a verification is fresh for is a setting', async (t) => {
  const host = (await HttpHost.open({ freshSeconds: 10 })).verified()
  host.fixture.now += 9_999
  t.is((await host.client.post('/factors/totp')).status, 200)
  host.fixture.now += 1
  t.is((await host.client.post('/factors/totp')).status, 403)
})

test('a passkey without a touch is the host’s to allow, and never a first factor', async (t) => {
  const conditional = { use: 'passkey', conditional: true }
  const host = (await HttpHost.open()).verified()
  await host.fixture.enrolTotp(user)
  t.like((await host.verified().client.post('/factors/webauthn', conditional)).body, { detail: 'conditional' })
  t.is((await host.client.post('/factors/webauthn', { ...conditional, conditional: false })).status, 200)

  const willing = (await HttpHost.open({ conditionalCreate: true, required: true })).pending()
  t.like((await willing.client.post('/factors/webauthn', conditional)).body, { detail: 'conditional' })
  t.like((await willing.verified().client.post('/factors/webauthn', conditional)).body, { detail: 'conditional' })
  await willing.fixture.enrolTotp(user)
  const { body } = await willing.verified().client.post('/factors/webauthn', conditional)
  const response = new TestAuthenticator().create(body, { origin, userPresent: false, userVerified: false })
  t.is((await willing.client.post('/factors/webauthn/finish', { response, description: '' })).status, 200)
})

test('refused enrolments say why', async (t) => {
  const host = (await HttpHost.open({}, memoryStore(), { limits: { factors: 2 } })).verified()
  const key = new TestAuthenticator()
  await enrolKey(host.client, key)
  const { body: creation } = await host.client.post('/factors/webauthn')
  const response = key.create({ ...creation, excludeCredentials: [] }, { origin })
  const twice = { ...response, id: key.credentials[0]!.id, rawId: key.credentials[0]!.id }
  t.is((await host.client.post('/factors/webauthn/finish', { response: twice, description: '' })).status, 403)
  t.is((await host.client.post('/factors/webauthn/finish', { response: 'x', description: '' })).body.reason, 'malformed')
  t.is((await enrolKey(host.client, new TestAuthenticator())).status, 200)
  const full = await host.client.post('/factors/totp')
  t.like(full, { status: 409, body: { type: problem('factor-limit'), ok: false } })
})

test('enrolment codes are bounded in tries, and used up', async (t) => {
  const host = (await HttpHost.open()).verified()
  const { enrolment, uri } = (await host.client.post('/factors/totp')).body
  const right = { enrolment, code: totpAt(uri, host.fixture.now), description: '' }
  for (let tries = 0; tries < 5; tries++) {
    const code = totpAt(uri, host.fixture.now + (tries + 3) * 30_000)
    t.is((await host.client.post('/factors/totp/finish', { ...right, code })).status, 403)
  }
  t.is((await host.client.post('/factors/totp/finish', right)).status, 403)

  const again = (await host.client.post('/factors/totp')).body
  await finishTotp(host, again)
  const answer = { type: 'totp', code: totpAt(again.uri, host.fixture.now) }
  t.is((await host.pending().client.post('/verify', { answer })).status, 403, 'attack 1: the code of the enrolment')
})

test('recovery codes that are all that is left can be renewed', async (t) => {
  const host = await HttpHost.open()
  await host.fixture.enrolTotp(user)
  const [code] = await host.fixture.service.createRecoveryCodes(user)
  host.fixture.now += 2000
  const answer = { type: 'recovery', code }
  t.like((await host.pending().client.post('/verify', { answer, removeLost: true })).body.removed, [{ type: 'totp' }])
  const { codes } = (await host.client.post('/recovery-codes')).body
  t.is(codes.length, 10)
  t.like(await host.fixture.service.factors(user), [{ type: 'recovery', left: 10 }])
})

test('factors are renamed, disabled and removed, with what the browser must hear', async (t) => {
  const host = (await HttpHost.open()).verified({ name: 'ann@example.com', displayName: 'Ann' })
  t.is((await host.client.post('/recovery-codes')).body.type, problem('factor-required'))
  const key = new TestAuthenticator({ userVerified: true })
  const passkey = (await host.client.post('/factors/webauthn', { use: 'passkey' })).body
  const made = key.create(passkey, { origin })
  const { factor } = (await host.client.post('/factors/webauthn/finish', { response: made, description: 'one' })).body
  await host.client.post('/recovery-codes')

  const renamed = (await host.client.call('PATCH', `/factors/${factor.id}`, { description: 'two' })).body
  const [credential] = key.credentials
  const names = { name: 'ann@example.com', displayName: 'Ann' }
  const signals = { rpId: 'example.com', userId: credential!.userHandle, ...names }
  t.like(renamed, { factor: { description: 'two' } })
  t.deepEqual(renamed.signals, { ...signals, allAcceptedCredentialIds: [credential!.id] })
  const disabled = await host.client.call('PATCH', `/factors/${factor.id}`, { enable: false })
  t.like(disabled, { status: 409, body: { ok: false, reason: 'last-factor' } })
  t.is((await host.client.call('PATCH', '/factors/recovery', { description: 'x' })).body.reason, 'not-changeable')
  t.is((await host.client.call('PATCH', '/factors/nobody', { description: 'x' })).body.reason, 'no-such-factor')
  t.is((await host.client.call('PATCH', `/factors/${factor.id}`, {})).status, 200)

  const removed = (await host.client.call('DELETE', `/factors/${factor.id}`)).body
  t.deepEqual(removed, { ok: true, left: [], signals: { ...signals, allAcceptedCredentialIds: [] } })
  t.deepEqual(host.enrolled, [true, false, false], 'before and after it has gone')
})

test('a host that fails to note the last removal locks nobody out', async (t) => {
  let enrolled = false
  let fails = false
  const host = await HttpHost.open({
    user: () => host.session && { ...host.session, enrolled },
    onEnrolled(request, who, now) {
      if (fails) throw new Error('database')
      enrolled = now
    },
  })
  await finishTotp(host, (await host.verified().client.post('/factors/totp')).body)
  const [factor] = await host.fixture.service.factors(user)
  fails = true
  t.is((await host.verified().client.call('DELETE', `/factors/${factor!.id}`)).status, 500)
  fails = false
  t.is((await host.fixture.service.factors(user)).length, 1)
  t.like((await host.pending().client.post('/challenge')).body, { challenge: { totp: true } })
  t.is((await host.verified().client.call('DELETE', `/factors/${factor!.id}`)).status, 200)
  t.false(enrolled)
  t.like((await host.client.get('/session')).body, { mayEnrol: true })
})

test('a removal that fails, or comes too late, leaves the host told that there are factors', async (t) => {
  const store = memoryStore()
  let broken = false
  const failing = overriding(store, {
    update: (who, change) => (broken ? Promise.reject(new Error('disk')) : store.update(who, change)),
  })
  const host = await HttpHost.open({}, failing)
  const { factor } = await host.fixture.enrolTotp(user)
  broken = true
  t.is((await host.verified().client.call('DELETE', `/factors/${factor.id}`)).status, 503)
  t.deepEqual(host.enrolled, [false, true])

  const told: boolean[] = []
  const racing = await HttpHost.open({
    onEnrolled: async (request, who, enrolled) => {
      told.push(enrolled)
      if (told.length === 1) await racing.fixture.enrolKey(user)
    },
  })
  const old = (await racing.fixture.enrolTotp(user)).factor
  t.is((await racing.verified().client.call('DELETE', `/factors/${old.id}`)).status, 200)
  t.deepEqual(told, [false, true])
})

test('however the last two factors are removed at once, the host ends up knowing that there is none', async (t) => {
  const store = memoryStore()
  let enrolled = true
  let tells = 0
  const delays = [60, 0, 0, 30]
  // The first word takes longest to get into the host's database.
  const onEnrolled: HandlerOptions['onEnrolled'] = async (request, who, now) => {
    const delay = delays[tells++] ?? 0
    await new Promise((resolve) => setTimeout(resolve, delay))
    enrolled = now
  }
  const host = await HttpHost.open({ onEnrolled }, store)
  const ids = async () => {
    const key = await host.fixture.enrolKey(user)
    const app = await host.fixture.enrolTotp(user)
    return [key.factor.id, app.factor.id]
  }
  const remove = async (on: HttpHost, id: string) => {
    t.is((await on.client.call('DELETE', `/factors/${id}`)).status, 200)
  }
  const here = await ids()
  host.verified()
  await Promise.all(here.map((id) => remove(host, id)))
  t.deepEqual(await host.fixture.service.factors(user), [])
  t.false(enrolled)

  // On two machines nobody waits for the other.
  const other = await HttpHost.open({ onEnrolled }, store)
  const apart = await ids()
  enrolled = true
  tells = 0
  other.fixture.now = host.verified().fixture.now
  other.verified()
  await Promise.all([remove(host, apart[0]!), remove(other, apart[1]!)])
  t.deepEqual(await host.fixture.service.factors(user), [])
  t.false(enrolled)
})

test('a word on its way from another machine does not outlast the removal of the last factor', async (t) => {
  const store = memoryStore()
  let enrolled = true
  // It was told of an earlier change, and is heard just before the factor goes.
  const late = overriding(store, {
    update(who, change) {
      enrolled = true
      return store.update(who, change)
    },
  })
  const host = await HttpHost.open({ onEnrolled: (request, who, now) => void (enrolled = now) }, late)
  const { factor } = await host.fixture.enrolTotp(user)
  t.is((await host.verified().client.call('DELETE', `/factors/${factor.id}`)).status, 200)
  t.false(enrolled)
})

test('any name of an account fits a phone app', async (t) => {
  for (const name of ['a:b', 'ann\n\u0000', '\u0001', ':', 'x'.repeat(256), 'ä'.repeat(128), '💡'.repeat(64)]) {
    const host = (await HttpHost.open()).verified({ name })
    t.is((await host.client.post('/factors/totp')).status, 200, JSON.stringify(name))
    t.deepEqual(host.errors, [])
  }
})

test('what databases hold for a name is no error: none, an empty one, a long one, half a character', async (t) => {
  const names = [null, undefined, '', 'x'.repeat(300), '💡'.repeat(100), 'a\ud800'] as const
  for (const name of names) {
    for (const displayName of names) {
      const host = (await HttpHost.open()).verified({ ...(name !== undefined && { name }), ...(displayName !== undefined && { displayName }) })
      t.is((await host.client.get('/session')).status, 200)
      t.is((await host.client.post('/factors/totp')).status, 200, JSON.stringify(name))
      const { status, body } = await host.client.post('/factors/webauthn')
      t.is(status, 200, JSON.stringify([name, displayName]))
      const shown = (text: string | null | undefined, otherwise: string) => (text ? text.replaceAll(/[\ud800-\udfff]/gu, '\ufffd').slice(0, text.startsWith('x') ? 256 : 128) : otherwise)
      t.is(body.user.name, shown(name, user))
      t.is(body.user.displayName, shown(displayName, shown(name, user)))
      t.deepEqual(host.errors, [])
    }
  }
  for (const name of [7, {}, [], true] as never[]) {
    t.is((await (await HttpHost.open()).verified({ name }).client.get('/session')).status, 500)
  }
})

test('administrators see every user, whatever the name, and nobody else does', async (t) => {
  const host = await HttpHost.open()
  const names = ['ann', 'a/b', '../x', 'Ä ö?#&%', '💡', 'constructor']
  for (const name of names) await host.fixture.enrolTotp(name)
  host.verified({ id: 'root', admin: true })
  t.deepEqual((await host.client.get('/admin/users')).body.users.sort(), [...names].sort())
  const paged: string[] = []
  for (let next: string | null = ''; next !== null;) {
    const after: string = next && `&after=${encodeURIComponent(next)}`
    const { body } = await host.client.get(`/admin/users?limit=4${after}`)
    paged.push(...body.users)
    next = body.next
  }
  t.deepEqual(paged.sort(), [...names].sort())
  for (const limit of ['0', '-1', '1001', 'x', '1e2', '', '99999999999']) {
    t.is((await host.client.get(`/admin/users?limit=${limit}`)).status, 400, limit)
  }
  for (const after of ['%F0%9F%92%A1'.repeat(65), 'x'.repeat(257)]) {
    t.like(await host.client.get(`/admin/users?after=${after}`), { status: 400, body: { detail: 'after' } })
  }
  for (const name of names) {
    const { body } = await host.client.get(`/admin/users/${encodeURIComponent(name)}`)
    t.like(body, { user: name, factors: [{ type: 'totp' }] })
  }
  t.like((await host.client.get('/admin/users/nobody')).body, { factors: [], status: { enrolled: false } })

  const read: string[] = []
  const store = overriding(memoryStore(), { read: async (name) => void read.push(name) })
  const closed = (await HttpHost.open({}, store)).verified()
  const replies = []
  for (const name of ['ann', 'nobody']) replies.push((await closed.client.get(`/admin/users/${name}`)).body)
  t.deepEqual(replies[0], replies[1])
  t.deepEqual(read, [], 'for a stranger nothing is looked up')
})

test('a list of users goes on behind one who has been removed meanwhile', async (t) => {
  const host = await HttpHost.open()
  const names = ['ann', 'bob', 'cid', 'dan', 'eve']
  for (const name of names) await host.fixture.enrolTotp(name)
  host.verified({ id: 'root', admin: true })
  const { body: first } = await host.client.get('/admin/users?limit=2')
  await host.fixture.service.removeUser(first.next)
  const { body: second } = await host.client.get(`/admin/users?limit=10&after=${first.next}`)
  t.deepEqual([...first.users, ...second.users].sort(), names)
  t.is(second.next, null)
  t.deepEqual((await host.client.get('/admin/users?after=')).body.users.length, 4)
})
