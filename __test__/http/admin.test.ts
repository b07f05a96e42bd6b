// Administrators help other users over HTTP, and nobody else does.
import test from 'ava'

import { createHandler } from '../../facade/http/index.js'
import type { AdminRequest, HandlerOptions } from '../../facade/http/index.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { HttpClient } from './http-client.js'
import { HttpHost, user } from './http-host.js'

const minute = 60_000
const problem = (name: string) => `urn:countersign:problem:${name}`

/** A host with an administrator, who says that she is one. */
async function withAdmin(options: Partial<HandlerOptions> = {}) {
  const asked: (AdminRequest & { who: string })[] = []
  const host = await HttpHost.open({
    admin: (_request, who, about) => {
      asked.push({ who: who.id, ...about })
      return who.id === 'root' ? 'Root, help desk' : null
    },
    ...options,
  })
  return { host, asked, enter: () => host.verified({ id: 'root' }) }
}

test('an administrator removes the last factor, and the user signs in by the password alone', async (t) => {
  const { host, asked, enter } = await withAdmin()
  const { factor } = await host.fixture.enrolTotp(user)
  await host.fixture.service.createRecoveryCodes(user)
  enter()
  const removed = await host.client.call('DELETE', `/admin/users/${user}/factors/${factor.id}`)
  t.like(removed, { status: 200, body: { ok: true, left: [] } })
  t.deepEqual(asked, [{ who: 'root', action: 'removeUserFactor', target: user }])
  t.deepEqual(host.enrolled, [false])
  const told = host.fixture.events.filter(({ type }) => type === 'removed')
  t.deepEqual(told.map((event) => [event.user, event.by]), [[user, 'Root, help desk'], [user, 'Root, help desk']])
  const at = Math.floor(host.fixture.now / 1000) * 1000
  const mark = { at, by: 'Root, help desk', enrolmentRequired: false }
  t.like((await host.client.get(`/admin/users/${user}`)).body, { factors: [], status: { enrolled: false, removed: mark } })
  t.deepEqual((await host.client.get('/admin/users')).body.users, [user])

  // The host still takes the user for enrolled.
  host.pending({ enrolled: true })
  t.deepEqual((await host.client.post('/challenge')).body, { challenge: null })
  t.like(host.told.at(-1), { outcome: { ok: true, factor: null, purpose: 'sign-in', removed: mark } })
  t.deepEqual(host.enrolled, [false, false])
  t.like(host.session, { id: user, state: 'verified' })
  // Whoever knows the password alone is not told who it was.
  const { body } = await host.client.get('/status')
  t.deepEqual(body.removed, { at, enrolmentRequired: false })
  t.deepEqual((await host.client.get('/factors')).body.status.removed, { at, enrolmentRequired: false })
  t.deepEqual(host.errors, [])
})

test('who removes the own last factor is in the record too, and the password signs in', async (t) => {
  const { host } = await withAdmin()
  const { factor } = await host.fixture.enrolTotp(user)
  host.verified({ enrolled: true })
  t.is((await host.client.call('DELETE', `/factors/${factor.id}`)).status, 200)
  t.deepEqual(host.enrolled, [false, false])
  t.like((await host.fixture.service.status(user)).removed, { by: user, enrolmentRequired: false })
  t.deepEqual(host.fixture.events.at(-1), { type: 'removed', user, at: host.fixture.now, factor: { type: 'totp', id: factor.id }, by: user })
  host.pending({ enrolled: true })
  t.deepEqual((await host.client.post('/challenge')).body, { challenge: null })
  t.is(host.session!.state, 'verified')
  // A name that no log should show is left out, or cut.
  const strange = 'a\u202eb\n'
  const second = await host.fixture.enrolTotp(strange)
  host.verified({ id: strange })
  t.is((await host.client.call('DELETE', `/factors/${second.factor.id}`)).status, 200)
  t.is((await host.fixture.service.status(strange)).removed!.by, 'ab')
})

test('a factor that is not the last goes alone', async (t) => {
  const { host, enter } = await withAdmin()
  const { factor } = await host.fixture.enrolTotp(user)
  host.fixture.step()
  await host.fixture.enrolKey(user)
  enter()
  const removed = await host.client.call('DELETE', `/admin/users/${user}/factors/${factor.id}`)
  t.like(removed.body, { ok: true, left: [{ type: 'webauthn' }] })
  t.deepEqual(host.enrolled, [])
  t.is((await host.fixture.service.status(user)).removed, undefined)
  host.pending({ enrolled: true })
  t.truthy((await host.client.post('/challenge')).body.challenge.webauthn)
})

