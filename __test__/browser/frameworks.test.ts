// The pages of examples/react, examples/vue and examples/svelte as a build tool bundles them, in a real browser.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ExecutionContext } from 'ava'
import test from 'ava'
import { ExampleServer } from '../http/example-server.js'
import { VirtualKey } from './authenticator.js'
import { browserTests } from './browser-tests.js'
import { screenshot } from './chromium.js'
import { faultsOf } from './faults.js'
import { everyPath } from './journey.js'
import { bundlePage, putBundle, react18, type BundleOptions } from './page-bundle.js'
import { Person } from './person.js'

const { browserTest, browser } = browserTests()
const ANN = { name: 'ann', password: 'correct horse battery' }
const SENTENCE = 'Two-step verification needs JavaScript. Turn it on for this site, then reload the page.'

interface Visit {
  site: ExampleServer
  ann: Person
}

/** Somebody at a bundled page, whose server is an example. */
async function visit(t: ExecutionContext, name: string, files: Map<string, string>, play: (visit: Visit) => Promise<void>, html?: string): Promise<void> {
  t.timeout(300_000)
  const site = await ExampleServer.start('node-http.mjs')
  t.teardown(() => site.stop())
  const ann = await Person.arrive(browser(), site, {}, { prepare: (page) => putBundle(page, site.origin, files, html), account: ANN })
  t.teardown(() => ann.page.context().close())
  const faults = faultsOf(ann.page)
  try {
    await play({ site, ann })
  } catch (error) {
    await screenshot(ann.page, `failed-${name}`)
    throw error
  }
  t.deepEqual(faults, [])
  t.is(site.complaints, '')
}

const pages: Record<string, [file: string, options?: BundleOptions]> = {
  'React 19': ['react/main.jsx'],
  'React 18': ['react/main.jsx', { alias: react18 }],
  Vue: ['vue/main.js'],
  Svelte: ['svelte/main.js'],
}

for (const [name, [file, options]] of Object.entries(pages)) {
  browserTest(`${name}: every path of the flow, by the elements`, async (t) => {
    const files = await bundlePage({ file }, options)
    await visit(t, name, files, ({ site, ann }) => everyPath({ t, site, ann }))
  })
}

/** What mounts the first block of a page of docs/frameworks. */
const mounts: Record<string, string> = {
  react: `import { createElement } from 'react'\nimport { createRoot } from 'react-dom/client'\nimport { SignInPage } from './block.jsx'
    createRoot(document.getElementById('app')).render(createElement(SignInPage))`,
  vue: `import { createApp } from 'vue'\nimport Page from './block.vue'\ncreateApp(Page).mount('#app')`,
  svelte: `import { mount } from 'svelte'\nimport Page from './block.svelte'\nmount(Page, { target: document.getElementById('app') })`,
}

for (const [name, text] of Object.entries(mounts)) {
  browserTest(`the lines of docs/frameworks/${name}.md`, async (t) => {
    const kind = name === 'react' ? 'jsx' : name
    const page = await readFile(new URL(`docs/frameworks/${name}.md`, import.meta.resolve('countersign/package.json')), 'utf8')
    const blocks = [...page.matchAll(new RegExp(`^\`\`\`${kind}\n([^]*?)^\`\`\``, 'gm'))].map(([, block = '']) => block)
    t.true(blocks.length > 1)
    for (const block of blocks.slice(1)) {
      const text = kind === 'jsx' ? `export * from './block.jsx'` : `export { default } from './block.${kind}'`
      const built = await bundlePage({ text, files: { [`block.${kind}`]: block } })
      t.regex(built.get('app.js') ?? '', /countersign-settings|second-factor-required/)
    }
    const files = await bundlePage({ text, files: { [`block.${kind}`]: blocks[0]! } })
    await visit(t, `docs-${name}`, files, async ({ site, ann }) => {
      await ann.page.route(`${site.origin}/account`, (route) => route.fulfill({ contentType: 'text/html', body: '<title>Account</title>' }))
      await ann.password()
      await ann.page.waitForURL('**/account')
      t.like((await ann.call('GET', '/countersign/session')).body, { state: 'verified' })
    })
  })
}

