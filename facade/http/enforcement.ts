import type { Enforcement } from '../service/duty.js'
import type { CheckedUser } from './options.js'
import type { Visit } from './route.js'

/** Where the user stands against the policy of the service; `undefined`: it has none. */
export function enforcementOf(
  { countersign, settings, origin }: Visit, { id, assurance }: Pick<CheckedUser, 'id' | 'assurance'>,
): Promise<Enforcement> | undefined {
  if (!settings.enforced) return undefined
  return countersign.enforcement(id, { ...settings.party, ...origin, ...(assurance && { assurance }) })
}
