// Express 5 with express-session: `PORT=3000 node examples/express.mjs`
import { randomBytes } from 'node:crypto'
import { Countersign } from 'countersign'
import { createHandler, toNodeListener } from 'countersign/http'
import { directoryStore } from 'countersign/stores'
import express from 'express'
import session from 'express-session'
import { accountById, checkPassword, setEnrolled } from './accounts.mjs'

const port = Number(process.env.PORT ?? 3000)
const countersign = await Countersign.open({
  rp: { id: 'localhost', name: 'Example', origins: [`http://localhost:${port}`] },
  store: directoryStore(process.env.VAR_DIR ?? 'var/examples', { create: true }),
})

const handler = createHandler(countersign, {
  user(request, { req }) {
    const { user } = req.session
    if (!user) return null
    const { name, enrolled, admin } = accountById(user.id)
    return { ...user, session: req.sessionID, name, enrolled, admin }
  },
  async onVerified(request, user, outcome, { req }) {
    if (outcome.ok) await renew(req, { id: user.id, state: 'verified', at: Date.now() })
    else if (outcome.reason === 'locked' && user.state === 'pending') await renew(req)
  },
  onEnrolled: (request, user, enrolled) => setEnrolled(user.id, enrolled),
  required: (user) => user.admin,
})

const app = express()
const cookie = { httpOnly: true, sameSite: 'strict' } // and `secure: true` behind HTTPS
const secret = process.env.SESSION_SECRET ?? randomBytes(32).toString('hex')
app.use(express.json(), session({ secret, resave: false, saveUninitialized: false, cookie }))

app.post('/password', async (req, res) => {
  const account = checkPassword(req.body?.name, req.body?.password)
  if (!account) return res.sendStatus(401)
  await renew(req, { id: account.id, state: 'pending', at: Date.now() })
  res.sendStatus(204)
})

app.post('/sign-out', async (req, res) => {
  await renew(req)
  res.sendStatus(204)
})

app.use('/countersign', toNodeListener(handler))

app.listen(port, 'localhost', () => console.log(`http://localhost:${port}`))

/** A new session id at each step, so that nobody rides on the one before. */
function renew(req, user) {
  return new Promise((resolve, reject) => {
    req.session.regenerate((error) => {
      if (error) return reject(error)
      if (user) req.session.user = user
      resolve()
    })
  })
}
