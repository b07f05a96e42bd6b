import { element } from './dom.js'
import type { Ui } from './ui.js'

/** Ways to keep what is shown only once. */
export async function copyText(ui: Ui, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    ui.say(ui.text('copied'))
  } catch {
    ui.say(ui.text('notCopied'))
  }
}

export function downloadText(name: string, text: string): void {
  const href = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }))
  element('a', { href, download: name }).click()
  // The browser has taken it by then; it is a secret, so it does not stay.
  setTimeout(() => URL.revokeObjectURL(href), 10_000)
}

/** Prints these lines and nothing else of the page, out of a frame in `place`: gone right after, or with the place. */
export function printLines(place: Element, title: string, lines: string[]): void {
  const frame = element('iframe', { class: 'print', 'aria-hidden': 'true', tabindex: -1 })
  // Not every browser says when it has printed.
  place.querySelector('iframe')?.remove()
  place.append(frame)
  const { contentDocument: page, contentWindow: view } = frame
  if (!page || !view) return frame.remove()
  page.title = title
  page.body.append(element('h1', {}, title), element('pre', {}, lines.join('\n')))
  view.addEventListener('afterprint', () => setTimeout(() => frame.remove()))
  view.print()
}
