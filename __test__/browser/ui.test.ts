// What the elements do beyond the demo's main flow: passkeys, recovery, what a site requires, what goes wrong.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { directoryStore } from '../../facade/stores/index.js'
import { VirtualKey, passkeyDevice } from './authenticator.js'
import { accessible } from './axe.js'
import { screenshot } from './chromium.js'
import { scenes, type Scene } from './scene.js'

const scene = scenes()
const MINUTE = 60_000

/** Enrols a passkey on a key that is touched only when a test says so. */
async function withPasskey({ ann }: Scene): Promise<VirtualKey> {
  const key = await VirtualKey.plugIn(ann.page, passkeyDevice)
  await ann.enrolKey('Passkey', 'My passkey')
  await key.touch(false)
  return key
}

scene('a passkey signs in without a name, by its button', async (all) => {
  const { t, ann } = all
  const key = await withPasskey(all)
  await ann.page.evaluate(() => {
    // By the button alone: the autofill would have it first.
    PublicKeyCredential.getClientCapabilities = async () => ({})
    PublicKeyCredential.isConditionalMediationAvailable = async () => false
  })
  await ann.signOut()
  await key.touch(true)
  await ann.page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await ann.signedIn()
  t.true((await ann.row('My passkey').innerText()).includes('last used'))
  // Verified lately, by the passkey: no step-up.
  await ann.page.getByRole('button', { name: 'Rename My passkey' }).click()
  await ann.dialog.getByLabel('Name').fill('Laptop')
  await ann.dialog.getByRole('button', { name: 'Save' }).click()
  await ann.row('Laptop').waitFor()
})

scene('a passkey signs in from the autofill of the name field', async ({ t, ann }) => {
  // A key that is touched by itself answers as soon as the autofill asks, as if the person had picked it there.
  await VirtualKey.plugIn(ann.page, passkeyDevice)
  await ann.enrolKey('Passkey', 'My passkey')
  await ann.page.evaluate(() => {
    const get = navigator.credentials.get.bind(navigator.credentials)
    navigator.credentials.get = (options) => {
      document.body.dataset['mediation'] = options?.mediation ?? 'none'
      return get(options)
    }
  })
  t.is(await ann.page.locator('input[name="name"]').first().getAttribute('autocomplete'), 'username webauthn')
  const verified = ann.page.waitForResponse('**/countersign/passkey/verify')
  await ann.page.getByRole('button', { name: 'Sign out' }).click()
  t.is((await verified).status(), 200)
  await ann.signedIn()
  t.is(await ann.page.evaluate(() => document.body.dataset['mediation']), 'conditional')
})

scene('the autofill waits with a fresh challenge, as long as the page is there', async (all) => {
  const { t, ann } = all
  const key = await withPasskey(all)
  await ann.page.clock.install()
  await ann.page.evaluate(() => {
    const waits: ArrayBuffer[] = []
    Object.assign(globalThis, { waits })
    const get = navigator.credentials.get.bind(navigator.credentials)
    navigator.credentials.get = (options) => {
      waits.push(options!.publicKey!.challenge as ArrayBuffer)
      return get(options)
    }
  })
  const waits = (count: number) =>
    ann.page.waitForFunction((count) => (globalThis as unknown as { waits: unknown[] }).waits.length === count, count)
  await ann.signOut()
  await waits(1)
  await ann.page.clock.fastForward(3 * MINUTE)
  await waits(1)
  await ann.page.clock.fastForward(2 * MINUTE)
  await waits(2)
  const texts = await ann.page.evaluate(() =>
    (globalThis as unknown as { waits: ArrayBuffer[] }).waits.map((one) => [...new Uint8Array(one)].join()),
  )
  t.is(new Set(texts).size, 2)
  await key.touch(true)
  await ann.page.clock.fastForward(5 * MINUTE)
  await ann.signedIn()
})

scene('a passkey that is not known here, and a cancelled one, leave the sign-in open', async (all) => {
  const { t, ann } = all
  const key = await withPasskey(all)
  // Without the Signal API the passkey stays where it is.
  await ann.page.evaluate(() => {
    PublicKeyCredential.signalAllAcceptedCredentials = async () => undefined
  })
  await ann.page.getByRole('button', { name: 'Remove My passkey' }).click()
  await ann.dialog.getByRole('button', { name: 'Remove' }).click()
  await ann.page.getByText('My passkey was removed.').waitFor()
  t.is((await key.credentials()).length, 1)
  await ann.signOut()
  await ann.page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
  await ann.page.evaluate(() => {
    // The browser fills in nothing by itself here.
    PublicKeyCredential.getClientCapabilities = async () => ({})
    PublicKeyCredential.isConditionalMediationAvailable = async () => false
  })
  await key.touch(true)
  await ann.page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  t.regex(await ann.error(), /^This passkey isn’t registered here/)
  await key.clear()
  await ann.page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await ann.page.getByRole('alert').filter({ hasText: 'was cancelled' }).waitFor()
  await ann.password()
  await ann.signedIn()
})

