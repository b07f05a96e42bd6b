import type { Reminder } from '../../service/duty.js'
import type { Factor, RecoveryFactor } from '../../shared/factor.js'
import { FEW_CODES, type ApiError } from '../flow/api.js'
import { GAVE_UP, SettingsFlow, type SettingsReady, type SettingsState } from '../flow/settings.js'
import type { Settled } from '../flow/settled.js'
import { alert, button, muted, type Style } from './controls.js'
import { openForm } from './dialog.js'
import { element, focusOn } from './dom.js'
import { dueText } from './due.js'
import { CountersignElement } from './element.js'
import { enrolmentChoices, nameField } from './enrol.js'
import { activityList, activityRows, browserList, factorList, nameOf, nameOfBrowser, type FactorAction } from './lists.js'
import { lockEnd } from './lock-end.js'
import { showCodes } from './recovery-codes.js'
import { askForFactor } from './step-up.js'

/**
 * `<countersign-settings>`: lets the signed-in user add, rename, turn off and remove factors, and create recovery
 * codes, sign out remembered browsers, and see what happened
 * to the account lately. When the server asks for a step-up, it asks for a factor in a dialog.
 *
 * Attributes: `base`, `heading-level` (1 to 6, default 2), `autofocus`.
 *
 * Events, which bubble:
 * - `countersign-changed`: `{ factors }`; something was added, changed or removed
 * - `countersign-reauthenticate`: `{ until(promise) }`; the user has no factor. The page asks for the password again,
 *   and passes a promise that resolves with whether it was right. Without a promise, the element asks to sign in again
 * - `countersign-signed-out`: the session has ended in the meantime
 */
export class CountersignSettings extends CountersignElement {
  readonly #flow: SettingsFlow
  /** Whether what is shown next takes the focus. */
  #focus = false

  constructor() {
    super()
    const { ui } = this
    const ask = (error: ApiError): Promise<boolean> => askForFactor(ui, () => this.#reauthenticate(error))
    this.#flow = new SettingsFlow(ui.api, (name, detail) => ui.tell(name, detail), ask)
    ui.signedOut = () => this.#flow.signedOut()
    this.#flow.subscribe((state, news) => news && this.#show(state))
  }

  /** @internal */
  protected override async draw(focus: boolean, current: () => boolean): Promise<void> {
    this.#focus = focus
    await this.#flow.refresh()
    if (current()) this.#focus = false
  }

  /** @internal */
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#flow.end()
  }

