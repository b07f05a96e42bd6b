import type { Factor, FactorType } from '../../shared/factor.js'
import { authenticate, supported } from '../index.js'
import { ApiError, textOf, type RefusedAnswer, type Session, type Verified } from './api.js'
import { autofill } from './autofill.js'
import { challengeView } from './challenge.js'
import { alert, button } from './controls.js'
import { element } from './dom.js'
import { CountersignElement } from './element.js'
import { enrolmentChoices, type Offered } from './enrol.js'
import { nameOf } from './factor-list.js'
import { icon } from './icons.js'
import { lockEnd } from './lock-end.js'
import { FEW_CODES, showCodes } from './recovery-codes.js'
import { upgrade } from './upgrade.js'

/**
 * `<countersign-sign-in>`: the second step of a sign-in, and the sign-in with a passkey. What it shows depends on the
 * state of the session:
 *
 * - none: a button to sign in with a passkey, beside the page's own password form. If the page has a field with
 *   `autocomplete="username webauthn"`, its autofill offers passkeys too. When the password was right, call `refresh()`
 * - pending: every way to answer, or the enrolment of a first factor if the site requires one
 * - verified: nothing
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
  /** What is to be said in the next view. */
  #notice: string | undefined
  #state: Session['state'] | undefined
  #drawing = 0
  /** Whether the server lets passkeys sign in without a user name. */
  #passkeys = false

  constructor() {
    super()
    this.ui.signedOut = async (code) => {
      // The server contradicts itself: to ask again would never end.
      if (this.#drawing > 0) return
      if (code === 'not-signed-in') this.#notice = this.ui.text('signedOut')
      await this.refresh()
      if (code === 'not-signed-in') this.ui.tell('signed-out')
    }
  }

  /** @internal */
  protected override async draw(focus: boolean, current: () => boolean): Promise<void> {
    const { ui } = this
    this.#drawing += 1
    try {
      const session = await ui.api.session()
      if (!current()) return
      this.#passkeys = session.passkeys
      if (session.state === 'pending') return await this.#pending(session, focus, current)
      if (session.state === 'none') this.#nobody(focus)
      else ui.show([])
      this.#tellState(session.state)
    } catch (error) {
      if (current()) this.#failed(error, focus)
    } finally {
      this.#drawing -= 1
    }
  }

  #nobody(focus: boolean): void {
    const { ui } = this
    const error = alert(this.#notice)
    this.#notice = undefined
    if (this.hasAttribute('second-factor-only') || !this.#passkeys || !supported()) return ui.show([error])
    const failed = (failure: unknown): void => {
      error.textContent = ui.messageOf(failure)
      wait()
    }
    const enter = async (response: object): Promise<void> => {
      const outcome = await ui.api.verifyPasskey(response)
      if (outcome.ok) return this.#signedIn(outcome)
      error.textContent = ui.text(outcome.reason === 'rejected' ? 'passkeyRejected' : textOf(outcome.reason))
      wait()
    }
    const wait = (): void => {
      autofill(ui.api, ui.signal).then((response) => response && enter(response)).catch(() => undefined)
    }
    const click = async (): Promise<void> => {
      error.textContent = ''
      const { webauthn } = await ui.api.passkeyChallenge()
      await enter(await authenticate(webauthn, { signal: ui.signal }))
    }
    const use = button(ui, [icon('passkey'), ui.text('passkeySignIn')], click, { style: 'wide', failed })
    const or = this.hasAttribute('passkey-only') ? null : element('p', { class: 'or' }, ui.text('or'))
    ui.show([error, or, use], focus && error.textContent === '' ? use : undefined)
    wait()
  }

  async #pending(session: Offered & { mayEnrol: boolean }, focus: boolean, current: () => boolean): Promise<void> {
    const { ui } = this
    if (session.mayEnrol) return this.#required(session, focus)
    const { challenge } = await ui.api.challenge()
    if (!current()) return
    if (challenge) {
      const done = (outcome: Verified | RefusedAnswer): unknown =>
        outcome.ok ? this.#signedIn(outcome) : this.#locked(outcome)
      const view = challengeView(ui, challenge, { mayRemoveLost: true, notice: this.#notice, done })
      const heading = ui.heading(ui.text('secondStep'))
      this.#notice = undefined
      const lead = element('p', { class: 'muted' }, ui.text('secondStepLead'))
      ui.show([heading, lead, ...view.nodes, this.#cancel()], focus ? (view.focus ?? heading) : undefined)
      return this.#tellState('pending')
    }
    // No factor: if none is required the server has ended the sign-in with that.
    const { state } = await ui.api.session()
    if (!current()) return
    if (state === 'verified') return this.#signedIn({ ok: true, factor: null })
    this.#tooLate()
  }

  /** The password is too long ago to go on with. */
  #tooLate(): void {
    this.ui.show([alert(this.ui.text('enrolTooLate')), this.#cancel()])
    this.#tellState('pending')
  }

  /** Ends a pending sign-in, where the page has told by which of its routes. */
  #cancel(): HTMLElement | null {
    const { ui } = this
    const route = this.getAttribute('sign-out')
    if (route === null) return null
    const cancel = async (): Promise<void> => {
      await ui.api.signOut(route)
      await this.refresh()
    }
    return element('p', { class: 'foot' }, button(ui, ui.text('cancel'), cancel, { style: 'quiet' }))
  }

  #required(offered: Offered, focus: boolean): void {
    const { ui } = this
    const heading = ui.heading(ui.text('required'))
    const choices = enrolmentChoices(ui, offered, (call) => call(), (factor) => this.#enrolled(factor))
    const lead = element('p', { class: 'muted' }, ui.text('requiredLead'))
    ui.show([heading, lead, ...choices, this.#cancel()], focus ? heading : undefined)
    this.#tellState('pending')
  }

  /** The moment for recovery codes: the factor was proved just now. */
  #enrolled({ id, type, description }: Factor): void {
    const { ui } = this
    this.#tellState('verified')
    const go = (): unknown => this.#signedIn({ ok: true, factor: { id, type: type as FactorType, description } })
    const make = button(
      ui,
      ui.text('makeCodes'),
      async () => {
        await showCodes(ui, await ui.api.recoveryCodes())
        await go()
      },
      { style: 'primary wide' },
    )
    const heading = ui.heading(ui.text('codesOffer'))
    const later = button(ui, ui.text('later'), go, { style: 'wide' })
    ui.show([heading, element('p', { class: 'muted' }, ui.text('codesOfferLead')), make, later], make)
  }

  async #signedIn(outcome: Verified): Promise<void> {
    const { ui } = this
    if (!(await this.#isSaved())) return this.#failed(new ApiError('not-saved'), true)
    const { factor, removed, recoveryCodesLeft: left = Infinity } = outcome
    const notices: string[] = []
    this.#tellState('verified')
    if (removed) {
      const names = removed.map((one) => nameOf(ui, one)).join(', ')
      notices.push(names ? ui.text('removed', { names }) : ui.text('removedNone'))
    } else if (left <= FEW_CODES) notices.push(left > 0 ? ui.plural('lastCodes', left) : ui.text('noCodesLeft'))
    if (notices.length > 0) {
      // Read before the page goes on: where it goes nobody may say it again.
      await new Promise<void>((resolve) => {
        const heading = ui.heading(ui.text('signedInBy'))
        const go = button(ui, ui.text('continue'), () => resolve(), { style: 'primary wide' })
        ui.show([heading, element('p', { class: 'notice' }, notices.join(' ')), go], heading)
      })
    }
    ui.show([])
    ui.say(ui.text('signedIn'))
    ui.tell('verified', { outcome })
    if (this.hasAttribute('upgrade') && this.#passkeys && factor && factor.type !== 'webauthn') await upgrade(ui)
  }

  /** Whether the site knows of the sign-in; where it can't be asked, the answer of before stands. */
  async #isSaved(): Promise<boolean> {
    const { state } = await this.ui.api.session().catch(() => ({ state: 'verified' }))
    return state === 'verified'
  }

  async #locked(outcome: RefusedAnswer): Promise<void> {
    this.#notice = `${this.ui.text('locked')} ${lockEnd(this.ui, outcome)}`
    await this.refresh()
    this.ui.tell('locked')
  }

  #failed(error: unknown, focus: boolean): void {
    const { ui } = this
    if (error instanceof ApiError && error.code === 'step-up-required') return this.#tooLate()
    const retry = button(ui, ui.text('retry'), () => this.refresh(), { style: 'wide' })
    ui.show([alert(ui.messageOf(error)), retry], focus ? retry : undefined)
  }

  #tellState(state: Session['state']): void {
    if (this.#state === state) return
    this.#state = state
    this.ui.tell('state', { state })
  }
}
