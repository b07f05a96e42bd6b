import type { BetterAuthPlugin } from 'better-auth'

import { Countersign } from '../service/countersign.js'
import { CountersignError } from '../shared/errors.js'
import { invalid } from '../shared/check.js'
import { betterAuthStore } from '../stores/better-auth-store.js'
import type { BetterAuthAdapter } from '../stores/better-auth-store.js'
import { findDevice, keepApproval, storedSession } from './device.js'
import { endpointsFor } from './endpoints.js'
import { errorCodes, Guard, isNavigation, mustEnrol, replacingPaths } from './guard.js'
import type { Requests } from './guard.js'
import { handlerFor } from './handler.js'
import type { Visit } from './handler.js'
import { checkPluginOptions } from './options.js'
import type { CountersignPluginOptions, PluginSettings } from './options.js'
import { peer } from './peer.js'
import { beginPending, endPending, findPending } from './pending.js'
import { fields, schema } from './schema.js'
import type { Account, Auth, EndpointContext, RequestKey, SessionRow } from './types.js'

/** The server's plugin for better-auth. */
export interface CountersignPlugin extends Pick<BetterAuthPlugin, 'init' | 'hooks' | 'rateLimit'> {
  id: 'countersign'
  schema: typeof schema
  /** Pages call them through the plugin of the client, and the server has {@link serviceOf}: neither has their types from here. */
  // oxlint-disable-next-line typescript/no-empty-object-type -- an index signature would be every endpoint's
  endpoints: {}
  $ERROR_CODES: typeof errorCodes
}

const services = new WeakMap<object, Promise<Countersign>>()

/**
 * The second factor for better-auth: until it is proved, a sign-in has no session, in whichever way the user signs in.
 * Users enrol and answer at the routes of `createHandler`, below `/countersign` of better-auth.
 *
 * @throws CountersignError `invalid-argument`, naming the option; `not-supported` without better-auth
 * @example
 * export const auth = betterAuth({
 *   database: new Pool({ connectionString }),
 *   plugins: [countersign({ rp: { id: 'example.com', name: 'Example', origins: ['https://example.com'] }, page: '/two-step' })],
 * })
 */
export function countersign(options: CountersignPluginOptions): CountersignPlugin {
  const settings = checkPluginOptions(options)
  const { createAuthMiddleware, APIError } = peer().api
  const requests: Requests = { proved: new WeakMap(), replacing: new WeakMap(), stopped: new WeakMap(), devices: new WeakMap() }
  const approvals = new WeakMap<RequestKey, number>()
  const finished = new WeakMap<RequestKey, string>()
  let service: Promise<Countersign> | undefined
  const opened = () => service ?? Promise.reject(new CountersignError('internal'))
  let handler: Promise<ReturnType<typeof handlerFor>> | undefined
  const handled = () => (handler ??= opened().then((one) => handlerFor(one, settings, requests)))
  const onPath = (...paths: string[]) => ({ path }: { path?: string | undefined }) => path !== undefined && paths.includes(path)
  const hook = (work: (ctx: EndpointContext) => Promise<unknown>) =>
    createAuthMiddleware((ctx) => work(ctx as unknown as EndpointContext))

  return {
    id: 'countersign',
    schema: settings.store ? ({ ...fields } as typeof schema) : schema,
    $ERROR_CODES: errorCodes,
    rateLimit: [{ pathMatcher: (path) => path.startsWith('/countersign/'), window: 10, max: 30 }],
    endpoints: endpointsFor(handled, ({ ctx, done }: Visit) => {
      if (done !== undefined) finished.set(ctx.context, done)
    }),

    async init(auth) {
      if (auth.options.plugins?.filter(({ id }) => id === 'countersign').length !== 1) {
        throw invalid('plugins', 'a list with countersign() in it once')
      }
      const { getCurrentAdapter } = peer()
      const store = settings.store ?? betterAuthStore(auth.adapter as unknown as BetterAuthAdapter, { current: getCurrentAdapter as never })
      service = Countersign.open({ ...settings.open, store })
      services.set(auth.options.plugins.find(({ id }) => id === 'countersign') as object, service)
      const guard = new Guard(auth as Auth, await service, settings, requests)
      return {
        options: {
          databaseHooks: {
            session: {
              create: {
                before: (session, ctx) => guard.before(session as unknown as SessionRow, ctx as EndpointContext | null),
                after: (session, ctx) => guard.after(session as unknown as SessionRow, ctx as EndpointContext | null),
              },
            },
            user: { delete: { after: async ({ id }) => void (await (await opened()).removeUser(id)) } },
          },
        },
      }
    },

    hooks: {
      before: [
        {
          // Whoever sits down at this browser next must not find the sign-in half done.
          matcher: onPath('/sign-out'),
          handler: hook(endOfBrowser),
        },
        {
          // Looked up before the endpoint ends the session that it replaces.
          matcher: onPath(...replacingPaths),
          handler: hook(async (ctx) => {
            const found = await storedSession(ctx)
            if (!found?.session.countersignAt || found.session.impersonatedBy) return
            const { countersignAt, countersignAssurance: assurance } = found.session
            requests.replacing.set(ctx.context, { user: found.user.id, at: new Date(countersignAt).getTime(), assurance })
          }),
        },
        {
          matcher: onPath('/device/approve'),
          handler: hook(async (ctx) => {
            const found = await storedSession(ctx)
            if (!found) return
            const at = await approvalTime(found, await opened(), settings)
            if (at === 'refused') throw APIError.from('FORBIDDEN', errorCodes.STEP_UP_REQUIRED)
            if (at !== undefined) approvals.set(ctx.context, at)
          }),
        },
        {
          matcher: onPath('/device/token'),
          handler: hook(async (ctx) => {
            const device = await findDevice(ctx, 'deviceCode', (ctx.body as { device_code?: unknown } | undefined)?.device_code)
            if (device) requests.devices.set(ctx.context, device.id)
          }),
        },
      ],
      after: [
        {
          matcher: onPath('/device/approve'),
          handler: hook(async (ctx) => {
            const at = approvals.get(ctx.context)
            const { returned } = ctx.context as { returned?: { success?: unknown } }
            if (at === undefined || returned?.success !== true) return
            const device = await findDevice(ctx, 'userCode', (ctx.body as { userCode?: unknown }).userCode)
            if (device?.userId && device.status === 'approved') await keepApproval(ctx, device, device.userId, at)
          }),
        },
        {
          matcher: () => true,
          handler: hook(async (ctx) => {
            const path = finished.get(ctx.context)
            if (path !== undefined) await tellOthers(ctx, path)
            const pending = requests.stopped.get(ctx.context)
            const { newSession } = ctx.context
            if (!pending) {
              // Whoever has a session now is not asked for the factor of an earlier sign-in of this browser.
              if (newSession) await endOfBrowser(ctx)
              return undefined
            }
            requests.stopped.delete(ctx.context)
            // It was stopped after its cookies had been set, at the end of a transaction.
            if (newSession) {
              ctx.context.setNewSession(null)
              peer().cookies.deleteSessionCookie(ctx, true)
            }
            if (pending.path === '/device/token') {
              throw new APIError('BAD_REQUEST', { error: 'access_denied', error_description: errorCodes.SECOND_FACTOR_REQUIRED.message })
            }
            await beginPending(ctx, pending, settings.pendingMilliseconds)
            if (isNavigation({ ...ctx, path: pending.path })) throw ctx.redirect(settings.page)
            return ctx.json({ secondFactorRequired: true, page: settings.page })
          }),
        },
      ],
    },
  }
}

