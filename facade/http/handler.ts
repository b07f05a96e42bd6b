import { invalid } from '../shared/check.js'
import type { Countersign } from '../service/countersign.js'
import { chunksOf, readBody } from './body.js'
import { handlerOf, HeaderList, responseOf } from './exchange.js'
import type { Exchange, Exchanger, Reply } from './exchange.js'
import { exactUrl, none } from './exact-url.js'
import { openApi } from './open-api.js'
import { checkHandlerOptions, checkHttpUser } from './options.js'
import type { AnyContext, Handler, HandlerOptions, HandlerSettings } from './options.js'
import { always, ProblemError, problemOf } from './problem.js'
import { requirementFor } from './requirement.js'
import { Router } from './router.js'
import type { Route } from './route.js'
import { routesWith } from './routes.js'
import { checkJson, isSameOriginRequest } from './same-origin.js'
import { admit } from './standing.js'
import { isInOtherUnit, warnOfFuture, warnOfMount, warnOfOrigin, warnOfUnit } from './warn.js'

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
  const { passkeys, yubico, browsers, activity, admin, users } = settings
  const routes = routesWith({ passkeys, yubico, browsers, activity, admin: admin !== undefined, report: users !== undefined })
  const table = { routes, router: new Router(routes) }
  const exchanger: Exchanger = async (exchange, context) => {
    const { request, method } = exchange
    const headers = new HeaderList(usual)
    try {
      return reply(method, 200, await answer(settings, table, exchange, context, headers), headers)
    } catch (error) {
      const { problem, headers: own, report } = problemOf(error)
      if (report) tellError(settings, error, request, context)
      headers.set('content-type', 'application/problem+json')
      for (const [name, value] of Object.entries(own)) headers.set(name, value)
      return reply(method, problem.status, problem, headers)
    }
  }
  const handler: Handler<Context> = async (request, context) => {
    // Mounted without an adapter: nobody would ever be answered.
    if (typeof request?.headers?.get !== 'function') throw invalid('request')
    const { method, headers, url } = request
    return responseOf(await exchanger({ request, method, headers, url: exactUrl(url), open: () => chunksOf(request) }, context))
  }
  return handlerOf(handler, exchanger)
}

/** Of an answer that is no problem. */
const usual = Object.entries({ ...always, 'content-type': 'application/json' })

function reply(method: string, status: number, value: unknown, headers: HeaderList): Reply {
  return { status, headers, body: method === 'HEAD' ? null : JSON.stringify(value) }
}

/** What a handler offers, and how a path finds it. */
interface Table {
  routes: readonly Route[]
  router: Router
}

async function answer(
  settings: HandlerSettings,
  { routes, router }: Table,
  { request, method, headers: sent, url, open }: Exchange,
  context: unknown,
  headers: HeaderList,
): Promise<unknown> {
  if (!url) throw new ProblemError('not-found')
  const { pathname } = url
  if (!pathname.startsWith(`${settings.basePath}/`)) {
    warnOfMount(settings, pathname, routes)
    throw new ProblemError('not-found')
  }
  // No route has one.
  if (pathname.endsWith('/')) warnOfMount(settings, pathname, routes)
  const { route, params } = router.find(method, pathname.slice(settings.basePath.length))
  const changing = route.method !== 'GET'
  if (changing) {
    if (!isSameOriginRequest(sent, settings.rp)) {
      warnOfOrigin(settings, sent)
      throw new ProblemError('wrong-origin')
    }
    checkJson(sent)
  }
  // First: who is asked about before could be signed out by the time that a slow body is there.
  const body = changing ? await readBody(sent, open, settings.bodyDeadline) : {}
  const user = checkHttpUser(await settings.user(request, context))
  const { countersign } = settings
  const now = settings.now()
  if (user) {
    settings.unsaved.check(settings, user, now)
    if (isInOtherUnit(user, now)) warnOfUnit(settings, user, now)
    warnOfFuture(settings, user, now)
  }
  const from = changing ? await settings.from(request, context) : undefined
  const origin = from === undefined || from === null ? {} : { from }
  const query = route.query ? url.searchParams : none
  const requirement = requirementFor(settings, user, request, context)
  const visit = { countersign, settings, request, context, params, query, headers, user, origin, requirement, now, firstOnly: false }
  const call = await admit(visit, route)
  return route.run(call, route.checkBody(body))
}

/** A listener that fails, now or later, must not change what the client is told. */
function tellError({ onError }: HandlerSettings, error: unknown, request: Request, context: unknown): void {
  const tell = async (): Promise<unknown> => onError(error, request, context)
  tell().catch(() => process.emitWarning('onError threw; that changes no answer', 'CountersignWarning'))
}
