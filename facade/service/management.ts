import type { BindingRecord } from '#binding'

import { actor, checkUser, flag, isDescription, isEntryId, isForeignName, object, optional } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import { requirementOf } from './assurance.js'
import type { Context } from './context.js'
import { fromStore } from './context.js'
import { CountersignError } from '../shared/errors.js'
import type { Factor } from '../shared/factor.js'
import { jsonText } from '../shared/json.js'
import type { ByOption, UpdateFactorOptions } from './options.js'
import type { Removed, Status, Updated } from './outcome.js'
import { foreignNames } from '../stores/foreign-names.js'

const outside: Check<unknown> = (value) => value
const checkUpdate = object<UpdateFactorOptions>({ description: outside as Check<string>, enable: optional(flag) })
const checkBy = object<ByOption>({ by: optional(actor) })

export async function factors(context: Context, user: string): Promise<Factor[]> {
  const record = await context.read(checkUser(user))
  return context.answer<Factor[]>(user, context.now(), () => context.service().factors(record)).value
}

/** What the core numbers the parts of a requirement by, the facade names. */
type CoreStatus = Omit<Status, 'deadlines'> & { deadlines?: { require: number; by: number }[] }

export async function status(context: Context, user: string): Promise<Status> {
  checkUser(user)
  await context.drifts.settled(user)
  const record = await context.read(user)
  const now = context.now()
  const request = jsonText({ now, u2f: context.settings.u2f })
  const { deadlines, ...status } = context.answer<CoreStatus>(user, now, () => context.service().status(record, request)).value
  const spelt = deadlines?.map(({ require, by }) => ({ require: requirementOf(require), by }))
  return { ...status, ...(spelt && { deadlines: spelt }) }
}

export async function updateFactor(
  context: Context,
  user: string,
  id: string,
  options: UpdateFactorOptions,
): Promise<Updated> {
  checkUser(user)
  const change = checkUpdate(options, '')
  // It often comes from a page's address.
  if (!isEntryId(id)) return { ok: false, reason: 'no-such-factor' }
  const { description } = change
  if (description !== undefined && !isDescription(description)) return { ok: false, reason: 'malformed' }
  const request = jsonText({ id, ...change })
  const call = (record: BindingRecord) => context.service().updateFactor(record, request)
  return (await context.update<Updated>(user, context.now(), call)).value
}

export async function removeFactor(context: Context, user: string, id: string, options: ByOption): Promise<Removed> {
  checkUser(user)
  const { by } = checkBy(options, '')
  // It often comes from a page's address.
  if (!isEntryId(id)) return { ok: false, reason: 'no-such-factor' }
  const now = context.now()
  const request = jsonText({ id, by, now })
  return (await context.update<Removed>(user, now, (record) => context.service().removeFactor(record, request))).value
}

/** @param enrol whether the user has to enrol at the next sign-in */
export async function removeFactors(
  context: Context, user: string, options: ByOption, enrol: boolean,
): Promise<Removed> {
  checkUser(user)
  const { by } = checkBy(options, '')
  const now = context.now()
  const request = jsonText({ by, enrol, now })
  const call = (record: BindingRecord) => context.service().removeFactors(record, request)
  const { value } = await context.update<Removed>(user, now, call)
  // Afterwards, so that nothing survives that was begun before; refused or not, so that it can be repeated.
  await fromStore(() => context.settings.challenges.clear(user))
  return value
}

export async function unlock(context: Context, user: string, options: ByOption): Promise<{ unlocked: boolean }> {
  checkUser(user)
  const { by } = checkBy(options, '')
  const now = context.now()
  const request = jsonText({ by, now })
  const call = (record: BindingRecord) => context.service().unlock(record, request)
  return (await context.update<{ unlocked: boolean }>(user, now, call)).value
}

/** Challenges too, or an enrolment that is still open would bring the user back. */
export async function removeUser(context: Context, user: string, options: ByOption): Promise<boolean> {
  const { users, challenges } = context.settings
  const foreign = Object.hasOwn(users, foreignNames) && isForeignName(user)
  if (!foreign) checkUser(user)
  const { by } = checkBy(options, '')
  if (!foreign) await fromStore(() => challenges.clear(user))
  const passed: string[] = []
  const change = (record: string | undefined) => {
    passed.splice(0, 1, record ?? '')
    const value = record !== undefined
    return { record: value ? null : undefined, handle: undefined, claims: undefined, value }
  }
  const removed: unknown = await fromStore(() => users.update(user, change), passed)
  if (typeof removed !== 'boolean') throw new CountersignError('store-failed')
  if (removed) context.events.tell([{ type: 'removed', ...(by !== undefined && { by }) }], user, context.now())
  return removed
}