scene('a removed passkey is removed from its provider too', async (all) => {
  const { t, ann } = all
  const key = await withPasskey(all)
  await ann.enrolTotp()
  await ann.page.getByRole('button', { name: 'Remove My passkey' }).click()
  await ann.dialog.getByRole('button', { name: 'Remove' }).click()
  await ann.page.getByText('My passkey was removed.').waitFor()
  t.is((await key.credentials()).length, 0)
})

scene('a method that can’t be used says so, is never offered, and can only be removed', async ({ t, demo, ann }) => {
  await ann.enrolTotp()
  const store = directoryStore(join(demo.directory, 'countersign'))
  const old = { id: 'old', description: 'Old phone', created: 1_700_000_000, entry: 'otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&digits=5' }
  for await (const user of store.users()) {
    await store.update(user, (text) => {
      const record = JSON.parse(text!) as { totp: object[] }
      const strange = { ...record, totp: [old, ...record.totp], webauthn: [{ id: 'strange', created: 1_700_000_000, entry: { 7: '<b>x</b>' } }] }
      return { record: JSON.stringify(strange), handle: undefined, value: undefined }
    })
  }
  const show = (lang: string) =>
    ann.page.evaluate(async (lang) => {
      document.documentElement.lang = lang
      await document.querySelector('countersign-settings')!.refresh()
    }, lang)
  await show('de')
  await ann.row('Old phone').getByText('Nicht nutzbar, bitte entfernen').waitFor()
  await show('en')
  await ann.row('Old phone').getByText('Unusable, remove it').waitFor()
  await accessible(t, ann.page, 'unusable methods')
  await screenshot(ann.page, 'unusable-methods')
  const buttons = (name: string) => ann.row(name).getByRole('button').allInnerTexts()
  t.deepEqual(await buttons('Old phone'), ['Remove'])
  // Without a name, by what it is.
  t.is(await ann.row('Security key').locator('.badge').innerText(), 'Unusable, remove it')
  t.deepEqual(await buttons('Security key'), ['Remove'])
  t.is(await ann.factors.count(), 3)
  t.deepEqual(await ann.factors.locator('.badge').count(), 2)
  await ann.returnWithPassword()
  t.is(await ann.page.getByRole('button', { name: 'Use security key or passkey' }).count(), 0)
  await ann.typeTotp(ann.nextCode())
  await ann.signedIn()
  for (const name of ['Old phone', 'Security key']) {
    await ann.page.getByRole('button', { name: `Remove ${name}` }).click()
    await ann.dialog.getByRole('button', { name: 'Remove' }).click()
    await ann.page.getByText(`${name} was removed.`).waitFor()
  }
  t.is(await ann.factors.count(), 1)
})

scene('a recovery code signs in, and by choice gets rid of what was lost', async ({ t, ann }) => {
  await VirtualKey.plugIn(ann.page)
  await ann.enrolTotp()
  await ann.enrolKey('Security key', 'My key')
  const codes = await ann.makeCodes()
  const told = await ann.recoverLost(codes[0]!)
  t.true(told.includes('Removed: Phone, My key.'), told)
  await screenshot(ann.page, 'removed-lost')
  await ann.startAnew(t)
})

scene('a recovery code in the field of the app is recognised, and offered as such', async ({ t, ann }) => {
  await ann.enrolTotp()
  const [code] = await ann.makeCodes()
  await ann.returnWithPassword()
  const pasted = `Code 1: "${code}".`
  await ann.typeTotp(pasted)
  await ann.page.getByText('That looks like a recovery code.').waitFor()
  t.is(await ann.field('Recovery code').inputValue(), pasted)
  await ann.page.getByRole('button', { name: 'Continue with recovery code' }).click()
  await ann.signedIn()
})

scene('without the choice a recovery code removes nothing', async ({ t, ann }) => {
  await ann.enrolTotp()
  const codes = await ann.makeCodes()
  await ann.returnWithPassword()
  await ann.typeRecovery(codes[0]!)
  await ann.signedIn()
  t.is(await ann.factors.count(), 1)
})

scene('the last recovery codes are warned of, and an empty set is told', async ({ t, ann }) => {
  await ann.enrolTotp()
  const codes = await ann.makeCodes()
  // A code is as good for a step-up, which is quicker than to sign in anew.
  const spend = (code: string) =>
    ann.page.evaluate(async (code) => {
      const headers = { 'content-type': 'application/json' }
      await fetch('/countersign/challenge', { method: 'POST', headers, body: '{}' })
      const body = JSON.stringify({ answer: { type: 'recovery', code } })
      return (await fetch('/countersign/verify', { method: 'POST', headers, body })).status
    }, code)
  for (const code of codes.slice(0, 6)) t.is(await spend(code), 200)
  await ann.returnWithPassword()
  await ann.typeRecovery(codes[6]!)
  await ann.heading('You signed in with a recovery code').waitFor()
  t.is(await ann.page.getByText('You have only 3 recovery codes left. Get new ones in your settings.').count(), 1)
  await ann.page.getByRole('button', { name: 'Continue' }).click()
  await ann.page.getByText('You have only 3 recovery codes left. Get new ones now.').waitFor()
  for (const code of codes.slice(7, 9)) t.is(await spend(code), 200)
  await ann.returnWithPassword()
  await ann.typeRecovery(codes[9]!)
  await ann.page.getByText('That was your last recovery code').waitFor()
  await ann.page.getByRole('button', { name: 'Continue' }).click()
  await ann.page.getByText('You have used all your recovery codes. Get new ones now.').waitFor()

  await ann.returnWithPassword()
  await ann.page.getByText('You have used all your recovery codes.').waitFor()
  t.is(await ann.page.getByText('Use a recovery code').count(), 0)
  await ann.typeTotp(ann.nextCode())
  await ann.signedIn()
})

