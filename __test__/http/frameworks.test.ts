// The plugins of frameworks: the lines of their pages, and what they say of a wrong set-up.
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { requireSecondFactor as requireOnExpress, ownRequests as ownOnExpress, secondFactor as onExpress } from '../../facade/http/express.js'
import { expressSessions } from '../../facade/http/express-session.js'
import { requireSecondFactor as requireOnFastify, secondFactor as onFastify } from '../../facade/http/fastify.js'
import { fastifySessions } from '../../facade/http/fastify-session.js'
import { requireSecondFactor as requireOnHono, ownRequests as ownOnHono, secondFactor as onHono } from '../../facade/http/hono.js'
import { createSessions } from '../../facade/http/session.js'
import { memorySessions, memoryStore } from '../../facade/stores/index.js'
import { TestAuthenticator } from '../../facade/testing/index.js'
import { Fixture, origin } from '../helpers/service.js'
import { ExampleServer } from './example-server.js'
import { enrolKey, warningOfFlow } from './flow.js'
import { HttpClient } from './http-client.js'
import { keepAlive } from '../helpers/emulated.js'

const require = createRequire(import.meta.url)
const [express, express4, session] = [require('express'), require('express4'), require('express-session')]
const [cookiePlugin, sessionPlugin] = [require('@fastify/cookie'), require('@fastify/session')]

const account = () => ({ name: 'Ann' })
const secret = 'only for these tests, and long enough'

const pages: Record<string, { end: string; installed?: string }> = {
  express: { end: `app.listen(process.env.PORT, 'localhost', () => console.log('ready'))` },
  'express, version 4': { end: `app.listen(process.env.PORT, 'localhost', () => console.log('ready'))`, installed: 'express4' },
  fastify: { end: `await app.listen({ port: process.env.PORT, host: 'localhost' }); console.log('ready')` },
  hono: {
    end: `;(await import('@hono/node-server')).serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: 'localhost' }, () => console.log('ready'))`,
  },
}

for (const [name, { end, installed }] of Object.entries(pages)) {
  test(`the lines of docs/frameworks: ${name}`, async (t) => {
    const [file = ''] = name.split(',')
    const [, lines = ''] = /```js\n([^]*?)```/.exec(readFileSync(`docs/frameworks/${file}.md`, 'utf8')) ?? []
    const server = await ExampleServer.run(name, [programOf(t, lines, end, installed)])
    t.teardown(() => server.stop())
    const client = new HttpClient(server.origin)
    const refund = () => client.host('POST', '/refunds')
    t.like(await client.host('GET', '/orders', {}), { status: 401, body: { reason: undefined, title: 'Nobody is signed in' } })
    const page = await fetch(`${server.origin}/orders`, { headers: { accept: 'text/html' }, redirect: 'manual' })
    t.deepEqual([page.status, page.headers.get('location')], [303, '/sign-in'])
    t.is((await client.password('ann', 'wrong')).status, 401)
    t.is((await client.host('POST', '/password', {}, { origin: 'https://evil.example' })).status, 403)
    t.is((await client.host('POST', '/password', 'name=ann', { 'content-type': 'application/x-www-form-urlencoded' })).status, 415)
    t.is((await client.password('ann', 'correct horse battery')).status, 204)
    t.is((await refund()).body.type, 'urn:countersign:problem:second-factor-required')
    t.deepEqual((await client.post('/challenge')).body, { challenge: null })
    t.true((await enrolKey(client, new TestAuthenticator())).body.ok)
    t.deepEqual([(await client.host('GET', '/orders')).body, (await refund()).body], [[], {}])
    server.pass(302_000)
    t.deepEqual((await client.host('GET', '/orders')).body, [])
    t.is((await refund()).body.type, 'urn:countersign:problem:step-up-required')
    t.is((await client.signOut()).status, 204)
    t.is((await client.host('GET', '/orders')).status, 401)
    t.is(server.complaintsOfOneMinute, warningOfFlow(server.origin))
  })
}

