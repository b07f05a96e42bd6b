// `@simplewebauthn/browser`, which knows nothing of this package, in a real browser against the examples.
import { readFile } from 'node:fs/promises'
import type { BrowserContext, Page, Response } from 'playwright-core'
import { ExampleServer } from '../http/example-server.js'
import { examples, skipped } from '../http/examples.js'
import { VirtualKey, passkeyDevice } from './authenticator.js'
import { browserTests } from './browser-tests.js'

const folder = new URL('.', import.meta.resolve('@simplewebauthn/browser'))
const { browserTest, browser } = browserTests()
const html = '<!doctype html><title>Page</title><input autocomplete="webauthn">'

/** A page of the example's origin; its files are put in here, the API is the example's. */
async function openPage(context: BrowserContext, origin: string): Promise<Page> {
  const page = await context.newPage()
  await page.route(`${origin}/page/**`, async (route) => {
    const path = new URL(route.request().url()).pathname.replace('/page/', '')
    if (!path.endsWith('.js')) return route.fulfill({ contentType: 'text/html', body: html })
    return route.fulfill({ contentType: 'text/javascript', body: await readFile(new URL(path, folder)) })
  })
  await page.goto(`${origin}/page/`)
  return page
}

type Call = [path: string, body?: object, method?: string]

/** What a page does with `fetch`, and no more. */
function call(page: Page, ...[path, body = {}, method = 'POST']: Call): Promise<{ status: number; body: any }> {
  return page.evaluate(
    async ([path, body, method]) => {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(path, method === 'GET' ? {} : { method, headers, body: JSON.stringify(body) })
      const text = await response.text()
      return { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as unknown) : text }
    },
    [path, body, method] as const,
  )
}

/** A ceremony of the library, with the options as the API gave them. */
function ceremony(page: Page, name: 'startRegistration' | 'startAuthentication', options: object): Promise<any> {
  return page.evaluate(
    async ([name, options]) => {
      const path = '/page/index.js'
      const library = await import(path)
      return JSON.parse(JSON.stringify(await library[name](options))) as unknown
    },
    [name, options] as const,
  )
}

const password = { name: 'ann', password: 'correct horse battery' }
const session = async (page: Page) => (await call(page, '/countersign/session', {}, 'GET')).body

for (const [name, start] of Object.entries(examples)) {
  browserTest(`${name}: a security key and a passkey, enrolled and used`, async (t) => {
    t.timeout(300_000)
    const server = await start()
    if (!server) return skipped(t)
    const context = await browser().newContext()
    t.teardown(async () => {
      await context.close()
      await server.stop()
    })
    const page = await openPage(context, server.origin)
    await call(page, '/password', password)
    t.deepEqual((await call(page, '/countersign/challenge')).body, { challenge: null })
    t.like(await session(page), { state: 'verified' })

    const key = await VirtualKey.plugIn(page)
    const creation = (await call(page, '/countersign/factors/webauthn')).body
    const made = await ceremony(page, 'startRegistration', { optionsJSON: creation })
    const enrolled = await call(page, '/countersign/factors/webauthn/finish', { response: made, description: 'key' })
    t.like(enrolled, { status: 200, body: { ok: true, factor: { type: 'webauthn', description: 'key' } } })

    await call(page, '/sign-out')
    await call(page, '/password', password)
    t.like(await session(page), { state: 'pending' })
    const { challenge } = (await call(page, '/countersign/challenge')).body
    const signed = await ceremony(page, 'startAuthentication', { optionsJSON: challenge.webauthn })
    const answer = { type: 'webauthn', response: signed }
    t.like(await call(page, '/countersign/verify', { answer }), { status: 200, body: { ok: true } })
    t.like(await call(page, '/countersign/verify', { answer }), { status: 403, body: { ok: false, reason: 'rejected' } })
    t.like(await session(page), { state: 'verified', fresh: true })
    await key.unplug()

    await VirtualKey.plugIn(page, passkeyDevice)
    const options = (await call(page, '/countersign/factors/webauthn', { use: 'passkey' })).body
    const passkey = await ceremony(page, 'startRegistration', { optionsJSON: options })
    const finished = await call(page, '/countersign/factors/webauthn/finish', { response: passkey, description: 'passkey' })
    t.is(finished.status, 200)
    for (const useBrowserAutofill of [false, true]) {
      await call(page, '/sign-out')
      t.like(await session(page), { state: 'none' })
      const { webauthn } = (await call(page, '/countersign/passkey/challenge')).body
      const found = await ceremony(page, 'startAuthentication', { optionsJSON: webauthn, useBrowserAutofill })
      const verified = await call(page, '/countersign/passkey/verify', { answer: { type: 'webauthn', response: found } })
      t.like(verified, { status: 200, body: { ok: true, userVerified: true } })
      t.like(await session(page), { state: 'verified' })
    }
    t.is(server.complaints, '')
  })
}

browserTest('a page of another origin gets nothing done, though it is of the same site', async (t) => {
  const [server, stranger] = await Promise.all(['express.mjs', 'node-http.mjs'].map((file) => ExampleServer.start(file)))
  const context = await browser().newContext()
  t.teardown(async () => {
    await context.close()
    await Promise.all([server!.stop(), stranger!.stop()])
  })
  const page = await openPage(context, server!.origin)
  await call(page, '/password', password)
  // A document of a real server: the browser asks leave for those that come from nowhere.
  const other = await context.newPage()
  await other.goto(`${stranger!.origin}/countersign/session`)
  const seen: Response[] = []
  other.on('response', (response) => seen.push(response))
  const outcomes = await other.evaluate(async (url) => {
    const post = (init: RequestInit) => fetch(url, { method: 'POST', credentials: 'include', ...init })
    const send = (init: RequestInit) => post(init).then(({ type }) => type, () => 'failed')
    return [
      await send({ mode: 'no-cors', body: '{}', headers: { 'content-type': 'text/plain' } }),
      await send({ body: '{}', headers: { 'content-type': 'application/json' } }),
    ]
  }, `${server!.origin}/countersign/challenge`)
  t.deepEqual(outcomes, ['opaque', 'failed'])
  t.is(seen[0]?.status(), 403)
  t.like(await session(page), { state: 'pending' })
})
