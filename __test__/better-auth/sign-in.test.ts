// No session before the second factor, in whichever way a user signs in.
import test from 'ava'
import type { ExecutionContext } from 'ava'

import { databases, onNewerNode } from '../helpers/better-auth.js'
import { answer, makeHost, makePerson, page, signIn, signUp } from './host.js'
import type { Browser, Host, Person } from './host.js'
import { ways } from './ways.js'

for (const [kind, make] of Object.entries(databases)) {
  let host: Host
  test.before(async () => void (host = await makeHost(make)))

  for (const [path, way] of Object.entries(ways)) {
    test(`${kind}: ${path}: nothing before the second factor, a session after it`, async (t) => {
      const person = await makePerson(host)
      const browser = host.browser()
      const response = await way(host, browser, person)
      await nothing(t, host, browser, person, response)
      t.is((await answer(browser, person)).status, 200)
      t.is(await browser.user(), person.id)
      const sessions = await host.sessions(person.id)
      t.is(sessions.length, 1)
      t.truthy(sessions[0]?.countersignAt)
      const assurance = JSON.parse(String(sessions[0]?.countersignAssurance))
      const withPassword = ['/sign-in/email', '/sign-in/username', '/sign-in/phone-number', '/sign-up/email'].includes(path)
      t.deepEqual(assurance.amr, [...(withPassword ? ['pwd'] : []), 'pop', 'user', 'mfa'])
      t.deepEqual((await browser.json('/countersign/session')).assurance, assurance)
    })
  }

  test(`${kind}: a user without a factor signs in as ever`, async (t) => {
    const person = await signUp(host.browser())
    const browser = host.browser()
    const { token, secondFactorRequired } = await (await signIn(browser, person)).json() as any
    t.is(typeof token, 'string')
    t.is(secondFactorRequired, undefined)
    t.is(await browser.user(), person.id)
  })
}

if (Object.keys(databases).length === 0) test.skip('no database is there', () => {})
onNewerNode(import.meta.url)

/** Neither a row, a cookie, a header nor an answer has anything of a session. */
async function nothing(t: ExecutionContext, host: Host, browser: Browser, { id }: Person, response: Response): Promise<void> {
  t.deepEqual(await host.sessions(id), [], 'rows')
  const cookies = response.headers.getSetCookie().filter((line) => /session_(token|data)|multi-|dont_remember/.test(line))
  t.deepEqual(cookies.filter((line) => !/Max-Age=0/i.test(line)), [], 'cookies')
  t.is(response.headers.get('set-auth-token'), null)
  t.is(response.headers.get('set-auth-jwt'), null)
  if (response.status === 302) {
    t.is(response.headers.get('location'), page)
  } else {
    const text = await response.text()
    t.deepEqual(JSON.parse(text), { secondFactorRequired: true, page }, text)
    t.is(response.status, 200)
  }
  t.is(await browser.json('/get-session'), null, 'session')
  t.deepEqual((await browser.json('/countersign/session')).state, 'pending')
}
