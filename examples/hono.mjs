// Hono, here on Node: `PORT=3000 node examples/hono.mjs`
import { serve } from '@hono/node-server'
import { Countersign } from 'countersign'
import { createHandler, isOwnRequest } from 'countersign/http'
import { directoryStore } from 'countersign/stores'
import { Hono } from 'hono'
import { checkPassword, setEnrolled } from './accounts.mjs'
import { readJson } from './read-json.mjs'
import { findSession, renewSession } from './sessions.mjs'
import { afterVerified, signIn, signOut, userOf } from './sign-ins.mjs'

const port = Number(process.env.PORT ?? 3000)
const rp = { id: 'localhost', name: 'Example', origins: [`http://localhost:${port}`] }
const countersign = await Countersign.open({
  rp,
  store: directoryStore(process.env.VAR_DIR ?? 'var/examples', { create: true }),
})

const handler = createHandler(countersign, {
  user: (request) => userOf(findSession(request.headers.get('cookie'))),
  onVerified(request, user, outcome) {
    const next = afterVerified(user, outcome)
    if (next !== undefined) return { 'set-cookie': renewSession(request.headers.get('cookie'), next) }
  },
  onEnrolled: (request, user, enrolled) => setEnrolled(user.id, enrolled),
  required: (user) => user.admin,
})

const app = new Hono()

app.all('/countersign/*', (c) => handler(c.req.raw, c))

// The routes of our own change the session too: only for our own pages, or another site could sign a browser in.
app.use(async (c, next) => {
  if (c.req.method !== 'GET' && !isOwnRequest(c.req.raw, rp)) return c.body(null, 403)
  await next()
})

app.post('/password', async (c) => {
  const { name, password } = await readJson(c.req.raw)
  const account = await checkPassword(name, password)
  if (!account) return c.body(null, 401)
  const cookies = c.req.header('cookie')
  signOut(findSession(cookies))
  return c.body(null, 204, { 'set-cookie': renewSession(cookies, signIn(account.id)) })
})

app.post('/sign-out', (c) => {
  const cookies = c.req.header('cookie')
  signOut(findSession(cookies))
  return c.body(null, 204, { 'set-cookie': renewSession(cookies) })
})

serve({ fetch: app.fetch, port, hostname: 'localhost' }, () => console.log(`http://localhost:${port}`))
