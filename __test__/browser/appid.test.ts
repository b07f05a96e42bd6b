// U2F keys of an older system in a real browser, which knows them by the `appid` extension alone.
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { memoryStore } from '../../facade/stores/index.js'
import { Countersign } from '../../index.js'
import { origin, rp } from '../helpers/service.js'
import { U2fKey, appId } from '../helpers/u2f-key.js'
import { VirtualKey } from './authenticator.js'
import { browserTests } from './browser-tests.js'

const folder = new URL('.', import.meta.resolve('countersign/browser'))
const { browserTest, browser } = browserTests()
const user = 'ann'

/** A page of the relying party. An `appid` has to be `https`, so the browser's requests are answered here. */
async function open(): Promise<Page> {
  const page = await browser().newPage()
  await page.route(`${origin}/**`, async (route) => {
    const name = new URL(route.request().url()).pathname.match(/^\/module\/([\w-]+\.js)$/)?.[1]
    const contentType = name ? 'text/javascript' : 'text/html'
    const body = name ? await readFile(new URL(name, folder)) : '<!doctype html><title>Old keys</title>'
    await route.fulfill({ contentType, body })
  })
  await page.goto(origin)
  return page
}

/** Runs one ceremony in the page: its response, or the code of the module's error. */
function ceremony(page: Page, method: 'register' | 'authenticate', options: object): Promise<unknown> {
  return page.evaluate(
    async ([method, options]) => {
      const path = '/module/index.js'
      const module = await import(path)
      try {
        return JSON.parse(JSON.stringify(await module[method](options))) as unknown
      } catch (error) {
        return (error as { code: string }).code
      }
    },
    [method, options] as const,
  )
}

browserTest('an old key signs in by its appid, and is not registered again', async (t) => {
  const page = await open()
  const store = memoryStore()
  const countersign = await Countersign.open({ rp, store, u2f: { appId } })
  const old = new U2fKey()
  await old.seed(store, user)
  const key = await VirtualKey.plugIn(page, { protocol: 'u2f' })
  await key.insert({ id: old.handle, rpId: appId, privateKey: old.privateKey, signCount: 7 })

  for (let i = 0; i < 2; i++) {
    const challenge = await countersign.challenge(user)
    const response = await ceremony(page, 'authenticate', challenge!.webauthn!)
    t.like(response, { id: old.handle, clientExtensionResults: { appid: true } })
    t.like(await countersign.verify(user, { type: 'webauthn', response }), { ok: true, factor: { type: 'u2f' } })
  }
  const creation = await countersign.beginWebauthn(user, { name: 'ann', displayName: 'Ann' })
  t.is(await ceremony(page, 'register', creation), 'already-registered')

  // Without the extension the key does not know itself.
  const { extensions, ...without } = (await countersign.challenge(user))!.webauthn!
  t.deepEqual(extensions, { appid: appId })
  t.is(await ceremony(page, 'authenticate', { ...without, timeout: 2000 }), 'cancelled')
  await page.close()
})
