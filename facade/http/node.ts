import type { IncomingMessage } from 'node:http'

import { presentable } from '../shared/cause.js'
import { invalid } from '../shared/check.js'
import { exactPath } from './exact-url.js'
import { entriesOf, exchangerOf, responseOf } from './exchange.js'
import type { Chunks, Exchanger, Reply, Take } from './exchange.js'
import type { ExactUrl } from './exact-url.js'
import { lateRequest } from './late-request.js'
import { NodeBody } from './node-body.js'
import { headersOf, readerOf } from './node-headers.js'
import type { Handler } from './options.js'
import { problemAnswer } from './problem.js'

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
 * A handler of this package never rejects. If one that you have written or wrapped does, the error goes to the error handler
 * of Express, Connect or Fastify. Under `node:http`, the answer is 500 without a body, and a process warning has the error.
 *
 * @example
 * createServer(toNodeListener(handler))
 * app.use('/countersign', toNodeListener(handler)) // Express
 * fastify.all('/countersign/*', toNodeListener(handler))
 */
export function toNodeListener<Req extends NodeRequest, Res extends object>(
  handler: Handler<NodeContext<Req, Res>>,
): (req: Req, res: Res, next?: (error: Error) => unknown) => Promise<unknown> {
  if (typeof handler !== 'function') throw invalid('handler')
  const exchanger = exchangerOf(handler) ?? exchangerThrough(handler)
  return async (req, res, next) => {
    const chunks = bodyOf(req)
    const url = urlOf(req)
    const { method = 'GET' } = req
    const headers = readerOf(req.headers)
    const request = lateRequest({ method, url: url?.href ?? 'http://localhost/', headers: () => headersOf(req.headers), reader: headers })
    const exchange = { request, method, headers, url, open: () => opened(chunks) }
    let reply: Reply
    try {
      reply = isForbidden(method) ? problemAnswer('malformed-request') : await exchanger(exchange, { req, res })
    } catch (error) {
      if (isFastify(res)) throw error
      // Express takes no error, or some texts, to mean that another route has to answer.
      if (typeof next === 'function') return next(error instanceof Error ? error : new Error('A handler threw no Error', { cause: error }))
      return fail(res as unknown as Outgoing, 'A handler threw', error)
    }
    // Fastify keeps headers of its own until it sends, the session's among them; and waits for what is returned.
    if (isFastify(res)) return res.send(responseOf(reply))
    const rest = isUnread(req) ? chunks : undefined
    try {
      await send(reply, res as unknown as Outgoing, rest)
    } catch {
      fail(res as unknown as Outgoing, 'An answer could not be sent')
    }
    return undefined
  }
}

/** Only what a response of Node has. */
interface Outgoing {
  statusCode: number
  headersSent?: boolean
  writableEnded?: boolean
  setHeader(name: string, value: string): unknown
  appendHeader(name: string, value: string): unknown
  write(chunk: string | Uint8Array): unknown
  end(body?: string | Uint8Array): unknown
  destroy(): unknown
  /** HTTP/2. */
  stream?: { close(): unknown }
}

/** What no `Request` can be. */
const isForbidden = (method: string): boolean => method === 'TRACE' || method === 'CONNECT' || method === 'TRACK'

/** No host: the handler looks at the path alone, and a Host header is the client's. */
function urlOf({ originalUrl, url = '/' }: NodeRequest): ExactUrl | undefined {
  return exactPath('http://localhost', originalUrl ?? url)
}

/** In Express 4 a parser that passes a request on, since it is of another type, leaves `{}` and the body unread. */
function isParsed(body: unknown, { readableDidRead }: Partial<IncomingMessage>): boolean {
  if (body === undefined) return false
  if (typeof body !== 'object' || body === null || body instanceof Uint8Array) return true
  return Object.keys(body).length > 0 || readableDidRead !== false
}

/** A body that a parser has read already is one chunk. */
function bodyOf(req: NodeRequest): Chunks | undefined {
  if (req.method === undefined || req.method === 'GET' || req.method === 'HEAD') return undefined
  const source = (req.raw ?? req) as IncomingMessage
  return isParsed(req.body, source) ? once(parsedBody(req.body)) : new NodeBody(source)
}

