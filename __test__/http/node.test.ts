// The adapter for `(req, res)`: bodies that are parsed and bodies that are not, on Node, Express and Fastify.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect as connect2, constants, createServer as createHttp2Server } from 'node:http2'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import Fastify from 'fastify'
import { toNodeListener } from '../../facade/http/index.js'
import type { Handler, HandlerOptions } from '../../facade/http/index.js'
import { origin } from '../helpers/service.js'
import { HttpClient } from './http-client.js'
import { HttpHost } from './http-host.js'
import { keepAlive } from '../helpers/emulated.js'

type Listener = (req: any, res: any) => unknown

// They bring no types of their own.
const [express, express4] = ['express', 'express4'].map(createRequire(import.meta.url)) as [any, any]

interface Served {
  host: HttpHost
  client: HttpClient
  port: number
}

/** A host's handler in a server on a real socket. */
async function serve(
  t: ExecutionContext,
  wrap: (listener: Listener) => Listener | Promise<Listener> = (listener) => listener,
  options: Partial<HandlerOptions> = {},
  inside: (handler: Handler) => Handler = (handler) => handler,
): Promise<Served> {
  const host = (await HttpHost.open(options)).verified()
  const server = createServer(keepAlive, await wrap(toNodeListener(inside(host.handler as Handler))))
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const { port } = server.address() as AddressInfo
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  // The page's origin is not where the server listens.
  const client = new HttpClient(origin, (request) => {
    const { pathname, search } = new URL(request.url)
    const { method, headers, body } = request
    return fetch(`http://localhost:${port}${pathname}${search}`, { method, headers, body, duplex: 'half' } as RequestInit)
  })
  return { host, client, port }
}

const wraps: Record<string, (listener: Listener) => Listener | Promise<Listener>> = {
  'node:http': (listener) => listener,
  'Express, below a mount point': (listener) => express().use('/countersign', listener),
  'Express, with express.json()': (listener) => express().use(express.json(), listener),
  'Express, with express.text()': (listener) => express().use(express.text({ type: () => true }), listener),
  'Express, with express.raw()': (listener) => express().use(express.raw({ type: () => true }), listener),
  'Express 4, with a parser of another type (`{}`)': (listener) => (req, res) => listener(Object.assign(req, { body: {} }), res),
  'Fastify': (listener) => fastify(listener),
  'Fastify, with bodies left alone': (listener) => fastify(listener, (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (request: unknown, payload: unknown, done: (error: null) => void) => done(null))
  }),
}

async function fastify(listener: Listener, change: (app: any) => void = () => undefined): Promise<Listener> {
  const app = Fastify()
  change(app)
  app.all('/countersign/*', listener)
  await app.ready()
  return (req, res) => app.routing(req, res)
}

/** A host may put a function of its own around the handler: bodies are then in the request, answers in a response. */
const around = (handler: Handler): Handler => async (request, context) => {
  const response = await handler(request, context)
  response.headers.set('x-around', '1')
  return response
}

for (const [name, wrap] of Object.entries(wraps)) {
  test(`${name}, a handler in a function of the host: bodies, methods and answers`, async (t) => {
    const { host, client } = await serve(t, wrap, {}, around)
    const { status, headers, body } = await client.get('/session')
    t.deepEqual([status, headers.get('x-around'), body.state], [200, '1', 'verified'])
    t.is((await client.post('/factors/totp')).status, 200)
    t.is((await client.post('/verify', { answer: 'totp:ä💡' })).status, 403)
    t.is((await client.post('/verify')).body.detail, 'answer')
    t.is((await client.post('/verify', { answer: 'x'.repeat(70_000) })).status, 413)
    t.is(host.errors.length, 0)
  })

  test(`${name}: bodies, methods and answers`, async (t) => {
    const { host, client } = await serve(t, wrap)
    t.is((await client.get('/session')).body.state, 'verified')
    t.is((await client.post('/factors/totp')).status, 200)
    t.is((await client.post('/verify', { answer: 'totp:ä💡' })).status, 403)
    t.is((await client.call('PATCH', '/factors/x', { description: 'ä💡' })).status, 404)
    t.is((await client.call('DELETE', '/factors/x')).status, 404)
    t.is((await client.call('POST', '/verify', { answer: 'x'.repeat(70_000) })).status, 413)
    t.is((await client.get('/session')).status, 200, 'the next request is not in the way of the one before')
    t.is((await client.call('PUT', '/verify')).status, 405)
    t.deepEqual(host.errors, [])
  })
}

