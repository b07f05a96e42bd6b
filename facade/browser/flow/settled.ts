import { CeremonyError } from '../error.js'
import { ApiError } from './api.js'

/**
 * How an action went. `reason` says why not: the reason of a refusal (`rejected`, `locked`, ...), the code of a
 * `CeremonyError` (`cancelled`, `timeout`, ...), the name of a problem of the server (`not-signed-in`, ...), `network`, or
 * `failed` for anything else.
 */
export type Settled<Result extends object = object> = ({ ok: true } & Result) | { ok: false; reason: string }

/** What went wrong, in one word. */
export function reasonOf(error: unknown): string {
  const known = error instanceof ApiError || error instanceof CeremonyError
  return (known && error.code) || 'failed'
}

/** Nothing waits for this action. */
export const failed = async (): Promise<Settled> => ({ ok: false, reason: 'failed' })

/** Runs an action of which nothing is thrown. */
export async function settled<Result extends object>(action: () => Promise<Settled<Result>>): Promise<Settled<Result>> {
  try {
    return await action()
  } catch (error) {
    return { ok: false, reason: reasonOf(error) }
  }
}
