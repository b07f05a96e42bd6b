// What the host requires of every answer, in the elements: only keys are offered, and who has none is told what to do.
import { VirtualKey } from './authenticator.js'
import { accessible } from './axe.js'
import { screenshot } from './chromium.js'
import { scenes } from './scene.js'

const MINUTE = 60_000
const require = { phishingResistant: true }
const scene = scenes()

scene('who has no factor adds a key, and nothing that could not sign in is offered', async ({ t, demo, ann }) => {
  await ann.heading('Add a passkey or security key').waitFor()
  await ann.page.getByText('This site requires a passkey or a security key. Add one to continue.').waitFor()
  t.is(await ann.page.locator('.choices button').count(), 1)
  await accessible(t, ann.page, 'first key')
  await screenshot(ann.page, 'require-first-key')
  const key = await VirtualKey.plugIn(ann.page)
  await ann.beginKey('Security key', 'My key')
  // No offer of recovery codes in between.
  await ann.signedIn()
  await ann.row('My key').waitFor()
  t.is(await ann.page.locator('.choices button').count(), 1)
  t.is(await ann.page.getByText('ecovery codes').count(), 0)
  await screenshot(ann.page, 'require-settings')
  await key.touch(true)

  await ann.returnWithPassword()
  t.is(await ann.page.getByRole('textbox').filter({ visible: true }).count(), 0)
  t.is(await ann.page.getByRole('checkbox').filter({ visible: true }).count(), 0)
  await ann.useKey()
  await ann.signedIn()

  demo.pass(10 * MINUTE)
  await ann.row('My key').getByRole('button', { name: 'Turn off' }).click()
  await ann.dialog.getByRole('heading', { name: 'Verify that it’s you' }).waitFor()
  t.is(await ann.dialog.getByRole('textbox').count(), 0)
  await ann.useKey()
  await ann.page.getByText('You can’t turn off your only active method.').waitFor()
}, { require, required: true })

let strict = false
scene('who only has an app is told that a key is needed, and whom to ask', async ({ t, demo, ann }) => {
  strict = false
  await ann.enrolTotp()
  await ann.makeCodes()
  strict = true
  await ann.returnWithPassword()
  const told = ann.page.getByText('You need a passkey or a security key that this site accepts, and your account has none. Contact support.')
  await told.waitFor()
  t.is(await ann.page.getByRole('textbox').filter({ visible: true }).count(), 0)
  t.is(await ann.page.getByText('Use a recovery code').count(), 0)
  t.is(await ann.page.getByText('Try another browser or device').count(), 0)
  await accessible(t, ann.page, 'no key')
  await screenshot(ann.page, 'require-no-key')
  // Nor is there any way around it.
  t.like(await ann.call('POST', '/countersign/verify', { answer: { type: 'totp', code: ann.nextCode() } }), { status: 403, body: { reason: 'rejected' } })

  strict = false
  await ann.page.reload()
  await ann.typeTotp(ann.nextCode())
  await ann.signedIn()
  demo.pass(10 * MINUTE)
  strict = true
  await ann.row('Phone').getByRole('button', { name: 'Turn off' }).click()
  await ann.dialog.getByText('You need a passkey or a security key that this site accepts').waitFor()
}, { require: () => (strict ? require : null) })

scene('a browser that can’t use keys says so', async ({ t, ann }) => {
  await ann.page.getByText('Security keys and passkeys can’t be used in this browser or at this address.').waitFor()
  t.is(await ann.page.locator('.choices button').count(), 0)
}, { require, required: true, before: () => Reflect.deleteProperty(globalThis, 'PublicKeyCredential') })
