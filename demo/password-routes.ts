import { folded } from './accounts.js'
import type { App, Routes } from './routes.js'
import { HttpError, text } from './http.js'
import { checkPassword, hashPassword, PASSWORD_LENGTH } from './password.js'

/** Characters that nobody sees: control and format characters, lone surrogates, private and unassigned ones. */
const invisible = /\p{C}/u

function isName(name: string): boolean {
  return name !== '' && [...name].length <= 64 && !invisible.test(name)
}

/**
 * The routes of the first factor: create an account, sign in with the password, sign out. After the password, the sign-in is
 * pending. The handler of the second factor completes it, also for users without a factor.
 */
export function passwordRoutes({ countersign, accounts, sessions, throttle, passwordsPerAddress }: App): Routes {
  /** Limits how often an address can make us check a password, which takes time and memory. */
  function countWork(address: string): void {
    if (!throttle.attempt(`address ${address}`, passwordsPerAddress)) throw new HttpError(429, 'too-many')
  }

  return {
    async 'GET /api/session'({ request }) {
      const user = await sessions.user(request)
      return user ? { state: user.state, name: user.name } : { state: 'none' }
    },

    async 'POST /api/accounts'({ request, body, keep, address }) {
      const name = text(body, 'name').trim()
      const password = text(body, 'password', PASSWORD_LENGTH.most)
      // A longer name doesn't fit into the QR code of an authenticator app.
      if (!isName(name) || Buffer.byteLength(name) > 200) throw new HttpError(400, 'bad-name')
      if (password.length < PASSWORD_LENGTH.least) throw new HttpError(400, 'short-password')
      countWork(address)
      const account = await accounts.create(name, await hashPassword(password))
      if (!account) throw new HttpError(409, 'name-taken')
      keep(await sessions.signIn(request, account.id))
      return { name }
    },

    async 'POST /api/sign-in'({ request, body, keep, address }) {
      const name = text(body, 'name').trim()
      const password = text(body, 'password', PASSWORD_LENGTH.most)
      const account = accounts.byName(name)
      countWork(address)
      // An unknown name is limited too, so nobody can find out which names exist.
      const key = `account ${account?.id ?? folded(name)}`
      if (!throttle.attempt(key, 10)) throw new HttpError(429, 'too-many')
      if (!(await checkPassword(password, account?.password)) || !account) throw new HttpError(401, 'wrong-password')
      throttle.reset(key)
      keep(await sessions.signIn(request, account.id))
      return { name: account.name }
    },

    /** Proves again who is there, while there is no factor to do it with. */
    async 'POST /api/step-up/password'({ request, body, keep, address }) {
      const user = await sessions.user(request)
      if (user?.state !== 'verified') throw new HttpError(401, 'signed-out')
      const password = text(body, 'password', PASSWORD_LENGTH.most)
      const factors = await countersign.factors(user.id)
      if (user.enrolled || factors.length > 0) throw new HttpError(403, 'step-up')
      countWork(address)
      const key = `account ${user.id}`
      if (!throttle.attempt(key, 10)) throw new HttpError(429, 'too-many')
      if (!(await checkPassword(password, accounts.byId(user.id)?.password))) return { ok: false, reason: 'rejected' }
      throttle.reset(key)
      // The session may have ended while the password was checked.
      if ((await sessions.user(request))?.session !== user.session) throw new HttpError(401, 'signed-out')
      keep(await sessions.signIn(request, user.id))
      return { ok: true }
    },

    async 'POST /api/sign-out'({ request, keep }) {
      keep(await sessions.signOut(request))
      return {}
    },
  }
}
