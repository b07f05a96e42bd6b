import { CountersignError } from '../shared/errors.js'
import type { Countersign } from '../service/countersign.js'
import type { AnyContext } from './options.js'
import type { AnyRequest } from './same-origin.js'
import { fill, leave } from './sessions/plugin-keeper.js'
import type { Plugin, PluginOptions, PluginStore } from './sessions/plugin-keeper.js'
import { pluginSessions } from './sessions/plugin-sessions.js'
import type { Sessions } from './sessions/sessions.js'

export type { PluginOptions, PluginStore } from './sessions/plugin-keeper.js'
export type { CheckOptions, SessionAccount, SessionChange, SessionCheck, SessionOptions, Sessions, SignInOptions } from './sessions/sessions.js'

/** A request of Fastify with `@fastify/session`: what is used of it. */
export type FastifySessionRequest = AnyRequest & { session?: unknown; sessionStore?: unknown }

/**
 * Keeps sign-ins with a second factor in the sessions of `@fastify/session`, in any store of it. The handler has to be
 * mounted with `toNodeListener`.
 *
 * What is kept is `request.session.countersign`; leave it to the sessions. Use `rolling: false` and
 * `saveUninitialized: false`: with `rolling`, the answer to a late request would bring back a cookie that another answer
 * has replaced. With each proof the session gets a new id and keeps what your server has in it; with a sign-in and a
 * sign-out it begins empty.
 *
 * @throws {CountersignError} `invalid-argument`, naming the option; or of a request that has no such session
 *
 * @example
 * const sessions = fastifySessions(countersign, { account: accountById, onEnrolled: setEnrolled })
 * await app.register(cookie)
 * await app.register(session, { secret, rolling: false, saveUninitialized: false, store })
 * app.all('/countersign/*', toNodeListener(sessions.handler))
 */
export function fastifySessions<Context = AnyContext>(
  countersign: Countersign,
  options: PluginOptions<Context>,
): Sessions<FastifySessionRequest> {
  return pluginSessions(countersign, options, '@fastify/session', plugin)
}

/** What `@fastify/session` adds to a request. */
interface WithSession {
  session: Record<string, unknown> & {
    sessionId: string
    cookie: { toJSON(): object }
    regenerate(): Promise<void>
    save(): Promise<void>
  }
  sessionStore: PluginStore
}

const plugin: Plugin<FastifySessionRequest> = {
  read: (request) => withSession(request).session.countersign,
  store: (request) => withSession(request).sessionStore,
  async renew(request, kept) {
    const known = withSession(request)
    const { session: old, sessionStore: store } = known
    const { sessionId: before } = old
    await old.regenerate()
    // It has destroyed the old id: a sign-out that comes before the new one is there has to find what it ends.
    if (kept?.replaced) await leave(store, before, old.cookie, kept.replaced)
    const { session } = known
    if (!kept) return
    fill(session, old, kept)
    // Now, and not at the end of the answer: one that is sent by `reply.raw` has no such end.
    await session.save()
  },
}

function withSession(request: FastifySessionRequest): WithSession {
  const { session, sessionStore } = Object(request) as Partial<WithSession>
  if (typeof session?.regenerate === 'function' && sessionStore) return request as unknown as WithSession
  throw new CountersignError('invalid-argument', {
    detail: 'the request has no session of @fastify/session. Register @fastify/cookie and @fastify/session before the ' +
      'handler, and mount it with toNodeListener',
  })
}
