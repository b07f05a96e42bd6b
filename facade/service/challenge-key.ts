
import { bytesOrBase64url, invalid } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import { randomBytes } from '../shared/crypto.js'
import { CountersignError, isCountersignError } from '../shared/errors.js'
import type { ChallengeStore } from '../stores/traits.js'

/** A store's key is asked for again after so many milliseconds: it may have been lost, and another one made. */
const lifetime = 60_000

/** What the key of an HMAC-SHA256 has to be: 32 bytes are what it gives. */
export const secretKey = '32 to 64 secret bytes, as a Uint8Array or base64url text, the same in every process'

const checkBytes = bytesOrBase64url(32, 64)

export const checkSecretKey: Check<string> = (value, name) => {
  try {
    return checkBytes(value, name)
  } catch {
    throw invalid(name, secretKey)
  }
}

/** Gives the key that authenticates the challenges of passkeys: the same one in all processes. @internal */
export type ChallengeKey = () => Promise<Buffer>

/** The host's own key, or else the store's; `undefined` where there is none. */
export function challengeKeyOf(given: string | undefined, store: ChallengeStore): ChallengeKey | undefined {
  if (given !== undefined) {
    const key = Buffer.from(given, 'base64url')
    return async () => key
  }
  if (typeof store.sharedKey !== 'function') return undefined
  let asked: Promise<Buffer> | undefined
  let at = 0
  return () => {
    if (asked && performance.now() - at < lifetime) return asked
    at = performance.now()
    const asking = (asked = fromStore(store))
    asking.catch(() => {
      if (asked === asking) asked = undefined
    })
    return asking
  }
}

async function fromStore(store: ChallengeStore): Promise<Buffer> {
  try {
    const kept = await store.sharedKey!(randomBytes(32).toString('base64url'))
    return Buffer.from(checkSecretKey(kept, 'sharedKey'), 'base64url')
  } catch (cause) {
    throw isCountersignError(cause) && cause.code !== 'invalid-argument'
      ? cause
      : new CountersignError('store-failed', { cause })
  }
}
