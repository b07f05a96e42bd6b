import type { Requirement } from '../../service/assurance.js'
import type { Challenge, TotpEnrolment } from '../../service/challenge.js'
import type { Enforcement } from '../../service/duty.js'
import type { Enrolled, RememberedBrowser, Status } from '../../service/outcome.js'
import type { Factor, RecoveryFactor } from '../../shared/factor.js'
import { signalAllAcceptedCredentials, signalCurrentUserDetails } from '../index.js'
import { ApiError, wantsProof, type Activity, type Api, type NewCodes, type Signals } from './api.js'
import { enrolKey, type Change, type NewKey } from './enrol-key.js'
import { LiveState } from './live-state.js'
import { OpenChallenge, waysOf, type Way } from './open-challenge.js'
import { failed, reasonOf, settled, type Settled } from './settled.js'

/**
 * What a change waits for: the last proof is too long ago. Call `answer` or `useKey`, and the change goes on; or
 * `cancelStepUp`. Without a `challenge`, the user has no factor: ask for the password again, and call `reauthenticated`.
 */
export interface StepUp {
  challenge: Challenge | null
  /** How the challenge can be answered here. */
  ways: Way[]
  /** What the site wants an answer to prove: without `ways`, the user may have nothing that does. */
  require?: Requirement
}

/**
 * Where the settings stand. `step` is one of:
 *
 * - `loading`: the server hasn't answered yet
 * - `signed-out`: nobody is signed in. `ended`: somebody was until now
 * - `ready`: all that there is to show
 * - `failed`: the server can't be reached, or something else went wrong: `refresh()` tries again
 */
export type SettingsState = { step: 'loading' } | { step: 'signed-out'; ended: boolean } | SettingsReady | { step: 'failed'; reason: string }

/** What a page of settings shows. */
export interface SettingsReady {
  step: 'ready'
  /** The factors without the recovery codes. */
  factors: Factor[]
  /** Locks, counters, and the number of recovery codes that are left. */
  status: Status
  /** The recovery codes, if there are any. */
  recovery?: RecoveryFactor
  /** Whether a passkey can be added that signs in alone. */
  passkeys: boolean
  /** Whether Yubico keys can be added. */
  yubico: boolean
  /** Only security keys and passkeys can sign in here: offer neither apps nor recovery codes. */
  keysOnly: boolean
  /** What the site wants to be enrolled, and what to remind of, if it has a policy. */
  enforcement?: Enforcement
  /** Browsers in which the password alone signs in. */
  browsers: RememberedBrowser[]
  /** What happened to the account, the newest first, if the site keeps a log. */
  activity: Activity[]
  /** There is more of it: `moreActivity()` adds it. */
  hasMoreActivity: boolean
  stepUp?: StepUp
}

/** What the settings tell, and what with it. */
export interface SettingsEvents {
  changed: { factors: Factor[] }
  'signed-out': object
}

type Tell = <Name extends keyof SettingsEvents>(name: Name, detail: SettingsEvents[Name]) => unknown

/** Asks for a fresh proof. False: the person gave up. */
type Ask = (error: ApiError) => Promise<boolean>

/** The reason of a change that the person gave up when asked for a proof. */
export const GAVE_UP = 'step-up-cancelled'

/** The settings of a signed-in user, without anything to see. Its actions never reject. */
export class SettingsFlow {
  readonly #live = new LiveState<SettingsState>({ step: 'loading' })
  #before: number | null = null
  #open: OpenChallenge | undefined
  #asked: { answer: Promise<boolean>; end: (right: boolean) => void } | undefined
  #life = new AbortController()
  readonly #ask: Ask

  /** @param ask if the page asks for a proof in its own way; otherwise the state says so */
  constructor(
    private readonly api: Api,
    private readonly tell: Tell,
    ask?: Ask,
  ) {
    this.#ask = ask ?? ((error) => this.#stepUp(error))
  }

  get state(): SettingsState {
    return this.#live.state
  }

  /** Calls the listener with the state, now and after each change, new if all of it was asked for. Returns a function that ends that. */
  subscribe = this.#live.subscribe

