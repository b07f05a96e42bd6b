import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'

import type { BindingAttempt, BindingFault } from '#binding'

import { CountersignError } from '../shared/errors.js'
import type { CountersignErrorCode } from '../shared/errors.js'

/** The longest time between two attempts at a lock, in milliseconds. */
const longestPause = 8

/**
 * Tries until a lock is held, and answers what the attempt read. No attempt waits in the thread pool: a few waiters
 * there would keep the lock's holder from ever ending.
 *
 * @param deadline when to give up, in the time of `performance.now()`
 * @internal
 */
export async function acquire(attempt: () => Promise<BindingAttempt>, deadline: number): Promise<string | undefined> {
  for (let wait = 1; ; wait = Math.min(wait * 2, longestPause)) {
    const { held, text, fault } = await native(attempt())
    if (held) return text ?? undefined
    if (fault) throw errorFor(fault)
    if (performance.now() >= deadline) throw new CountersignError('lock-timeout')
    await pause(wait * Math.random())
  }
}

/** Only a defect makes file work reject: all that the system refuses comes back as a value. */
export async function native<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    throw new CountersignError('store-failed', { cause })
  }
}

/** @internal */
export function errorFor({ code, detail }: BindingFault): CountersignError {
  return new CountersignError(code as CountersignErrorCode, { detail })
}
