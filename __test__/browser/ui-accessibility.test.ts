// axe on every main view of both elements, light and dark, English and German; and the keyboard alone.
import { accessible } from './axe.js'
import { VirtualKey, passkeyDevice } from './authenticator.js'
import { screenshot } from './chromium.js'
import { scenes, type Scene } from './scene.js'

const scene = scenes()

for (const colorScheme of ['light', 'dark'] as const) {
  scene(
    `every view is accessible (${colorScheme})`,
    async ({ t, demo, ann }) => {
      const { page } = ann
      const check = (view: string): Promise<void> => accessible(t, page, view)
      const close = (): Promise<void> => page.keyboard.press('Escape')
      await check('settings without factors')
      await page.getByRole('button', { name: 'Authenticator app' }).click()
      await ann.dialog.getByLabel('Enter the code').fill('000000')
      await ann.dialog.getByRole('button', { name: 'Add authenticator app' }).click()
      await ann.error()
      await check('an app, with an error')
      await close()
      await ann.enrolTotp()

      const key = await VirtualKey.plugIn(page)
      await page.locator('.choices').getByRole('button', { name: 'Security key' }).click()
      await ann.dialog.getByLabel('Give it a name').waitFor()
      await check('a key')
      await close()
      await ann.enrolKey('Security key', 'My key')
      await page.getByRole('button', { name: 'Get recovery codes' }).click()
      await ann.dialog.getByRole('button', { name: 'I’ve saved my codes' }).waitFor()
      await check('recovery codes')
      await ann.dialog.getByRole('button', { name: 'I’ve saved my codes' }).click()
      await page.getByRole('button', { name: 'Turn off Phone' }).click()
      await page.getByText('Phone is off.').waitFor()
      await check('settings with factors')
      await page.getByRole('button', { name: 'Turn on Phone' }).click()
      // A dialog that was opened meanwhile stays, though the list behind it is drawn anew.
      for (const name of ['Rename Phone', 'Remove Phone', 'Get new codes']) {
        await page.getByRole('button', { name }).click()
        await ann.dialog.waitFor()
        await check(name)
        await close()
      }
      demo.pass(5 * 60_000)
      await page.getByRole('button', { name: 'Turn off Phone' }).click()
      await ann.dialog.getByRole('heading', { name: 'Verify that it’s you' }).waitFor()
      await check('step-up')
      await close()
      await key.clear()

      await ann.signOut()
      await check('sign-in')
      await ann.password()
      await ann.heading('Two-step verification').waitFor()
      await page.getByText('Use a recovery code').click()
      await check('second step')
      await ann.useKey()
      await ann.error()
      await check('second step with an error')
    },
    { colorScheme },
  )

  scene(
    `the enrolment that a site asks for is accessible (${colorScheme})`,
    async ({ t, ann }) => {
      await accessible(t, ann.page, 'required')
      await ann.fillTotp()
      await ann.heading('Get recovery codes').waitFor()
      await accessible(t, ann.page, 'codes offered')
    },
    { colorScheme, required: true },
  )
}

