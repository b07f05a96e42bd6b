// What people try who know a first factor and no second one.
import test from 'ava'
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'

import { countersign, serviceOf } from '../../facade/better-auth/index.js'
import { databases, onNewerNode } from '../helpers/better-auth.js'
import { answer, enrol, makeHost, makePerson, origin, page, rp, signIn, signUp } from './host.js'
import type { Browser, Host, Person } from './host.js'

const pendingCookie = 'better-auth.countersign_pending'

for (const [kind, make] of Object.entries(databases)) {
  let host: Host
  test.before(async () => void (host = await makeHost(make)))

  const sessionsOf = async ({ id }: Person) => (await host.sessions(id)).length

  test(`${kind}: a sign-in belongs to the browser that began it`, async (t) => {
    const person = await makePerson(host)
    const [browser, other] = [host.browser(), host.browser()]
    await signIn(browser, person)
    const { challenge } = await browser.json('/countersign/challenge', {})
    const body = { answer: { type: 'webauthn', response: person.key.get(challenge.webauthn, { origin }) } }
    t.is((await other.post('/countersign/verify', body)).status, 401)
    const [value = ''] = [browser.cookies.get(pendingCookie)]
    for (const forged of ['', 'x', value.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')), value.split('.')[0] as string]) {
      other.cookies.set(pendingCookie, forged)
      t.is((await other.post('/countersign/verify', body)).status, 401, forged)
    }
    t.is(await sessionsOf(person), 0)
    t.is((await browser.post('/countersign/verify', body)).status, 200)
  })

  test(`${kind}: a sign-in half done ends with a sign-out, a new password, and a session of somebody else`, async (t) => {
    const person = await makePerson(host)
    const { internalAdapter } = host.context
    const ends: Record<string, (browser: Browser) => Promise<unknown>> = {
      'sign-out': (browser) => browser.post('/sign-out', {}),
      'a new password': () => internalAdapter.updatePassword(person.id, 'the hash of another one'),
    }
    for (const [title, end] of Object.entries(ends)) {
      const browser = host.browser()
      await signIn(browser, person)
      t.like(await browser.json('/countersign/session'), { state: 'pending' }, title)
      const before = new Map(browser.cookies)
      await end(browser)
      // The browser may send the cookie again.
      for (const [name, value] of before) browser.cookies.set(name, value)
      t.like(await browser.json('/countersign/session'), { state: 'none' }, title)
      t.is((await answer(browser, person).catch(() => ({ status: 401 }))).status, 401, title)
    }
    t.is(await sessionsOf(person), 0)

    const [ann, browser] = [await makePerson(host), host.browser()]
    await signIn(browser, ann)
    const bob = await signUp(browser)
    t.is(await browser.user(), bob.id)
    t.like(await browser.json('/countersign/session'), { state: 'verified' })
    t.is((await enrol(browser, bob)).status, 200)
    t.is(await browser.user(), bob.id)
    t.is(await sessionsOf(ann), 0)
  })

  test(`${kind}: a first factor ends every other session, however many there are`, async (t) => {
    const [browser, other] = [host.browser(), host.browser()]
    const person = await signUp(browser)
    for (let made = 0; made < 120; made += 1) await host.context.internalAdapter.createSession(person.id)
    await signIn(other, person)
    t.is((await enrol(browser, person)).status, 200)
    t.is(await sessionsOf(person), 1)
    t.is(await browser.user(), person.id)
  })

  test(`${kind}: another user's factor answers nothing`, async (t) => {
    const [ann, eve] = [await makePerson(host), await makePerson(host)]
    const [browser, hers] = [host.browser(), host.browser()]
    await signIn(browser, ann)
    await signIn(hers, eve)
    const { challenge } = await hers.json('/countersign/challenge', {})
    const body = { answer: { type: 'webauthn', response: eve.key.get(challenge.webauthn, { origin }) } }
    t.is((await browser.post('/countersign/verify', body)).status, 403)
    t.deepEqual([await sessionsOf(ann), await sessionsOf(eve)], [0, 0])
    t.like(await browser.json('/countersign/session'), { state: 'pending' })
    // Eve's own session opens nothing of the sign-in that waits in her browser for Ann.
    await answer(hers, eve)
    t.deepEqual(await (await signIn(hers, ann)).json(), { secondFactorRequired: true, page })
    t.like(await hers.json('/countersign/factors'), { type: 'urn:countersign:problem:second-factor-required' })
    const asked = (await hers.json('/countersign/challenge', {})).challenge.webauthn
    const forced = eve.key.get(asked, { origin, credentialId: eve.key.credentials[0]?.id as string })
    t.is((await hers.post('/countersign/verify', { answer: { type: 'webauthn', response: forced } })).status, 403)
    t.is(await hers.user(), eve.id)
  })

  test(`${kind}: of any number of right answers at once one makes a session`, async (t) => {
    const person = await makePerson(host)
    const [setUp, browser] = [host.browser(), host.browser()]
    await signIn(setUp, person)
    await answer(setUp, person)
    const { codes } = await setUp.json('/countersign/recovery-codes', {})
    await host.context.internalAdapter.deleteUserSessions(person.id)
    await signIn(browser, person)
    const copies = codes.map(() => Object.assign(host.browser(), { cookies: new Map(browser.cookies) })) as Browser[]
    const answers = await Promise.all(
      copies.map((copy, index) => copy.post('/countersign/verify', { answer: { type: 'recovery', code: codes[index] } })),
    )
    t.deepEqual(answers.map(({ status }) => status).toSorted(), [200, ...codes.slice(1).map(() => 401)])
    t.is(await sessionsOf(person), 1)
    t.deepEqual((await Promise.all(copies.map((copy) => copy.user()))).filter(Boolean), [person.id])
  })

  test(`${kind}: an answer counts once, and so does a sign-in`, async (t) => {
    const person = await makePerson(host)
    const browser = host.browser()
    await signIn(browser, person)
    const replay = Object.assign(host.browser(), { cookies: new Map(browser.cookies) }) as Browser
    const { challenge } = await browser.json('/countersign/challenge', {})
    const body = { answer: { type: 'webauthn', response: person.key.get(challenge.webauthn, { origin }) } }
    t.is((await browser.post('/countersign/verify', body)).status, 200)
    t.is((await replay.post('/countersign/verify', body)).status, 401)
    t.is((await replay.post('/countersign/challenge')).status, 401)
    t.is(await sessionsOf(person), 1)
    t.is(await replay.user(), undefined)
  })

  test(`${kind}: a sign-in that waited too long, or was given up, is over`, async (t) => {
    const person = await makePerson(host)
    const [late, gone] = [host.browser(), host.browser()]
    await signIn(late, person)
    const { challenge } = await late.json('/countersign/challenge', {})
    const where = [{ field: 'identifier', operator: 'starts_with', value: 'countersign-' } as const]
    const waiting = (await host.context.adapter.findMany({ model: 'verification', where, limit: 1000 })) as any[]
    const { id } = waiting.find(({ value }) => JSON.parse(value).user === person.id)
    await host.context.adapter.update({ model: 'verification', where: [{ field: 'id', value: id }], update: { expiresAt: new Date(0) } })
    const body = { answer: { type: 'webauthn', response: person.key.get(challenge.webauthn, { origin }) } }
    t.is((await late.post('/countersign/verify', body)).status, 401)

    await signIn(gone, person)
    const copy = Object.assign(host.browser(), { cookies: new Map(gone.cookies) }) as Browser
    t.deepEqual(await gone.json('/countersign/cancel', {}), { ok: true })
    t.is((await copy.post('/countersign/challenge')).status, 401)
    t.is(await sessionsOf(person), 0)
  })

  test(`${kind}: guessing ends the sign-in once it is locked`, async (t) => {
    const person = await makePerson(host)
    const browser = host.browser()
    const { enrolment, secret } = await host.service.beginTotp(person.id, { account: person.email })
    const { totpAt } = await import('../../facade/testing/totp-at.js')
    t.true((await host.service.finishTotp(person.id, { enrolment, code: totpAt(secret, Date.now()), description: 'app' })).ok)
    await signIn(browser, person)
    const right = totpAt(secret, Date.now() + 30_000)
    const wrong = ['111111', '222222'].find((code) => code !== right)
    let status = 0
    for (let guess = 0; guess < 9 && status !== 401; guess += 1) {
      status = (await browser.post('/countersign/verify', { answer: { type: 'totp', code: wrong } })).status
    }
    t.is((await browser.post('/countersign/verify', { answer: { type: 'totp', code: right } })).status, 401)
    t.is((await browser.json('/countersign/session')).state, 'none')
    t.is(await sessionsOf(person), 0)
  })

  test(`${kind}: a record that was lost is no way in`, async (t) => {
    const person = await makePerson(host)
    await host.service.removeUser(person.id)
    const browser = host.browser()
    t.is((await signIn(browser, person).catch(() => ({ status: 500 }))).status, 500)
    t.is(await sessionsOf(person), 0)
    t.is(await browser.user(), undefined)
  })

  test(`${kind}: a last factor that was removed leaves the password`, async (t) => {
    const person = await makePerson(host)
    const browser = host.browser()
    await signIn(browser, person)
    await answer(browser, person)
    const { factors } = await browser.json('/countersign/factors')
    const removed = await browser.fetch(`/countersign/factors/${factors[0].id}`, { method: 'DELETE', body: {} })
    t.is(removed.status, 200)
    const other = host.browser()
    await signIn(other, person)
    t.is(await other.user(), person.id)
  })

  test(`${kind}: a factor enrolled while a session is made ends that session`, async (t) => {
    let meanwhile = async (_id: string): Promise<void> => {}
    const busy = await makeHost(make, {
      countersign: {
        async required({ id }) {
          await meanwhile(id)
          return false
        },
      },
    })
    const browser = busy.browser()
    const person = await signUp(browser)
    meanwhile = async () => {
      meanwhile = async () => {}
      const response = await enrol(browser, person)
      t.is(response.status, 200, await response.text())
    }
    const other = busy.browser()
    t.deepEqual(await (await signIn(other, person)).json(), { secondFactorRequired: true, page })
    t.is((await busy.sessions(person.id)).length, 1, 'the one that enrolled')
    t.is(await other.user(), undefined)
    t.is(await browser.user(), person.id)
  })

  test(`${kind}: the first factor ends the other sessions, which knew the password alone`, async (t) => {
    const [browser, other] = [host.browser(), host.browser()]
    const person = await signUp(browser)
    await signIn(other, person)
    t.is(await sessionsOf(person), 2)
    t.is((await enrol(browser, person)).status, 200)
    t.is(await sessionsOf(person), 1)
    t.deepEqual([await browser.user(), await other.user()], [person.id, undefined])
  })

  test(`${kind}: a recovery code ends the other sessions, which may be on a device that is lost`, async (t) => {
    const person = await makePerson(host)
    const [lost, browser] = [host.browser(), host.browser()]
    await signIn(lost, person)
    await answer(lost, person)
    const { codes } = await lost.json('/countersign/recovery-codes', {})
    const recover = (code: string) => browser.post('/countersign/verify', { answer: { type: 'recovery', code } })
    await signIn(browser, person)
    t.is(await lost.user(), person.id)
    t.is((await recover(codes[0])).status, 200)
    t.deepEqual([await lost.user(), await browser.user()], [undefined, person.id])
    // In a step-up too.
    await signIn(lost, person)
    await answer(lost, person)
    t.is(await sessionsOf(person), 2)
    t.is((await recover(codes[1])).status, 200)
    t.deepEqual([await lost.user(), await browser.user()], [undefined, person.id])
    t.is(await sessionsOf(person), 1)
  })

  test(`${kind}: sessions of a user whose factors an administrator removes are over`, async (t) => {
    const guarded = await makeHost(make, { countersign: { admin: (_request, { name }) => name === bossName && 'the boss' } })
    const [boss, person] = [await makePerson(guarded), await makePerson(guarded)]
    const bossName = boss.email
    const [desk, thief] = [guarded.browser(), guarded.browser()]
    for (const [browser, who] of [[desk, boss], [thief, person]] as const) {
      await signIn(browser, who)
      await answer(browser, who)
    }
    const [factor] = await guarded.service.factors(person.id)
    const path = `/countersign/admin/users/${person.id}/factors/${factor!.id}`
    t.is((await thief.fetch(path, { method: 'DELETE', body: {} })).status, 403)
    t.is(await thief.user(), person.id)
    t.is((await desk.fetch(path, { method: 'DELETE', body: {} })).status, 200)
    t.deepEqual([await thief.user(), await desk.user()], [undefined, boss.id])
    t.is((await guarded.sessions(person.id)).length, 0)
  })

  test(`${kind}: a passkey alone signs in, once for a challenge, in the browser that asked`, async (t) => {
    const person = await makePerson(host)
    const [browser, other] = [host.browser(), host.browser()]
    const { webauthn } = await browser.json('/countersign/passkey/challenge', {})
    const body = { answer: { type: 'webauthn', response: person.key.get(webauthn, { origin }) } }
    t.is((await other.post('/countersign/passkey/verify', body)).status, 403)
    const answers = await Promise.all([1, 2, 3].map(() => browser.post('/countersign/passkey/verify', body)))
    t.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 403, 403])
    t.is(await browser.user(), person.id)
    t.is(await sessionsOf(person), 1)
  })

  test(`${kind}: a user who is banned can't sign in with a passkey either`, async (t) => {
    const person = await makePerson(host)
    await host.context.internalAdapter.updateUser(person.id, { banned: true })
    const browser = host.browser()
    const { webauthn } = await browser.json('/countersign/passkey/challenge', {})
    const body = { answer: { type: 'webauthn', response: person.key.get(webauthn, { origin }) } }
    t.is((await browser.post('/countersign/passkey/verify', body)).status, 403)
    t.is(await sessionsOf(person), 0)
    t.is(await browser.user(), undefined)
  })

  test(`${kind}: a step-up gives the session another token, and one that was signed out stays so`, async (t) => {
    const person = await makePerson(host)
    const browser = host.browser()
    await signIn(browser, person)
    await answer(browser, person)
    const old = Object.assign(host.browser(), { cookies: new Map(browser.cookies) }) as Browser
    t.is((await answer(browser, person)).status, 200)
    t.deepEqual([await browser.user(), await old.user(), await sessionsOf(person)], [person.id, undefined, 1])
    const { challenge } = await browser.json('/countersign/challenge', {})
    const body = { answer: { type: 'webauthn', response: person.key.get(challenge.webauthn, { origin }) } }
    const late = Object.assign(host.browser(), { cookies: new Map(browser.cookies) }) as Browser
    await browser.post('/sign-out')
    t.is((await late.post('/countersign/verify', body)).status, 401)
    t.is(await sessionsOf(person), 0)
  })

  test(`${kind}: a sign-in goes on where it was to lead to, on this site alone`, async (t) => {
    const person = await makePerson(host)
    for (const [callbackURL, target] of [['/home?a=b', '/home?a=b'], [`${origin}/x`, `${origin}/x`]] as const) {
      const browser = host.browser()
      await signIn(browser, person, { callbackURL })
      await answer(browser, person)
      const response = await browser.fetch('/countersign/continue')
      t.deepEqual([response.status, response.headers.get('location')], [302, target])
      t.is((await browser.fetch('/countersign/continue')).headers.get('location'), '/', 'once')
    }
    for (const callbackURL of ['https://evil.example/', '//evil.example', String.raw`/\evil.example`, 'javascript:0']) {
      const browser = host.browser()
      // better-auth checks it too, but not for each client.
      if ((await signIn(browser, person, { callbackURL })).status !== 200) continue
      await answer(browser, person)
      t.is((await browser.fetch('/countersign/continue')).headers.get('location'), '/', callbackURL)
    }
  })

  test(`${kind}: a page of another site changes nothing`, async (t) => {
    const person = await makePerson(host)
    const browser = host.browser()
    await signIn(browser, person)
    const response = await browser.post('/countersign/challenge', {}, { origin: 'https://evil.example' })
    t.is(response.status, 403)
  })

  test(`${kind}: code of the server that makes a session meets the guard too`, async (t) => {
    const person = await makePerson(host)
    const error = await t.throwsAsync(host.context.internalAdapter.createSession(person.id))
    t.is((error as any).body.code, 'SECOND_FACTOR_REQUIRED')
    t.is(await sessionsOf(person), 0)
    const called = (await (host.auth.api as any).signInEmail({ body: { email: person.email, password: person.password } })) as object
    t.deepEqual(called, { secondFactorRequired: true, page })
    t.is(await sessionsOf(person), 0)
  })
}

test('what is set up wrongly says so', async (t) => {
  const wrong = [undefined, {}, { rp }, { rp, page: 'two-step' }, { rp, page: '//evil.example' }, { rp, page: String.raw`/\\evil.example` }, { rp, page: 'javascript:0' }, { rp, page, exempt: ['x'] }, { rp, page, pendingSeconds: 5 }]
  for (const options of wrong) t.throws(() => countersign(options as never), { code: 'invalid-argument' })
  const memory = memoryAdapter({ user: [], session: [], account: [], verification: [] })
  const start = (plugins: any[]) => betterAuth({ baseURL: origin, secret: 'a secret of the tests, and of nothing else', database: memory, plugins }).$context
  await t.throwsAsync(start([countersign({ rp, page })]), { code: 'not-supported', message: /memory adapter/ })
  await t.throwsAsync(start([countersign({ rp, page }), countersign({ rp, page })]), { code: 'invalid-argument', message: /once/ })
  await t.throwsAsync(start([countersign({ rp: { ...rp, id: 'http://x' }, page })]), { message: /rp\.id|memory/ })
  await t.throwsAsync(serviceOf({ $context: start([]) }), { code: 'invalid-argument', message: /plugin countersign/ })
})

onNewerNode(import.meta.url)
