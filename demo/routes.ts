import type { Countersign } from 'countersign'
import type { Accounts } from './accounts.js'
import type { Session, Sessions } from './sessions.js'
import type { Throttle } from './throttle.js'

/** What every route works with. */
export interface App {
  countersign: Countersign
  accounts: Accounts
  sessions: Sessions
  throttle: Throttle
  required: boolean
  passwordsPerAddress: number
  log: (error: unknown) => void
}

/** What a route gets, and its answer: a value is sent as JSON. */
export interface RouteRequest {
  body: Record<string, unknown>
  /** Undefined for a visitor. */
  session: Session | undefined
  /** Makes `session` the one of this browser, under a new id. */
  become: (session: Session) => void
  /** Ends the session of this browser, whatever its id is by now. */
  signOut: () => void
  address: string
}
export type Route = (request: RouteRequest) => Promise<unknown>
export type Routes = Record<string, Route>
