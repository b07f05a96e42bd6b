// Express 5 with express-session: `PORT=3000 node examples/express.mjs`
import { randomBytes } from 'node:crypto'
import { Countersign } from 'countersign'
import { toNodeListener, wellKnown, wellKnownPaths } from 'countersign/http'
import { ownRequests, requireSecondFactor, secondFactor } from 'countersign/http/express'
import { expressSessions } from 'countersign/http/express-session'
import { directoryStore } from 'countersign/stores'
import express from 'express'
import session from 'express-session'
import { accountById, checkPassword, setEnrolled } from './accounts.mjs'

const port = Number(process.env.PORT ?? 3000)
const rp = { id: 'localhost', name: 'Example', origins: [`http://localhost:${port}`] }
const countersign = await Countersign.open({
  rp,
  store: directoryStore(process.env.VAR_DIR ?? 'var/examples', { create: true }),
})

const sessions = expressSessions(countersign, {
  account: accountById,
  onEnrolled: setEnrolled,
  required: (user) => user.admin,
})

const app = express()
const cookie = { httpOnly: true, sameSite: 'strict' } // and `secure: true` behind HTTPS
const secret = process.env.SESSION_SECRET ?? randomBytes(32).toString('hex')
app.use(session({ secret, resave: false, saveUninitialized: false, cookie })) // and a `store` that all processes share

// Before any body parser: the API reads its own bodies, and answers malformed JSON itself.
secondFactor(app, sessions)

// Browsers and password managers look here for the page where passkeys are managed.
app.get(wellKnownPaths, toNodeListener(wellKnown({ rp, manage: `${rp.origins[0]}/account` })))

// Without `ownRequests`, a page of another site could sign a browser in as someone else.
app.post('/password', ownRequests(), express.json({ limit: '4kb' }), async (req, res) => {
  const account = await checkPassword(req.body?.name, req.body?.password)
  if (!account) return res.sendStatus(401)
  await req.secondFactor.signIn(account.id)
  res.sendStatus(204)
})

app.post('/sign-out', ownRequests(), async (req, res) => {
  await req.secondFactor.signOut()
  res.sendStatus(204)
})

app.get('/orders', requireSecondFactor(), (req, res) => res.json([{ id: 1 }]))

app.post('/refunds', ownRequests(), requireSecondFactor({ within: 300 }), (req, res) => res.json({ refunded: 1 }))

// Answers a body that the parser refused with its status alone. Express would send an HTML page and log the body.
app.use((error, req, res, next) => (res.headersSent ? next(error) : res.sendStatus(error.status ?? 500)))

app.listen(port, 'localhost', () => console.log(`http://localhost:${port}`))
