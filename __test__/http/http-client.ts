import { checkConformance } from './conformance.js'

export interface Reply {
  status: number
  body: any
  headers: Headers
}

/** Speaks to a mounted handler as a page does: keeps cookies, names its origin, and holds every answer to the document. */
export class HttpClient {
  readonly cookies = new Map<string, string>()

  constructor(
    readonly origin: string,
    private readonly send: (request: Request) => Promise<Response> = (request) => fetch(request),
    readonly base = '/countersign',
  ) {}

  /** To the handler. */
  async call(method: string, path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<Reply> {
    const reply = await this.host(method, this.base + path, body, headers)
    const type = reply.headers.get('content-type')?.split(';', 1)[0] ?? ''
    checkConformance(method, path.split('?', 1)[0]!, reply.status, type, reply.body)
    return reply
  }

  get(path: string): Promise<Reply> {
    return this.call('GET', path)
  }

  post(path: string, body: unknown = {}): Promise<Reply> {
    return this.call('POST', path, body)
  }

  /** To the host's own routes. */
  async host(method: string, path: string, body: unknown = {}, more: Record<string, string> = {}): Promise<Reply> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { 'content-type': 'application/json', origin: this.origin, cookie, ...more }
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const init = method === 'GET' ? { headers: { cookie, ...more } } : { method, headers, body: text }
    const response = await this.send(new Request(this.origin + path, init))
    for (const set of response.headers.getSetCookie()) {
      const [pair = ''] = set.split(';', 1)
      const [name = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]
      if (value === '' || /max-age=0/i.test(set)) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    const content = await response.text()
    const json = /json/.test(response.headers.get('content-type') ?? '')
    return { status: response.status, body: json ? JSON.parse(content) : content, headers: response.headers }
  }

  password(name: string, password: string): Promise<Reply> {
    return this.host('POST', '/password', { name, password })
  }

  signOut(): Promise<Reply> {
    return this.host('POST', '/sign-out')
  }
}
