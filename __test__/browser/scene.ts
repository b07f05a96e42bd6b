import test, { type ExecutionContext } from 'ava'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { findChromium, launch, screenshot } from './chromium.js'
import { startDemo, type DemoServer } from './demo-server.js'
import { faultsOf } from './faults.js'
import { Person } from './person.js'

export interface Scene {
  t: ExecutionContext
  demo: DemoServer
  ann: Person
}

export interface SceneOptions extends BrowserContextOptions {
  /** The demo asks for a second factor. */
  required?: boolean
  /** Runs in every document before its own scripts: what the browser has or lacks. */
  before?: () => void
}

export type Play = (scene: Scene) => Promise<void>

/** Makes tests with a server, a browser context and an account of their own; none where there is no browser. */
export function scenes(): (title: string, play: Play, options?: SceneOptions) => void {
  const executable = findChromium()
  if (!executable) console.warn('Browser tests skipped: no Chrome or Chromium found, and CHROME_PATH is not set.')
  const browserTest = executable ? test.serial : test.serial.skip
  let browser: Browser
  test.before(async () => {
    if (executable) browser = await launch(executable)
  })
  test.after.always(() => browser?.close())

  return (title, play, { required = false, before, ...options } = {}) => {
    browserTest(title, async (t) => {
      t.timeout(60_000)
      const demo = await startDemo({ required })
      const ann = await Person.arrive(browser, demo, options, { prepare: before && ((page) => page.addInitScript(before)) })
      const faults = faultsOf(ann.page)
      try {
        await ann.createAccount({ required })
        await play({ t, demo, ann })
        t.deepEqual(faults, [])
      } catch (error) {
        await screenshot(ann.page, `failed-${title.replaceAll(/\W+/g, '-')}`)
        throw error
      } finally {
        await ann.page.context().close()
        await demo.close()
      }
    })
  }
}
