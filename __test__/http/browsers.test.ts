// Remembered browsers over HTTP: the cookie, what the host and the page are told, and what others get.
import { createHash } from 'node:crypto'

import test from 'ava'

import type { HandlerOptions } from '../../facade/http/index.js'
import { totpAt } from '../../facade/testing/index.js'
import { isCountersignError } from '../../index.js'
import { wrongCode } from '../helpers/service.js'
import { HttpHost, user } from './http-host.js'

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

test('a browser is remembered by a cookie, and the next sign-in there asks for nothing', async (t) => {
  const { host, signIn, cookie, reply } = await open()
  const first = await signIn()
  t.deepEqual(Object.keys(first.body).sort(), ['assurance', 'factor', 'ok'], 'the token is for the cookie alone')
  const [set, ...others] = first.headers.getSetCookie()
  t.deepEqual(others, [])
  t.regex(set!, /^__Host-countersign-browser-[\w-]{22}=[\w-]{64}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure$/)
  t.false(JSON.stringify(host.told).includes(cookie()!), 'nor is it for the host')

  const before = cookie()
  host.pending({ enrolled: true })
  t.like((await host.client.get('/session')).body, { state: 'pending', remember: true })
  const second = await host.client.post('/challenge')
  t.deepEqual(second.body, { challenge: null, remembered: true })
  t.not(cookie(), before)
  t.like(host.told.at(-1)!.outcome, { purpose: 'sign-in', ok: true, factor: null, remembered: true, at: 0, assurance: { amr: [], level: 1 } })
  t.is(host.session?.state, 'verified')

  // Nothing is fresh: factors can't be changed without a proof.
  t.like((await host.client.get('/session')).body, { state: 'verified', fresh: false, mayEnrol: false, remember: true })
  for (const path of ['/factors/totp', '/factors/webauthn', '/recovery-codes']) {
    t.is((await host.client.post(path)).body.type, 'urn:countersign:problem:step-up-required', path)
  }
  t.like((await host.client.post('/challenge')).body, { challenge: { totp: true } }, 'a step-up asks for the factor')
  t.true((await reply()).body.ok)
  t.like((await host.client.get('/session')).body, { fresh: true })
})

test('requests that cross get in without a cookie of their own', async (t) => {
  const { host, signIn, cookie } = await open()
  await signIn()
  const old = host.client.cookies.entries().next().value!
  host.pending()
  await host.client.post('/challenge')
  const next = cookie()
  host.client.cookies.set(...old)
  host.pending()
  const crossed = await host.client.post('/challenge')
  t.deepEqual(crossed.body, { challenge: null, remembered: true })
  t.deepEqual(crossed.headers.getSetCookie(), [], 'the one that the other got stays')
  // Later it is a copy.
  host.fixture.now += 10_001
  host.pending()
  t.like((await host.client.post('/challenge')).body, { challenge: { totp: true } })
  t.true(host.fixture.events.some(({ type }) => type === 'browser-token-reused'))
  host.client.cookies.set(old[0], next!)
  host.pending()
  t.like((await host.client.post('/challenge')).body, { challenge: { totp: true } })
})

test('each user has a cookie of one name in the same browser', async (t) => {
  const { host, signIn } = await open()
  await signIn()
  await host.fixture.enrolTotp('bob')
  const kept = new Map(host.client.cookies)
  host.pending({ id: 'bob' })
  const other = await host.client.post('/challenge')
  t.like(other.body, { challenge: { totp: true } })
  t.deepEqual(other.headers.getSetCookie(), [])
  // Not even under the name of the other user.
  const [token] = kept.values()
  const ofBob = `__Host-countersign-browser-${createHash('sha256').update('bob').digest('base64url').slice(0, 22)}`
  t.is(ofBob.length, [...kept.keys()][0]!.length)
  host.client.cookies.set(ofBob, token!)
  t.like((await host.client.post('/challenge')).body, { challenge: { totp: true } })
  host.client.cookies.delete(ofBob)
  t.deepEqual(host.client.cookies, kept)
  host.pending()
  t.like((await host.client.post('/challenge')).body, { remembered: true })
})

test('a cookie that came twice, or is no token, is none and stays', async (t) => {
  const { host, signIn } = await open()
  await signIn()
  const [[name, token]] = [...host.client.cookies] as [[string, string]]
  for (const cookie of [`${name}=${token}; ${name}=${token}`, `${name}=x`, `x${name}=${token}`, `${name}="${token}"`]) {
    host.pending()
    const reply = await host.client.call('POST', '/challenge', {}, { cookie })
    t.like(reply.body, { challenge: { totp: true } }, cookie)
    t.deepEqual(reply.headers.getSetCookie(), [])
  }
  host.pending()
  t.like((await host.client.post('/challenge')).body, { remembered: true })
})

test('nothing is remembered unless the host allows it and the person asks', async (t) => {
  const off = await open({ remember: false })
  t.is((await off.signIn()).body.detail, 'remember')
  off.host.pending()
  t.false('remember' in (await off.host.client.get('/session')).body)
  for (const [method, path] of [['GET', '/browsers'], ['DELETE', '/browsers'], ['DELETE', '/browsers/x']] as const) {
    t.is((await off.host.verified().client.host(method, `/countersign${path}`)).status, 404, path)
  }
  const { host, signIn } = await open()
  t.true((await signIn({})).body.ok)
  t.is(host.client.cookies.size, 0)
  // A step-up remembers nothing.
  host.verified()
  t.like(await signIn({ remember: true }, false), { status: 400, body: { detail: 'remember' } })
  t.is((await signIn({ remember: 'yes' })).body.detail, 'remember')
})

