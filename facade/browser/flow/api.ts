import type { Challenge, TotpEnrolment } from '../../service/challenge.js'
import type { Requirement } from '../../service/assurance.js'
import type { Enforcement } from '../../service/duty.js'
import type { Factor, FactorType } from '../../shared/factor.js'
import type { Accepted, Enrolled, Refused, RememberedBrowser, Removed, Status, Updated } from '../../service/outcome.js'
import type { PasskeyUser } from '../index.js'

export type Session =
  | { state: 'none'; passkeys: boolean }
  | { state: 'pending'; passkeys: boolean; yubico: boolean; mayEnrol: boolean; answered?: true; require?: Requirement; remember?: true; enforcement?: Enforcement }
  | {
      state: 'verified'; passkeys: boolean; yubico: boolean; fresh: boolean; mayEnrol: boolean; admin: boolean
      assurance?: Accepted['assurance']; require?: Requirement; remember?: true; activity?: true; enforcement?: Enforcement
    }

/** Something that happened to the account; `factor` is a type. */
export interface Activity {
  type: string
  at: number
  factor?: FactorType | 'unknown'
  from?: string
}

/** What a challenge is to require of its answer. */
export interface Wanted {
  phishingResistant?: true
}

/** What a sign-in gave, as the page may know it: who it is stays with the server. */
export type Verified = Omit<Accepted, 'factor' | 'assurance'> & {
  assurance?: Accepted['assurance']
  factor: Accepted['factor'] | null
  /** Nothing was answered: this browser is remembered. */
  remembered?: true
  /** The sign-in still waits for a factor that has to be enrolled. */
  enrolmentRequired?: true
  /** The factors that the person said to have lost. */
  removed?: Factor[]
}

/** How locks end, as a challenge, a status and the refusal `locked` say it. */
export type LockEnd = Pick<Status, 'lockedUntil' | 'unlockedBy'>

/** An answer that was refused; if codes are locked, with how the lock ends. */
export type RefusedAnswer = Refused & LockEnd

/** Recovery codes, and what the person is called here. */
export interface NewCodes {
  codes: string[]
  account: string
}

/** So few recovery codes that they are warned of. */
export const FEW_CODES = 3

/** What the Signal API takes; absent: this user has no passkey to tell of. */
export type Signals = PasskeyUser & { allAcceptedCredentialIds: string[]; name: string; displayName: string }

/** An answer of the server that is neither a success nor a refusal; `code` is the last part of the problem's type. */
export class ApiError extends Error {
  constructor(readonly code: string) {
    super(code)
  }
}

/** Whether the server wants a fresh proof first. */
export function wantsProof(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 'step-up-required'
}

/** The JSON API of `countersign/http`. Refusals are values with `ok: false`; what else goes wrong is an `ApiError`. */
export class Api {
  /** `signedOut` hears of every answer that there is no session, or not one that is good for this. */
  constructor(
    private readonly base: () => string,
    private readonly signedOut: (code: string) => void,
  ) {}

  session = (): Promise<Session> => this.call('GET', '/session')
  challenge = (wanted: Wanted = {}): Promise<{ challenge: Challenge | null; require?: Requirement; remembered?: true }> =>
    this.call('POST', '/challenge', wanted)
  verify = (answer: object, { removeLost = false, remember = false } = {}): Promise<Verified | RefusedAnswer> =>
    this.call('POST', '/verify', { answer, ...(removeLost && { removeLost }), ...(remember && { remember }) })

  passkeyChallenge = (): Promise<{ id: string; webauthn: PublicKeyCredentialRequestOptionsJSON }> =>
    this.call('POST', '/passkey/challenge')
  verifyPasskey = (response: object): Promise<Verified | Refused> =>
    this.call('POST', '/passkey/verify', { answer: { type: 'webauthn', response } })

  factors = (): Promise<{ factors: Factor[]; status: Status }> => this.call('GET', '/factors')
  beginTotp = (): Promise<TotpEnrolment> => this.call('POST', '/factors/totp')
  finishTotp = (proof: { enrolment: string; code: string; description: string }): Promise<Enrolled> =>
    this.call('POST', '/factors/totp/finish', proof)
  beginWebauthn = (wanted: {
    use: 'second-factor' | 'passkey'
    conditional?: true
  }): Promise<PublicKeyCredentialCreationOptionsJSON> => this.call('POST', '/factors/webauthn', wanted)
  finishWebauthn = (proof: { response: object; description: string }): Promise<Enrolled> =>
    this.call('POST', '/factors/webauthn/finish', proof)
  enrolYubico = (proof: { code: string; description: string }): Promise<Enrolled> =>
    this.call('POST', '/factors/yubico', proof)
  update = (id: string, change: { description?: string; enable?: boolean }): Promise<Updated & { signals?: Signals }> =>
    this.call('PATCH', `/factors/${encodeURIComponent(id)}`, change)
  remove = (id: string): Promise<Removed & { signals?: Signals }> =>
    this.call('DELETE', `/factors/${encodeURIComponent(id)}`)
  browsers = (): Promise<{ browsers: RememberedBrowser[] }> => this.call('GET', '/browsers')
  forgetBrowser = (id: string): Promise<{ forgotten: number }> =>
    this.call('DELETE', `/browsers/${encodeURIComponent(id)}`)
  forgetBrowsers = (): Promise<{ forgotten: number }> => this.call('DELETE', '/browsers')
  activity = (before?: number): Promise<{ activity: Activity[]; next: number | null }> =>
    this.call('GET', `/activity?limit=10${before === undefined ? '' : `&before=${before}`}`)
  recoveryCodes = (): Promise<NewCodes> => this.call('POST', '/recovery-codes')

  /** A route of the page's own, which answers as it likes. */
  async signOut(path: string): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const sent = fetch(path, { method: 'POST', credentials: 'same-origin', cache: 'no-store', headers, body: '{}' })
    const { ok } = await sent.catch(() => {
      throw new ApiError('network')
    })
    if (!ok) throw new ApiError('')
  }

  private async call<Answer>(method: string, path: string, body: object = {}): Promise<Answer> {
    const response = await fetch(this.base().replace(/\/$/, '') + path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      ...(method !== 'GET' && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    }).catch(() => {
      throw new ApiError('network')
    })
    // Between the page and the handler stand proxies, which answer as they like.
    const answer = await response.json().catch(() => null)
    if (response.ok && answer) return answer
    if (answer?.ok === false && typeof answer.reason === 'string') return answer
    const [, code = ''] = /^urn:countersign:problem:([\w-]+)$/.exec(String(answer?.type)) ?? []
    // Not any 401: that of a proxy says nothing of our session.
    if (code === 'not-signed-in' || code === 'second-factor-required') this.signedOut(code)
    // Nothing of ours is there: the page's `base` is not where the handler is mounted.
    throw new ApiError(code || (response.status === 404 ? 'not-found' : ''))
  }
}
