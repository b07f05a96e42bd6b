import type { BindingChange, BindingRecord, BindingService } from '#binding'

import { actor, checkUser, flag, invalid, listOf, object, oneOf, optional, todaysMilliseconds } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import { openEnvelope } from '../shared/envelope.js'
import { isCountersignError } from '../shared/errors.js'
import type { Factor, RecoveryFactor } from '../shared/factor.js'
import { jsonText } from '../shared/json.js'
import { bitsOf, checkAssurance, checkOwn, checkRequirement, requirementOf } from './assurance.js'
import type { Assurance, Requirement } from './assurance.js'
import { fromStore } from './context.js'
import type { Context } from './context.js'
import { withModels } from './models.js'
import type { Duty, Enforcement, Policy, Reminder, Reported, EnforcementState } from './duty.js'
import type { ByOption, EnforcementOptions } from './options.js'
import { checkUsableRp } from './usable-rp.js'

/** How long before the deadline the state is `expiring`. */
const soon = 7 * 86_400_000

/** So few that the user is reminded of them. */
const fewCodes = 3

/** How many users of a report are looked at at once. */
const atOnce = 16

/** Where the user stands. Writes the deadline, if there is none of this duty yet. */
export async function enforcement(context: Context, user: string, options: EnforcementOptions): Promise<Enforcement> {
  checkUser(user)
  policyOf(context)
  const { assurance, rp } = checkOptions(options, '')
  const { record, factors } = await read(context, user)
  const duty = await dutyOf(context, user, factors, assurance)
  const reminders = remindersOf(factors, duty.remind ?? true)
  if (!isDuty(duty)) return { state: 'none', reminders }
  const now = context.now()
  const call = callOf(context.service(rp), duty, now)
  // No lock is taken where it is written already.
  const tried = context.tried<Standing>(user, record, call)
  const standing = tried.changes ? (await context.update<Standing>(user, now, call)).value : tried.value
  return { ...spelt(standing, duty), reminders }
}

/** Deletes the deadlines of a user. */
export async function clearDeadlines(context: Context, user: string, options: ByOption): Promise<number> {
  checkUser(user)
  const request = jsonText({ by: checkBy(options, '').by })
  const call = (record: BindingRecord) => context.service().clearDeadlines(record, request)
  return (await context.update<number>(user, context.now(), call)).value
}

/** Looks at users in their order, several at once. Writes nothing. */
export async function* report(
  context: Context, users: Iterable<string> | AsyncIterable<string>,
): AsyncGenerator<Reported, void, undefined> {
  policyOf(context)
  checkUserList(users, 'users')
  let page: Promise<Reported>[] = []
  const reported = async function* () {
    for (const line of await Promise.all(page)) yield line
    page = []
  }
  try {
    for await (const user of users) {
      const line = reportOn(context, user)
      // The next user may take a while. A line that fails meanwhile fails the report, and not the process.
      line.catch(() => undefined)
      if (page.push(line) === atOnce) yield* reported()
    }
    yield* reported()
  } finally {
    // Nothing is read any more once the report has ended, however it has.
    await Promise.allSettled(page)
  }
}

/** A list of users. One text is a list of characters, too. */
export const checkUserList: Check<Iterable<string> | AsyncIterable<string>> = (users, name) => {
  const isList = typeof users === 'object' && users !== null && (Symbol.iterator in users || Symbol.asyncIterator in users)
  if (!isList) throw invalid(name, 'the ids of your users, as a list or an async iterable')
  return users as Iterable<string>
}

async function reportOn(context: Context, user: string): Promise<Reported> {
  let found: Found
  try {
    found = await read(context, checkUser(user))
  } catch (error) {
    // Of this user alone. A store that fails would fail for each.
    const isOfUser = isCountersignError(error) && /^(?:record-.*|invalid-argument)$/.test(error.code)
    if (isOfUser) return { user: String(user), state: 'failed', reason: error.code }
    throw error
  }
  const { record, factors } = found
  const types = factors.map(({ type }) => type)
  const duty = await dutyOf(context, user, factors)
  if (!isDuty(duty)) return { user, state: 'none', factors: types }
  const { value } = context.tried<Standing>(user, record, callOf(context.service(), duty, context.now()))
  return { user, ...spelt(value, duty), factors: types }
}

