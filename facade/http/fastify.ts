import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { toNodeListener } from './node.js'
import type { ProblemAnswer } from './problem.js'
import { checkSessions, foreignness, guardOf, misplaced, missing, refusalOf, secondFactorOf } from './sessions/guard.js'
import type { GuardOptions, SecondFactor } from './sessions/guard.js'
import type { AnyRequest } from './same-origin.js'
import type { Sessions } from './sessions/sessions.js'

export type { GuardOptions, SecondFactor } from './sessions/guard.js'
export type { CheckOptions, SessionChange, SessionCheck, Sessions, SignInOptions } from './sessions/sessions.js'

declare module 'fastify' {
  interface FastifyRequest {
    secondFactor: SecondFactor
  }
}

export interface SecondFactorOptions {
  /** What `fastifySessions()` or `createSessions()` returned. */
  sessions: Sessions<AnyRequest>
}

/**
 * Adds the second factor to Fastify 5: the JSON API at `basePath` of the sessions, and `request.secondFactor` in every
 * request of the instance that it is registered in, as if made with `fastify-plugin`. With `fastifySessions()`, register
 * `@fastify/cookie` and `@fastify/session` first.
 *
 * Registering it rejects with a `CountersignError` (`invalid-argument`) if it is registered twice, before its session
 * plugin, or under a prefix that `basePath` doesn't begin with.
 *
 * @example
 * await app.register(secondFactor, { sessions })
 * app.get('/orders', { preHandler: requireSecondFactor() }, async (request) => { ... })
 */
export async function secondFactor(app: FastifyInstance, options: SecondFactorOptions): Promise<void> {
  const { handler, basePath, plugin } = checkSessions(Object(options).sessions as SecondFactorOptions['sessions'])
  const { sessions } = options
  if (app.hasRequestDecorator('secondFactor')) {
    throw misplaced('the plugin secondFactor is registered twice in this app: register it once')
  }
  if (plugin === 'express-session') throw misplaced('expressSessions() are for Express: use fastifySessions() or createSessions()')
  if (plugin !== undefined && !app.hasRequestDecorator('session')) {
    throw misplaced('the plugin secondFactor is registered before @fastify/session: register @fastify/cookie and @fastify/session first')
  }
  const prefix = app.prefix.replace(/\/$/, '')
  if ((basePath !== prefix && !basePath.startsWith(`${prefix}/`)) || Object.hasOwn(options, 'prefix')) {
    throw misplaced(
      `the plugin secondFactor serves ${basePath} and is registered under ${prefix || 'a prefix'}: register it without a ` +
        'prefix, or pass the whole path to the sessions as basePath',
    )
  }
  // Getters are called with the request, so that nothing is made for requests that don't ask.
  app.decorateRequest('secondFactor', {
    getter(this: FastifyRequest): SecondFactor {
      const found = factors.get(this) ?? secondFactorOf(sessions, this, (headers) => pending(this, headers))
      factors.set(this, found)
      return found
    },
  } as never)
  app.addHook('onSend', async (request, reply) => {
    for (const [name, value] of headersOf.get(request) ?? []) reply.header(name, value)
  })
  app.all(`${basePath.slice(prefix.length)}/*`, toNodeListener(handler) as never)
}

/** What `fastify-plugin` marks a plugin with: what it adds is for the instance that registers it, not for a child. */
Object.assign(secondFactor, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'countersign',
  [Symbol.for('plugin-meta')]: { name: 'countersign', fastify: '5.x' },
})

const factors = new WeakMap<FastifyRequest, SecondFactor>()

/** Headers for the answer, which a request does not know. */
const headersOf = new WeakMap<FastifyRequest, [string, string][]>()

function pending(request: FastifyRequest, headers: Record<string, string>): void {
  headersOf.set(request, [...(headersOf.get(request) ?? []), ...Object.entries(headers)])
}

/** A hook of Fastify, for `onRequest` or `preHandler` of a route or of an instance. */
export type FastifyGuard = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>

/**
 * Lets only users through whose sign-in is complete, with a proof that is not older than `within` seconds if that is
 * given. Others get a problem detail as from the API, and browsers that open a page a sentence, or `redirect`.
 *
 * @throws {CountersignError} `invalid-argument`, naming the option
 */
export function requireSecondFactor(options: GuardOptions = {}): FastifyGuard {
  const guard = guardOf(options)
  return async (request, reply) => {
    const checked = await factorOf(request).check(guard.check)
    return checked.ok ? undefined : answer(reply, guard.refuse(checked.reason, request))
  }
}

/**
 * Refuses requests that change something and come from a page of another site, or have no JSON. For your own routes that
 * check a password, sign in or sign out. Use it as `onRequest`, before Fastify reads the body.
 */
export function ownRequests(): FastifyGuard {
  return async (request, reply) =>
    factorOf(request).isOwn() ? undefined : answer(reply, refusalOf(foreignness(request), request))
}

function factorOf({ secondFactor: found }: FastifyRequest): SecondFactor {
  if (!(found as SecondFactor | undefined)) throw missing('Fastify', 'await app.register(secondFactor, { sessions })')
  return found
}

function answer(reply: FastifyReply, { status, headers, body }: ProblemAnswer): FastifyReply {
  return reply.code(status).headers(headers).send(body)
}
