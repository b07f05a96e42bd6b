import { VirtualKey, type KeyOptions } from './authenticator.js'
import { screenshot } from './chromium.js'
import { scenes } from './scene.js'

// A proof counts to the end of its second.
const FIVE_MINUTES = 5 * 60_000 + 1000
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }

const scene = scenes()

scene('a password alone signs in while there is no factor', async ({ t, ann }) => {
  await ann.signOut()
  await ann.password('not the password')
  t.is(await ann.error(), 'Wrong name or password.')
  await ann.password()
  await ann.signedIn()
  t.is(await ann.factors.count(), 0)
})

scene('an authenticator app: a new code signs in, a used or wrong one does not', async ({ t, ann }) => {
  await ann.enrolTotp()
  await ann.returnWithPassword()
  t.false(await ann.page.getByRole('button', { name: 'Use security key or passkey' }).isVisible())
  t.false(await ann.page.getByText('Use a recovery code').isVisible())
  t.is(await ann.field('Code from your authenticator app').getAttribute('autocomplete'), 'one-time-code')
  const code = ann.nextCode()
  await ann.typeTotp(`${code.slice(0, 3)} ${code.slice(3)}`)
  await ann.signedIn()

  await ann.returnWithPassword()
  await ann.typeTotp(code)
  t.is(await ann.error(), 'That didn’t work. Try again.')
  await ann.typeTotp('12345')
  await ann.page.getByText('doesn’t look like a code').waitFor()
  await ann.typeTotp(ann.nextCode())
  await ann.signedIn()
})

const VERIFYING = { hasUserVerification: true, isUserVerified: true }
const keys: [string, 'Security key' | 'Passkey', KeyOptions][] = [
  ['a security key without user verification', 'Security key', { hasUserVerification: false }],
  ['a security key with user verification', 'Security key', VERIFYING],
  ['an old U2F key', 'Security key', { protocol: 'u2f' }],
  ['a passkey', 'Passkey', { transport: 'internal', hasResidentKey: true, ...VERIFYING }],
]
for (const [title, kind, options] of keys) {
  scene(`${title} enrols and signs in`, async ({ t, ann }) => {
    const key = await VirtualKey.plugIn(ann.page, options)
    await ann.enrolKey(kind, 'My key')
    const [credential] = await key.credentials()
    t.is(credential?.isResidentCredential, kind === 'Passkey')
    for (const _ of [1, 2]) {
      // Or the page without a session has the passkey from its autofill at once.
      await key.touch(false)
      await ann.returnWithPassword()
      await key.touch(true)
      t.false(await ann.field('Code from your authenticator app').isVisible())
      await ann.useKey()
      await ann.signedIn()
    }
    t.true((await key.credentials())[0]!.signCount > 1)
  })
}

scene('a security key asks for no PIN as a second factor', async ({ t, ann }) => {
  const key = await VirtualKey.plugIn(ann.page, VERIFYING)
  const asked = ann.page.waitForResponse('**/countersign/factors/webauthn')
  await ann.enrolKey('Security key', 'My key')
  t.is((await (await asked).json()).authenticatorSelection.userVerification, 'discouraged')
  // From here on nobody is there who could type it.
  await key.userVerified(false)
  await ann.returnWithPassword()
  await ann.useKey()
  await ann.signedIn()
})

scene('a passkey needs its PIN or fingerprint at enrolment', async ({ t, ann }) => {
  const key = await VirtualKey.plugIn(ann.page, { hasResidentKey: true, ...VERIFYING, isUserVerified: false })
  await ann.beginKey('Passkey', 'My passkey')
  t.regex(await ann.error(), /cancelled/)
  await key.userVerified(true)
  await ann.dialog.getByRole('button', { name: 'Continue' }).click()
  await ann.row('My passkey').waitFor()
})

scene('a key is registered once', async ({ t, ann }) => {
  await VirtualKey.plugIn(ann.page)
  await ann.enrolKey('Security key', 'My key')
  await ann.beginKey('Security key', 'The same')
  t.is(await ann.error(), 'You have already added this key or device.')
  await ann.page.keyboard.press('Escape')
  t.is(await ann.factors.count(), 1)
})

