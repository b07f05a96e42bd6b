// A YubiKey that types OTPs, from the settings to the sign-in.
import { key, otp, publicId, uid } from '../helpers/yubico-key.js'
import { accessible } from './axe.js'
import { screenshot } from './chromium.js'
import type { Person } from './person.js'
import { scenes } from './scene.js'

const scene = scenes()
const yubicoKeys = { [publicId]: { key, uid } }

/** The key types its OTP wherever the focus is, and ends it with Enter. */
async function touch({ page }: Person, code: string): Promise<void> {
  await page.keyboard.type(code)
  await page.keyboard.press('Enter')
}

const begin = ({ page }: Person) => page.getByRole('button', { name: 'YubiKey one-time password' }).click()

scene('a YubiKey is added by a touch, and signs in by the next one', async ({ t, ann }) => {
  await begin(ann)
  await accessible(t, ann.page, 'add a YubiKey')
  for (const [width, height] of [[390, 844], [1280, 900]] as const) {
    await ann.page.setViewportSize({ width, height })
    await screenshot(ann.page, `add-yubikey-${width}`)
  }
  await touch(ann, otp(1, 1))
  await ann.row('YubiKey').waitFor()
  t.true((await ann.row('YubiKey').innerText()).includes('YubiKey one-time password'))
  await ann.page.getByText('YubiKey was added.').waitFor()
  await ann.returnWithPassword()
  await ann.field('YubiKey one-time password').focus()
  await touch(ann, otp(1, 1))
  t.is(await ann.error(), 'That didn’t work. Try again.')
  await touch(ann, otp(1, 2))
  await ann.signedIn()
}, { yubicoKeys })

scene('what the server does not take is told apart, and the field is there for the next touch', async ({ t, ann }) => {
  await begin(ann)
  await ann.dialog.getByLabel('Give it a name').fill('Blue key')
  await ann.dialog.getByLabel('YubiKey one-time password').focus()
  const refused = async (code: string, why: string) => {
    await touch(ann, code)
    const alert = ann.dialog.getByRole('alert').filter({ hasText: why })
    t.is(await alert.innerText(), why)
  }
  await refused('123456', 'That doesn’t look like a code. Check it and try again.')
  await refused(otp(1, 1, 'vvvvvvvvvvvv'), 'This site doesn’t know this YubiKey. Use another one, or contact support.')
  await refused(
    otp(1, 1, publicId, Buffer.alloc(6)),
    'The one-time password is wrong, or it was used before. Touch your YubiKey again.',
  )
  await touch(ann, otp(1, 1))
  await ann.row('Blue key').waitFor()
  await begin(ann)
  await refused(otp(1, 2), 'You have already added this key or device.')
}, { yubicoKeys })

scene('in German', async ({ t, ann }) => {
  await ann.page.getByRole('button', { name: 'YubiKey one-time password' }).waitFor()
  await ann.page.evaluate(async () => {
    document.documentElement.lang = 'de'
    await document.querySelector('countersign-settings')!.refresh()
  })
  await ann.page.getByRole('button', { name: 'YubiKey-Einmalpasswort' }).click()
  await ann.dialog.getByRole('heading', { name: 'YubiKey hinzufügen' }).waitFor()
  await touch(ann, otp(1, 1, 'vvvvvvvvvvvv'))
  const alert = ann.dialog.getByRole('alert').filter({ hasText: 'YubiKey' })
  t.regex(await alert.innerText(), /^Diese Website kennt diesen YubiKey nicht/)
}, { yubicoKeys })

scene('without the secrets of keys none is offered', async ({ t, ann }) => {
  await ann.page.getByRole('button', { name: 'Authenticator app' }).waitFor()
  t.is(await ann.page.getByRole('button', { name: 'YubiKey' }).count(), 0)
})
