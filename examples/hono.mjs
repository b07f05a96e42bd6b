// Hono on Node: `PORT=3000 node examples/hono.mjs`
import { serve } from '@hono/node-server'
import { Countersign } from 'countersign'
import { wellKnown } from 'countersign/http'
import { ownRequests, requireSecondFactor, secondFactor } from 'countersign/http/hono'
import { createSessions } from 'countersign/http/session'
import { directoryStore, memorySessions } from 'countersign/stores'
import { Hono } from 'hono'
import { accountById, checkPassword, setEnrolled } from './accounts.mjs'
import { readJson } from './read-json.mjs'

const port = Number(process.env.PORT ?? 3000)
const rp = { id: 'localhost', name: 'Example', origins: [`http://localhost:${port}`] }
const countersign = await Countersign.open({
  rp,
  store: directoryStore(process.env.VAR_DIR ?? 'var/examples', { create: true }),
})

const sessions = createSessions(countersign, {
  store: memorySessions(), // with more than one process: postgresSessions(pool) or redisSessions(client)
  account: accountById,
  onEnrolled: setEnrolled,
  required: (user) => user.admin,
})

const app = new Hono()

secondFactor(app, sessions)

// Browsers and password managers look here for the page where passkeys are managed.
const passkeyPages = wellKnown({ rp, manage: `${rp.origins[0]}/account` })
app.get('/.well-known/*', (c) => passkeyPages(c.req.raw))

// Without `ownRequests`, a page of another site could sign a browser in as someone else.
app.post('/password', ownRequests(), async (c) => {
  const { name, password } = await readJson(c.req.raw)
  const account = await checkPassword(name, password)
  if (!account) return c.body(null, 401)
  await c.var.secondFactor.signIn(account.id)
  return c.body(null, 204)
})

app.post('/sign-out', ownRequests(), async (c) => {
  await c.var.secondFactor.signOut()
  return c.body(null, 204)
})

app.get('/orders', requireSecondFactor(), (c) => c.json([{ id: 1 }]))

app.post('/refunds', ownRequests(), requireSecondFactor({ within: 300 }), (c) => c.json({ refunded: 1 }))

serve({ fetch: app.fetch, port, hostname: 'localhost' }, () => console.log(`http://localhost:${port}`))
