import type { Route } from './route.js'
import { adminRoutes } from './routes/admin.js'
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
]

const withoutPasskeys: readonly Route[] = routes.filter((route) => !passkeyRoutes.includes(route))

/** The whole API, or all of it but the sign-in without a user name. */
export function routesWith(passkeys: boolean): readonly Route[] {
  return passkeys ? routes : withoutPasskeys
}
