/** Whatever an answer may hold; a test looks at what its own answer has. */
export interface ReplyBody {
  ok: boolean
  reason: string
  error: string
  type: string
  state: string
  enrolment: string
  secret: string
  challenge: { totp?: true } | null
  factors: { id: string }[]
  factor: { id: string; type: string } | null
}

export interface Reply {
  status: number
  body: ReplyBody
  headers: Headers
}

/** Speaks to the demo as its page does, without a browser: keeps the cookie, names the origin. */
export class Client {
  cookie = ''

  constructor(private readonly demo: { origin: string }) {}

  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const response = await fetch(`${this.demo.origin}${path}`, {
      method,
      headers: { origin: this.demo.origin, 'content-type': 'application/json', cookie: this.cookie, ...headers },
      ...(method !== 'GET' && { body: typeof body === 'string' ? body : JSON.stringify(body ?? {}) }),
    })
    const set = response.headers.get('set-cookie')
    if (set) this.cookie = set.split(';', 1)[0] ?? ''
    const content = await response.text()
    const json = response.headers.get('content-type')?.match(/^application\/(problem\+)?json/)
    return { status: response.status, body: json ? JSON.parse(content) : {}, headers: response.headers }
  }

  /** The second factor's API; other methods than POST are named in front: `DELETE factors/...`. */
  second(path: string, body?: unknown): Promise<Reply> {
    const [method, rest] = path.includes(' ') ? path.split(' ') : ['POST', path]
    return this.send(method!, `/countersign/${rest}`, body)
  }

  post(path: string, body?: unknown): Promise<Reply> {
    return this.send('POST', `/api/${path}`, body)
  }

  get(path: string): Promise<Reply> {
    return this.send('GET', `/api/${path}`)
  }
}
