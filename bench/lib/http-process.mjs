// A server of second factors, asked over its channel what CPU it has used.
//
// node bench/lib/http-server.mjs handler|plain|json USERS
//
// `handler` is `countersign/http` under `toNodeListener`, `plain` makes the same calls in a listener of `node:http`, and
// `json` does nothing but read a body and answer one.
import { createServer } from 'node:http'

import { Countersign } from 'countersign'
import { createHandler, toNodeListener } from 'countersign/http'
import { memoryStore } from 'countersign/stores'

import { fill, rp } from './population.mjs'

const [kind, users] = process.argv.slice(2)
let ahead = 0
const now = () => Date.now() + ahead
const store = memoryStore()
const service = await Countersign.open({ rp, store, now })

const server = createServer({ handler, plain, json }[kind]())
server.keepAliveTimeout = 600_000
process.on('message', async (message) => {
  if (message.template) {
    await fill(store, message.template, Number(users))
    server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
  } else {
    if (message.ahead) ahead += message.ahead
    process.send({ cpu: process.cpuUsage() })
  }
})
process.once('disconnect', () => process.exit())

/** Who signs in, as a session would say. */
function userOf(headers) {
  return { id: headers['x-user'], state: 'pending', at: now(), session: headers['x-session'], enrolled: true }
}

function handler() {
  return toNodeListener(
    createHandler(service, {
      user: (request, { req }) => userOf(req.headers),
      onVerified: () => ({ 'set-cookie': 'session=new; HttpOnly' }),
      onError: (error) => console.error(error),
    }),
  )
}

function plain() {
  return async (req, res) => {
    try {
      if (req.headers.origin !== rp.origins[0]) return res.writeHead(403).end()
      if (req.headers['content-type'] !== 'application/json') return res.writeHead(415).end()
      const body = JSON.parse(await read(req))
      const { id, session, enrolled } = userOf(req.headers)
      const options = { purpose: 'sign-in', session }
      if (req.url === '/countersign/challenge') {
        return send(res, { challenge: await service.challenge(id, { ...options, enrolled }) })
      }
      if (req.url !== '/countersign/verify') return res.writeHead(404).end()
      const outcome = await service.verify(id, body.answer, options)
      if (!outcome.ok) return res.writeHead(403).end()
      res.setHeader('set-cookie', 'session=new; HttpOnly')
      send(res, outcome)
    } catch (error) {
      console.error(error)
      res.writeHead(500).end()
    }
  }
}

function json() {
  const challenge = { challenge: { id: 'x'.repeat(43), totp: true, webauthn: { challenge: 'x'.repeat(43), rpId: rp.id, allowCredentials: [] } } }
  return async (req, res) => {
    JSON.parse(await read(req))
    send(res, req.url === '/countersign/challenge' ? challenge : { ok: true })
  }
}

function send(res, value) {
  const body = JSON.stringify(value)
  res.setHeader('cache-control', 'no-store')
  res.setHeader('content-type', 'application/json')
  res.setHeader('x-content-type-options', 'nosniff')
  res.setHeader('content-length', Buffer.byteLength(body))
  res.end(body)
}

async function read(req) {
  const chunks = []
  let size = 0
  for await (const chunk of req) {
    size += chunk.length
    if (size > 65_536) throw new Error('too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
