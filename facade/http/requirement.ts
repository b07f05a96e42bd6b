import { allOf, checkRequirement, isRequired } from '../service/assurance.js'
import type { Requirement } from '../service/assurance.js'
import { fromStore } from '../service/context.js'
import { invalid } from '../shared/check.js'
import { enforcementOf } from './enforcement.js'
import type { CheckedUser, HandlerSettings, HttpUser } from './options.js'
import type { Call } from './route.js'

/**
 * What the host requires of an answer of this user.
 *
 * @throws {CountersignError} `store-failed` if its function throws, `invalid-argument` for what is no requirement
 */
export async function requirementOf({ require }: HandlerSettings, user: HttpUser, request: Request, context: unknown): Promise<Requirement> {
  if (typeof require !== 'function') return require
  const required: unknown = await fromStore(() => require(user, request, context))
  if (required === null) return {}
  // `undefined` would be taken for nothing.
  if (required === undefined) throw invalid('require()', 'an object such as { phishingResistant: true }, or null')
  return allOf(checkRequirement(required, 'require()'))
}

/** The same once for each request, when it is first asked for. */
export function requirementFor(
  settings: HandlerSettings, user: CheckedUser | null, request: Request, context: unknown,
): () => Requirement | Promise<Requirement> {
  const { require } = settings
  if (typeof require !== 'function') return () => (user ? require : {})
  let found: Promise<Requirement> | undefined
  return () => (found ??= user ? requirementOf(settings, user, request, context) : Promise.resolve({}))
}

/** What a pending user has to enrol: a weaker factor would end the sign-in, or leave nothing to answer with. */
export async function enrolmentRequirement(call: Call): Promise<Requirement> {
  if (call.user.state !== 'pending') return {}
  const { state, require } = (await enforcementOf(call, call.user)) ?? {}
  return allOf(await call.requirement(), state === 'required' ? require : {})
}

/** Whether the password, a remembered browser or a recovery code may be enough. */
export async function isAnythingEnough(call: Pick<Call, 'requirement'>): Promise<boolean> {
  return !isRequired(await call.requirement())
}
