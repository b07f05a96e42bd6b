// A host with better-auth and all of its plugins that make sessions, and browsers that keep its cookies.
import { createHash, randomBytes } from 'node:crypto'
import { passkey } from '@better-auth/passkey'
import {
  admin, anonymous, bearer, deviceAuthorization, emailOTP, genericOAuth, jwt, lastLoginMethod, magicLink, multiSession,
  oAuthProxy, oauthPopup, oneTap, oneTimeToken, openAPI, organization, phoneNumber, siwe, twoFactor, username,
} from 'better-auth/plugins'
import type { BetterAuthOptions } from 'better-auth'

import { countersign, serviceOf } from '../../facade/better-auth/index.js'
import type { CountersignPluginOptions } from '../../facade/better-auth/index.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { withTables } from '../helpers/better-auth.js'
import type { MakeDatabase } from '../helpers/better-auth.js'

export const origin = 'http://localhost:3000'
export const page = '/two-step'
export const rp = { id: 'localhost', name: 'Example', origins: [origin] }
const password = 'correct horse battery'

/** Whom a provider says that its user is: its tokens are addresses here. */
const identity = (email: string) => ({ id: email, sub: email, email, name: 'Ann', emailVerified: true })

/** The same of Google, whose tokens are signed. */
const claims = (token: string) => {
  const [, middle] = token.split('.')
  return middle?.startsWith('ey') ? identity(JSON.parse(Buffer.from(middle, 'base64url').toString()).email) : identity(token)
}

export interface HostOptions {
  countersign?: Partial<CountersignPluginOptions>
  auth?: Partial<BetterAuthOptions>
}

export type Host = Awaited<ReturnType<typeof makeHost>>

export async function makeHost(make: MakeDatabase, options: HostOptions = {}) {
  const mails = new Map<string, string>()
  const linked: string[] = []
  const auth = await withTables({
    database: await make(),
    rateLimit: { enabled: false },
    logger: { level: 'error', log: (_level, message) => void (message.startsWith('countersign') && console.error(message)) },
    session: { cookieCache: { enabled: true, maxAge: 300 } },
    account: { storeAccountCookie: true, accountLinking: { trustedProviders: ['stub', 'google'] } },
    emailAndPassword: { enabled: true, sendResetPassword: async ({ user, token }) => void mails.set(user.email, token) },
    emailVerification: {
      sendVerificationEmail: async ({ user, token }) => void mails.set(user.email, token),
      autoSignInAfterVerification: true,
    },
    socialProviders: {
      google: {
        clientId: 'client',
        clientSecret: 'secret',
        verifyIdToken: async () => true,
        getUserInfo: async ({ idToken = '' }) => ({ user: claims(idToken) as never, data: claims(idToken) as never }),
      },
    },
    ...(options.auth as object),
    plugins: [
      bearer(), jwt(), username(), anonymous({ onLinkAccount: async ({ anonymousUser }) => void linked.push(anonymousUser.user.id) }),
      phoneNumber({ sendOTP: ({ phoneNumber: to, code }) => void mails.set(to, code) }),
      magicLink({ sendMagicLink: async ({ email, token }) => void mails.set(email, token) }),
      emailOTP({ sendVerificationOTP: async ({ email, otp }) => void mails.set(email, otp) }),
      deviceAuthorization({ schema: {} }),
      siwe({ domain: 'localhost', getNonce: async () => randomBytes(16).toString('hex'), verifyMessage: async () => true }),
      genericOAuth({
        config: [{
          providerId: 'stub', clientId: 'client', clientSecret: 'secret',
          authorizationUrl: 'https://stub.example/authorize', tokenUrl: 'https://stub.example/token',
          getToken: async ({ code }) => ({ accessToken: code }),
          getUserInfo: async ({ accessToken = '' }) => identity(accessToken),
        }],
      }),
      admin(), organization(), multiSession(), oauthPopup(), oAuthProxy(), oneTap(), oneTimeToken(), openAPI(), lastLoginMethod(), twoFactor(), passkey(),
      countersign({ rp, page, ...options.countersign }),
      ...(options.auth?.plugins ?? []),
    ],
  })
  const context = await auth.$context
  return {
    auth, context, mails, linked,
    service: await serviceOf(auth),
    sessions: async (userId: string) =>
      (await context.adapter.findMany({ model: 'session', where: [{ field: 'userId', value: userId }] })) as Record<string, unknown>[],
    browser: () => new Browser(auth),
  }
}

