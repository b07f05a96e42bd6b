import type { RememberedBrowser } from '../../service/outcome.js'
import type { Factor, FactorType } from '../../shared/factor.js'
import type { Activity } from '../flow/api.js'
import { button, type Style } from './controls.js'
import { element } from './dom.js'
import { icon, type IconName } from './icons.js'
import type { TextName } from './texts.js'
import type { Ui } from './ui.js'

export type FactorAction = 'rename' | 'toggle' | 'remove'

/** The factors but for the recovery codes, each with what can be done to it. */
export function factorList(
  ui: Ui,
  factors: Factor[],
  locked: FactorType[],
  act: (action: FactorAction, factor: Factor) => Promise<unknown>,
): HTMLElement {
  return list(factors.map((factor) => {
    const { id, enabled, type, created, lastUsed, unusable = false } = factor
    const name = nameOf(ui, factor)
    const action = (what: FactorAction, label: TextName, style?: Style): HTMLButtonElement => {
      const made = rowAction(ui, label, name, () => act(what, factor), style)
      made.dataset['action'] = what
      return made
    }
    const model = modelOf(factor)
    const told = [typeOf(ui, factor), ...(model && model !== name ? [model] : []), ui.text('added', { date: ui.date(created) })]
    if (lastUsed !== undefined) told.push(ui.text('lastUsed', { date: ui.date(lastUsed) }))
    const isLocked = type !== 'unknown' && locked.includes(type)
    const made = row(ui, {
      picture: type === 'totp' ? 'totp' : isPasskey(factor) ? 'passkey' : 'key',
      name,
      told,
      foreign: 'name',
      badge: unusable ? 'badgeUnusable' : !enabled ? 'badgeOff' : isLocked && 'badgeLocked',
      actions: [
        ...(unusable ? [] : [action('rename', 'rename'), action('toggle', enabled ? 'turnOff' : 'turnOn')]),
        action('remove', 'remove', 'quiet danger'),
      ],
    })
    if (!enabled) made.className = 'off'
    made.dataset['id'] = id
    return made
  }))
}

/** The remembered browsers, each with a button that forgets it. */
export function browserList(
  ui: Ui, browsers: RememberedBrowser[], forget: (browser: RememberedBrowser) => Promise<unknown>,
): HTMLElement {
  return list(browsers.map((browser) => {
    const name = nameOfBrowser(ui, browser)
    const told = [ui.text('lastUsed', { date: ui.date(browser.lastUsed) }), ui.text('until', { date: ui.date(browser.expires) })]
    const actions = [rowAction(ui, 'forget', name, () => forget(browser), 'quiet danger')]
    return row(ui, { picture: 'browser', name, told, foreign: 'name', badge: browser.current && 'badgeCurrent', actions })
  }))
}

/** What happened to the account, the newest first. */
export function activityList(ui: Ui, activity: Activity[]): HTMLElement {
  return list(activityRows(ui, activity))
}

/** The rows of such a list. */
export function activityRows(ui: Ui, activity: Activity[]): HTMLLIElement[] {
  return activity.map(({ type, at, factor, from }) => {
    const method = factor ? typeName(ui, factor) : ''
    const text = Object.hasOwn(activityTexts, type) ? activityTexts[type]! : 'didOther'
    const name = type === 'removed' && !factor ? ui.text('didRemoveAll') : ui.text(text, { method })
    const picture = factor === 'webauthn' ? 'passkey' : factor === 'totp' ? 'totp' : 'key'
    return row(ui, { picture, name, told: [ui.time(at), ...(from === undefined ? [] : [from])], foreign: 'told' })
  })
}

/** What the person calls it, or else what it is. */
export function nameOf(ui: Ui, factor: Factor): string {
  return factor.description || typeOf(ui, factor)
}

/** What the server says the model is called. */
export function modelOf(factor: Factor): string | undefined {
  return factor.type === 'webauthn' ? factor.model?.name : undefined
}

/** What the browser said of itself when it was remembered. */
export function nameOfBrowser(ui: Ui, { label }: RememberedBrowser): string {
  return label || ui.text('unnamedBrowser')
}

function typeOf(ui: Ui, factor: Factor): string {
  return ui.text(isPasskey(factor) ? 'passkey' : typeTexts[factor.type])
}

/** What a type of factor is called, where no more is known of the factor. */
function typeName(ui: Ui, type: FactorType | 'unknown'): string {
  return ui.text(type === 'webauthn' ? 'keyOrPasskey' : typeTexts[type])
}

/** A key that is part of a device, or kept by a provider; a roaming key is one that is carried along. */
function isPasskey(factor: Factor): boolean {
  if (factor.type !== 'webauthn') return false
  return factor.backupEligible || factor.transports?.some((one) => one === 'internal' || one === 'hybrid') === true
}

const typeTexts: Record<FactorType | 'unknown', TextName> = {
  totp: 'app',
  webauthn: 'key',
  u2f: 'u2f',
  yubico: 'yubico',
  recovery: 'recovery',
  unknown: 'unknownType',
}

const activityTexts: Record<string, TextName> = {
  enrolled: 'didEnrol',
  imported: 'didEnrol',
  updated: 'didUpdate',
  removed: 'didRemove',
  'enrolment-required': 'didRequire',
  verified: 'didVerify',
  rejected: 'didReject',
  locked: 'didLock',
  unlocked: 'didUnlock',
  'recovery-codes-created': 'didMakeCodes',
  'recovery-code-used': 'didUseCode',
  'browser-remembered': 'didRemember',
  'browser-recognised': 'didRecognise',
  'browser-forgotten': 'didForget',
  'browser-token-reused': 'didReuse',
  'deadline-set': 'didSetDeadline',
  'deadline-cleared': 'didClearDeadline',
}

/** What a row says of one thing. */
interface Row {
  picture: IconName
  name: string
  /** In small letters. */
  told: string[]
  /** Which of the two comes from outside: its direction may not be that of our texts. */
  foreign: 'name' | 'told'
  badge?: TextName | false | undefined
  actions?: Node[]
}

/** The role is for browsers that take a list without bullets for none. */
function list(rows: HTMLLIElement[]): HTMLElement {
  return element('ul', { class: 'rows', role: 'list' }, ...rows)
}

function row(ui: Ui, { picture, name, told, foreign, badge, actions }: Row): HTMLLIElement {
  const dir = (part: Row['foreign']): string | undefined => (part === foreign ? 'auto' : undefined)
  const parts = told.map((part, at) =>
    element('span', { class: 'part', dir: dir('told') }, at < told.length - 1 ? part + ui.text('comma') : part))
  const what = element('div', { class: 'what' }, element('b', { class: 'name', dir: dir('name') }, name))
  if (badge) what.append(' ', element('span', { class: badge === 'badgeLocked' ? 'badge locked' : 'badge' }, ui.text(badge)))
  what.append(element('small', {}, ...parts))
  return element('li', {}, icon(picture), what, actions && element('div', { class: 'actions' }, ...actions))
}

/** A button in a row. It is named after what it acts on, which the eye sees and a screen reader would not say. */
function rowAction(ui: Ui, label: TextName, name: string, click: () => Promise<unknown>, style: Style = 'quiet'): HTMLButtonElement {
  const made = button(ui, ui.text(label), click, { style })
  made.setAttribute('aria-label', ui.text('actionOn', { action: ui.text(label), name }))
  return made
}
