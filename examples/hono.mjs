// Hono, here on Node: `PORT=3000 node examples/hono.mjs`
import { serve } from '@hono/node-server'
import { Countersign } from 'countersign'
import { createHandler } from 'countersign/http'
import { directoryStore } from 'countersign/stores'
import { Hono } from 'hono'
import { accountById, checkPassword, setEnrolled } from './accounts.mjs'
import { findSession, renewSession } from './sessions.mjs'

const port = Number(process.env.PORT ?? 3000)
const countersign = await Countersign.open({
  rp: { id: 'localhost', name: 'Example', origins: [`http://localhost:${port}`] },
  store: directoryStore(process.env.VAR_DIR ?? 'var/examples', { create: true }),
})

const handler = createHandler(countersign, {
  user(request) {
    const found = findSession(request.headers.get('cookie'))
    if (!found) return null
    const { name, enrolled, admin } = accountById(found.id)
    return { ...found, name, enrolled, admin }
  },
  onVerified(request, user, outcome) {
    const cookies = request.headers.get('cookie')
    const verified = { id: user.id, state: 'verified', at: Date.now() }
    if (outcome.ok) return { 'set-cookie': renewSession(cookies, verified) }
    if (outcome.reason === 'locked' && user.state === 'pending') return { 'set-cookie': renewSession(cookies) }
  },
  onEnrolled: (request, user, enrolled) => setEnrolled(user.id, enrolled),
  required: (user) => user.admin,
})

const app = new Hono()

app.post('/password', async (c) => {
  const { name, password } = await c.req.json()
  const account = checkPassword(name, password)
  if (!account) return c.body(null, 401)
  const pending = { id: account.id, state: 'pending', at: Date.now() }
  return c.body(null, 204, { 'set-cookie': renewSession(c.req.header('cookie'), pending) })
})

app.post('/sign-out', (c) => c.body(null, 204, { 'set-cookie': renewSession(c.req.header('cookie')) }))

app.all('/countersign/*', (c) => handler(c.req.raw, c))

serve({ fetch: app.fetch, port, hostname: 'localhost' }, () => console.log(`http://localhost:${port}`))