scene(
  'recovery codes are copied, printed and downloaded as they are shown',
  async ({ t, ann }) => {
    await ann.enrolTotp()
    await ann.page.getByRole('button', { name: 'Get recovery codes' }).click()
    await ann.dialog.getByRole('heading', { name: 'Your recovery codes' }).waitFor()
    const codes = await ann.dialog.locator('.codes').getByRole('listitem').allInnerTexts()

    await ann.dialog.getByRole('button', { name: 'Copy' }).click()
    await ann.dialog.getByText('Copied.').waitFor()
    t.is(await ann.page.evaluate(() => navigator.clipboard.readText()), codes.join('\n'))

    const downloading = ann.page.waitForEvent('download')
    await ann.dialog.getByRole('button', { name: 'Download' }).click()
    const download = await downloading
    t.is(download.suggestedFilename(), 'recovery-codes-localhost-Ann-Example.txt')
    const text = await readFile(await download.path(), 'utf8')
    t.regex(text, /^Recovery codes for localhost, created on .*, account Ann Example\n/)
    t.deepEqual(text.trim().split('\n').slice(2), codes)

    await ann.dialog.getByRole('button', { name: 'Print' }).click()
    const printed = await ann.page.evaluate(() => (globalThis as unknown as { printed: string }).printed)
    t.regex(printed, /^Recovery codes for localhost, created on /)
    t.deepEqual(printed.trim().split('\n').slice(-10), codes)
    t.is(await ann.page.locator('iframe').count(), 0, 'the printed copy is gone')
  },
  {
    permissions: ['clipboard-read', 'clipboard-write'],
    // No printer here: what a frame would print is told to its page.
    before: () => {
      window.print = () => {
        Object.assign(top!, { printed: document.body.innerText })
        window.dispatchEvent(new Event('afterprint'))
      }
    },
  },
)

scene('printed codes are in the page no longer than the dialog, whatever the browser says of printing', async ({ t, ann }) => {
  await ann.enrolTotp()
  await ann.page.evaluate(() => {
    const get = Object.getOwnPropertyDescriptor(HTMLIFrameElement.prototype, 'contentWindow')!.get!
    Object.defineProperty(HTMLIFrameElement.prototype, 'contentWindow', {
      get() {
        const view = get.call(this)
        if (view) view.print = () => undefined
        return view
      },
    })
  })
  await ann.page.getByRole('button', { name: 'Get recovery codes' }).click()
  const print = ann.dialog.getByRole('button', { name: 'Print' })
  await print.click()
  await print.click()
  t.is(await ann.page.locator('iframe').count(), 1)
  await ann.dialog.getByRole('button', { name: 'I’ve saved my codes' }).click()
  // A closed dialog has no role any more, and leaves the page a moment later.
  await ann.page.locator('iframe').waitFor({ state: 'detached' })
})

scene('where copying is not allowed it says so', async ({ ann }) => {
  await ann.page.evaluate(() => {
    navigator.clipboard.writeText = async () => {
      throw new DOMException('', 'NotAllowedError')
    }
  })
  await ann.page.getByRole('button', { name: 'Authenticator app' }).click()
  await ann.dialog.getByRole('button', { name: 'Copy' }).click()
  await ann.dialog.getByText('Your browser didn’t allow copying').waitFor()
})

scene(
  'a site that requires a second factor: enrolled during the sign-in, recovery codes offered with it',
  async ({ t, ann }) => {
    await screenshot(ann.page, 'required')
    await ann.fillTotp()
    await ann.heading('Get recovery codes').waitFor()
    await ann.page.getByRole('button', { name: 'Get recovery codes' }).click()
    await ann.dialog.getByRole('button', { name: 'I’ve saved my codes' }).click()
    await ann.signedIn()
    await ann.page.getByText('10 codes left').waitFor()
    await ann.returnWithPassword()
    t.is(await ann.heading('Set up two-step verification').count(), 0)
    await ann.typeTotp(ann.nextCode())
    await ann.signedIn()
  },
  { required: true },
)

scene(
  'a required factor may be a passkey, and recovery codes may wait',
  async (all) => {
    const { ann } = all
    await VirtualKey.plugIn(ann.page, passkeyDevice)
    await ann.beginKey('Passkey', 'My passkey')
    await ann.page.getByRole('button', { name: 'Not now' }).click()
    await ann.signedIn()
    await ann.row('My passkey').waitFor()
    await ann.page.getByText('Get recovery codes so you can').waitFor()
  },
  { required: true },
)

