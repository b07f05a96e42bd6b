import { wantsProof } from '../flow/api.js'
import type { Change, Offered } from '../flow/enrol-key.js'
import { SignInFlow } from '../flow/sign-in.js'
import type { SignInNotice, SignInState } from '../flow/state.js'
import { challengeView } from './challenge.js'
import { alert, button, muted } from './controls.js'
import { element } from './dom.js'
import { dueText } from './due.js'
import { CountersignElement } from './element.js'
import { enrolmentChoices } from './enrol.js'
import { icon } from './icons.js'
import { nameOf } from './lists.js'
import { lockEnd } from './lock-end.js'
import { showCodes } from './recovery-codes.js'
import { askForFactor } from './step-up.js'

/**
 * `<countersign-sign-in>`: the second step of a sign-in, and the sign-in with a passkey. What it shows depends on the
 * state of the session:
 *
 * - none: a button to sign in with a passkey, beside the page's own password form. If the page has a field with
 *   `autocomplete="username webauthn"`, its autofill offers passkeys too. When the password was right, call `refresh()`
 * - pending: every way to answer, or the enrolment of a first factor if the site requires one. If the site allows it,
 *   a box to have this browser remembered. In a remembered browser, nothing has to be answered
 * - verified: nothing, unless the site requires another method. Until the time for it is over, the user can go on without it
 *
 * Attributes: `base`, `heading-level` (1 to 6, default 2), `autofocus`, `second-factor-only` (offers no passkey
 * sign-in), `passkey-only` (the page has no password form), `upgrade` (creates a passkey without a dialog after a
 * sign-in with a password, if the browser can), `sign-out` (the page's route that ends a session, for a button that
 * cancels a pending sign-in; it gets `POST` with `{}` as JSON).
 *
 * Events, which bubble:
 * - `countersign-state`: `{ state: 'none' | 'pending' | 'verified' }`, whenever the state has changed
 * - `countersign-verified`: `{ outcome }`; the user is signed in and has seen all messages
 * - `countersign-locked`: too many wrong codes; the server has ended the sign-in
 * - `countersign-signed-out`: the session has ended in the meantime
 */
export class CountersignSignIn extends CountersignElement {
  readonly #flow: SignInFlow
  /** Whether what is shown next takes the focus. */
  #focus = false
  #error: HTMLElement | undefined

  constructor() {
    super()
    const { ui } = this
    const has = (name: string): boolean => this.hasAttribute(name)
    const options = {
      get secondFactorOnly() {
        return has('second-factor-only')
      },
      get upgrade() {
        return has('upgrade') ? ui.text('passkey') : undefined
      },
    }
    this.#flow = new SignInFlow(ui.api, options, (name, detail) => ui.tell(name, detail))
    ui.signedOut = (code) => this.#flow.signedOut(code)
    this.#flow.subscribe((state, entered) => this.#change(state, entered))
  }

  /** @internal */
  protected override async draw(focus: boolean, current: () => boolean): Promise<void> {
    this.#focus = focus
    await this.#flow.refresh()
    if (current()) this.#focus = true
  }

