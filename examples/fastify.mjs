// Fastify 5 with @fastify/session: `PORT=3000 node examples/fastify.mjs`
import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import { Countersign } from 'countersign'
import { toNodeListener, wellKnown, wellKnownPaths } from 'countersign/http'
import { ownRequests, requireSecondFactor, secondFactor } from 'countersign/http/fastify'
import { fastifySessions } from 'countersign/http/fastify-session'
import { directoryStore } from 'countersign/stores'
import Fastify from 'fastify'
import { accountById, checkPassword, setEnrolled } from './accounts.mjs'

const port = Number(process.env.PORT ?? 3000)
const rp = { id: 'localhost', name: 'Example', origins: [`http://localhost:${port}`] }
const countersign = await Countersign.open({
  rp,
  store: directoryStore(process.env.VAR_DIR ?? 'var/examples', { create: true }),
})

const sessions = fastifySessions(countersign, {
  account: accountById,
  onEnrolled: setEnrolled,
  onError: (error, request, { req }) => req.log.error(error),
  required: (user) => user.admin,
})

const app = Fastify({ logger: { level: 'error' } })
await app.register(cookie)
await app.register(session, {
  secret: process.env.SESSION_SECRET ?? randomBytes(32).toString('hex'),
  saveUninitialized: false,
  rolling: false, // otherwise a late answer would bring back a cookie that another answer has replaced
  cookie: { httpOnly: true, sameSite: 'strict', secure: false }, // `secure: true` behind HTTPS
})

await app.register(secondFactor, { sessions })

// Browsers and password managers look here for the page where passkeys are managed.
const passkeyPages = toNodeListener(wellKnown({ rp, manage: `${rp.origins[0]}/account` }))
for (const path of wellKnownPaths) app.get(path, passkeyPages)

// Without `ownRequests`, a page of another site could sign a browser in as someone else.
app.post('/password', { onRequest: ownRequests(), bodyLimit: 4096 }, async (request, reply) => {
  const account = await checkPassword(request.body?.name, request.body?.password)
  if (!account) return reply.code(401).send()
  await request.secondFactor.signIn(account.id)
  return reply.code(204).send()
})

app.post('/sign-out', { onRequest: ownRequests() }, async (request, reply) => {
  await request.secondFactor.signOut()
  return reply.code(204).send()
})

app.get('/orders', { preHandler: requireSecondFactor() }, async () => [{ id: 1 }])

const guards = { onRequest: ownRequests(), preHandler: requireSecondFactor({ within: 300 }) }
app.post('/refunds', guards, async () => ({ refunded: 1 }))

await app.listen({ port, host: 'localhost' })
console.log(`http://localhost:${port}`)
