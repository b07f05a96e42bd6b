import { invalid } from '../shared/check.js'
import { CountersignError } from '../shared/errors.js'

/** More than the texts of 256 credentials, each with a handle of its own. */
const maxClaims = 1024

/** A store may use claims in names of files, keys and columns: nothing in them is special anywhere. */
const form = /^[\w:-]+$/

/** Checks the claims of a change, and returns each once; `undefined` for a change that leaves them. */
export function checkClaims(claims: unknown): string[] | undefined {
  if (claims === undefined) return undefined
  if (!Array.isArray(claims) || claims.length > maxClaims || !claims.every(isClaim)) {
    throw invalid('claims', 'an array of texts, each of 1 to 128 of the characters A-Z a-z 0-9 _ - :')
  }
  return [...new Set<string>(claims)]
}

export function isClaim(claim: unknown): claim is string {
  return typeof claim === 'string' && claim.length <= 128 && form.test(claim)
}

/** Whether it is the claim of a credential's id, as the core makes them. */
export function isCredentialClaim(claim: string): boolean {
  return claim.startsWith('credential:')
}

/** What a store rejects with when another user has a claim; nothing was written. */
export function claimTaken(): CountersignError {
  return new CountersignError('claim-taken')
}
