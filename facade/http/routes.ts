import type { Route } from './route.js'
import { adminRoutes, removalRoutes } from './routes/admin.js'
import { enrolmentRoutes } from './routes/enrolment.js'
import { factorRoutes } from './routes/factors.js'
import { passkeyRoutes } from './routes/passkey.js'
import { sessionRoutes } from './routes/session.js'
import { signInRoutes } from './routes/sign-in.js'

/** The whole API. The document, the router and every check are made from this. */
export const routes: readonly Route[] = [
  ...sessionRoutes,
  ...signInRoutes,
  ...passkeyRoutes,
  ...enrolmentRoutes,
  ...factorRoutes,
  ...adminRoutes,
  ...removalRoutes,
]

const without = (...left: Route[][]) => routes.filter((route) => !left.flat().includes(route))

const subsets = {
  both: routes,
  passkeys: without(removalRoutes),
  admin: without(passkeyRoutes),
  neither: without(passkeyRoutes, removalRoutes),
}

/** Which parts of the API a handler has: the sign-in without a user name, and what takes factors from other users. */
export interface Offered {
  passkeys: boolean
  admin: boolean
}

/** The whole API, or all of it but these parts. */
export function routesWith({ passkeys, admin }: Offered): readonly Route[] {
  if (passkeys) return admin ? subsets.both : subsets.passkeys
  return admin ? subsets.admin : subsets.neither
}
