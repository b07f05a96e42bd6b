import { invalid, oneOf, optional } from '../shared/check.js'
import { fromStore } from '../service/context.js'
import type { Countersign } from '../service/countersign.js'
import type { SessionStore } from '../stores/session-store.js'
import type { AnyContext } from './options.js'
import type { AnyRequest } from './same-origin.js'
import { OwnKeeper } from './sessions/own-keeper.js'
import { clockOf, isSecure, limitsOf, sessionsOf } from './sessions/sessions.js'
import type { SessionOptions, Sessions } from './sessions/sessions.js'

export type { AnyRequest } from './same-origin.js'
export type { CheckOptions, SessionAccount, SessionChange, SessionCheck, SessionOptions, Sessions, SignInOptions } from './sessions/sessions.js'

export interface OwnSessionOptions<Context = AnyContext> extends SessionOptions<Context> {
  /** Where sessions are kept: `memorySessions()`, `postgresSessions(pool)`, `redisSessions(client)`, or your own. */
  store: SessionStore
  /**
   * The name of the cookie. Default `countersign-session`. If every origin of the relying party is on https, it gets the
   * prefix `__Host-` and `Secure`.
   */
  cookie?: string
  /** `Strict`: a browser that comes by a link of another site shows up as signed out. Default `Lax`. */
  sameSite?: 'Strict' | 'Lax'
  /**
   * After how many seconds without a request a session ends, 60 to 34560000. Default 3600, or `absoluteSeconds` if that is
   * less (NIST SP 800-63B-4, 2.2.3: no more than an hour at AAL2).
   */
  idleSeconds?: number
}

/** A session of a user, for a page that lists them. Times are in epoch milliseconds. */
export interface ListedSession {
  /** Names the session for `endSession`. No secret. */
  id: string
  state: 'pending' | 'verified'
  begun: number
  /** The last request, exact to a minute. */
  seen: number
  /** Whether it is the session of the request that asks. */
  current: boolean
}

export interface OwnSessions extends Sessions<AnyRequest> {
  /** Returns the open sessions of the verified user of a request, the newest first; none if nobody is signed in. */
  list(request: AnyRequest): Promise<ListedSession[]>
  /**
   * Ends a session of the verified user of a request.
   *
   * @param id as `list` has it. Nothing happens with the id of another user's session, or with any other text
   */
  endSession(request: AnyRequest, id: string): Promise<void>
}

/**
 * Makes sessions with a second factor, for servers that have no sessions of their own.
 *
 * The cookie holds a random id and a random secret. The store has only their SHA-256. The secret is replaced at each
 * proof, so a cookie from before a sign-in or a step-up signs nobody in. Works with every request that has headers: a
 * standard `Request`, or that of Node, Express or Fastify.
 *
 * @throws {CountersignError} `invalid-argument`, naming the option
 *
 * @example
 * const sessions = createSessions(countersign, { store: memorySessions(), account: accountById, onEnrolled: setEnrolled })
 * // POST /password, once the password is right:
 * const signedIn = await sessions.signIn(request, account.id)
 * if (!signedIn.ok) return new Response(null, { status: 403 })
 * return new Response(null, { status: 204, headers: signedIn.headers })
 */
export function createSessions<Context = AnyContext>(
  countersign: Countersign,
  options: OwnSessionOptions<Context>,
): OwnSessions {
  const now = clockOf(countersign)
  const limits = limitsOf(options)
  const { store, cookie: name = 'countersign-session', rp } = options
  if (typeof name !== 'string' || !/^[A-Za-z\d_-]+$/.test(name) || name.length > 64) {
    throw invalid('cookie', 'a name of 1 to 64 letters, digits, - and _')
  }
  const sameSite = optional(oneOf('Strict', 'Lax'))(options.sameSite, 'sameSite') ?? 'Lax'
  const cookie = { name, secure: isSecure(countersign, rp), sameSite }
  const keeper = new OwnKeeper(checkStore(store), cookie, limits, now)
  const sessions = sessionsOf<AnyRequest, Awaited<ReturnType<OwnKeeper['list']>>[number]>(
    countersign,
    options,
    { keeper, whereOf: (request) => request, requestOf: (request) => request },
    ['store', 'cookie', 'sameSite', 'idleSeconds'],
  )

  /** By `user`, which knows whether there still is an account. */
  const verified = async (request: AnyRequest) => {
    const user = await sessions.user(request)
    return user?.state === 'verified' ? user : undefined
  }

  return {
    ...sessions,
    async list(request) {
      const user = await verified(request)
      const all = user ? await fromStore(() => keeper.list(user.id)) : []
      const listed = all.map(({ session, state, begun, seen }) => ({ id: session, state, begun, seen, current: session === user?.session }))
      return listed.sort((one, other) => other.begun - one.begun)
    },
    async endSession(request, id) {
      const user = await verified(request)
      if (user && typeof id === 'string') await fromStore(() => keeper.endOne(user.id, id))
    },
  }
}

const methods = ['create', 'read', 'replace', 'delete', 'list', 'deleteAll'] as const

function checkStore(store: SessionStore): SessionStore {
  if (typeof store !== 'object' || store === null || methods.some((name) => typeof store[name] !== 'function')) {
    throw invalid('options.store', 'a store of sessions such as memorySessions() or postgresSessions(pool)')
  }
  return store
}