scene('a cancelled prompt leaves the sign-in open, another way finishes it', async ({ t, ann }) => {
  const key = await VirtualKey.plugIn(ann.page)
  await ann.enrolKey('Security key', 'My key')
  await ann.enrolTotp()
  await ann.returnWithPassword()
  await key.clear()
  await ann.useKey()
  t.regex(await ann.error(), /cancelled/)
  await ann.typeTotp(ann.nextCode())
  await ann.signedIn()
})

scene('recovery codes: each signs in once, a new set ends the old one', async ({ t, ann }) => {
  await ann.enrolTotp()
  const codes = await ann.makeCodes()
  t.is(new Set(codes).size, 10)
  await ann.page.getByText('10 codes left').waitFor()
  await ann.returnWithPassword()
  await ann.typeRecovery(codes[0]!.toUpperCase().replaceAll('-', ' '))
  await ann.signedIn()
  await ann.page.getByText('9 codes left').waitFor()

  await ann.returnWithPassword()
  await ann.typeRecovery(codes[0]!)
  t.is(await ann.error(), 'That didn’t work. Try again.')
  await ann.typeRecovery(codes[1]!)
  await ann.signedIn()

  await ann.page.getByRole('button', { name: 'Get new codes' }).click()
  await ann.dialog.getByRole('button', { name: 'Get new codes' }).click()
  await ann.dialog.getByRole('heading', { name: 'Your recovery codes' }).waitFor()
  await ann.dialog.getByRole('button', { name: 'I’ve saved my codes' }).click()
  await ann.returnWithPassword()
  await ann.typeRecovery(codes[2]!)
  t.is(await ann.error(), 'That didn’t work. Try again.')
})

for (const lifting of ['recovery code', 'security key'] as const) {
  scene(`wrong codes lock the app's, a ${lifting} unlocks them`, async ({ t, ann }) => {
    await ann.enrolTotp()
    const codes = await ann.makeCodes()
    await VirtualKey.plugIn(ann.page)
    await ann.enrolKey('Security key', 'My key')
    await ann.returnWithPassword()
    await ann.guess()
    t.regex(await ann.error(), /Codes are locked after too many wrong attempts/)

    await ann.password()
    await ann.heading('Two-step verification').waitFor()
    t.false(await ann.field('Code from your authenticator app').isVisible())
    await ann.page.getByText('are locked after too many wrong attempts').waitFor()
    await screenshot(ann.page, `locked-${lifting.replace(' ', '-')}`)
    await (lifting === 'security key' ? ann.useKey() : ann.typeRecovery(codes[0]!))
    await ann.signedIn()
    await ann.returnWithPassword()
    await ann.typeTotp(ann.nextCode())
    await ann.signedIn()
  })
}

scene('rename, turn off and on, remove', async ({ t, ann }) => {
  await ann.enrolTotp('Old phone')
  await ann.page.getByRole('button', { name: 'Rename Old phone' }).click()
  await ann.dialog.getByLabel('Name').fill('New <b>phone</b>')
  await ann.dialog.getByRole('button', { name: 'Save' }).click()
  await ann.row('New <b>phone</b>').waitFor()
  t.is(await ann.factors.locator('b b').count(), 0)

  await ann.page.getByRole('button', { name: 'Turn off New' }).click()
  await ann.page.getByText('You can’t turn off your only active method').waitFor()
  await VirtualKey.plugIn(ann.page)
  await ann.enrolKey('Security key', 'My key')
  await ann.page.getByRole('button', { name: 'Turn off New' }).click()
  await ann.page.getByRole('button', { name: 'Turn on New' }).waitFor()
  await ann.returnWithPassword()
  t.false(await ann.field('Code from your authenticator app').isVisible())
  await ann.useKey()
  await ann.signedIn()

  for (const name of ['New', 'My key']) {
    await ann.page.getByRole('button', { name: `Remove ${name}` }).click()
    await ann.dialog.getByRole('button', { name: 'Remove' }).click()
    await ann.page.getByRole('button', { name: `Remove ${name}` }).waitFor({ state: 'detached' })
  }
  await ann.signOut()
  await ann.password()
  await ann.signedIn()
})

