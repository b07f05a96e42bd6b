import { ProblemError } from './problem.js'

/** A number from 1 to `max` that the query may give; `undefined` if it doesn't. */
export function numberIn(query: URLSearchParams, name: string, max: number): number | undefined {
  const given = query.get(name)
  if (given === null) return undefined
  const number = /^\d{1,16}$/.test(given) ? Number(given) : 0
  if (number < 1 || number > max) throw new ProblemError('malformed-request', { detail: name })
  return number
}