const own: Record<string, [text: string, options?: BundleOptions]> = {
  'React 19': [`import { createRoot } from 'react-dom/client'\nimport { OwnSignIn } from './react/own-sign-in.jsx'
    createRoot(document.getElementById('app')).render(<OwnSignIn onVerified={() => (document.title = 'in')} />)`],
  'React 18, in strict mode': [`import { StrictMode } from 'react'\nimport { createRoot } from 'react-dom/client'\nimport { OwnSignIn } from './react/own-sign-in.jsx'
    createRoot(document.getElementById('app')).render(<StrictMode><OwnSignIn onVerified={() => (document.title = 'in')} /></StrictMode>)`, { alias: react18 }],
  Vue: [`import { createApp } from 'vue'\nimport OwnSignIn from './vue/OwnSignIn.vue'
    createApp(OwnSignIn, { onVerified: () => (document.title = 'in') }).mount('#app')`],
  Svelte: [`import { mount } from 'svelte'\nimport OwnSignIn from './svelte/OwnSignIn.svelte'
    mount(OwnSignIn, { target: document.getElementById('app'), props: { verified: () => (document.title = 'in') } })`],
}

for (const [name, [text, options]] of Object.entries(own)) {
  browserTest(`${name}: a sign-in that the page draws itself`, async (t) => {
    const files = await bundlePage({ text }, options)
    t.false([...files.values()].some((code) => code.includes('countersign-settings')), 'the elements are not part of it')
    const settings = await bundlePage({ file: 'react/main.jsx' })
    await visit(t, `own-${name}`, files, async ({ site, ann }) => {
      const { page } = ann
      // The factor comes from the other page of the same site.
      await page.unrouteAll()
      await putBundle(page, site.origin, settings)
      await page.goto(site.origin)
      await ann.password()
      await ann.enrolTotp()
      const [code = ''] = await ann.makeCodes()
      await ann.signOut()
      await page.unrouteAll()
      await putBundle(page, site.origin, files)
      await page.goto(site.origin)

      await ann.password('not the password')
      t.is(await ann.error(), 'Wrong name or password.')
      await ann.password()
      await ann.heading('Two-step verification').waitFor()
      await ann.field('Code from your app').fill(ann.wrongCode())
      await page.getByRole('button', { name: 'Continue' }).click()
      await page.getByRole('alert').filter({ hasText: /rejected|That code is wrong/ }).waitFor()
      await ann.field('Code from your app').fill(ann.nextCode())
      await page.getByRole('button', { name: 'Continue' }).click()
      await page.waitForFunction(() => document.title === 'in')
      t.like((await ann.call('GET', '/countersign/session')).body, { state: 'verified' })

      if (!name.startsWith('React')) return
      await page.evaluate(() => fetch('/sign-out', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }))
      await page.goto(site.origin)
      await ann.password()
      await ann.field('Recovery code').fill(code)
      await page.getByRole('button', { name: 'Use recovery code' }).click()
      await page.waitForFunction(() => document.title === 'in')
    })
  })
}