scene(
  'a required factor is enrolled soon after the password, or after another one',
  async ({ t, demo, ann }) => {
    await ann.page.getByRole('button', { name: 'Authenticator app' }).click()
    await ann.dialog.getByLabel('Enter the code').fill('000000')
    demo.pass(6 * MINUTE)
    await ann.dialog.getByRole('button', { name: 'Add authenticator app' }).click()
    await ann.heading('Sign in').waitFor()
    t.is(await ann.error(), 'Your session has ended. Sign in again.')
  },
  { required: true },
)

scene('a pending sign-in that ends meanwhile says so', async ({ t, demo, ann }) => {
  await ann.enrolTotp()
  await ann.returnWithPassword()
  demo.pass(6 * MINUTE)
  await ann.typeTotp('000000')
  await ann.heading('Sign in').waitFor()
  t.is(await ann.error(), 'Your session has ended. Sign in again.')
})

scene('a proxy that answers 401 to everything is an error, and is asked once', async ({ t, ann }) => {
  await ann.enrolTotp()
  await ann.returnWithPassword()
  let asked = 0
  await ann.page.route('**/countersign/**', (route) => {
    asked += 1
    return route.fulfill({ status: 401, contentType: 'text/html', body: '<h1>Proxy</h1>' })
  })
  await ann.page.evaluate(() => document.querySelector('countersign-sign-in')?.refresh())
  await ann.page.getByRole('button', { name: 'Try again' }).waitFor()
  t.is(await ann.error(), 'Something went wrong. Try again in a moment.')
  await ann.page.waitForTimeout(500)
  t.is(asked, 1)
})

scene('a server that contradicts itself is not asked again and again', async ({ t, ann }) => {
  await ann.enrolTotp()
  await ann.returnWithPassword()
  let asked = 0
  const type = 'urn:countersign:problem:not-signed-in'
  await ann.page.route('**/countersign/challenge', (route) => {
    asked += 1
    return route.fulfill({ status: 401, json: { type } })
  })
  await ann.page.evaluate(() => document.querySelector('countersign-sign-in')?.refresh())
  await ann.page.getByRole('button', { name: 'Try again' }).waitFor()
  t.is(await ann.error(), 'Your session has ended. Sign in again.')
  await ann.page.waitForTimeout(500)
  t.is(asked, 1)
})

scene('a page that can’t reach the handler, or is at another address, says what is true', async ({ t, ann }) => {
  await ann.enrolTotp()
  const settings = ann.page.locator('countersign-settings')
  await settings.evaluate((element) => element.setAttribute('base', '/elsewhere'))
  t.is(await ann.error(), 'This page can’t reach the sign-in service of this site. Contact support.')
  await settings.evaluate((element) => element.setAttribute('base', '/countersign'))
  await ann.row('Phone').waitFor()
  const type = 'urn:countersign:problem:wrong-origin'
  await ann.page.route('**/countersign/recovery-codes', (route) => route.fulfill({ status: 403, json: { type } }))
  await ann.page.getByRole('button', { name: 'Get recovery codes' }).click()
  await ann.page.getByText('Signing in doesn’t work at this address. Open the site at its usual address').waitFor()
})

scene('a sign-in or a step-up that the site did not save is no success', async ({ t, demo, ann }) => {
  await ann.enrolTotp()
  demo.pass(6 * MINUTE)
  const type = 'urn:countersign:problem:step-up-required'
  await ann.page.route('**/countersign/recovery-codes', (route) => route.fulfill({ status: 403, json: { type } }))
  await ann.page.getByRole('button', { name: 'Get recovery codes' }).click()
  await ann.typeTotp(ann.nextCode())
  await ann.page.getByText('Your answer was right, but the site didn’t save it.').waitFor()
  await ann.returnWithPassword()
  await ann.page.route('**/countersign/session', (route) =>
    route.fulfill({ json: { state: 'pending', passkeys: true, yubico: false, mayEnrol: false } }),
  )
  await ann.typeTotp(ann.nextCode())
  t.regex(await ann.error(), /^Your answer was right, but the site didn’t save it\./)
  await ann.page.unroute('**/countersign/session')
})

scene('a pending sign-in can be cancelled', async ({ t, ann }) => {
  await ann.enrolTotp()
  await ann.returnWithPassword()
  await ann.page.getByRole('button', { name: 'Cancel' }).click()
  await ann.heading('Sign in').waitFor()
  t.is((await ann.call('GET', '/countersign/session')).body.state, 'none')
  await ann.password()
  await ann.heading('Two-step verification').waitFor()
  // A page that has not told its route has no such button.
  await ann.page.evaluate(async () => {
    const signIn = document.querySelector('countersign-sign-in')!
    signIn.removeAttribute('sign-out')
    await signIn.refresh()
  })
  t.is(await ann.page.getByRole('button', { name: 'Cancel' }).count(), 0)
})

