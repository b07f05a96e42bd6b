// Takes docs/demo.png anew: the settings in light colours, and beside them the second step in dark ones.
// Run `npm run build:dev` before; CHROME_PATH names the browser where it isn't in a usual place.
import { writeFile } from 'node:fs/promises'
import { VirtualKey } from '../build/__test__/browser/authenticator.js'
import { findChromium, launch } from '../build/__test__/browser/chromium.js'
import { startDemo } from '../build/__test__/browser/demo-server.js'
import { Person } from '../build/__test__/browser/person.js'

const HEIGHT = 800
const SETTINGS = { colorScheme: 'light', viewport: { width: 800, height: HEIGHT } }
const SECOND_STEP = { colorScheme: 'dark', viewport: { width: 480, height: HEIGHT } }

const executable = findChromium()
if (!executable) throw new Error('No Chrome or Chromium found. Install one, or set CHROME_PATH.')
const browser = await launch(executable)
const demo = await startDemo({})
try {
  const pictures = [await settings(), await secondStep()]
  await writeFile(new URL('../docs/demo.png', import.meta.url), await sideBySide(pictures))
} finally {
  await browser.close()
  await demo.close()
}

async function settings() {
  const ann = await Person.arrive(browser, demo, SETTINGS)
  await ann.createAccount()
  return withFactors(ann)
}

async function secondStep() {
  const account = { name: 'Bob Example', password: 'correct horse battery' }
  const bob = await Person.arrive(browser, demo, SECOND_STEP, { account })
  await bob.createAccount()
  await withFactors(bob)
  await bob.returnWithPassword()
  await bob.page.getByText('Use a recovery code').click()
  await bob.page.evaluate(() => window.scrollTo(0, document.querySelector('#sign-in').getBoundingClientRect().top - 36))
  return bob.page.screenshot({ animations: 'disabled' })
}

/** With an app, a key and codes; as a picture of the page without its passing messages. */
async function withFactors(person) {
  await VirtualKey.plugIn(person.page)
  await person.enrolTotp()
  await person.enrolKey('Security key', 'YubiKey on my key ring')
  await person.makeCodes()
  await person.page.getByRole('status').filter({ hasText: /./ }).waitFor({ state: 'detached' })
  await person.page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.blur())
  return person.page.screenshot({ animations: 'disabled' })
}

async function sideBySide(pictures) {
  const page = await browser.newPage({ viewport: { width: 1280, height: HEIGHT } })
  const images = pictures.map((png) => `<img src="data:image/png;base64,${png.toString('base64')}">`)
  await page.setContent(`<body style="margin:0;display:flex">${images.join('')}</body>`)
  return page.screenshot()
}