  /** @internal */
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#flow.end()
  }

  #change(state: SignInState, entered: boolean): void {
    const focus = this.#focus
    if (state.step === 'signed-out') {
      // The view stays, and so does the focus.
      if (!entered && this.#error) this.#error.textContent = this.#errorOf(state)
      else this.#signedOut(state, focus)
    } else if (state.step === 'challenge') this.#challenge(state, focus)
    else if (state.step === 'enrol') this.#required(state, focus)
    else if (state.step === 'codes') this.#offerCodes()
    else if (state.step === 'due') this.#due(state, focus)
    else if (state.step === 'recovered') this.#recovered(state)
    else if (state.step === 'verified') {
      this.ui.show([])
      if (state.outcome) this.ui.say(this.ui.text('signedIn'))
    } else if (state.step === 'too-late') this.ui.show([alert(this.ui.text('enrolTooLate')), this.#cancel()])
    else if (state.step === 'failed') this.#failed(state.reason, focus)
  }

  #signedOut(state: StateOf<'signed-out'>, focus: boolean): void {
    const { ui } = this
    const error = alert(this.#errorOf(state))
    this.#error = error
    if (!state.passkeys) return ui.show([error])
    const use = button(ui, [icon('passkey'), ui.text('passkeySignIn')], () => this.#flow.signInWithPasskey(), { style: 'wide' })
    const or = this.hasAttribute('passkey-only') ? null : element('p', { class: 'or' }, ui.text('or'))
    ui.show([error, or, use], focus && error.textContent === '' ? use : undefined)
  }

  #errorOf({ error, notice }: StateOf<'signed-out'>): string {
    if (error === undefined) return this.#noticeOf(notice) ?? ''
    return error === 'rejected' ? this.ui.text('passkeyRejected') : this.ui.reason(error)
  }

  #noticeOf(notice: SignInNotice | undefined): string | undefined {
    const { ui } = this
    if (!notice) return undefined
    return notice.reason === 'locked' ? ui.sentences([ui.text('locked'), lockEnd(ui, notice)]) : ui.text('signedOut')
  }

  #challenge({ challenge, ways, mayRemember, require, notice }: StateOf<'challenge'>, focus: boolean): void {
    const { ui } = this
    const { answer, useKey } = this.#flow
    const view = challengeView(ui, challenge, ways, {
      answer, useKey, mayRemoveLost: true, mayRemember, require, notice: this.#noticeOf(notice),
    })
    const heading = ui.heading(ui.text('secondStep'))
    const lead = muted(ui.text('secondStepLead'))
    ui.show([heading, lead, ...view.nodes, this.#cancel()], focus ? (view.focus ?? heading) : undefined)
  }

  /** Ends a pending sign-in, where the page has told by which of its routes. */
  #cancel(): HTMLElement | null {
    const { ui } = this
    const route = this.getAttribute('sign-out')
    if (route === null) return null
    const cancel = async (): Promise<void> => {
      const cancelled = await this.#flow.cancel(route)
      if (!cancelled.ok) ui.say(ui.reason(cancelled.reason))
    }
    return element('p', { class: 'foot' }, button(ui, ui.text('cancel'), cancel, { style: 'quiet' }))
  }

  /** The first factor, without which there is no way on. */
  #required(offered: StateOf<'enrol'>, focus: boolean): void {
    const { ui } = this
    const lead = muted(ui.text(offered.keysOnly ? 'overdueKey' : 'requiredLead'))
    this.#enrolment(offered, (call) => call(), lead, this.#cancel(), focus)
  }

  /** What has to be added. Only while there is time for it, a button goes on without it. */
  #due(due: StateOf<'due'>, focus: boolean): void {
    const { required } = due
    const lead = element('p', { class: required ? 'notice' : 'muted' }, dueText(this.ui, due))
    this.#enrolment(due, this.#fresh, lead, required ? this.#cancel() : this.#later(), focus)
  }

  #enrolment(offered: Required<Offered>, change: Change, lead: Node, last: Node | null, focus: boolean): void {
    const { ui } = this
    const heading = ui.heading(ui.text(offered.keysOnly ? 'dueKey' : 'required'))
    const choices = enrolmentChoices(ui, offered, change, (factor) => this.#flow.enrolled(factor))
    ui.show([heading, lead, ...choices, last], focus ? heading : undefined)
  }

  #later(): Node {
    return button(this.ui, this.ui.text('later'), this.#flow.proceed, { style: 'wide' })
  }

  /** A page that was left open for a while needs a fresh proof. */
  readonly #fresh: Change = async (call) => {
    try {
      return await call()
    } catch (error) {
      if (!wantsProof(error)) throw error
      const again = await askForFactor(this.ui, () => Promise.reject(error))
      return again ? call() : undefined
    }
  }

  #offerCodes(): void {
    const { ui } = this
    const create = async (): Promise<void> => {
      const created = await this.#flow.createRecoveryCodes()
      if (!created.ok) return ui.say(ui.reason(created.reason))
      await showCodes(ui, created)
      await this.#flow.proceed()
    }
    const make = button(ui, ui.text('makeCodes'), create, { style: 'primary wide' })
    const heading = ui.heading(ui.text('codesOffer'))
    ui.show([heading, muted(ui.text('codesOfferLead')), make, this.#later()], make)
  }

  #recovered({ removed, recoveryCodesLeft: left }: StateOf<'recovered'>): void {
    const { ui } = this
    const names = ui.list(removed?.map((one) => nameOf(ui, one)) ?? [])
    const notice = removed
      ? names ? ui.text('removed', { names }) : ui.text('removedNone')
      : left > 0 ? ui.plural('lastCodes', left) : ui.text('noCodesLeft')
    const heading = ui.heading(ui.text('signedInBy'))
    const go = button(ui, ui.text('continue'), this.#flow.proceed, { style: 'primary wide' })
    ui.show([heading, element('p', { class: 'notice' }, notice), go], heading)
  }

  #failed(reason: string, focus: boolean): void {
    const { ui } = this
    const retry = button(ui, ui.text('retry'), () => this.refresh(), { style: 'wide' })
    ui.show([alert(ui.reason(reason)), retry], focus ? retry : undefined)
  }
}

type StateOf<Step extends SignInState['step']> = Extract<SignInState, { step: Step }>