for (const [name, alias] of [['React 19', {}], ['React 18', react18]] as const) {
  browserTest(`${name}: settings that the page draws itself`, async (t) => {
    const files = await bundlePage({ text: `import { StrictMode } from 'react'\nimport { createRoot } from 'react-dom/client'\nimport { OwnSettings } from './react/own-settings.jsx'
      createRoot(document.getElementById('app')).render(<StrictMode><OwnSettings name="ann" onSignedOut={() => (document.title = 'out')} /></StrictMode>)` }, { alias })
    t.false([...files.values()].some((code) => code.includes('adviseNoWay')), 'neither the elements nor their texts are part of it')
    await visit(t, `own-settings-${name}`, files, async ({ site, ann }) => {
      const { page } = ann
      const press = (label: string) => page.getByRole('button', { name: label, exact: true }).click()
      const message = (text: string) => page.getByRole('alert').filter({ hasText: text }).waitFor()
      const items = () => page.locator('ul > li > span').allInnerTexts()
      await page.getByText('Sign in to see this page.').waitFor()
      const post = (path: string, body: object = {}) => page.evaluate(
        ([path, body]) => fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }).then(() => undefined),
        [path, body] as const,
      )
      await post('/password', ANN)
      await post('/countersign/challenge')
      await page.reload()
      await page.getByRole('heading', { name: 'My security' }).waitFor()

      // Nobody has a factor, and the password was long ago: it is asked for again.
      site.pass(10 * 60_000)
      await press('Add an app')
      await page.getByRole('group', { name: 'Is it you?' }).waitFor()
      await ann.field('Password').fill(ANN.password)
      await press('Confirm')
      ann.secret = await page.locator('code').innerText()
      await ann.field('Code from the new app').fill(ann.wrongCode())
      await press('Add it')
      await message('That code is wrong.')
      await ann.field('Code from the new app').fill(ann.nextCode())
      await press('Add it')
      await message('The app was added.')
      t.deepEqual(await items(), ['My phone'])
      await press('New recovery codes')
      await page.locator('ol > li').first().waitFor()
      await page.getByText('Recovery codes left: 10').waitFor()
      await press('Turn off My phone')
      await message('You need at least one method that is on.')

      // A change waits for the proof, and goes on with it; or it is given up.
      const key = await VirtualKey.plugIn(page)
      await press('Add a key')
      await message('The key was added.')
      await key.touch(true)
      site.pass(10 * 60_000)
      await press('Rename My phone')
      await press('Cancel')
      await message('Nothing was changed.')
      t.is(await page.getByRole('group').count(), 0)
      await press('Rename My phone')
      await ann.field('Code from your app').fill(ann.wrongCode())
      await press('Confirm')
      await message('That code is wrong.')
      await ann.field('Code from your app').fill(ann.nextCode())
      await press('Confirm')
      await page.getByText('My phone!', { exact: true }).waitFor()
      t.is(await page.getByRole('group').count(), 0)
      site.pass(10 * 60_000)
      await press('Remove My phone!')
      await press('Use your key')
      await message('My phone! was removed.')
      t.deepEqual(await items(), ['My key'])

      await post('/sign-out')
      await press('Rename My key')
      await page.waitForFunction(() => document.title === 'out')
      await page.getByText('Sign in to see this page.').waitFor()
    })
  })
}

const app = `import { createElement as make, StrictMode } from 'react'
import { Settings, SignIn } from 'countersign/react'
export const Page = ({ texts, onState, onVerified, noScript }) => make(StrictMode, null,
  make(SignIn, { className: 'sign-in', texts, onState, onVerified, noScript, headingLevel: 1, autoFocus: true, upgrade: false }), make(Settings, { id: 'settings', hidden: true }))`