type Auth = { handler: (request: Request) => Promise<Response> }

/** Keeps cookies as a browser does, and says where its requests come from. */
export class Browser {
  readonly cookies = new Map<string, string>()
  readonly #auth: Auth

  constructor(auth: Auth) {
    this.#auth = auth
  }

  async fetch(path: string, init: { method?: string; body?: object; headers?: Record<string, string> } = {}): Promise<Response> {
    const { method = init.body ? 'POST' : 'GET', body, headers } = init
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const request = new Request(`${origin}/api/auth${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
      headers: { origin, ...(body && { 'content-type': 'application/json' }), ...(cookie && { cookie }), ...headers },
    })
    const response = await this.#auth.handler(request)
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...rest] = line.split(';')
      const at = pair.indexOf('=')
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)]
      if (value === '' || rest.some((part) => part.trim().toLowerCase() === 'max-age=0')) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return response
  }

  post(path: string, body: object = {}, headers: Record<string, string> = {}): Promise<Response> {
    return this.fetch(path, { body, headers })
  }

  async json(path: string, body?: object): Promise<any> {
    const response = await this.fetch(path, body ? { body } : {})
    return response.json()
  }

  /** Who better-auth says that this is: from the database, whatever a cookie says. */
  async user(): Promise<string | undefined> {
    return (await this.json('/get-session?disableCookieCache=true'))?.user?.id
  }
}

export interface Person {
  id: string
  email: string
  password: string
  key: TestAuthenticator
  username: string
  phone: string
  wallet: string
}

let people = 0

/** A user with a password, and no factor; signed in in this browser. */
export async function signUp(browser: Browser, more: object = {}): Promise<Person> {
  const number = (people += 1)
  const [email, name] = [`ann${number}.${process.pid}@example.com`, `ann_${number}_${process.pid}`]
  const answer = await browser.json('/sign-up/email', { email, password, name: 'Ann', username: name, ...more })
  // Of digits alone: an address with letters has a checksum in their case.
  const wallet = `0x${BigInt(`0x${createHash('sha256').update(email).digest('hex')}`).toString().slice(0, 40)}`
  return {
    id: answer.user?.id, email, password, key: new TestAuthenticator({ userVerified: true }), username: name,
    phone: `+49${process.pid}${number}`, wallet,
  }
}

/** Adds a passkey in a browser that may enrol. */
export async function enrol(browser: Browser, { key }: Person): Promise<Response> {
  const options = await browser.json('/countersign/factors/webauthn', { use: 'passkey' })
  return browser.post('/countersign/factors/webauthn/finish', { response: key.create(options, { origin }), description: 'key' })
}

/** A user with a passkey, signed in nowhere. */
export async function makePerson(host: Host): Promise<Person> {
  const browser = host.browser()
  const person = await signUp(browser)
  const response = await enrol(browser, person)
  if (response.status !== 200) throw new Error(`enrolment: ${response.status} ${await response.text()}`)
  await host.context.internalAdapter.deleteUserSessions(person.id)
  return person
}

/** Answers the challenge of the sign-in that is pending in a browser, or steps up. */
export async function answer(browser: Browser, { key }: Person): Promise<Response> {
  const { challenge } = await browser.json('/countersign/challenge', {})
  return browser.post('/countersign/verify', { answer: { type: 'webauthn', response: key.get(challenge.webauthn, { origin }) } })
}

export function signIn(browser: Browser, { email, password: secret }: Person, more: object = {}): Promise<Response> {
  return browser.post('/sign-in/email', { email, password: secret, ...more })
}