test('who has to enrol anew does so at the next sign-in, whatever the host requires of others', async (t) => {
  const { host, enter } = await withAdmin({ required: false })
  await host.fixture.enrolTotp(user)
  await host.fixture.enrolKey(user)
  await host.fixture.service.createRecoveryCodes(user)
  enter()
  t.like(await host.client.post(`/admin/users/${user}/require-enrolment`), { status: 200, body: { ok: true, left: [] } })
  t.deepEqual(host.fixture.events.slice(-4).map(({ type, by }) => [type, by]), [
    ...Array.from({ length: 3 }, () => ['removed', 'Root, help desk']), ['enrolment-required', 'Root, help desk'],
  ])
  for (const enrolled of [true, false]) {
    host.pending({ enrolled })
    t.deepEqual((await host.client.post('/challenge')).body, { challenge: null })
    t.deepEqual((await host.client.get('/session')).body, { state: 'pending', passkeys: true, yubico: false, mayEnrol: true })
    t.is(host.session!.state, 'pending')
    t.is((await host.client.get('/factors')).status, 401)
  }
  t.deepEqual(host.told, [])
  // A password of long ago is no proof.
  host.pending({ at: host.fixture.now - 6 * minute })
  t.like(await host.client.post('/factors/totp'), { status: 403, body: { type: problem('step-up-required') } })

  host.pending({ enrolled: true })
  host.fixture.step()
  const { enrolment, uri } = (await host.client.post('/factors/totp')).body
  const code = totpAt(uri, host.fixture.now)
  t.is((await host.client.post('/factors/totp/finish', { enrolment, code, description: 'new' })).status, 200)
  t.like(host.told.at(-1), { outcome: { ok: true, purpose: 'enrolment' } })
  t.is(host.enrolled.at(-1), true)
  t.is((await host.fixture.service.status(user)).removed, undefined)
  // What is lost now is lost.
  await host.fixture.store.update(user, () => ({ record: null, value: 0 }))
  host.pending({ enrolled: true })
  for (const [method, path] of [['POST', '/challenge'], ['GET', '/session'], ['POST', '/factors/totp']] as const) {
    t.is((await host.client.call(method, path)).status, 500, path)
  }
  t.is(host.session!.state, 'pending')
})

test('locks of others end, and never one’s own', async (t) => {
  const { host, asked, enter } = await withAdmin()
  const { uri } = await host.fixture.enrolTotp(user)
  host.fixture.step()
  const wrong = totpAt(uri, host.fixture.now + 1_000_000_000)
  for (let tries = 0; tries < 8; tries += 1) await host.fixture.service.verify(user, `totp:${wrong}`)
  t.deepEqual((await host.fixture.service.status(user)).locked, ['totp'])
  enter()
  t.deepEqual((await host.client.post(`/admin/users/${user}/unlock`)).body, { unlocked: true })
  t.like(host.fixture.events.at(-1), { type: 'unlocked', by: 'Root, help desk' })
  t.deepEqual(asked.at(-1), { who: 'root', action: 'unlockUser', target: user })
})

test('nobody does it to the own account, whoever says so', async (t) => {
  for (const admin of [undefined, () => 'anybody']) {
    const host = await HttpHost.open(admin && { admin })
    const { factor } = await host.fixture.enrolTotp(user)
    host.verified({ admin: true })
    const before = await host.fixture.store.read(user)
    const own = [['POST', `/admin/users/${user}/unlock`]]
    if (admin) {
      own.push(['DELETE', `/admin/users/${user}/factors/${factor.id}`], ['POST', `/admin/users/${user}/require-enrolment`])
      own.push(['POST', `/admin/users/%61nn/require-enrolment`])
    }
    for (const [method, path] of own) {
      t.like(await host.client.call(method!, path!), { status: 403, body: { type: problem('own-account') } }, path)
    }
    t.is(await host.fixture.store.read(user), before)
  }
})

