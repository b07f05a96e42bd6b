import type { Activity } from '../flow/api.js'
import { element } from './dom.js'
import { typeName } from './factor-list.js'
import { icon } from './icons.js'
import type { TextName } from './texts.js'
import type { Ui } from './ui.js'

/** What happened to the account, the newest first. */
export function activityList(ui: Ui, activity: Activity[]): HTMLElement {
  return element('ul', { class: 'rows', role: 'list' }, ...rows(ui, activity))
}

/** The rows of such a list. */
export function rows(ui: Ui, activity: Activity[]): HTMLLIElement[] {
  return activity.map(({ type, at, factor, from }) => {
    const method = factor ? typeName(ui, factor) : ''
    const name: TextName = Object.hasOwn(texts, type) ? texts[type]! : 'didOther'
    const told = [ui.time(at), ...(from === undefined ? [] : [from])]
    const parts = told.map((part, index) =>
      element('span', { class: 'part', dir: 'auto' }, index < told.length - 1 ? part + ui.text('comma') : part))
    const title = type === 'removed' && !factor ? ui.text('didRemoveAll') : ui.text(name, { method })
    const what = element('div', { class: 'what' }, element('b', { class: 'name' }, title), element('small', {}, ...parts))
    return element('li', {}, icon(factor === 'webauthn' ? 'passkey' : factor === 'totp' ? 'totp' : 'key'), what)
  })
}

const texts: Record<string, TextName> = {
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
