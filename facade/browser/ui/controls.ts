import { element, focusOn, newId } from './dom.js'
import type { Ui } from './ui.js'

export type Style = 'primary' | 'primary danger' | 'quiet' | 'quiet danger' | 'link' | ''

/** A button that runs one click at a time; what it throws goes to `failed`. */
export function button(
  ui: Ui,
  content: (Node | string)[] | string,
  click: () => Promise<unknown> | unknown,
  { style = '', failed = (error: unknown) => ui.say(ui.messageOf(error)) }: {
    style?: Style | 'wide' | 'primary wide'
    failed?: (error: unknown) => void
  } = {},
): HTMLButtonElement {
  const made = element('button', { type: 'button', class: style }, ...[content].flat())
  made.addEventListener('click', () => void once(made, click, failed))
  return made
}

/** An input under its label, with a hint that it is described by. */
export function field(
  label: string,
  attributes: Record<string, string | number | boolean | undefined>,
  hint?: string,
): HTMLElement {
  const id = newId()
  const hintId = hint ? newId() : undefined
  const input = element('input', { id, 'aria-describedby': hintId, ...attributes })
  const place = element('div', { class: 'field' }, element('label', { for: id }, label), input)
  if (hint) place.append(element('p', { class: 'hint', id: hintId }, hint))
  return place
}

/** The attributes of a field for a code that an app shows. */
export const codeField = {
  name: 'code',
  class: 'code',
  inputmode: 'numeric',
  autocomplete: 'one-time-code',
  // Longer than any code that is read, so that nothing is cut off without a word.
  maxlength: 64,
  required: true,
} as const

/** Of a field whose content nobody should remember or mend. */
export const untold = { autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' } as const

/** The attributes of a field for what a YubiKey types. */
export const otpField = { ...untold, name: 'code', class: 'code', maxlength: 64, required: true } as const

export function checkbox(label: string, name: string): HTMLElement {
  return element('label', { class: 'check' }, element('input', { type: 'checkbox', name }), element('span', {}, label))
}

/** One of several; the first one is chosen. */
export function radios(
  legend: string, name: string, options: { value: string; label: string; hint: string }[],
): HTMLFieldSetElement {
  const made = options.map(({ value, label, hint }, at) =>
    element('label', { class: 'option' },
      element('input', { type: 'radio', name, value, checked: at === 0 }),
      element('span', {}, element('b', {}, label), element('small', {}, hint)),
    ),
  )
  return element('fieldset', {}, element('legend', {}, legend), ...made)
}

/** A line that leads in, or stands for what is not there. */
export function muted(text: string): HTMLParagraphElement {
  return element('p', { class: 'muted' }, text)
}

export function alert(message = ''): HTMLParagraphElement {
  return element('p', { class: 'error', role: 'alert', id: newId() }, message)
}

export interface FormOptions {
  fields: Node[]
  action: string
  style?: Style
  submit: (values: Record<string, string>) => Promise<string | undefined | void>
}

/**
 * A form that submits one at a time. What `submit` returns as text, or throws, is shown as its error, and the focus
 * goes to the field.
 */
export function form(
  ui: Ui,
  { fields, action, style = 'primary', submit }: FormOptions,
): HTMLFormElement {
  const error = alert()
  const go = element('button', { class: `${style} wide`.trim() }, action)
  const made = element('form', { method: 'post', novalidate: true }, ...fields, error, go)
  const inputs = () => [...made.querySelectorAll('input')]
  const typed = () => inputs().find(({ type }) => type === 'text')

  function refuse(message: string, wrong = typed()): void {
    error.textContent = message
    if (!wrong) return focusOn(go)
    wrong.setAttribute('aria-invalid', 'true')
    const described = wrong.getAttribute('aria-describedby') ?? ''
    if (!described.includes(error.id)) wrong.setAttribute('aria-describedby', `${error.id} ${described}`.trim())
    focusOn(wrong)
    wrong.select()
  }

  made.addEventListener('submit', (event) => {
    event.preventDefault()
    const send = async (): Promise<void> => {
      error.textContent = ''
      for (const input of inputs()) input.removeAttribute('aria-invalid')
      const empty = inputs().find((input) => input.required && input.value.trim() === '')
      if (empty) return refuse(ui.text('fillIn'), empty)
      const values = Object.fromEntries([...new FormData(made)].map(([name, value]) => [name, String(value)]))
      const message = await submit(values)
      if (message) refuse(message)
    }
    void once(go, send, (failure) => refuse(ui.messageOf(failure)))
  })
  return made
}

/** Runs `work` unless it runs already. Not `disabled` meanwhile: that would take the focus away. */
async function once(from: HTMLElement, work: () => unknown, failed: (error: unknown) => void): Promise<void> {
  if (from.hasAttribute('aria-busy')) return
  setBusy(from, true)
  try {
    await work()
  } catch (error) {
    failed(error)
  } finally {
    setBusy(from, false)
  }
}

/** A busy control takes no second press, which `aria-disabled` tells those who can't see that it is dimmed. */
export function setBusy(control: Element | null, busy: boolean): void {
  for (const name of ['aria-busy', 'aria-disabled']) {
    if (busy) control?.setAttribute(name, 'true')
    else control?.removeAttribute(name)
  }
}