test('the host decides for each user, also about those that it allowed before', async (t) => {
  const allowed = new Set([user])
  const { host, signIn } = await open({ remember: async ({ id }) => allowed.has(id) })
  await signIn()
  allowed.clear()
  host.pending()
  t.false('remember' in (await host.client.get('/session')).body)
  t.like((await host.client.post('/challenge')).body, { challenge: { totp: true } })
  allowed.add(user)
  t.like((await host.client.post('/challenge')).body, { remembered: true })
  const broken = await open({ remember: () => undefined as never })
  t.is((await broken.host.pending().client.get('/session')).status, 500)
  t.true(broken.host.errors.every((error) => isCountersignError(error, 'invalid-argument')))
})

test('a password of long ago is no proof', async (t) => {
  const { host, signIn, cookie } = await open({ freshSeconds: 60 })
  await signIn()
  const before = cookie()
  host.pending()
  host.fixture.now += 60_000
  t.like((await host.client.post('/challenge')).body, { challenge: { totp: true } })
  t.is(cookie(), before)
})

test('it does not work while codes are locked', async (t) => {
  const { host, signIn, uri } = await open()
  await signIn()
  host.verified()
  const answer = { type: 'totp', code: wrongCode(uri, host.fixture.now) }
  for (let tries = 0; tries < 8; tries++) await host.client.post('/verify', { answer })
  host.pending()
  t.like((await host.client.post('/challenge')).body, { challenge: { locked: ['totp'] } })
  t.is(host.session?.state, 'pending')
})

test('a list says which browser asks, and each can be forgotten', async (t) => {
  const { host, signIn } = await open()
  await signIn()
  const elsewhere = new Map(host.client.cookies)
  host.client.cookies.clear()
  await signIn({ remember: true }, true, { 'user-agent': firefox })
  host.verified({ at: 0 })
  const { browsers } = (await host.client.get('/browsers')).body
  t.like(browsers, [{ label: 'Firefox on Linux', current: true }, { label: '' }])
  t.false('current' in browsers[1])
  t.deepEqual((await host.client.call('DELETE', `/browsers/${browsers[1].id}`)).body, { forgotten: 1 })
  t.deepEqual((await host.client.call('DELETE', `/browsers/${browsers[1].id}`)).body, { forgotten: 0 })
  host.pending()
  t.is((await host.client.get('/browsers')).status, 401)
  const kept = new Map(host.client.cookies)
  host.client.cookies.clear()
  for (const [name, value] of elsewhere) host.client.cookies.set(name, value)
  t.like((await host.client.post('/challenge')).body, { challenge: { totp: true } })
  for (const [name, value] of kept) host.client.cookies.set(name, value)
  t.like((await host.client.post('/challenge')).body, { remembered: true })
  t.deepEqual((await host.client.call('DELETE', '/browsers')).body, { forgotten: 1 })
  t.deepEqual((await host.client.get('/browsers')).body, { browsers: [] })
  const foreign = await host.client.call('DELETE', '/browsers', {}, { origin: 'https://evil.example' })
  t.is(foreign.status, 403)
})

test('after a recovery that removes the other factors no browser is remembered', async (t) => {
  const { host, signIn } = await open()
  const [code] = await host.fixture.service.createRecoveryCodes(user)
  await signIn()
  host.client.cookies.clear()
  host.pending()
  const recovered = await host.client.post('/verify', { answer: { type: 'recovery', code }, removeLost: true, remember: true })
  t.like(recovered.body, { ok: true, removed: [{ type: 'totp' }] })
  t.is(host.client.cookies.size, 0)
  t.deepEqual((await host.client.get('/browsers')).body, { browsers: [] })
})

test('a page over http on localhost has a cookie without the prefix', async (t) => {
  const rp = { id: 'localhost', name: 'Example', origins: ['http://localhost:3000'] }
  const { host, signIn } = await open({ rp })
  const reply = await signIn({ remember: true }, true, { origin: 'http://localhost:3000' })
  t.regex(reply.headers.getSetCookie()[0]!, /^countersign-browser-[\w-]{22}=[\w-]{64}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/)
  host.pending()
  t.like((await host.client.call('POST', '/challenge', {}, { origin: 'http://localhost:3000' })).body, { remembered: true })
})

test('browsers by the names that people know', async (t) => {
  const { host, signIn } = await open()
  const agents = {
    'Edge on Windows': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0',
    'Chrome on Android': 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36',
    'Safari on iPhone': 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1',
    'Safari on macOS': 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15',
    'Chrome on ChromeOS': 'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
    'Firefox on Linux': firefox,
    '': 'curl/8.5.0',
  }
  for (const agent of Object.values(agents)) await signIn({ remember: true }, true, { 'user-agent': agent })
  const { browsers } = (await host.verified().client.get('/browsers')).body
  t.deepEqual(browsers.map(({ label }: { label: string }) => label).toReversed(), Object.keys(agents))
})

/** A host that remembers browsers, and a person with a phone app. */
async function open(options: Partial<HandlerOptions> = {}) {
  const host = await HttpHost.open({ remember: true, ...options })
  const { uri } = await host.fixture.enrolTotp(user)
  const reply = (more: object = {}, headers: Record<string, string> = {}) => {
    host.fixture.step()
    const answer = { type: 'totp', code: totpAt(uri, host.fixture.now) }
    return host.client.call('POST', '/verify', { answer, ...more }, headers)
  }
  const signIn = (more: object = { remember: true }, pending = true, headers: Record<string, string> = {}) => {
    if (pending) host.pending()
    return reply(more, headers)
  }
  const cookie = () => [...host.client.cookies].find(([name]) => name.includes('countersign-browser'))?.[1]
  return { host, signIn, cookie, reply, uri }
}
