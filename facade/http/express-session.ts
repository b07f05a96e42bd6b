import { promisify } from 'node:util'

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

/** A request of Express or Connect that has passed `express-session`: what is used of it. */
export type ExpressRequest = AnyRequest & {
  session?: unknown
  sessionID?: string
  sessionStore?: unknown
}

/**
 * Keeps sign-ins with a second factor in the sessions of `express-session`, in any store of it. The handler has to be
 * mounted after `session()`, with `toNodeListener`.
 *
 * What is kept is `req.session.countersign`; leave it to the sessions. Use `resave: false` and
 * `saveUninitialized: false`. With each proof the session gets a new id and keeps what your server has in it; with a
 * sign-in and a sign-out it begins empty.
 *
 * @throws {CountersignError} `invalid-argument`, naming the option; or of a request that did not pass `session()`
 *
 * @example
 * const sessions = expressSessions(countersign, { account: accountById, onEnrolled: setEnrolled })
 * app.use(session({ secret, resave: false, saveUninitialized: false, store }))
 * app.use('/countersign', toNodeListener(sessions.handler))
 */
export function expressSessions<Context = AnyContext>(
  countersign: Countersign,
  options: PluginOptions<Context>,
): Sessions<ExpressRequest> {
  return pluginSessions(countersign, options, 'express-session', plugin)
}

/** What `express-session` adds to a request. */
interface WithSession {
  session: Record<string, unknown> & {
    cookie: { toJSON(): object }
    regenerate(done: (error?: unknown) => void): unknown
    save(done: (error?: unknown) => void): unknown
  }
  sessionID: string
  /** `generate` is put there by `session()`: it gives the request a new session, and leaves the old one in the store. */
  sessionStore: PluginStore & { generate(req: ExpressRequest): void }
}

const plugin: Plugin<ExpressRequest> = {
  read: (req) => withSession(req).session.countersign,
  store: (req) => withSession(req).sessionStore,
  async renew(req, kept) {
    const known = withSession(req)
    const { session: old, sessionID: before, sessionStore: store } = known
    if (kept?.replaced) {
      // Before there is a new id: a sign-out that comes in between finds what it has to end.
      await leave(store, before, old.cookie, kept.replaced)
      store.generate(req)
    } else {
      await promisify(old.regenerate).call(old)
    }
    const { session } = known
    if (!kept) return
    fill(session, old, kept)
    // Now, and not at the end of the answer, where a store that fails would change nothing of it.
    await promisify(session.save).call(session)
  },
}

function withSession(req: ExpressRequest): WithSession {
  const { session, sessionStore } = Object(req) as Partial<WithSession>
  if (typeof session?.regenerate === 'function' && sessionStore) return req as unknown as WithSession
  throw new CountersignError('invalid-argument', {
    detail: 'the request has no session of express-session. Call app.use(session({ ... })) before the handler and before ' +
      'your own routes, and mount the handler with toNodeListener',
  })
}
