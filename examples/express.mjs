// Express 5 with express-session: `PORT=3000 node examples/express.mjs`
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { Countersign } from 'countersign'
import { createHandler, isOwnRequest, toNodeListener } from 'countersign/http'
import { directoryStore } from 'countersign/stores'
import express from 'express'
import session from 'express-session'
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
  user: (request, { req }) => userOf(req.session.user),
  async onVerified(request, user, outcome, { req }) {
    const next = afterVerified(user, outcome)
    if (next !== undefined) await renew(req, next)
  },
  onEnrolled: (request, user, enrolled) => setEnrolled(user.id, enrolled),
  required: (user) => user.admin,
})

const app = express()
const cookie = { httpOnly: true, sameSite: 'strict' } // and `secure: true` behind HTTPS
const secret = process.env.SESSION_SECRET ?? randomBytes(32).toString('hex')
app.use(session({ secret, resave: false, saveUninitialized: false, cookie }))

// Before any body parser: the handler reads its bodies itself, and answers those that are no JSON.
app.use('/countersign', toNodeListener(handler))

// The routes of our own change the session too: only for our own pages, or another site could sign a browser in.
app.use((req, res, next) => (req.method === 'GET' || isOwnRequest(req, rp) ? next() : res.sendStatus(403)))
app.use(express.json({ limit: '4kb' }))

app.post('/password', async (req, res) => {
  const account = await checkPassword(req.body?.name, req.body?.password)
  if (!account) return res.sendStatus(401)
  signOut(req.session.user)
  await renew(req, signIn(account.id))
  res.sendStatus(204)
})

app.post('/sign-out', async (req, res) => {
  signOut(req.session.user)
  await renew(req, null)
  res.sendStatus(204)
})

// What a parser refuses, without a page of it or a word in the log.
app.use((error, req, res, next) => (res.headersSent ? next(error) : res.sendStatus(error.status ?? 500)))

app.listen(port, 'localhost', () => console.log(`http://localhost:${port}`))

/** A new session id at each step, so that nobody rides on the one before: for a minute that one can still sign out. */
async function renew(req, user) {
  const { sessionID: before, sessionStore: store } = req
  const known = req.session.user !== undefined
  await promisify(req.session.regenerate).call(req.session)
  if (user) req.session.user = user
  if (!user || !known) return
  const cookie = { ...req.session.cookie.toJSON(), originalMaxAge: minute, expires: new Date(Date.now() + minute) }
  await promisify(store.set).call(store, before, { cookie, user: replaced(user) })
}
