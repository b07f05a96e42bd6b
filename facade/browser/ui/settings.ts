import type { Factor, RecoveryFactor } from '../../shared/factor.js'
import type { Requirement } from '../../service/assurance.js'
import type { Enforcement, Reminder } from '../../service/duty.js'
import type { RememberedBrowser, Status } from '../../service/outcome.js'
import type { Change, Offered } from '../flow/enrol-key.js'
import { FEW_CODES } from '../flow/state.js'
import { signalAllAcceptedCredentials, signalCurrentUserDetails } from '../index.js'
import { ApiError, type Activity, type NewCodes, type Signals } from '../flow/api.js'
import { activityList, rows } from './activity-list.js'
import { textOf } from './text-of.js'
import { browserList, nameOfBrowser } from './browser-list.js'
import { alert, button, form, type Style } from './controls.js'
import { openDialog } from './dialog.js'
import { element, focusOn } from './dom.js'
import { dueText } from './due.js'
import { CountersignElement } from './element.js'
import { enrolmentChoices, nameField } from './enrol.js'
import { factorList, nameOf, type FactorAction } from './factor-list.js'
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
  #factors: Factor[] = []
  #offered: Offered = { passkeys: false, yubico: false }
  #enforcement: Enforcement | undefined
  /** What the site wants every answer to prove: recovery codes are of no use then. */
  #require: Requirement | undefined

  constructor() {
    super()
    this.ui.signedOut = () => {
      this.ui.show([alert(this.ui.text('signedOut'))])
      this.ui.tell('signed-out')
    }
  }

  /** @internal */
  protected override async draw(focus: boolean, current: () => boolean): Promise<void> {
    const { ui } = this
    try {
      const session = await ui.api.session()
      if (!current()) return
      if (session.state !== 'verified') return ui.show([element('p', { class: 'muted' }, ui.text('signInFirst'))])
      this.#require = session.require
      const keysOnly = session.require !== undefined
      this.#offered = { ...session, yubico: session.yubico && !keysOnly, keysOnly }
      this.#enforcement = session.enforcement
      const [{ factors, status }, { browsers }, { activity, next }] = await Promise.all([
        ui.api.factors(), session.remember ? ui.api.browsers() : { browsers: [] },
        session.activity ? ui.api.activity() : { activity: [], next: null },
      ])
      if (!current()) return
      this.#factors = factors
      const heading = ui.heading(ui.text('settings'))
      ui.redraw([heading, ...this.#sections(factors, status), this.#browsers(browsers), this.#activity(activity, next)], focus ? heading : undefined)
    } catch (error) {
      if (!current() || isSignedOut(error)) return
      const retry = button(ui, ui.text('retry'), () => this.refresh())
      ui.show([alert(ui.messageOf(error)), retry], focus ? retry : undefined)
    }
  }

  #sections(factors: Factor[], status: Status): Node[] {
    const { ui } = this
    const listed = factors.filter(({ type, unusable }) => type !== 'recovery' || unusable)
    const set = factors.find((factor): factor is RecoveryFactor => factor.type === 'recovery' && !factor.unusable)
    const { locked } = status
    const advice = this.#advice(listed.length > 0, set, status)
    const list =
      listed.length > 0
        ? factorList(ui, listed, locked, (action, factor) => this.#keepingFocus(factor.id, action))
        : element('p', { class: 'muted' }, ui.text(set ? 'onlyCodes' : 'noFactors'))
    const added = async (factor: Factor): Promise<void> => {
      await this.#redraw()
      focusOn(this.#row(factor.id)?.querySelector('button'))
      ui.say(ui.text('wasAdded', { name: nameOf(ui, factor) }))
    }
    const section = (title: 'factors' | 'addFactor' | 'recovery', ...nodes: Node[]): Node =>
      element('section', { class: 'card' }, ui.heading(ui.text(title), 1), ...nodes)
    return [
      ...(advice ? [element('p', { class: 'notice' }, advice)] : []),
      section('factors', list),
      section('addFactor', ...enrolmentChoices(ui, this.#offered, this.#change, added)),
      ...(!this.#require && (listed.length > 0 || set) ? [section('recovery', this.#recovery(set))] : []),
    ]
  }

  /** Where the password alone signs in; null: nowhere. */
  #browsers(browsers: RememberedBrowser[]): Node | null {
    const { ui } = this
    if (browsers.length === 0) return null
    const forget = async (forgotten: () => Promise<unknown>, said: string): Promise<void> => {
      await forgotten()
      await this.refresh({ focus: false })
      ui.say(said)
      if (!ui.root.activeElement) focusOn(ui.root.querySelector<HTMLElement>('h1, h2, h3, h4, h5, h6'))
    }
    const list = browserList(ui, browsers, (browser) =>
      forget(() => ui.api.forgetBrowser(browser.id), ui.text('wasForgotten', { name: nameOfBrowser(ui, browser) })),
    )
    const all = button(ui, ui.text('forgetAll'), () => forget(() => ui.api.forgetBrowsers(), ui.text('allForgotten')))
    const lead = element('p', { class: 'muted' }, ui.text('browsersLead'))
    return element('section', { class: 'card' }, ui.heading(ui.text('browsers'), 1), lead, list,
      browsers.length > 1 && element('p', { class: 'foot' }, all))
  }

  /** What happened to the account; null: nothing that is known. */
  #activity(activity: Activity[], next: number | null): Node | null {
    const { ui } = this
    if (activity.length === 0) return null
    const list = activityList(ui, activity)
    let before = next
    const more = button(ui, ui.text('activityMore'), async () => {
      const page = await ui.api.activity(before ?? undefined)
      const added = rows(ui, page.activity)
      list.append(...added)
      before = page.next
      if (before === null) more.parentElement?.remove()
      focusOn(added[0])
    })
    const lead = element('p', { class: 'muted' }, ui.text('activityLead'))
    return element('section', { class: 'card' }, ui.heading(ui.text('activity'), 1), lead, list,
      before !== null && element('p', { class: 'foot' }, more))
  }

  #recovery(set: RecoveryFactor | undefined): Node {
    const { ui } = this
    const state = set
      ? ui.plural('recoveryState', set.left, { date: ui.date(set.created) })
      : ui.text('recoveryNever')
    const make = button(ui, ui.text(set ? 'makeNewCodes' : 'makeCodes'), () => this.#makeCodes(set !== undefined))
    make.dataset['action'] = 'codes'
    return element('div', { class: 'split' }, element('p', { class: 'muted' }, state), make)
  }

  #advice(some: boolean, set: RecoveryFactor | undefined, status: Status): string {
    const { ui } = this
    if (status.locked.length > 0) return ui.sentences([ui.text('adviseLocked'), lockEnd(ui, status)])
    const { state = 'none', by = 0, require = {} } = this.#enforcement ?? {}
    const keysOnly = Object.keys(require).length > 0
    if (state !== 'none') return dueText(ui, { by, required: state === 'required', keysOnly })
    if (this.#require) return some ? this.#remind() : ui.text('adviseFactor')
    // After a recovery: the password alone opens nothing, and when the codes are used up it can't either.
    if (!some && set) return set.left > 0 ? ui.plural('adviseOnlyCodes', set.left) : ui.text('adviseNoWay')
    if (!some) return ui.text('adviseFactor')
    if (!set) return ui.text('adviseCodes')
    if (set.left > FEW_CODES) return this.#remind()
    return set.left > 0 ? ui.plural('adviseLast', set.left) : ui.text('adviseNone')
  }

  /** What the server reminds of, beside recovery codes. */
  #remind(): string {
    const { ui } = this
    const has = (reminder: Reminder): boolean => this.#enforcement?.reminders.includes(reminder) === true
    if (has('synced-only')) return ui.text('adviseSynced')
    return has('one-method') ? ui.text('adviseOne') : ''
  }

  async #rename(factor: Factor): Promise<void> {
    const { ui } = this
    const renamed = await openDialog<string>(ui, {
      title: ui.text('renameTitle'),
      content: (close) => [
        form(ui, {
          fields: [nameField(ui, 'name', factor.description)],
          action: ui.text('save'),
          submit: async (values) => {
            const description = (values['description'] ?? '').trim()
            const updated = await this.#change(() => ui.api.update(factor.id, { description }))
            if (!updated) return ui.text('nothingChanged')
            if (!updated.ok) return ui.text(textOf(updated.reason))
            await signal(updated.signals)
            return close(description)
          },
        }),
      ],
    })
    if (renamed === undefined) return
    await this.#redraw()
    ui.say(ui.text('renamed', { name: renamed }))
  }

  async #toggle(factor: Factor): Promise<void> {
    const { ui } = this
    const updated = await this.#change(() => ui.api.update(factor.id, { enable: !factor.enabled }))
    if (!updated) return
    if (!updated.ok) return ui.say(ui.text(textOf(updated.reason)))
    await signal(updated.signals)
    await this.#redraw()
    ui.say(ui.text(factor.enabled ? 'isOff' : 'isOn', { name: nameOf(ui, factor) }))
  }

  async #remove(factor: Factor): Promise<void> {
    const { ui } = this
    const name = nameOf(ui, factor)
    const others = this.#factors.filter(({ id, type }) => id !== factor.id && type !== 'recovery')
    const removed = await this.#confirm({
      title: ui.text('removeTitle', { name }),
      lead: ui.text(others.length > 0 ? 'removeLead' : 'removeLast'),
      action: ui.text('remove'),
      style: 'primary danger',
      run: () => ui.api.remove(factor.id),
    })
    if (!removed) return
    await signal(removed.signals)
    await this.#redraw()
    ui.say(ui.text('wasRemoved', { name }))
  }

  async #makeCodes(has: boolean): Promise<void> {
    const { ui } = this
    const run = (): Promise<NewCodes & { ok?: true }> => ui.api.recoveryCodes()
    const made = has
      ? await this.#confirm({
          title: ui.text('makeNewTitle'),
          lead: ui.text('makeNewLead'),
          action: ui.text('makeNewCodes'),
          style: 'primary',
          run,
        })
      : await this.#change(run)
    if (!made) return
    await this.#redraw()
    await showCodes(ui, made)
    focusOn(ui.root.querySelector<HTMLElement>('[data-action="codes"]'))
  }

  /** Resolves with what `run` gave, or undefined when the person said no. */
  #confirm<Result extends { ok?: boolean }>({ title, lead, action, style, run }: {
    title: string
    lead: string
    action: string
    style: Style
    run: () => Promise<Result>
  }): Promise<Exclude<Result, { ok: false }> | undefined> {
    const { ui } = this
    return openDialog<Exclude<Result, { ok: false }>>(ui, {
      title,
      lead,
      content: (close) => [
        form(ui, {
          fields: [],
          action,
          style,
          submit: async () => {
            const result = await this.#change(run)
            if (!result) return ui.text('nothingChanged')
            if (result.ok === false) return ui.text(textOf((result as unknown as { reason: string }).reason))
            return close(result as Exclude<Result, { ok: false }>)
          },
        }),
      ],
    })
  }

  /** Asks for a factor when the last proof is too long ago, then tries once more. Undefined: the person gave up. */
  #change: Change = async (call) => {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'step-up-required') throw error
      return (await askForFactor(this.ui, () => this.#reauthenticate(error))) ? await afterStepUp(call) : undefined
    }
  }

  /** There is no factor to ask for: the first one, a password as a rule, is the page's. */
  async #reauthenticate(error: ApiError): Promise<boolean> {
    let asked: Promise<boolean> | undefined
    this.ui.tell('reauthenticate', { until: (promise: Promise<boolean>) => void (asked = promise) })
    if (!asked) throw error
    return asked
  }

  /** Tells the page too: something is different now. */
  async #redraw(): Promise<void> {
    await this.refresh({ focus: false })
    this.ui.tell('changed', { factors: this.#factors })
  }

  /** Each action draws the list anew: the focus goes to the same button, or to the heading when its row is gone. */
  async #keepingFocus(id: string, action: FactorAction): Promise<void> {
    const factor = this.#factors.find((one) => one.id === id)
    if (!factor) return
    if (action === 'rename') await this.#rename(factor)
    else if (action === 'toggle') await this.#toggle(factor)
    else await this.#remove(factor)
    if (this.ui.root.activeElement) return
    const same = this.#row(id)?.querySelector<HTMLElement>(`[data-action="${action}"]`)
    focusOn(same ?? this.ui.root.querySelector<HTMLElement>('h1, h2, h3, h4, h5, h6'))
  }

  #row(id: string): HTMLElement | undefined {
    return [...this.ui.root.querySelectorAll<HTMLElement>('[data-id]')].find((row) => row.dataset['id'] === id)
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
    throw error instanceof ApiError && error.code === 'step-up-required' ? new ApiError('not-saved') : error
  }
}

function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && (error.code === 'not-signed-in' || error.code === 'second-factor-required')
}