  /** Asks the server for everything. */
  refresh = async (): Promise<void> => {
    const current = this.#live.begin()
    try {
      const session = await this.api.session()
      if (!current()) return
      if (session.state !== 'verified') return this.#live.set({ step: 'signed-out', ended: false })
      const [{ factors: all, status }, { browsers }, { activity, next }] = await Promise.all([
        this.api.factors(), session.remember ? this.api.browsers() : { browsers: [] },
        session.activity ? this.api.activity() : { activity: [], next: null },
      ])
      if (!current()) return
      const factors = all.filter(({ type, unusable }) => type !== 'recovery' || unusable)
      const recovery = all.find((factor): factor is RecoveryFactor => factor.type === 'recovery' && !factor.unusable)
      const keysOnly = session.require !== undefined
      const { passkeys, enforcement } = session
      const yubico = session.yubico && !keysOnly
      const { stepUp } = this.state as Partial<SettingsReady>
      this.#before = next
      this.#live.set({
        step: 'ready', factors, status, passkeys, yubico, keysOnly, browsers, activity, hasMoreActivity: next !== null,
        ...(recovery && { recovery }), ...(enforcement && { enforcement }), ...(stepUp && { stepUp }),
      })
    } catch (error) {
      // That has its own state.
      const isEnd = error instanceof ApiError && (error.code === 'not-signed-in' || error.code === 'second-factor-required')
      if (current() && !isEnd) this.#live.set({ step: 'failed', reason: reasonOf(error) })
    }
  }

  /** Ends what runs and waits, when the page goes on to something else. */
  end = (): void => {
    this.#live.begin()
    this.#life.abort()
    this.#life = new AbortController()
    this.cancelStepUp()
  }

  /** The server has said that there is no session, or not one that is good for this. */
  signedOut(): void {
    this.#live.begin()
    this.#asked?.end(false)
    this.#live.set({ step: 'signed-out', ended: true })
    this.tell('signed-out', {})
  }

  /** Gives a factor another name. */
  rename = (id: string, description: string): Promise<Settled> => this.#update(id, { description: description.trim() })

  /** Turns a factor on or off. The last one that is on can't be turned off, only removed. */
  setEnabled = (id: string, enable: boolean): Promise<Settled> => this.#update(id, { enable })

  /** Removes a factor. With the last one, the recovery codes go too. */
  remove = (id: string): Promise<Settled> => this.#act(() => this.api.remove(id))

  /** Creates recovery codes. They are shown once, and replace those of before. */
  createRecoveryCodes = (): Promise<Settled<NewCodes>> =>
    this.#act<NewCodes>(async () => ({ ok: true, ...(await this.api.recoveryCodes()) }))

  /** Begins to enrol an authenticator app: what the user scans or types. */
  beginTotp = (): Promise<Settled<TotpEnrolment>> =>
    settled(async () => {
      const begun = await this.change(() => this.api.beginTotp())
      return begun ? { ok: true, ...begun } : { ok: false, reason: GAVE_UP }
    })

  /** Enrols the app with a code that it shows. */
  finishTotp = (proof: { enrolment: string; code: string; description: string }): Promise<Settled<{ factor: Factor }>> =>
    this.#enrol(() => this.change(() => this.api.finishTotp(proof)))

  /** Enrols a security key or passkey. Call it when the user clicks something. */
  enrolKey = (key: NewKey): Promise<Settled<{ factor: Factor }>> => {
    const passkeys = this.state.step === 'ready' && this.state.passkeys
    return this.#enrol(() => enrolKey(this.api, this.change, key, { passkeys, signal: this.#life.signal }))
  }

  /** Enrols a Yubico key with an OTP that it types. */
  enrolYubico = (proof: { code: string; description: string }): Promise<Settled<{ factor: Factor }>> =>
    this.#enrol(() => this.change(() => this.api.enrolYubico(proof)))

  /** Forgets a remembered browser; without an id, all of them. The next sign-in there needs a factor. */
  forgetBrowsers = (id?: string): Promise<Settled> =>
    settled(async () => {
      await (id === undefined ? this.api.forgetBrowsers() : this.api.forgetBrowser(id))
      await this.refresh()
      return { ok: true }
    })

  /** Adds the next entries to `activity`, and resolves with them. */
  moreActivity = (): Promise<Settled<{ activity: Activity[] }>> =>
    settled(async () => {
      const current = this.#live.watch()
      const { activity, next } = await this.api.activity(this.#before ?? undefined)
      const { state } = this
      if (!current() || state.step !== 'ready') return { ok: true, activity: [] }
      this.#before = next
      this.#live.set({ ...state, activity: [...state.activity, ...activity], hasMoreActivity: next !== null }, false)
      return { ok: true, activity }
    })

  /** Answers `stepUp`: `{ type: 'totp', code }` or `{ type: 'recovery', code }`, or `yubico`. */
  answer = (answer: object): Promise<Settled> => this.#open?.answer(answer) ?? failed()

  /** Answers `stepUp` with a security key or passkey. Call it when the user clicks something. */
  useKey = (): Promise<Settled> =>
    this.#open?.useKey() ?? failed()

  /** The password was right again, and the session has its new time. For a `stepUp` without a challenge. */
  reauthenticated = (): void => {
    if (!this.#open) this.#asked?.end(true)
  }

  /** Gives up the change that waits. */
  cancelStepUp = (): void => this.#asked?.end(false)

  /** Asks for a proof when the last one is too long ago, then tries once more. Undefined: the person gave up. */
  change: Change = async (call) => {
    try {
      return await call()
    } catch (error) {
      if (!wantsProof(error)) throw error
      return (await this.#ask(error)) ? afterStepUp(call) : undefined
    }
  }

  /** A factor is there that was not enrolled by the calls above. */
  async enrolled(): Promise<void> {
    await this.#changed()
  }

  #update(id: string, change: { description?: string; enable?: boolean }): Promise<Settled> {
    return this.#act(() => this.api.update(id, change))
  }

  #enrol(finish: () => Promise<Enrolled | undefined>): Promise<Settled<{ factor: Factor }>> {
    return settled<{ factor: Factor }>(async () => {
      const enrolled = await finish()
      if (!enrolled) return { ok: false, reason: GAVE_UP }
      if (!enrolled.ok) return { ok: false, reason: enrolled.reason }
      await this.#changed()
      return { ok: true, factor: enrolled.factor }
    })
  }

  #act<Result extends object>(call: () => Promise<(({ ok: true } & Result) | { ok: false; reason: string }) & { signals?: Signals }>): Promise<Settled<Result>> {
    return settled<Result>(async () => {
      const done = await this.change(call)
      if (!done) return { ok: false, reason: GAVE_UP }
      if (!done.ok) return { ok: false, reason: done.reason }
      await signal(done.signals)
      await this.#changed()
      return done
    })
  }

  async #changed(): Promise<void> {
    await this.refresh()
    const { state } = this
    if (state.step !== 'ready') return
    this.tell('changed', { factors: [...state.factors, ...(state.recovery ? [state.recovery] : [])] })
  }

  /** One question for all that wait for it. */
  async #stepUp(error: ApiError): Promise<boolean> {
    if (this.#asked) return this.#asked.answer
    if (this.state.step !== 'ready') throw error
    let end: (right: boolean) => void = () => undefined
    const answer = new Promise<boolean>((resolve) => (end = resolve))
    const asked = { answer, end }
    this.#asked = asked
    try {
      const { challenge, require } = await this.api.challenge()
      const done = ({ ok }: { ok: boolean }): unknown => this.#asked === asked && end(ok)
      this.#open = challenge ? new OpenChallenge(this.api, challenge, () => this.#life.signal, done) : undefined
      this.#show({ challenge, ways: challenge ? waysOf(challenge) : [], ...(require && { require }) })
      return await answer
    } finally {
      end(false)
      this.#asked = undefined
      this.#open = undefined
      this.#show(undefined)
    }
  }

  #show(stepUp: StepUp | undefined): void {
    if (this.state.step !== 'ready') return
    const { stepUp: _, ...state } = this.state
    this.#live.set({ ...state, ...(stepUp && { stepUp }) }, false)
  }
}

/** The passkey providers hear which credentials are left and what their user is called; no answer comes of it. */
async function signal(signals: Signals | undefined): Promise<void> {
  if (!signals) return
  const { rpId, userId, allAcceptedCredentialIds, name, displayName } = signals
  await signalAllAcceptedCredentials({ rpId, userId, allAcceptedCredentialIds })
  await signalCurrentUserDetails({ rpId, userId, name, displayName })
}

/** Asked for once more right after the answer was right: the site has forgotten it. */
async function afterStepUp<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call()
  } catch (error) {
    throw wantsProof(error) ? new ApiError('not-saved') : error
  }
}