interface Found {
  record: string | null
  factors: Factor[]
}

async function read(context: Context, user: string): Promise<Found> {
  const record = await context.read(user)
  const factors = context.answer<Factor[]>(user, context.now(), () => context.service().factors(record)).value
  return { record, factors: withModels(context.modelName, factors) }
}

async function dutyOf(context: Context, user: string, factors: Factor[], assurance?: Assurance): Promise<Duty> {
  const policy = policyOf(context)
  const answered: unknown = await fromStore(() => policy({ user, factors, ...(assurance && { assurance }) }))
  if (answered === null) return {}
  return checkOwn(checkDuty(answered, 'policy()'), answered, 'policy()', ['require', 'by', 'remind'])
}

function policyOf({ settings: { policy } }: Context): Policy {
  if (!policy) throw invalid('policy', 'given to Countersign.open()')
  return policy
}

function isDuty({ require = false }: Duty): boolean {
  return require !== false
}

function partsOf({ require = false }: Duty): Requirement {
  return typeof require === 'boolean' ? {} : require
}

/**
 * Refuses an enrolment after which no factor can prove what is required: nothing is written then.
 *
 * @param enrol what the core makes of the record
 * @param stored gives the record that is to be stored back to the core, by other randomness
 * @internal
 */
export function enrolsFitting(
  service: BindingService, enrol: (record: BindingRecord) => BindingChange, require: Requirement, now: number,
  stored: (text: string) => BindingRecord,
): (record: BindingRecord) => BindingChange {
  if (bitsOf(require) === 0) return enrol
  const enforce = callOf(service, { require }, now)
  return (record) => {
    const enrolled = enrol(record)
    if (enrolled.action !== 'write' || enrolled.record === undefined) return enrolled
    const { state } = openEnvelope<Standing>(enforce(stored(enrolled.record)).value).value
    return state === 'none' ? enrolled : { action: 'leave', value: unfit }
  }
}

const unfit = jsonText({
  value: { ok: false, reason: 'authenticator-refused' },
  events: [{ type: 'rejected', factor: { type: 'webauthn' }, reason: 'requirement-unmet' }],
})

/** What the core answers. */
interface Standing {
  state: EnforcementState
  by?: number
}

function callOf(
  service: { enforce(record: BindingRecord, request: string): BindingChange }, duty: Duty, now: number,
): (record: BindingRecord) => BindingChange {
  const request = jsonText({ require: bitsOf(partsOf(duty)), by: duty.by, soon, now })
  return (record) => service.enforce(record, request)
}

function spelt({ state, by }: Standing, duty: Duty): Pick<Enforcement, 'state' | 'require' | 'by'> {
  if (state === 'none' || by === undefined) return { state }
  return { state, require: requirementOf(bitsOf(partsOf(duty))), by }
}

function remindersOf(factors: readonly Factor[], remind: boolean | readonly Reminder[]): Reminder[] {
  const methods = factors.filter(({ type, enabled, unusable }) => type !== 'recovery' && enabled && !unusable)
  const synced = methods.filter((factor) => factor.type === 'webauthn' && factor.backupEligible === true)
  const codes = factors.find((factor): factor is RecoveryFactor => factor.type === 'recovery' && !factor.unusable)
  const found: Record<Reminder, boolean> = {
    'few-codes': methods.length > 0 && codes !== undefined && codes.left <= fewCodes,
    'one-method': methods.length === 1,
    'synced-only': methods.length > 0 && synced.length === methods.length,
  }
  return reminders.filter((one) => found[one] && (typeof remind === 'boolean' ? remind : remind.includes(one)))
}

const reminders = ['few-codes', 'one-method', 'synced-only'] as const satisfies Reminder[]

const flagOr = <T>(check: Check<T>): Check<boolean | T> => (value, name) => typeof value === 'object' ? check(value, name) : flag(value, name)

const checkDuty = object<Duty>({
  require: optional(flagOr(checkRequirement)),
  by: optional(todaysMilliseconds),
  remind: optional(flagOr(listOf<Reminder>(oneOf(...reminders), { max: 16 }))),
})
const checkOptions = object<EnforcementOptions>({ assurance: optional(checkAssurance), rp: optional(checkUsableRp) })
const checkBy = object<ByOption>({ by: optional(actor) })
