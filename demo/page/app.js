import { fetchWithStepUp } from '/modules/browser/ui/index.js'
import { call, confirmDeletion, confirmPassword, onSubmit } from './forms.js'

const byId = (id) => document.getElementById(id)
const signIn = document.querySelector('countersign-sign-in')

for (const button of document.querySelectorAll('[data-view]')) {
  button.addEventListener('click', () => show(button.dataset.view))
}
for (const button of document.querySelectorAll('.sign-out')) button.addEventListener('click', signOut)

// After the password, the element decides what to show next.
onSubmit(byId('password-form'), async (fields) => {
  await call('POST', 'sign-in', fields)
  await signIn.refresh()
})
onSubmit(byId('create-form'), async (fields) => {
  await call('POST', 'accounts', fields)
  show('sign-in')
  await signIn.refresh()
})

signIn.addEventListener('countersign-state', ({ detail: { state } }) => {
  byId('first').hidden = state !== 'none'
  byId('new-here').hidden = state !== 'none'
  for (const form of document.querySelectorAll('form')) form.reset()
})
signIn.addEventListener('countersign-verified', enter)
signIn.addEventListener('countersign-locked', () => byId('password-name').focus())

const { state } = await call('GET', 'session')
if (state === 'verified') await enter()
else show('sign-in')

/** Shows the settings of the signed-in user. */
async function enter() {
  const { name } = await call('GET', 'session')
  byId('account-name').textContent = name
  byId('account').hidden = false
  const settings = document.createElement('countersign-settings')
  settings.setAttribute('heading-level', '1')
  settings.setAttribute('autofocus', '')
  settings.addEventListener('countersign-signed-out', leave)
  settings.addEventListener('countersign-reauthenticate', ({ detail }) => detail.until(confirmPassword(name)))
  byId('settings').replaceChildren(settings, danger(name))
  show('settings')
}

/** Deleting the account needs a fresh verification. If the server asks for one, the user verifies in a dialog. */
function danger(name) {
  const section = document.importNode(byId('danger').content, true).firstElementChild
  const error = section.querySelector('.error')
  section.querySelector('button').addEventListener('click', async () => {
    error.textContent = ''
    if (!(await confirmDeletion())) return
    const request = { method: 'DELETE', headers: { 'content-type': 'application/json' }, body: '{}' }
    const { ok, status } = await fetchWithStepUp('/api/account', request, { reauthenticate: () => confirmPassword(name) })
    if (ok || status === 401) await leave()
    else error.textContent = 'Your account wasn’t deleted. Try again in a moment.'
  })
  return section
}

async function signOut() {
  await call('POST', 'sign-out')
  await leave()
}

async function leave() {
  byId('account').hidden = true
  byId('settings').replaceChildren()
  await signIn.refresh({ focus: false })
  show('sign-in')
}

function show(view) {
  for (const section of document.querySelectorAll('main > section')) section.hidden = section.id !== view
  const title = byId(view).querySelector('h1')?.textContent ?? 'Sign-in security'
  document.title = `${title} - Countersign demo`
  if (byId('first').hidden && view === 'sign-in') return
  byId(view).querySelector('input')?.focus()
}
