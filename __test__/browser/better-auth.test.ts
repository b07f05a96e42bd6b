// The pages of docs/better-auth.md on its example, in a real browser, with better-auth's own client.
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { rolldown } from 'rolldown'
import test from 'ava'

import { ExampleServer } from '../http/example-server.js'
import { dropSchema, newPool, own, postgresFound, postgresUrl } from '../stores/engines.js'
import { passkeyDevice, VirtualKey } from './authenticator.js'
import { browserTests } from './browser-tests.js'
import { screenshot } from './chromium.js'
import { faultsOf } from './faults.js'
import { Person } from './person.js'

const { browserTest, browser } = browserTests()
const root = new URL('.', import.meta.resolve('countersign/package.json'))
const ACCOUNT = { email: 'ann@example.com', password: 'correct horse battery' }

const element = (name: string) => `<!doctype html><html lang="en"><head><title>Example</title><link rel="icon" href="data:,"></head><body><main>
  <${name} base="/api/auth/countersign" heading-level="1"></${name}></main>
  <script type="module">
    import '/modules/ui/index.js'
    document.querySelector('${name}').addEventListener('countersign-verified', () => location.assign('/api/auth/countersign/continue'))
  </script></body></html>`
const pages: Record<string, string> = {
  '/': '<!doctype html><html lang="en"><head><title>Example</title><link rel="icon" href="data:,"></head><body><h1>Start</h1><script type="module" src="/client.js"></script></body></html>',
  '/two-step': element('countersign-sign-in'),
  '/settings': element('countersign-settings'),
}

const run = postgresFound ? browserTest : test.skip

run('a sign-in with better-auth goes to the second factor, and on to where it was going', async (t) => {
  t.timeout(120_000)
  const schema = `${own}_browser`
  const pool = newPool()
  await pool.query(`CREATE SCHEMA ${schema}`)
  process.env.DATABASE_URL = `${postgresUrl}?options=${encodeURIComponent(`-c search_path=${schema}`)}`
  const site = await ExampleServer.start('better-auth.mjs')
  const client = await clientBundle()
  const ann = await Person.arrive(browser(), site, {}, { prepare: (page) => put(page, site.origin, client), account: { name: 'Ann', password: ACCOUNT.password } })
  t.teardown(async () => {
    await ann.page.context().close()
    await site.stop()
    await pool.end()
    await dropSchema(schema)
  })
  const faults = faultsOf(ann.page)
  const { page } = ann
  try {
    await VirtualKey.plugIn(page, passkeyDevice)
    await call(page, (auth, account) => auth.signUp.email({ ...account, name: 'Ann' }))
    await page.goto(`${site.origin}/settings`)
    await ann.enrolKey('Passkey', 'Laptop')
    const codes = await ann.makeCodes()

    await page.goto(site.origin)
    await call(page, (auth) => auth.signOut())
    await call(page, (auth, account) => auth.signIn.email({ ...account, callbackURL: '/home' }))
    await page.waitForURL('**/two-step')
    await ann.useKey()
    await page.waitForURL(`${site.origin}/home`)
    await page.goto(`${site.origin}/settings`)
    await ann.row('Laptop').waitFor()

    await page.goto(site.origin)
    await call(page, (auth) => auth.signOut())
    await call(page, (auth, account) => auth.signIn.email(account))
    await page.waitForURL('**/two-step')
    await ann.heading('Two-step verification').waitFor()
    await ann.typeRecovery(codes[0] as string)
    await page.waitForURL(`${site.origin}/`)
    await page.goto(site.origin)
    t.is(await call(page, async (auth) => (await auth.getSession()).data?.user.email), ACCOUNT.email)
  } catch (error) {
    await screenshot(page, 'failed-better-auth')
    throw error
  }
  t.deepEqual(faults, [])
  t.is(site.complaints, '')
})

async function put(page: Page, origin: string, client: string): Promise<void> {
  for (const [path, body] of Object.entries(pages)) {
    await page.route(`${origin}${path}`, (route) => route.fulfill({ contentType: 'text/html', body }))
  }
  await page.route(`${origin}/client.js`, (route) => route.fulfill({ contentType: 'text/javascript', body: client }))
  await page.route(`${origin}/modules/**`, async (route) => {
    const path = new URL(route.request().url()).pathname.replace('/modules/', 'dist/facade/browser/')
    await route.fulfill({ contentType: 'text/javascript', body: await readFile(new URL(path, root)) })
  })
}

/** As a bundler of a host would make it. */
async function clientBundle(): Promise<string> {
  const code = `import { createAuthClient } from 'better-auth/client'
    import { countersignClient } from 'countersign/better-auth/client'
    globalThis.authClient = createAuthClient({ plugins: [countersignClient()] })`
  const entry = 'virtual:client'
  const plugin = {
    name: 'entry',
    resolveId: (id: string) => (id === entry ? new URL('client.js', root).pathname : null),
    load: (id: string) => (id.endsWith('/client.js') && id === new URL('client.js', root).pathname ? code : null),
  }
  const build = await rolldown({ input: entry, platform: 'browser', plugins: [plugin], logLevel: 'silent' })
  const { output } = await build.generate({ format: 'esm', codeSplitting: false })
  await build.close()
  return output[0].code
}

/** Runs in the page, with the client there. */
function call<T>(page: Page, work: (auth: any, account: typeof ACCOUNT) => Promise<T>): Promise<T> {
  return page.evaluate(`(${work.toString()})(globalThis.authClient, ${JSON.stringify(ACCOUNT)})`)
}
