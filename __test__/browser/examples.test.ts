// The package's elements on each example, in a real browser: every path of the flow by clicks and typing.
import type { Page } from 'playwright-core'
import { examples, skipped } from '../http/examples.js'
import { browserTests } from './browser-tests.js'
import { screenshot } from './chromium.js'
import { faultsOf } from './faults.js'
import { putHostPage } from './host-page.js'
import { everyPath, requiredPath } from './journey.js'
import { Person } from './person.js'

const { browserTest, browser } = browserTests()
const ANN = { name: 'ann', password: 'correct horse battery' }
const ROOT = { name: 'root', password: 'only for the examples' }

for (const [name, start] of Object.entries(examples)) {
  browserTest(`${name}: every path of the flow`, async (t) => {
    t.timeout(300_000)
    const site = await start()
    if (!site) return skipped(t)
    t.teardown(() => site.stop())
    const prepare = (page: Page) => putHostPage(page, site.origin)
    const ann = await Person.arrive(browser(), site, {}, { prepare, account: ANN })
    t.teardown(() => ann.page.context().close())
    const faults = faultsOf(ann.page)
    try {
      await everyPath({ t, site, ann })
      await requiredPath({ t, site, ann: ann.as(ROOT) })
    } catch (error) {
      await screenshot(ann.page, `failed-example-${name}`)
      throw error
    }
    t.deepEqual(faults, [])
    t.is(site.complaints, '')
  })
}
