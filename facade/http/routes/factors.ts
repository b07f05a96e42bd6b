import type { Countersign } from '../../service/countersign.js'
import type { Removed, Status } from '../../service/outcome.js'
import { boolean, factorDescription, optional } from '../members.js'
import { accepted } from '../problem.js'
import { route } from '../route.js'
import type { Call } from '../route.js'
import { list, object, ref } from '../schemas.js'
import { nameOf, withSignals } from '../signals.js'
import { nameOfActor } from '../standing.js'
import { isEnrolled, tellEnrolled } from '../tell.js'

const params = { id: { type: 'string', description: 'The id of a factor.' } }

export const factorRoutes = [
  route({
    method: 'GET',
    path: '/factors',
    access: 'verified',
    id: 'getFactors',
    summary: 'Returns the user’s factors, locks and counters',
    answer: object({ factors: list(ref('Factor')), status: ref('Status') }),
    async run({ countersign, user }) {
      const [factors, status] = await Promise.all([countersign.factors(user.id), ownStatus(countersign, user.id)])
      return { factors, status }
    },
  }),

  route({
    method: 'PATCH',
    path: '/factors/{id}',
    access: 'fresh',
    id: 'updateFactor',
    summary: 'Renames, enables or disables a factor',
    params,
    body: {
      description: optional(factorDescription),
      enable: optional(boolean('The last enabled one can’t be disabled, only removed.')),
    },
    answer: ref('Updated'),
    problems: ['no-such-factor', 'last-factor', 'not-changeable'],
    run(call, change: { description?: string; enable?: boolean }) {
      const { countersign, user, origin, params: { id = '' } } = call
      return withSignals(call, async () => accepted(await countersign.updateFactor(user.id, id, { ...change, ...origin })))
    },
  }),

  route({
    method: 'DELETE',
    path: '/factors/{id}',
    access: 'fresh',
    id: 'removeFactor',
    summary: 'Removes a factor; with the last real one, also the recovery codes',
    params,
    answer: ref('Removed'),
    problems: ['no-such-factor'],
    // One after the other: of the last two factors at once, neither would be the last one.
    run: (call) => withSignals(call, () => call.settings.removals.run(call.user.id, () => remove(call))),
  }),

  route({
    method: 'POST',
    path: '/recovery-codes',
    access: 'fresh',
    id: 'createRecoveryCodes',
    summary: 'Creates recovery codes, shown only once; they replace an older set',
    answer: object({ codes: list({ type: 'string' }), account: { type: 'string', description: 'The name of the account.' } }),
    problems: ['factor-required'],
    run: async ({ countersign, user, origin }) => ({
      codes: await countersign.createRecoveryCodes(user.id, origin), account: nameOf(user),
    }),
  }),

  route({
    method: 'GET',
    path: '/status',
    access: 'verified',
    id: 'getStatus',
    summary: 'Returns locks, counters and the number of recovery codes left',
    answer: ref('Status'),
    run: ({ countersign, user }) => ownStatus(countersign, user.id),
  }),
]

/** Without what only an administrator may know: whether a wrong code is right at another time, and who removed factors. */
async function ownStatus(countersign: Countersign, user: string): Promise<Status> {
  const status = await countersign.status(user)
  delete status.drift
  delete status.removed?.by
  return status
}

/**
 * The host hears that the last factor goes before it has gone: were it to fail then, the factor is there still. Told
 * after, a failure would leave an account that is `enrolled` and has none, which nobody gets into any more.
 */
async function remove(call: Call): Promise<Extract<Removed, { ok: true }>> {
  const { countersign, user, origin, settings, request, context, params: { id = '' } } = call
  const factors = await countersign.factors(user.id)
  const isThere = factors.some((factor) => factor.id === id)
  const isLast = isThere && factors.every((factor) => factor.id === id || factor.type === 'recovery')
  if (isLast) await settings.onEnrolled(request, user, false, context)
  let toTell = isLast
  try {
    const removed = accepted(await countersign.removeFactor(user.id, id, { ...nameOfActor(user), ...origin }))
    toTell = true
    return removed
  } finally {
    // After the last one too: it may not be removed, or another request may have said something else meanwhile.
    if (toTell) await tellEnrolled(call, user, await isEnrolled(call, user))
  }
}
