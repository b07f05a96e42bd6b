import type { ExecutionContext } from 'ava'
import type { BrowserContextOptions } from 'playwright-core'
import type { AppSettings } from '../../demo/app.js'
import { browserTests } from './browser-tests.js'
import { screenshot } from './chromium.js'
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
  /** What the demo asks of every answer. */
  require?: AppSettings['require']
  /** The demo has the secrets of these Yubico keys. */
  yubicoKeys?: AppSettings['yubicoKeys']
  /** The demo keeps an audit log. */
  audit?: AppSettings['audit']
  /** The demo gives everybody some time to enrol. */
  policy?: AppSettings['policy']
  /** Runs in every document before its own scripts: what the browser has or lacks. */
  before?: () => void
}

export type Play = (scene: Scene) => Promise<void>

/** Makes tests with a server, a browser context and an account of their own; none where there is no browser. */
export function scenes(): (title: string, play: Play, options?: SceneOptions) => void {
  const { browserTest, browser } = browserTests()

  return (title, play, { required = false, require, yubicoKeys, audit, policy, before, ...options } = {}) => {
    browserTest(title, async (t) => {
      t.timeout(60_000)
      const demo = await startDemo({ required, ...(require && { require }), ...(yubicoKeys && { yubicoKeys }), ...(audit && { audit }), ...(policy && { policy }) })
      const ann = await Person.arrive(browser(), demo, options, { prepare: before && ((page) => page.addInitScript(before)) })
      const faults = faultsOf(ann.page)
      try {
        await ann.createAccount({ required: required || policy !== undefined })
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
