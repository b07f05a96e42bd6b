// What the types of the plugins allow, and what they refuse. Compiled and never run; not in `types/`, for those of better-auth
// itself don't pass its stricter settings.
import { betterAuth } from 'better-auth'
import { createAuthClient } from 'better-auth/client'
import { countersign, importUsers, serviceOf } from '../../facade/better-auth/index.js'
import { countersignClient } from '../../facade/better-auth/client.js'
import { betterAuthStore, betterAuthTables } from '../../facade/stores/better-auth-store.js'

export function types(): void {
  const rp = { id: 'example.com', name: 'Example', origins: ['https://example.com'] }
  const auth = betterAuth({ emailAndPassword: { enabled: true }, plugins: [countersign({ rp, page: '/two-step' })] })

  // What the plugin keeps is in better-auth's own types, and its own calls are still there.
  const session = {} as typeof auth.$Infer.Session
  session.user.countersignEnrolled satisfies boolean | null | undefined
  session.session.countersignAt satisfies Date | null | undefined
  session.session.countersignAssurance satisfies string | null | undefined
  auth.api.signInEmail({ body: { email: '', password: '' } })
  // @ts-expect-error no such call
  void auth.api.noSuchCall

  serviceOf(auth).then((service) => service.unlock('ann'))
  importUsers(auth, { endSessions: true }).then(({ users, left }) => [users satisfies number, left.map(({ reason }) => reason)])
  auth.$context.then(({ adapter }) => betterAuthStore(adapter))
  betterAuth({ plugins: [{ id: 'tables', schema: betterAuthTables }] })
  // @ts-expect-error a page is needed
  countersign({ rp })

  const client = createAuthClient({ plugins: [countersignClient()] })
  client.signIn.email({ email: '', password: '' })
  client.countersign.verify({ answer: 'totp:123456' }).then(({ data, error }) => (error ? error.status : data.factor.type))
  client.countersign.factors.update({ id: 'x', description: 'phone' }).then(({ data }) => data?.factor.description)
  client.getSession().then(({ data }) => data?.user.countersignEnrolled)
  // @ts-expect-error no such call
  client.countersign.nothing()
  // @ts-expect-error an answer is needed
  client.countersign.verify({})
}
