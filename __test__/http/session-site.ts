// A host with sessions of each kind, on two machines that share their stores: every other request goes to the other one.
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'
import Fastify from 'fastify'
import { expressSessions } from '../../facade/http/express-session.js'
import { fastifySessions } from '../../facade/http/fastify-session.js'
import { toNodeListener } from '../../facade/http/index.js'
import { createSessions } from '../../facade/http/session.js'
import type { OwnSessionOptions, SessionAccount, Sessions } from '../../facade/http/session.js'
import { memorySessions, memoryStore } from '../../facade/stores/index.js'
import type { SessionStore } from '../../facade/stores/index.js'
import type { Countersign, Store } from '../../index.js'
import { Fixture, origin, overriding } from '../helpers/service.js'
import { HttpClient } from './http-client.js'
import { keepAlive } from '../helpers/emulated.js'

// These bring no types of their own, or in another form of module.
const require = createRequire(import.meta.url)
const [express, expressSession] = [require('express'), require('express-session')]
const [cookiePlugin, sessionPlugin] = [require('@fastify/cookie'), require('@fastify/session')]

const secret = 'only for these tests, and long enough'

/** What a session store may be told to fail at, in the words of {@link SessionStore} and of a plugin's store. */
export type Method = keyof SessionStore | 'get' | 'set' | 'destroy'

export class SessionSite {
  readonly accounts = new Map<string, SessionAccount>([['ann', { name: 'Ann' }], ['bob', {}], ['root', { admin: true }]])
  readonly broken = new Set<Method>()
  readonly errors: unknown[] = []
  /** The sessions of each machine. */
  readonly machines: Sessions<any>[] = []
  readonly texts = new Map<string, string>()
  fixture!: Fixture
  /** Waited for before any record is changed. */
  gate: Promise<unknown> = Promise.resolve()
  /** How many changes of records have come to the gate. */
  arrived = 0
  private sends: ((request: Request) => Promise<Response>)[] = []
  private turn = 0

  static async open(t: ExecutionContext, kind: Kind, options: Partial<OwnSessionOptions> = {}): Promise<SessionSite> {
    const site = new SessionSite()
    const store: Store = memoryStore()
    site.fixture = await Fixture.open(overriding(store, {
      update: async (user, change) => {
        site.arrived += 1
        await site.gate
        return store.update(user, change)
      },
    }))
    const make = await kind(site, {
      account: (id) => site.accounts.get(id),
      onEnrolled: (id, enrolled) => void Object.assign(site.accounts.get(id) ?? {}, { enrolled }),
      onError: (error) => site.errors.push(error),
      admin: (_request, user) => site.accounts.get(user.id)?.admin === true && 'an administrator',
      ...options,
    })
    for (let machine = 0; machine < 2; machine += 1) {
      const { sessions, listener } = await make(await site.fixture.another())
      const server = createServer(keepAlive, listener)
      await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
      t.teardown(() => {
        server.closeAllConnections()
        server.close()
      })
      const { port } = server.address() as AddressInfo
      site.machines.push(sessions)
      // The page's origin is not where the server listens.
      site.sends.push((request) => {
        const { pathname, search } = new URL(request.url)
        const { method, headers, body } = request
        return fetch(`http://localhost:${port}${pathname}${search}`, { method, headers, body, duplex: 'half' } as RequestInit)
      })
    }
    return site
  }

  /** A browser. With cookies, one that somebody has put them into. */
  browser(cookies: Iterable<readonly [string, string]> = []): HttpClient {
    const client = new HttpClient(origin, (request) => this.sends[(this.turn += 1) % 2]!(request))
    for (const [name, value] of cookies) client.cookies.set(name, value)
    return client
  }

  /** The same, with the password given. */
  async pending(user = 'ann'): Promise<HttpClient> {
    const client = this.browser()
    await client.host('POST', '/password', { user })
    return client
  }

  /** The same, signed in by the password alone or with this code. */
  async verified(user = 'ann', answer?: unknown): Promise<HttpClient> {
    const client = await this.pending(user)
    if (answer === undefined) await client.post('/challenge')
    else await client.post('/verify', { answer })
    return client
  }

  /** Shuts the gate: what changes a record waits until the returned function is called. */
  hold(): () => void {
    let open!: () => void
    this.gate = new Promise<void>((resolve) => (open = resolve))
    this.arrived = 0
    return open
  }

  async stateOf(client: HttpClient): Promise<string> {
    return (await client.get('/session')).body.state
  }

  fail(method: Method): void {
    if (this.broken.has(method)) throw new Error('the store of sessions is down')
  }
}

type Machine = (countersign: Countersign) => Promise<{ sessions: Sessions<any>; listener: RequestListener }>
export type Kind = (site: SessionSite, options: Omit<OwnSessionOptions, 'store'>) => Promise<Machine>

