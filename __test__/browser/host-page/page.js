// The page that the examples leave to their host: a password form, and the elements on the API as it is mounted.
import '/host-page/modules/ui/index.js'

const byId = (id) => document.getElementById(id)
const signIn = document.querySelector('countersign-sign-in')
let name = ''

byId('password').addEventListener('submit', async (event) => {
  event.preventDefault()
  const form = event.target
  name = form.elements.name.value
  if (await password(form)) await signIn.refresh()
})
byId('again').addEventListener('submit', async (event) => {
  event.preventDefault()
  if (!(await password(event.target))) return
  // A whole sign-in of its own, which is done with the password alone.
  await post('/countersign/challenge')
  byId('again').close('right')
})
byId('sign-out').addEventListener('click', async () => {
  await post('/sign-out')
  await leave()
})
signIn.addEventListener('countersign-state', ({ detail: { state } }) => {
  byId('first').hidden = state !== 'none'
  byId('sign-out').hidden = state === 'none'
})
signIn.addEventListener('countersign-verified', enter)

const session = await fetch('/countersign/session').then((response) => response.json())
if (session.state === 'verified') enter()

function enter() {
  const settings = document.createElement('countersign-settings')
  settings.setAttribute('heading-level', '1')
  settings.addEventListener('countersign-signed-out', leave)
  settings.addEventListener('countersign-reauthenticate', ({ detail }) => detail.until(again()))
  byId('settings').replaceChildren(settings)
}

async function leave() {
  byId('settings').replaceChildren()
  await signIn.refresh({ focus: false })
}

/** Who has no factor proves with the password to be still there. */
function again() {
  const dialog = byId('again')
  dialog.returnValue = ''
  dialog.showModal()
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'right'), { once: true })
  })
}

async function password(form) {
  const response = await post('/password', { name, password: form.elements.password.value })
  form.querySelector('[role=alert]').textContent = response.ok ? '' : 'Wrong name or password.'
  form.elements.password.value = ''
  return response.ok
}

function post(path, body = {}) {
  return fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
}
