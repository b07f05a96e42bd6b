import { requireFresh } from 'countersign/http'
import type { App, Routes } from './routes.js'

/** For how many seconds a verification lets somebody do what can't be undone. */
const FRESH = 300

/** What only somebody may do who has just proved who it is. */
export function accountRoutes({ countersign, accounts, sessions, now }: App): Routes {
  return {
    async 'DELETE /api/account'({ request, keep }) {
      const user = await sessions.user(request)
      const refusal = requireFresh(user, { within: FRESH, now: now() })
      if (refusal || !user) return refusal
      // First the account: without it, nobody signs in by what is left of it if the next step fails.
      await accounts.remove(user.id)
      await countersign.removeUser(user.id)
      await sessions.endUser(user.id)
      keep(await sessions.signOut(request))
      return {}
    },
  }
}
