// Fastify 5 with @fastify/session: `PORT=3000 node examples/fastify.mjs`
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import { Countersign } from 'countersign'
import { createHandler, isOwnRequest, toNodeListener } from 'countersign/http'
import { directoryStore } from 'countersign/stores'
import Fastify from 'fastify'
import { checkPassword, setEnrolled } from './accounts.mjs'
import { afterVerified, replaced, signIn, signOut, userOf } from './sign-ins.mjs'

const minute = 60_000
const port = Number(process.env.PORT ?? 3000)
const rp = { id: 'localhost', name: 'Example', origins: [`http://localhost:${port}`] }
const countersign = await Countersign.open({
  rp,
  store: directoryStore(process.env.VAR_DIR ?? 'var/examples', { create: true }),
})

const handler = createHandler(countersign, {
  user: (request, { req }) => userOf(req.session.get('user')),
  async onVerified(request, user, outcome, { req }) {
    const next = afterVerified(user, outcome)
    if (next !== undefined) await renew(req, next)
  },
  onEnrolled: (request, user, enrolled) => setEnrolled(user.id, enrolled),
  onError: (error, request, { req }) => req.log.error(error),
  required: (user) => user.admin,
})

const app = Fastify({ logger: { level: 'error' } })
await app.register(cookie)
await app.register(session, {
  secret: process.env.SESSION_SECRET ?? randomBytes(32).toString('hex'),
  saveUninitialized: false,
  rolling: false, // or an answer to a late request would bring back the cookie that another one has replaced
  cookie: { httpOnly: true, sameSite: 'strict', secure: false }, // `secure: true` behind HTTPS
})

app.all('/countersign/*', toNodeListener(handler))

// The routes of our own change the session too: only for our own pages, or another site could sign a browser in.
const onRequest = async (request, reply) => (isOwnRequest(request, rp) ? undefined : reply.code(403).send())

app.post('/password', { onRequest, bodyLimit: 4096 }, async (request, reply) => {
  const account = await checkPassword(request.body?.name, request.body?.password)
  if (!account) return reply.code(401).send()
  signOut(request.session.get('user'))
  await renew(request, signIn(account.id))
  return reply.code(204).send()
})

app.post('/sign-out', { onRequest }, async (request, reply) => {
  signOut(request.session.get('user'))
  await renew(request, null)
  return reply.code(204).send()
})

await app.listen({ port, host: 'localhost' })
console.log(`http://localhost:${port}`)

/** A new session id at each step, so that nobody rides on the one before: for a minute that one can still sign out. */
async function renew(request, user) {
  const { sessionStore: store } = request
  const { sessionId: before } = request.session
  const known = request.session.get('user') !== undefined
  await request.session.regenerate()
  if (user) request.session.set('user', user)
  if (!user || !known) return
  const cookie = { ...request.session.cookie.toJSON(), originalMaxAge: minute, expires: new Date(Date.now() + minute) }
  await promisify(store.set).call(store, before, { cookie, user: replaced(user) })
}
