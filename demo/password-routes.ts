import { folded } from './accounts.js'
import type { App, Routes } from './routes.js'
import { HttpError, text } from './http.js'
import { checkPassword, hashPassword, PASSWORD_LENGTH } from './password.js'

/** What no reader sees: controls, marks of direction, lone surrogates, what nobody has given a meaning. */
const invisible = /\p{C}/u

function isName(name: string): boolean {
  return name !== '' && [...name].length <= 64 && !invisible.test(name)
}

/** The first factor: from a visitor to a session that waits for the second one, and out again. */
export function passwordRoutes(app: App): Routes {
  const { countersign, accounts, sessions, throttle, required, passwordsPerAddress } = app

  /** A password costs time and memory to check, right or wrong. */
  function countWork(address: string): void {
    if (!throttle.attempt(`address ${address}`, passwordsPerAddress)) throw new HttpError(429, 'too-many')
  }

  return {
    async 'GET /api/session'({ session }) {
      return session ? { state: session.state, name: accounts.byId(session.account)?.name } : { state: 'none' }
    },

    async 'POST /api/accounts'({ body, become, address }) {
      const name = text(body, 'name').trim()
      const password = text(body, 'password', PASSWORD_LENGTH.most)
      // The longest that a phone app's QR code has room for.
      if (!isName(name) || Buffer.byteLength(name) > 200) throw new HttpError(400, 'bad-name')
      if (password.length < PASSWORD_LENGTH.least) throw new HttpError(400, 'short-password')
      countWork(address)
      const account = await accounts.create(name, await hashPassword(password))
      if (!account) throw new HttpError(409, 'name-taken')
      const state = required ? 'pending' : 'signed-in'
      become(sessions.start(account.id, state))
      return { state, name }
    },

    /** Pending, whether or not there is a second factor: its handler ends a sign-in that needs none. */
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
      become(sessions.start(account.id, 'pending'))
      return { state: 'pending', name: account.name }
    },

    /** Proves again who is there, while there is no factor to do it with. */
    async 'POST /api/step-up/password'({ body, session, become, address }) {
      if (session?.state !== 'signed-in') throw new HttpError(401, 'signed-out')
      const account = accounts.byId(session.account)
      const password = text(body, 'password', PASSWORD_LENGTH.most)
      const factors = await countersign.factors(session.account)
      if (account?.enrolled || factors.length > 0) throw new HttpError(403, 'step-up')
      countWork(address)
      const key = `account ${session.account}`
      if (!throttle.attempt(key, 10)) throw new HttpError(429, 'too-many')
      if (!(await checkPassword(password, account?.password))) return { ok: false, reason: 'rejected' }
      throttle.reset(key)
      // The password takes its time: not one that ended meanwhile.
      if (!sessions.isOpen(session)) throw new HttpError(401, 'signed-out')
      become(sessions.proved(session))
      return { ok: true }
    },

    async 'POST /api/sign-out'({ signOut }) {
      signOut()
      return {}
    },
  }
}
