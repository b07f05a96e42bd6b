// The demo as a visitor of the documentation sees it first: what is recorded, and the words that each picture shows.
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

import { VirtualKey } from './authenticator.js'
import { startDemo } from './demo-server.js'
import { Person } from './person.js'

export interface Picture {
  name: string
  png: Buffer
  /** The headings, labels and buttons in it: if they change, the picture is out of date. */
  words: string[]
}

const DESKTOP: BrowserContextOptions = { colorScheme: 'light', viewport: { width: 800, height: 800 } }
const NARROW: BrowserContextOptions = { colorScheme: 'dark', viewport: { width: 480, height: 800 } }
const PHONE: BrowserContextOptions = { colorScheme: 'dark', viewport: { width: 390, height: 780 }, deviceScaleFactor: 2 }

/** Everything that is recorded, in the order of the first page. */
export async function takePictures(browser: Browser): Promise<Picture[]> {
  const demo = await startDemo({})
  const people = ['Ann', 'Bob', 'Eve'].map((name) => ({ name: `${name} Example`, password: 'correct horse battery' }))
  const arrive = (index: number, options: BrowserContextOptions) => Person.arrive(browser, demo, options, { account: people[index]! })
  try {
    return [...(await desktop(await arrive(0, DESKTOP))), await secondStep(await arrive(1, NARROW)), await phone(await arrive(2, PHONE))]
  } finally {
    await demo.close()
  }
}

async function desktop(ann: Person): Promise<Picture[]> {
  const { page } = ann
  await ann.createAccount()
  await ann.beginTotp('Phone')
  const addApp = await picture(page, 'add-app')
  await ann.closeDialog()
  await enrol(ann)
  await page.getByRole('button', { name: 'Get recovery codes' }).click()
  await ann.dialog.getByRole('heading', { name: 'Your recovery codes' }).waitFor()
  const codes = await picture(page, 'recovery-codes')
  await ann.dialog.getByRole('button', { name: 'I’ve saved my codes' }).click()
  return [await picture(page, 'settings'), addApp, codes]
}

async function secondStep(bob: Person): Promise<Picture> {
  await bob.createAccount()
  await enrol(bob)
  await bob.makeCodes()
  await bob.returnWithPassword()
  await bob.page.getByText('Use a recovery code').click()
  return picture(bob.page, 'second-step-dark', '#sign-in')
}

async function phone(eve: Person): Promise<Picture> {
  await eve.createAccount()
  await enrol(eve)
  await eve.makeCodes()
  return picture(eve.page, 'phone-dark', 'body')
}

async function enrol(person: Person): Promise<void> {
  await VirtualKey.plugIn(person.page)
  await person.enrolTotp()
  await person.enrolKey('Security key', 'YubiKey on my key ring')
}

/**
 * The page without its passing messages and without the frame of what has the focus. `top`: what it is scrolled to, at last,
 * because a list that is drawn again takes the focus and scrolls to it.
 */
async function picture(page: Page, name: string, top?: string): Promise<Picture> {
  await page.getByRole('status').filter({ hasText: /./ }).waitFor({ state: 'detached' })
  await page.evaluate(() => (document.activeElement?.shadowRoot?.activeElement as HTMLElement | null)?.blur())
  if (top !== undefined) await page.evaluate((to) => window.scrollBy(0, document.querySelector(to)!.getBoundingClientRect().top - 36), top)
  const words = await page.locator('h1, h2, h3, label, button, summary').filter({ visible: true }).allInnerTexts()
  return { name, png: await page.screenshot({ animations: 'disabled' }), words: words.map((text) => text.trim()).filter(Boolean) }
}
