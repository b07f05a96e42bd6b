import type { Offered } from './options.js'
import type { Route } from './route.js'
import { activityRoutes } from './routes/activity.js'
import { adminRoutes, removalRoutes } from './routes/admin.js'
import { browserRoutes } from './routes/browsers.js'
import { enrolmentRoutes, yubicoRoutes } from './routes/enrolment.js'
import { factorRoutes } from './routes/factors.js'
import { passkeyRoutes } from './routes/passkey.js'
import { reportRoutes } from './routes/report.js'
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
  ...browserRoutes,
  ...activityRoutes,
  ...adminRoutes,
  ...removalRoutes,
  ...reportRoutes,
]

const subsets = new Map<string, readonly Route[]>()

/** The whole API, or all of it but what is not offered. */
export function routesWith({ passkeys, yubico, browsers, activity, admin, report }: Offered): readonly Route[] {
  const key = `${passkeys} ${yubico} ${browsers} ${activity} ${admin} ${report}`
  const made = subsets.get(key)
  if (made) return made
  const left = [
    ...(passkeys ? [] : passkeyRoutes), ...(yubico ? [] : yubicoRoutes), ...(browsers ? [] : browserRoutes),
    ...(activity ? [] : activityRoutes), ...(admin ? [] : removalRoutes), ...(report ? [] : reportRoutes),
  ]
  const subset = routes.filter((route) => !left.includes(route))
  subsets.set(key, subset)
  return subset
}
