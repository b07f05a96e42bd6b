// Node's own HTTP server: `PORT=3000 node examples/node-http.mjs`
import { createServer } from 'node:http'
import { Countersign } from 'countersign'
import { createHandler, isOwnRequest, toNodeListener } from 'countersign/http'
import { directoryStore } from 'countersign/stores'
import { checkPassword, setEnrolled } from './accounts.mjs'
import { findSession, renewSession } from './sessions.mjs'
import { afterVerified, signIn, signOut, userOf } from './sign-ins.mjs'

const port = Number(process.env.PORT ?? 3000)
const rp = { id: 'localhost', name: 'Example', origins: [`http://localhost:${port}`] }
const countersign = await Countersign.open({
  rp,
  store: directoryStore(process.env.VAR_DIR ?? 'var/examples', { create: true }),
})

const secondFactor = toNodeListener(
  createHandler(countersign, {
    user: (request, { req }) => userOf(findSession(req.headers.cookie)),
    onVerified(request, user, outcome, { req, res }) {
      const next = afterVerified(user, outcome)
      if (next !== undefined) res.setHeader('set-cookie', renewSession(req.headers.cookie, next))
    },
    onEnrolled: (request, user, enrolled) => setEnrolled(user.id, enrolled),
    required: (user) => user.admin,
  }),
)

const routes = {
  async '/password'(req, res) {
    const { name, password } = await readJson(req)
    const account = await checkPassword(name, password)
    if (!account) return res.writeHead(401).end()
    signOut(findSession(req.headers.cookie))
    res.writeHead(204, { 'set-cookie': renewSession(req.headers.cookie, signIn(account.id)) }).end()
  },
  async '/sign-out'(req, res) {
    signOut(findSession(req.headers.cookie))
    res.writeHead(204, { 'set-cookie': renewSession(req.headers.cookie) }).end()
  },
}

const server = createServer((req, res) => {
  if (req.url.startsWith('/countersign/')) return secondFactor(req, res)
  const route = req.method === 'POST' ? routes[req.url] : undefined
  if (!route) return res.writeHead(404).end()
  // These change the session too: only for our own pages, or another site could sign a browser in.
  if (!isOwnRequest(req, rp)) return res.writeHead(403).end()
  route(req, res).catch(() => res.writeHead(400).end())
})
server.listen(port, 'localhost', () => console.log(`http://localhost:${port}`))

async function readJson(req) {
  const chunks = []
  let size = 0
  for await (const chunk of req) {
    size += chunk.length
    if (size > 4096) throw new Error('too large')
    chunks.push(chunk)
  }
  const body = JSON.parse(Buffer.concat(chunks).toString())
  return typeof body === 'object' && body !== null ? body : {}
}