/** The host's own routes, the same for all kinds. */
const routes: Record<string, (host: { sessions: Sessions<any>; where: any; body: any; session: any }) => Promise<[number, object?, unknown?]>> = {
  async '/password'({ sessions, where, body }) {
    const signedIn = await sessions.signIn(where, body.user, body.options)
    return signedIn.ok ? [204, signedIn.headers] : [403]
  },
  async '/sign-out'({ sessions, where }) {
    const signedOut = await sessions.signOut(where)
    return signedOut.ok ? [204, signedOut.headers] : [403]
  },
  async '/end-others'({ sessions, where }) {
    await sessions.endOthers(where)
    return [204]
  },
  '/cart': async ({ session, body }) => {
    if (body.put) session.cart = body.put
    return [200, {}, { cart: session.cart ?? null }]
  },
  '/danger': async ({ sessions, where }) => [200, {}, await sessions.check(where, { within: 300 })],
  '/check': async ({ sessions, where, body }) => [200, {}, await sessions.check(where, body)],
  '/me': async ({ sessions, where }) => [200, {}, { user: await sessions.user(where) }],
}

/** Sessions of our own, in this store. */
export const ownKind = (makeStore: () => SessionStore | Promise<SessionStore> = memorySessions): Kind => async (site, options) => {
  const store = breakable(site, await makeStore())
  return async (countersign) => {
    const sessions = createSessions(countersign, { store, ...options })
    const listener = toNodeListener(sessions.handler)
    return {
      sessions,
      async listener(req, res) {
        const route = routes[req.url ?? '']
        if (!route) return void listener(req, res)
        const chunks = []
        for await (const chunk of req) chunks.push(chunk)
        const body = JSON.parse(Buffer.concat(chunks).toString() || '{}')
        try {
          const [status, headers, value] = await route({ sessions, where: req, body, session: {} })
          res.writeHead(status, { ...headers, ...(value !== undefined && { 'content-type': 'application/json' }) })
          res.end(value && JSON.stringify(value))
        } catch (error) {
          site.errors.push(error)
          res.writeHead(500).end()
        }
      },
    }
  }
}

export const expressKind: Kind = async (site, options) => {
  const store = pluginStore(site, expressSession.Store)
  return async (countersign) => {
    const sessions = expressSessions(countersign, options)
    const app = express()
    app.use(expressSession({ secret, store, resave: false, saveUninitialized: false }))
    app.use('/countersign', toNodeListener(sessions.handler))
    app.use(express.json())
    for (const [path, route] of Object.entries(routes)) {
      // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Express 5 takes a rejection as `next(error)`
      app.all(path, async (req: any, res: any) => {
        const [status, headers, value] = await route({ sessions, where: req, body: req.body ?? {}, session: req.session })
        res.status(status).set(headers)
        if (value === undefined) res.end()
        else res.json(value)
      })
    }
    app.use((error: unknown, _req: unknown, res: any, _next: unknown) => {
      site.errors.push(error)
      res.status(500).end()
    })
    return { sessions, listener: app }
  }
}

export const fastifyKind: Kind = async (site, options) => {
  const store = pluginStore(site)
  return async (countersign) => {
    const sessions = fastifySessions(countersign, options)
    let listener!: RequestListener
    const app = Fastify({ serverFactory: (handle) => createServer(keepAlive, (listener = handle as RequestListener)) })
    await app.register(cookiePlugin)
    await app.register(sessionPlugin, { secret, store, rolling: false, saveUninitialized: false, cookie: { secure: false } })
    app.all('/countersign/*', toNodeListener(sessions.handler) as never)
    for (const [path, route] of Object.entries(routes)) {
      app.all(path, async (request: any, reply) => {
        const where = request
        const [status, headers, value] = await route({ sessions, where, body: request.body ?? {}, session: request.session })
        return reply.code(status).headers(headers ?? {}).send(value)
      })
    }
    app.setErrorHandler((error, _request, reply) => {
      site.errors.push(error)
      return reply.code(500).send({})
    })
    await app.ready()
    return { sessions, listener }
  }
}

function breakable(site: SessionSite, store: SessionStore): SessionStore {
  const call = (method: keyof SessionStore) => async (...args: any[]) => {
    site.fail(method)
    return (store[method] as (...args: any[]) => Promise<any>).apply(store, args)
  }
  const [create, replace] = [call('create'), call('replace')]
  const noted = (write: typeof create) => async (...args: any[]) => {
    site.texts.set(args[0].key, JSON.stringify(args[0]))
    return write(...args)
  }
  return {
    create: noted(create), replace: noted(replace), read: call('read'), delete: call('delete'), list: call('list'),
    deleteAll: call('deleteAll'),
  }
}

/** As those in a database: it keeps texts, answers later, and forgets what has expired. */
function pluginStore(site: SessionSite, Base: new () => object = Object): any {
  return new (class extends Base {
    get(id: string, done: (error: unknown, session?: unknown) => void) {
      this.later(done, () => {
        site.fail('get')
        const session = JSON.parse(site.texts.get(id) ?? 'null')
        const expires = session?.cookie.expires
        return expires && Date.parse(expires) <= Date.now() ? null : session
      })
    }

    set(id: string, session: unknown, done: (error?: unknown) => void) {
      const text = JSON.stringify(session)
      this.later(done, () => {
        site.fail('set')
        site.texts.set(id, text)
      })
    }

    destroy(id: string, done: (error?: unknown) => void) {
      this.later(done, () => {
        site.fail('destroy')
        site.texts.delete(id)
      })
    }

    private later(done: (error: unknown, value?: unknown) => void, work: () => unknown) {
      setImmediate(() => {
        try {
          done(null, work())
        } catch (error) {
          done(error)
        }
      })
    }
  })()
}

