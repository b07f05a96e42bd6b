import { randomBytes } from '../shared/crypto.js'
import { cookieOf, setCookie } from './cookie.js'
import type { CookieSettings } from './cookie.js'
import { isSecure } from './route.js'
import type { Visit } from './route.js'

/** Seconds: as long as any challenge may live. */
const maxAge = 86_400

/**
 * Which browser asks: a passkey's challenge is bound to a cookie, so that nobody can have a person answer theirs. Given
 * with the challenge and kept for the next one, since autofill and a button may each wait for an answer.
 */
export function giveBrowser(visit: Visit): string {
  const id = browserOf(visit) ?? randomBytes(16).toString('base64url')
  visit.headers.append('set-cookie', setCookie(cookieFor(visit), id, maxAge)['set-cookie'])
  return id
}

/** Which browser answers; `undefined` where its cookie is missing, or came twice. */
export function browserOf(visit: Visit): string | undefined {
  const id = cookieOf(visit.request, cookieFor(visit))
  return id?.length === 22 && /^[\w-]+$/.test(id) ? id : undefined
}

function cookieFor(visit: Visit): CookieSettings {
  return { name: 'countersign-passkey', secure: isSecure(visit), sameSite: 'Strict' }
}
