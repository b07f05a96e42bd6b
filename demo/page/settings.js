import { call, change } from './api.js'
import { announce, copy, fromTemplate, onClick, onSubmit, openDialog, showView } from './dom.js'
import { enrolments } from './enrol.js'
import { messageOf } from './messages.js'

const TYPES = {
  totp: 'Authenticator app',
  webauthn: 'Security key or passkey',
  u2f: 'Security key (U2F)',
  yubico: 'Yubico one-time password',
}
const date = new Intl.DateTimeFormat('en', { dateStyle: 'medium' })
const byId = (id) => document.getElementById(id)

let factors = []

export async function showSettings() {
  await draw()
  showView('settings')
}

export function setUpSettings() {
  for (const button of document.querySelectorAll('[data-enrol]')) {
    onClick(button, async () => {
      const factor = await enrolments[button.dataset.enrol]()
      if (!factor) return
      await draw()
      announce(`${factor.description} was added.`)
    })
  }
  onClick(byId('make-codes'), makeCodes)
}

async function draw() {
  const answer = await call('GET', 'factors')
  factors = answer.factors
  const listed = factors.filter(({ type }) => type !== 'recovery')
  byId('factors').replaceChildren(...listed.map((factor) => row(factor, answer.locked)))
  byId('no-factors').hidden = listed.length > 0
  drawRecovery(listed.length > 0, answer.locked)
}

function drawRecovery(possible, locked) {
  const set = factors.find(({ type }) => type === 'recovery')
  byId('recovery').hidden = !possible
  byId('make-codes').textContent = set ? 'Make new codes' : 'Make recovery codes'
  byId('recovery-state').textContent = set
    ? `${set.left} ${set.left === 1 ? 'code' : 'codes'} left, made on ${date.format(set.created)}.`
    : 'For the day when your other factors are out of reach.'
  const advice = byId('advice')
  advice.textContent = adviceOn(possible, set, locked)
  advice.hidden = advice.textContent === ''
}

function adviceOn(possible, set, locked) {
  if (locked.length > 0) {
    return 'Codes are locked after too many wrong ones. Sign in with a key or a recovery code to unlock them.'
  }
  if (!possible) return 'Add a second factor, so that your password alone opens nothing.'
  if (!set) return 'Make recovery codes, so that a lost phone or key does not lock you out.'
  return set.left <= 3 ? `Only ${set.left} of your recovery codes are left: make new ones.` : ''
}

function row(factor, locked) {
  const fragment = fromTemplate('factor-row')
  const part = (selector) => fragment.querySelector(selector)
  const label = factor.description || TYPES[factor.type]
  const used = factor.lastUsed ? `, last used ${date.format(factor.lastUsed)}` : ''
  part('use').setAttribute('href', factor.type === 'totp' ? '#icon-totp' : '#icon-webauthn')
  part('.name').textContent = label
  part('.meta').textContent = `${TYPES[factor.type]}, added ${date.format(factor.created)}${used}`
  part('li').classList.toggle('off', !factor.enabled)
  const isLocked = locked.includes(factor.type)
  const badge = part('.badge')
  badge.hidden = factor.enabled && !isLocked
  badge.textContent = factor.enabled ? 'Locked' : 'Off'
  badge.classList.toggle('locked', factor.enabled)

  const toggle = part('.toggle')
  toggle.textContent = factor.enabled ? 'Turn off' : 'Turn on'
  const actions = [
    [part('.rename'), () => rename(factor)],
    [toggle, () => update(factor, { enable: !factor.enabled }, `${label} is ${factor.enabled ? 'off' : 'on'}.`)],
    [part('.remove'), () => remove(factor, label)],
  ]
  for (const [button, action] of actions) {
    button.setAttribute('aria-label', `${button.textContent} ${label}`)
    onClick(button, () => keepingFocus(factor.id, button.className, action))
  }
  part('li').dataset.id = factor.id
  return fragment
}

async function update(factor, fields, message) {
  const updated = await change('PATCH', `factors/${factor.id}`, fields)
  if (!updated) return
  if (updated.ok) await draw()
  announce(updated.ok ? message : messageOf(updated.reason))
}

function rename(factor) {
  return openDialog('dialog-rename', (dialog, close) => {
    const form = dialog.querySelector('form')
    form.elements.description.value = factor.description
    onSubmit(form, async ({ description }) => {
      const updated = await change('PATCH', `factors/${factor.id}`, { description })
      if (!updated) return 'Nothing was changed yet.'
      if (!updated.ok) return messageOf(updated.reason)
      await draw()
      close()
      announce(`Renamed to ${description}.`)
    })
  })
}

async function remove(factor, label) {
  const others = factors.filter(({ id, type }) => id !== factor.id && type !== 'recovery')
  const removed = await confirm({
    title: `Remove ${label}?`,
    lead: others.length > 0
      ? 'It can no longer be used to sign in.'
      : 'This is your last factor: after this your password alone opens this account, and the recovery codes go too.',
    action: 'Remove',
    danger: true,
    run: () => change('DELETE', `factors/${factor.id}`),
  })
  if (!removed) return
  await draw()
  announce(`${label} was removed.`)
}

async function makeCodes() {
  const run = () => change('POST', 'recovery-codes')
  const has = factors.some(({ type }) => type === 'recovery')
  const made = has
    ? await confirm({
        title: 'Make new recovery codes?',
        lead: 'The codes that you have stop working.',
        action: 'Make new codes',
        run,
      })
    : await run()
  if (!made) return
  await draw()
  await openDialog('dialog-codes', (dialog) => {
    const text = made.codes.join('\n')
    dialog.querySelector('.codes').replaceChildren(...made.codes.map(item))
    dialog.querySelector('.copy').addEventListener('click', () => copy(text))
    dialog.querySelector('.download').addEventListener('click', () => download(`${text}\n`))
  })
}

/** Resolves with what `run` gave, or undefined when the person said no. */
function confirm({ title, lead, action, danger = false, run }) {
  return openDialog('dialog-confirm', (dialog, close) => {
    dialog.querySelector('h2').textContent = title
    dialog.querySelector('.lead').textContent = lead
    const button = dialog.querySelector('form button')
    button.textContent = action
    button.classList.toggle('danger', danger)
    onSubmit(dialog.querySelector('form'), async () => {
      const result = await run()
      if (!result) return 'Nothing was changed yet.'
      if (result.ok === false) return messageOf(result.reason)
      close(result)
    })
  })
}

/** The list is drawn anew by each action: the focus goes to the same button, or to the heading when its row is gone. */
async function keepingFocus(id, className, action) {
  await action()
  if (document.activeElement && document.activeElement !== document.body) return
  const same = document.querySelector(`[data-id="${CSS.escape(id)}"] .${className.split(' ').at(-1)}`)
  ;(same ?? byId('settings-title')).focus()
}

function item(code) {
  const element = document.createElement('li')
  element.textContent = code
  return element
}

function download(text) {
  const link = document.createElement('a')
  link.href = `data:text/plain;charset=utf-8,${encodeURIComponent(text)}`
  link.download = 'recovery-codes.txt'
  link.click()
}
