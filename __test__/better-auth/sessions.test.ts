// Sessions beside plain sign-ins: sign-up, replaced sessions, devices, impersonation, and what users may not set.
import test from 'ava'

import { databases, onNewerNode } from '../helpers/better-auth.js'
import { answer, enrol, makeHost, makePerson, origin, page, signIn, signUp } from './host.js'
import type { Browser, Host, Person } from './host.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'

for (const [kind, make] of Object.entries(databases)) {
  let host: Host
  let strict: Host
  test.before(async () => {
    host = await makeHost(make)
    const emailVerification = {
      sendOnSignUp: true,
      sendVerificationEmail: async ({ user }: { user: { email: string } }) => void strict.mails.set(user.email, 'sent'),
    }
    strict = await makeHost(make, { countersign: { required: true }, auth: { emailVerification } })
  })

  const signedIn = async (person: Person): Promise<Browser> => {
    const browser = host.browser()
    await signIn(browser, person)
    await answer(browser, person)
    return browser
  }

  test(`${kind}: where a factor is required, a sign-up stands, and has its session once one is enrolled`, async (t) => {
    const browser = strict.browser()
    const { email } = await signUp(browser)
    const found = await strict.context.internalAdapter.findUserByEmail(email)
    const id = found?.user.id as string
    t.deepEqual(await strict.sessions(id), [])
    t.is(strict.mails.get(email), 'sent', 'what better-auth does after the commit is done')
    t.deepEqual([...browser.cookies.keys()].filter((name) => name.includes('session')), [])
    t.like(await browser.json('/countersign/session'), { state: 'pending', mayEnrol: true })
    t.is((await enrol(browser, { key: new TestAuthenticator({ userVerified: true }) } as Person)).status, 200)
    t.is(await browser.user(), id)
    t.is((await strict.sessions(id)).length, 1)
    t.is((await strict.context.internalAdapter.findUserById(id) as any).countersignEnrolled, true)
  })

  test(`${kind}: a sign-up with an address that is taken is told so, and is nobody`, async (t) => {
    const { email, password } = await signUp(strict.browser())
    const browser = strict.browser()
    const response = await browser.post('/sign-up/email', { email, password: `${password}!`, name: 'Eve' })
    t.is(response.status, 422)
    t.is((await browser.json('/countersign/session')).state, 'none')
  })

  test(`${kind}: an anonymous user has to enrol too, where a factor is required`, async (t) => {
    const browser = strict.browser()
    t.deepEqual(await browser.json('/sign-in/anonymous', {}), { secondFactorRequired: true, page })
    t.is(await browser.user(), undefined)
  })

  test(`${kind}: a policy gives a user without a factor time, and afterwards no session`, async (t) => {
    let now = Date.now()
    let fails = false
    const policy = () => {
      if (fails) throw new Error('no database')
      return { require: true, by: now + 86_400_000 }
    }
    const due = await makeHost(make, { countersign: { policy, now: () => now } })
    const { email, password } = await signUp(due.browser())
    const id = (await due.context.internalAdapter.findUserByEmail(email))?.user.id as string
    const deadlines = [{ require: {}, by: now + 86_400_000 }]
    t.deepEqual((await due.service.status(id)).deadlines, deadlines, 'since the sign-up, whose transaction it does not wait for')
    const first = due.browser()
    await first.post('/sign-in/email', { email, password })
    t.is(await first.user(), id)
    t.like(await first.json('/countersign/session'), { state: 'verified', enforcement: { state: 'expiring' } })
    const before = (await due.sessions(id)).length
    now += 86_400_000
    const late = due.browser()
    t.deepEqual(await late.json('/sign-in/email', { email, password }), { secondFactorRequired: true, page })
    t.is(await late.user(), undefined)
    t.like(await late.json('/countersign/session'), { state: 'pending', enforcement: { state: 'required' } })
    fails = true
    const failed = due.browser()
    t.true((await failed.post('/sign-in/email', { email, password })).status >= 500)
    t.is(await failed.user(), undefined)
    t.is((await due.sessions(id)).length, before)
  })

  test(`${kind}: after it, a weaker factor makes no session: what is required has to be enrolled`, async (t) => {
    let strict = false
    const policy = () => (strict ? { require: { deviceBound: true } } : null)
    const due = await makeHost(make, { countersign: { policy } })
    const first = due.browser()
    const person = await signUp(first)
    person.key = new TestAuthenticator({ userVerified: true, backupEligible: true })
    t.is((await enrol(first, person)).status, 200)
    await due.context.internalAdapter.deleteUserSessions(person.id)
    strict = true

    const byPassword = due.browser()
    await signIn(byPassword, person)
    const before = new Map(byPassword.cookies)
    t.like(await (await answer(byPassword, person)).json(), { ok: true, enrolmentRequired: true })
    t.is(await byPassword.user(), undefined)
    t.like(await byPassword.json('/countersign/session'), { state: 'pending', answered: true, mayEnrol: true })
    const old = due.browser()
    for (const [name, value] of before) old.cookies.set(name, value)
    t.like(await old.json('/countersign/session'), { state: 'none' }, 'it has another id now')

    const byPasskey = due.browser()
    const { webauthn } = await byPasskey.json('/countersign/passkey/challenge', {})
    const response = person.key.get(webauthn, { origin })
    const verified = await byPasskey.post('/countersign/passkey/verify', { answer: { type: 'webauthn', response } })
    t.like(await verified.json(), { ok: true, enrolmentRequired: true })
    t.is(await byPasskey.user(), undefined)
    t.like(await byPasskey.json('/countersign/session'), { state: 'pending', answered: true })
    t.is((await due.sessions(person.id)).length, 0)
    t.is((await enrol(byPasskey, { ...person, key: new TestAuthenticator({ userVerified: true }) })).status, 200)
    t.is(await byPasskey.user(), person.id)
    t.is(await byPassword.user(), undefined)
  })

  test(`${kind}: an anonymous user who signs in is linked when the second factor is proved, not before`, async (t) => {
    const person = await makePerson(host)
    const browser = host.browser()
    const anonymous = (await browser.json('/sign-in/anonymous', {})).user.id
    await signIn(browser, person)
    t.false(host.linked.includes(anonymous))
    t.is(await browser.user(), anonymous, 'still the one it was')
    await answer(browser, person)
    t.is(await browser.user(), person.id)
    t.true(host.linked.includes(anonymous))
    t.is(await host.context.internalAdapter.findUserById(anonymous), null)
  })

  test(`${kind}: a new password replaces a session that was proved, with its proof`, async (t) => {
    const person = await makePerson(host)
    const browser = await signedIn(person)
    const [before] = await host.sessions(person.id)
    const change = { currentPassword: person.password, newPassword: `${person.password}!`, revokeOtherSessions: true }
    const response = await browser.post('/change-password', change)
    t.is(response.status, 200)
    const sessions = await host.sessions(person.id)
    t.is(sessions.length, 1)
    t.not(sessions[0]?.token, before?.token)
    t.deepEqual(sessions[0]?.countersignAt, before?.countersignAt)
    t.truthy(before?.countersignAssurance)
    t.is(sessions[0]?.countersignAssurance, before?.countersignAssurance)
    t.is(await browser.user(), person.id)
  })

  test(`${kind}: a session that was never proved is not replaced`, async (t) => {
    const person = await makePerson(host)
    const browser = await signedIn(person)
    await host.context.adapter.updateMany({
      model: 'session', where: [{ field: 'userId', value: person.id }], update: { countersignAt: null },
    })
    const change = { currentPassword: person.password, newPassword: `${person.password}!`, revokeOtherSessions: true }
    t.deepEqual(await browser.json('/change-password', change), { secondFactorRequired: true, page })
    t.deepEqual(await host.sessions(person.id), [])
  })

  test(`${kind}: a passkey of better-auth's own is registered, and gives no second session`, async (t) => {
    const person = await makePerson(host)
    const browser = await signedIn(person)
    const options = await browser.json('/passkey/generate-register-options')
    const response = new TestAuthenticator({ userVerified: true }).create(options, { origin })
    const made = await browser.json('/passkey/verify-registration', { response, createSession: true })
    t.deepEqual(made, { secondFactorRequired: true, page })
    t.is((await host.context.adapter.count({ model: 'passkey', where: [{ field: 'userId', value: person.id }] })), 1)
    t.is((await host.sessions(person.id)).length, 1)
  })

  test(`${kind}: a device gets a session if who approves it has just proved the second factor`, async (t) => {
    const person = await makePerson(host)
    const browser = await signedIn(person)
    const device = host.browser()
    const start = async () => {
      const codes = await device.json('/device/code', { client_id: 'tv' })
      await browser.fetch(`/device?user_code=${codes.user_code}`)
      return codes
    }
    const redeem = (codes: any) => device.json('/device/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: codes.device_code, client_id: 'tv',
    })
    const good = await start()
    t.deepEqual(await browser.json('/device/approve', { userCode: good.user_code }), { success: true })
    const [one, two] = await Promise.all([redeem(good), redeem(good)])
    t.is([one, two].filter(({ access_token: token }) => typeof token === 'string').length, 1, JSON.stringify([one, two]))
    t.is((await host.sessions(person.id)).length, 2)

    const old = new Date(Date.now() - 3_600_000)
    const mine = [{ field: 'userId', value: person.id }]
    await host.context.adapter.updateMany({ model: 'session', where: mine, update: { countersignAt: old } })
    const stale = await start()
    const refused = await browser.post('/device/approve', { userCode: stale.user_code })
    t.is(refused.status, 403)
    t.is((await refused.json() as any).code, 'STEP_UP_REQUIRED')

    // Approved before the plugin was there.
    await host.context.adapter.updateMany({
      model: 'deviceCode', where: [{ field: 'userCode', value: stale.user_code }], update: { status: 'approved', userId: person.id },
    })
    t.like(await redeem(stale), { error: 'access_denied' })
    t.is((await host.sessions(person.id)).length, 2)
    t.deepEqual([...device.cookies.keys()].filter((name) => name.includes('countersign_pending')), [])
  })

  test(`${kind}: an administrator may act as a user, and not touch the user's factors`, async (t) => {
    const [person, boss] = [await makePerson(host), await makePerson(host)]
    await host.context.internalAdapter.updateUser(boss.id, { role: 'admin' })
    const browser = await signedIn(boss)
    t.is((await browser.post('/admin/impersonate-user', { userId: person.id })).status, 200)
    t.is(await browser.user(), person.id)
    for (const path of ['/countersign/factors', '/countersign/status']) t.is((await browser.fetch(path)).status, 401)
    t.is((await browser.post('/countersign/challenge')).status, 401)
    const change = { currentPassword: person.password, newPassword: `${person.password}!`, revokeOtherSessions: true }
    t.deepEqual(await browser.json('/change-password', change), { secondFactorRequired: true, page })
    t.deepEqual(await host.sessions(person.id), [])
  })

  test(`${kind}: an endpoint that is exempt makes a session, which proves nothing`, async (t) => {
    const other = await makeHost(make, { countersign: { exempt: ['/sign-in/email'] } })
    const person = await makePerson(other)
    const browser = other.browser()
    t.is((await signIn(browser, person)).status, 200)
    t.is(await browser.user(), person.id)
    t.is((await other.sessions(person.id))[0]?.countersignAt ?? null, null)
    t.like(await browser.json('/countersign/session'), { state: 'verified', fresh: false })
    t.like(await browser.json('/countersign/recovery-codes', {}), { type: 'urn:countersign:problem:step-up-required' })
    t.is((await answer(browser, person)).status, 200)
    t.like(await browser.json('/countersign/session'), { state: 'verified', fresh: true })
    t.deepEqual(await other.browser().json('/sign-in/username', { username: person.username, password: person.password }), {
      secondFactorRequired: true, page,
    })
  })

  test(`${kind}: a hook of the host that gives a session to somebody else does not get by`, async (t) => {
    const victim: { id?: string } = {}
    const databaseHooks = { session: { create: { before: async () => (victim.id ? { data: { userId: victim.id } } : undefined) } } }
    const other = await makeHost(make, { auth: { databaseHooks } as never })
    const person = await makePerson(other)
    const [browser, hers] = [other.browser(), other.browser()]
    const eve = await signUp(hers)
    victim.id = person.id
    t.deepEqual(await (await signIn(browser, eve)).json(), { secondFactorRequired: true, page })
    t.deepEqual(await other.sessions(person.id), [])
    // Nor with a factor of the one whose session it was to be.
    victim.id = undefined as never
    const mallory = await makePerson(other)
    const third = other.browser()
    await signIn(third, mallory)
    victim.id = person.id
    await answer(third, mallory)
    t.deepEqual(await other.sessions(person.id), [])
    t.is(await third.user(), undefined)
  })

  test(`${kind}: a session that is not to be remembered ends with the browser, after the second factor too`, async (t) => {
    const person = await makePerson(host)
    for (const rememberMe of [false, true]) {
      const browser = host.browser()
      await signIn(browser, person, { rememberMe })
      const response = await answer(browser, person)
      const [line = ''] = response.headers.getSetCookie().filter((one) => one.startsWith('better-auth.session_token='))
      t.is(/max-age/i.test(line), rememberMe, line)
    }
  })

  test(`${kind}: a browser that posts a form is sent to the page`, async (t) => {
    const person = await makePerson(host)
    const browser = host.browser()
    const body = { email: person.email, password: person.password, callbackURL: '/home' }
    const response = await browser.post('/sign-in/email', body, { 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'same-origin' })
    t.deepEqual([response.status, response.headers.get('location')], [302, page])
    t.deepEqual(await host.sessions(person.id), [])
    t.is((await answer(browser, person)).status, 200)
    t.is((await browser.fetch('/countersign/continue')).headers.get('location'), '/home')
  })

  test(`${kind}: a page on another origin may call if both lists of the host name it`, async (t) => {
    const [named, other] = ['http://app.localhost:3000', 'http://localhost:4000']
    const split = await makeHost(make, {
      countersign: { rp: { id: 'localhost', name: 'Example', origins: [origin, named, other] } },
      auth: { trustedOrigins: [named] },
    })
    const browser = split.browser()
    await signUp(browser)
    const from = (page: string) => browser.post('/countersign/factors/totp', {}, { origin: page, 'sec-fetch-site': 'same-site' })
    t.is((await from(named)).status, 200)
    t.is((await from(other)).status, 403)
    t.is((await from('http://evil.localhost:3000')).status, 403)
  })

  test(`${kind}: a token for once and a second account hand over sessions that are there, and make none`, async (t) => {
    const person = await makePerson(host)
    const browser = await signedIn(person)
    const { token } = await browser.json('/one-time-token/generate')
    const other = host.browser()
    t.is((await other.post('/one-time-token/verify', { token })).status, 200)
    t.is(await other.user(), person.id)
    const [{ session }] = await browser.json('/multi-session/list-device-sessions')
    t.is((await browser.post('/multi-session/set-active', { sessionToken: session.token })).status, 200)
    t.is((await host.sessions(person.id)).length, 1)
  })

  test(`${kind}: a bearer token is of the session that was proved`, async (t) => {
    const person = await makePerson(host)
    const browser = host.browser()
    await signIn(browser, person)
    const response = await answer(browser, person)
    const token = response.headers.get('set-auth-token')
    t.is(typeof token, 'string')
    const client = host.browser()
    const got = await client.fetch('/countersign/factors', { headers: { authorization: `Bearer ${token}` } })
    t.is(got.status, 200)
    t.is((await got.json() as any).factors.length, 1)
  })

  test(`${kind}: clients can't write what the plugin keeps`, async (t) => {
    const browser = host.browser()
    const person = await signUp(browser, { countersignEnrolled: true })
    const read = async () => (await host.context.internalAdapter.findUserByEmail(person.email))?.user as any
    t.falsy((await read())?.countersignEnrolled)
    const known = person.id ? person : await signUp(browser)
    for (const [path, body] of [
      ['/update-session', { countersignAt: new Date(), countersignAssurance: '{}' }],
      ['/update-user', { name: 'Eve', countersignEnrolled: true }],
    ] as const) await browser.post(path, body)
    const [session] = await host.sessions(known.id)
    t.is(session?.countersignAt ?? null, null)
    t.falsy(((await host.context.internalAdapter.findUserById(known.id)) as any).countersignEnrolled)
  })

  test(`${kind}: a session in the secondary storage alone waits as well`, async (t) => {
    const kept = new Map<string, string>()
    const secondaryStorage = {
      get: async (key: string) => kept.get(key) ?? null,
      set: async (key: string, value: string) => void kept.set(key, value),
      delete: async (key: string) => void kept.delete(key),
      getAndDelete: async (key: string) => {
        const value = kept.get(key) ?? null
        kept.delete(key)
        return value
      },
    }
    const other = await makeHost(make, { auth: { secondaryStorage } as never })
    const person = await makePerson(other)
    const active = () => [...kept].filter(([, value]) => value.includes('"session":{') && value.includes(person.id))
    t.deepEqual(active(), [])
    const browser = other.browser()
    t.deepEqual(await (await signIn(browser, person)).json(), { secondFactorRequired: true, page })
    t.deepEqual(active(), [])
    t.is((await answer(browser, person)).status, 200)
    t.is(active().length, 1)
    t.is(await browser.user(), person.id)
    t.is((await browser.fetch('/countersign/factors')).status, 200)
  })

  test(`${kind}: when an account is deleted, its factors go too`, async (t) => {
    const person = await makePerson(host)
    t.is((await host.service.factors(person.id)).length, 1)
    await host.context.internalAdapter.deleteUser(person.id)
    t.is((await host.service.factors(person.id)).length, 0)
  })
}

if (Object.keys(databases).length === 0) test.skip('no database is there', () => {})
onNewerNode(import.meta.url)