scene('cards stand in one row or each in its own, dates in one piece, and nothing is wider than the page', async ({ t, ann }) => {
  await ann.enrolTotp('A telephone with a long name')
  // A site may offer more than two.
  const addCard = () => {
    const choices = document.querySelector('countersign-settings')!.shadowRoot!.querySelector('.choices')!
    if (choices.children.length < 3) choices.append(choices.children[0]!.cloneNode(true))
  }
  const look = () => {
    const root = document.querySelector('countersign-settings')!.shadowRoot!
    const cards = [...root.querySelectorAll('.choices button')].map((card) => card.getBoundingClientRect())
    const parts = [...root.querySelectorAll('.part')].map((part) => part.getClientRects().length)
    const lines = [...root.querySelectorAll<HTMLElement>('.part')].map((part) => {
      const line = Number.parseFloat(getComputedStyle(part).lineHeight)
      return Math.round(part.getBoundingClientRect().height / line)
    })
    const actions = [...root.querySelector('.actions')!.children].map((one) => one.getBoundingClientRect())
    const [down, across] = [new Set(actions.map(({ top }) => top)).size, new Set(actions.map(({ left }) => left)).size]
    return {
      split: down > 1 && across > 1,
      rows: new Set(cards.map(({ top }) => Math.round(top))).size, columns: new Set(cards.map(({ left }) => Math.round(left))).size,
      parts, lines, wider: document.documentElement.scrollWidth - innerWidth,
    }
  }
  for (const size of ['100%', '200%']) {
    await ann.page.evaluate((size) => void (document.documentElement.style.fontSize = size), size)
    for (const width of [320, 390, 544, 768, 1280]) {
      await ann.page.setViewportSize({ width, height: 900 })
      await ann.page.evaluate(addCard)
      const { rows, columns, lines, wider, split } = await ann.page.evaluate(look)
      t.true(rows === 1 || (columns === 1 && rows === 3), `${rows} rows, ${columns} columns at ${width}, ${size}`)
      t.false(split, `actions at ${width}, ${size}`)
      if (size === '100%') t.true(lines.every((one) => one === 1), `${lines} at ${width}`)
      t.true(wider <= 0, `${wider} at ${width}, ${size}`)
    }
  }
})

scene('recovery codes and what keeps them fit the narrowest page with the largest text', async ({ t, ann }) => {
  await ann.enrolTotp()
  await ann.page.getByRole('button', { name: 'Get recovery codes' }).click()
  await ann.dialog.getByRole('heading', { name: 'Your recovery codes' }).waitFor()
  for (const size of ['100%', '200%']) {
    await ann.page.evaluate((size) => void (document.documentElement.style.fontSize = size), size)
    for (const width of [320, 360, 390, 544, 1280]) {
      await ann.page.setViewportSize({ width, height: 900 })
      const [wider, rows, columns] = await ann.dialog.evaluate((dialog) => {
        const ways = [...dialog.querySelectorAll('.ways button')].map((one) => one.getBoundingClientRect())
        const places = (of: 'top' | 'left') => new Set(ways.map((one) => Math.round(one[of]))).size
        const [codes] = dialog.getElementsByClassName('codes')
        return [Math.max(dialog.scrollWidth - dialog.clientWidth, codes!.scrollWidth - codes!.clientWidth), places('top'), places('left')]
      })
      t.true(wider! <= 0, `${wider} at ${width}, ${size}`)
      t.true(rows === 1 || columns === 1, `${rows} rows, ${columns} columns at ${width}, ${size}`)
    }
  }
  await ann.dialog.getByRole('button', { name: 'I’ve saved my codes' }).click()
  t.regex(await ann.page.getByText('10 codes left').innerText(), /created on [^ ]+\.$/, 'no line ends within the date')
})

scene('a password of long ago signs nobody in who has no factor', async ({ t, ann }) => {
  await ann.page.route('**/countersign/challenge', (route) =>
    route.fulfill({ status: 403, json: { type: 'urn:countersign:problem:step-up-required' } }),
  )
  await ann.signOut()
  await ann.password()
  t.is(await ann.error(), 'You entered your password too long ago. For your security, please sign in again.')
})

scene('settings of a session that has ended lead back to the sign-in', async ({ ann, demo }) => {
  await ann.enrolTotp()
  demo.pass(13 * 60 * MINUTE)
  await ann.page.getByRole('button', { name: 'Turn off Phone' }).click()
  await ann.heading('Sign in').waitFor()
})

scene('a server that does not answer: the view stays, and a new try works', async ({ t, ann }) => {
  await ann.enrolTotp()
  await ann.returnWithPassword()
  await ann.page.route('**/countersign/**', (route) => route.abort())
  await ann.typeTotp(ann.nextCode())
  t.is(await ann.error(), 'The server isn’t responding. Check your connection and try again.')
  await ann.page.evaluate(() => document.querySelector('countersign-sign-in')?.refresh())
  await ann.page.getByRole('button', { name: 'Try again' }).click()
  t.is(await ann.error(), 'The server isn’t responding. Check your connection and try again.')
  await ann.page.unroute('**/countersign/**')
  await ann.page.getByRole('button', { name: 'Try again' }).click()
  await ann.typeTotp(ann.nextCode())
  await ann.signedIn()

  await ann.page.route('**/countersign/**', (route) => route.fulfill({ status: 502, body: '<h1>Bad gateway</h1>' }))
  await ann.page.getByRole('button', { name: 'Get recovery codes' }).click()
  await ann.page.getByText('Something went wrong. Try again in a moment.').waitFor()
})

