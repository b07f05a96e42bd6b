import type { TotpEnrolment } from '../../service/challenge.js'
import type { Requirement } from '../../service/assurance.js'
import type { Enforcement } from '../../service/duty.js'
import type { Enrolled } from '../../service/outcome.js'
import type { Factor, FactorType } from '../../shared/factor.js'
import { authenticate, supported } from '../index.js'
import { ApiError, FEW_CODES, wantsProof, type Api, type NewCodes, type RefusedAnswer, type Session, type Verified } from './api.js'
import { autofill } from './autofill.js'
import { enrolKey, type NewKey, type Offered } from './enrol-key.js'
import { LiveState } from './live-state.js'
import { OpenChallenge, waysOf, type AnswerOptions } from './open-challenge.js'
import { failed, reasonOf, settled, type Settled } from './settled.js'
import type { SignInNotice, SignInState, Tell } from './state.js'
import { upgrade } from './upgrade.js'

export interface SignInOptions {
  /** No sign-in with a passkey alone. */
  readonly secondFactorOnly?: boolean | undefined
  /** Creates a passkey with this description without a dialog after a sign-in with a password, if the browser can. */
  readonly upgrade?: string | undefined
}

/** The second step of a sign-in, and the sign-in with a passkey, without anything to see. Its actions never reject. */
export class SignInFlow {
  readonly #live = new LiveState<SignInState>({ step: 'loading' })
  /** What was told of last. */
  #session: Session['state'] | undefined
  /** What is to be said in the next step. */
  #notice: SignInNotice | undefined
  /** Whether the server lets passkeys sign in without a user name. */
  #passkeys = false
  /** Whether recovery codes would be of any use. */
  #codes = true
  #open: OpenChallenge | undefined
  #drawing = 0
  /** Ends every ceremony that runs, when the step changes. */
  #life = new AbortController()

  constructor(
    private readonly api: Api,
    private readonly options: SignInOptions,
    private readonly tell: Tell,
  ) {}

  get state(): SignInState {
    return this.#live.state
  }

  /** Calls the listener with the state, now and after each change, new if it is another step. Returns a function that ends that. */
  subscribe = this.#live.subscribe

  /** Asks the server for the state of the session. */
  refresh = async (): Promise<void> => {
    const current = this.#live.begin()
    this.#drawing += 1
    try {
      const session = await this.api.session()
      if (!current()) return
      this.#passkeys = session.passkeys
      this.#codes = session.state === 'none' || !session.require
      if (session.state === 'pending') return await this.#pending(session, current)
      if (session.state === 'none') this.#nobody()
      else if (session.enforcement?.state === 'required') this.#due(session, session.enforcement)
      else this.#go({ step: 'verified' })
      this.#tellState(session.state)
    } catch (error) {
      if (current()) this.#failed(error)
    } finally {
      this.#drawing -= 1
    }
  }

  /** Ends what runs and waits, when the page goes on to something else. */
  end = (): void => {
    this.#live.begin()
    this.#renew()
  }