/** A program with lines of a page in it, after what the page expects to be there. */
function programOf(t: ExecutionContext, lines: string, end: string, installed?: string): string {
  const folder = join('build', `page-${process.pid}-${Math.random().toString(36).slice(2)}`)
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
  t.teardown(() => rmSync(folder, { recursive: true }))
  if (installed) symlinkSync(join(process.cwd(), 'node_modules', installed), join(folder, 'node_modules', 'express'), 'junction')
  cpSync(join('examples', 'accounts.mjs'), join(folder, 'accounts.mjs'))
  const before = `
    import { Countersign } from 'countersign'
    import { memoryStore } from 'countersign/stores'
    const rp = { id: 'localhost', name: 'Example', origins: ['http://localhost:' + process.env.PORT] }
    const countersign = await Countersign.open({ rp, store: memoryStore() })
    process.env.SESSION_SECRET = '${secret}'`
  writeFileSync(join(folder, 'server.mjs'), [before, lines, end].join('\n'))
  return join(folder, 'server.mjs')
}

test('the lines of docs/frameworks: passport', async (t) => {
  const blocks = [...readFileSync('docs/frameworks/passport.md', 'utf8').matchAll(/```js\n([^]*?)```/g)].map(([, block = '']) => block)
  t.is(blocks.length, 2)
  const before = `
    import express from 'express'
    import session from 'express-session'
    import { ownRequests, requireSecondFactor, secondFactor } from 'countersign/http/express'
    import { expressSessions } from 'countersign/http/express-session'
    import { accountById, checkPassword, setEnrolled } from './accounts.mjs'
    const app = express()
    const sessions = expressSessions(countersign, { account: accountById, onEnrolled: setEnrolled })`
  const end = `
    app.get('/guarded', requireSecondFactor(), (req, res) => res.json({ user: req.user ?? null }))
    app.listen(process.env.PORT, 'localhost', () => console.log('ready'))`
  const server = await ExampleServer.run('passport', [programOf(t, [before, ...blocks].join('\n'), end)])
  t.teardown(() => server.stop())
  const client = new HttpClient(server.origin)
  const statuses = async () => [(await client.host('GET', '/orders')).status, (await client.host('GET', '/guarded')).status]
  t.deepEqual(await statuses(), [401, 401])
  t.is((await client.password('ann', 'wrong')).status, 401)
  t.is((await client.host('POST', '/password', { name: 'ann', password: 'correct horse battery' }, { origin: 'https://evil.example' })).status, 403)
  t.is((await client.password('ann', 'correct horse battery')).status, 204)
  t.deepEqual(await statuses(), [401, 401], 'pending')
  t.deepEqual((await client.post('/challenge')).body, { challenge: null })
  t.deepEqual((await client.host('GET', '/orders')).body, { of: '7d0f' })
  t.deepEqual((await client.host('GET', '/guarded')).body, { user: null })
  t.is(server.complaintsOfOneMinute, warningOfFlow(server.origin))
})

async function own(options = {}) {
  const { service } = await Fixture.open(memoryStore())
  return createSessions(service, { account, store: memorySessions(), onError: () => undefined, ...options })
}

async function ofPlugins(options = {}) {
  const { service } = await Fixture.open(memoryStore())
  return { onExpress: expressSessions(service, { account, ...options }), onFastify: fastifySessions(service, { account, ...options }) }
}

async function warningsOf(work: () => unknown): Promise<string[]> {
  const warnings: string[] = []
  const listen = ({ message }: Error) => void warnings.push(message)
  process.on('warning', listen)
  await work()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', listen)
  return warnings
}

