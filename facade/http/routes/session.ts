import { route } from '../route.js'
import { isRequired } from '../../service/assurance.js'
import type { Assurance, Requirement } from '../../service/assurance.js'
import type { Enforcement } from '../../service/duty.js'
import { enforcementOf } from '../enforcement.js'
import { ref } from '../schemas.js'
import { mayRemember, standing, waitsForEnrolment } from '../standing.js'

/** What `GET /session` answers. */
export type SessionState =
  | { state: 'none'; passkeys: boolean }
  | {
      state: 'pending'
      passkeys: boolean
      /** Yubico keys can be enrolled. */
      yubico: boolean
      /** A factor may be enrolled now, and must be for the sign-in to be done. */
      mayEnrol: boolean
      /** Another factor was right, and the one that `enforcement` requires is missing. */
      answered?: true
      /** What an answer has to prove, if the handler requires something of this user. */
      require?: Requirement
      /** This browser may be remembered: see `POST /verify`. */
      remember?: true
      /** What the user has to enrol, and until when, if the service has a policy. */
      enforcement?: Enforcement
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
      /** How well the last verification of this session was proved, if the host keeps it. */
      assurance?: Assurance
      /** What an answer to a step-up has to prove. */
      require?: Requirement
      /** There may be remembered browsers: see `GET /browsers`. */
      remember?: true
      /** There is an audit log: see `GET /activity`. */
      activity?: true
      enforcement?: Enforcement
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
      const { user, settings: { passkeys, yubico, activity: logged } } = visit
      if (!user) return { state: 'none', passkeys }
      const { fresh, enrolment } = await standing({ ...visit, user, firstOnly: false })
      const mayEnrol = enrolment === 'allowed'
      const remember = (await mayRemember({ ...visit, user })) && ({ remember: true } as const)
      const enforcement = await enforcementOf(visit, user)
      const due = enforcement && { enforcement }
      const required = await visit.requirement()
      const require = isRequired(required) && { require: required }
      if (user.state === 'pending') {
        const answered = (await waitsForEnrolment({ ...visit, user, firstOnly: false })) && ({ answered: true } as const)
        return { state: 'pending', passkeys, yubico, mayEnrol, ...answered, ...require, ...remember, ...due }
      }
      const activity = logged && ({ activity: true } as const)
      const { admin = false, assurance } = user
      const had = assurance && { assurance }
      return { state: 'verified', passkeys, yubico, fresh, mayEnrol, admin, ...had, ...require, ...remember, ...activity, ...due }
    },
  }),
]