scene(
  'a browser without WebAuthn: what is left is offered, and the rest explained',
  async ({ t, ann }) => {
    t.is(await ann.page.locator('.choices button').count(), 1)
    await ann.page.getByText('Security keys and passkeys can’t be used in this browser').waitFor()
    await ann.enrolTotp()
    await ann.signOut()
    t.is(await ann.page.getByRole('button', { name: 'Sign in with a passkey' }).count(), 0)
    await ann.password()
    await ann.typeTotp(ann.nextCode())
    await ann.signedIn()
  },
  { before: () => void delete (globalThis as { PublicKeyCredential?: unknown }).PublicKeyCredential },
)

scene('only a key, and a browser that can’t use it: nobody is left without a word', async ({ ann }) => {
  await VirtualKey.plugIn(ann.page)
  await ann.enrolKey('Security key', 'My key')
  await ann.page.addInitScript(() => void delete (globalThis as { PublicKeyCredential?: unknown }).PublicKeyCredential)
  await ann.page.reload()
  await ann.returnWithPassword()
  await ann.page.getByText('This browser can’t use your security key or passkey.').waitFor()
  await ann.page.getByText('You can’t use any of your sign-in methods right now.').waitFor()
})

/** The next second step offers this, whatever the user really has. */
async function offering(
  { ann }: Scene, challenge: object | null, go = () => ann.returnWithPassword(),
): Promise<void> {
  await ann.page.route('**/countersign/challenge', (route) => route.fulfill({ json: { challenge } }))
  await go()
  await ann.heading('Two-step verification').waitFor()
}

scene('a YubiKey’s one-time password is typed by the key itself', async (all) => {
  const { t, ann } = all
  await ann.enrolTotp()
  await offering(all, { id: 'x', yubico: true })
  const field = ann.field('YubiKey one-time password')
  t.is(await field.getAttribute('autocomplete'), 'off')
  const sent = ann.page.waitForRequest('**/countersign/verify')
  // The key ends what it types with Enter.
  await field.pressSequentially('cccccccccccccccccccccccccccccccccccccccccccc')
  await field.press('Enter')
  t.deepEqual((await sent).postDataJSON(), { answer: { type: 'yubico', code: 'c'.repeat(44) } })
  t.is(await ann.error(), 'That didn’t work. Try again.')
})

scene('all that is typed is locked, and nothing else is there', async (all) => {
  const { t, ann } = all
  await ann.enrolTotp()
  const locked = ['totp', 'recovery', 'yubico']
  await offering(all, { id: 'x', totp: true, recovery: { left: 3 }, yubico: true, locked })
  const told = await ann.page.locator('countersign-sign-in .notice').innerText()
  for (const one of ['authenticator app', 'Recovery codes', 'YubiKey one-time passwords']) {
    t.regex(told, new RegExp(`${one}.* are locked`))
  }
  t.regex(told, /You can’t use any of your sign-in methods right now/)
  t.is(await ann.page.locator('countersign-sign-in').getByRole('textbox').count(), 0)
})

scene('a lock says when it ends, and what lifts it', async (all) => {
  const { t, ann } = all
  await ann.enrolTotp()
  const codes = await ann.makeCodes()
  await VirtualKey.plugIn(ann.page)
  await ann.enrolKey('Security key', 'My key')
  await ann.returnWithPassword()
  await ann.guess()
  t.is(
    await ann.error(),
    'Codes are locked after too many wrong attempts. To unlock them now, sign in with your security key or passkey or a recovery code.',
  )
  const until = Date.now() + 600_000
  const { body } = await ann.call('POST', '/countersign/challenge')
  t.is(body.type, 'urn:countersign:problem:not-signed-in')
  await offering(all, { id: 'x', locked: ['totp', 'recovery'], lockedUntil: until, unlockedBy: [] }, () => ann.password())
  const told = await ann.page.locator('countersign-sign-in .notice').innerText()
  t.regex(told, /You can enter codes again at (.+ at )?\d+:\d\d.[AP]M\.$/)
  await ann.page.unroute('**/countersign/challenge')
  await ann.page.evaluate(() => document.querySelector('countersign-sign-in')?.refresh())
  await ann.typeRecovery(codes[0]!)
  await ann.signedIn()
})