test('only whom the host says so, lately verified, and on purpose', async (t) => {
  const answers: unknown[] = []
  const { host, enter } = await withAdmin({ admin: () => answers.at(-1) as never })
  const { factor } = await host.fixture.enrolTotp(user)
  const before = await host.fixture.store.read(user)
  const paths = [['DELETE', `/admin/users/${user}/factors/${factor.id}`], ['POST', `/admin/users/${user}/require-enrolment`]] as const
  const refused = async (name: string, state: string) => {
    for (const [method, path] of paths) {
      const { body } = await host.client.call(method, path)
      t.is(body.type, problem(name), `${method} ${path}: ${state}`)
    }
    t.is(await host.fixture.store.read(user), before)
  }
  await refused('not-signed-in', 'nobody')
  answers.push('root')
  host.pending({ id: 'root', admin: true })
  await refused('second-factor-required', 'pending')
  for (const no of [null, undefined, false]) {
    answers.push(no)
    enter()
    host.session!.admin = true
    await refused('not-an-administrator', String(no))
    t.is((await host.client.get('/admin/users')).status, 403)
    t.is((await host.client.post(`/admin/users/${user}/unlock`)).status, 403)
  }
  for (const wrong of [true, '', 7, {}, 'a\nb', 'x'.repeat(256)]) {
    answers.push(wrong)
    await refused('internal', JSON.stringify(wrong))
  }
  answers.push('root')
  host.verified({ id: 'root', at: host.fixture.now - 6 * minute })
  await refused('step-up-required', 'stale')

  enter()
  const foreign = (headers: Record<string, string>) => {
    const request = (method: string, path: string) =>
      host.handler(new Request(`https://example.com/countersign${path}`, { method, body: '{}', headers }))
    return Promise.all(paths.map(([method, path]) => request(method, path)))
  }
  for (const headers of [
    { 'content-type': 'application/json', origin: 'https://evil.example' },
    { 'content-type': 'application/json', 'sec-fetch-site': 'same-site' },
    { 'content-type': 'text/plain' },
  ]) {
    for (const { status } of await foreign(headers as unknown as Record<string, string>)) t.true([403, 415].includes(status))
  }
  t.is(await host.fixture.store.read(user), before)
  t.like(await host.client.call('DELETE', '/admin/users/nobody/factors/x'), { status: 404, body: { reason: 'no-such-factor' } })
  t.like(await host.client.post('/admin/users/nobody/require-enrolment'), { status: 404, body: { reason: 'no-such-factor' } })
  // The counters of keys are no users.
  const counter = `/admin/users/${encodeURIComponent('countersign:yubico:ccccccccccbb:x')}`
  for (const [method, path] of [['GET', ''], ['POST', '/unlock'], ['POST', '/require-enrolment'], ['DELETE', '/factors/x']] as const) {
    t.like(await host.client.call(method, counter + path), { status: 404, body: { type: problem('not-found') } }, path)
  }
  t.is(await host.fixture.store.read('nobody'), undefined)
  t.is((await host.client.call(...paths[0])).status, 200)
})

test('without the option there is no such route, and `admin` of the user opens the others', async (t) => {
  const host = await HttpHost.open()
  const { factor } = await host.fixture.enrolTotp(user)
  host.verified({ id: 'root', admin: true })
  t.is((await host.client.call('DELETE', `/admin/users/${user}/factors/${factor.id}`)).status, 404)
  t.is((await host.client.post(`/admin/users/${user}/require-enrolment`)).status, 404)
  const { paths } = (await host.client.get('/openapi.json')).body
  t.deepEqual(Object.keys(paths).filter((path) => path.startsWith('/admin')), [
    '/admin/users', '/admin/users/{user}', '/admin/users/{user}/unlock',
  ])
  t.is((await host.client.get(`/admin/users/${user}`)).status, 200)
  t.deepEqual((await host.fixture.service.factors(user)).length, 1)
})

test('a host that keeps `enrolled` itself, and fails to, locks nobody out', async (t) => {
  let fails = true
  const { host, enter } = await withAdmin({
    onEnrolled: () => {
      if (fails) throw new Error('the database is away')
    },
  })
  const { factor } = await host.fixture.enrolTotp(user)
  enter()
  t.is((await host.client.call('DELETE', `/admin/users/${user}/factors/${factor.id}`)).status, 500)
  t.is(host.errors.length, 1)
  host.pending({ enrolled: true })
  t.is((await host.client.post('/challenge')).status, 500)
  t.is(host.session!.state, 'pending')
  fails = false
  t.deepEqual((await host.client.post('/challenge')).body, { challenge: null })
  t.is(host.session!.state, 'verified')
})

test('the accounts of the host are told apart by the user, not by the session', async (t) => {
  const accounts = new Map([['root', true], [user, true]])
  const host = await HttpHost.open()
  const handler = createHandler(host.fixture.service, {
    user: () => host.session,
    onVerified: () => undefined,
    onEnrolled: (_request, who, enrolled) => void accounts.set(who.id, enrolled),
    admin: () => 'root',
  })
  await host.fixture.enrolTotp(user)
  host.verified({ id: 'root' })
  const client = new HttpClient('https://example.com', (request) => handler(request))
  await client.post(`/admin/users/${user}/require-enrolment`)
  t.deepEqual([...accounts], [['root', true], [user, false]])
})
