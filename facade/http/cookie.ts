import { own } from '../shared/check.js'
import { lateReader } from './late-request.js'
import type { AnyRequest } from './same-origin.js'

export interface CookieSettings {
  /** Without the prefix that it gets where it is secure. */
  name: string
  secure: boolean
  sameSite: 'Strict' | 'Lax'
}

/** `__Host-`: no other host of the domain can set it. Browsers take it over https alone, so a page on localhost has none. */
export function cookieName({ name, secure }: CookieSettings): string {
  return secure ? `__Host-${name}` : name
}

/** The value of the cookie in a request; `undefined` if it is missing, or came twice. */
export function cookieOf(request: AnyRequest, settings: CookieSettings): string | undefined {
  const headers = lateReader(request) ?? request.headers
  const given = typeof headers.get === 'function' ? headers.get('cookie') : own(headers, 'cookie')
  const prefix = `${cookieName(settings)}=`
  const pairs = (typeof given === 'string' ? given : '').split(';').map(withoutBlanks)
  const values = pairs.filter((pair) => pair.startsWith(prefix)).map((pair) => pair.slice(prefix.length))
  return values.length === 1 ? values[0] : undefined
}

/**
 * Blanks and tabs only, as in HTTP. To `trim()`, a no-break space is one too: another host of the domain may set a cookie
 * whose name begins with that, since browsers see no prefix `__Host-` then.
 */
function withoutBlanks(pair: string): string {
  const isBlank = (at: number) => pair[at] === ' ' || pair[at] === '\t'
  let [start, end] = [0, pair.length]
  while (start < end && isBlank(start)) start += 1
  while (end > start && isBlank(end - 1)) end -= 1
  return pair.slice(start, end)
}

/** The header that sets the cookie for so many seconds, or takes it away. */
export function setCookie(settings: CookieSettings, value: string, maxAge: number): { 'set-cookie': string } {
  const { secure, sameSite } = settings
  const attributes = `Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=${sameSite}${secure ? '; Secure' : ''}`
  return { 'set-cookie': `${cookieName(settings)}=${value}; ${attributes}` }
}
