// What the types of the frameworks' plugins allow, and what they refuse.
import Fastify from 'fastify'
import { Hono } from 'hono'
import type { AnyRequest, Sessions } from 'countersign/http/session'
import { ownRequests, requireSecondFactor, secondFactor } from 'countersign/http/express'
import type { SecondFactor } from 'countersign/http/express'
import * as fastify from 'countersign/http/fastify'
import * as hono from 'countersign/http/hono'

export async function frameworks(sessions: Sessions<AnyRequest>) {
  const app = Fastify()
  await app.register(fastify.secondFactor, { sessions })
  // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Fastify waits for it
  app.get('/orders', { preHandler: fastify.requireSecondFactor({ within: 300 }) }, async (request) => {
    request.secondFactor satisfies SecondFactor
    const checked = await request.secondFactor.check()
    return checked.ok ? checked.user.name : checked.reason satisfies string
  })
  app.post('/password', { onRequest: fastify.ownRequests() }, async ({ secondFactor }) => (await secondFactor.signIn('ann')).ok)
  // @ts-expect-error without sessions
  await app.register(fastify.secondFactor, {})

  const honoApp = new Hono()
  hono.secondFactor(honoApp, sessions)
  hono.secondFactor(new Hono<{ Bindings: { a: string } }>(), sessions)
  honoApp.get('/orders', hono.requireSecondFactor({ redirect: '/sign-in' }), async (c) => c.json(await c.var.secondFactor.user()))
  honoApp.post('/password', hono.ownRequests(), async (c) => c.json(await c.get('secondFactor').signOut()))

  const express = { use: (_path: string, _handle: (req: never, res: never, next: () => void) => unknown) => undefined }
  secondFactor(express, sessions)
  const guards = [ownRequests(), requireSecondFactor({ within: 60 })]
  guards.length satisfies number
  ;({} as Express.Request).secondFactor satisfies SecondFactor
  // @ts-expect-error misspelt
  requireSecondFactor({ witin: 60 })
  // @ts-expect-error text
  hono.requireSecondFactor({ within: '60' })
}
