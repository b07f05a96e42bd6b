import type { NewCodes } from '../flow/api.js'
import { button, form } from './controls.js'
import { openDialog } from './dialog.js'
import { element } from './dom.js'
import { copyText, downloadText, printLines } from './keep.js'
import type { Ui } from './ui.js'

/** Shows new codes, this once, with every way to keep them. Closes by its own button alone. */
export function showCodes(ui: Ui, { codes, account }: NewCodes): Promise<unknown> {
  const site = location.hostname
  const title = ui.text('codesFor', { site, date: ui.date(Date.now()), account })
  const named = ui.text('codesFile', { site: fitForFiles(site), account: fitForFiles(account) })
  // What keeps directions apart in a text is no part of a name.
  const file = named.replaceAll(/[\u2068\u2069]/g, '')
  const text = codes.join('\n')
  // In the dialog, so that a copy ends with it.
  const printing = element('div')
  return openDialog(ui, {
    title: ui.text('yourCodes'),
    lead: ui.text('yourCodesLead'),
    closable: false,
    content: (close) => [
      element('ol', { class: 'codes', role: 'list' }, ...codes.map((code) => element('li', {}, code))),
      element('div', { class: 'ways' },
        button(ui, ui.text('copy'), () => copyText(ui, text)),
        button(ui, ui.text('print'), () => printLines(printing, title, codes)),
        button(ui, ui.text('download'), () => downloadText(file, `${title}\n\n${text}\n`)),
      ),
      printing,
      form(ui, { fields: [], action: ui.text('saved'), submit: async () => close() }),
    ],
  })
}

/** Letters, digits, and little else: no system has a reason to refuse or change such a name. */
function fitForFiles(name: string): string {
  const characters = [...name].map((one) => (/[\p{L}\p{N}]/u.test(one) || '.@_-'.includes(one) ? one : '-'))
  const joined = characters.slice(0, 60).join('').replaceAll(/-{2,}/g, '-')
  return /^[.-]*$/.test(joined) ? 'account' : joined
}
