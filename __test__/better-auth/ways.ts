// Every way in which better-auth and its plugins make a session: the last request of each, for a user with a factor.
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'

import { symmetricEncrypt } from 'better-auth/crypto'

import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { answer, origin, signIn } from './host.js'
import type { Browser, Host, Person } from './host.js'

type Way = (host: Host, browser: Browser, person: Person) => Promise<Response>

async function oauth(browser: Browser, code: string): Promise<Response> {
  const { url } = await browser.json('/sign-in/social', { callbackURL: '/home', provider: 'stub' })
  const { searchParams } = new URL(url)
  const callback = new URL(searchParams.get('redirect_uri') as string)
  const query = new URLSearchParams({ code, state: searchParams.get('state') as string })
  return browser.fetch(`${callback.pathname.replace('/api/auth', '')}?${query}`)
}

async function proxied(host: Host, browser: Browser, { id, email }: Person, path: string): Promise<Response> {
  await host.context.internalAdapter.updateUser(id, { emailVerified: true })
  const { url } = await browser.json('/sign-in/social', { callbackURL: '/home', provider: 'stub' })
  // Of better-auth's own, and not exported.
  const purpose = new URL('../../../node_modules/better-auth/dist/crypto/purpose.mjs', import.meta.url)
  const { derivePurposeKey } = await import(purpose.href)
  const profile = await symmetricEncrypt({
    key: derivePurposeKey(host.context.secretConfig, 'oauth-proxy-profile'),
    data: JSON.stringify({
      userInfo: { id: email, email, name: 'Ann', emailVerified: true },
      account: { providerId: 'stub', accountId: email, accessToken: 'token' },
      state: new URL(url).searchParams.get('state'), callbackURL: '/home', timestamp: Date.now(),
    }),
  })
  return browser.fetch(`${path}?${new URLSearchParams({ callbackURL: '/home', profile })}`)
}

async function mailed(host: Host, to: string, work: () => Promise<unknown>): Promise<string> {
  await work()
  const found = host.mails.get(to)
  if (found === undefined) throw new Error('no mail')
  return found
}

/** Each by the path of its endpoint. A navigation ends at the page, the others answer JSON. */
export const ways: Record<string, Way> = {
  '/sign-in/email': (_host, browser, person) => signIn(browser, person),

  '/sign-in/username': (_host, browser, { username, password }) => browser.post('/sign-in/username', { username, password }),

  async '/sign-in/phone-number'(host, browser, { id, phone, password }) {
    await host.context.internalAdapter.updateUser(id, { phoneNumber: phone, phoneNumberVerified: true })
    return browser.post('/sign-in/phone-number', { phoneNumber: phone, password })
  },

  async '/phone-number/verify'(host, browser, { id, phone }) {
    await host.context.internalAdapter.updateUser(id, { phoneNumber: phone, phoneNumberVerified: true })
    const code = await mailed(host, phone, () => browser.post('/phone-number/send-otp', { phoneNumber: phone }))
    return browser.post('/phone-number/verify', { phoneNumber: phone, code })
  },

  async '/magic-link/verify'(host, browser, { email }) {
    const token = await mailed(host, email, () => browser.post('/sign-in/magic-link', { email }))
    return browser.fetch(`/magic-link/verify?token=${token}&callbackURL=%2Fhome`)
  },

  async '/sign-in/email-otp'(host, browser, { email }) {
    const otp = await mailed(host, email, () => browser.post('/email-otp/send-verification-otp', { email, type: 'sign-in' }))
    return browser.post('/sign-in/email-otp', { email, otp })
  },

  async '/email-otp/verify-email'(host, browser, { email }) {
    const send = () => browser.post('/email-otp/send-verification-otp', { email, type: 'email-verification' })
    return browser.post('/email-otp/verify-email', { email, otp: await mailed(host, email, send) })
  },

  async '/verify-email'(host, browser, { email }) {
    const token = await mailed(host, email, () => browser.post('/send-verification-email', { email }))
    return browser.fetch(`/verify-email?token=${token}`)
  },

  async '/sign-in/social'(host, browser, { id, email }) {
    await host.context.internalAdapter.updateUser(id, { emailVerified: true })
    return browser.post('/sign-in/social', { provider: 'google', idToken: { token: email } })
  },

  async '/callback/:id'(host, browser, { id, email }) {
    await host.context.internalAdapter.updateUser(id, { emailVerified: true })
    return oauth(browser, email)
  },

  '/callback/:id/oauth-proxy': (host, browser, person) => proxied(host, browser, person, '/callback/stub/oauth-proxy'),

  // Of older versions.
  '/oauth-proxy-callback': (host, browser, person) => proxied(host, browser, person, '/oauth-proxy-callback'),

  async '/siwe/verify'(host, browser, { id, wallet }) {
    const row = { userId: id, address: wallet, chainId: 1, isPrimary: true, createdAt: new Date() }
    await host.context.adapter.create({ model: 'walletAddress', data: row })
    const { nonce } = await browser.json('/siwe/nonce', {})
    const message = [
      `localhost wants you to sign in with your Ethereum account:\n${wallet}\n`, '', `URI: ${origin}`, 'Version: 1', 'Chain ID: 1',
      `Nonce: ${nonce}`, `Issued At: ${new Date().toISOString()}`,
    ].join('\n')
    return browser.post('/siwe/verify', { message, signature: '0x0' })
  },

  async '/one-tap/callback'(host, browser, { id, email }) {
    await host.context.internalAdapter.updateUser(id, { emailVerified: true })
    return browser.post('/one-tap/callback', { idToken: await googleToken(email) })
  },

  async '/passkey/verify-authentication'(host, browser, person) {
    const other = await betterAuthPasskey(host, person)
    const options = await browser.json('/passkey/generate-authenticate-options')
    return browser.post('/passkey/verify-authentication', { response: other.get(options, { origin }) })
  },
}

/** Google's keys and what it signs: better-auth fetches the keys. */
async function googleToken(email: string): Promise<string> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const kid = randomUUID()
  keys.push({ ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' })
  if (globalThis.fetch === realFetch) {
    globalThis.fetch = async (input, init) => {
      const url = input instanceof Request ? input.url : String(input)
      return url.startsWith('https://www.googleapis.com/') ? Response.json({ keys }) : realFetch(input, init)
    }
  }
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const iat = Math.floor(Date.now() / 1000)
  const claims = { iss: 'https://accounts.google.com', aud: 'client', sub: email, email, email_verified: true, iat, exp: iat + 600 }
  const text = `${part({ alg: 'RS256', kid })}.${part(claims)}`
  return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`
}

const realFetch = globalThis.fetch
const keys: object[] = []

/** A passkey of better-auth's own plugin. */
export async function betterAuthPasskey(host: Host, person: Person): Promise<TestAuthenticator> {
  const browser = host.browser()
  await signIn(browser, person)
  await answer(browser, person)
  const key = new TestAuthenticator({ userVerified: true })
  const options = await browser.json('/passkey/generate-register-options')
  const made = await browser.post('/passkey/verify-registration', { response: key.create(options, { origin }) })
  if (made.status !== 200) throw new Error(`passkey of better-auth: ${made.status} ${await made.text()}`)
  await host.context.internalAdapter.deleteUserSessions(person.id)
  return key
}
