// What a client does at each kind of server to be signed in: by `totp` and `webauthn` as the second factor, `answer` (the answer to
// a code alone, which takes no challenge), and `passkey` without a user name. What the server answers is looked at.
import { uri } from './servers/better-auth-secret.mjs'

const ok = (outcome) => {
  if (outcome?.ok !== true) throw new Error('refused')
}

/** `countersign/http`, and a server by hand that answers the same paths. */
export const secondFactor = {
  async totp(visit) {
    await visit.post('/countersign/challenge')
    await this.answer(visit)
  },
  async answer(visit) {
    ok(await visit.post('/countersign/verify', { answer: { type: 'totp', code: visit.code() } }))
  },
  async webauthn(visit) {
    const { challenge } = await visit.post('/countersign/challenge')
    ok(await visit.post('/countersign/verify', { answer: { type: 'webauthn', response: visit.sign(challenge.webauthn) } }))
  },
}

/** A server that reads no answer gets the first one again. */
export const unread = {
  ...secondFactor,
  async webauthn(visit) {
    await visit.post('/countersign/challenge')
    this.response ??= visit.sign({ challenge: 'x'.repeat(43), rpId: 'example.com' })
    ok(await visit.post('/countersign/verify', { answer: { type: 'webauthn', response: this.response } }))
  },
}

/** `countersign/http/session`: a password, then the second factor; or a passkey alone. */
export const session = {
  async totp(visit) {
    await visit.post('/sign-in')
    await secondFactor.totp(visit)
  },
  async passkey(visit) {
    const { webauthn } = await visit.post('/countersign/passkey/challenge')
    ok(await visit.post('/countersign/passkey/verify', { answer: { type: 'webauthn', response: visit.sign(webauthn) } }))
  },
}

/** better-auth with its own plugins `two-factor` and `passkey`. It asks the system for the time, and has another app's secret. */
export const betterAuth = {
  uri,
  async totp(visit) {
    const email = `${visit.name.replace(' ', '.')}@example.com`
    const { twoFactorRedirect } = await visit.post('/api/auth/sign-in/email', { email, password: 'of everybody' })
    if (twoFactorRedirect !== true) throw new Error('no second factor was asked for')
    const { token } = await visit.post('/api/auth/two-factor/verify-totp', { code: visit.code({ ahead: false }) })
    if (typeof token !== 'string') throw new Error('no session')
  },
  async passkey(visit) {
    const options = await visit.get('/api/auth/passkey/generate-authenticate-options')
    const response = visit.sign(options, { ownId: true })
    const { session: made } = await visit.post('/api/auth/passkey/verify-authentication', { response })
    if (typeof made?.id !== 'string') throw new Error('no session')
  },
}
