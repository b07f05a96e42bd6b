import type { Route } from './route.js'
import { adminRoutes, removalRoutes } from './routes/admin.js'
import { enrolmentRoutes, yubicoRoutes } from './routes/enrolment.js'
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
  ...yubicoRoutes,
  ...factorRoutes,
  ...adminRoutes,
  ...removalRoutes,
]

/** Which parts of the API a handler has, beside those that every one has. */
export interface Offered {
  /** Sign-ins without a user name. */
  passkeys: boolean
  /** Enrolment of Yubico keys. */
  yubico: boolean
  /** What takes factors from other users. */
  admin: boolean
}

const subsets = new Map<string, readonly Route[]>()

/** The whole API, or all of it but what is not offered. */
export function routesWith({ passkeys, yubico, admin }: Offered): readonly Route[] {
  const key = `${passkeys} ${yubico} ${admin}`
  const made = subsets.get(key)
  if (made) return made
  const left = [...(passkeys ? [] : passkeyRoutes), ...(yubico ? [] : yubicoRoutes), ...(admin ? [] : removalRoutes)]
  const subset = routes.filter((route) => !left.includes(route))
  subsets.set(key, subset)
  return subset
}