scene('changing factors asks again after five minutes, for the password or a factor', async ({ t, demo, ann }) => {
  demo.pass(FIVE_MINUTES)
  await ann.page.getByRole('button', { name: 'Authenticator app' }).click()
  await ann.dialog.getByLabel('Password').fill('correct horse battery')
  await ann.dialog.getByRole('button', { name: 'Continue' }).click()
  await ann.dialog.getByRole('heading', { name: 'Add an authenticator app' }).waitFor()
  await ann.page.keyboard.press('Escape')
  await ann.enrolTotp()

  demo.pass(FIVE_MINUTES)
  await ann.page.getByRole('button', { name: 'Rename Phone' }).click()
  await ann.dialog.getByLabel('Name').fill('Tablet')
  await ann.dialog.getByRole('button', { name: 'Save' }).click()
  await ann.dialog.getByRole('heading', { name: 'Verify that it’s you' }).waitFor()
  await screenshot(ann.page, 'step-up')
  await ann.page.keyboard.press('Escape')
  t.is(await ann.error(), 'Nothing has been changed yet.')
  await ann.dialog.getByRole('button', { name: 'Save' }).click()
  await ann.typeTotp(ann.nextCode())
  await ann.row('Tablet').waitFor()
})

scene('the keyboard alone enrols and signs in', async ({ t, ann }) => {
  const focused = () =>
    ann.page.evaluate(() => {
      let { activeElement } = document
      while (activeElement?.shadowRoot) ({ activeElement } = activeElement.shadowRoot)
      return activeElement?.textContent?.trim() || activeElement?.getAttribute('name')
    })
  t.is(await focused(), 'Sign-in security')
  const press = async (...keys: string[]) => {
    for (const key of keys) await ann.page.keyboard.press(key)
  }
  while (!(await focused())?.startsWith('Authenticator app')) await press('Tab')
  await press('Enter')
  await ann.dialog.waitFor()
  t.is(await focused(), 'code')
  ann.secret = await ann.dialog.locator('code').innerText()
  await ann.page.keyboard.type(ann.nextCode())
  await press('Enter')
  await ann.row('Phone').waitFor()
  await ann.page.getByText('Phone was added.').waitFor()
  t.is(await focused(), 'Rename')
  await ann.returnWithPassword()
  t.is(await focused(), 'code')
  await ann.page.keyboard.type(ann.nextCode())
  await press('Enter')
  await ann.signedIn()
  t.is(await focused(), 'Sign-in security')
})

scene('a reload in the middle of a sign-in offers the second step again', async ({ ann }) => {
  await ann.enrolTotp()
  await ann.returnWithPassword()
  await ann.page.reload()
  await ann.heading('Two-step verification').waitFor()
  await ann.typeTotp(ann.nextCode())
  await ann.signedIn()
  await ann.page.reload()
  await ann.row('Phone').waitFor()
})

const looks = {
  light: { colorScheme: 'light', viewport: { width: 1180, height: 860 } },
  dark: { colorScheme: 'dark', viewport: { width: 1180, height: 860 } },
  'phone-light': { colorScheme: 'light', ...PHONE },
  'phone-dark': { colorScheme: 'dark', ...PHONE },
} as const
for (const [look, options] of Object.entries(looks)) {
  scene(
    `every view fits (${look})`,
    async ({ t, ann }) => {
      const fits = async (name: string) => {
        await screenshot(ann.page, `${name}-${look}`)
        t.true(await ann.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} is too wide`)
      }
      await fits('settings-empty')
      await VirtualKey.plugIn(ann.page)
      await ann.page.getByRole('button', { name: 'Authenticator app' }).click()
      await ann.dialog.getByRole('img', { name: 'QR code' }).waitFor()
      await fits('enrol-totp')
      await ann.page.keyboard.press('Escape')
      await ann.enrolTotp()
      await ann.enrolKey('Security key', 'YubiKey on my key ring')
      await ann.page.getByRole('button', { name: 'Get recovery codes' }).click()
      await ann.dialog.getByRole('heading', { name: 'Your recovery codes' }).waitFor()
      await fits('recovery-codes')
      await ann.dialog.getByRole('button', { name: 'I’ve saved my codes' }).click()
      await ann.page.getByRole('status').filter({ hasText: /./ }).waitFor({ state: 'detached' })
      await fits('settings')
      await ann.signOut()
      await fits('sign-in')
      await ann.password()
      await ann.heading('Two-step verification').waitFor()
      await ann.page.getByText('Use a recovery code').click()
      await fits('second-step')
    },
    options,
  )
}
