// What every request is held to, whatever it asks for.
import test from 'ava'
import { readBody } from '../../facade/http/body.js'
import { Deadline } from '../../facade/http/deadline.js'
import { createHandler, isOwnRequest } from '../../facade/http/index.js'
import type { HandlerOptions, HttpUser } from '../../facade/http/index.js'
import { ProblemError } from '../../facade/http/problem.js'
import { routes } from '../../facade/http/routes.js'
import { memoryAudit, memoryStore } from '../../facade/stores/index.js'
import { auditTo, isCountersignError } from '../../index.js'
import { origin, overriding, rp } from '../helpers/service.js'
import { HttpClient } from './http-client.js'
import { HttpHost, user } from './http-host.js'

const changing = routes.filter(({ method }) => method !== 'GET')
const pathOf = (path: string) => path.replace('{id}', 'recovery').replace('{user}', user)
const minute = 60_000
/** A service that has every route. */
const everything = { audit: auditTo(memoryAudit()), yubico: { secrets: () => undefined }, policy: () => null }

test('a request of another site changes nothing, on any route', async (t) => {
  const host = (await HttpHost.open({ admin: () => 'root', remember: true, users: () => [] }, memoryStore(), everything)).verified({ admin: true })
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `${origin}.evil.example` },
    { origin: `${origin}/` },
    { origin: origin.toUpperCase() },
    { origin: 'http://example.com' },
    { origin: 'https://www.example.com' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    // The host that a client names is no origin.
    { origin: 'https://evil.example', host: 'evil.example', 'x-forwarded-host': 'evil.example' },
  ]
  for (const { method, path } of changing) {
    for (const headers of foreign) {
      const reply = await host.client.call(method, pathOf(path), {}, headers)
      t.is(reply.body.type, 'urn:countersign:problem:wrong-origin', `${method} ${path} ${JSON.stringify(headers)}`)
    }
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', '']) {
      const reply = await host.client.call(method, pathOf(path), '{}', { 'content-type': type })
      t.is(reply.status, 415, `${method} ${path} ${type}`)
    }
  }
  t.deepEqual(await host.fixture.service.factors(user), [])
  t.deepEqual(host.errors, [])
})

test('browsers at home and clients that are none get through', async (t) => {
  const host = (await HttpHost.open()).verified()
  t.is((await host.client.call('POST', '/challenge', {}, { 'sec-fetch-site': 'same-origin' })).status, 200)
  const plain = await host.handler(
    new Request('http://anywhere/countersign/challenge', {
      method: 'POST',
      headers: { 'content-type': 'Application/JSON; charset=utf-8' },
    }),
  )
  t.is(plain.status, 200)
})

test('origins are those of the relying party, and of its settings', async (t) => {
  const wide = { ...rp, allowSubdomains: true }
  const host = (await HttpHost.open({ rp: wide })).verified()
  const status = async (from: string) => (await host.client.call('POST', '/challenge', {}, { origin: from })).status
  t.is(await status('https://www.example.com'), 200)
  for (const from of ['https://evilexample.com', 'http://www.example.com', 'https://www.example.com:8443', 'null',
    'https://WWW.example.com', 'https://www.example.com/', 'https://www.example.com:443', 'https://a@www.example.com']) {
    t.is(await status(from), 403, from)
  }
  const ports = (await HttpHost.open({ rp: { ...rp, allowAnyPort: true } })).verified()
  t.is((await ports.client.call('POST', '/challenge', {}, { origin: `${origin}:8443` })).status, 200)
  t.is((await ports.client.call('POST', '/challenge', {}, { origin: 'https://www.example.com' })).status, 403)
})

test('routes of the host are held to the same by isOwnRequest', (t) => {
  const json = { 'content-type': 'application/json' }
  const good: Record<string, string>[] = [json, { ...json, origin }, { ...json, origin, 'sec-fetch-site': 'same-origin' }]
  const bad: Record<string, string>[] = [
    {}, { origin }, { ...json, origin: 'null' }, { ...json, origin: 'https://evil.example' },
    { ...json, origin, 'sec-fetch-site': 'cross-site' }, { origin, 'content-type': 'text/plain; application/json' },
  ]
  for (const [all, expected] of [[good, true], [bad, false]] as const) {
    for (const headers of all) {
      const text = JSON.stringify(headers)
      t.is(isOwnRequest({ headers }, rp), expected, text)
      t.is(isOwnRequest(new Request(origin, { method: 'POST', headers }), rp), expected, text)
    }
  }
})

