import { createHandler } from 'countersign/http'
import type { App } from './routes.js'

/** The second factor's whole API: it asks us who somebody is, and tells us who has proved it. */
export function secondFactorHandler({ countersign, accounts, sessions, required, log }: App) {
  const sessionOf = ({ headers }: Request) => sessions.find(headers.get('cookie') ?? '')

  return createHandler(countersign, {
    required,
    onError: log,
    conditionalCreate: true,

    user(request) {
      const session = sessionOf(request)
      const account = session && accounts.byId(session.account)
      if (!session || !account) return null
      const { binding, provedAt: at } = session
      const state = session.state === 'pending' ? 'pending' : 'verified'
      return { id: account.id, state, at, session: binding, enrolled: account.enrolled, name: account.name }
    },

    onVerified(request, user, outcome) {
      const session = sessionOf(request)
      // Guessing can't go on in this sign-in once the lock lifts.
      if (!outcome.ok && outcome.reason === 'locked' && user.state === 'pending') {
        return { 'set-cookie': sessions.replace(session, undefined) }
      }
      if (!outcome.ok) return undefined
      // A first factor was enrolled while we looked: the password alone is no longer enough.
      if (outcome.factor === null && accounts.byId(user.id)?.enrolled !== false) return undefined
      if (outcome.purpose === 'passkey') {
        return { 'set-cookie': sessions.replace(session, sessions.start(user.id, 'signed-in', outcome.at)) }
      }
      // A sign-in that ended meanwhile stays ended.
      if (!session) return undefined
      // The factor was proved just now; a session elsewhere that knew the password alone was not.
      if (outcome.purpose === 'enrolment') sessions.endOthers(session)
      const { at } = outcome
      const next = session.state === 'pending' ? sessions.start(user.id, 'signed-in', at) : sessions.proved(session, at)
      return { 'set-cookie': sessions.replace(session, next) }
    },

    onEnrolled: (_request, user, enrolled) => accounts.setEnrolled(user.id, enrolled),
  })
}
