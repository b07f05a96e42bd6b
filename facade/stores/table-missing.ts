import { CountersignError } from '../shared/errors.js'

/** The error for a table that nobody has created: the most common mistake with a new database. */
export function tableMissing(cause: unknown): CountersignError {
  return new CountersignError('store-failed', { detail: 'a table is missing; call migrate()', cause })
}
