import type { AuthContext, GenericEndpointContext } from 'better-auth'

/** The context of one request to better-auth. */
export type EndpointContext = GenericEndpointContext

/** What is kept with a request: better-auth makes one for each, and hands it to every hook and endpoint. */
export type RequestKey = EndpointContext['context']

export type Auth = AuthContext

/** A user of better-auth, as its database has it. */
export interface Account {
  id: string
  email: string
  name: string
  /** Whether the user has factors: with it, a record that is lost is an error. */
  countersignEnrolled?: boolean | null
  [field: string]: unknown
}

/** A session of better-auth, as its database has it. */
export interface SessionRow {
  id: string
  token: string
  userId: string
  createdAt: Date
  expiresAt: Date
  /** When the second factor was last proved in it; absent if it never was. */
  countersignAt?: Date | string | null
  /** How well it was proved then: an `Assurance` as JSON. */
  countersignAssurance?: string | null
  impersonatedBy?: string | null
  [field: string]: unknown
}
