import { fromStore } from '../../service/context.js'
import { checkUserList } from '../../service/enforcement.js'
import { numberIn } from '../query.js'
import { route } from '../route.js'
import { list, object, ref } from '../schemas.js'

/** Where the service has a policy, and the host says whom it is about. */
export const reportRoutes = [
  route({
    method: 'GET',
    path: '/admin/report',
    access: 'admin',
    id: 'getReport',
    summary: 'Lists the users who have not enrolled what is required of them, page by page',
    query: {
      after: { type: 'string', description: 'The `next` of the page before.' },
      limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100, description: 'How many users a page looks at.' },
    },
    answer: object({
      looked: { type: 'integer', description: 'The number of users that this page looked at.' },
      report: { ...list(ref('Reported')), description: 'Those of them to whom something is missing. It may be empty on any page.' },
      next: { type: ['string', 'null'], description: 'Null: this is the last.' },
    }),
    async run(call) {
      const { countersign, query, settings, request, context } = call
      // Of what the host has listed, some may be no ids here. The page after one of these can be read all the same.
      const after = query.get('after') ?? ''
      const limit = numberIn(query, 'limit', 1000) ?? 100
      const given = await fromStore(() => settings.users!(after === '' ? undefined : after, request, context))
      const found = await fromStore(() => first(limit + 1, checkUserList(given, 'users()')))
      const page = found.slice(0, limit)
      const report = []
      for await (const line of countersign.report(page)) if (line.state !== 'none') report.push(line)
      return { looked: page.length, report, next: found.length > limit ? (page.at(-1) ?? null) : null }
    },
  }),
]

async function first(count: number, users: Iterable<string> | AsyncIterable<string>): Promise<string[]> {
  const found: string[] = []
  for await (const user of users) if (found.push(user) === count) break
  return found
}