test('bodies are JSON objects of at most 64 kB', async (t) => {
  const host = (await HttpHost.open()).verified()
  const post = (body: string) => host.client.call('POST', '/factors/totp', body)
  for (const body of ['{', '[]', 'null', '7', '"text"', '{"a":1}x', '\u0000']) {
    t.is((await post(body)).body.type, 'urn:countersign:problem:malformed-request', body)
  }
  t.is((await post('')).status, 200)
  const fitting = JSON.stringify({ fill: 'x'.repeat(65_536 - 11) })
  t.is(fitting.length, 65_536)
  t.is((await post(fitting)).status, 200)
  t.is((await post(fitting.replace('xx', 'xxx'))).status, 413)
  const big = await post(fitting.replace('xx', 'xxx'))
  t.is(big.headers.get('connection'), 'close')

  // No length told, and no end.
  let pulled = 0
  const endless = new ReadableStream({
    pull(controller) {
      pulled++
      controller.enqueue(new Uint8Array(1024).fill(32))
    },
  })
  const headers = { 'content-type': 'application/json', origin }
  const status = async (body: BodyInit, sent: object = headers) => {
    const init = { method: 'POST', headers: sent, body, duplex: 'half' } as RequestInit
    return (await host.handler(new Request(`${origin}/countersign/challenge`, init))).status
  }
  t.is(await status(endless), 413)
  t.true(pulled < 80)
  const before = pulled
  const told = { ...headers, 'content-length': '65537' }
  t.is(await status(new ReadableStream({ pull: () => void pulled++ }, { highWaterMark: 0 }), told), 413)
  t.is(pulled, before, 'a body that is said to be larger is not read')
  t.is(await status(Buffer.from('{"a":"\xe4"}', 'latin1')), 400, 'no UTF-8')
  t.is(await status(new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) })), 400)
  t.deepEqual(host.errors, [])
})

/** Who sends a request with the body to remove a key. */
async function remover(options?: Partial<HandlerOptions>) {
  const host = (await HttpHost.open(options)).verified()
  const { id } = (await host.fixture.enrolKey(user)).factor
  host.verified()
  const remove = (body: ReadableStream) => {
    const headers = { 'content-type': 'application/json', origin }
    const init = { method: 'DELETE', headers, body, duplex: 'half' } as RequestInit
    return host.handler(new Request(`${origin}/countersign/factors/${id}`, init))
  }
  return { host, remove }
}

test('who sends a request is asked once its body is there', async (t) => {
  const { host, remove } = await remover()
  let end = () => {}
  const slow = remove(new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from('{'))
      end = () => {
        controller.enqueue(Buffer.from('}'))
        controller.close()
      }
    },
  }))
  await new Promise((resolve) => setTimeout(resolve, 20))
  host.session = null
  end()
  t.is((await slow).status, 401)
  t.is((await host.fixture.service.factors(user)).length, 1)
  t.deepEqual(host.errors, [])
})

test('a body that does not end in time is refused', async (t) => {
  // As a server does, where it waits for a body.
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(alive))
  const { host, remove } = await remover({ bodySeconds: 1 })
  const endless = await remove(new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from('{')) }))
  t.is(endless.status, 408)
  t.like(await endless.json(), { type: 'urn:countersign:problem:request-timeout' })
  t.is(endless.headers.get('connection'), 'close')
  t.is((await host.fixture.service.factors(user)).length, 1)
  t.deepEqual(host.errors, [])
})

test('a body that takes too long is refused, although the runtime does not give its reader up while it waits', async (t) => {
  const chunks = {
    each: () => new Promise<never>(() => {}),
    release() {
      throw new TypeError('There are still pending read requests')
    },
  }
  await t.throwsAsync(readBody(new Headers(), () => chunks, new Deadline(10)), { instanceOf: ProblemError, message: 'request-timeout' })
})

test('members of a body that are wrong are named, and not repeated', async (t) => {
  const host = (await HttpHost.open()).verified()
  const cases: [string, string, object, string][] = [
    ['POST', '/verify', {}, 'answer'],
    ['POST', '/verify', { answer: 'x', removeLost: 'secret' }, 'removeLost'],
    ['POST', '/reset', { totp: '1' }, 'recovery'],
    ['POST', '/reset', { totp: '1', recovery: '2', remove: 'secret' }, 'remove'],
    ['POST', '/factors/totp/finish', { enrolment: 'x', code: '1' }, 'description'],
    ['POST', '/factors/totp/finish', { enrolment: 'x', code: '1', description: 'secret\n' }, 'description'],
    ['POST', '/factors/totp/finish', { enrolment: 'x', code: '1', description: 'secret'.repeat(100) }, 'description'],
    ['POST', '/factors/webauthn', { use: 'secret' }, 'use'],
    ['POST', '/factors/webauthn', { conditional: 1 }, 'conditional'],
    ['PATCH', '/factors/x', { enable: 'secret' }, 'enable'],
    ['POST', '/passkey/verify', {}, 'answer'],
  ]
  for (const [method, path, body, detail] of cases) {
    const reply = await host.client.call(method, path, body)
    t.like(reply, { status: 400, body: { detail } }, `${method} ${path} ${detail}`)
    t.false(JSON.stringify(reply.body).includes('secret'))
  }
  t.is((await host.client.call('POST', '/factors/totp', { __proto__: null, unknown: 1 })).status, 200)
})

