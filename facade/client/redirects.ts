import { ClientError } from './error.js'

/** As browsers and Node have it (Fetch Standard, 4.4). */
const maxHops = 20

/** Of a request with a body, and of none else. */
const bodyHeaders = ['content-encoding', 'content-language', 'content-location', 'content-type', 'content-length']

type Send = (url: URL, init: RequestInit) => Promise<Response>

/** An answer, and where it came from in the end. */
export interface Followed {
  response: Response
  url: URL
  /** The request that it answers, if a redirect has turned the given one into a GET: what was asked for may be done. */
  other?: RequestInit
}

/**
 * Sends a request and follows redirects hop by hop, as `fetch` does (Fetch Standard, 4.4), so that `send` sees every
 * answer and decides for every hop what goes with it. A hop to another origin than `origin` takes no headers and no body
 * along, and is refused unless the method is GET or HEAD.
 *
 * @throws {ClientError} `redirect-refused`
 */
export async function follow(send: Send, start: URL, given: RequestInit, origin: string): Promise<Followed> {
  let url = start
  let init: RequestInit = { ...given, method: methodOf(given), redirect: 'manual' }
  for (let hops = 0; ; hops += 1) {
    const response = await send(url, init)
    const location = response.headers.get('location')
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) {
      return { response: marked(response, hops > 0), url, ...(init.method !== methodOf(given) && { other: init }) }
    }
    // Nobody reads it; what is left unread keeps the connection.
    await response.body?.cancel()
    const { status } = response
    if (hops === maxHops || !URL.canParse(location, url)) throw new ClientError('redirect-refused', { status })
    const next = new URL(location, url)
    if (!['http:', 'https:'].includes(next.protocol)) throw new ClientError('redirect-refused', { status })
    init = redirected(init, status)
    if (next.origin !== origin) init = stripped(init, status)
    // A stream has been read by now.
    if (!isRepeatable(init.body)) throw new ClientError('redirect-refused', { status })
    url = next
  }
}

/** Whether this body can be sent once more. */
export function isRepeatable(body: unknown): boolean {
  return !(typeof body === 'object' && body !== null && ('getReader' in body || Symbol.asyncIterator in body))
}

/** 301 and 302 turn a POST into a GET, 303 anything but a HEAD; 307 and 308 change nothing. */
function redirected(init: RequestInit, status: number): RequestInit {
  const { method } = init
  const toGet = status === 303 ? method !== 'GET' && method !== 'HEAD' : status < 303 && method === 'POST'
  if (!toGet) return init
  const headers = new Headers(init.headers)
  for (const name of bodyHeaders) headers.delete(name)
  return { ...without(init), method: 'GET', headers }
}

function stripped(init: RequestInit, status: number): RequestInit {
  if (init.method !== 'GET' && init.method !== 'HEAD') throw new ClientError('redirect-refused', { status })
  return { ...without(init), headers: {} }
}

function without({ body: _body, referrer: _referrer, ...init }: RequestInit): RequestInit {
  return init
}

function methodOf({ method = 'GET' }: RequestInit): string {
  const upper = method.toUpperCase()
  return ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'].includes(upper) ? upper : method
}

/** What `fetch` itself would have said. */
function marked(response: Response, redirect: boolean): Response {
  return redirect ? Object.defineProperty(response, 'redirected', { value: true }) : response
}
