import type { IncomingMessage } from 'node:http'

import { invalid } from '../shared/check.js'
import { exactUrl } from './exact-url.js'
import type { Handler } from './options.js'
import { impossibleRequest } from './problem.js'

/** Node's request, or that of a framework built on it. */
export interface NodeRequest {
  method?: string | undefined
  url?: string | undefined
  /** Express, Fastify: the whole URL. `url` is only the part below a mount point. */
  originalUrl?: string | undefined
  headers: IncomingMessage['headers']
  /** The result of a body parser. */
  body?: unknown
  /** Fastify: Node's own request. */
  raw?: IncomingMessage
}

/** Node's response, or that of a framework built on it. */
export interface NodeResponse {
  /** Fastify: Node's own response. */
  raw?: object
  /** Express, Fastify. */
  send?: (body: never) => unknown
}

/** The context of a handler with {@link toNodeListener}: the request and response that the listener received. */
export interface NodeContext<Req = NodeRequest, Res = NodeResponse> {
  req: Req
  res: Res
}

/**
 * Turns a handler into a listener `(req, res)` for `node:http`, Express, Connect, and Fastify (as a route's handler). A
 * body that is already parsed is used as it is. Any other body is read here.
 *
 * @example
 * createServer(toNodeListener(handler))
 * app.use('/countersign', toNodeListener(handler)) // Express
 * fastify.all('/countersign/*', toNodeListener(handler))
 */
export function toNodeListener<Req extends NodeRequest, Res extends object>(
  handler: Handler<NodeContext<Req, Res>>,
): (req: Req, res: Res) => Promise<unknown> {
  if (typeof handler !== 'function') throw invalid('handler')
  return async (req, res) => {
    const request = toRequest(req)
    const response = request ? await handler(request, { req, res }) : impossibleRequest()
    // Fastify keeps headers of its own until it sends, the session's among them; and waits for what is returned.
    if (isFastify(res)) return res.send(response)
    const rest = isUnread(req) ? request?.body : null
    // Nobody waits for a listener of `node:http`: what it rejects with would end the process.
    await send(response, res as unknown as Outgoing, rest).catch(() => fail(res as unknown as Outgoing))
    return undefined
  }
}

/** Only what a response of Node has. */
interface Outgoing {
  statusCode: number
  headersSent?: boolean
  setHeader(name: string, value: string): unknown
  appendHeader(name: string, value: string): unknown
  write(chunk: Buffer): unknown
  end(body?: Buffer): unknown
  destroy(): unknown
}

/** `undefined` for what no `Request` can be: a `TRACE`, or a header that HTTP takes and the standard does not. */
function toRequest(req: NodeRequest): Request | undefined {
  try {
    return newRequest(req)
  } catch {
    return undefined
  }
}

function newRequest(req: NodeRequest): Request {
  const { method = 'GET', raw } = req
  const headers = new Headers()
  for (const [name, value] of Object.entries(req.headers)) {
    // HTTP/2's own (`:path`) are no headers.
    if (value === undefined || name.startsWith(':')) continue
    headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  if (method === 'GET' || method === 'HEAD') return new Request(urlOf(req), { method, headers })
  const source = (raw ?? req) as IncomingMessage
  const body = isParsed(req.body, source) ? parsedBody(req.body) : stream(source)
  return new Request(urlOf(req), { method, headers, body, duplex: 'half' } as RequestInit)
}

/** No host: the handler looks at the path alone, and a Host header is the client's. */
function urlOf({ originalUrl, url = '/' }: NodeRequest): string {
  const path = originalUrl ?? url
  const whole = `http://localhost${path}`
  return path.startsWith('/') && exactUrl(whole) ? whole : 'http://localhost/'
}

/** In Express 4 a parser that passes a request on, since it is of another type, leaves `{}` and the body unread. */
function isParsed(body: unknown, { readableDidRead }: Partial<IncomingMessage>): boolean {
  if (body === undefined) return false
  if (typeof body !== 'object' || body === null || body instanceof Uint8Array) return true
  return Object.keys(body).length > 0 || readableDidRead !== false
}

function parsedBody(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof body === 'string') return body
  return body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body)
}

/** Without a `cancel`: ending Node's stream early would cut the connection, and the answer with it. */
function stream(req: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks = req[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
  })
}

/** `rest`: what the client is still sending, though it is answered already. */
async function send(response: Response, res: Outgoing, rest: Request['body'] | undefined): Promise<void> {
  // A callback of the host has answered by itself.
  if (res.headersSent === true) return
  res.statusCode = response.status
  for (const [name, value] of response.headers) {
    // Beside the cookies that the host has set itself.
    if (name === 'set-cookie') res.appendHeader(name, value)
    else res.setHeader(name, value)
  }
  const body = Buffer.from(await response.arrayBuffer())
  if (!rest) return void res.end(body)
  // To close while the client sends would take the answer from it; to read on without end would be worse.
  res.setHeader('connection', 'close')
  res.setHeader('content-length', String(body.length))
  res.write(body)
  await drain(rest)
  res.end()
}

function fail(res: Outgoing): void {
  process.emitWarning('An answer could not be sent', 'CountersignWarning')
  if (res.headersSent === true) return void res.destroy()
  res.statusCode = 500
  res.end()
}

function isUnread(req: NodeRequest): boolean {
  return (req as Partial<IncomingMessage>).complete === false
}

/** Bytes and milliseconds that are read and waited for after the answer. */
const drained = { bytes: 1_048_576, milliseconds: 2000 }

async function drain(rest: NonNullable<Request['body']>): Promise<void> {
  if (rest.locked) return
  const reader = rest.getReader()
  const late = setTimeout(() => reader.releaseLock(), drained.milliseconds)
  try {
    for (let left = drained.bytes; left > 0;) {
      const { done, value } = await reader.read()
      if (done) return
      left -= value.length
    }
  } catch {
    // Too late, or the client went away.
  } finally {
    clearTimeout(late)
  }
}

function isFastify(res: object): res is { send(body: Response): unknown } {
  return 'raw' in res && 'send' in res && typeof res.send === 'function'
}
