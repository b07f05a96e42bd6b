import { Api } from './api.js'
import { SettingsFlow, type SettingsEvents } from './settings.js'
import { SignInFlow, type SignInOptions } from './sign-in.js'
import type { SignInEvents } from './state.js'

export type { Activity, LockEnd, NewCodes, Verified } from './api.js'
export type { NewKey } from './enrol-key.js'
export type { AnswerOptions, Way } from './open-challenge.js'
export type { SettingsEvents, SettingsReady, SettingsState, StepUp } from './settings.js'
export type { Settled } from './settled.js'
export type { SignInEvents, SignInNotice, SignInState } from './state.js'

/** Options of {@link createSecondFactor}. They are read when they are needed, so getters can change them. */
export interface SecondFactorOptions extends SignInOptions {
  /** The path where `countersign/http` is mounted. Default `/countersign`. */
  readonly base?: string | undefined
  /** Receives what happens, as the events of `<countersign-sign-in>`. */
  readonly onEvent?: (<Name extends keyof SignInEvents>(name: Name, detail: SignInEvents[Name]) => void) | undefined
}

/** A sign-in without anything to see: the state to show, and the actions to call. No action rejects. */
export type SecondFactor = Pick<
  SignInFlow,
  | 'state' | 'subscribe' | 'refresh' | 'end' | 'signInWithPasskey' | 'answer' | 'useKey' | 'beginTotp' | 'finishTotp' | 'enrolKey'
  | 'enrolYubico' | 'createRecoveryCodes' | 'proceed' | 'cancel'
>

/**
 * Creates a sign-in for a page that draws everything itself, on the same state machine as `<countersign-sign-in>`. Call
 * `refresh()` when the page is there and whenever the session has changed, and `end()` when the page goes on.
 *
 * @example
 * const signIn = createSecondFactor({ onEvent: (name) => name === 'verified' && location.assign('/') })
 * signIn.subscribe((state) => console.log(state.step))
 * await signIn.refresh()
 */
export function createSecondFactor(options: SecondFactorOptions = {}): SecondFactor {
  const api = new Api(
    () => options.base ?? '/countersign',
    (code) => void flow.signedOut(code),
  )
  const flow: SignInFlow = new SignInFlow(api, options, (name, detail) => options.onEvent?.(name, detail))
  return flow
}

/** Options of {@link createSettings}. They are read when they are needed, so getters can change them. */
export interface SettingsOptions {
  /** The path where `countersign/http` is mounted. Default `/countersign`. */
  readonly base?: string | undefined
  /** Receives what happens: `changed`, with all factors, and `signed-out`. */
  readonly onEvent?: (<Name extends keyof SettingsEvents>(name: Name, detail: SettingsEvents[Name]) => void) | undefined
}

/** The settings without anything to see: the state to show, and the actions to call. No action rejects. */
export type SecuritySettings = Pick<
  SettingsFlow,
  | 'state' | 'subscribe' | 'refresh' | 'end' | 'rename' | 'setEnabled' | 'remove' | 'createRecoveryCodes' | 'beginTotp' | 'finishTotp'
  | 'enrolKey' | 'enrolYubico' | 'forgetBrowsers' | 'moreActivity' | 'answer' | 'useKey' | 'reauthenticated' | 'cancelStepUp'
>

/**
 * Creates the settings for a page that draws everything itself, on the same state machine as `<countersign-settings>`. Call
 * `refresh()` when the page is there, and `end()` when it goes on. If a change needs a fresh proof, it waits, and the state has
 * `stepUp` until it is answered or cancelled.
 *
 * @example
 * const settings = createSettings({ onEvent: (name) => name === 'signed-out' && location.assign('/') })
 * settings.subscribe((state) => console.log(state.step === 'ready' && state.factors))
 * await settings.refresh()
 */
export function createSettings(options: SettingsOptions = {}): SecuritySettings {
  const api = new Api(
    () => options.base ?? '/countersign',
    () => flow.signedOut(),
  )
  const flow: SettingsFlow = new SettingsFlow(api, (name, detail) => options.onEvent?.(name, detail))
  return flow
}
