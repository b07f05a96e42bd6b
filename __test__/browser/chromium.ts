import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type Page } from 'playwright-core'

const USUAL_PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/opt/google/chrome/chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Where Chrome or Chromium is; undefined: nowhere, and the browser tests are skipped (with `CI` set they fail). */
export function findChromium(): string | undefined {
  const named = process.env['CHROME_PATH']
  const found = named ? [named].find(existsSync) : USUAL_PLACES.find(existsSync)
  if (!found && (process.env['CI'] || named)) throw new Error('No Chrome or Chromium: install it or set CHROME_PATH.')
  return found
}

export function launch(executablePath: string, flags: string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath, args: [...FLAGS, ...flags] })
}

/** Saves a picture of the page under `build/screenshots`: the whole of it, or what a dialog stands before. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = fileURLToPath(new URL('build/screenshots/', import.meta.resolve('countersign/package.json')))
  await mkdir(folder, { recursive: true })
  const fullPage = (await page.getByRole('dialog').count()) === 0
  await page.screenshot({ path: `${folder}${name}.png`, fullPage, animations: 'disabled' })
}
