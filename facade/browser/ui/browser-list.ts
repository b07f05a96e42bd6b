import type { RememberedBrowser } from '../../service/outcome.js'
import { button } from './controls.js'
import { element } from './dom.js'
import { icon } from './icons.js'
import type { Ui } from './ui.js'

/** The remembered browsers, each with a button that forgets it. */
export function browserList(
  ui: Ui,
  browsers: RememberedBrowser[],
  forget: (browser: RememberedBrowser) => Promise<unknown>,
): HTMLElement {
  return element('ul', { class: 'rows', role: 'list' }, ...browsers.map((browser) => row(ui, browser, forget)))
}

/** What it said of itself when it was remembered. */
export function nameOfBrowser(ui: Ui, { label }: RememberedBrowser): string {
  return label || ui.text('unnamedBrowser')
}

function row(
  ui: Ui, browser: RememberedBrowser, forget: (browser: RememberedBrowser) => Promise<unknown>,
): HTMLLIElement {
  const name = nameOfBrowser(ui, browser)
  const label = ui.text('forget')
  const out = button(ui, label, () => forget(browser), { style: 'quiet danger' })
  out.setAttribute('aria-label', ui.text('actionOn', { action: label, name }))
  const what = element('div', { class: 'what' }, element('b', { class: 'name', dir: 'auto' }, name))
  if (browser.current) what.append(' ', element('span', { class: 'badge' }, ui.text('badgeCurrent')))
  const told = [ui.text('lastUsed', { date: ui.date(browser.lastUsed) }), ui.text('until', { date: ui.date(browser.expires) })]
  what.append(element('small', {}, ...told.map((part, at) => element('span', { class: 'part' }, at === 0 ? part + ui.text('comma') : part))))
  return element('li', {}, icon('browser'), what, element('div', { class: 'actions' }, out))
}