test('a host that says nonsense lets nobody in, and hears of it', async (t) => {
  const nonsense = [
    true, 'ann', 7, [], {}, { id: user }, { id: user, state: 'verified' }, { id: user, state: 'signed-in', at: 1 },
    { id: '', state: 'verified', at: 1 }, { id: 7, state: 'verified', at: 1 }, { id: user, state: 'verified', at: '1' },
    { id: user, state: 'verified', at: Number.NaN }, { id: user, state: 'verified', at: Infinity },
    { id: user, state: 'verified', at: 1, enroled: true }, { id: user, state: 'verified', at: 1, admin: 1 },
    { id: user, state: 'verified', at: 1, enrolled: 'yes' }, { id: user, state: 'verified', at: 1, session: '' },
    Object.create({ id: user, state: 'verified', at: 1 }),
  ]
  for (const one of nonsense) {
    const host = await HttpHost.open({ user: () => one as HttpUser })
    for (const path of ['/session', '/factors', '/admin/users']) {
      const reply = await host.client.get(path)
      t.like(reply, { status: 500, body: { type: 'urn:countersign:problem:internal' } }, JSON.stringify(one))
      t.is(Object.keys(reply.body).length, 3)
    }
    t.true(host.errors.every((error) => isCountersignError(error, 'invalid-argument')))
    t.is(host.errors.length, 3)
  }
  const absent = await HttpHost.open({ user: () => undefined })
  t.deepEqual((await absent.client.get('/session')).body, { state: 'none', passkeys: true })
})

test('what a callback throws is told to the host alone', async (t) => {
  const failure = () => {
    throw new Error('hunter2')
  }
  const cases: [Partial<HandlerOptions>, string][] = [
    [{ user: failure }, '/challenge'],
    [{ user: async () => failure() }, '/challenge'],
    [{ onVerified: failure }, '/challenge'],
    [{ onVerified: () => ({ 'not a header': '' }) }, '/challenge'],
    [{ onVerified: () => ({ 'x-name': 'a\u0001b' }) }, '/challenge'],
    [{ required: async () => failure() }, '/challenge'],
    [{ required: () => undefined as unknown as boolean }, '/challenge'],
  ]
  for (const [options, path] of cases) {
    const host = (await HttpHost.open(options)).pending()
    const reply = await host.client.post(path)
    t.like(reply, { status: 500, body: { type: 'urn:countersign:problem:internal' } })
    t.false(JSON.stringify(reply.body).includes('hunter2'))
    t.is(host.errors.length, 1)
    t.is(host.session?.state, 'pending')
  }
  const deaf = (await HttpHost.open({ onVerified: failure, onError: failure })).pending()
  t.is((await deaf.client.post('/challenge')).status, 500)
  const late = async () => failure()
  const slowly = (await HttpHost.open({ onVerified: failure, onError: late })).pending()
  t.is((await slowly.client.post('/challenge')).status, 500, 'and a rejection later ends no process')
  const broken = overriding(memoryStore(), { read: () => Promise.reject(new Error('hunter2')) })
  const host = (await HttpHost.open({}, broken)).verified()
  const reply = await host.client.get('/factors')
  t.like(reply, { status: 503, body: { type: 'urn:countersign:problem:unavailable' } })
  t.false(JSON.stringify(reply.body).includes('hunter2'))
  t.true(isCountersignError(host.errors[0], 'store-failed'))
})

