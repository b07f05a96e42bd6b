// Which sign-ins are open, whatever the id of their session is by now. In memory: a real host has them in its database.
import { randomBytes } from 'node:crypto'
import { accountById } from './accounts.mjs'

const hours = 12
const minute = 60_000
const open = new Map()

/** Begins a sign-in after the password. What it gives is kept in the session, and is what the handler asks for. */
export function signIn(id, state = 'pending', at = Date.now()) {
  for (const [old, { expires }] of open) if (expires <= Date.now()) open.delete(old)
  const session = randomBytes(16).toString('base64url')
  open.set(session, { id, expires: Date.now() + hours * 3_600_000 })
  return { id, state, at, session }
}

/** The user that a session is of, for the handler; null: nobody's, or one that has ended or was replaced. */
export function userOf(kept) {
  if (!isOpen(kept) || kept.id === undefined) return null
  const { name, enrolled, admin } = accountById(kept.id)
  return { ...kept, name, enrolled, admin }
}

/**
 * What stays under the old id of a session: it is nobody's, but a sign-out that was sent with it, and comes in after the
 * id has changed, ends the sign-in all the same. The minute is kept in it, since a store of sessions may begin it anew
 * with each request.
 */
export function replaced({ session }) {
  return { session, until: Date.now() + minute }
}

/** Ends a sign-in, and what is still on its way in it. */
export function signOut(kept) {
  if (kept?.until === undefined || kept.until > Date.now()) open.delete(kept?.session)
}

/** What `onVerified` makes of a session: another one, under a new id; null: none; undefined: as it was. */
export function afterVerified(user, outcome) {
  if (!outcome.ok) {
    if (outcome.reason !== 'locked' || user.state !== 'pending') return undefined
    // Guessing can't go on in this sign-in once the lock lifts.
    signOut(user)
    return null
  }
  if (outcome.purpose === 'passkey') return signIn(user.id, 'verified', outcome.at)
  // It ended while the answer was on its way.
  if (!isOpen(user)) return undefined
  // A first factor was enrolled while we looked: the password is not enough any more.
  if (outcome.factor === null && accountById(user.id).enrolled) return undefined
  if (outcome.purpose === 'enrolment') endOthers(user)
  return { id: user.id, state: 'verified', at: outcome.at, session: user.session }
}

/** Those knew the password alone. */
function endOthers({ id, session }) {
  for (const [other, one] of open) if (one.id === id && other !== session) open.delete(other)
}

function isOpen(kept) {
  const found = open.get(kept?.session)
  return found !== undefined && found.expires > Date.now()
}
