// Node's own HTTP server: `PORT=3000 node examples/node-http.mjs`
import { createServer } from 'node:http'
import { Countersign } from 'countersign'
import { createHandler, toNodeListener } from 'countersign/http'
import { directoryStore } from 'countersign/stores'
import { accountById, checkPassword, setEnrolled } from './accounts.mjs'
import { findSession, renewSession } from './sessions.mjs'

const port = Number(process.env.PORT ?? 3000)
const countersign = await Countersign.open({
  rp: { id: 'localhost', name: 'Example', origins: [`http://localhost:${port}`] },
  store: directoryStore(process.env.VAR_DIR ?? 'var/examples', { create: true }),
})

const secondFactor = toNodeListener(
  createHandler(countersign, {
    user(request, { req }) {
      const found = findSession(req.headers.cookie)
      if (!found) return null
      const { name, enrolled, admin } = accountById(found.id)
      return { ...found, name, enrolled, admin }
    },
    onVerified(request, user, outcome, { req, res }) {
      const verified = { id: user.id, state: 'verified', at: Date.now() }
      if (outcome.ok) res.setHeader('set-cookie', renewSession(req.headers.cookie, verified))
      else if (outcome.reason === 'locked' && user.state === 'pending') {
        res.setHeader('set-cookie', renewSession(req.headers.cookie))
      }
    },
    onEnrolled: (request, user, enrolled) => setEnrolled(user.id, enrolled),
    required: (user) => user.admin,
  }),
)

const routes = {
  async '/password'(req, res) {
    const { name, password } = await readJson(req)
    const account = checkPassword(name, password)
    if (!account) return res.writeHead(401).end()
    const pending = { id: account.id, state: 'pending', at: Date.now() }
    res.writeHead(204, { 'set-cookie': renewSession(req.headers.cookie, pending) }).end()
  },
  async '/sign-out'(req, res) {
    res.writeHead(204, { 'set-cookie': renewSession(req.headers.cookie) }).end()
  },
}

const server = createServer((req, res) => {
  if (req.url.startsWith('/countersign/')) return secondFactor(req, res)
  const route = req.method === 'POST' ? routes[req.url] : undefined
  if (!route) return res.writeHead(404).end()
  route(req, res).catch(() => res.writeHead(400).end())
})
server.listen(port, 'localhost', () => console.log(`http://localhost:${port}`))

async function readJson(req) {
  let text = ''
  for await (const chunk of req) {
    text += chunk
    if (text.length > 4096) throw new Error('too large')
  }
  return JSON.parse(text)
}
