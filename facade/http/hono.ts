import type { Context, Hono, MiddlewareHandler } from 'hono'

import type { ProblemAnswer } from './problem.js'
import { checkSessions, foreignness, guardOf, misplaced, missing, refusalOf, secondFactorOf } from './sessions/guard.js'
import type { GuardOptions, SecondFactor } from './sessions/guard.js'
import type { AnyRequest } from './same-origin.js'
import type { Sessions } from './sessions/sessions.js'

export type { GuardOptions, SecondFactor } from './sessions/guard.js'
export type { CheckOptions, SessionChange, SessionCheck, Sessions, SignInOptions } from './sessions/sessions.js'

declare module 'hono' {
  interface ContextVariableMap {
    secondFactor: SecondFactor
  }
}

/** Middleware of this module, to find it among the routes of an app. */
const ours = new WeakSet<object>()

/**
 * Adds the second factor to an app of Hono 4: the JSON API at `basePath` of the sessions, and `c.var.secondFactor` in
 * every request. Call it before your routes.
 *
 * @param sessions what `createSessions()` returned
 * @throws {CountersignError} `invalid-argument` if it is called twice for an app, or for one below a path that `basePath`
 *   doesn't begin with
 *
 * @example
 * secondFactor(app, sessions)
 * app.get('/orders', requireSecondFactor(), (c) => c.json(...))
 */
// oxlint-disable-next-line typescript/no-explicit-any -- an app of any bindings and routes
export function secondFactor(app: Hono<any, any, any>, sessions: Sessions<AnyRequest>): void {
  const { handler, basePath, plugin } = checkSessions(sessions)
  if (typeof (app as Partial<Hono> | null)?.use !== 'function') throw misplaced('app must be an app of Hono')
  if (plugin !== undefined) throw misplaced('sessions for Hono are made with createSessions()')
  if (app.routes.some((route) => ours.has(route.handler))) {
    throw misplaced('secondFactor() was called twice for this app: call it once')
  }
  const middleware: MiddlewareHandler = async (c, next) => {
    const given: [string, string][] = []
    c.set('secondFactor', secondFactorOf(sessions, c.req.raw, (headers) => void given.push(...Object.entries(headers))))
    if (c.req.path.startsWith(`${basePath}/`)) return handler(c.req.raw, c)
    await next()
    // Afterwards: a route may answer with a response of its own, which has none of the headers before it.
    for (const [name, value] of given) c.header(name, value, { append: true })
  }
  ours.add(middleware)
  app.use(middleware)
  const { path = '' } = app.routes.at(-1) ?? {}
  const below = path.replace(/\/?\*$/, '')
  if (basePath !== below && !basePath.startsWith(`${below}/`)) {
    throw misplaced(`the sessions have the basePath ${basePath}, and this app serves ${below}: pass basePath: '${below}${basePath}' to createSessions()`)
  }
}

/**
 * Lets only users through whose sign-in is complete, with a proof that is not older than `within` seconds if that is
 * given. Others get a problem detail as from the API, and browsers that open a page a sentence, or `redirect`.
 *
 * @throws {CountersignError} `invalid-argument`, naming the option
 */
export function requireSecondFactor(options: GuardOptions = {}): MiddlewareHandler {
  const guard = guardOf(options)
  return async (c, next) => {
    const checked = await factorOf(c).check(guard.check)
    if (!checked.ok) return answer(guard.refuse(checked.reason, c.req.raw))
    await next()
    return undefined
  }
}

/**
 * Refuses requests that change something and come from a page of another site, or have no JSON. For your own routes that
 * check a password, sign in or sign out.
 */
export function ownRequests(): MiddlewareHandler {
  return async (c, next) => {
    if (!factorOf(c).isOwn()) return answer(refusalOf(foreignness(c.req.raw), c.req.raw))
    await next()
    return undefined
  }
}

function factorOf(c: Context): SecondFactor {
  const found = c.get('secondFactor') as SecondFactor | undefined
  if (!found) throw missing('Hono', 'secondFactor(app, sessions)')
  return found
}

function answer({ status, headers, body }: ProblemAnswer): Response {
  return new Response(body, { status, headers })
}
