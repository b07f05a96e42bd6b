/** Shows one of the page's views and moves the focus into it: to `focus`, or else to its heading. */
export function showView(id, focus) {
  for (const section of document.querySelectorAll('main > section')) section.hidden = section.id !== id
  announce('')
  const section = document.getElementById(id)
  const title = section.querySelector('h1')
  document.title = `${title.textContent} - Countersign demo`
  const target = focus ?? title
  target.focus({ preventScroll: true })
  scrollTo(0, 0)
}

export function fromTemplate(id) {
  return document.getElementById(id).content.cloneNode(true)
}

let clearing

/** Says something that changed, to the eye and to a screen reader, without taking the focus. */
export function announce(message) {
  const status = document.getElementById('status')
  // A modal dialog makes the rest of the page inert: the message goes where it is heard.
  const dialog = [...document.querySelectorAll('dialog[open]')].at(-1)
  const place = dialog ?? document.body
  place.append(status)
  status.textContent = message
  clearTimeout(clearing)
  clearing = setTimeout(() => (status.textContent = ''), 5000)
}

/** One submission at a time; what `submit` throws or returns as text is shown as the form's error. */
export function onSubmit(form, submit, errorPlace = form.querySelector('.error')) {
  let running = false
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (running) return
    running = true
    const empty = [...form.elements].find((field) => field.required && field.value.trim() === '')
    const button = event.submitter ?? form.querySelector('button')
    button.setAttribute('aria-busy', 'true')
    mark(form, false)
    errorPlace.textContent = ''
    try {
      const message = empty ? 'Fill this in first.' : await submit(Object.fromEntries(new FormData(form)))
      if (message) refuse(form, errorPlace, message, empty)
    } catch (error) {
      refuse(form, errorPlace, error.message)
    } finally {
      running = false
      button.removeAttribute('aria-busy')
    }
  })
}

/** A click that runs once at a time; what it throws goes to `failed`. */
export function onClick(button, click, failed = (error) => announce(error.message)) {
  button.addEventListener('click', async () => {
    if (button.getAttribute('aria-busy')) return
    button.setAttribute('aria-busy', 'true')
    try {
      await click()
    } catch (error) {
      failed(error)
    } finally {
      button.removeAttribute('aria-busy')
    }
  })
}

/**
 * Opens a modal dialog with a template in it. `setUp` gets the dialog and a function that closes it with a result;
 * resolves with that result, or undefined when the person closed it.
 */
export function openDialog(template, setUp) {
  const dialog = document.createElement('dialog')
  dialog.append(fromTemplate(template))
  const title = dialog.querySelector('h2')
  title.id = `${template}-title`
  title.tabIndex = -1
  dialog.setAttribute('aria-labelledby', title.id)
  const close = document.createElement('button')
  close.type = 'button'
  close.className = 'quiet close'
  close.setAttribute('aria-label', 'Close')
  close.innerHTML = '<svg aria-hidden="true"><use href="#icon-close"/></svg>'
  close.addEventListener('click', () => dialog.close())
  dialog.append(close)
  document.body.append(dialog)

  announce('')
  const before = document.activeElement
  return new Promise((resolve) => {
    let result
    dialog.addEventListener('close', () => {
      document.body.append(document.getElementById('status'))
      dialog.remove()
      // The opener may be gone, when the list behind the dialog was drawn anew.
      if (before?.isConnected) before.focus()
      resolve(result)
    })
    setUp(dialog, (value) => {
      result = value
      dialog.close()
    })
    dialog.showModal()
    ;(dialog.querySelector('input:not([readonly])') ?? title).focus()
  })
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
    announce('Copied.')
  } catch {
    announce('The browser did not allow copying: select the text instead.')
  }
}

function refuse(form, place, message, field) {
  place.textContent = message
  const wrong = field ?? [...form.elements].filter((one) => one.matches('input:not([readonly])')).at(-1)
  if (!wrong) return
  wrong.setAttribute('aria-invalid', 'true')
  wrong.focus()
  wrong.select()
}

function mark(form, invalid) {
  for (const field of form.elements) if (!invalid) field.removeAttribute('aria-invalid')
}
