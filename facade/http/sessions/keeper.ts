import type { Assurance } from '../../service/assurance.js'

/** A sign-in that is open, as a keeper has found it. */
export interface SignIn {
  /** The host's id of the user. */
  user: string
  state: 'pending' | 'verified'
  /** When the person last proved who they are, in epoch milliseconds. */
  at: number
  /** Names the sign-in for as long as it lasts, whichever id its session has. No secret. */
  session: string
  /** What the host said of the first factor: the same for as long as the sign-in lasts. */
  firstFactor?: string[]
  /** That of the last proof, or of one before that was stronger and still fresh. */
  assurance?: Assurance
  /** It is pending still, for a factor that has to be enrolled. */
  answered?: boolean
}

/** What a sign-in has come to. */
export type Proof = Pick<SignIn, 'state' | 'at' | 'assurance' | 'answered'>

/** Headers for the answer; none where a session plugin sends its own. */
export type SessionHeaders = Record<string, string>

/** Keeps sign-ins. `where` is what a request is to it. Every method rejects if its store does. */
export interface Keeper<Where, Found extends SignIn = SignIn> {
  /** The open sign-in of a request; `undefined` if it has none, or one that has ended or was replaced. */
  find(where: Where): Promise<Found | undefined>
  /** Begins a sign-in under a new id, and ends the one that this request has. */
  begin(where: Where, user: string, proof: Proof & Pick<SignIn, 'firstFactor'>): Promise<SessionHeaders>
  /** Gives a sign-in a new id and a new proof. `undefined`: it has ended in the meantime, and stays so. */
  renew(where: Where, found: Found, proof: Required<Proof>): Promise<SessionHeaders | undefined>
  /** Ends the sign-in of a request, also if its id was replaced within the last minute. */
  end(where: Where): Promise<SessionHeaders>
  /** Ends all sign-ins of a user, but that named `except`. */
  endUser(user: string, except?: string): Promise<void>
}

/** Milliseconds for which an id that was replaced can still sign out, and nothing else: such a request may be on its way. */
export const replacedFor = 60_000

/** How long sign-ins last, in milliseconds. */
export interface Limits {
  pending: number
  idle: number
  absolute: number
}

/** When a sign-in of a state ends at the latest. */
export function endOf({ pending, absolute }: Limits, state: SignIn['state'], begun: number): number {
  return begun + (state === 'pending' ? Math.min(pending, absolute) : absolute)
}