  #show(state: SettingsState): void {
    const { ui } = this
    if (state.step === 'ready') {
      const heading = ui.heading(ui.text('settings'))
      ui.redraw([heading, ...this.#sections(state), this.#browsers(state), this.#activity(state)], this.#focus ? heading : undefined)
    } else if (state.step === 'signed-out') {
      ui.show([state.ended ? alert(ui.text('signedOut')) : muted(ui.text('signInFirst'))])
    } else if (state.step === 'failed') {
      const retry = button(ui, ui.text('retry'), () => this.refresh())
      ui.show([alert(ui.reason(state.reason)), retry], this.#focus ? retry : undefined)
    }
  }

  #sections(state: SettingsReady): Node[] {
    const { ui } = this
    const { factors, recovery, keysOnly, status } = state
    const advice = this.#advice(state)
    const list =
      factors.length > 0
        ? factorList(ui, factors, status.locked, (action, factor) => this.#keepingFocus(factor.id, action))
        : muted(ui.text(recovery ? 'onlyCodes' : 'noFactors'))
    const added = async (factor: Factor): Promise<void> => {
      await this.#flow.enrolled()
      focusOn(this.#row(factor.id)?.querySelector('button'))
      ui.say(ui.text('wasAdded', { name: nameOf(ui, factor) }))
    }
    return [
      ...(advice ? [element('p', { class: 'notice' }, advice)] : []),
      this.#card('factors', list),
      this.#card('addFactor', ...enrolmentChoices(ui, state, this.#flow.change, added)),
      ...(!keysOnly && (factors.length > 0 || recovery) ? [this.#card('recovery', this.#recovery(recovery))] : []),
    ]
  }

  /** Where the password alone signs in; null: nowhere. */
  #browsers({ browsers }: SettingsReady): Node | null {
    const { ui } = this
    if (browsers.length === 0) return null
    const forget = async (id: string | undefined, said: string): Promise<void> => {
      const forgotten = await this.#flow.forgetBrowsers(id)
      if (!forgotten.ok) return ui.say(ui.reason(forgotten.reason))
      ui.say(said)
      this.#refocus()
    }
    const list = browserList(ui, browsers, (browser) =>
      forget(browser.id, ui.text('wasForgotten', { name: nameOfBrowser(ui, browser) })),
    )
    const all = button(ui, ui.text('forgetAll'), () => forget(undefined, ui.text('allForgotten')))
    return this.#card('browsers', muted(ui.text('browsersLead')), list, browsers.length > 1 && element('p', { class: 'foot' }, all))
  }

  /** What happened to the account; null: nothing that is known. */
  #activity({ activity, hasMoreActivity }: SettingsReady): Node | null {
    const { ui } = this
    if (activity.length === 0) return null
    const list = activityList(ui, activity)
    const more = button(ui, ui.text('activityMore'), async () => {
      const page = await this.#flow.moreActivity()
      if (!page.ok) return ui.say(ui.reason(page.reason))
      const added = activityRows(ui, page.activity)
      list.append(...added)
      const { state } = this.#flow
      if (state.step === 'ready' && !state.hasMoreActivity) more.parentElement?.remove()
      focusOn(added[0])
    })
    return this.#card('activity', muted(ui.text('activityLead')), list, hasMoreActivity && element('p', { class: 'foot' }, more))
  }

  #card(title: 'factors' | 'addFactor' | 'recovery' | 'browsers' | 'activity', ...nodes: (Node | false)[]): Node {
    return element('section', { class: 'card' }, this.ui.heading(this.ui.text(title), 1), ...nodes)
  }

  #recovery(set: RecoveryFactor | undefined): Node {
    const { ui } = this
    const state = set
      ? ui.plural('recoveryState', set.left, { date: ui.date(set.created) })
      : ui.text('recoveryNever')
    const make = button(ui, ui.text(set ? 'makeNewCodes' : 'makeCodes'), () => this.#makeCodes(set !== undefined))
    make.dataset['action'] = 'codes'
    return element('div', { class: 'split' }, muted(state), make)
  }

  #advice({ factors, recovery: set, status, enforcement, keysOnly }: SettingsReady): string {
    const { ui } = this
    const some = factors.length > 0
    if (status.locked.length > 0) return ui.sentences([ui.text('adviseLocked'), lockEnd(ui, status)])
    const { state = 'none', by = 0, require = {}, reminders = [] } = enforcement ?? {}
    if (state !== 'none') return dueText(ui, { by, required: state === 'required', keysOnly: Object.keys(require).length > 0 })
    if (keysOnly) return some ? this.#remind(reminders) : ui.text('adviseFactor')
    // After a recovery: the password alone opens nothing, and when the codes are used up it can't either.
    if (!some && set) return set.left > 0 ? ui.plural('adviseOnlyCodes', set.left) : ui.text('adviseNoWay')
    if (!some) return ui.text('adviseFactor')
    if (!set) return ui.text('adviseCodes')
    if (set.left > FEW_CODES) return this.#remind(reminders)
    return set.left > 0 ? ui.plural('adviseLast', set.left) : ui.text('adviseNone')
  }

  /** What the server reminds of, beside recovery codes. */
  #remind(reminders: readonly Reminder[]): string {
    const { ui } = this
    if (reminders.includes('synced-only')) return ui.text('adviseSynced')
    return reminders.includes('one-method') ? ui.text('adviseOne') : ''
  }

