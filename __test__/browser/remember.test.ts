// Remembered browsers, by the elements: the box at the sign-in, what it saves, and the list in the settings.
import { accessible } from './axe.js'
import { scenes } from './scene.js'

const scene = scenes()
const label = 'Remember this browser for 30 days'

scene('a browser is remembered when the box is ticked, and can be signed out again', async ({ t, demo, ann }) => {
  await ann.enrolTotp()
  await ann.returnWithPassword()
  const box = ann.page.getByLabel(label)
  t.false(await box.isChecked(), 'off by default')
  await ann.typeTotp(ann.nextCode())
  await ann.signedIn()
  t.is(await ann.page.getByText('Remembered browsers').count(), 0)

  await ann.returnWithPassword()
  await box.check()
  await accessible(t, ann.page, 'the box')
  await ann.typeTotp(ann.nextCode())
  await ann.signedIn()
  const row = ann.row('Chrome on Linux')
  await row.waitFor()
  t.regex(await row.innerText(), /This browser[^]*last used .*until /)
  await accessible(t, ann.page, 'the list')
  t.false((await ann.page.evaluate(() => document.cookie)).includes('countersign-browser'), 'no script can read it')

  // Again and again, with the password alone.
  for (let times = 0; times < 2; times++) {
    demo.pass(60_000)
    await ann.signOut()
    await ann.password()
    await ann.signedIn()
  }
  // To change anything takes the factor all the same.
  await ann.page.getByRole('button', { name: 'Rename Phone' }).click()
  await ann.dialog.getByLabel('Name').fill('Tablet')
  await ann.dialog.getByRole('button', { name: 'Save' }).click()
  await ann.dialog.getByRole('heading', { name: 'Verify that it’s you' }).waitFor()
  t.is(await ann.dialog.getByLabel(label).count(), 0, 'not for a step-up')
  // The question, and what it was asked for.
  await ann.page.keyboard.press('Escape')
  await ann.closeDialog()

  await ann.page.getByRole('button', { name: 'Sign out this browser Chrome on Linux' }).click()
  await row.waitFor({ state: 'detached' })
  await ann.page.getByRole('status').getByText('Chrome on Linux is no longer remembered.').waitFor()
  await ann.returnWithPassword()
})

scene('of several browsers all can be signed out at once', async ({ t, ann }) => {
  await ann.enrolTotp()
  for (let browsers = 0; browsers < 2; browsers++) {
    await ann.page.context().clearCookies({ name: /countersign-browser/ })
    await ann.returnWithPassword()
    await ann.page.getByLabel(label).check()
    await ann.typeTotp(ann.nextCode())
    await ann.signedIn()
  }
  const rows = ann.row('Chrome on Linux')
  await rows.nth(1).waitFor()
  t.deepEqual(await rows.locator('.badge').allInnerTexts(), ['This browser'])
  await ann.page.getByRole('button', { name: 'Sign out all browsers' }).click()
  await rows.first().waitFor({ state: 'detached' })
  await ann.returnWithPassword()
})
