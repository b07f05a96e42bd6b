import { flag, ifGiven, integer, invalid, object, optional } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import { responseOf } from './exchange.js'
import { checkHttpUser } from './options.js'
import type { HttpUser } from './options.js'
import { problemAnswer } from './problem.js'
import type { Problem, ProblemName } from './problem.js'
import { skew } from './warn.js'

/** Options of `requireFresh`. */
export interface FreshOptions {
  /** For how many seconds a verification is fresh, 1 to 86400. */
  within: number
  /** The verification must be phishing-resistant: an answer of WebAuthn or U2F, by `assurance` of the user. Default false. */
  phishingResistant?: boolean
  /**
   * Answers as RFC 9470 wants it, for clients with bearer tokens: 401, with `max_age` in `WWW-Authenticate`. With
   * `phishingResistant`, also with `acr_values="phr phrh"`. With `acrValues`, the client is to ask for one of these classes
   * instead. Default false.
   */
  bearer?: boolean | { acrValues: string[] }
  /** The time in epoch milliseconds. Default: now. */
  now?: number
}

/**
 * Returns what to answer to a request that needs a fresh verification and has none; `undefined` if it has one.
 *
 * The answer is a problem, as the routes of the handler give it: `not-signed-in`, `second-factor-required`, or
 * `step-up-required`, after which `stepUp` and `fetchWithStepUp` of `countersign/browser/ui` ask the user in the page.
 *
 * With the sessions of this package, their guards and `sessions.check(request, { within })` do the same. This is for hosts
 * that keep the sessions, or have tokens.
 *
 * @param user what the handler's option `user` returns
 * @throws {CountersignError} `invalid-argument`, naming the option, or the member of `user`
 *
 * @example
 * const refusal = requireFresh(user, { within: 300 })
 * if (refusal) return refusal
 * await deleteAccount(user.id)
 */
export function requireFresh(user: HttpUser | null | undefined, options: FreshOptions): Response | undefined {
  const { bearer = false, now = Date.now(), ...wanted } = checkOptions(options, '')
  const missing = missingOf(checkHttpUser(user), wanted, now)
  if (missing === undefined) return undefined
  const more = wantedBy(missing, wanted)
  if (bearer === false) return responseOf(problemAnswer(missing, { more }))
  const headers = { 'www-authenticate': challenge(missing, bearer, wanted) }
  return responseOf(problemAnswer(missing, { status: 401, headers, more }))
}

/** What may be asked of a proof. `within`: the seconds for which it is fresh; absent: for as long as the session lasts. */
interface Wanted {
  within?: number
  phishingResistant?: boolean | undefined
}

/** What is missing for a user to go on. */
export function missingOf(user: HttpUser | null, { within, phishingResistant = false }: Wanted, now: number): Missing | undefined {
  if (!user) return 'not-signed-in'
  if (user.state !== 'verified') return 'second-factor-required'
  const { at, assurance } = user
  if (phishingResistant && assurance?.phishingResistant !== true) return 'step-up-required'
  // The last proof may be a weaker one, which has left the assurance as it was.
  const times = phishingResistant && assurance ? [at, assurance.at] : [at]
  const isFresh = (time: number) => within === undefined || (now - time < within * 1000 && now - time >= -skew)
  return times.every(isFresh) ? undefined : 'step-up-required'
}

type Missing = 'not-signed-in' | 'second-factor-required' | 'step-up-required'

/** What only counts for a step-up, as the problem says it. */
export function wantedBy(missing: ProblemName, { phishingResistant = false }: Wanted): Pick<Problem, 'phishingResistant'> {
  return missing === 'step-up-required' && phishingResistant ? { phishingResistant: true } : {}
}

/** RFC 9470, 3. Without a token there is nothing to say of it (RFC 6750, 3.1). */
function challenge(missing: Missing, bearer: true | { acrValues: string[] }, { within, phishingResistant = false }: Wanted): string {
  if (missing === 'not-signed-in') return 'Bearer'
  const classes = bearer !== true ? bearer.acrValues : phishingResistant ? ['phr', 'phrh'] : []
  const acrValues = classes.length > 0 ? [`acr_values="${classes.join(' ')}"`] : []
  // Classes of the host's own are in place of the time.
  const wanted = [...acrValues, ...(bearer === true ? [`max_age="${within}"`] : [])].join(', ')
  const description = 'A fresh verification of the user is needed'
  return `Bearer error="insufficient_user_authentication", error_description="${description}", ${wanted}`
}

/** What may stand in a quoted string of the header, and separates no values. */
const checkAcrValues: Check<string[]> = (value, name) => {
  const isOne = (one: unknown) => typeof one === 'string' && one.length <= 255 && /^[!#-[\]-~]+$/.test(one)
  const fits = Array.isArray(value) && value.length >= 1 && value.length <= 16 && value.every(isOne)
  if (!fits) throw invalid(name, '1 to 16 texts of printable ASCII characters, without blanks, quotes or backslashes')
  return [...(value as string[])]
}

const checkBearer = object<{ acrValues: string[] }>({ acrValues: checkAcrValues })

const checkOptions = object<FreshOptions>({
  within: integer(1, 86_400),
  phishingResistant: ifGiven(flag, 'for false'),
  bearer: optional((value, name) => (typeof value === 'object' ? checkBearer(value, name) : flag(value, name))),
  now: optional(integer(0, Number.MAX_SAFE_INTEGER)),
})