function parsedBody(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

function once(bytes: Uint8Array): Chunks {
  let read = bytes.length === 0
  const each = async (take: Take) => {
    if (read) return true
    read = true
    return take(bytes)
  }
  return { each }
}

/** For whoever reads first: once that has ended, the rest is for {@link drain}. */
function opened(chunks: Chunks | undefined): Chunks | undefined {
  if (!chunks) return undefined
  let released = false
  return {
    each: (take) => (released ? Promise.resolve(true) : chunks.each(take)),
    release: () => (released = true),
  }
}

/** A handler that a host has written, or wrapped around ours, gets the body in its request. */
function exchangerThrough(handler: Handler): Exchanger {
  return async ({ request, open }, context) => {
    const chunks = open()
    const whole = wholeOf(request, chunks)
    if (!whole) return problemAnswer('malformed-request')
    const response = await handler(whole, context)
    chunks?.release?.()
    return { status: response.status, headers: response.headers, body: new Uint8Array(await response.arrayBuffer()) }
  }
}

/** `undefined` for a header that HTTP takes and the standard does not. */
function wholeOf(request: Request, chunks: Chunks | undefined): Request | undefined {
  try {
    const bare = request.clone()
    return chunks ? new Request(bare, { body: stream(chunks), duplex: 'half' } as RequestInit) : bare
  } catch {
    return undefined
  }
}

/** Without a `cancel`: ending Node's stream early would cut the connection, and the answer with it. */
function stream(chunks: Chunks): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const ended = await chunks.each((chunk) => {
        controller.enqueue(chunk)
        return false
      })
      if (ended) controller.close()
    },
  })
}

/** `rest`: what the client is still sending, though it is answered already. */
function send({ status, headers, body }: Reply, res: Outgoing, rest: Chunks | undefined): Promise<void> | undefined {
  // A callback of the host has answered by itself.
  if (res.headersSent === true) return undefined
  res.statusCode = status
  for (const [name, value] of entriesOf(headers)) {
    // Beside the cookies that the host has set itself.
    if (name === 'set-cookie') res.appendHeader(name, value)
    else res.setHeader(name, value)
  }
  // Text goes out in one piece with the headers.
  if (!rest) {
    res.end(body ?? '')
    return undefined
  }
  // To close while the client sends would take the answer from it; to read on without end would be worse.
  if (!res.stream) res.setHeader('connection', 'close')
  res.setHeader('content-length', String(Buffer.byteLength(body ?? '')))
  res.write(body ?? '')
  return drain(rest).then(() => {
    res.end()
    // A client that still sends would keep its stream half-open for as long as the connection lasts (RFC 9113, 8.1).
    res.stream?.close()
  })
}

/** Nobody waits for a listener of `node:http`: what it rejects with would end the process. */
function fail(res: Outgoing, what: string, error?: unknown): void {
  const { stack } = Object(presentable(error)) as { stack?: unknown }
  process.emitWarning(what, { type: 'CountersignWarning', ...(typeof stack === 'string' && { detail: stack }) })
  // What the host has answered by itself is whole.
  if (res.writableEnded === true) return
  if (res.headersSent === true) return void res.destroy()
  res.statusCode = 500
  res.end()
}

function isUnread(req: NodeRequest): boolean {
  return (req as Partial<IncomingMessage>).complete === false
}

/** Bytes and milliseconds that are read and waited for after the answer. */
const drained = { bytes: 1_048_576, milliseconds: 2000 }

async function drain(rest: Chunks): Promise<void> {
  let left = drained.bytes
  const read = rest.each((chunk) => {
    left -= chunk.length
    return left > 0
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, drained.milliseconds)))
  // What fails is that the client went away.
  await Promise.race([read.catch(() => undefined), late])
  clearTimeout(timer)
  left = 0
}

function isFastify(res: object): res is { send(body: Response): unknown } {
  return 'raw' in res && 'send' in res && typeof res.send === 'function'
}