  /** The server has said that there is no session, or not one that is good for this. */
  async signedOut(code: string): Promise<void> {
    // The server contradicts itself: to ask again would never end.
    if (this.#drawing > 0) return
    if (code === 'not-signed-in') this.#notice = { reason: 'signed-out' }
    await this.refresh()
    if (code === 'not-signed-in') this.tell('signed-out', {})
  }

  /** Signs in with a passkey, without a name. Call it when the user clicks something. */
  signInWithPasskey = async (): Promise<Settled> => {
    this.#say()
    const answered = await settled(async () => {
      const { webauthn } = await this.api.passkeyChallenge()
      return this.#enter(await authenticate(webauthn, { signal: this.#life.signal }))
    })
    if (!answered.ok) this.#passkeyRefused(answered.reason)
    return answered
  }

  /** Sends an answer to the challenge: `{ type: 'totp', code }`, `{ type: 'recovery', code }` or `{ type: 'yubico', code }`. */
  answer = (answer: object, options?: AnswerOptions): Promise<Settled> =>
    this.#open?.answer(answer, options) ?? failed()

  /** Answers the challenge with a security key or passkey. Call it when the user clicks something. */
  useKey = (options?: AnswerOptions): Promise<Settled> =>
    this.#open?.useKey(options) ?? failed()

  /** Begins to enrol an authenticator app: what the user scans or types. */
  beginTotp = (): Promise<Settled<TotpEnrolment>> => settled(async () => ({ ok: true, ...(await this.api.beginTotp()) }))

  /** Enrols the app with a code that it shows. */
  finishTotp = (proof: { enrolment: string; code: string; description: string }): Promise<Settled> =>
    this.#enrol(() => this.api.finishTotp(proof))

  /** Enrols a security key or passkey. Call it when the user clicks something. */
  enrolKey = (key: NewKey): Promise<Settled> =>
    this.#enrol(() => enrolKey(this.api, (call) => call(), key, { passkeys: this.#passkeys, signal: this.#life.signal }))

  /** Enrols a Yubico key with an OTP that it types. */
  enrolYubico = (proof: { code: string; description: string }): Promise<Settled> =>
    this.#enrol(() => this.api.enrolYubico(proof))

  /** Creates recovery codes. They are shown once. */
  createRecoveryCodes = (): Promise<Settled<NewCodes>> => settled(async () => ({ ok: true, ...(await this.api.recoveryCodes()) }))

  /** Goes on after `codes` or `recovered`. */
  proceed = async (): Promise<void> => this.#next?.()

  /** Ends a pending sign-in with a `POST` to a route of the page's own. */
  cancel = (route: string): Promise<Settled> =>
    settled(async () => {
      await this.api.signOut(route)
      await this.refresh()
      return { ok: true }
    })

  #next: (() => Promise<void>) | undefined
  /** Whether the user had no factor when one became due. */
  #hadNone = false

  #nobody(): void {
    const passkeys = !this.options.secondFactorOnly && this.#passkeys && supported()
    this.#go({ step: 'signed-out', passkeys, ...this.#takeNotice() })
    if (passkeys) this.#wait()
  }

  /** For a passkey that the person picks in the autofill. */
  #wait(): void {
    const enter = async (): Promise<void> => {
      const response = await autofill(this.api, this.#life.signal)
      if (!response) return
      const answered = await this.#enter(response)
      if (!answered.ok) this.#passkeyRefused(answered.reason)
    }
    enter().catch(() => undefined)
  }

