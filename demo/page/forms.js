/** The message for each error of the server. */
const messages = {
  'bad-name': 'Choose a name of 1 to 64 visible characters.',
  'short-password': 'Choose a password with at least 8 characters.',
  'name-taken': 'This name is taken. Choose another one.',
  'wrong-password': 'Wrong name or password.',
  'too-many': 'Too many attempts. Try again in 15 minutes.',
  'signed-out': 'Your session has ended. Sign in again.',
  network: 'The server isn’t responding. Check your connection and try again.',
}

/** The demo's own API, for the password. Throws an error whose message is for the user. */
export const call = (method, path, body) => send(method, `/api/${path}`, body)

async function send(method, url, body) {
  const response = await fetch(url, {
    method,
    ...(method !== 'GET' && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body ?? {}) }),
  }).catch(() => undefined)
  const json = response ? await response.json().catch(() => ({})) : { error: 'network' }
  if (response?.ok) return json
  throw new Error(messages[json.error] ?? 'Something went wrong. Try again in a moment.')
}

/** One submission at a time; what `submit` throws or returns as text is shown as the form's error. */
export function onSubmit(form, submit) {
  const error = form.querySelector('.error')
  const button = form.querySelector('button')
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (button.getAttribute('aria-busy')) return
    button.setAttribute('aria-busy', 'true')
    error.textContent = ''
    const empty = [...form.elements].find((field) => field.required && field.value.trim() === '')
    const message = empty
      ? 'Fill in this field.'
      : await submit(Object.fromEntries(new FormData(form))).catch((failure) => failure.message)
    button.removeAttribute('aria-busy')
    if (!message) return
    error.textContent = message
    const wrong = empty ?? form.elements.password
    wrong.focus()
    wrong.select()
  })
}

/** Asks whether the account is to be deleted. Resolves with the answer. */
export function confirmDeletion() {
  const dialog = document.importNode(document.getElementById('dialog-delete').content, true).firstElementChild
  document.body.append(dialog)
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove()
      resolve(dialog.returnValue === 'delete')
    })
    dialog.showModal()
  })
}

/** Asks for the password again, where the account has no second factor. Resolves with whether it was right. */
export function confirmPassword(name) {
  const dialog = document.importNode(document.getElementById('dialog-password').content, true).firstElementChild
  const form = dialog.querySelector('form')
  form.elements.name.value = name
  document.body.append(dialog)
  return new Promise((resolve) => {
    let confirmed = false
    dialog.addEventListener('close', () => {
      dialog.remove()
      resolve(confirmed)
    })
    onSubmit(form, async ({ password }) => {
      const outcome = await call('POST', 'step-up/password', { password })
      if (!outcome.ok) return messages['wrong-password']
      // The password begins a sign-in anew. Without a second factor, this ends it.
      await send('POST', '/countersign/challenge')
      confirmed = true
      dialog.close()
    })
    dialog.querySelector('.cancel').addEventListener('click', () => dialog.close())
    dialog.showModal()
    form.elements.password.focus()
  })
}
