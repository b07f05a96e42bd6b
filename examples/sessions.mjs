// Sessions for servers that bring none of their own, in memory: a random id in a cookie that no script can read.
import { randomBytes } from 'node:crypto'

const hours = 12
const sessions = new Map()

/** The session of a `cookie` header: `{ id, state, at, session }`, or null. */
export function findSession(cookies) {
  const id = /(?:^|;\s*)session=([\w-]+)/.exec(cookies ?? '')?.[1]
  const found = sessions.get(id)
  return found && found.expires > Date.now() ? { ...found.data, session: id } : null
}

/**
 * Ends the session that this browser has and begins one with `data`, under a new id, so that nobody rides on the one
 * before; without `data` it only ends. The answer is the `set-cookie` header.
 */
export function renewSession(cookies, data) {
  sessions.delete(findSession(cookies)?.session)
  const id = data ? randomBytes(32).toString('base64url') : ''
  if (data) sessions.set(id, { data, expires: Date.now() + hours * 3_600_000 })
  // Behind HTTPS: `__Host-session`, and `Secure`.
  return `session=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${data ? hours * 3600 : 0}`
}
