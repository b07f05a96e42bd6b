import type { Countersign } from 'countersign'
import { createSessions, type OwnSessionOptions, type OwnSessions } from 'countersign/http/session'
import { memorySessions } from 'countersign/stores'
import type { Accounts } from './accounts.js'

export interface SecondFactorSettings {
  accounts: Accounts
  /** Whether every user must have a second factor. */
  required: boolean
  /** What an answer has to prove, and of which users. */
  require: NonNullable<OwnSessionOptions['require']>
  log: (error: unknown) => void
}

/** Makes the sessions and the JSON API. Sessions are in memory, so a restart signs everyone out. */
export function secondFactor(countersign: Countersign, { accounts, required, require, log }: SecondFactorSettings): OwnSessions {
  return createSessions(countersign, {
    store: memorySessions(),
    sameSite: 'Strict',
    pendingSeconds: 300,
    account: accounts.byId,
    onEnrolled: accounts.setEnrolled,
    required,
    require,
    onError: log,
    conditionalCreate: true,
    remember: true,
    // Behind a proxy, this would be the proxy's address.
    from: (_request, { req }) => req.socket.remoteAddress,
  })
}
