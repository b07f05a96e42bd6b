import { CountersignError } from '../shared/errors.js'

/** The stores that keep files rely on Unix locks and permissions. */
export function needUnix(store: string): void {
  if (process.platform !== 'win32') return
  const alternatives = 'use sqliteStore, postgresStore, redisStore or a recipe for another database (docs/recipes), or memoryStore for tests'
  throw new CountersignError('not-supported', { detail: `${store} needs Unix file locks and permissions; on Windows, ${alternatives}` })
}
