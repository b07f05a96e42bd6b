interface Cookie {
  value: string
  path: string
  secure: boolean
  /** Epoch milliseconds. */
  expires: number
}

/** The cookies of one origin, as far as a session needs them (RFC 6265): all of them are sent to that host alone. */
export class Cookies {
  readonly #cookies = new Map<string, Cookie>()

  /** Takes over the `set-cookie` headers of an answer from this URL. */
  take(headers: Headers, url: URL, now: number): void {
    for (const header of headers.getSetCookie()) {
      const [pair = '', ...attributes] = header.split(';')
      const [name, value] = split(pair)
      if (name === '' || value === undefined) continue
      const cookie = read(value, attributes, url, now)
      const key = `${name};${cookie.path}`
      if (cookie.expires <= now) this.#cookies.delete(key)
      else this.#cookies.set(key, cookie)
    }
  }

  /** The `cookie` header for this URL; `undefined` if there are none. */
  header(url: URL, now: number): string | undefined {
    const found = [...this.#cookies].filter(([, { path, secure, expires }]) => {
      const inPath = url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`)
      return inPath && expires > now && (!secure || url.protocol === 'https:' || isLoopback(url))
    })
    // 5.4: longer paths come first.
    found.sort(([, a], [, b]) => b.path.length - a.path.length)
    const pairs = found.map(([key, { value }]) => `${key.slice(0, key.indexOf(';'))}=${value}`)
    return pairs.length === 0 ? undefined : pairs.join('; ')
  }
}

/** Of this machine: nobody listens on the way. */
export function isLoopback({ hostname }: URL): boolean {
  return /^(([\w-]+\.)*localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}

function read(value: string, attributes: string[], url: URL, now: number): Cookie {
  // 5.1.4: the folder of the page that set it.
  const folder = url.pathname.slice(0, Math.max(url.pathname.lastIndexOf('/'), 1))
  const cookie: Cookie = { value, path: folder, secure: false, expires: Infinity }
  let maxAge: number | undefined
  for (const attribute of attributes) {
    const [given, text = ''] = split(attribute)
    const name = given.toLowerCase()
    if (name === 'path' && text.startsWith('/')) cookie.path = text
    if (name === 'secure') cookie.secure = true
    if (name === 'expires' && !Number.isNaN(Date.parse(text))) cookie.expires = Date.parse(text)
    if (name === 'max-age' && /^-?\d+$/.test(text)) maxAge = Number(text)
  }
  // It wins, wherever it stands.
  if (maxAge !== undefined) cookie.expires = now + maxAge * 1000
  return cookie
}

function split(pair: string): [name: string, value?: string] {
  const at = pair.indexOf('=')
  return at < 0 ? [pair.trim()] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]
}
