// The example of Next.js: its route handlers as they stand, and built and served by Next.js itself.
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { expressSessions } from '../../facade/http/express-session.js'
import { secondFactor } from '../../facade/http/next.js'
import { createSessions } from '../../facade/http/session.js'
import { memorySessions, memoryStore } from '../../facade/stores/index.js'
import { Fixture } from '../helpers/service.js'
import type { ExampleServer } from './example-server.js'
import { skipped } from './examples.js'
import { everyFlow, warningOfFlow } from './flow.js'
import { HttpClient } from './http-client.js'
import { startNext } from './next-server.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const packages = join(root, 'examples', 'next', 'node_modules')

test('the route handlers answer the requests of the standard', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-next-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const kept = (path: string) => !path.startsWith(packages) && !path.includes('.next')
  cpSync(join(root, 'examples'), join(folder, 'examples'), { recursive: true, filter: kept })
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'countersign'), 'dir')
  process.env['PORT'] = '3000'
  process.env['VAR_DIR'] = join(folder, 'var')
  const load = (path: string) => import(pathToFileURL(join(folder, 'examples/next/app', path, 'route.js')).href)
  const routes: Record<string, any> = {
    '/password': await load('password'),
    '/sign-out': await load('sign-out'),
    '/countersign': await load('countersign/[...path]'),
    '/.well-known': await load('.well-known/[...path]'),
  }
  const send = async (request: Request): Promise<Response> => {
    const path = Object.keys(routes).find((prefix) => new URL(request.url).pathname.startsWith(prefix))
    return routes[path!][request.method](request, { params: Promise.resolve({}) })
  }
  await everyFlow(t, 'http://localhost:3000', (origin) => new HttpClient(origin, send))
  const endpoints = await new HttpClient('http://localhost:3000', send).host('GET', '/.well-known/passkey-endpoints')
  t.deepEqual([endpoints.status, endpoints.body], [200, { manage: 'http://localhost:3000/account' }])
})

test('built and served by Next.js', async (t) => {
  t.timeout(300_000)
  const server = await startNext()
  if (!server) return skipped(t)
  t.teardown(() => server.stop())
  await everyFlow(t, server.origin)
  const endpoints = await new HttpClient(server.origin).host('GET', '/.well-known/passkey-endpoints')
  t.deepEqual([endpoints.status, endpoints.body], [200, { manage: `${server.origin}/account` }])
  await pages(t, server)
  t.is(server.complaintsOfOneMinute, warningOfFlow(server.origin))
})

/** A page that is checked on the server, a form without a script, and a route that needs a fresh proof. */
async function pages(t: ExecutionContext, server: ExampleServer): Promise<void> {
  const client = new HttpClient(server.origin)
  const open = async (path: string, init: RequestInit = {}) => {
    const cookie = [...client.cookies].map((pair) => pair.join('=')).join('; ')
    return fetch(server.origin + path, { redirect: 'manual', ...init, headers: { cookie, accept: 'text/html', ...init.headers } })
  }
  const refused = await open('/orders')
  t.deepEqual([refused.status, refused.headers.get('location')], [307, '/sign-in'])
  const form = await (await open('/sign-in')).text()
  t.regex(form, /<noscript>Two-step verification needs JavaScript/)

  // As a browser sends a form whose page has no script: Next.js names the action in it.
  const fields = new FormData()
  for (const [, name = '', value = ''] of form.matchAll(/<input type="hidden" name="([^"]*)"(?: value="([^"]*)")?/g)) fields.set(name, value)
  fields.set('name', 'ann')
  fields.set('password', 'correct horse battery')
  const sent = await open('/sign-in', { method: 'POST', body: fields, headers: { origin: server.origin } })
  t.is(sent.status, 303)
  const [set = ''] = sent.headers.getSetCookie()
  t.regex(set, /^countersign-session=[\w.-]{66}; Path=\/; .*HttpOnly; SameSite=lax$/i)
  client.cookies.set('countersign-session', set.slice(set.indexOf('=') + 1, set.indexOf(';')))

  t.is((await open('/orders')).status, 307, 'still pending')
  t.deepEqual((await client.post('/challenge')).body, { challenge: null })
  t.regex(await (await open('/orders')).text(), /Orders of (?:<!-- -->)?ann/)
  t.deepEqual((await client.host('POST', '/refunds')).body, { refunded: 1 })
  server.pass(302_000)
  t.is((await open('/orders')).status, 200)
  t.deepEqual((await client.host('POST', '/refunds')).body, { reason: 'step-up-required' })
}

test('wrong options are refused by their names', async (t) => {
  const { service } = await Fixture.open(memoryStore())
  const sessions = createSessions(service, { store: memorySessions(), account: () => ({}) })
  const right = { headers: () => new Headers(), cookies: () => ({ set: () => undefined }), redirect: () => { throw new Error() }, signIn: '/sign-in' }
  const wrong: [object, RegExp][] = [
    [{ headers: undefined }, /headers must be the function headers of next\/headers/], [{ cookies: {} }, /cookies/],
    [{ redirect: '/x' }, /redirect must be the function redirect of next\/navigation/], [{ signIn: undefined }, /signIn must be a path/],
    [{ signIn: '//evil.example' }, /signIn/], [{ signIn: '/\\evil.example' }, /signIn/],
  ]
  for (const [options, message] of wrong) {
    t.throws(() => secondFactor(sessions, { ...right, ...options } as never), { code: 'invalid-argument', message })
  }
  t.throws(() => secondFactor(expressSessions(service, { account: () => ({}) }) as never, right), { message: /createSessions\(\)/ })
  t.throws(() => secondFactor(undefined as never, right), { message: /sessions must be/ })
})

test('a page is shown to nobody before the second factor, and the cookie of an action is that of the sessions', async (t) => {
  const { service } = await Fixture.open(memoryStore())
  const sessions = createSessions(service, { store: memorySessions(), account: () => ({ name: 'Ann' }), sameSite: 'Strict' })
  const jar = new Map<string, [string, object]>()
  const headers = () => new Headers([...jar].map(([name, [value]]): [string, string] => ['cookie', `${name}=${value}`]))
  const redirect = (path: string): never => { throw new Error(`to ${path}`) }
  const next = secondFactor(sessions, {
    headers, redirect, cookies: async () => ({ set: (name, value, options) => void jar.set(name, [value, options]) }), signIn: '/sign-in',
  })
  await t.throwsAsync(next.requireSecondFactor(), { message: 'to /sign-in' })
  await t.throwsAsync(next.requireSecondFactor({ redirect: '/verify', within: 60 }), { message: 'to /verify' })
  await t.throwsAsync(next.requireSecondFactor({ redirect: 'https://evil.example' }), { code: 'invalid-argument' })
  t.deepEqual(await next.check(), { ok: false, reason: 'not-signed-in' })
  t.true((await next.signIn('ann')).ok)
  const [[name, [, attributes]]] = [...jar] as [[string, [string, object]]]
  t.is(name, '__Host-countersign-session')
  t.deepEqual(attributes, { path: '/', maxAge: 43_200, httpOnly: true, sameSite: 'strict', secure: true })
  await t.throwsAsync(next.requireSecondFactor(), { message: 'to /sign-in' })
  t.like(await next.user(), { id: 'ann', state: 'pending' })
  await next.signOut()
  t.like(jar.get(name)?.[1], { maxAge: 0 })
  t.is(await next.user(), null)
})
