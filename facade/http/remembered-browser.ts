import type { Accepted, Outcome, RecognisedBrowser } from '../service/outcome.js'
import { sha256 } from '../shared/crypto.js'
import { cookieOf, setCookie } from './cookie.js'
import type { CookieSettings } from './cookie.js'
import { isSecure } from './route.js'
import type { Call } from './route.js'

/** The token that this browser has for this user. */
export function tokenOf(call: Call): string | undefined {
  return cookieOf(call.request, cookieFor(call))
}

/** Puts a new token into this browser's cookie, if there is one. The page gets the rest of the outcome. */
export function keepToken<T extends Outcome | RecognisedBrowser>(call: Call, outcome: T): T {
  const given = outcome as Partial<Accepted>
  if (given.token === undefined) return outcome
  const { token, expires = call.now, ...rest } = given
  const maxAge = Math.floor((expires - call.now) / 1000)
  call.headers.append('set-cookie', setCookie(cookieFor(call), token, maxAge)['set-cookie'])
  return rest as T
}

/** What a list calls this browser, by what it says of itself: such as `Firefox on Linux`. */
export function labelOf({ request }: Call): string {
  const agent = request.headers.get('user-agent') ?? ''
  const named = (names: Record<string, string>) => Object.entries(names).find(([mark]) => agent.includes(mark))?.[1]
  return [named(browsers), named(systems)].filter((name) => name !== undefined).join(' on ')
}

/** The first that is found counts: nearly all of them also say that they are Chrome and Safari. */
const browsers = {
  'Edg': 'Edge',
  'OPR/': 'Opera',
  'Vivaldi/': 'Vivaldi',
  'SamsungBrowser/': 'Samsung Internet',
  'Firefox/': 'Firefox',
  'FxiOS/': 'Firefox',
  'CriOS/': 'Chrome',
  'Chrome/': 'Chrome',
  'Safari/': 'Safari',
}

const systems = {
  'iPhone': 'iPhone',
  'iPad': 'iPad',
  'Android': 'Android',
  'CrOS': 'ChromeOS',
  'Windows': 'Windows',
  'Mac OS X': 'macOS',
  'Linux': 'Linux',
}

/** A name for each user: what another person's sign-in in this browser does leaves it alone. */
function cookieFor(call: Call): CookieSettings {
  const name = `countersign-browser-${sha256(call.user.id, 'base64url').slice(0, 22)}`
  return { name, secure: isSecure(call), sameSite: 'Lax' }
}
