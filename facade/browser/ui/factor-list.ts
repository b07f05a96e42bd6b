import type { Factor, FactorType } from '../../shared/factor.js'
import { button, type Style } from './controls.js'
import { element } from './dom.js'
import { icon } from './icons.js'
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
  return element('ul', { class: 'rows', role: 'list' }, ...factors.map((factor) => row(ui, factor, locked, act)))
}

/** What the person calls it, or else what it is. */
export function nameOf(ui: Ui, factor: Factor): string {
  return factor.description || typeOf(ui, factor)
}

/** What the server says the model is called. */
export function modelOf(factor: Factor): string | undefined {
  return factor.type === 'webauthn' ? factor.model?.name : undefined
}

function typeOf(ui: Ui, factor: Factor): string {
  return ui.text(isPasskey(factor) ? 'passkey' : typeTexts[factor.type])
}

/** What a type of factor is called, where no more is known of the factor. */
export function typeName(ui: Ui, type: FactorType | 'unknown'): string {
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

function row(
  ui: Ui,
  factor: Factor,
  locked: FactorType[],
  act: (action: FactorAction, factor: Factor) => Promise<unknown>,
): HTMLLIElement {
  const { id, enabled, type, created, lastUsed, unusable = false } = factor
  const name = nameOf(ui, factor)
  const action = (what: FactorAction, label: TextName, style: Style = 'quiet'): HTMLButtonElement => {
    const made = button(ui, ui.text(label), () => act(what, factor), { style })
    made.setAttribute('aria-label', ui.text('actionOn', { action: ui.text(label), name }))
    made.dataset['action'] = what
    return made
  }
  const model = modelOf(factor)
  const told = [typeOf(ui, factor), ...(model && model !== name ? [model] : []), ui.text('added', { date: ui.date(created) })]
  if (lastUsed !== undefined) told.push(ui.text('lastUsed', { date: ui.date(lastUsed) }))
  const what = element('div', { class: 'what' }, element('b', { class: 'name', dir: 'auto' }, name))
  if (unusable) what.append(' ', element('span', { class: 'badge' }, ui.text('badgeUnusable')))
  else if (!enabled) what.append(' ', element('span', { class: 'badge' }, ui.text('badgeOff')))
  else if (type !== 'unknown' && locked.includes(type)) what.append(' ', element('span', { class: 'badge locked' }, ui.text('badgeLocked')))
  const parts = told.map((part, at) => element('span', { class: 'part' }, at < told.length - 1 ? part + ui.text('comma') : part))
  what.append(element('small', {}, ...parts))
  const picture = icon(type === 'totp' ? 'totp' : isPasskey(factor) ? 'passkey' : 'key')
  const made = element('li', { class: enabled ? '' : 'off' }, picture, what,
    element('div', { class: 'actions' },
      ...(unusable ? [] : [action('rename', 'rename'), action('toggle', enabled ? 'turnOff' : 'turnOn')]),
      action('remove', 'remove', 'quiet danger'),
    ),
  )
  made.dataset['id'] = id
  return made
}
