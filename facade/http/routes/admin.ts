import { isWellFormed } from '../../check.js'
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
    summary: 'The users with factors, page by page, in the store’s order',
    query: {
      after: { type: 'string', description: 'The `next` of the page before.' },
      limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
    },
    answer: object(
      { users: list({ type: 'string' }), next: { type: ['string', 'null'], description: 'Null: this is the last.' } },
    ),
    run: ({ countersign, query }) => page(countersign.users(), query.get('after'), limitOf(query.get('limit'))),
  }),

  route({
    method: 'GET',
    path: '/admin/users/{user}',
    access: 'admin',
    id: 'getUser',
    summary: 'The factors of a user; none for one that nobody knows',
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
    summary: 'Lifts every lock of a user and resets the counters',
    params,
    answer: object({ unlocked: { type: 'boolean' } }),
    run: (call) => call.countersign.unlock(userOf(call)),
  }),
]

/** A store has no order to seek in, so the pages before are read over. */
async function page(users: AsyncIterable<string>, after: string | null, limit: number) {
  const found: string[] = []
  let seen = after === null
  for await (const user of users) {
    if (seen && found.length === limit) return { users: found, next: found.at(-1) ?? null }
    if (seen) found.push(user)
    else seen = user === after
  }
  return { users: found, next: null }
}

function limitOf(given: string | null): number {
  if (given === null) return 100
  const limit = /^\d{1,4}$/.test(given) ? Number(given) : 0
  if (limit < 1 || limit > 1000) throw new ProblemError('malformed-request', { detail: 'limit' })
  return limit
}

function userOf({ params: { user = '' } }: Call): string {
  if (user === '' || !isWellFormed(user) || Buffer.byteLength(user) > 256) throw new ProblemError('not-found')
  return user
}
