// The built site (`npm run docs`): accessible in light and dark colours, as wide as a phone, and searched without a network.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import test from 'ava'

import { accessible } from './axe.js'
import { browserTests } from './browser-tests.js'

const { browserTest, browser } = browserTests()
const root = new URL('../../../', import.meta.url)
const out = new URL('docs/site/out/', root)

/** A document, one with wide tables, one with code, the diagrams, a module and a class. */
const PAGES = ['index.html', 'troubleshooting.html', 'start.html', 'flows.html', 'api/modules/countersign.html', 'api/classes/countersign.Countersign.html']

test.before(async (t) => {
  t.timeout(600_000)
  // `npm test` has built it. A page of before would hide what has changed, but not from `npm test`.
  if (!existsSync(new URL('llms.txt', out))) await promisify(execFile)(process.execPath, [fileURLToPath(new URL('scripts/docs.mjs', root))])
})

for (const colorScheme of ['light', 'dark'] as const) {
  browserTest(`pages of the site are accessible, and load nothing from elsewhere (${colorScheme})`, async (t) => {
    t.timeout(240_000)
    const page = await browser().newPage({ colorScheme, reducedMotion: 'reduce' })
    const elsewhere: string[] = []
    page.on('request', (request) => {
      if (!request.url().startsWith('file:') && !request.url().startsWith('data:')) elsewhere.push(request.url())
    })
    for (const path of PAGES) {
      await page.goto(new URL(path, out).href)
      await page.locator('#tsd-nav-container a').first().waitFor()
      await accessible(t, page, path)
    }
    t.deepEqual(elsewhere, [])
    await page.close()
  })
}

browserTest('the flows are drawn, with what they say as their description', async (t) => {
  const page = await browser().newPage()
  await page.goto(new URL('flows.html', out).href)
  const drawn = await page.locator('.diagram svg[role=img]').evaluateAll((all) => all.map((svg) => [svg.getAttribute('aria-label'), svg.textContent]))
  t.true(drawn.length >= 5)
  for (const [label, text] of drawn) t.true(label!.includes('Countersign') && text!.includes('Countersign'))
  t.is(await page.getByText('sequenceDiagram').count(), 0)
  await page.close()
})

browserTest('no page is wider than a phone, and what is wider scrolls by itself', async (t) => {
  t.timeout(120_000)
  const page = await browser().newPage({ viewport: { width: 360, height: 740 } })
  for (const path of PAGES) {
    await page.goto(new URL(path, out).href)
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    t.true(width <= 360, `${path}: ${width}`)
  }
  await page.close()
})

browserTest('the search finds a page by a word of its text, and a class, offline', async (t) => {
  t.timeout(120_000)
  const page = await browser().newPage()
  await page.goto(new URL('index.html', out).href)
  for (const [words, found] of [['counter-not-increased', 'troubleshooting.html'], ['directoryStore', 'countersign_stores.directoryStore.html']] as const) {
    await page.locator('#tsd-search-trigger').click()
    await page.locator('#tsd-search-input').fill(words)
    await page.locator('#tsd-search-results a').and(page.locator(`[href*="${found}"]`)).first().waitFor()
    const links = await page.locator('#tsd-search-results a').evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href))
    t.true(links.slice(0, 3).some((link) => link.includes(found)), links.join(' '))
    await page.keyboard.press('Escape')
  }
  await page.close()
})
