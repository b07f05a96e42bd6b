import test from 'ava'

import { memoryStore } from '../../facade/stores/index.js'
import { CountersignError } from '../../index.js'
import { Fixture, origin, rp } from '../helpers/service.js'
import { stores } from '../helpers/stores.js'
import { U2fKey, appId } from '../helpers/u2f-key.js'
import { invalidArgument } from '../helpers/invalid-argument.js'

const user = 'ann'

async function seeded(store = memoryStore(), options = {}) {
  const fixture = await Fixture.open(store, { u2f: { appId }, ...options })
  const key = new U2fKey()
  await key.seed(store, user)
  return { fixture, key, service: fixture.service }
}

for (const [name, makeStore] of Object.entries(stores)) {
  test(`${name}: an old key answers in both forms, once each`, async (t) => {
    const { service, key } = await seeded(await makeStore())
    for (let i = 0; i < 2; i++) {
      const raw = await service.challenge(user)
      const { challenge, keys } = raw!.u2f!
      t.deepEqual(challenge, { challenge: raw!.id, appId, version: 'U2F_V2' })
      t.deepEqual(keys, [{ keyHandle: key.handle, version: 'U2F_V2' }])
      const answer = { type: 'u2f', response: key.sign(raw!.u2f!, origin) }
      t.like(await service.verify(user, answer), { ok: true, factor: { type: 'u2f', description: 'old' } })
      t.deepEqual(await service.verify(user, answer), { ok: false, reason: 'rejected' })

      const browser = await service.challenge(user)
      const response = key.assert(browser!.webauthn!, origin)
      const text = `webauthn:${JSON.stringify(response)}`
      t.like(await service.verify(user, text), { ok: true, factor: { type: 'u2f' }, userVerified: false })
      t.deepEqual(await service.verify(user, text), { ok: false, reason: 'rejected' })
    }
    const [factor] = await service.factors(user)
    t.like(factor, { type: 'u2f', enabled: true })
    t.is(typeof factor!.lastUsed, 'number')
  })
}

test('a challenge is answered in one form alone', async (t) => {
  const { service, key } = await seeded()
  const challenge = await service.challenge(user)
  const answers = [
    { type: 'u2f', response: key.sign(challenge!.u2f!, origin) },
    { type: 'webauthn', response: key.assert(challenge!.webauthn!, origin) },
  ]
  const outcomes = await Promise.all(answers.map((answer) => service.verify(user, answer)))
  t.is(outcomes.filter(({ ok }) => ok).length, 1)
})

test('of 50 parallel answers with one challenge exactly one succeeds', async (t) => {
  const { service, key } = await seeded()
  const challenge = await service.challenge(user)
  const answer = { type: 'u2f', response: key.sign(challenge!.u2f!, origin) }
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => service.verify(user, answer)))
  t.is(outcomes.filter(({ ok }) => ok).length, 1)
})

test('presence, counter, origin and purpose', async (t) => {
  const { fixture, service, key } = await seeded()
  const refused = async (reason: string, make: () => Promise<unknown>, options = {}) => {
    t.deepEqual(await service.verify(user, { type: 'u2f', response: await make() }, options), {
      ok: false, reason: 'rejected',
    })
    t.is(fixture.events.at(-1)?.reason, reason)
  }
  const fresh = async () => (await service.challenge(user))!.u2f!
  await refused('user-not-present', async () => key.sign(await fresh(), origin, 0))
  await refused('origin-mismatch', async () => key.sign(await fresh(), 'https://evil.example'))
  await refused('challenge-mismatch', async () => key.sign(await fresh(), origin), { purpose: 'step-up' })
  await refused('challenge-mismatch', async () => key.sign(await fresh(), origin), { session: 'other' })
  t.true((await service.verify(user, { type: 'u2f', response: key.sign(await fresh(), origin) })).ok)
  key.counter = 0
  await refused('counter-not-increased', async () => key.sign(await fresh(), origin))
  const lax = await fixture.another({ webauthn: { counter: 'report' } })
  const response = key.sign(await fresh(), origin)
  t.like(await lax.verify(user, { type: 'u2f', response }), { ok: true, counter: 'not-increased' })
})

