import { object, optional } from '../shared/check.js'
import type { Context } from './context.js'
import { CountersignError } from '../shared/errors.js'
import { jsonText } from '../shared/json.js'
import type { RpOption } from './options.js'
import type { IndexedPasskeys } from './outcome.js'
import { isCredentialClaim } from '../stores/claims.js'
import { checkUsableRp } from './usable-rp.js'
import { each } from './users-page.js'

/** How often a user is tried whose record, or whose rival's, changes meanwhile. */
const maxAttempts = 8

/** What is known of the records so far. */
interface Report {
  result: IndexedPasskeys
  /** Claims of credentials that are marked as another user's too, and who has them. */
  marked: Map<string, string>
}

const checkOptions = object<RpOption>({ rp: optional(checkUsableRp) })

/** One record after the other, each in one atomic change and only where something is to be changed. */
export async function indexPasskeys(context: Context, options: RpOption): Promise<IndexedPasskeys> {
  const { rp } = checkOptions(options, '')
  const service = context.service(rp)
  const report: Report = { result: { users: 0, passkeys: 0, changed: 0, shared: [], failed: [] }, marked: new Map() }
  const change = (user: string, request: Request) =>
    context.unlessTaken(() =>
      context.update<null>(user, context.now(), (record) => service.indexRecord(record, jsonText(request))),
    )
  const wanted = new Set<string>()
  for await (const user of each(() => context.settings.users.users())) {
    try {
      await indexOne(user)
    } catch (error) {
      // One record that can't be read keeps nobody else out of the index.
      if (!(error instanceof CountersignError) || !['record-corrupt', 'record-sealed'].includes(error.code)) throw error
      report.result.failed.push({ user, reason: error.code })
    }
  }
  // Marked by an earlier run, and by now nobody else's.
  for (const [claim, user] of report.marked) if (!wanted.has(claim)) await change(user, { cleared: [claim] })
  return report.result

  async function indexOne(user: string): Promise<void> {
    for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
      const plan = await planOf(user)
      if (plan === undefined) return
      const lost: { claim: string; owner: string }[] = []
      let anew = false
      for (const claim of plan.claims) {
        const owner = await context.owner(claim)
        if (owner === undefined) anew = true
        else if (owner !== user) lost.push({ claim, owner })
      }
      for (const { claim, owner } of lost) if (isCredentialClaim(claim)) await change(owner, { shared: [claim] })
      const done = plan.complete && !anew && lost.length === 0
      if (!done && (await change(user, { lost: lost.map(({ claim }) => claim), anew })) === undefined) continue
      if (anew) await checkKept(user)
      report.result.users += 1
      report.result.passkeys += plan.passkeys
      if (anew || (!plan.complete && lost.length === 0)) report.result.changed += 1
      for (const claim of plan.shared) report.marked.set(claim, user)
      for (const { claim, owner } of lost) {
        wanted.add(claim)
        report.result.shared.push({ users: [owner, user] })
      }
      return
    }
    report.result.failed.push({ user, reason: 'claim-taken' })
  }

  /** `undefined`: a user without a passkey, or who is gone. */
  async function planOf(user: string): Promise<Plan | undefined> {
    const record = await context.read(user)
    if (record === null) return undefined
    const plan = context.answer<Plan>(user, context.now(), () => service.planIndex(record)).value
    return plan.passkeys > 0 ? plan : undefined
  }

  async function checkKept(user: string): Promise<void> {
    const plan = await planOf(user)
    if (plan === undefined) return
    for (const claim of plan.claims) if ((await context.owner(claim)) !== undefined) return
    throw new CountersignError('not-supported', { detail: 'this store keeps no claims (RecordChange.claims)' })
  }
}

interface Plan {
  claims: string[]
  complete: boolean
  shared: string[]
  passkeys: number
}

interface Request {
  lost?: string[]
  shared?: string[]
  cleared?: string[]
  anew?: boolean
}
