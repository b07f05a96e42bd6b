// What the types of sessions allow, and what they refuse.
import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { Context } from 'hono'
import type { Countersign } from 'countersign'
import { expressSessions } from 'countersign/http/express-session'
import { fastifySessions } from 'countersign/http/fastify-session'
import { toNodeListener } from 'countersign/http'
import type { HttpUser } from 'countersign/http'
import { createSessions } from 'countersign/http/session'
import type { ListedSession, SessionAccount, SessionChange } from 'countersign/http/session'
import { memorySessions } from 'countersign/stores'
import type { SessionStore } from 'countersign/stores'
import { postgresSessions } from 'countersign/stores/postgres'
import { redisSessions } from 'countersign/stores/redis'
import { sqliteSessions } from 'countersign/stores/sqlite'
import { sessionStoreTests } from 'countersign/testing'

export async function sessions(countersign: Countersign, pool: import('pg').Pool, redis: import('ioredis').Redis) {
  const account = (id: string): SessionAccount | undefined => (id === 'ann' ? { enrolled: true, name: null } : undefined)
  const stores: SessionStore[] = [memorySessions(), postgresSessions(pool), redisSessions(redis), sqliteSessions('x.db')]
  const own = createSessions(countersign, { store: stores[0]!, account, onEnrolled: (id, enrolled) => void [id satisfies string, enrolled satisfies boolean] })
  const signedIn: SessionChange = await own.signIn(new Request('https://example.com'), 'ann')
  // @ts-expect-error test ok first
  signedIn.reason
  new Response(null, signedIn.ok ? { headers: signedIn.headers } : { status: 403 })
  ;(await own.user({} as IncomingMessage)) satisfies HttpUser | null
  ;(await own.list({} as Context['req']['raw'])) satisfies ListedSession[]
  own.handler(new Request('https://example.com')) satisfies Promise<Response>

  // An account of the host has members of its own.
  const accounts = new Map<string, { id: string; password: string; enrolled: boolean; name: string }>()
  const express = expressSessions(countersign, { account: (id) => accounts.get(id), required: (user) => user.admin === true })
  toNodeListener(express.handler)
  express.isOwn({} as IncomingMessage) satisfies boolean
  const fastify = fastifySessions(countersign, { account: async (id) => accounts.get(id) ?? null, pendingSeconds: 60 })
  await fastify.signOut({} as FastifyRequest)

  for (const { run } of sessionStoreTests) await run(() => stores[0]!)
  // @ts-expect-error who they are is the host's to say
  createSessions(countersign, { store: stores[0]! })
  // @ts-expect-error where they are kept
  createSessions(countersign, { account })
  // @ts-expect-error the sessions do that
  expressSessions(countersign, { account, user: () => null })
  // @ts-expect-error a number is no flag
  expressSessions(countersign, { account: () => ({ enrolled: 1 }) })
}
