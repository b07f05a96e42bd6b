// An OpenID provider (oidc-provider) that tells its clients how users signed in: `PORT=3000 node examples/oidc-provider.mjs`
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { acrOf, Countersign } from 'countersign'
import { requireFresh } from 'countersign/http'
import { ownRequests, secondFactor } from 'countersign/http/express'
import { createSessions } from 'countersign/http/session'
import { directoryStore, memorySessions } from 'countersign/stores'
import express from 'express'
import { Provider } from 'oidc-provider'
import { accountById, checkPassword, setEnrolled } from './accounts.mjs'

const port = Number(process.env.PORT ?? 3000)
const origin = `http://localhost:${port}`
const countersign = await Countersign.open({
  rp: { id: 'localhost', name: 'Example', origins: [origin] },
  store: directoryStore(process.env.VAR_DIR ?? 'var/examples', { create: true }),
})
const sessions = createSessions(countersign, {
  store: memorySessions(), // with more than one process: postgresSessions(pool) or redisSessions(client)
  account: accountById,
  onEnrolled: setEnrolled,
})

const provider = new Provider(origin, {
  clients: [
    {
      client_id: 'example',
      token_endpoint_auth_method: 'none', // with PKCE
      redirect_uris: [process.env.REDIRECT_URI ?? 'http://localhost:3001/callback'],
    },
  ],
  // A real provider stores these keys, and uses a database adapter.
  jwks: { keys: [generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })] },
  cookies: { keys: [randomBytes(32).toString('base64url')] },
  features: { devInteractions: { enabled: false } },
  acrValues: ['phr', 'phrh'],
  claims: { openid: ['sub', 'acr', 'amr', 'auth_time'] },
  findAccount: (_ctx, id) => accountById(id) && { accountId: id, claims: () => ({ sub: id }) },
  interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
  // Our own clients need no consent.
  async loadExistingGrant({ oidc }) {
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId })
    grant.addOIDCScope('openid')
    await grant.save()
    return grant
  },
})

const app = express()
secondFactor(app, sessions)
app.use('/modules', express.static(fileURLToPath(new URL('..', import.meta.resolve('countersign/browser/ui')))))

app.post('/password', ownRequests(), express.json(), async (req, res) => {
  const { name, password } = req.body ?? {}
  const account = await checkPassword(name, password)
  if (!account) return res.sendStatus(401)
  await req.secondFactor.signIn(account.id, { firstFactor: ['pwd'] })
  return res.sendStatus(204)
})

app.get('/interaction/:uid', (_req, res) => res.type('html').send(page))

app.post('/interaction/:uid', ownRequests(), async (req, res) => {
  const { params, iat } = await provider.interactionDetails(req, res)
  // The proof must be newer than the client's request (see also RFC 9470).
  const within = Math.max(1, Math.ceil(Date.now() / 1000 - iat))
  const phishingResistant = /(?:^| )phrh?(?: |$)/.test(params.acr_values ?? '')
  const user = await req.secondFactor.user()
  const refusal = requireFresh(user, { within, phishingResistant })
  if (refusal) return res.status(refusal.status).type(refusal.headers.get('content-type')).send(await refusal.text())
  const { amr, at } = user.assurance
  // Says what was proved, not what the client asked for.
  const login = { accountId: user.id, acr: acrOf(user.assurance), amr, ts: Math.floor(at / 1000) }
  return res.json({ next: await provider.interactionResult(req, res, { login }, { mergeWithLastSubmission: false }) })
})

app.use(provider.callback())
app.listen(port, 'localhost', () => console.log(origin))

const page = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sign in</title>
<form><label>Name <input name="name" autocomplete="username webauthn"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label><button>Sign in</button></form>
<countersign-sign-in></countersign-sign-in>
<script type="importmap">{ "imports": { "countersign/browser/ui": "/modules/ui/index.js" } }</script>
<script type="module">
  import { fetchWithStepUp } from 'countersign/browser/ui'
  const headers = { 'content-type': 'application/json' }
  const [form, signIn] = [document.querySelector('form'), document.querySelector('countersign-sign-in')]
  const finish = async () => {
    const response = await fetchWithStepUp(location.pathname, { method: 'POST', headers, body: '{}' })
    if (response.ok) location.assign((await response.json()).next)
  }
  signIn.addEventListener('countersign-state', ({ detail }) => {
    form.hidden = detail.state !== 'none'
    if (detail.state === 'verified') finish()
  })
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const body = JSON.stringify(Object.fromEntries(new FormData(form)))
    const { ok } = await fetch('/password', { method: 'POST', headers, body })
    if (ok) await signIn.refresh()
    else alert('Wrong name or password.')
  })
</script></html>`
