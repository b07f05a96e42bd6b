import { flag, integer, invalid, isWellFormed, object, optional, own } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import { isKeyUri } from '../shared/key-uri.js'
import { parseOtpauthUri, totpCode } from '../stateless/totp.js'
import type { TotpParameters } from '../stateless/totp.js'
import { isLoopback } from './cookies.js'

export interface ClientOptions {
  /** The URL where the server mounts `countersign/http`, such as `https://example.com/countersign`. */
  url: string | URL
  /** The `otpauth:` URI from the enrolment, or the secret with the parameters that differ from the defaults. */
  totp: string | TotpParameters
  /** Headers for every request to the server's origin, such as `authorization`. Cookies are kept automatically. */
  headers?: Record<string, string>
  /** Default: the global `fetch`. */
  fetch?: (input: string | URL | Request, init?: RequestInit) => Promise<Response>
  /** How long to wait for an answer of this protocol, in milliseconds. Default 30,000. */
  timeout?: number
  /** Allows plain HTTP to another machine, where anyone on the way can read the codes. Default false. */
  insecure?: boolean
  /** The clock for the codes: returns epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

/** The options, checked, with every default filled in. */
export interface ClientSettings {
  url: URL
  /** Seconds of a step. */
  period: number
  code: (at: number) => string
  headers: Record<string, string>
  fetch: NonNullable<ClientOptions['fetch']>
  timeout: number
  now: () => number
}

export function checkClientOptions(options: unknown): ClientSettings {
  const checked = checkOptions(options, '')
  const { totp, insecure = false, headers = {}, fetch = globalThis.fetch, timeout = 30_000, now = Date.now } = checked
  const url = new URL(checked.url)
  if (url.protocol !== 'https:' && !insecure && !isLoopback(url)) {
    throw invalid('url', 'an https: URL (insecure: true allows http:)')
  }
  let end = url.pathname.length
  while (url.pathname[end - 1] === '/') end -= 1
  url.pathname = url.pathname.slice(0, end)
  // Wrong ones are found now, not at the first sign-in.
  totpCode(totp, 0)
  const period = typeof totp === 'string' ? parseOtpauthUri(totp).period : (totp.period ?? 30)
  return { url, period, code: (at) => totpCode(totp, at), headers, fetch, timeout, now }
}

const checkUrl: Check<string> = (value, name) => {
  const text = value instanceof URL ? value.href : value
  const wanted = 'a URL such as https://example.com/countersign, without user name, query or fragment'
  if (typeof text !== 'string' || !URL.canParse(text)) throw invalid(name, wanted)
  const { protocol, username, password, search, hash } = new URL(text)
  if (!['http:', 'https:'].includes(protocol) || username + password + search + hash !== '') throw invalid(name, wanted)
  return text
}

/** A copy, so that what the host changes later changes nothing here; its members are checked where codes are made. */
const checkTotp: Check<string | TotpParameters> = (value, name) => {
  if (typeof value === 'string' && isKeyUri(value)) return value
  if (typeof value !== 'object' || value === null) throw invalid(name, 'an otpauth: URI, or an object with a secret')
  return { ...value } as TotpParameters
}

const checkHeaders: Check<Record<string, string>> = (value, name) => {
  if (typeof value !== 'object' || value === null) throw invalid(name, 'an object')
  const headers: Record<string, string> = {}
  for (const key of Object.keys(value)) {
    const text = own(value, key)
    if (typeof text !== 'string' || !isWellFormed(text)) throw invalid(name, 'an object whose values are text')
    headers[key] = text
  }
  return headers
}

function callback<T>(value: unknown, name: string): T {
  if (typeof value !== 'function') throw invalid(name, 'a function')
  return value as T
}

const checkOptions = object<Omit<ClientOptions, 'url'> & { url: string }>({
  url: checkUrl,
  totp: checkTotp,
  headers: optional(checkHeaders),
  fetch: optional(callback<NonNullable<ClientOptions['fetch']>>),
  timeout: optional(integer(1, 600_000)),
  insecure: optional(flag),
  now: optional(callback<() => number>),
})
