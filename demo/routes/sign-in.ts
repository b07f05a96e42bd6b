import { folded } from '../accounts.js'
import type { App, Routes } from '../app.js'
import { HttpError, text } from '../http.js'
import { checkPassword, hashPassword, PASSWORD_LENGTH } from '../password.js'
import { pending } from './guards.js'

const NAME = /^[^\p{C}\s](?:[^\p{C}]{0,62}[^\p{C}\s])?$/u

/** From a visitor to a signed-in session: the password first, then what the challenge offers. */
export function signInRoutes({ countersign, accounts, sessions, throttle }: App): Routes {
  /** A password costs time and memory to check, right or wrong. */
  function countWork(address: string): void {
    if (!throttle.attempt(`address ${address}`, 100)) throw new HttpError(429, 'too-many')
  }

  return {
    async 'GET /api/session'({ session }) {
      return session ? { state: session.state, name: accounts.byId(session.account)?.name } : { state: 'none' }
    },

    async 'POST /api/accounts'({ body, become, address }) {
      const name = text(body, 'name').trim()
      const password = text(body, 'password', PASSWORD_LENGTH.most)
      // The longest that a phone app's QR code has room for.
      if (!NAME.test(name) || Buffer.byteLength(name) > 200) throw new HttpError(400, 'bad-name')
      if (password.length < PASSWORD_LENGTH.least) throw new HttpError(400, 'short-password')
      countWork(address)
      const account = await accounts.create(name, await hashPassword(password))
      if (!account) throw new HttpError(409, 'name-taken')
      become(sessions.start(account.id, 'signed-in', 'password'))
      return { state: 'signed-in', name }
    },

    async 'POST /api/sign-in'({ body, become, address }) {
      const name = text(body, 'name').trim()
      const password = text(body, 'password', PASSWORD_LENGTH.most)
      const account = accounts.byName(name)
      countWork(address)
      // By the name where there is no account: a refusal must not tell which names exist.
      const key = `account ${account?.id ?? folded(name)}`
      if (!throttle.attempt(key, 10)) throw new HttpError(429, 'too-many')
      if (!(await checkPassword(password, account?.password)) || !account) throw new HttpError(401, 'wrong-password')
      throttle.reset(key)

      const waiting = sessions.start(account.id, 'pending', 'password')
      const challenge = await countersign.challenge(account.id, {
        purpose: 'sign-in',
        session: waiting.binding,
        enrolled: account.enrolled,
      })
      // Enrolled while we looked: that ended all sessions of the password alone, and this is none of them.
      const none = challenge === null && !account.enrolled
      const next = none ? sessions.start(account.id, 'signed-in', 'password') : waiting
      become(next)
      return { state: next.state, name: account.name, challenge }
    },

    /** Another try: a WebAuthn challenge is good for one. */
    async 'POST /api/sign-in/challenge'({ session }) {
      const { account, binding } = pending(session)
      const request = { purpose: 'sign-in', session: binding, enrolled: true } as const
      return { challenge: await countersign.challenge(account, request) }
    },

    async 'POST /api/sign-in/answer'({ body, session, become }) {
      const { account, binding } = pending(session)
      const outcome = await countersign.verify(account, body['answer'], { purpose: 'sign-in', session: binding })
      if (outcome.ok) become(sessions.start(account, 'signed-in', 'factor'))
      // Guessing can't go on in this sign-in once the lock lifts.
      else if (outcome.reason === 'locked') become(undefined)
      return outcome
    },

    async 'POST /api/sign-out'({ become }) {
      become(undefined)
      return {}
    },
  }
}
