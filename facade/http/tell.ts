import type { Accepted, Refused } from '../outcome.js'
import type { HttpUser, Verification } from './options.js'
import { accepted } from './problem.js'
import type { Visit } from './route.js'

type NothingToAnswer = { ok: true; factor: null }

/** Tells the host of an outcome, keeps the headers that it wants to send, and ends a refused request. */
export async function tellVerified<T extends Accepted | Refused | NothingToAnswer>(
  { settings, request, context, headers }: Visit,
  user: HttpUser,
  purpose: Verification['purpose'],
  outcome: T,
): Promise<Extract<T, { ok: true }>> {
  const given = await settings.onVerified(request, user, { purpose, ...outcome } as Verification, context)
  // Each cookie of a `Headers` comes by itself.
  for (const [name, value] of new Headers(given ?? undefined)) {
    if (name === 'set-cookie') headers.append(name, value)
    else headers.set(name, value)
  }
  return accepted(outcome)
}

/** Tells the host whether the user has factors now. */
export async function tellEnrolled({ settings, request, context }: Visit, user: HttpUser, enrolled: boolean) {
  await settings.onEnrolled(request, user, enrolled, context)
}
