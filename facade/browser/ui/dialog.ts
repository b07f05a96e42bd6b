import { button, form, muted, setBusy, type FormOptions } from './controls.js'
import { element, focusOn, newId } from './dom.js'
import { icon } from './icons.js'
import type { Ui } from './ui.js'

interface DialogOptions<Result> {
  title: string
  lead?: string
  /** What is in it; `close` ends it with a result. */
  content: (close: (result?: Result) => void) => (Node | null)[]
  /** Default true; false: only by `content`. */
  closable?: boolean
}

/** Opens a modal dialog over the page. Resolves with its result; undefined: the person closed it. */
export function openDialog<Result>(
  ui: Ui,
  { title, lead, content, closable = true }: DialogOptions<Result>,
): Promise<Result | undefined> {
  const heading = element('h2', { id: newId(), class: 'level-1' }, title)
  const dialog = element('dialog', { 'aria-labelledby': heading.id })
  let result: Result | undefined
  const close = (value?: Result): void => {
    result = value
    dialog.close()
  }
  const nodes = content(close).filter((node) => node !== null)
  dialog.append(heading, ...(lead ? [muted(lead)] : []), ...nodes)
  if (closable) {
    const cross = button(ui, [icon('close')], () => close(), { style: 'quiet' })
    cross.classList.add('close')
    cross.setAttribute('aria-label', ui.text('close'))
    dialog.append(cross)
  } else {
    dialog.addEventListener('cancel', (event) => event.preventDefault())
  }

  ui.say('')
  const before = ui.root.activeElement
  // The button that was pressed has done its work: the dialog is what came of it.
  setBusy(before, false)
  ui.root.append(dialog)
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove()
      // Back out of what is gone; and the opener may be gone too, when the list behind the dialog was drawn anew.
      ui.say('')
      if (before?.isConnected) focusOn(before as HTMLElement)
      resolve(result)
    })
    dialog.showModal()
    const input = dialog.querySelector('input')
    focusOn(input ?? heading)
    // A name that is there already is there to be replaced.
    input?.select()
  })
}

interface FormDialogOptions<Result> extends Omit<DialogOptions<Result>, 'content'>, Omit<FormOptions, 'submit'> {
  /** As that of a form. `close` ends the dialog with a result. */
  submit: (values: Record<string, string>, close: (result: Result) => void) => ReturnType<FormOptions['submit']>
}

/** Opens a dialog that is one form. Resolves as `openDialog` does. */
export function openForm<Result>(ui: Ui, { submit, ...options }: FormDialogOptions<Result>): Promise<Result | undefined> {
  const content = (close: (result: Result) => void): Node[] => [form(ui, { ...options, submit: (values) => submit(values, close) })]
  return openDialog(ui, { ...options, content })
}
