import test from 'ava'
import type { Browser } from 'playwright-core'
import { findChromium, launch } from './chromium.js'

/** One browser for the tests of a file, which are skipped where none is installed. `flags`: more than the usual ones. */
export function browserTests(flags: () => Promise<string[]> = () => Promise.resolve([])) {
  const executable = findChromium()
  if (!executable) console.warn('Browser tests skipped: no Chrome or Chromium found, and CHROME_PATH is not set.')
  let browser: Browser
  test.before(async () => {
    if (executable) browser = await launch(executable, await flags())
  })
  test.after.always(async () => {
    await browser?.close()
  })
  return { browserTest: executable ? test.serial : test.serial.skip, browser: () => browser }
}
