import { call, onSession } from './api.js'
import { drawChallenge } from './challenge.js'
import { announce, onClick, onSubmit, openDialog, showView } from './dom.js'
import { messageOf } from './messages.js'
import { setUpSettings, showSettings } from './settings.js'

const byId = (id) => document.getElementById(id)
const firstField = (view) => byId(view).querySelector('input')
let name = ''

onSession({ signedOut, stepUp })
setUpSettings()

for (const button of document.querySelectorAll('[data-view]')) {
  button.addEventListener('click', () => showView(button.dataset.view, firstField(button.dataset.view)))
}
onSubmit(byId('sign-in').querySelector('form'), async (fields) => enter(await call('POST', 'sign-in', fields)))
onSubmit(byId('create').querySelector('form'), async (fields) => enter(await call('POST', 'accounts', fields)))
onClick(byId('sign-out'), signOut)
onClick(byId('give-up'), signOut)

try {
  await enter(await call('GET', 'session'))
} catch (error) {
  showView('sign-in', firstField('sign-in'))
  announce(error.message)
}

/** The view that belongs to the session: nobody's, waiting for the second factor, or signed in. */
async function enter(session) {
  name = session.name ?? ''
  const signedIn = session.state === 'signed-in'
  byId('account').hidden = !signedIn
  byId('account-name').textContent = name
  for (const form of document.querySelectorAll('main form')) form.reset()
  if (signedIn) return showSettings()
  if (session.state !== 'pending') return showView('sign-in', firstField('sign-in'))
  const renew = async () => (await call('POST', 'sign-in/challenge')).challenge
  const focus = drawChallenge(byId('second').querySelector('.challenge'), session.challenge ?? (await renew()), {
    send: (answer) => call('POST', 'sign-in/answer', { answer }),
    renew,
    done: answered,
  })
  showView('second', focus)
}

async function answered(outcome) {
  if (!outcome.ok) {
    await enter({ state: 'none' })
    byId('sign-in').querySelector('.error').textContent =
      `${messageOf('locked')} Sign in again with your key, your passkey or a recovery code to unlock them.`
    return
  }
  await enter({ state: 'signed-in', name })
  const left = outcome.recoveryCodesLeft
  if (outcome.factor.type !== 'recovery') return
  announce(`Signed in. ${left} recovery ${left === 1 ? 'code is' : 'codes are'} left.`)
}

async function signOut() {
  await call('POST', 'sign-out')
  await enter({ state: 'none' })
}

async function signedOut() {
  for (const dialog of document.querySelectorAll('dialog')) dialog.close()
  await enter({ state: 'none' })
  announce(messageOf('signed-out'))
}

/** Asks for a second factor again, or for the password where there is none; false: the person gave up. */
async function stepUp() {
  const renew = async () => (await call('POST', 'step-up')).challenge
  const challenge = await renew()
  if (!challenge) return confirmPassword()
  const outcome = await openDialog('dialog-step-up', (dialog, close) => {
    drawChallenge(dialog.querySelector('.challenge'), challenge, {
      send: (answer) => call('POST', 'step-up/answer', { answer }),
      renew,
      done: close,
    })
  })
  if (outcome && !outcome.ok) announce(messageOf(outcome.reason))
  return outcome?.ok ?? false
}

async function confirmPassword() {
  const confirmed = await openDialog('dialog-password', (dialog, close) => {
    const form = dialog.querySelector('form')
    form.elements.name.value = name
    onSubmit(form, async ({ password }) => {
      const outcome = await call('POST', 'step-up/password', { password })
      return outcome.ok ? void close(true) : messageOf('wrong-password')
    })
  })
  return confirmed ?? false
}
