// A server for FIDO's conformance tool, with countersign/webauthn. It is for tests only, because it doesn't check who the user is:
// `ANCHORS=roots.pem PORT=3000 node examples/fido-conformance.mjs`
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { authenticationOptions, registrationOptions, verifyAuthentication, verifyRegistration } from 'countersign/webauthn'

const port = Number(process.env.PORT ?? 3000)
const rp = { id: 'localhost', name: 'FIDO conformance', origins: [`http://localhost:${port}`] }
const algorithms = [-7, -8, -35, -36, -257, -258, -259, -37, -38, -39]
const pem = process.env.ANCHORS ? readFileSync(process.env.ANCHORS, 'utf8') : ''
const trustAnchors = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []

/** User name to `{ id, credentials }`. */
const users = new Map()
/** Session cookie to the open ceremony and its options. */
const ceremonies = new Map()

const routes = {
  '/attestation/options'(body, begin) {
    const { username, displayName, attestation = 'none', authenticatorSelection = {}, extensions } = body
    const user = users.get(text(username)) ?? { id: randomBytes(32).toString('base64url'), credentials: [] }
    users.set(username, user)
    const { authenticatorAttachment, userVerification = 'preferred', requireResidentKey } = authenticatorSelection
    const { residentKey = requireResidentKey ? 'required' : 'discouraged' } = authenticatorSelection
    const options = registrationOptions({
      rp, user: { id: user.id, name: username, displayName: text(displayName) }, algorithms, attestation, residentKey, userVerification,
      excludeCredentials: user.credentials, ...(authenticatorAttachment && { authenticatorAttachment }),
    })
    begin({ type: 'attestation', user, challenge: options.challenge, attestation, userVerification })
    // The tool expects its own extensions back, also those that nobody else knows.
    return { ...options, ...(extensions && { extensions }) }
  },

  '/attestation/result'(body, _, begun) {
    const { user, challenge, attestation, userVerification } = begun('attestation')
    const verdict = verifyRegistration({
      response: body, challenge, rp, algorithms, attestation, userVerification, userHandle: user.id, trustAnchors,
      attestationPolicy: { fidoU2f: { zeroAaguid: true } },
    })
    if (!verdict.ok) throw new Failed(verdict.reason)
    if (user.credentials.some(({ id }) => id === verdict.credential.id)) throw new Failed('already-registered')
    user.credentials.push(verdict.credential)
    return {}
  },

  '/assertion/options'(body, begin) {
    const { username, userVerification = 'preferred', extensions } = body
    const user = users.get(text(username))
    if (!user || user.credentials.length === 0) throw new Failed('no such user')
    const options = authenticationOptions({ rp, allowCredentials: user.credentials, userVerification })
    begin({ type: 'assertion', user, challenge: options.challenge, userVerification })
    return { ...options, ...(extensions && { extensions }) }
  },

  '/assertion/result'(body, _, begun) {
    const { user, challenge, userVerification } = begun('assertion')
    const at = user.credentials.findIndex(({ id }) => id === body.id)
    if (at === -1) throw new Failed('no such credential')
    const credential = user.credentials[at]
    const verdict = verifyAuthentication({ response: body, challenge, rp, credential, userVerification })
    if (!verdict.ok) throw new Failed(verdict.reason)
    user.credentials[at] = verdict.credential
    return {}
  },
}

class Failed extends Error {}

function text(value) {
  if (typeof value !== 'string' || value === '') throw new Failed('a name is missing')
  return value
}

createServer(async (request, response) => {
  const route = request.method === 'POST' && Object.hasOwn(routes, request.url) ? routes[request.url] : undefined
  const session = /(?:^|; )session=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? randomBytes(32).toString('base64url')
  const begun = (type) => {
    const ceremony = ceremonies.get(session)
    // A challenge can be answered once.
    ceremonies.delete(session)
    if (ceremony?.type !== type) throw new Failed('no ceremony is open')
    return ceremony
  }
  const answer = (status, body) => {
    response.writeHead(status, {
      'content-type': 'application/json', 'set-cookie': `session=${session}; HttpOnly; SameSite=Lax; Path=/`,
    })
    response.end(JSON.stringify(body))
  }
  try {
    if (!route) throw new Failed('no such endpoint')
    const body = JSON.parse(await readBody(request))
    const result = route(Object(body), (ceremony) => ceremonies.set(session, ceremony), begun)
    answer(200, { status: 'ok', errorMessage: '', ...result })
  } catch (error) {
    // Malformed JSON, a wrong option, or a refusal: the tool only looks at the status.
    answer(400, { status: 'failed', errorMessage: error instanceof Failed ? error.message : 'malformed request' })
  }
}).listen(port, 'localhost', () => console.log(`http://localhost:${port}`))

async function readBody(request) {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk
    if (body.length > 100_000) throw new Failed('too large')
  }
  return body
}
