import type { App, Routes } from '../app.js'
import { HttpError, text } from '../http.js'
import { checkPassword, PASSWORD_LENGTH } from '../password.js'
import { signedIn } from './guards.js'

/** Proves again, within a session, who is there: what lies behind a change of factors. */
export function stepUpRoutes({ countersign, accounts, sessions, throttle }: App): Routes {
  return {
    /** `challenge` is null for an account without factors: its password stands in. */
    async 'POST /api/step-up'({ session }) {
      const { account, binding } = signedIn(session)
      const enrolled = accounts.byId(account)?.enrolled ?? false
      return { challenge: await countersign.challenge(account, { purpose: 'step-up', session: binding, enrolled }) }
    },

    async 'POST /api/step-up/answer'({ body, session, become }) {
      const current = signedIn(session)
      const outcome = await countersign.verify(current.account, body['answer'], {
        purpose: 'step-up',
        session: current.binding,
      })
      if (outcome.ok) become(sessions.proved(current, 'factor'))
      return outcome
    },

    async 'POST /api/step-up/password'({ body, session, become, address }) {
      const current = signedIn(session)
      const account = accounts.byId(current.account)
      const password = text(body, 'password', PASSWORD_LENGTH.most)
      const factors = await countersign.factors(current.account)
      if (account?.enrolled || factors.length > 0) throw new HttpError(403, 'step-up')
      if (!throttle.attempt(`address ${address}`, 100)) throw new HttpError(429, 'too-many')
      const key = `account ${current.account}`
      if (!throttle.attempt(key, 10)) throw new HttpError(429, 'too-many')
      if (!(await checkPassword(password, account?.password))) return { ok: false, reason: 'rejected' }
      throttle.reset(key)
      become(sessions.proved(current, 'password'))
      return { ok: true }
    },
  }
}
