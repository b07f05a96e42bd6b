// node:http: `PORT=3000 node examples/node-http.mjs`
import { createServer } from 'node:http'
import { Countersign } from 'countersign'
import { toNodeListener, wellKnown } from 'countersign/http'
import { createSessions } from 'countersign/http/session'
import { directoryStore, memorySessions } from 'countersign/stores'
import { accountById, checkPassword, setEnrolled } from './accounts.mjs'

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
const secondFactor = toNodeListener(sessions.handler)
// Browsers and password managers look here for the page where passkeys are managed.
const passkeyPages = toNodeListener(wellKnown({ rp, manage: `${rp.origins[0]}/account` }))

const routes = {
  async '/password'(req, res) {
    const { name, password } = await readJson(req)
    const account = await checkPassword(name, password)
    if (!account) return res.writeHead(401).end()
    const { headers } = await sessions.signIn(req, account.id)
    res.writeHead(204, headers).end()
  },
  async '/sign-out'(req, res) {
    const { headers } = await sessions.signOut(req)
    res.writeHead(204, headers).end()
  },
}

const server = createServer((req, res) => {
  if (req.url.startsWith('/countersign/')) return secondFactor(req, res)
  if (req.url.startsWith('/.well-known/')) return passkeyPages(req, res)
  const route = req.method === 'POST' ? routes[req.url] : undefined
  if (!route) return res.writeHead(404).end()
  // The routes below change the session. Without this check, a page of another site could sign a browser in as someone else.
  if (!sessions.isOwn(req)) return res.writeHead(403).end()
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
