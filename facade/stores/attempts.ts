import { setTimeout as pause } from 'node:timers/promises'

import { CountersignError } from '../shared/errors.js'

/** Callers in one process queue up, so this is met only when dozens of processes change one record at once. */
const maxAttempts = 40
/** Milliseconds, unless an attempt takes longer: a pause that is shorter than that changes nobody's turn. */
const longestPause = 64

/** What an attempt answers when another writer was faster: it has written nothing. */
export const conflict = Symbol('conflict')

/**
 * Repeats an attempt while it ends in a conflict, after random pauses that grow, so that no writer loses every time.
 *
 * @throws CountersignError `store-busy` after 40 attempts: about a second, and more where an attempt takes longer than 64 ms
 */
export async function untilNoConflict<T>(attempt: () => Promise<T | typeof conflict>): Promise<T> {
  for (let count = 1; count <= maxAttempts; count += 1) {
    const begun = performance.now()
    const value = await attempt()
    if (value !== conflict) return value
    await pause(Math.random() * Math.min(2 ** count, Math.max(longestPause, performance.now() - begun)))
  }
  throw new CountersignError('store-busy')
}
