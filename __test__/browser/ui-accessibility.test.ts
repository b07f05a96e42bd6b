// axe on every main view of both elements, light and dark; and the keyboard alone. languages.test.ts has the other languages.
import { accessible } from './axe.js'
import { VirtualKey, passkeyDevice } from './authenticator.js'
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

/** Words that stand on two lines, in the page and in the elements. Hyphens are ends of words. */
function brokenWords({ ann }: Scene): Promise<string[]> {
  return ann.page.evaluate(() => {
    const texts = (root: Node): Text[] => [...root.childNodes].flatMap((node) => {
      if (node instanceof Text) return [node]
      const { shadowRoot } = node as Element
      return [...texts(node), ...(shadowRoot ? texts(shadowRoot) : [])]
    })
    return texts(document.body).flatMap((text) => [...text.data.matchAll(/[^\s-]+/g)].flatMap((word) => {
      const range = new Range()
      range.setStart(text, word.index)
      range.setEnd(text, word.index + word[0].length)
      const lines = new Set([...range.getClientRects()].filter(({ width }) => width > 0).map(({ top }) => Math.round(top)))
      return lines.size > 1 ? [word[0]] : []
    }))
  })
}

scene('with text of twice the size, words and codes stay whole, and nothing is beside the page', async (all) => {
  const { t, ann } = all
  const { page } = ann
  const enlarge = (): Promise<void> => page.evaluate(() => void (document.documentElement.style.fontSize = '200%'))
  await enlarge()
  const check = async (view: string): Promise<void> => {
    for (const width of [320, 390, 544, 768]) {
      await page.setViewportSize({ width, height: 800 })
      t.deepEqual(await brokenWords(all), [], `${view}, ${width} px`)
      t.true(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${view}, ${width} px`)
    }
  }
  await check('settings without factors')
  await ann.beginTotp('Phone')
  await check('an app')
  await ann.closeDialog()
  await VirtualKey.plugIn(page)
  await ann.enrolTotp()
  await ann.enrolKey('Security key', 'My key')
  await page.getByRole('button', { name: 'Get recovery codes' }).click()
  await ann.dialog.getByRole('heading', { name: 'Your recovery codes' }).waitFor()
  await check('recovery codes')
  // A code has hyphens, and still stays in one line.
  await page.setViewportSize({ width: 320, height: 800 })
  const heights = await ann.dialog.locator('.codes li').evaluateAll((codes) =>
    codes.map((code) => code.getBoundingClientRect().height / Number.parseFloat(getComputedStyle(code).fontSize)))
  t.true(heights.every((lines) => lines < 2), heights.join(' '))
  await ann.dialog.getByRole('button', { name: 'I’ve saved my codes' }).click()
  await page.getByText('added').first().waitFor()
  await check('settings with factors')
  await ann.returnWithPassword()
  await enlarge()
  await page.getByText('Use a recovery code').click()
  await check('second step')
})

scene('in forced colours, the three actions of a factor stand in one row', async ({ t, ann }) => {
  await ann.enrolTotp()
  await ann.page.emulateMedia({ forcedColors: 'active' })
  for (const width of [320, 390, 544, 768, 1280]) {
    await ann.page.setViewportSize({ width, height: 800 })
    const [tops, before, after] = await ann.page.locator('.actions').evaluate((actions) => {
      const boxes = [...actions.querySelectorAll('button')].map((one) => one.getBoundingClientRect())
      const row = actions.closest('li')!.getBoundingClientRect()
      return [boxes.map(({ top }) => top), boxes[0]!.left - row.left, row.right - boxes.at(-1)!.right] as const
    })
    t.deepEqual([tops.length, new Set(tops).size], [3, 1], `${width} px`)
    // Their borders end where the row does.
    t.true(before >= -0.5 && after >= -0.5, `${width} px: ${before}, ${after}`)
    if (width > 560) t.true(after < 0.5, `${width} px: ${after}`)
  }
})
