// Sessions for servers that bring none of their own, in memory: a random id in a cookie that no script can read.
import { randomBytes } from 'node:crypto'
import { replaced } from './sign-ins.mjs'

const hours = 12
const sessions = new Map()

/** What is kept in the session of a `cookie` header, or undefined. */
export function findSession(cookies) {
  const found = sessions.get(idOf(cookies))
  return found && found.expires > Date.now() ? found.data : undefined
}

/**
 * Ends the session that this browser has and begins one with `data`, under a new id, so that nobody rides on the one
 * before: what stays in that one for a minute can sign out, and nothing else. Without `data` it only ends. The answer is
 * the `set-cookie` header.
 */
export function renewSession(cookies, data) {
  const before = idOf(cookies)
  if (data && sessions.has(before)) sessions.set(before, { data: replaced(data), expires: Date.now() + 60_000 })
  else sessions.delete(before)
  for (const [old, { expires }] of sessions) if (expires <= Date.now()) sessions.delete(old)
  const id = data ? randomBytes(32).toString('base64url') : ''
  if (data) sessions.set(id, { data, expires: Date.now() + hours * 3_600_000 })
  // Behind HTTPS: `__Host-session`, and `Secure`.
  return `session=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${data ? hours * 3600 : 0}`
}

function idOf(cookies) {
  return /(?:^|;\s*)session=([\w-]+)/.exec(cookies ?? '')?.[1]
}