  async #rename(factor: Factor): Promise<void> {
    const { ui } = this
    const renamed = await openForm<string>(ui, {
      title: ui.text('renameTitle'),
      fields: [nameField(ui, 'name', factor.description)],
      action: ui.text('save'),
      submit: async (values, close) => {
        const description = (values['description'] ?? '').trim()
        const updated = await this.#flow.rename(factor.id, description)
        return updated.ok ? close(description) : ui.reason(updated.reason)
      },
    })
    if (renamed !== undefined) ui.say(ui.text('renamed', { name: renamed }))
  }

  async #toggle(factor: Factor): Promise<void> {
    const { ui } = this
    const updated = await this.#flow.setEnabled(factor.id, !factor.enabled)
    if (updated.ok) return ui.say(ui.text(factor.enabled ? 'isOff' : 'isOn', { name: nameOf(ui, factor) }))
    if (updated.reason !== GAVE_UP) ui.say(ui.reason(updated.reason))
  }

  async #remove(factor: Factor): Promise<void> {
    const { ui } = this
    const name = nameOf(ui, factor)
    const others = this.#factors.filter(({ id, type }) => id !== factor.id && type !== 'recovery')
    const removed = await this.#confirm(() => this.#flow.remove(factor.id), {
      title: ui.text('removeTitle', { name }),
      lead: ui.text(others.length > 0 ? 'removeLead' : 'removeLast'),
      action: ui.text('remove'),
      style: 'primary danger',
    })
    if (removed) ui.say(ui.text('wasRemoved', { name }))
  }

  async #makeCodes(has: boolean): Promise<void> {
    const { ui } = this
    const run = this.#flow.createRecoveryCodes
    const asked = { title: ui.text('makeNewTitle'), lead: ui.text('makeNewLead'), action: ui.text('makeNewCodes'), style: 'primary' } as const
    const made = has ? await this.#confirm(run, asked) : await run()
    if (!made) return
    if (!made.ok) return made.reason === GAVE_UP ? undefined : ui.say(ui.reason(made.reason))
    await showCodes(ui, made)
    focusOn(ui.root.querySelector<HTMLElement>('[data-action="codes"]'))
  }

  /** Resolves with what `run` gave, or undefined when the person said no. */
  #confirm<Result extends object>(
    run: () => Promise<Settled<Result>>, asked: { title: string; lead: string; action: string; style: Style },
  ): Promise<({ ok: true } & Result) | undefined> {
    const { ui } = this
    return openForm<{ ok: true } & Result>(ui, {
      ...asked,
      fields: [],
      submit: async (_, close) => {
        const result = await run()
        return result.ok ? close(result) : ui.reason(result.reason)
      },
    })
  }

  /** There is no factor to ask for: the first one, a password as a rule, is the page's. */
  async #reauthenticate(error: ApiError): Promise<boolean> {
    let asked: Promise<boolean> | undefined
    this.ui.tell('reauthenticate', { until: (promise: Promise<boolean>) => void (asked = promise) })
    if (!asked) throw error
    return asked
  }

  get #factors(): Factor[] {
    const { state } = this.#flow
    return state.step === 'ready' ? state.factors : []
  }

  /** Each action draws the list anew: the focus goes to the same button, or to the heading when its row is gone. */
  async #keepingFocus(id: string, action: FactorAction): Promise<void> {
    const factor = this.#factors.find((one) => one.id === id)
    if (!factor) return
    if (action === 'rename') await this.#rename(factor)
    else if (action === 'toggle') await this.#toggle(factor)
    else await this.#remove(factor)
    this.#refocus(this.#row(id)?.querySelector<HTMLElement>(`[data-action="${action}"]`))
  }

  /** Gives the focus, where what had it is gone, to what stands in its place, or to the heading. */
  #refocus(same?: HTMLElement | null): void {
    const { root } = this.ui
    if (!root.activeElement) focusOn(same ?? root.querySelector<HTMLElement>('.level-0'))
  }

  #row(id: string): HTMLElement | undefined {
    return [...this.ui.root.querySelectorAll<HTMLElement>('[data-id]')].find((row) => row.dataset['id'] === id)
  }
}
