// What a policy requires, in the elements: the days that are left, and that there is no way around it afterwards.
import { VirtualKey } from './authenticator.js'
import { accessible } from './axe.js'
import { screenshot } from './chromium.js'
import { scenes } from './scene.js'

const DAY = 86_400_000
const scene = scenes()
const by = Date.now() + 12 * DAY
const later = { name: 'Not now' }

scene('who has no factor is told of the days that are left, and has to enrol when they are over', async ({ t, demo, ann }) => {
  const left = ann.page.getByText('You have 12 days left to set it up.')
  await left.waitFor()
  await accessible(t, ann.page, 'days left')
  await screenshot(ann.page, 'enforcement-days-left')
  await ann.page.getByRole('button', later).click()
  await ann.signedIn()
  await left.waitFor()

  await ann.signOut()
  demo.pass(13 * DAY)
  await ann.password()
  await ann.heading('Set up two-step verification').waitFor()
  t.is(await ann.page.getByRole('button', later).count(), 0)
  await ann.page.keyboard.press('Escape')
  await ann.page.reload()
  await ann.heading('Set up two-step verification').waitFor()
  await ann.fillTotp()
  await ann.page.getByRole('button', later).click()
  await ann.signedIn()
  await ann.page.getByText('Get recovery codes so you can still sign in').waitFor()
  await ann.makeCodes()
  await ann.page.getByText('You have only one sign-in method.').waitFor()
}, { policy: () => ({ require: true, by }) })

scene('who has a weaker factor is asked for a key after it, and gets nothing else once it is required', async ({ t, demo, ann }) => {
  const key = await VirtualKey.plugIn(ann.page)
  await ann.page.getByText('This site requires a passkey or a security key. You have 12 days left to add one.').waitFor()
  t.is(await ann.page.getByRole('button', { name: 'Authenticator app' }).count(), 0)
  await ann.page.getByRole('button', later).click()
  await ann.signedIn()
  await ann.enrolTotp()
  demo.pass(13 * DAY)
  await ann.returnWithPassword()
  await ann.typeTotp(ann.nextCode())
  await ann.heading('Add a passkey or security key').waitFor()
  await ann.page.getByText('This site requires a passkey or a security key. Add one to continue.').waitFor()
  t.is((await ann.call('GET', '/api/session')).body.state, 'pending', 'nothing else is open')
  t.is((await ann.call('POST', '/countersign/factors/totp')).status, 403)
  await ann.page.reload()
  await ann.heading('Add a passkey or security key').waitFor()
  t.is(await ann.page.getByRole('button', later).count(), 0)
  t.is(await ann.page.locator('.choices button').count(), 1)
  await accessible(t, ann.page, 'required')
  await screenshot(ann.page, 'enforcement-required')
  await ann.beginKey('Security key', 'My key')
  await ann.signedIn()
  await ann.row('My key').waitFor()
  t.is(await ann.page.getByText('Get recovery codes', { exact: true }).count(), 1, 'only in the settings')
  t.truthy(key)
}, { policy: () => ({ require: { phishingResistant: true }, by }) })
