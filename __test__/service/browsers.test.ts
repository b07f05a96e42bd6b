// On every store: what a remembered browser is good for, and what it is not.
import test from 'ava'

import type { Countersign, RecognisedBrowser, Store } from '../../index.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { invalidArgument } from '../helpers/invalid-argument.js'
import { sealedStore } from '../helpers/sealed.js'
import { Fixture, wrongCode } from '../helpers/service.js'
import { stores } from '../helpers/stores.js'

const user = 'ann'
const day = 86_400_000

const all: Record<string, () => Promise<Store>> = { ...stores }
for (const name of ['memory', 'directory', 'postgres', 'redis'] as const) {
  const make = stores[name]
  if (make) all[`${name}, sealed`] = async () => sealedStore(await make())
}

for (const [name, make] of Object.entries(all)) {
  test(`${name}: a browser is remembered, signs in without a factor, and its token is replaced each time`, async (t) => {
    const { fixture, service, remember } = await open(await make())
    const { token, expires } = await remember('Firefox on Linux')
    t.is(expires, fixture.now + 30 * day)
    const again = await service.challenge(user, { browser: token, enrolled: true })
    t.like(again, { remembered: true, expires })
    const next = (again as RecognisedBrowser).token!
    t.regex(next, /^[\w-]{64}$/)
    t.not(next, token)
    fixture.now += 5_000
    const grace = await service.challenge(user, { browser: token })
    t.deepEqual(Object.keys(grace!).sort(), ['assurance', 'remembered'])
    const [listed, ...others] = await service.browsers(user, { browser: next })
    t.like(listed, { label: 'Firefox on Linux', lastUsed: fixture.now - 5_000, expires, current: true })
    t.deepEqual(others, [])
    t.is(listed!.created, Math.floor((expires - 30 * day) / 1000) * 1000)
    t.deepEqual(told(fixture), ['browser-remembered', 'browser-recognised', 'browser-recognised'])
    t.true(fixture.events.filter(({ browser }) => browser).every(({ browser }) => browser === listed!.id))
    // What is stored and told opens nothing.
    const record = await fixture.store.read(user)
    for (const secret of [token, next, token.slice(0, 20)]) {
      t.false(`${record} ${JSON.stringify(fixture.events)} ${JSON.stringify(listed)}`.includes(secret))
    }
  })

  test(`${name}: of 50 requests at once one gets the next token, and nobody is signed out`, async (t) => {
    const { fixture, service, remember } = await open(await make())
    const other = await fixture.another()
    const { token } = await remember()
    const ask = (_: unknown, at: number) => (at % 2 ? service : other).challenge(user, { browser: token })
    const answers = await Promise.all(Array.from({ length: 50 }, ask))
    t.true(answers.every((answer) => answer?.remembered === true))
    const tokens = answers.flatMap((answer) => (answer as RecognisedBrowser).token ?? [])
    t.is(tokens.length, 1)
    t.is((await service.browsers(user)).length, 1)
    t.false(told(fixture).includes('browser-token-reused'))
    t.like(await service.challenge(user, { browser: tokens[0] }), { remembered: true })
  })

  test(`${name}: an old token ends its browser, and only that one`, async (t) => {
    const { fixture, service, remember } = await open(await make())
    const [{ token }, other] = [await remember(), await remember('other')]
    const { token: next } = (await service.challenge(user, { browser: token })) as RecognisedBrowser
    fixture.now += 10_001
    t.true(isChallenge(await service.challenge(user, { browser: token })))
    t.is(told(fixture).at(-1), 'browser-token-reused')
    t.true(isChallenge(await service.challenge(user, { browser: next })))
    t.deepEqual((await service.browsers(user)).map(({ label }) => label), ['other'])
    t.like(await service.challenge(user, { browser: other.token }), { remembered: true })
  })

  test(`${name}: one browser or all are forgotten`, async (t) => {
    const { fixture, service, remember } = await open(await make())
    const [first, second] = [await remember('first'), await remember('second')]
    const { id } = (await service.browsers(user, { browser: first.token })).find(({ current }) => current)!
    for (const none of ['', 'none', '\ud800', 7 as never, null as never, 'x'.repeat(1000)]) {
      t.false(await service.forgetBrowser(user, none))
    }
    t.true(await service.forgetBrowser(user, id, { by: 'root' }))
    t.false(await service.forgetBrowser(user, id))
    t.like(fixture.events.at(-1), { type: 'browser-forgotten', browser: id, by: 'root' })
    t.true(isChallenge(await service.challenge(user, { browser: first.token })))
    const { token } = (await service.challenge(user, { browser: second.token })) as RecognisedBrowser
    t.is(await service.forgetBrowsers(user), 1)
    t.is(await service.forgetBrowsers(user), 0)
    // Both of them, also within the ten seconds.
    for (const browser of [token, second.token]) t.true(isChallenge(await service.challenge(user, { browser })))
    t.deepEqual(await service.browsers(user), [])
  })

  test(`${name}: once forgotten, no request that begins later is let in`, async (t) => {
    const { service, remember } = await open(await make())
    const { token } = await remember()
    const during = Array.from({ length: 10 }, () => service.challenge(user, { browser: token }))
    await service.forgetBrowsers(user)
    const after = await Promise.all(Array.from({ length: 10 }, () => service.challenge(user, { browser: token })))
    t.true(after.every(isChallenge))
    await Promise.all(during)
    t.true(isChallenge(await service.challenge(user, { browser: token })))
    t.deepEqual(await service.browsers(user), [])
  })

  test(`${name}: a factor that goes takes the browsers along, and so does a recovery`, async (t) => {
    const { fixture, service, remember } = await open(await make())
    const { factor } = await fixture.enrolTotp(user)
    const codes = await service.createRecoveryCodes(user)
    const ends: [string, () => Promise<unknown>][] = [
      ['recovered', () => service.recover(user, { recovery: codes[0], remove: [] })],
      ['disabled', () => service.updateFactor(user, factor.id, { enable: false })],
      ['removed', () => service.removeFactor(user, factor.id)],
      ['all removed', () => service.removeFactors(user)],
    ]
    for (const [how, end] of ends) {
      const { token } = await remember()
      await end()
      t.false(Boolean((await service.challenge(user, { browser: token }))?.remembered), how)
      t.deepEqual(await service.browsers(user), [], how)
    }
  })

  test(`${name}: a user who is removed and comes again has no browsers`, async (t) => {
    const { fixture, service, remember } = await open(await make())
    const { token } = await remember()
    await service.removeUser(user)
    t.is(await service.challenge(user, { browser: token }), null)
    await t.throwsAsync(service.challenge(user, { browser: token, enrolled: true }), { code: 'record-missing' })
    await fixture.enrolTotp(user)
    t.true(isChallenge(await service.challenge(user, { browser: token })))
  })
}