  async #enter(response: object): Promise<Settled> {
    const outcome = await this.api.verifyPasskey(response)
    if (!outcome.ok) return { ok: false, reason: outcome.reason }
    await this.#accepted(outcome)
    return { ok: true }
  }

  #passkeyRefused(reason: string): void {
    this.#say(reason)
    if (this.state.step === 'signed-out' && this.state.passkeys) this.#wait()
  }

  async #pending(
    session: Extract<Session, { state: 'pending' }>, current: () => boolean,
  ): Promise<void> {
    if (session.answered && session.enforcement) {
      this.#due(session, session.enforcement)
      return this.#tellState('pending')
    }
    if (session.mayEnrol) {
      this.#go({ step: 'enrol', ...offeredBy(session) })
      return this.#tellState('pending')
    }
    const { challenge, require, remembered } = await this.api.challenge()
    if (!current()) return
    if (remembered) return this.#accepted({ ok: true, factor: null, remembered })
    if (challenge) {
      const done = (outcome: Verified | RefusedAnswer): unknown => (outcome.ok ? this.#accepted(outcome) : this.#locked(outcome))
      this.#open = new OpenChallenge(this.api, challenge, () => this.#life.signal, done)
      const mayRemember = session.remember === true
      this.#go({ step: 'challenge', challenge, ways: waysOf(challenge), mayRemember, ...(require && { require }), ...this.#takeNotice() })
      return this.#tellState('pending')
    }
    // No factor: if none is required the server has ended the sign-in with that.
    const { state } = await this.api.session()
    if (!current()) return
    if (state === 'verified') return this.#accepted({ ok: true, factor: null })
    this.#tooLate()
  }

  /** The password is too long ago to go on with. */
  #tooLate(): void {
    this.#go({ step: 'too-late' })
    this.#tellState('pending')
  }

  #enrol(finish: () => Promise<Enrolled | undefined>): Promise<Settled> {
    return settled(async () => {
      const enrolled = await finish()
      if (!enrolled?.ok) return { ok: false, reason: enrolled?.reason ?? 'failed' }
      this.enrolled(enrolled.factor)
      return { ok: true }
    })
  }

  /** A factor is there, and was proved just now. If it is the first one, this is the moment for recovery codes. */
  enrolled(factor: Factor): void {
    const { id, type, description } = factor
    const outcome: Verified = { ok: true, factor: { id, type: type as FactorType, description } }
    const isFirst = this.state.step !== 'due' || this.#hadNone
    this.#tellState('verified')
    if (!isFirst) {
      this.tell('changed', { factor })
      return void this.#accepted(outcome)
    }
    if (!this.#codes) return void this.#accepted(outcome)
    this.#go({ step: 'codes', factor })
    this.#next = () => this.#accepted(outcome)
  }

  async #accepted(outcome: Verified): Promise<void> {
    this.#next = undefined
    // Whether the site knows of the sign-in; where it can't be asked, the answer of before stands.
    const session = await this.api.session().catch(() => undefined)
    const waits = session?.state === 'pending' && session.answered && outcome.enrolmentRequired
    if (session && session.state !== 'verified' && !waits) return this.#failed(new ApiError('not-saved'))
    const { removed, recoveryCodesLeft = Infinity } = outcome
    const go = async (): Promise<void> => {
      const { enforcement } = session ?? {}
      if (session && enforcement && enforcement.state !== 'none') this.#due(session, enforcement, outcome)
      else await this.#finish(outcome)
    }
    this.#tellState(waits ? 'pending' : 'verified')
    if (!removed && recoveryCodesLeft > FEW_CODES) return go()
    // Read before the page goes on: where it goes nobody may say it again.
    this.#go({ step: 'recovered', ...(removed && { removed }), recoveryCodesLeft })
    this.#next = go
  }

  /** What the site wants to be enrolled. Once it is required, there is no other way on. */
  #due(session: Exclude<Session, { state: 'none' }>, { state, by = 0 }: Enforcement, outcome?: Verified): void {
    const required = state === 'required'
    this.#go({ step: 'due', by, required, ...offeredBy(session) })
    this.#hadNone = outcome?.factor === null && outcome.remembered !== true
    this.#next = outcome && !required ? () => this.#finish(outcome) : undefined
  }

  async #finish(outcome: Verified): Promise<void> {
    this.#next = undefined
    this.#go({ step: 'verified', outcome })
    this.tell('verified', { outcome })
    const { factor } = outcome
    const description = this.options.upgrade
    if (description === undefined || !this.#passkeys || !factor || factor.type === 'webauthn') return
    const made = await upgrade(this.api, description, this.#life.signal)
    if (made) this.tell('changed', { factor: made })
  }

  async #locked({ lockedUntil, unlockedBy }: RefusedAnswer): Promise<void> {
    this.#notice = { reason: 'locked', ...(lockedUntil !== undefined && { lockedUntil }), ...(unlockedBy && { unlockedBy }) }
    await this.refresh()
    this.tell('locked', {})
  }

  #failed(error: unknown): void {
    if (wantsProof(error)) return this.#tooLate()
    this.#go({ step: 'failed', reason: reasonOf(error) })
  }

  #takeNotice(): { notice?: SignInNotice } {
    const notice = this.#notice
    this.#notice = undefined
    return notice ? { notice } : {}
  }

  /** Why the last passkey was refused; it is no other step. */
  #say(error?: string): void {
    if (this.state.step !== 'signed-out') return
    const { notice: _, error: __, ...state } = this.state
    this.#live.set({ ...state, ...(error !== undefined && { error }) }, false)
  }

  #go(state: SignInState): void {
    this.#renew()
    if (state.step !== 'challenge') this.#open = undefined
    this.#live.set(state)
  }

  #renew(): void {
    this.#life.abort()
    this.#life = new AbortController()
  }

  #tellState(state: Session['state']): void {
    if (this.#session === state) return
    this.#session = state
    this.tell('state', { state })
  }
}

/** What can be enrolled here of what the site requires: no code proves any of the parts that a requirement can have. */
function offeredBy(
  { passkeys, yubico, require, enforcement }: { passkeys: boolean; yubico: boolean; require?: Requirement; enforcement?: Enforcement },
): Required<Offered> {
  const keysOnly = Object.keys({ ...require, ...enforcement?.require }).length > 0
  return { passkeys, yubico: yubico && !keysOnly, keysOnly }
}