scene('after a recovery the settings say that the codes are all there is, and renew them', async ({ t, ann }) => {
  await ann.enrolTotp()
  const codes = await ann.makeCodes()
  await ann.recoverLost(codes[0]!)
  await ann.page.getByRole('button', { name: 'Continue' }).click()
  await ann.signedIn()
  await ann.page.getByText('Recovery codes are your only sign-in method besides your password.').waitFor()
  await ann.page.getByText('You can sign in with a recovery code only 9 more times.').waitFor()
  t.is(await ann.page.getByText('You haven’t set up two-step verification yet.').count(), 0)
  await ann.page.getByText('9 codes left, created on').waitFor()
  await screenshot(ann.page, 'only-codes')
  await ann.page.getByRole('button', { name: 'Get new codes' }).click()
  await ann.dialog.getByRole('button', { name: 'Get new codes' }).click()
  await ann.dialog.getByRole('button', { name: 'I’ve saved my codes' }).click()
  await ann.page.getByText('10 codes left, created on').waitFor()
})

scene('a challenge of nothing is no way in', async (all) => {
  const { ann } = all
  await ann.enrolTotp()
  await offering(all, { id: 'x' })
  await ann.page.getByText('You can’t use any of your sign-in methods right now.').waitFor()
})

scene('no challenge, and the server has not ended the sign-in: sign in again', async ({ t, ann }) => {
  await ann.enrolTotp()
  await ann.page.route('**/countersign/challenge', (route) => route.fulfill({ json: { challenge: null } }))
  await ann.signOut()
  await ann.password()
  t.is(await ann.error(), 'You entered your password too long ago. For your security, please sign in again.')
})

scene('a step-up without a factor, on a page that asks for no password, says what to do', async ({ ann, demo }) => {
  await ann.page.evaluate(() => {
    document.addEventListener('countersign-reauthenticate', (event) => event.stopPropagation(), { capture: true })
  })
  demo.pass(6 * MINUTE)
  await ann.page.getByRole('button', { name: 'Authenticator app' }).click()
  await ann.page.getByText('For your security, please sign in again to change this.').waitFor()
})

scene('texts: of the page’s language, or the page’s own, set before or after', async ({ t, ann }) => {
  const title = (make: string) =>
    ann.page.evaluate(async (make) => {
      const settings = document.createElement('countersign-settings')
      if (make === 'german') settings.lang = 'de'
      if (make === 'own') settings.texts = { settings: 'Second factors' }
      document.body.append(settings)
      await settings.refresh()
      const text = settings.shadowRoot!.querySelector('h2')!.textContent
      settings.remove()
      return [text, settings.texts.noFactors]
    }, make)
  t.deepEqual(await title('english'), ['Sign-in security', 'You haven’t set up two-step verification yet.'])
  t.deepEqual(await title('german'), ['Anmeldung und Sicherheit', 'Sie haben die Bestätigung in zwei Schritten noch nicht eingerichtet.'])
  t.deepEqual(await title('own'), ['Second factors', 'You haven’t set up two-step verification yet.'])

  const early = await ann.page.evaluate(async () => {
    // As on a page whose script runs before the module is there.
    const frame = document.createElement('div')
    frame.innerText = ''
    const path = '/modules/browser/ui/settings.js'
    const { CountersignSettings } = await import(path)
    const element = document.createElement('countersign-late') as HTMLElement & { texts?: unknown }
    element.texts = { settings: 'Early' }
    document.body.append(element)
    customElements.define('countersign-late', class extends CountersignSettings {})
    await new Promise((resolve) => setTimeout(resolve, 500))
    return element.shadowRoot!.querySelector('h2')!.textContent
  })
  t.is(early, 'Early')
})

scene('moved within the page it goes on', async ({ ann }) => {
  await VirtualKey.plugIn(ann.page)
  await ann.page.evaluate(() => {
    const settings = document.querySelector('countersign-settings')!
    settings.removeAttribute('autofocus')
    settings.parentElement!.append(document.createElement('p'), settings)
  })
  await ann.enrolKey('Security key', 'My key')
})

scene('themed by CSS variables', async ({ t, ann }) => {
  const color = () =>
    ann.page.evaluate(async () => {
      const settings = document.querySelector('countersign-settings')!
      settings.style.setProperty('--countersign-danger', 'rgb(1, 2, 3)')
      settings.style.setProperty('--countersign-radius', '0px')
      const button = settings.shadowRoot!.querySelector('.danger, .choices button')!
      return [getComputedStyle(button).color, getComputedStyle(button).borderRadius]
    })
  await ann.enrolTotp()
  t.deepEqual(await color(), ['rgb(1, 2, 3)', '0px'])
})

scene('nothing of the server becomes markup', async ({ t, ann }) => {
  const hostile = '<img src=x onerror="document.title=1"><script>1</script>'
  await ann.enrolTotp(hostile)
  t.is(await ann.page.locator('countersign-settings img, countersign-settings script').count(), 0)
  const kept = await ann.page.evaluate(async () => {
    const path = '/modules/browser/ui/dom.js'
    const { qrCode } = await import(path)
    const svg = (inside: string) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">${inside}</svg>`
    const good = '<path fill="#fff" d="M0 0h9v9H0z"/>'
    const bad = '<script>alert(1)</script><image href="x"/><path fill="url(#x)" d="M0 0"/>'
    const code = qrCode(svg(bad + good), 'label')
    return [code.outerHTML, qrCode(svg('<script>alert(1)</script>'), ''), qrCode('', '')]
  })
  t.deepEqual(kept, [
    '<svg viewBox="0 0 9 9" role="img" aria-label="label" class="qr" shape-rendering="crispEdges">' +
      '<path fill="#fff" d="M0 0h9v9H0z"></path></svg>',
    null,
    null,
  ])
})

