import { tracingChannel } from 'node:diagnostics_channel'

import { CountersignError } from '../shared/errors.js'
import type { CountersignErrorCode } from '../shared/errors.js'

/**
 * The name of the `diagnostics_channel.tracingChannel` on which every service of this process publishes its calls. The
 * message is a {@link TracedCall}. See docs/metrics.md for spans of OpenTelemetry.
 *
 * @example
 * tracingChannel(callChannel).subscribe({ asyncEnd: ({ method, result }) => log.debug(method, result) })
 */
export const callChannel = 'countersign:call'

/** One call of a service. It names neither a user nor anything that the call was given or returned. */
export interface TracedCall {
  /** The name of the method of `Countersign`. */
  method: CallMethod
  /** Once the call has ended and did not reject: how. */
  result?: CallResult
  /** If the call rejected. */
  error?: unknown
}

/** How a call ended. */
export interface CallResult {
  /** `refused`: it answered `{ ok: false }`. */
  result: 'ok' | 'refused'
  /** With `refused`: the reason of the outcome. */
  reason?: string
}

/** The methods that are traced. */
export const callMethods = [
  'beginTotp', 'finishTotp', 'beginWebauthn', 'finishWebauthn', 'enrolYubico', 'createRecoveryCodes', 'challenge', 'verify',
  'verifyPasskey', 'signals', 'reset', 'recover', 'factors', 'importFactors', 'importRecord', 'indexPasskeys', 'reseal',
  'checkSealing', 'auditKeys', 'updateFactor', 'removeFactor', 'removeFactors', 'requireEnrolment', 'browsers', 'forgetBrowser',
  'forgetBrowsers', 'status', 'unlock', 'removeUser', 'users', 'usersPage', 'enforcement', 'report', 'clearDeadlines',
] as const

export type CallMethod = (typeof callMethods)[number]

const calls = tracingChannel<object, TracedCall>(callChannel)

/** Runs a call, and tells whoever traces calls. */
export function traced<T>(method: CallMethod, work: () => Promise<T>): Promise<T> {
  return calls.hasSubscribers ? published(method, work) : work()
}

async function published<T>(method: CallMethod, work: () => Promise<T>): Promise<T> {
  let value!: T
  // What a subscriber gets as the result: never the value, in which secrets may be.
  await calls.tracePromise(async () => {
    value = await work()
    return resultOf(value)
  }, { method })
  return value
}

/** The same of a call whose items are read one after another: it lasts from the first to the last of them. */
export async function* tracedEach<T>(method: CallMethod, items: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  let [end, fail] = [(): void => undefined, (_error: unknown): void => undefined]
  const ended = new Promise<void>((resolve, reject) => {
    ;[end, fail] = [resolve, reject]
  })
  // Who reads the items gets the error.
  const told = traced(method, () => ended).catch(() => undefined)
  try {
    yield* items
  } catch (error) {
    fail(error)
    throw error
  } finally {
    end()
    await told
  }
}

/** The code of what a call rejected with. @internal */
export function codeOf(error: unknown): CountersignErrorCode {
  return error instanceof CountersignError ? error.code : 'internal'
}

function resultOf(value: unknown): CallResult {
  const { ok, reason } = Object(value) as { ok?: unknown; reason?: unknown }
  return ok === false && typeof reason === 'string' ? { result: 'refused', reason } : { result: 'ok' }
}