test('a compressed body that a parser has opened is what it opened', async (t) => {
  const { port } = await serve(t, wraps['Express, with express.json()'])
  const body = gzipSync(JSON.stringify({ answer: 'totp:1' }))
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  const response = await fetch(`http://localhost:${port}/countersign/verify`, { method: 'POST', headers, body })
  t.is(response.status, 403)
})

test('the context is the request and the response, and cookies of both go out', async (t) => {
  const seen: any[] = []
  const options: Partial<HandlerOptions<any>> = {
    onVerified(request, who, outcome, { req, res }) {
      seen.push(req.marked, who.id, outcome.ok)
      res.setHeader('set-cookie', 'host=1')
      return { 'set-cookie': 'handler=2' }
    },
  }
  const mark = (listener: Listener): Listener => (req, res) => listener(Object.assign(req, { marked: 'yes' }), res)
  const { host, client } = await serve(t, mark, options as never)
  await client.post('/verify', { answer: 'totp:1' })
  t.deepEqual(seen, ['yes', 'ann', false])
  t.deepEqual([...client.cookies], [['host', '1'], ['handler', '2']])
  t.deepEqual(host.errors, [])
})

const post = 'POST /countersign/verify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'

/** One request as it stands, and the first line of the answer. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, 'localhost', () => socket.write(text))
    let answer = ''
    socket.on('data', (data) => {
      answer += data
      if (answer.includes('\r\n\r\n')) socket.destroy()
    })
    socket.on('close', () => resolve(answer.split('\r\n', 1)[0]!))
    socket.on('error', reject)
  })
}

test('a handler that is mounted without its adapter is an error, not a request without an answer', async (t) => {
  const { handler } = (await HttpHost.open()).verified()
  const message = /toNodeListener\(handler\)/
  const request = { method: 'GET', url: '/countersign/session', headers: {} }
  await t.throwsAsync(handler(request as never), { code: 'invalid-argument', message })
  t.throws(() => toNodeListener(undefined as never), { code: 'invalid-argument', message: /createHandler/ })
})

test('odd request lines lead nowhere', async (t) => {
  const { host, port } = await serve(t)
  const session = 'evil.example/countersign/session'
  const paths = [`//${session}`, `http://${session}`, `/\\${session}`, '*', '/countersign/%', '/countersign/factors/%zz']
  for (const path of paths) {
    t.is(await raw(port, `GET ${path} HTTP/1.1\r\nHost: evil.example\r\n\r\n`), 'HTTP/1.1 404 Not Found', path)
  }
  t.is(await raw(port, 'TRACE /countersign/session HTTP/1.1\r\nHost: x\r\n\r\n'), 'HTTP/1.1 400 Bad Request')
  t.is(await raw(port, 'GET /countersign/session HTTP/1.1\r\nHost: a:b:c\r\n\r\n'), 'HTTP/1.1 200 OK', 'whatever the host')
  t.deepEqual(host.errors, [])
})

test('a path that only becomes one when it is resolved is none: guards in front have seen another', async (t) => {
  const { host, port } = await serve(t)
  host.verified({ admin: true })
  const guarded = ['passkey/challenge', 'admin/users']
  const detours = ['./', 'x/../', '%2e/', 'x/%2E%2e/', '\\', 'x\\..\\', '/', '\t']
  for (const path of guarded) {
    const method = path.startsWith('admin') ? 'GET' : 'POST'
    const rest = 'Host: x\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n'
    t.is(await raw(port, `${method} /countersign/${path} HTTP/1.1\r\n${rest}`), 'HTTP/1.1 200 OK')
    for (const detour of detours) {
      const line = await raw(port, `${method} /countersign/${detour}${path} HTTP/1.1\r\n${rest}`)
      t.true(/ 40[04] /.test(line), `${detour}${path}: ${line}`)
    }
    const inside = path.replace('/', '\\')
    t.is(await raw(port, `${method} /countersign/${inside} HTTP/1.1\r\n${rest}`), 'HTTP/1.1 404 Not Found', inside)
  }
  // Requests of frameworks that do not resolve it either.
  const odd = { url: `${origin}/countersign/x/../session`, method: 'GET', headers: new Headers() } as Request
  t.is((await host.handler(odd)).status, 404)
})

test('an address that looks like a path is none', async (t) => {
  const host = (await HttpHost.open()).verified()
  const listener = toNodeListener(host.handler as never) as Listener
  for (const url of ['@evil/countersign/session', 'countersign/session', '.example/countersign/session', undefined]) {
    const res = { statusCode: 0, setHeader: () => undefined, end: () => undefined }
    await listener({ method: 'GET', url, headers: {} }, res)
    t.is(res.statusCode, 404, url)
  }
})

test('a body that was too large is so after a parser, too', async (t) => {
  const { port } = await serve(t, wraps['Express, with express.json()'])
  const init = { method: 'POST', headers: { 'content-type': 'application/json' } }
  const post = (body: string) => fetch(`http://localhost:${port}/countersign/factors/totp`, { ...init, body })
  t.is((await post(`{}${' '.repeat(65_534)}`)).status, 200)
  t.is((await post(`{}${' '.repeat(65_535)}`)).status, 413)
})

test('a callback that answers by itself is the one that answers', async (t) => {
  const options = { onVerified: (_request: Request, _user: unknown, _outcome: unknown, { res }: any) => void res.end('{}') }
  const { port, host } = await serve(t, undefined, options as never)
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"answer":"totp:1"}' }
  const response = await fetch(`http://localhost:${port}/countersign/verify`, init)
  t.deepEqual([response.status, await response.text()], [200, '{}'])
  t.deepEqual(host.errors, [])
})

test('an upload without an end is refused while it goes on', async (t) => {
  const { host, port } = await serve(t)
  const head = `${post}Transfer-Encoding: chunked\r\n\r\n`
  const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`
  t.is(await raw(port, head + chunk + chunk), 'HTTP/1.1 413 Payload Too Large')
  t.deepEqual(host.errors, [])
})

test('an answer before the body reaches who is still sending it, and ends the connection', async (t) => {
  const { port } = await serve(t)
  const sends = (headers: Record<string, string>, bytes: number) =>
    fetch(`http://localhost:${port}/countersign/verify`, { method: 'POST', headers, body: 'x'.repeat(bytes) })
  const json = { 'content-type': 'application/json' }
  for (const bytes of [70_000, 300_000, 900_000]) {
    t.is((await sends(json, bytes)).status, 413)
    t.is((await sends({ 'content-type': 'text/plain' }, bytes)).status, 415)
    t.is((await sends({ ...json, origin: 'https://evil.example' }, bytes)).status, 403)
  }
  const head = 'POST /countersign/verify HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 300000\r\n\r\n'
  const whole = await new Promise<string>((resolve, reject) => {
    const socket = connect(port, 'localhost', () => socket.write(`${head}x`))
    let answer = ''
    socket.on('data', (data) => {
      if (answer === '') setTimeout(() => socket.write('x'.repeat(299_999)), 20)
      answer += data
    })
    socket.on('close', () => resolve(answer)).on('error', reject)
  })
  t.regex(whole, /^HTTP\/1.1 415 [^]*connection: close[^]*unsupported-media-type/)
})

test('an answer that Node can not send is an error of that request alone', async (t) => {
  const listener = toNodeListener(async () => new Response('x', { headers: { 'x-name': 'a\u0001b' } }))
  const { port } = await serve(t, () => listener)
  t.is(await raw(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'), 'HTTP/1.1 500 Internal Server Error')
})

test('over HTTP/2, an answer before the body ends the stream of who is still sending, and not the connection', async (t) => {
  const host = (await HttpHost.open()).verified()
  const server = createHttp2Server(toNodeListener(host.handler as Handler<any>))
  const closed = new Promise<number>((resolve) => server.on('stream', (stream) => stream.on('close', () => resolve(stream.rstCode))))
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const session = connect2(`http://localhost:${(server.address() as AddressInfo).port}`)
  const stream = session.request({ ':method': 'POST', ':path': '/countersign/verify', 'content-type': 'text/plain' }, { endStream: false })
  const timer = setInterval(() => stream.writable && stream.write('x'.repeat(1000)), 50)
  t.teardown(() => {
    clearInterval(timer)
    session.destroy()
    server.close()
  })
  let body = ''
  stream.setEncoding('utf8').on('data', (data) => (body += data)).on('error', () => undefined)
  const [[answer]] = await Promise.all([once(stream, 'response'), once(stream, 'end')])
  t.is(answer[':status'], 415)
  t.regex(body, /unsupported-media-type/)
  t.is(await closed, constants.NGHTTP2_NO_ERROR)
  t.false(session.closed)
})

test('what a handler of the host throws goes to its framework, or is the 500 of that request alone', async (t) => {
  const warnings: Error[] = []
  const warned = (warning: Error) => warnings.push(warning)
  process.on('warning', warned)
  t.teardown(() => process.off('warning', warned))
  const thrown = Object.assign(new Error('no database'), { query: 'SELECT secret' })
  const get = async (wrap: (listener: Listener) => Listener | Promise<Listener>, error: unknown = thrown) => {
    const { client } = await serve(t, wrap, {}, () => async () => { throw error })
    const response = await client.host('GET', '/countersign/x')
    return [response.status, response.body]
  }
  t.deepEqual(await get((listener) => listener), [500, ''])
  const { name, detail } = warnings.find(({ message }) => message === 'A handler threw') as Error & { detail: string }
  t.is(name, 'CountersignWarning')
  t.regex(detail, /^Error: no database\n {4}at /)
  t.notRegex(detail, /SELECT/)
  const { port } = await serve(t, undefined, {}, () => async (_request, context) => {
    (context as any).res.end('x'.repeat(5_000_000))
    throw thrown
  })
  t.is((await (await fetch(`http://localhost:${port}/`)).text()).length, 5_000_000, 'what it has answered by itself is not cut')
  const told: unknown[] = []
  const withErrors = (make: () => any) => (listener: Listener) =>
    make().use(listener).use((error: unknown, _req: unknown, res: any, _next: unknown) => {
      told.push(error)
      res.status(503).json({ mine: true })
    }) as Listener
  for (const make of [express, express4]) {
    t.deepEqual(await get(withErrors(make)), [503, { mine: true }])
    t.is(told.pop(), thrown)
    // To Express, these are no errors.
    for (const odd of [undefined, null, '', 'route', 'router', 0]) {
      t.deepEqual(await get(withErrors(make), odd), [503, { mine: true }])
      t.is((told.pop() as Error).cause, odd)
    }
  }
  const answered = await get((listener) => fastify(listener, (app) => app.setErrorHandler((error: unknown, _req: unknown, reply: any) => {
    told.push(error)
    return reply.code(503).send({ mine: true })
  })))
  t.deepEqual(answered, [503, { mine: true }])
  t.is(told.pop(), thrown)
})

test('a body whose stream somebody else has set up is read, or refused, and ends no process', async (t) => {
  const parts = ['{"answer"', ':"totp:', '123456"}']
  const chunked = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')
  const sent = `${post}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n${chunked}0\r\n\r\n`
  const status = async (prepare: (req: any) => void) => {
    const { port, host } = await serve(t, (listener) => (req, res) => {
      prepare(req)
      return listener(req, res)
    })
    const line = await raw(port, sent)
    t.deepEqual(host.errors, [])
    return line
  }
  t.is(await status(() => {}), 'HTTP/1.1 403 Forbidden')
  t.is(await status((req) => req.on('readable', () => {})), 'HTTP/1.1 403 Forbidden')
  t.is(await status((req) => req.pause()), 'HTTP/1.1 403 Forbidden')
  // Texts are no bytes, and their length is another one.
  t.is(await status((req) => req.setEncoding('utf8')), 'HTTP/1.1 400 Bad Request')
})

test('a handler that the host has written gets the body as it is, read slowly, in part or not at all', async (t) => {
  const body = Buffer.from(Array.from({ length: 700_000 }, (_, index) => index % 251))
  const reads: Record<string, (request: Request) => Promise<unknown>> = {
    whole: async (request) => t.deepEqual(Buffer.from(await request.arrayBuffer()), body),
    async slowly(request) {
      const read: Uint8Array[] = []
      for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
        read.push(chunk)
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      t.deepEqual(Buffer.concat(read), body)
    },
    part: async (request) => t.true((await request.body!.getReader().read()).value!.length > 0),
    cancelled: (request) => request.body!.cancel(),
    async cancelledLater(request) {
      const reader = request.body!.getReader()
      const { value } = await reader.read()
      t.deepEqual(Buffer.from(value!), body.subarray(0, value!.length))
      await reader.cancel()
    },
    notAtAll: async () => undefined,
  }
  const listener = toNodeListener(async (request) => {
    await reads[new URL(request.url).pathname.slice(1)]!(request)
    return new Response('read')
  })
  const wraps: Listener[] = [listener, await express().use(express.raw({ type: () => true, limit: '1mb' }), listener)]
  for (const wrap of wraps) {
    const { port } = await serve(t, () => wrap)
    for (const name of Object.keys(reads)) {
      const response = await fetch(`http://localhost:${port}/${name}`, { method: 'POST', body })
      t.is(await response.text(), 'read', name)
    }
  }
})

test('a client that goes away in the middle troubles nobody', async (t) => {
  const { host, port, client } = await serve(t)
  await new Promise<void>((resolve) => {
    const socket = connect(port, 'localhost', () => {
      socket.write(`${post}Content-Length: 50\r\n\r\n{`)
      setTimeout(() => socket.destroy(), 50)
    })
    socket.on('close', () => resolve())
  })
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.is((await client.get('/session')).status, 200)
  t.deepEqual(host.errors, [])
})