/**
 * The service behind the plugin, for what administrators and scripts do: `factors`, `unlock`, `removeFactors`, `users`.
 *
 * @throws CountersignError `invalid-argument` if the plugin is not among those of `auth`
 * @example
 * const service = await serviceOf(auth)
 * await service.unlock(user.id)
 */
export async function serviceOf(auth: { $context: Promise<{ options: { plugins?: readonly { id: string }[] | undefined } }> }): Promise<Countersign> {
  const { options } = await auth.$context
  const plugin = options.plugins?.find(({ id }) => id === 'countersign')
  const service = plugin && services.get(plugin)
  if (!service) throw invalid('auth', 'a betterAuth() with the plugin countersign()')
  return service
}

/** Ends the sign-in that this browser has not finished. */
async function endOfBrowser(ctx: EndpointContext): Promise<void> {
  const pending = await findPending(ctx)
  if (pending) await endPending(ctx, pending)
}

/** The proof that a device inherits from whoever approves it; `undefined` for a user who has nothing to prove. */
async function approvalTime(
  { session, user }: { session: SessionRow; user: Account },
  service: Countersign,
  settings: PluginSettings,
): Promise<number | 'refused' | undefined> {
  const { enrolled } = await service.status(user.id)
  if (session.impersonatedBy) return enrolled ? 'refused' : undefined
  if (!enrolled && !(await mustEnrol(user, service, settings))) return undefined
  const at = session.countersignAt ? new Date(session.countersignAt).getTime() : -Infinity
  return Date.now() - at < settings.freshSeconds * 1000 ? at : 'refused'
}

/** Plugins that act on a new session if its endpoint is one of those that they know. */
const followers = ['anonymous', 'last-login-method']

/** Lets them act now, as they would have at the end of the endpoint whose sign-in was stopped. */
async function tellOthers(ctx: EndpointContext, path: string): Promise<void> {
  const plugins = (ctx.context.options.plugins ?? []).filter(({ id }) => followers.includes(id))
  for (const { matcher, handler } of plugins.flatMap((plugin) => plugin.hooks?.after ?? [])) {
    const then = { ...ctx, path }
    if (matcher(then as never)) await handler(then as never)
  }
}
