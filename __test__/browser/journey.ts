import type { ExecutionContext } from 'ava'
import { VirtualKey, passkeyDevice } from './authenticator.js'
import type { Person, Site } from './person.js'

interface Traveller {
  t: ExecutionContext
  site: Site
  ann: Person
}

// A proof counts to the end of its second.
const FIVE_MINUTES = 5 * 60_000 + 1000

/** Every path of somebody whose password alone is enough at first, one after another in one page. */
export async function everyPath(traveller: Traveller): Promise<void> {
  const { t, ann } = traveller
  await passwordAlone(traveller)
  await app(traveller)
  const key = await securityKey(traveller)
  const codes = await recoveryCodes(traveller)
  await stepUp(traveller)
  await changes(traveller)
  await lock(traveller)
  await key.unplug()
  await reset(traveller, codes)
  await lostAll(traveller, codes)
  await passkey(traveller)
  await ann.signOut()
  t.deepEqual((await ann.call('GET', '/countersign/session')).body, { state: 'none', passkeys: true })
}

async function passwordAlone({ t, site, ann }: Traveller): Promise<void> {
  await ann.heading('Sign in').waitFor()
  await ann.password('not the password')
  t.is(await ann.error(), 'Wrong name or password.')
  await ann.password()
  await ann.signedIn()
  t.is(await ann.factors.count(), 0)

  // Nothing else to step up with but the password.
  site.pass(FIVE_MINUTES)
  await ann.page.getByRole('button', { name: 'Authenticator app' }).click()
  for (const [password, shown] of [['not the password', 'Wrong name or password.'], [ann.account.password, '']] as const) {
    await ann.dialog.getByLabel('Password').fill(password)
    await ann.dialog.getByRole('button', { name: 'Continue' }).click()
    if (shown) t.is(await ann.error(), shown)
  }
  await ann.dialog.getByRole('heading', { name: 'Add an authenticator app' }).waitFor()
  await ann.closeDialog()
}

/** The secret is shown at the enrolment and never again. */
async function app({ t, ann }: Traveller): Promise<void> {
  await ann.beginTotp('Phone')
  await ann.dialog.getByLabel('Enter the code').fill(ann.wrongCode())
  await ann.dialog.getByRole('button', { name: 'Add authenticator app' }).click()
  t.regex(await ann.error(), /^The code is wrong, or this took too long/)
  await ann.dialog.getByLabel('Enter the code').fill(ann.nextCode())
  await ann.dialog.getByRole('button', { name: 'Add authenticator app' }).click()
  await ann.row('Phone').waitFor()
  t.is(await ann.page.locator('code').count(), 0)
  const { body } = await ann.call('GET', '/countersign/factors')
  t.is(body.factors.length, 1)
  t.false(JSON.stringify(body).includes(ann.secret.replaceAll(' ', '')))
  await ann.page.getByRole('button', { name: 'Authenticator app' }).click()
  t.not(await ann.dialog.locator('code').innerText(), ann.secret)
  await ann.closeDialog()

  await ann.returnWithPassword()
  t.is((await ann.call('GET', '/countersign/factors')).status, 401)
  const code = ann.nextCode()
  await ann.typeTotp(code)
  await ann.signedIn()
  await ann.returnWithPassword()
  for (const refused of [code, ann.wrongCode()]) {
    await ann.typeTotp(refused)
    t.is(await ann.error(), 'That didn’t work. Try again.')
  }
  await ann.page.reload()
  await ann.heading('Two-step verification').waitFor()
  await ann.typeTotp(ann.nextCode())
  await ann.signedIn()
}

async function securityKey({ t, ann }: Traveller): Promise<VirtualKey> {
  const key = await VirtualKey.plugIn(ann.page)
  await ann.enrolKey('Security key', 'My key')
  await ann.beginKey('Security key', 'The same')
  t.is(await ann.error(), 'You have already added this key or device.')
  await ann.closeDialog()
  await ann.returnWithPassword()
  await ann.useKey()
  await ann.signedIn()
  t.is((await key.credentials()).length, 1)
  return key
}

/** Gives those that are left: two of the ten are used. */
async function recoveryCodes({ t, ann }: Traveller): Promise<string[]> {
  const [first = '', ...codes] = await ann.makeCodes()
  await ann.page.getByText('10 codes left').waitFor()
  await ann.returnWithPassword()
  await ann.typeRecovery(first)
  await ann.signedIn()
  await ann.page.getByText('9 codes left').waitFor()
  t.is(await ann.factors.count(), 2)
  await ann.returnWithPassword()
  await ann.typeRecovery(first)
  t.is(await ann.error(), 'That didn’t work. Try again.')
  await ann.typeRecovery(codes.shift()!)
  await ann.signedIn()
  return codes
}

async function stepUp({ t, site, ann }: Traveller): Promise<void> {
  site.pass(FIVE_MINUTES)
  await ann.page.getByRole('button', { name: 'Rename Phone' }).click()
  await ann.dialog.getByLabel('Name').fill('Tablet')
  await ann.dialog.getByRole('button', { name: 'Save' }).click()
  await ann.dialog.getByRole('heading', { name: 'Verify that it’s you' }).waitFor()
  await ann.typeTotp(ann.wrongCode())
  t.is(await ann.error(), 'That didn’t work. Try again.')
  await ann.page.keyboard.press('Escape')
  await ann.page.getByText('Nothing has been changed yet.').waitFor()
  await ann.dialog.getByRole('button', { name: 'Save' }).click()
  await ann.typeTotp(ann.nextCode())
  await ann.row('Tablet').waitFor()

  site.pass(FIVE_MINUTES)
  await ann.page.getByRole('button', { name: 'Turn off Tablet' }).click()
  await ann.useKey()
  await ann.page.getByRole('button', { name: 'Turn on Tablet' }).click()
  await ann.page.getByRole('button', { name: 'Turn off Tablet' }).waitFor()
}

