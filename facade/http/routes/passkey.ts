import { browserOf, giveBrowser } from '../passkey-cookie.js'
import { outside } from '../members.js'
import type { HttpUser } from '../options.js'
import { accepted } from '../problem.js'
import { requirementOf } from '../requirement.js'
import { route } from '../route.js'
import { ref } from '../schemas.js'
import { tellVerified } from '../tell.js'

/** A sign-in without a user name: the passkey says who it is. */
export const passkeyRoutes = [
  route({
    method: 'POST',
    path: '/passkey/challenge',
    access: 'anyone',
    id: 'createPasskeyChallenge',
    summary: 'Returns a challenge that any passkey can answer',
    answer: ref('PasskeyChallenge'),
    run(visit) {
      const { rp, require } = visit.settings
      // Who it is, and so what a function says, is known by the answer alone.
      const known = typeof require === 'function' ? {} : require
      return visit.countersign.challenge({ rp, session: giveBrowser(visit), require: known })
    },
  }),

  route({
    method: 'POST',
    path: '/passkey/verify',
    access: 'anyone',
    id: 'verifyPasskey',
    summary: 'Verifies a passkey’s answer, and signs in its user',
    body: { answer: outside('`{ type: "webauthn", response }`.') },
    answer: ref('Accepted'),
    problems: ['rejected', 'malformed'],
    async run(visit, { answer }: { answer: unknown }) {
      const { countersign, settings, request, context, origin, now } = visit
      const whose = (user: string): HttpUser => ({ id: user, state: 'pending', at: now })
      const require = (user: string) => requirementOf(settings, whose(user), request, context)
      // A text that no cookie is: then this is nobody's challenge.
      const session = browserOf(visit) ?? 'none'
      const outcome = await countersign.verifyPasskey(answer, { rp: settings.rp, session, require, ...origin })
      if (!outcome.ok) return accepted(outcome)
      const { user, ...rest } = outcome
      return tellVerified(visit, whose(user), 'passkey', rest)
    },
  }),
]