for (const [name, alias] of [['React 19', {}], ['React 18', react18]] as const) {
  browserTest(`${name}: rendered on a server it has a sentence for who has no JavaScript, and is taken over without a fault`, async (t) => {
    const html = await rendered(t, alias, '')
    t.true(html.includes(`<noscript>${SENTENCE}</noscript>`), html)
    t.true((await rendered(t, alias, `noScript: 'Bitte schalten Sie JavaScript ein.'`)).includes('<noscript>Bitte schalten Sie JavaScript ein.</noscript>'))
    const client = await bundlePage({ text: `import { createElement } from 'react'\nimport { hydrateRoot } from 'react-dom/client'\n${app}
      const told = (globalThis.told = [])
      const props = (heading) => ({
        texts: { passkeySignIn: heading }, onState: ({ detail }) => told.push(heading + ' ' + detail.state),
      })
      const root = hydrateRoot(document.getElementById('app'), createElement(Page, props('First')), { onRecoverableError: (error) => console.error(error) })
      globalThis.again = (heading) => root.render(createElement(Page, props(heading)))
      globalThis.away = () => root.unmount()` }, { alias })
    await visit(t, `ssr-${name}`, client, async ({ ann }) => {
      const { page } = ann
      await VirtualKey.plugIn(page)
      await page.getByRole('button', { name: 'First' }).waitFor()
      t.is(await page.locator('countersign-sign-in.sign-in').count(), 1)
      t.is(await page.locator('noscript').count(), 0)
      const attributes = await page.locator('countersign-sign-in').evaluate((one) => one.getAttributeNames().sort())
      t.deepEqual(attributes, ['autofocus', 'base', 'class', 'heading-level'])
      t.deepEqual(await page.evaluate(() => (globalThis as any).told), ['First none'])
      // The same texts in another object draw nothing anew, and other texts do.
      let asked = 0
      page.on('request', (request) => (asked += Number(request.url().endsWith('/session'))))
      await page.evaluate(() => (globalThis as any).again('First'))
      await page.waitForTimeout(300)
      t.is(asked, 0)
      await page.evaluate(() => (globalThis as any).again('Second'))
      await page.getByRole('button', { name: 'Second' }).waitFor()
      // The listener of the last rendering is the one that hears.
      await page.evaluate(() => document.querySelector('countersign-sign-in')!.dispatchEvent(new CustomEvent('countersign-state', { detail: { state: 'x' } })))
      t.is(await page.evaluate(() => (globalThis as any).told.at(-1)), 'Second x')
      t.deepEqual(await page.locator('countersign-settings').evaluate((one) => [one.id, (one as HTMLElement).hidden]), ['settings', true])
      await page.evaluate(() => (globalThis as any).away())
      t.is(await page.locator('countersign-sign-in').count(), 0)
    }, html)

    const context = await browser().newContext({ javaScriptEnabled: false })
    t.teardown(() => context.close())
    const page = await context.newPage()
    await page.route('http://localhost/', (route) => route.fulfill({ contentType: 'text/html', body: html }))
    await page.goto('http://localhost/')
    t.regex(await page.locator('body').innerText(), new RegExp(SENTENCE))
  })
}

/** What a server sends. */
async function rendered(t: ExecutionContext, alias: Record<string, string>, props: string): Promise<string> {
  const text = `import { createElement } from 'react'\nimport { renderToString } from 'react-dom/server'\n${app}
    export const html = renderToString(createElement(Page, {${props}}))`
  const folder = await mkdtemp(join(tmpdir(), 'countersign-ssr-'))
  t.teardown(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  for (const [name, code] of await bundlePage({ text }, { alias, server: true })) {
    if (name.includes('/')) continue
    await writeFile(join(folder, name), code)
  }
  return ((await import(pathToFileURL(join(folder, 'app.js')).href)) as { html: string }).html
}

for (const name of ['SignIn', 'useSecondFactor']) test(`${name} of a React that is too old names the version to install`, async (t) => {
  const old = join(await mkdtemp(join(tmpdir(), 'countersign-old-react-')), 'react.js')
  await writeFile(old, `exports.version = '17.0.2'; exports.createElement = () => null; exports.forwardRef = (render) => render`)
  t.teardown(() => rm(join(old, '..'), { recursive: true }))
  const files = await bundlePage({ text: `export { ${name} } from 'countersign/react'` }, { alias: { react: old }, server: true })
  const path = join(old, '..', 'app.mjs')
  await writeFile(path, files.get('app.js')!)
  await t.throwsAsync(import(pathToFileURL(path).href), { message: 'countersign/react needs React 18 or newer, and found 17.0.2: npm install react@19 react-dom@19' })
})