async function changes({ ann }: Traveller): Promise<void> {
  const turn = (how: 'on' | 'off', name: string) => ann.page.getByRole('button', { name: `Turn ${how} ${name}` })
  const key = ann.page.getByRole('button', { name: 'Use security key or passkey' })
  await turn('off', 'My key').click()
  await turn('on', 'My key').waitFor()
  await turn('off', 'Tablet').click()
  await ann.page.getByText('You can’t turn off your only active method').waitFor()
  await ann.returnWithPassword()
  await key.waitFor({ state: 'detached' })
  await ann.typeTotp(ann.nextCode())
  await ann.signedIn()
  await turn('on', 'My key').click()
  await turn('off', 'My key').waitFor()
  await ann.returnWithPassword()
  await key.click()
  await ann.signedIn()
}

/** Ends the sign-in, and a factor of another kind lifts it. */
async function lock({ t, ann }: Traveller): Promise<void> {
  await ann.returnWithPassword()
  await ann.guess()
  t.regex(await ann.error(), /Codes are locked after too many wrong attempts/)
  t.deepEqual((await ann.call('GET', '/countersign/session')).body, { state: 'none', passkeys: true })
  await ann.password()
  await ann.page.getByText('are locked after too many wrong attempts').waitFor()
  t.is(await ann.field('Code from your authenticator app').count(), 0)
  await ann.useKey()
  await ann.signedIn()
  await ann.returnWithPassword()
  await ann.typeTotp(ann.nextCode())
  await ann.signedIn()
}

/** A lost key: both codes get rid of it. The elements have no form for this; a page of the host calls the route. */
async function reset({ t, ann }: Traveller, codes: string[]): Promise<void> {
  await ann.returnWithPassword()
  const recovery = codes.shift()!
  const wrong = await ann.call('POST', '/countersign/reset', { totp: ann.wrongCode(), recovery })
  t.like(wrong, { status: 403, body: { ok: false, reason: 'rejected' } })
  const { body } = await ann.call('POST', '/countersign/reset', { totp: ann.nextCode(), recovery })
  t.like(body, { ok: true, removed: [{ type: 'webauthn', description: 'My key' }] })
  await ann.page.reload()
  await ann.signedIn()
  await ann.row('Tablet').waitFor()
  t.is(await ann.factors.count(), 1)
  await ann.page.getByText(`${codes.length} codes left`).waitFor()
}

/** A lost phone and key: a recovery code removes both. */
async function lostAll({ t, ann }: Traveller, codes: string[]): Promise<void> {
  const key = await VirtualKey.plugIn(ann.page)
  await ann.enrolKey('Security key', 'Second key')
  await key.unplug()
  const told = await ann.recoverLost(codes.shift()!)
  t.true(told.includes('Removed: Tablet, Second key.'), told)
  await ann.startAnew(t)
}

/** Signs in without a name, by the button and from the autofill; removed with the last factor it leaves the password alone. */
async function passkey({ t, ann }: Traveller): Promise<void> {
  const device = await VirtualKey.plugIn(ann.page, passkeyDevice)
  await ann.enrolKey('Passkey', 'My passkey')
  // Touched by itself it answers at once, as if the person had picked it in the autofill.
  const verified = ann.page.waitForResponse('**/countersign/passkey/verify')
  await ann.page.getByRole('button', { name: 'Sign out' }).click()
  t.is((await verified).status(), 200)
  await ann.signedIn()

  await device.touch(false)
  await ann.page.evaluate(() => {
    // By the button alone: the autofill would have it first.
    PublicKeyCredential.getClientCapabilities = async () => ({})
    PublicKeyCredential.isConditionalMediationAvailable = async () => false
  })
  await ann.signOut()
  await device.touch(true)
  await ann.page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await ann.signedIn()

  for (const name of ['My passkey', 'New phone']) {
    await ann.page.getByRole('button', { name: `Remove ${name}` }).click()
    await ann.dialog.getByRole('button', { name: 'Remove' }).click()
    await ann.row(name).waitFor({ state: 'detached' })
  }
  t.is((await device.credentials()).length, 0, 'its provider was told')
  await ann.signOut()
  await ann.password()
  await ann.signedIn()
}

/** Who must have a factor enrols it before the sign-in is done; an administrator sees the users then. */
export async function requiredPath({ t, ann: root }: Traveller): Promise<void> {
  await root.password()
  await root.heading('Set up two-step verification').waitFor()
  t.is((await root.call('GET', '/countersign/factors')).status, 401)
  await root.fillTotp('Phone')
  t.is(new Set(await root.makeCodes()).size, 10)
  await root.signedIn()
  await root.page.getByText('10 codes left').waitFor()
  t.is((await root.call('GET', '/countersign/admin/users')).status, 200)
  await root.returnWithPassword()
  await root.typeTotp(root.nextCode())
  await root.signedIn()
}
