import { isWellFormed } from '../../shared/check.js'
import { isKeyCounter } from '../../shared/key-counter.js'
import type { ByOption, FromOption } from '../../service/options.js'
import type { Removed } from '../../service/outcome.js'
import { accepted, ProblemError } from '../problem.js'
import { numberIn } from '../query.js'
import { route } from '../route.js'
import type { Call } from '../route.js'
import { list, object, ref } from '../schemas.js'
import { tellEnrolled } from '../tell.js'

const params = { user: { type: 'string', description: 'The host’s id of a user.' } }

/** Behind the host's own word on who is an administrator. */
export const adminRoutes = [
  route({
    method: 'GET',
    path: '/admin/users',
    access: 'admin',
    id: 'listUsers',
    summary: 'Lists the users with factors, and those whose last one was removed, page by page',
    query: {
      after: { type: 'string', description: 'The `next` of the page before; that user may have gone meanwhile.' },
      limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
    },
    answer: object(
      { users: list({ type: 'string' }), next: { type: ['string', 'null'], description: 'Null: this is the last.' } },
    ),
    run({ countersign, query }) {
      const after = query.get('after') ?? ''
      if (after !== '' && !isUser(after)) throw new ProblemError('malformed-request', { detail: 'after' })
      return countersign.usersPage({ ...(after !== '' && { after }), limit: numberIn(query, 'limit', 1000) ?? 100 })
    },
  }),

  route({
    method: 'GET',
    path: '/admin/users/{user}',
    access: 'admin',
    id: 'getUser',
    summary: 'Returns the factors of a user; none for an unknown user',
    params,
    answer: object({ user: { type: 'string' }, factors: list(ref('Factor')), status: ref('Status') }),
    async run(call) {
      const { countersign } = call
      const user = userOf(call)
      const [factors, status] = await Promise.all([countersign.factors(user), countersign.status(user)])
      return { user, factors, status }
    },
  }),

  route({
    method: 'POST',
    path: '/admin/users/{user}/unlock',
    access: 'admin',
    id: 'unlockUser',
    summary: 'Removes all locks of a user and resets the counters',
    params,
    answer: object({ unlocked: { type: 'boolean' } }),
    problems: ['own-account'],
    // Guessing would not end for whoever has an administrator's session, and could unlock it after each lock.
    run: async (call) => call.countersign.unlock(otherUserOf(call), byOf(call)),
  }),
]

/** What takes factors from other users: only where the host says who may, and the administrator was verified lately. */
export const removalRoutes = [
  route({
    method: 'DELETE',
    path: '/admin/users/{user}/factors/{id}',
    access: 'fresh-admin',
    id: 'removeUserFactor',
    summary: 'Removes a factor of a user; with the last real one, also the recovery codes',
    params: { ...params, id: { type: 'string', description: 'The id of a factor.' } },
    answer: ref('Removed'),
    problems: ['no-such-factor'],
    run: (call) =>
      removing(call, (user) => call.countersign.removeFactor(user, call.params['id'] ?? '', byOf(call))),
  }),

  route({
    method: 'POST',
    path: '/admin/users/{user}/require-enrolment',
    access: 'fresh-admin',
    id: 'requireUserEnrolment',
    summary: 'Removes all factors and recovery codes of a user, who has to enrol at the next sign-in',
    params,
    answer: ref('Removed'),
    problems: ['no-such-factor'],
    run: (call) => removing(call, (user) => call.countersign.requireEnrolment(user, byOf(call))),
  }),
]

/** The record says that the factors were removed: the host may hear of it afterwards, and may fail then. */
async function removing(call: Call, remove: (user: string) => Promise<Removed>): Promise<object> {
  const user = otherUserOf(call)
  // One after the other with what the user removes: the host hears of it in the same order.
  return call.settings.removals.run(user, async () => {
    const removed = accepted(await remove(user))
    if (removed.left.length === 0) await tellEnrolled(call, { id: user, state: 'pending', at: call.now }, false)
    return removed
  })
}

function byOf({ by, origin }: Call): ByOption & FromOption {
  return { ...origin, ...(by !== undefined && { by }) }
}

/** An administrator's own factors have routes of their own, with the rules that hold for everybody. */
function otherUserOf(call: Call): string {
  const user = userOf(call)
  if (user === call.user.id) throw new ProblemError('own-account')
  return user
}

function userOf({ params: { user = '' } }: Call): string {
  if (!isUser(user)) throw new ProblemError('not-found')
  return user
}

function isUser(user: string): boolean {
  return user !== '' && isWellFormed(user) && Buffer.byteLength(user) <= 256 && !isKeyCounter(user)
}
