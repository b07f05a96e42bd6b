import { isWellFormed } from '../../shared/check.js'
import { ProblemError } from '../problem.js'
import { route } from '../route.js'
import type { Call } from '../route.js'
import { list, object, ref } from '../schemas.js'

const params = { user: { type: 'string', description: 'The host’s id of a user.' } }

/** Behind the host's own word on who is an administrator. */
export const adminRoutes = [
  route({
    method: 'GET',
    path: '/admin/users',
    access: 'admin',
    id: 'listUsers',
    summary: 'Lists the users with factors, page by page',
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
      return countersign.usersPage({ ...(after !== '' && { after }), limit: limitOf(query.get('limit')) })
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
    run: (call) => call.countersign.unlock(userOf(call)),
  }),
]

function limitOf(given: string | null): number {
  if (given === null) return 100
  const limit = /^\d{1,4}$/.test(given) ? Number(given) : 0
  if (limit < 1 || limit > 1000) throw new ProblemError('malformed-request', { detail: 'limit' })
  return limit
}

function userOf({ params: { user = '' } }: Call): string {
  if (!isUser(user)) throw new ProblemError('not-found')
  return user
}

function isUser(user: string): boolean {
  return user !== '' && isWellFormed(user) && Buffer.byteLength(user) <= 256
}