test.serial('Express: twice, before its session plugin, or with something else is said at start', async (t) => {
  const sessions = await own()
  const { onExpress: plugin, onFastify: others } = await ofPlugins()
  for (const make of [express, express4, express.Router]) {
    const app = make()
    onExpress(app, sessions)
    t.throws(() => onExpress(app, sessions), { code: 'invalid-argument', message: /called twice for this app/ })
    t.regex((await warningsOf(() => onExpress(make(), plugin)))[0] ?? '', /found no middleware of express-session. Call app\.use\(session/)
    const right = make()
    right.use(session({ secret, resave: false, saveUninitialized: false }))
    t.deepEqual(await warningsOf(() => onExpress(right, plugin)), [])
    t.throws(() => onExpress(make(), others as never), { message: /fastifySessions\(\) are for Fastify/ })
  }
  t.throws(() => onExpress(express(), {} as never), { message: /sessions must be what expressSessions\(\)/ })
  t.throws(() => onExpress({} as never, sessions), { message: /app must be an application of Express/ })
})

test('Express: a router below another path is named, with the basePath that is right', async (t) => {
  for (const make of [express, express4]) {
    const fixture = await Fixture.open(memoryStore())
    const router = make.Router()
    onExpress(router, createSessions(fixture.service, { account, store: memorySessions() }))
    t.is(await statusOf(t, make().use('/api', router), {}, '/api/countersign/session'), 404)
    const [warning] = fixture.events
    t.like(warning, { type: 'warning', reason: 'mount-path' })
    t.regex(warning?.message ?? '', /arrived below '\/api\/countersign'.*basePath: '\/api\/countersign'/)
    const right = make.Router()
    onExpress(right, createSessions(fixture.service, { account, store: memorySessions(), basePath: '/api/countersign' }))
    t.is(await statusOf(t, make().use('/api', right), {}, '/api/countersign/session'), 200)
  }
})

test('Fastify: twice, before its session plugin, or under another path is said at start', async (t) => {
  const sessions = await own()
  const { onExpress: others, onFastify: plugin } = await ofPlugins()
  const twice = Fastify()
  await twice.register(onFastify, { sessions })
  await t.throwsAsync(async () => twice.register(onFastify, { sessions }), { code: 'invalid-argument', message: /registered twice/ })
  await t.throwsAsync(async () => Fastify().register(onFastify, { sessions: plugin }), { message: /before @fastify\/session: register @fastify\/cookie/ })
  await t.throwsAsync(async () => Fastify().register(onFastify, { sessions: others as never }), { message: /expressSessions\(\) are for Express/ })
  await t.throwsAsync(async () => Fastify().register(onFastify, {} as never), { message: /sessions must be what/ })
  await t.throwsAsync(async () => Fastify().register(onFastify, { sessions, prefix: '/api' }), { message: /serves \/countersign/ })
  const below = (given: Awaited<ReturnType<typeof own>>) => {
    const app = Fastify()
    app.register(async (child) => void (await child.register(onFastify, { sessions: given })), { prefix: '/api' })
    return app
  }
  await t.throwsAsync(async () => below(sessions).ready(), { message: /serves \/countersign and is registered under \/api/ })
  const beside = await own({ basePath: '/apis/countersign' })
  await t.throwsAsync(async () => below(beside).ready(), { message: /serves \/apis\/countersign and is registered under \/api:/ })
  const reply = await below(await own({ basePath: '/api/countersign' })).inject('/api/countersign/session')
  t.deepEqual([reply.statusCode, reply.json().state], [200, 'none'])
  const later = Fastify()
  await later.register(cookiePlugin)
  await later.register(sessionPlugin, { secret })
  await t.notThrowsAsync(async () => later.register(onFastify, { sessions: plugin }))
})

test('Hono: twice, with sessions of a plugin, or under another path is said at start', async (t) => {
  const sessions = await own()
  const { onExpress: others } = await ofPlugins()
  const twice = new Hono()
  onHono(twice, sessions)
  t.throws(() => onHono(twice, sessions), { code: 'invalid-argument', message: /called twice/ })
  t.throws(() => onHono(new Hono(), others as never), { message: /createSessions\(\)/ })
  t.throws(() => onHono({} as never, sessions), { message: /app must be an app of Hono/ })
  t.throws(() => onHono(new Hono().basePath('/api'), sessions), { message: /pass basePath: '\/api\/countersign'/ })
  const below = new Hono().basePath('/api')
  onHono(below, await own({ basePath: '/api/countersign' }))
  t.like(await (await below.request('/api/countersign/session')).json(), { state: 'none' })
})

test('a guard is checked when it is made, and without its plugin says what to call', async (t) => {
  for (const guard of [requireOnExpress, requireOnFastify, requireOnHono]) {
    const wrong: [object, RegExp][] = [
      [{ within: 0 }, /within/], [{ within: '300' }, /within/], [{ witin: 1 }, /witin is not an option/],
      [{ redirect: 'https://evil.example' }, /redirect must be a path/], [{ redirect: '//evil.example' }, /redirect/],
      [{ redirect: '/a\r\nb: c' }, /redirect/],
    ]
    for (const [options, message] of wrong) t.throws(() => guard(options as never), { code: 'invalid-argument', message })
  }
  const errors: unknown[] = []
  await requireOnExpress()({ headers: {} }, {} as never, (error) => errors.push(error))
  t.regex(String(errors[0]), /call secondFactor\(app, sessions\) before your routes \(Express\)/)
  t.throws(() => ownOnExpress()({ headers: {} }, {} as never, () => undefined), { message: /secondFactor\(app, sessions\)/ })
  const app = Fastify().get('/', { preHandler: requireOnFastify() }, async () => 'in')
  t.regex((await app.inject('/')).json().message, /await app\.register\(secondFactor, \{ sessions \}\)/)
  for (const guard of [requireOnHono(), ownOnHono()]) {
    let message = ''
    const hono = new Hono().get('/', guard, (c) => c.text('in'))
    hono.onError((error, c) => c.text((message = error.message), 500))
    t.is((await hono.request('/')).status, 500)
    t.regex(message, /secondFactor\(app, sessions\)/)
  }
})

test('a store that fails lets nobody through a guard', async (t) => {
  const store = { ...memorySessions(), ...Object.fromEntries(['create', 'read', 'replace', 'delete', 'list', 'deleteAll'].map((name) => [name, async () => { throw new Error('down') }])) }
  const sessions = await own({ store })
  const cookie = `__Host-countersign-session=${'a'.repeat(22)}.${'b'.repeat(43)}`
  const hono = new Hono()
  onHono(hono, sessions)
  hono.get('/', requireOnHono(), (c) => c.text('in'))
  hono.onError((error, c) => c.text(error.message, 500))
  t.is((await hono.request('/', { headers: { cookie } })).status, 500)
  const fastify = Fastify()
  await fastify.register(onFastify, { sessions })
  fastify.get('/', { preHandler: requireOnFastify() }, async () => 'in')
  t.is((await fastify.inject({ url: '/', headers: { cookie } })).statusCode, 500)
  for (const make of [express, express4]) {
    const app = make()
    onExpress(app, sessions)
    app.get('/', requireOnExpress(), (_req: unknown, res: any) => res.send('in'))
    app.use((_error: unknown, _req: unknown, res: any, _next: unknown) => res.status(500).end())
    t.is(await statusOf(t, app, { cookie }), 500)
  }
})

async function statusOf(t: ExecutionContext, listener: RequestListener, headers: Record<string, string>, path = '/'): Promise<number> {
  const server = createServer(keepAlive, listener)
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  t.teardown(() => server.close())
  return (await fetch(`http://localhost:${(server.address() as AddressInfo).port}${path}`, { headers })).status
}

test('nothing is read for a request that asks nothing', async (t) => {
  let asked = 0
  const sessions = await own({ account: () => { asked += 1 } })
  const hono = new Hono()
  onHono(hono, sessions)
  hono.get('/', (c) => c.text(typeof c.var.secondFactor.user))
  t.is(await (await hono.request('/', { headers: { origin } })).text(), 'function')
  t.is(asked, 0)
})
