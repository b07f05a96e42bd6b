import type { CheckedUser } from './options.js'
import type { Call } from './route.js'

/**
 * Runs a change of factors, and adds to its result what the page tells the browser's passkey provider then (WebAuthn
 * Level 3, 5.1.10): for `signalAllAcceptedCredentials()`, and with both names for `signalCurrentUserDetails()`.
 */
export async function withSignals<T extends object>(call: Call, change: () => Promise<T>): Promise<T> {
  const { countersign, user, settings: { rp } } = call
  const before = await countersign.signals(user.id, { rp })
  const result = await change()
  // The user handle goes with the last factor, and the provider must hear of that passkey too.
  const gone = before && { ...before, allAcceptedCredentialIds: [] }
  const signals = (await countersign.signals(user.id, { rp })) ?? gone
  const name = nameOf(user)
  return signals ? { ...result, signals: { ...signals, name, displayName: user.displayName ?? name } } : result
}

/** What authenticators show for the account. */
export function nameOf({ name, id }: CheckedUser): string {
  return name ?? id
}
