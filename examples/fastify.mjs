// Fastify 5 with @fastify/session: `PORT=3000 node examples/fastify.mjs`
import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import { Countersign } from 'countersign'
import { createHandler, toNodeListener } from 'countersign/http'
import { directoryStore } from 'countersign/stores'
import Fastify from 'fastify'
import { accountById, checkPassword, setEnrolled } from './accounts.mjs'

const port = Number(process.env.PORT ?? 3000)
const countersign = await Countersign.open({
  rp: { id: 'localhost', name: 'Example', origins: [`http://localhost:${port}`] },
  store: directoryStore(process.env.VAR_DIR ?? 'var/examples', { create: true }),
})

const handler = createHandler(countersign, {
  user(request, { req }) {
    const user = req.session.get('user')
    if (!user) return null
    const { name, enrolled, admin } = accountById(user.id)
    return { ...user, session: req.session.sessionId, name, enrolled, admin }
  },
  async onVerified(request, user, outcome, { req }) {
    if (outcome.ok) await renew(req, { id: user.id, state: 'verified', at: Date.now() })
    else if (outcome.reason === 'locked' && user.state === 'pending') await renew(req)
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
  cookie: { httpOnly: true, sameSite: 'strict', secure: false }, // `secure: true` behind HTTPS
})

app.post('/password', async (request, reply) => {
  const account = checkPassword(request.body?.name, request.body?.password)
  if (!account) return reply.code(401).send()
  await renew(request, { id: account.id, state: 'pending', at: Date.now() })
  return reply.code(204).send()
})

app.post('/sign-out', async (request, reply) => {
  await renew(request)
  return reply.code(204).send()
})

app.all('/countersign/*', toNodeListener(handler))

await app.listen({ port, host: 'localhost' })
console.log(`http://localhost:${port}`)

/** A new session id at each step, so that nobody rides on the one before. */
async function renew(request, user) {
  await request.session.regenerate()
  if (user) request.session.set('user', user)
}