test('facets are for U2F messages alone', async (t) => {
  const facet = 'https://app.example.com'
  const { service, key } = await seeded(memoryStore(), { u2f: { appId, facets: [facet] } })
  const raw = async (from: string) =>
    (await service.verify(user, { type: 'u2f', response: key.sign((await service.challenge(user))!.u2f!, from) })).ok
  const browser = async (from: string) => {
    const response = key.assert((await service.challenge(user))!.webauthn!, from)
    return (await service.verify(user, { type: 'webauthn', response })).ok
  }
  t.deepEqual([await raw(facet), await raw(origin)], [true, false])
  t.deepEqual([await browser(facet), await browser(origin)], [false, true])
})

test('without the option, and for another relying party, nothing is offered or accepted', async (t) => {
  const { fixture, service, key } = await seeded()
  const challenge = await service.challenge(user)
  const answer = { type: 'u2f', response: key.sign(challenge!.u2f!, origin) }
  const other = { id: 'other.example', name: 'Other', origins: [origin], relatedOrigins: true }
  const without = await Fixture.open(fixture.store)
  for (const offered of [await without.service.challenge(user), await service.challenge(user, { rp: other })]) {
    t.deepEqual(Object.keys(offered!), ['id'], 'a challenge, and nothing to answer it with')
  }
  t.false((await without.service.verify(user, answer)).ok)
  t.false((await service.verify(user, answer, { rp: other })).ok)
  // Neither took the challenge; the same relying party from another origin would be fine.
  t.true((await service.verify(user, answer, { rp: { ...rp, name: 'Same' } })).ok)
})

test('a registration excludes old keys', async (t) => {
  const { service, key } = await seeded()
  const creation = await service.beginWebauthn(user, { name: 'ann', displayName: 'Ann' })
  t.is(creation.extensions?.appidExclude, appId)
  t.deepEqual(creation.excludeCredentials, [{ type: 'public-key', id: key.handle }])
})

test('the options are checked when the service opens', async (t) => {
  const wrong: [unknown, string][] = [
    [{}, 'u2f.appId'],
    [{ appId: 'example.com' }, 'u2f.appId'],
    [{ appId: 'http://example.com/x' }, 'u2f.appId'],
    [{ appId, facets: [] }, 'u2f.facets'],
    [{ appId, facets: ['https://example.com/'] }, 'u2f.facets'],
    [{ appId, facet: [origin] }, 'u2f.facet'],
  ]
  for (const [u2f, detail] of wrong) {
    const err = await t.throwsAsync(Fixture.open(memoryStore(), { u2f: u2f as never }), {
      instanceOf: CountersignError, code: 'invalid-argument',
    })
    t.true(invalidArgument(detail)(err!.message), err!.message)
  }
})

test('hostile answers are outcomes', async (t) => {
  const { service, key } = await seeded()
  const good = key.sign((await service.challenge(user))!.u2f!, origin)
  for (const member of ['keyHandle', 'clientData', 'signatureData']) {
    for (const value of [undefined, null, 7, '', '!', 'A', '====', 'é', {}, [], 'A'.repeat(60_000)]) {
      const outcome = await service.verify(user, { type: 'u2f', response: { ...good, [member]: value } })
      t.false(outcome.ok, `${member} ${typeof value}`)
    }
  }
  for (const text of ['u2f:', 'u2f:{}', 'u2f:[]', `u2f:${JSON.stringify(good)}x`]) {
    t.deepEqual(await service.verify(user, text), { ok: false, reason: 'malformed' })
  }
  const next = key.sign((await service.challenge(user))!.u2f!, origin)
  t.true((await service.verify(user, { type: 'u2f', response: next })).ok)
})
