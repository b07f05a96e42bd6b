import { browserOf, giveBrowser } from '../passkey-cookie.js'
import { outside } from '../members.js'
import { accepted } from '../problem.js'
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
    run: (visit) => visit.countersign.challenge({ rp: visit.settings.rp, session: giveBrowser(visit) }),
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
      const { countersign, settings: { rp }, origin, now } = visit
      // A text that no cookie is: then this is nobody's challenge.
      const session = browserOf(visit) ?? 'none'
      const outcome = await countersign.verifyPasskey(answer, { rp, session, ...origin })
      if (!outcome.ok) return accepted(outcome)
      const { user, ...rest } = outcome
      return tellVerified(visit, { id: user, state: 'pending', at: now }, 'passkey', rest)
    },
  }),
]
