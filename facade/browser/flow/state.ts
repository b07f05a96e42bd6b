import type { Challenge } from '../../service/challenge.js'
import type { Requirement } from '../../service/assurance.js'
import type { Factor } from '../../shared/factor.js'
import type { LockEnd, Session, Verified } from './api.js'
import type { Way } from './open-challenge.js'

/** What is to be said first: the session has ended in the meantime, or too many wrong codes have ended the sign-in. */
export type SignInNotice = { reason: 'signed-out' } | ({ reason: 'locked' } & LockEnd)

/**
 * Where a sign-in stands. `step` is one of:
 *
 * - `loading`: the server hasn't answered yet
 * - `signed-out`: nobody is signed in. `passkeys`: a passkey can sign in without a name or password, and the autofill of
 *   the page's field waits for it. `error`: the reason why the last one didn't
 * - `challenge`: the password was right. `ways`: how the challenge can be answered here. `mayRemember`: this browser may be
 *   remembered. `require`: what the site wants an answer to prove: without `ways`, the user may have nothing that does
 * - `enrol`: the site requires a first factor, and there is none yet. `keysOnly`: only security keys and passkeys will do
 * - `codes`: that factor is enrolled, and recovery codes can be created. Then call `proceed()`
 * - `recovered`: a recovery code was used. Show `removed` or `recoveryCodesLeft`, then call `proceed()`
 * - `due`: the site wants a method to be enrolled by the time `by`. Unless `required`, `proceed()` goes on without it.
 *   `keysOnly`: only security keys and passkeys will do
 * - `verified`: the user is signed in. `outcome` says how, if it happened just now
 * - `too-late`: the password was too long ago: sign in again
 * - `failed`: the server can't be reached, or something else went wrong: `refresh()` tries again
 */
export type SignInState =
  | { step: 'loading' }
  | { step: 'signed-out'; passkeys: boolean; notice?: SignInNotice; error?: string }
  | { step: 'challenge'; challenge: Challenge; ways: Way[]; mayRemember: boolean; require?: Requirement; notice?: SignInNotice }
  | { step: 'enrol'; passkeys: boolean; yubico: boolean; keysOnly: boolean }
  | { step: 'due'; by: number; required: boolean; passkeys: boolean; yubico: boolean; keysOnly: boolean }
  | { step: 'codes'; factor: Factor }
  | { step: 'recovered'; removed?: Factor[]; recoveryCodesLeft: number }
  | { step: 'verified'; outcome?: Verified }
  | { step: 'too-late' }
  | { step: 'failed'; reason: string }

/** What a sign-in tells, and what with it. */
export interface SignInEvents {
  state: { state: Session['state'] }
  verified: { outcome: Verified }
  locked: object
  'signed-out': object
  changed: { factor: Factor }
}

export type Tell = <Name extends keyof SignInEvents>(name: Name, detail: SignInEvents[Name]) => unknown
