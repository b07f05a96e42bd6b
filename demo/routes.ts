import type { IncomingMessage } from 'node:http'
import type { Countersign } from 'countersign'
import type { OwnSessions, SessionChange } from 'countersign/http/session'
import type { Accounts } from './accounts.js'
import type { Throttle } from './throttle.js'

/** What every route uses. */
export interface App {
  countersign: Countersign
  accounts: Accounts
  sessions: OwnSessions
  throttle: Throttle
  passwordsPerAddress: number
  /** Epoch milliseconds. */
  now: () => number
}

/** The argument of a route. If it returns a `Response`, that is sent. Any other value is sent as JSON. */
export interface RouteRequest {
  request: IncomingMessage
  body: Record<string, unknown>
  /** Sends a new cookie with the answer. */
  keep: (change: SessionChange) => void
  address: string
}
export type Route = (request: RouteRequest) => Promise<unknown>
export type Routes = Record<string, Route>
