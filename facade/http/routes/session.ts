import { route } from '../route.js'
import { ref } from '../schemas.js'
import { standing } from '../standing.js'

/** What `GET /session` answers. */
export type SessionState =
  | { state: 'none'; passkeys: boolean }
  | {
      state: 'pending'
      passkeys: boolean
      /** Yubico keys can be enrolled. */
      yubico: boolean
      /** A first factor may be enrolled now, and must be for the sign-in to be done. */
      mayEnrol: boolean
    }
  | {
      state: 'verified'
      /** Whether passkeys sign in here without a user name and a password. */
      passkeys: boolean
      yubico: boolean
      /** Factors may be changed without a step-up. */
      fresh: boolean
      mayEnrol: boolean
      admin: boolean
    }

export const sessionRoutes = [
  route({
    method: 'GET',
    path: '/openapi.json',
    access: 'anyone',
    id: 'getOpenApi',
    summary: 'Returns this document',
    answer: { type: 'object' },
    run: async ({ settings }) => settings.document,
  }),

  route({
    method: 'GET',
    path: '/session',
    access: 'anyone',
    id: 'getSession',
    summary: 'Returns the state of the session, and what the user may do now',
    answer: ref('SessionState'),
    async run(visit): Promise<SessionState> {
      const { user, settings: { passkeys, yubico } } = visit
      if (!user) return { state: 'none', passkeys }
      const { fresh, enrolment } = await standing({ ...visit, user, firstOnly: false })
      const mayEnrol = enrolment === 'allowed'
      if (user.state === 'pending') return { state: 'pending', passkeys, yubico, mayEnrol }
      return { state: 'verified', passkeys, yubico, fresh, mayEnrol, admin: user.admin === true }
    },
  }),
]
