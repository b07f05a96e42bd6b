import { toNodeListener } from './node.js'
import type { NodeRequest } from './node.js'
import { hasExpressSession } from './sessions/express-stack.js'
import type { ProblemAnswer } from './problem.js'
import { checkSessions, foreignness, guardOf, misplaced, missing, refusalOf, secondFactorOf } from './sessions/guard.js'
import type { GuardOptions, SecondFactor } from './sessions/guard.js'
import type { AnyRequest } from './same-origin.js'
import type { Sessions } from './sessions/sessions.js'

export type { GuardOptions, SecondFactor } from './sessions/guard.js'
export type { CheckOptions, SessionChange, SessionCheck, Sessions, SignInOptions } from './sessions/sessions.js'

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- the place that Express has for what is added to a request
  namespace Express {
    interface Request {
      secondFactor: SecondFactor
    }
  }
}

/** An application of Express 4 or 5, or one of its routers: what is used of it. */
export interface ExpressApp {
  use(path: string, handle: (req: never, res: never, next: (error?: unknown) => void) => unknown): unknown
}

/** A request of Express with what `secondFactor` has added: what is used of it. */
export type GuardedRequest = AnyRequest & { secondFactor?: SecondFactor }

/** A response of Express: what is used of it. */
export interface ExpressResponse {
  statusCode: number
  appendHeader(name: string, value: string): unknown
  setHeader(name: string, value: string): unknown
  end(body?: string): unknown
}

/** Middleware of Express. */
export type ExpressMiddleware = (req: GuardedRequest, res: ExpressResponse, next: (error?: unknown) => void) => unknown

const mounted = new WeakSet<object>()

/**
 * Adds the second factor to an application of Express 4 or 5: the JSON API at `basePath` of the sessions, and
 * `req.secondFactor` in every request. Call it after `app.use(session(...))` and before your body parsers and routes.
 *
 * @throws {CountersignError} `invalid-argument` if it is called twice for an application, or `sessions` are none
 *
 * @example
 * app.use(session({ secret, store, resave: false, saveUninitialized: false }))
 * secondFactor(app, sessions)
 * app.get('/orders', requireSecondFactor(), (req, res) => { ... })
 */
export function secondFactor<Where extends AnyRequest>(app: ExpressApp, sessions: Sessions<Where>): void {
  const { handler, basePath, plugin } = checkSessions(sessions)
  if (typeof (app as Partial<ExpressApp> | null)?.use !== 'function') throw misplaced('app must be an application of Express')
  if (plugin === '@fastify/session') throw misplaced('fastifySessions() are for Fastify: use expressSessions() or createSessions()')
  if (mounted.has(app)) throw misplaced('secondFactor() was called twice for this app: call it once')
  mounted.add(app)
  if (plugin !== undefined && !hasExpressSession(app)) {
    process.emitWarning(
      'secondFactor(app, sessions) found no middleware of express-session. Call app.use(session({ ... })) before it: ' +
        'without a session every request fails.',
      'CountersignWarning',
    )
  }
  const listener = toNodeListener(handler)
  app.use('/', (req: Where & NodeRequest & GuardedRequest & { baseUrl?: string }, res: ExpressResponse & object, next: () => void) => {
    req.secondFactor = secondFactorOf(sessions, req, (headers) => {
      for (const [name, value] of Object.entries(headers)) res.appendHeader(name, value)
    })
    const [path = ''] = (req.originalUrl ?? req.url ?? '').split('?', 1)
    // It answers whatever happens. In a router below another path it says what that path is.
    if (path.startsWith(`${basePath}/`) || path.startsWith(`${req.baseUrl ?? ''}${basePath}/`)) void listener(req, res as never)
    else next()
  })
}

/**
 * Lets only users through whose sign-in is complete, with a proof that is not older than `within` seconds if that is
 * given. Others get a problem detail as from the API, and browsers that open a page a sentence, or `redirect`.
 *
 * @throws {CountersignError} `invalid-argument`, naming the option
 */
export function requireSecondFactor(options: GuardOptions = {}): ExpressMiddleware {
  const guard = guardOf(options)
  return async (req, res, next) => {
    const checked = await settled(() => factorOf(req).check(guard.check))
    if ('error' in checked) next(checked.error)
    else if (checked.ok) next()
    else answer(res, guard.refuse(checked.reason, req))
  }
}

/**
 * Refuses requests that change something and come from a page of another site, or have no JSON. For your own routes that
 * check a password, sign in or sign out.
 */
export function ownRequests(): ExpressMiddleware {
  return (req, res, next) => {
    if (factorOf(req).isOwn()) next()
    else answer(res, refusalOf(foreignness(req), req))
  }
}

/** Express 4 does not wait for what its middleware returns. */
async function settled<T extends object>(work: () => Promise<T>): Promise<T | { error: unknown }> {
  try {
    return await work()
  } catch (error) {
    return { error }
  }
}

function factorOf({ secondFactor: found }: GuardedRequest): SecondFactor {
  if (!found) throw missing('Express', 'secondFactor(app, sessions)')
  return found
}

function answer(res: ExpressResponse, { status, headers, body }: ProblemAnswer): void {
  res.statusCode = status
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  res.end(body)
}