scene('German is as accessible, fits a phone, and has no word of English', async ({ t, ann }) => {
  const { page } = ann
  const german = async (view: string, element: 'countersign-settings' | 'countersign-sign-in'): Promise<void> => {
    await page.evaluate(async (element) => {
      document.documentElement.lang = 'de'
      await document.querySelector(element)?.refresh()
    }, element)
    await accessible(t, page, view)
    for (const width of [1180, 390]) {
      await page.setViewportSize({ width, height: 860 })
      t.true(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${view} at ${width}`)
      await screenshot(page, `${view}-german-${width}`)
    }
    const words = await page.locator(element).evaluate(({ shadowRoot }) => shadowRoot!.textContent)
    t.true(words.length > 50, view)
    t.notRegex(words, /\b(the|your|factor|remove|code from|continue|codes? left)\b/i)
  }
  await ann.enrolTotp('Telefon')
  await ann.makeCodes()
  await german('settings', 'countersign-settings')
  await page.getByRole('button', { name: 'Passkey' }).click()
  await screenshot(page, 'passkey-german')
  await page.keyboard.press('Escape')
  await page.evaluate(() => (document.documentElement.lang = 'en'))
  await ann.returnWithPassword()
  await german('second-step', 'countersign-sign-in')
})

/** What has the focus, inside of shadow roots too. */
function focused({ ann }: Scene): Promise<string> {
  return ann.page.evaluate(() => {
    let { activeElement } = document
    while (activeElement?.shadowRoot) ({ activeElement } = activeElement.shadowRoot)
    const { labels } = activeElement as HTMLInputElement
    const name = activeElement?.getAttribute('aria-label') ?? labels?.[0]?.textContent ?? activeElement?.textContent
    return (name ?? '').trim()
  })
}

scene('the keyboard alone: dialogs take the focus, keep it, and give it back', async (all) => {
  const { t, ann } = all
  const { keyboard } = ann.page
  const to = async (name: string, key = 'Tab'): Promise<void> => {
    for (let presses = 0; presses < 40; presses++) {
      if ((await focused(all)).startsWith(name)) return
      await keyboard.press(key)
    }
    t.fail(`${name} is never reached`)
  }
  await to('Authenticator app')
  await keyboard.press('Enter')
  await ann.dialog.waitFor()
  t.is(await focused(all), 'Enter the code from the app')
  // A modal dialog: the page behind it is out of reach.
  const reached = new Set<string>()
  for (let presses = 0; presses < 12; presses++) {
    await keyboard.press('Tab')
    reached.add(await focused(all))
  }
  t.false([...reached].some((name) => name.startsWith('Passkey or security key')), [...reached].join(', '))
  await to('Enter the code')
  await keyboard.press('Enter')
  t.is(await ann.error(), 'Fill in this field.')
  await keyboard.press('Escape')
  await ann.dialog.waitFor({ state: 'detached' })
  // A closed dialog has no role any more, and gives the focus back a moment later.
  await ann.page.locator('button:focus').filter({ hasText: 'Authenticator app' }).waitFor()
  t.true((await focused(all)).startsWith('Authenticator app'))

  await keyboard.press('Enter')
  ann.secret = await ann.dialog.locator('code').innerText()
  await keyboard.type(ann.nextCode())
  await keyboard.press('Enter')
  await ann.row('Phone').waitFor()
  await to('Rename Phone')
  await keyboard.press('Space')
  await ann.dialog.getByLabel('Name').waitFor()
  await keyboard.type('Tablet')
  await keyboard.press('Enter')
  await ann.page.getByText('Renamed to Tablet.').waitFor()
  t.regex(await focused(all), /^Rename /)

  await to('Get recovery codes')
  await keyboard.press('Enter')
  await ann.dialog.getByRole('heading', { name: 'Your recovery codes' }).waitFor()
  t.is(await focused(all), 'Your recovery codes')
  const [code = ''] = await ann.dialog.getByRole('listitem').allInnerTexts()
  await keyboard.press('Escape')
  t.true(await ann.dialog.isVisible(), 'codes that are shown once are not closed by a slip')
  await to('I’ve saved my codes')
  await keyboard.press('Enter')
  await ann.dialog.waitFor({ state: 'detached' })
  await ann.page.locator('button:focus').filter({ hasText: 'Get new codes' }).waitFor()
  t.is(await focused(all), 'Get new codes')

  await ann.returnWithPassword()
  await to('Use a recovery code')
  await keyboard.press('Enter')
  await keyboard.press('Tab')
  t.is(await focused(all), 'Recovery code')
  await keyboard.type(code)
  await keyboard.press('Enter')
  await ann.signedIn()
})

scene('what changed is told to a screen reader, where it is heard', async ({ t, ann }) => {
  const { page } = ann
  await ann.enrolTotp()
  const status = page.getByRole('status').filter({ hasText: 'Phone was added.' })
  t.is(await status.getAttribute('role'), 'status')
  await page.getByRole('button', { name: 'Get recovery codes' }).click()
  await ann.dialog.getByRole('button', { name: 'Copy' }).click()
  // A modal dialog silences what is outside of it.
  await ann.dialog.getByRole('status').filter({ hasText: /./ }).waitFor()
  await ann.dialog.getByRole('button', { name: 'I’ve saved my codes' }).click()

  await page.getByRole('button', { name: 'Rename Phone' }).click()
  await ann.dialog.getByLabel('Name').fill('')
  await ann.dialog.getByRole('button', { name: 'Save' }).click()
  const field = ann.dialog.getByLabel('Name')
  t.is(await field.getAttribute('aria-invalid'), 'true')
  const described = await field.getAttribute('aria-describedby')
  t.is(await ann.dialog.locator(`#${described}`).innerText(), 'Fill in this field.')
})

scene('passkeys too', async ({ t, ann }) => {
  const key = await VirtualKey.plugIn(ann.page, passkeyDevice)
  await ann.enrolKey('Passkey', 'My passkey')
  await accessible(t, ann.page, 'a passkey among the factors')
  await key.touch(false)
  await ann.signOut()
  await ann.page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
  await accessible(t, ann.page, 'sign-in while the autofill waits')
})
