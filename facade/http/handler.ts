import { invalid } from '../shared/check.js'
import type { Countersign } from '../service/countersign.js'
import { checkBody, readBody } from './body.js'
import { exactUrl } from './exact-url.js'
import { openApi } from './open-api.js'
import { checkHandlerOptions, checkHttpUser } from './options.js'
import type { AnyContext, Handler, HandlerOptions, HandlerSettings } from './options.js'
import { ProblemError, problemOf } from './problem.js'
import { findRoute } from './router.js'
import { routesWith } from './routes.js'
import { checkJson, isSameOriginRequest } from './same-origin.js'
import { admit } from './standing.js'
import { isInSeconds, warnOfFuture, warnOfMount, warnOfOrigin, warnOfSeconds } from './warn.js'

/**
 * The service as a JSON API: sign-in, step-up, enrolment, management and administration, below `basePath`. What it
 * takes and answers is served as an OpenAPI 3.1 document at `GET /openapi.json`.
 *
 * Who sends a request is the host's to say, and what an outcome means for its session too; see `docs/http.md`.
 *
 * @throws {CountersignError} `invalid-argument`, naming the option
 *
 * @example
 * const handler = createHandler(countersign, {
 *   user: (request, { req }) => req.session.user ?? null,
 *   onVerified: async (request, user, outcome, { req }) => {
 *     if (outcome.ok) await renew(req, { id: user.id, state: 'verified', at: outcome.at })
 *     else if (outcome.reason === 'locked') await renew(req, null)
 *   },
 * })
 * app.use('/countersign', toNodeListener(handler))
 */
export function createHandler<Context = AnyContext>(
  countersign: Countersign,
  options: HandlerOptions<Context>,
): Handler<Context> {
  const settings = checkHandlerOptions(countersign, options, (basePath, offered) =>
    openApi(routesWith(offered), basePath),
  )
  return async (request, context) => {
    // Mounted without an adapter: nobody would ever be answered.
    if (typeof request?.headers?.get !== 'function') throw invalid('request')
    const headers = new Headers(always)
    try {
      return respond(request, 200, await answer(settings, request, context, headers), headers)
    } catch (error) {
      const { problem, headers: own, report } = problemOf(error)
      if (report) tellError(settings, error, request, context)
      headers.set('content-type', 'application/problem+json')
      for (const [name, value] of Object.entries(own)) headers.set(name, value)
      return respond(request, problem.status, problem, headers)
    }
  }
}

function respond({ method }: Request, status: number, value: unknown, headers: Headers): Response {
  return new Response(method === 'HEAD' ? null : JSON.stringify(value), { status, headers })
}

/** Secrets pass here: nothing on the way may keep an answer, or take it for anything but what it is. */
const always = {
  'cache-control': 'no-store',
  'content-type': 'application/json',
  'x-content-type-options': 'nosniff',
}

async function answer(
  settings: HandlerSettings,
  request: Request,
  context: unknown,
  headers: Headers,
): Promise<unknown> {
  const url = exactUrl(request.url)
  if (!url) throw new ProblemError('not-found')
  const { pathname, searchParams: query } = url
  const { passkeys, yubico } = settings
  const routes = routesWith({ passkeys, yubico, admin: settings.admin !== undefined })
  if (!pathname.startsWith(`${settings.basePath}/`)) {
    warnOfMount(settings, pathname, routes)
    throw new ProblemError('not-found')
  }
  const { route, params } = findRoute(routes, request.method, pathname.slice(settings.basePath.length))
  const changing = route.method !== 'GET'
  if (changing) {
    if (!isSameOriginRequest(request.headers, settings.rp)) {
      warnOfOrigin(settings, request.headers)
      throw new ProblemError('wrong-origin')
    }
    checkJson(request.headers)
  }
  // First: who is asked about before could be signed out by the time that a slow body is there.
  const body = changing ? await readBody(request, settings.bodyMilliseconds) : {}
  const user = checkHttpUser(await settings.user(request, context))
  const { countersign } = settings
  const now = settings.now()
  if (user) {
    settings.unsaved.check(settings, user, now)
    if (isInSeconds(user, now)) warnOfSeconds(settings, user, now)
    warnOfFuture(settings, user, now)
  }
  const visit = { countersign, settings, request, context, params, query, headers, user, now }
  const call = await admit(visit, route)
  return route.run(call, checkBody(route.body ?? {}, body))
}

/** A listener that fails, now or later, must not change what the client is told. */
function tellError({ onError }: HandlerSettings, error: unknown, request: Request, context: unknown): void {
  const tell = async (): Promise<unknown> => onError(error, request, context)
  tell().catch(() => process.emitWarning('onError threw; that changes no answer', 'CountersignWarning'))
}