test('a security key remembers a browser too', async (t) => {
  const fixture = await Fixture.open(await stores.memory())
  const { key } = await fixture.enrolKey(user)
  const answer = await fixture.assertion(user, key)
  const outcome = await fixture.service.verify(user, answer, { remember: { label: 'Safari' } })
  t.true(outcome.ok && outcome.token !== undefined)
  const refused = await fixture.service.verify(user, answer, { remember: {} })
  t.deepEqual(refused, { ok: false, reason: 'rejected' })
  t.is((await fixture.service.browsers(user)).length, 1)
})

test('what is no token of this user is ignored: of another user, of another site, of any type', async (t) => {
  const { fixture, service, remember } = await open(await stores.memory())
  const { token } = await remember()
  await fixture.enrolTotp('bob')
  t.true(isChallenge(await service.challenge('bob', { browser: token })))
  const rp = { id: 'example.org', name: 'Other', origins: ['https://example.org'] }
  t.true(isChallenge(await service.challenge(user, { browser: token, rp })))
  const many: unknown[] = [undefined, null, 7, {}, [token], '', 'x', `${token} `, 'x'.repeat(64), '\ud800'.repeat(64)]
  for (const browser of many) t.true(isChallenge(await service.challenge(user, { browser })), String(browser))
  t.deepEqual(told(fixture), ['browser-remembered'])
  t.like(await service.challenge(user, { browser: token }), { remembered: true })
})

test('nothing of a stranger waits for a lock or writes', async (t) => {
  const { fixture, service, remember } = await open(await stores.memory())
  const { token } = await remember()
  await service.challenge(user, { browser: token })
  let updates = 0
  const { update } = fixture.store
  fixture.store.update = (...args) => {
    updates += 1
    return update.apply(fixture.store, args as never) as never
  }
  await service.challenge(user, { browser: 'x'.repeat(64) })
  await service.challenge(user, { browser: token })
  t.is(updates, 0, 'nor those that cross the one that got the next token')
})

test('a browser is for a sign-in alone', async (t) => {
  const { fixture, service, remember, code } = await open(await stores.memory())
  const { token } = await remember()
  t.true(isChallenge(await service.challenge(user, { browser: token, purpose: 'step-up' })))
  fixture.step()
  const answer = { type: 'totp', code: code() }
  const both = { purpose: 'step-up', remember: {} } as const
  await t.throwsAsync(service.verify(user, answer, both), { message: invalidArgument('remember') })
  t.true((await service.verify(user, answer, { purpose: 'step-up' })).ok, 'nothing was used up')
  t.deepEqual(told(fixture), ['browser-remembered'])
})

