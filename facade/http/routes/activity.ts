import { logOf } from '../../service/countersign.js'
import type { AuditEntry } from '../../service/audit-line.js'
import { numberIn } from '../query.js'
import { route } from '../route.js'
import { list, object, ref } from '../schemas.js'
import { nameOfActor } from '../standing.js'

/** Where the service has an audit log: what happened to the user's own account. */
export const activityRoutes = [
  route({
    method: 'GET',
    path: '/activity',
    access: 'verified',
    id: 'getActivity',
    summary: 'Returns what happened to the user’s sign-in methods, the newest first, page by page',
    query: {
      before: { type: 'integer', minimum: 1, description: 'The `next` of the page before.' },
      limit: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
    },
    answer: object({
      activity: list(ref('Activity')),
      next: { type: ['integer', 'null'], description: 'Null: this is the last.' },
    }),
    problems: ['malformed-request'],
    async run({ countersign, user, query }) {
      const before = numberIn(query, 'before', Number.MAX_SAFE_INTEGER)
      const limit = numberIn(query, 'limit', 100) ?? 20
      const { entries, next } = await logOf(countersign)!.read(user.id, { limit, ...(before !== undefined && { before }) })
      const { by } = nameOfActor(user)
      return { activity: entries.map((entry) => shown(entry, by)), next }
    },
  }),
]

/**
 * Without the reason of a refusal, and without who else did it and from where: that is for administrators.
 *
 * @param own the name by which the user's own changes go
 */
function shown({ type, at, factor, from, by }: AuditEntry, own: string | undefined): object {
  const isOwn = by === undefined || by === own
  return { type, at, ...(factor && { factor: factor.type }), ...(from !== undefined && isOwn && { from }) }
}
