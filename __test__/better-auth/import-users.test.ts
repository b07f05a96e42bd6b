// Users of better-auth's own plugins get their factors here, in place.
import test from 'ava'

import { importUsers } from '../../facade/better-auth/index.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { databases, onNewerNode } from '../helpers/better-auth.js'
import { longer } from '../helpers/emulated.js'
import { makeHost, origin, page, signIn, signUp } from './host.js'
import type { Browser, Host, Person } from './host.js'

/** Sets up better-auth's own app. */
async function app(browser: Browser, { password }: Person, verify = true): Promise<{ uri: string; codes: string[] }> {
  const { totpURI, backupCodes } = await browser.json('/two-factor/enable', { password })
  const { searchParams } = new URL(totpURI)
  if (verify) {
    const code = totpAt(searchParams.get('secret') as string, Date.now())
    const response = await browser.post('/two-factor/verify-totp', { code })
    if (response.status !== 200) throw new Error(await response.text())
  }
  return { uri: totpURI, codes: backupCodes }
}

async function key(browser: Browser): Promise<TestAuthenticator> {
  const made = new TestAuthenticator({ userVerified: true })
  const response = made.create(await browser.json('/passkey/generate-register-options'), { origin })
  const registered = await browser.post('/passkey/verify-registration', { response })
  if (registered.status !== 200) throw new Error(await registered.text())
  return made
}

const nextCode = (uri: string) => totpAt(new URL(uri).searchParams.get('secret') as string, Date.now() + 30_000)

for (const [kind, make] of Object.entries(databases)) {
  test(`${kind}: apps, backup codes and passkeys of better-auth sign in here`, async (t) => {
    t.timeout(longer(120_000))
    const host: Host = await makeHost(make)
    const visitors = Array.from({ length: 5 }, () => host.browser())
    const [ann, ben, cat, dan, eve] = (await Promise.all(visitors.map((browser) => signUp(browser)))) as [Person, Person, Person, Person, Person]
    const [annsBrowser, bensBrowser, catsBrowser, dansBrowser, evesBrowser] = visitors as [Browser, Browser, Browser, Browser, Browser]
    const annsApp = await app(annsBrowser, ann)
    const bensKey = await key(bensBrowser)
    const [catsApp, catsKey] = [await app(catsBrowser, cat), await key(catsBrowser)]
    await app(dansBrowser, dan, false)
    // What she sets up here is hers, whatever stands in the other tables.
    await app(evesBrowser, eve)
    const { enrolment, secret } = await host.service.beginTotp(eve.id, { account: eve.email })
    await host.service.finishTotp(eve.id, { enrolment, code: totpAt(secret, Date.now()), description: 'new' })

    const report = await importUsers(host.auth as never, { passkeysVerified: true, endSessions: true })
    t.like(report, { users: 3, factors: 6, skipped: 1 })
    t.deepEqual(report.left.map(({ user, reason }) => ({ user, reason })), [{ user: dan.id, reason: 'not-proved' }])
    t.false(JSON.stringify(report).includes(new URL(annsApp.uri).searchParams.get('secret') as string))
    const types = async ({ id }: Person) => (await host.service.factors(id)).map(({ type }) => type).toSorted()
    t.deepEqual(await types(ann), ['recovery', 'totp'])
    t.deepEqual(await types(ben), ['webauthn'])
    t.deepEqual(await types(cat), ['recovery', 'totp', 'webauthn'])
    t.deepEqual(await types(dan), [])
    t.deepEqual(await host.sessions(ann.id), [])
    t.is((await host.sessions(dan.id)).length, 1)

    const answers: [Person, object][] = [
      [ann, { type: 'totp', code: nextCode(annsApp.uri) }],
      [cat, { type: 'totp', code: nextCode(catsApp.uri) }],
      [ann, { type: 'recovery', code: annsApp.codes[0] }],
    ]
    for (const [person, answer] of answers) {
      const browser = host.browser()
      t.deepEqual(await (await signIn(browser, person)).json(), { secondFactorRequired: true, page })
      t.is((await browser.post('/countersign/verify', { answer })).status, 200)
      t.is(await browser.user(), person.id)
    }
    for (const [person, made] of [[ben, bensKey], [cat, catsKey]] as const) {
      const browser = host.browser()
      const { webauthn } = await browser.json('/countersign/passkey/challenge', {})
      const response = made.get(webauthn, { origin, credentialId: made.credentials[0]?.id as string })
      t.is((await browser.post('/countersign/passkey/verify', { answer: { type: 'webauthn', response } })).status, 200)
      t.is(await browser.user(), person.id)
    }

    t.like(await importUsers(host.auth as never), { users: 0, factors: 0, skipped: 4 })
    await host.service.removeFactors(ann.id)
    t.like(await importUsers(host.auth as never), { users: 0, factors: 0, skipped: 4 })
    t.deepEqual(await types(ann), [], 'what was removed does not come back')
  })
}

if (Object.keys(databases).length === 0) test.skip('no database is there', () => {})
onNewerNode(import.meta.url)
