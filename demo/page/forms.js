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

/** Submits a form, once at a time. The form shows the text that `submit` returns, or the message of its error. */
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

/** Asks whether to delete the account. Resolves with the answer. */
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

/** Asks a user without a second factor for the password again. Resolves with whether it was right. */
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
      // The password begins a new sign-in. Without a second factor, this call completes it.
      await send('POST', '/countersign/challenge')
      confirmed = true
      dialog.close()
    })
    dialog.querySelector('.cancel').addEventListener('click', () => dialog.close())
    dialog.showModal()
    form.elements.password.focus()
  })
}
