import { randomBytes } from '../shared/crypto.js'
import type { Visit } from './route.js'

/** Seconds: as long as any challenge may live. */
const maxAge = 86_400

/**
 * Which browser asks: a passkey's challenge is bound to a cookie, so that nobody can have a person answer theirs. Given
 * with the challenge and kept for the next one, since autofill and a button may each wait for an answer.
 */
export function giveBrowser(visit: Visit): string {
  const known = browserOf(visit)
  const id = known ?? randomBytes(16).toString('base64url')
  const secure = isSecure(visit) ? '; Secure' : ''
  const cookie = `${nameFor(visit)}=${id}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Strict${secure}`
  visit.headers.append('set-cookie', cookie)
  return id
}

/** Which browser answers; `undefined` where its cookie is missing, or came twice. */
export function browserOf(visit: Visit): string | undefined {
  const prefix = `${nameFor(visit)}=`
  const pairs = (visit.request.headers.get('cookie') ?? '').split(';').map((pair) => pair.trim())
  const found = pairs.filter((pair) => pair.startsWith(prefix)).map((pair) => pair.slice(prefix.length))
  const [id] = found
  return found.length === 1 && id?.length === 22 && /^[\w-]+$/.test(id) ? id : undefined
}

/** `__Host-`: no other host of the domain can set it. Browsers take it over https alone, so a page on localhost has none. */
function nameFor(visit: Visit): string {
  return isSecure(visit) ? '__Host-countersign-passkey' : 'countersign-passkey'
}

function isSecure({ settings }: Visit): boolean {
  return !settings.rp.origins.some((origin) => origin.startsWith('http:'))
}