scene('a passkey made without a dialog after a sign-in, where the browser likes to', async ({ t, ann }) => {
  const key = await VirtualKey.plugIn(ann.page, passkeyDevice)
  await ann.enrolTotp()
  await key.touch(false)
  await ann.signOut()
  await ann.page.evaluate(() => {
    PublicKeyCredential.getClientCapabilities = async () => ({ conditionalCreate: true })
    const create = navigator.credentials.create.bind(navigator.credentials)
    navigator.credentials.create = async (options) => {
      const { mediation, ...rest } = options as { mediation?: string }
      document.body.dataset['mediation'] = mediation ?? 'none'
      return create(rest)
    }
  })
  await ann.password()
  await key.touch(true)
  const made = ann.page.waitForResponse('**/countersign/factors/webauthn/finish')
  await ann.typeTotp(ann.nextCode())
  t.is((await made).status(), 200)
  t.is(await ann.page.evaluate(() => document.body.dataset['mediation']), 'conditional')
  t.true((await key.credentials())[0]?.isResidentCredential)
})

scene('events tell the page what happens, outside of shadow roots', async ({ t, ann }) => {
  await ann.page.evaluate(() => {
    const told: string[] = []
    Object.assign(globalThis, { told })
    for (const name of ['state', 'verified', 'locked', 'signed-out', 'changed', 'reauthenticate']) {
      document.addEventListener(`countersign-${name}`, (event) => {
        const { state, outcome, factors } = (event as CustomEvent).detail
        const more = state ?? outcome?.factor?.type ?? factors?.length
        told.push(more === undefined ? name : `${name} ${more}`)
      })
    }
  })
  const told = () => ann.page.evaluate(() => (globalThis as unknown as { told: string[] }).told.splice(0))
  await ann.enrolTotp()
  t.deepEqual(await told(), ['changed 1'])
  await ann.returnWithPassword()
  t.deepEqual(await told(), ['state none', 'state pending'])
  await ann.typeTotp(ann.nextCode())
  await ann.signedIn()
  t.deepEqual(await told(), ['state verified', 'verified totp'])
})

scene('a new key is called what its maker calls it, if the person has not named it', async ({ t, ann }) => {
  const key = await VirtualKey.plugIn(ann.page)
  // The browser's own key is in no list: the server knows it all the same.
  await ann.page.route(/\/countersign\/factors(?:\/|$)/, async (route) => {
    const response = await route.fetch()
    const json = (await response.json()) as { factor?: { type: string }; factors?: { type: string }[] }
    for (const factor of [...(json.factors ?? []), ...(json.factor ? [json.factor] : [])]) {
      if (factor.type === 'webauthn') Object.assign(factor, { model: { name: 'Example Key 5' } })
    }
    await route.fulfill({ response, json })
  })
  const addKey = async (): Promise<void> => {
    await ann.page.locator('.choices').getByRole('button', { name: 'Passkey or security key' }).click()
    await ann.dialog.getByRole('radio', { name: 'Security key' }).check()
    await ann.dialog.getByRole('button', { name: 'Continue' }).click()
    await ann.dialog.getByText('This is what its maker calls it: Example Key 5.').waitFor()
  }
  await addKey()
  t.is(await ann.dialog.getByLabel('Name', { exact: true }).inputValue(), 'Example Key 5')
  await accessible(t, ann.page, 'the name of a model')
  await screenshot(ann.page, 'name-of-a-model')
  await ann.dialog.getByRole('button', { name: 'Save' }).click()
  const row = ann.row('Example Key 5')
  await row.waitFor()
  t.false((await row.locator('small').innerText()).includes('Example Key 5'), 'once is enough')
  // Another name stays, and the list says what it is.
  await row.getByRole('button', { name: 'Rename Example Key 5' }).click()
  await ann.dialog.getByLabel('Name').fill('Blue key')
  await ann.dialog.getByRole('button', { name: 'Save' }).click()
  await ann.row('Blue key').waitFor()
  t.regex(await ann.row('Blue key').locator('small').innerText(), /^Security key,\s*Example Key 5,\s*added/)
  await key.unplug()
  // A name that the person gave is not asked about.
  const second = await VirtualKey.plugIn(ann.page)
  await ann.enrolKey('Security key', 'Red key')
  t.is(await ann.page.getByRole('dialog').count(), 0)
  await second.unplug()
  // Who closes the dialog keeps the name that it has.
  await VirtualKey.plugIn(ann.page)
  await addKey()
  await ann.page.keyboard.press('Escape')
  await ann.factors.locator('.name').getByText('Security key', { exact: true }).waitFor()
})
