// What the types of the HTTP handler allow, and what they refuse.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import Fastify from 'fastify'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Hono } from 'hono'
import type { Context } from 'hono'
import type { Countersign } from 'countersign'
import { createHandler, isOwnRequest, toNodeListener } from 'countersign/http'
import type { Handler, HandlerOptions, HttpUser, NodeContext, Problem, SessionState, Verification } from 'countersign/http'

export function http(countersign: Countersign): void {
  const bare: Handler = createHandler(countersign, { user: () => null, onVerified: () => undefined })
  bare(new Request('https://example.com')) satisfies Promise<Response>
  createServer(toNodeListener(bare))

  // As the documentation has it: what the host's own request holds is any.
  const documented = createHandler(countersign, {
    user: (request, { req }) => req.session.user ?? null,
    onVerified: async (request, user, outcome, { req }) => {
      if (outcome.ok) req.session.user = { id: user.id, state: 'verified', at: outcome.at satisfies number }
      else if (outcome.reason === 'locked') req.session.user = null
    },
    onEnrolled: (request, user, enrolled, { req }) => req.log.info(user.id satisfies string, enrolled satisfies boolean),
    onError: (error, request, { req }) => req.log.error(error),
    required: (user, request, { req }) => user.admin === true || req.session.strict === true,
    admin: async (request, user, { action, target }, { req }) => {
      action satisfies 'listUsers' | 'getReport' | 'getUser' | 'unlockUser' | 'removeUserFactor' | 'requireUserEnrolment'
      target satisfies string | undefined
      return user.admin === true && (req.session.name as string)
    },
  })
  createServer(toNodeListener(documented))
  createServer((req, res) => void toNodeListener(documented)(req, res))
  new Hono().all('/countersign/*', (c) => documented(c.req.raw, c))
  createHandler(countersign, { user: () => ({ id: 'ann', state: 'verified', at: 0, name: null }), onVerified: () => undefined })

  const handler = createHandler<NodeContext<IncomingMessage, ServerResponse>>(countersign, {
    user: async (request, { req }) =>
      req.headers.cookie ? { id: 'ann', state: 'pending', at: Date.now(), session: request.url } : null,
    async onVerified(request, user, outcome, { res }) {
      user satisfies HttpUser
      outcome satisfies Verification
      // @ts-expect-error test ok first
      outcome.factor
      // @ts-expect-error nothing was proved
      outcome.at
      if (outcome.ok) outcome.factor?.type satisfies string | undefined
      if (outcome.ok && outcome.factor === null) outcome.removed?.by satisfies string | undefined
      if (outcome.ok) outcome.at satisfies number
      else if (outcome.reason === 'enrolment-required') outcome.at satisfies number
      else outcome.reason satisfies 'rejected' | 'malformed' | 'locked'
      if (outcome.purpose === 'step-up') res.setHeader('x', request.method)
      return { 'set-cookie': ['a=b', 'c=d'] }
    },
    onEnrolled: (request, user, enrolled) => void (enrolled satisfies boolean),
    required: (user) => user.admin === true,
    require: async (user) => (user.admin === true ? { phishingResistant: true } : null),
    freshSeconds: 60,
    bodySeconds: 10,
    basePath: '/2fa',
  })
  createServer(toNodeListener(handler))
  createServer((req) => isOwnRequest(req, { origins: ['https://example.com'] }) satisfies boolean)
  // @ts-expect-error whose page it may be
  isOwnRequest(new Request('https://example.com'))

  const onFastify = createHandler<NodeContext<FastifyRequest, FastifyReply>>(countersign, {
    user: (request, { req }) => (req.id === '1' ? null : undefined),
    onVerified: (request, user, outcome, { res }) => void res.header('x', user.id),
  })
  Fastify().all('/countersign/*', toNodeListener(onFastify))

  const onHono = createHandler<Context>(countersign, { user: (request, c) => c.get('user'), onVerified: () => undefined })
  new Hono().all('/countersign/*', (c) => onHono(c.req.raw, c))

  createHandler(countersign, { user: () => null, onVerified: () => undefined, passkeys: false })
  // @ts-expect-error who sends it is the host's to say
  createHandler(countersign, { onVerified: () => undefined })
  // @ts-expect-error and what becomes of it
  createHandler(countersign, { user: () => null })
  // @ts-expect-error misspelt
  createHandler(countersign, { user: () => null, onVerified: () => undefined, onVerifed: () => undefined })
  // @ts-expect-error not a state
  createHandler(countersign, { user: () => ({ id: 'ann', state: 'signed-in', at: 0 }), onVerified: () => undefined })
  // @ts-expect-error no time of a proof
  createHandler(countersign, { user: () => ({ id: 'ann', state: 'verified' }), onVerified: () => undefined })
  // @ts-expect-error a service
  createHandler({}, { user: () => null, onVerified: () => undefined })
}

export function page(session: SessionState, problem: Problem, options: HandlerOptions): void {
  // @ts-expect-error nobody is signed in
  session.mayEnrol
  session.passkeys satisfies boolean
  if (session.state === 'verified') session.fresh satisfies boolean
  if (problem.type === 'urn:countersign:problem:step-up-required') problem.status satisfies number
  // @ts-expect-error no such problem
  if (problem.type === 'urn:countersign:problem:other') void options
}
