import { requireFresh } from 'countersign/http'
import type { App, Routes } from './routes.js'

/** How many seconds a verification is enough to delete the account. */
const FRESH = 300

/** The routes that need a fresh verification. */
export function accountRoutes({ countersign, accounts, sessions, now }: App): Routes {
  return {
    async 'DELETE /api/account'({ request, keep }) {
      const user = await sessions.user(request)
      const refusal = requireFresh(user, { within: FRESH, now: now() })
      if (refusal || !user) return refusal
      // The account goes first: if a later step fails, nobody can sign in with what is left.
      await accounts.remove(user.id)
      await countersign.removeUser(user.id)
      await sessions.endUser(user.id)
      keep(await sessions.signOut(request))
      return {}
    },
  }
}
