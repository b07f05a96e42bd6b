import { HttpError } from '../http.js'
import type { Session } from '../sessions.js'

/** A sign-in that waits for its second factor; it reaches the routes that ask for it, and no other. */
export function pending(session: Session | undefined): Session {
  if (session?.state !== 'pending') throw new HttpError(401, 'signed-out')
  return session
}

export function signedIn(session: Session | undefined): Session {
  if (session?.state !== 'signed-in') throw new HttpError(401, 'signed-out')
  return session
}
