// The module of NestJS: its example on both adapters, and what it says of a wrong set-up.
import 'reflect-metadata'
import { createRequire } from 'node:module'
import { Controller, Get, Module, Post } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import test from 'ava'
import { expressSessions } from '../../facade/http/express-session.js'
import { fastifySessions } from '../../facade/http/fastify-session.js'
import { OwnRequests, SecondFactor, SecondFactorModule, SecondFactorService, SESSIONS } from '../../facade/http/nestjs.js'
import { createSessions } from '../../facade/http/session.js'
import type { Sessions } from '../../facade/http/session.js'
import { memorySessions, memoryStore } from '../../facade/stores/index.js'
import { Fixture, origin } from '../helpers/service.js'
import { everyFlow, warningOfFlow } from './flow.js'
import { guards, strangeBodies } from './host-routes.js'
import { HttpClient } from './http-client.js'
import { startNestjs } from './nestjs-server.js'

const require = createRequire(import.meta.url)
const [session, cookiePlugin, sessionPlugin] = ['express-session', '@fastify/cookie', '@fastify/session'].map(require)
const secret = 'only for these tests, and long enough'

for (const adapter of ['express', 'fastify']) {
  test.serial(`the example, on ${adapter}`, async (t) => {
    process.env['ADAPTER'] = adapter
    const server = await startNestjs()
    t.teardown(() => server.stop())
    await everyFlow(t, server.origin)
    const pages = await new HttpClient(server.origin).host('GET', '/.well-known/passkey-endpoints')
    t.deepEqual([pages.status, pages.body], [200, { manage: `${server.origin}/account` }])
    t.is((await new HttpClient(server.origin).host('GET', '/.well-known/webauthn')).status, 404, 'no other domains')
    await guards(t, server, 'Nobody is signed in')
    await strangeBodies(t, server.origin)
    t.is(server.complaintsOfOneMinute, warningOfFlow(server.origin))
  })
}

const adapters = { express: () => new ExpressAdapter(), fastify: () => new FastifyAdapter() }
type Kind = keyof typeof adapters

/** An application, as decorators would make it. */
async function application(kind: Kind, imports: any[], prepare: (app: any) => unknown = () => undefined) {
  class Orders {
    orders() {
      return []
    }

    refund() {
      return {}
    }
  }
  const [orders, refund] = ['orders', 'refund'].map((name) => Object.getOwnPropertyDescriptor(Orders.prototype, name)!)
  Get('orders')(Orders.prototype, 'orders', orders!)
  SecondFactor({ redirect: '/sign-in' })(Orders.prototype, 'orders', orders!)
  Post('refunds')(Orders.prototype, 'refund', refund!)
  OwnRequests()(Orders.prototype, 'refund', refund!)
  SecondFactor({ within: 300 })(Orders.prototype, 'refund', refund!)
  Controller()(Orders)
  class App {}
  Module({ imports, controllers: [Orders] })(App)
  const app = await NestFactory.create(App, adapters[kind](), { logger: false, abortOnError: false })
  await prepare(app)
  return app
}

async function sessionsOf(kind: 'own' | 'express' | 'fastify'): Promise<Sessions<any>> {
  const { service } = await Fixture.open(memoryStore())
  const options = { account: () => ({}) }
  if (kind === 'own') return createSessions(service, { ...options, store: memorySessions() })
  return kind === 'express' ? expressSessions(service, options) : fastifySessions(service, options)
}

const plugins: Record<Kind, (app: any) => unknown> = {
  express: (app) => app.use(session({ secret, resave: false, saveUninitialized: false })),
  async fastify(app) {
    await app.register(cookiePlugin)
    await app.register(sessionPlugin, { secret, saveUninitialized: false, rolling: false, cookie: { secure: false } })
  },
}

for (const kind of ['express', 'fastify'] as const) {
  test(`with the sessions of ${kind}'s own plugin, below a global prefix`, async (t) => {
    const sessions = await sessionsOf(kind)
    const app = await application(kind, [SecondFactorModule.forRootAsync({ useFactory: async () => ({ sessions }) })], async (one) => {
      one.setGlobalPrefix('api')
      await plugins[kind](one)
      // The host's own route for the password, without a controller.
      const http = one.getHttpAdapter()
      const service: SecondFactorService = one.get(SecondFactorService)
      // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- both adapters wait for it
      http.post('/password', async (req: any, res: any) => {
        const { ok } = await service.signIn(req, res, 'ann')
        await http.reply(res, { ok }, 200)
      })
    })
    t.teardown(() => app.close())
    await app.listen(0, 'localhost')
    const url = (await app.getUrl()).replace('[::1]', 'localhost')
    const client = new HttpClient(origin, (request) => {
      const { pathname } = new URL(request.url)
      const { method, headers, body } = request
      return fetch(url + pathname, { method, headers, body, duplex: 'half', redirect: 'manual' } as RequestInit)
    })
    t.is(app.get(SESSIONS), sessions)
    t.is((await client.host('GET', '/api/orders')).status, 401)
    const page = await client.host('GET', '/api/orders', {}, { accept: 'text/html' })
    t.deepEqual([page.status, page.headers.get('location')], [303, '/sign-in'])
    t.is((await client.host('POST', '/password')).status, 200)
    t.is((await client.host('POST', '/api/refunds')).body.type, 'urn:countersign:problem:second-factor-required')
    t.deepEqual((await client.post('/challenge')).body, { challenge: null })
    t.deepEqual((await client.host('GET', '/api/orders')).body, [])
    t.is((await client.host('POST', '/api/refunds')).status, 201)
    t.is((await client.host('POST', '/api/refunds', {}, { origin: 'https://evil.example' })).status, 403)
    t.is((await client.host('POST', '/password', {}, { origin: 'https://evil.example' })).body.ok, false)
  })

  test(`a wrong set-up on ${kind} is said at start`, async (t) => {
    const other = kind === 'express' ? 'fastify' : 'express'
    const start = async (imports: any[]) => {
      const app = await application(kind, imports)
      try {
        await app.init()
      } finally {
        await app.close().catch(() => undefined)
      }
    }
    const twice = [SecondFactorModule.forRoot({ sessions: await sessionsOf('own') }), SecondFactorModule.forRoot({ sessions: await sessionsOf('own') })]
    await t.throwsAsync(start(twice), { code: 'invalid-argument', message: /imported twice/ })
    const foreign = [SecondFactorModule.forRoot({ sessions: await sessionsOf(other) })]
    await t.throwsAsync(start(foreign), { code: 'invalid-argument', message: /the sessions are those of .* or createSessions\(\)/ })
    const early = [SecondFactorModule.forRoot({ sessions: await sessionsOf(kind) })]
    if (kind === 'fastify') {
      await t.throwsAsync(start(early), { code: 'invalid-argument', message: /found no @fastify\/session/ })
    } else {
      const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
      await start(early)
      t.regex((await warned).message, /found no middleware of express-session/)
    }
    const none = [SecondFactorModule.forRootAsync({ useFactory: () => ({ sessions: undefined as never }) })]
    await t.throwsAsync(start(none), { code: 'invalid-argument', message: /sessions must be/ })
  })
}

test('wrong options are refused when the application is written down', (t) => {
  t.throws(() => SecondFactorModule.forRoot({} as never), { code: 'invalid-argument', message: /sessions must be/ })
  t.throws(() => SecondFactor({ witin: 1 } as never), { code: 'invalid-argument', message: /witin is not an option/ })
  t.throws(() => SecondFactor({ within: -1 }), { code: 'invalid-argument' })
})
