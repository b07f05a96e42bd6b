import { setTimeout as pause } from 'node:timers/promises'

import { CountersignError } from '../shared/errors.js'

/** Callers in one process queue up, so this is met only when dozens of processes change one record at once. */
const maxAttempts = 40
const longestPause = 64

/** What an attempt answers when another writer was faster: it has written nothing. */
export const conflict = Symbol('conflict')

/**
 * Repeats an attempt while it ends in a conflict, after random pauses that grow, so that some writer always wins.
 *
 * @throws CountersignError `store-busy` after 40 attempts, about a second
 */
export async function untilNoConflict<T>(attempt: () => Promise<T | typeof conflict>): Promise<T> {
  for (let count = 1; count <= maxAttempts; count += 1) {
    const value = await attempt()
    if (value !== conflict) return value
    await pause(Math.random() * Math.min(2 ** count, longestPause))
  }
  throw new CountersignError('store-busy')
}