test('it does not work while codes are locked', async (t) => {
  const { fixture, service, remember, uri } = await open(await stores.memory())
  const { token } = await remember()
  for (let tries = 0; tries < 8; tries++) {
    await service.verify(user, { type: 'totp', code: wrongCode(uri, fixture.now) })
  }
  const challenge = await service.challenge(user, { browser: token })
  t.like(challenge, { locked: ['totp'] })
  await service.unlock(user)
  t.like(await service.challenge(user, { browser: token }), { remembered: true })
})

test('it lasts thirty days, and a clock that goes back does not change that', async (t) => {
  const { fixture, service, remember, code } = await open(await stores.memory())
  const { token, expires } = await remember()
  const begun = expires - 30 * day
  fixture.now = expires - 1
  const { token: last } = (await service.challenge(user, { browser: token })) as RecognisedBrowser
  fixture.now += 1
  t.true(isChallenge(await service.challenge(user, { browser: last })))
  t.deepEqual(await service.browsers(user), [])
  fixture.now += 30_000
  t.true((await service.verify(user, { type: 'totp', code: code() })).ok)
  fixture.now = begun + day
  t.true(isChallenge(await service.challenge(user, { browser: last })))
})

test('labels are cleaned, never refused', async (t) => {
  const { service, remember } = await open(await stores.memory())
  for (const label of ['a\nb\u202e', '\ud800', '\u{1f511}'.repeat(300)]) await remember(label)
  const labels = (await service.browsers(user)).map((one) => one.label)
  t.deepEqual(labels, ['\u{1f511}'.repeat(255), '', 'a b'])
  for (const remember of [true, 'x', { label: 7 }, { label: 'x', days: 90 }]) {
    await t.throwsAsync(service.verify(user, 'totp:123456', { remember: remember as never }), { code: 'invalid-argument' })
  }
})

test('a wrong answer remembers nothing', async (t) => {
  const { fixture, service, uri } = await open(await stores.memory())
  const code = wrongCode(uri, fixture.now)
  t.deepEqual(await service.verify(user, { type: 'totp', code }, { remember: {} }), { ok: false, reason: 'rejected' })
  t.deepEqual(await service.browsers(user), [])
  t.deepEqual(told(fixture), [])
})

test('an import brings no browsers, and leaves those of the same record', async (t) => {
  const { fixture, service, remember } = await open(await stores.memory())
  const { token } = await remember()
  const data = (await fixture.store.read(user))!
  t.true(data.includes('browsers'))
  t.like(await service.importRecord('bob', data), { ok: true, changed: true })
  t.deepEqual(await service.browsers('bob'), [])
  t.true(isChallenge(await service.challenge('bob', { browser: token })))
  t.like(await service.importRecord(user, data), { ok: true, changed: false })
  t.like(await service.challenge(user, { browser: token }), { remembered: true })
})

test('what can be no id is of no browser, not of one with an empty id', async (t) => {
  const { fixture, service, remember } = await open(await stores.memory())
  await remember()
  const record = JSON.parse((await fixture.store.read(user))!) as { browsers: object[] }
  const browsers = record.browsers.map((browser) => ({ ...browser, id: '' }))
  await fixture.store.update(user, () => ({ record: JSON.stringify({ ...record, browsers }), value: undefined }))
  for (const id of ['\ud800', 'x'.repeat(2 ** 21 + 1), 5 as never]) t.false(await service.forgetBrowser(user, id))
  t.is((await service.browsers(user)).length, 1)
  t.true(await service.forgetBrowser(user, ''))
  await t.throwsAsync(service.forgetBrowser('', '\ud800'), { code: 'invalid-argument' })
})

function told({ events }: Fixture): string[] {
  return events.map(({ type }) => type).filter((type) => type.startsWith('browser-'))
}

function isChallenge(answer: Awaited<ReturnType<Countersign['challenge']>> | RecognisedBrowser): boolean {
  return answer !== null && 'id' in answer && !('remembered' in answer)
}

/** A user with a phone app, in a browser. */
async function open(store: Store) {
  const fixture = await Fixture.open(store)
  const { service } = fixture
  const { uri } = await fixture.enrolTotp(user)
  const code = () => totpAt(uri, fixture.now)
  const remember = async (label = '') => {
    fixture.step()
    const outcome = await service.verify(user, { type: 'totp', code: code() }, { remember: { label } })
    if (!outcome.ok || outcome.token === undefined) throw new Error('not remembered')
    return { token: outcome.token, expires: outcome.expires! }
  }
  return { fixture, service, remember, code, uri }
}
