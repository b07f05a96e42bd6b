import type { BetterAuthPlugin } from 'better-auth'

import { routes } from '../http/routes.js'
import type { Handler } from '../http/options.js'
import type { Visit } from './handler.js'
import { peer } from './peer.js'
import { endPending, findPending, takeReturnTarget } from './pending.js'
import type { EndpointContext } from './types.js'

type Endpoints = NonNullable<BetterAuthPlugin['endpoints']>

/** Where the handler's routes stand below the path of better-auth. */
const base = '/countersign'

/** The routes of the handler, each an endpoint of better-auth, and those that are the plugin's own. */
export function endpointsFor(handler: () => Promise<Handler<Visit>>, done: (visit: Visit) => void): Endpoints {
  const { createAuthEndpoint } = peer().api
  const endpoints: Endpoints = {}
  for (const { method, path, id, summary } of routes) {
    const options = { method, disableBody: true, metadata: { openapi: { operationId: id, description: summary } } } as const
    endpoints[nameOf(id)] = createAuthEndpoint(`${base}${path.replaceAll(/\{(\w+)\}/g, ':$1')}`, options, async (ctx) => {
      const visit: Visit = { ctx: ctx as EndpointContext }
      const response = await (await handler())(requestOf(ctx as EndpointContext, method, path), visit)
      if (visit.failure !== undefined) throw visit.failure
      done(visit)
      return response
    }) as Endpoints[string]
  }
  endpoints[nameOf('cancel')] = createAuthEndpoint(`${base}/cancel`, { method: 'POST', disableBody: true }, async (ctx) => {
    const pending = await findPending(ctx as EndpointContext)
    if (pending) await endPending(ctx as EndpointContext, pending)
    return ctx.json({ ok: true })
  }) as Endpoints[string]
  endpoints[nameOf('continue')] = createAuthEndpoint(`${base}/continue`, { method: 'GET' }, async (ctx) => {
    throw ctx.redirect((await takeReturnTarget(ctx as EndpointContext)) ?? '/')
  }) as Endpoints[string]
  return endpoints
}

/** No two plugins of better-auth may have an endpoint of one name. */
function nameOf(id: string): string {
  return `countersign${id[0]?.toUpperCase()}${id.slice(1)}`
}

/** The request as the handler knows it, wherever better-auth is mounted, and with what other plugins made of its headers. */
function requestOf(ctx: EndpointContext, method: string, path: string): Request {
  const { request, params = {}, query = {}, body } = ctx as EndpointContext & { params?: Record<string, string>; query?: Record<string, string> }
  const sent = request && new URL(request.url)
  const written = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
  const rest = sent ? sent.pathname.slice(sent.pathname.lastIndexOf(`${base}/`)) : `${base}${written}`
  const url = new URL(`${rest}${sent ? sent.search : `?${new URLSearchParams(query)}`}`, 'http://countersign.invalid')
  const headers = new Headers(ctx.headers ?? request?.headers)
  const origin = headers.get('origin')
  // A page on another origin that both the host's lists name: `rp.origins`, which the handler checks, and `trustedOrigins`.
  if (origin !== null && ctx.context.isTrustedOrigin(origin, { allowRelativePaths: false })) headers.delete('sec-fetch-site')
  if (method === 'GET') return new Request(url, { method, headers })
  if (request) return new Request(url, { method, headers, body: request.body, duplex: 'half' } as RequestInit)
  // A call of the server's own code, with its body as a value.
  headers.set('content-type', 'application/json')
  return new Request(url, { method, headers, body: JSON.stringify(body ?? {}) })
}
