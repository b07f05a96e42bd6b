// The example of an OpenID provider, run as it stands: what its ID tokens say of each way to sign in.
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto'

import test from 'ava'

import { TestAuthenticator, totpAt } from '../../facade/testing/index.js'
import { ExampleServer } from './example-server.js'
import { enrolKey } from './flow.js'
import { HttpClient } from './http-client.js'

const redirect = 'http://localhost:3001/callback'

test('an ID token has amr and acr of the sign-in, and no more than was proved', async (t) => {
  const server = await ExampleServer.start('oidc-provider.mjs')
  t.teardown(() => server.stop())
  const open = () => new HttpClient(server.origin, (request) => fetch(request, { redirect: 'manual' }))
  const browser = open()
  const key = new TestAuthenticator({ userVerified: true })

  // Without a factor the password is all there is.
  const first = await authorize(browser)
  t.regex((await browser.host('GET', first.interaction)).body, /<countersign-sign-in>/)
  t.is((await browser.host('POST', first.interaction)).status, 401)
  await password(browser)
  t.is((await browser.host('POST', first.interaction)).status, 401, 'the second factor is missing')
  t.deepEqual((await browser.post('/challenge')).body, { challenge: null })
  t.like(await first.finish(), { sub: '7d0f', amr: ['pwd'], acr: undefined })

  // With an app.
  const { enrolment, uri } = (await browser.post('/factors/totp')).body
  const code = totpAt(uri, server.now())
  t.true((await browser.post('/factors/totp/finish', { enrolment, code, description: 'app' })).body.ok)
  const byApp = await authorize(open())
  await password(byApp.browser)
  server.pass(30_000)
  const answer = { type: 'totp', code: totpAt(uri, server.now()) }
  t.like((await byApp.browser.post('/verify', { answer })).body, { ok: true, assurance: { level: 2 } })
  const before = Math.floor(server.now() / 1000)
  const token = await byApp.finish()
  t.like(token, { sub: '7d0f', amr: ['pwd', 'otp', 'mfa'], acr: undefined })
  t.true(Math.abs((token.auth_time as number) - before) <= 5)

  // A client that wants a phishing-resistant sign-in gets none from an app, whatever it asks for.
  const wanting = await authorize(byApp.browser, { acr_values: 'phr', prompt: 'login' })
  server.pass(2000)
  const refused = await byApp.browser.host('POST', wanting.interaction)
  t.is(refused.status, 403)
  t.like(refused.body, { type: 'urn:countersign:problem:step-up-required', phishingResistant: true })
  const { challenge } = (await byApp.browser.post('/challenge', { phishingResistant: true })).body
  t.deepEqual(Object.keys(challenge), ['id'], 'nothing to answer with')

  // With a key: the page asks for it, and for nothing else.
  server.pass(30_000)
  const again = { type: 'totp', code: totpAt(uri, server.now()) }
  t.true((await byApp.browser.post('/verify', { answer: again })).body.ok)
  t.true((await enrolKey(byApp.browser, key)).body.ok)
  t.is((await byApp.browser.host('POST', wanting.interaction)).status, 403, 'an enrolment proves nothing')
  const offered = (await byApp.browser.post('/challenge', { phishingResistant: true })).body.challenge
  t.deepEqual(Object.keys(offered).sort(), ['id', 'webauthn'])
  const signed = { type: 'webauthn', response: key.get(offered.webauthn, { origin: server.origin }) }
  t.true((await byApp.browser.post('/verify', { answer: signed })).body.ok)
  t.like(await wanting.finish(), { sub: '7d0f', amr: ['pwd', 'pop', 'user', 'mfa'], acr: 'phr' })
  t.like((await byApp.browser.get('/session')).body, { assurance: { level: 3, phishingResistant: true } })

  // The next request is not answered with that.
  server.pass(2000)
  const next = await authorize(byApp.browser, { prompt: 'login' })
  server.pass(2000)
  t.is((await byApp.browser.host('POST', next.interaction)).status, 403)

  async function password(client: HttpClient) {
    t.is((await client.password('ann', 'correct horse battery')).status, 204)
  }
})

type Claims = Record<string, unknown>

/** Begins the authorization code flow with PKCE; `finish` returns the claims of its ID token, whose signature is right. */
async function authorize(browser: HttpClient, more: Record<string, string> = {}) {
  const verifier = randomBytes(32).toString('base64url')
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  const nonce = randomBytes(8).toString('hex')
  const query = new URLSearchParams({
    client_id: 'example', response_type: 'code', scope: 'openid', redirect_uri: redirect, nonce,
    code_challenge: challenge, code_challenge_method: 'S256', ...more,
  })
  const interaction = await location(browser, `/auth?${query}`)
  async function finish(): Promise<Claims> {
    const { status, body } = await browser.host('POST', interaction)
    if (status !== 200) throw new Error(`the interaction ended with ${status}`)
    const resumed = new URL(body.next)
    const code = new URL(await location(browser, resumed.pathname), redirect).searchParams.get('code')!
    const form = new URLSearchParams({
      grant_type: 'authorization_code', client_id: 'example', code, redirect_uri: redirect, code_verifier: verifier,
    })
    const tokens = (await (await fetch(`${browser.origin}/token`, { method: 'POST', body: form })).json()) as { id_token: string }
    const claims = await claimsOf(tokens.id_token, browser.origin)
    if (claims.nonce !== nonce || claims.aud !== 'example') throw new Error('a token for somebody else')
    return claims
  }
  return { browser, interaction, finish }
}

/** Where a page sends the browser on to. */
async function location(browser: HttpClient, path: string): Promise<string> {
  const { headers, status, body } = await browser.host('GET', path)
  const found = headers.get('location')
  if (found === null) throw new Error(`no redirect, but ${status}: ${String(body).slice(0, 200)}`)
  return found.startsWith(browser.origin) ? found.slice(browser.origin.length) : found
}

async function claimsOf(token: string, origin: string): Promise<Claims> {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const { keys } = (await (await fetch(`${origin}/jwks`)).json()) as { keys: (JsonWebKey & { kid: string })[] }
  const { kid, alg } = JSON.parse(Buffer.from(header, 'base64url').toString())
  const jwk = keys.find((one) => one.kid === kid)
  const key = createPublicKey({ key: jwk as never, format: 'jwk' })
  const right = verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))
  if (alg !== 'RS256' || !right) throw new Error('the signature is wrong')
  return JSON.parse(Buffer.from(payload, 'base64url').toString())
}