test('who may use which route', async (t) => {
  const states: Record<string, (host: HttpHost) => HttpHost> = {
    none: (host) => host,
    pending: (host) => host.pending({ admin: true }),
    stale: (host) => host.verified({ at: host.fixture.now - 5 * minute }),
    fresh: (host) => host.verified(),
    admin: (host) => host.verified({ at: host.fixture.now - 5 * minute, admin: true }),
  }
  const refused: Record<string, Record<string, string>> = {
    anyone: {},
    'signed-in': { none: 'not-signed-in' },
    verified: { none: 'not-signed-in', pending: 'second-factor-required' },
    fresh: {
      none: 'not-signed-in', pending: 'second-factor-required', stale: 'step-up-required', admin: 'step-up-required',
    },
    enrolling: {
      none: 'not-signed-in', pending: 'second-factor-required', stale: 'step-up-required', admin: 'step-up-required',
    },
    admin: {
      none: 'not-signed-in', pending: 'second-factor-required', stale: 'not-an-administrator', fresh: 'not-an-administrator',
    },
    'fresh-admin': {
      none: 'not-signed-in', pending: 'second-factor-required', stale: 'not-an-administrator', fresh: 'not-an-administrator',
      admin: 'step-up-required',
    },
  }
  const body = { answer: 'totp:000000', totp: '1', recovery: '1', enrolment: '1', code: '1', response: {}, description: '' }
  const stops = ['not-signed-in', 'second-factor-required', 'step-up-required', 'not-an-administrator']
  for (const { method, path, access } of routes) {
    for (const [state, enter] of Object.entries(states)) {
      const admin = (_request: Request, who: HttpUser) => who.admin === true && 'root'
      const host = await HttpHost.open({ admin, remember: true, users: () => [] }, memoryStore(), everything)
      await host.fixture.enrolTotp(user)
      enter(host)
      const { body: answer } = await host.client.call(method, pathOf(path), body)
      const problem = String(answer.type).replace('urn:countersign:problem:', '')
      const expected = refused[access]![state]
      t.is(stops.includes(problem) ? problem : undefined, expected, `${method} ${path}, ${state}`)
    }
  }
})

test('paths lead to routes or nowhere', async (t) => {
  const host = (await HttpHost.open()).verified()
  const nowhere = ['', '/', '/factors/', '/factors//', '//factors', '/Factors', '/factors/a/b', '/%66actors', '/constructor']
  for (const path of [...nowhere, '/factors/%ff', '/../session']) {
    t.is((await host.client.get(path)).status, 404, path)
  }
  for (const path of ['/session', '/countersignal/session', '/x/countersign/session']) {
    t.is((await host.handler(new Request(origin + path))).status, 404, path)
  }
  const wrong = await host.client.call('PUT', '/factors/x')
  t.is(wrong.status, 405)
  t.is(wrong.headers.get('allow'), 'PATCH, DELETE')
  t.is((await host.client.call('OPTIONS', '/verify')).status, 405)
  const head = await host.handler(new Request(`${origin}/countersign/session`, { method: 'HEAD' }))
  t.is(head.status, 200)
  t.is(await head.text(), '')
  t.is((await host.client.call('DELETE', '/factors/%2e%2e%2fsession')).status, 404)
})

test('the mount point is the host’s', async (t) => {
  for (const basePath of ['', '/auth/2fa']) {
    const host = (await HttpHost.open({ basePath })).verified()
    const client = new HttpClient(origin, (request) => host.handler(request), basePath)
    t.is((await client.get('/session')).status, 200)
    t.deepEqual((await client.get('/openapi.json')).body.servers, [{ url: basePath || '/' }])
  }
})

test('no answer is kept anywhere, or taken for a page', async (t) => {
  const host = await HttpHost.open()
  for (const path of ['/session', '/factors', '/nowhere']) {
    const { headers, status } = await host.client.get(path)
    t.is(headers.get('cache-control'), 'no-store')
    t.is(headers.get('x-content-type-options'), 'nosniff')
    t.is(headers.get('content-type'), status === 200 ? 'application/json' : 'application/problem+json')
  }
})

test('options that are wrong are named', async (t) => {
  const { fixture } = await HttpHost.open()
  const good = { user: () => null, onVerified: () => undefined }
  const cases: [unknown, unknown, RegExp][] = [
    [{}, good, /countersign must be .*await/],
    [null, good, /countersign/],
    [fixture.service, undefined, /options/],
    [fixture.service, { user: good.user }, /onVerified/],
    [fixture.service, { ...good, user: 'ann' }, /user/],
    [fixture.service, { ...good, required: 'yes' }, /required/],
    [fixture.service, { ...good, admin: true }, /admin must be a function/],
    [fixture.service, { ...good, freshSeconds: 0 }, /freshSeconds/],
    [fixture.service, { ...good, bodySeconds: 601 }, /bodySeconds/],
    [fixture.service, { ...good, basePath: 'countersign' }, /basePath/],
    [fixture.service, { ...good, basePath: '/countersign/' }, /basePath/],
    [fixture.service, { ...good, rp: { id: 'example.com' } }, /rp/],
    [fixture.service, { ...good, onVerifed: () => undefined }, /onVerifed/],
  ]
  for (const [service, options, message] of cases) {
    const error = t.throws(() => createHandler(service as never, options as never), { message })
    t.true(isCountersignError(error, 'invalid-argument'))
  }
})
