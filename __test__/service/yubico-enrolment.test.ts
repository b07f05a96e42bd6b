// A Yubico key is enrolled by an OTP, imported by its public id, and counts once for everybody who holds it.
import test from 'ava'

import { fromU2f, fromYubico } from '../../facade/migration/index.js'
import { memoryStore } from '../../facade/stores/index.js'
import type { Factor, OpenOptions } from '../../index.js'
import { Fixture, origin } from '../helpers/service.js'
import { stores } from '../helpers/stores.js'
import { U2fKey, appId } from '../helpers/u2f-key.js'
import { key, otp, publicId, uid } from '../helpers/yubico-key.js'
import { invalidArgument } from '../helpers/invalid-argument.js'

const user = 'ann'
const known: Partial<OpenOptions> = { yubico: { secrets: (id) => (id === publicId ? { key, uid } : undefined) } }
const description = 'my key'

for (const [name, makeStore] of Object.entries(stores)) {
  test(`${name}: a key is enrolled by an OTP, once, and signs in with later ones`, async (t) => {
    const fixture = await Fixture.open(await makeStore(), known)
    const services = [fixture.service, await fixture.another()]
    const code = otp(4, 1)
    const all = Array.from({ length: 20 }, (_, at) => services[at % 2]!.enrolYubico(user, { code, description }))
    const enrolled = (await Promise.all(all)).filter(({ ok }) => ok) as { ok: true; factor: Factor }[]
    t.is(enrolled.length, 1)
    t.like(enrolled[0], { factor: { type: 'yubico', description, enabled: true } })
    t.deepEqual(await fixture.service.factors(user), [enrolled[0]!.factor])
    t.deepEqual(
      fixture.events.filter(({ type }) => type === 'enrolled').map(({ factor }) => factor),
      [{ type: 'yubico', id: enrolled[0]!.factor.id }],
    )
    for (const used of [code, otp(4, 0)]) {
      t.deepEqual(await fixture.service.verify(user, { type: 'yubico', code: used }), { ok: false, reason: 'rejected' })
    }
    t.true((await fixture.service.challenge(user))!.yubico)
    t.like(await fixture.service.verify(user, { type: 'yubico', code: otp(4, 2) }), { ok: true, factor: { description } })
    const record = (await fixture.store.read(user))!
    for (const secret of [key, uid]) t.false(record.includes(secret.toString('hex')))
  })

  test(`${name}: an OTP that one user has used enrols its key for nobody else`, async (t) => {
    const { service, events } = await Fixture.open(await makeStore(), known)
    t.true((await service.enrolYubico(user, { code: otp(4, 1), description })).ok)
    for (const code of [otp(4, 1), otp(3, 255)]) {
      t.deepEqual(await service.enrolYubico('bob', { code, description }), { ok: false, reason: 'rejected' })
      t.is(events.at(-1)!.reason, 'code-reused')
    }
    t.true((await service.enrolYubico('bob', { code: otp(4, 2), description })).ok)
    t.false((await service.verify(user, `yubico:${otp(4, 2)}`)).ok)
    t.true((await service.verify(user, `yubico:${otp(4, 3)}`)).ok)
    t.false((await service.verify('bob', `yubico:${otp(4, 3)}`)).ok)
  })

  test(`${name}: imported keys of U2F and Yubico sign in, and their counters go on`, async (t) => {
    const { service } = await Fixture.open(await makeStore(), { ...known, u2f: { appId } })
    const u2f = new U2fKey()
    u2f.counter = 7
    const entry = u2f.entry as { 'public-key': string }
    const row = { keyHandle: u2f.handle, publicKey: entry['public-key'], counter: 7, appId }
    const imported = await service.importFactors(user, {
      factors: [...fromU2f(row).factors, ...fromYubico({ publicId, counter: { use: 4, session: 1 } }).factors], left: [],
    })
    t.deepEqual([imported.taken.map(({ factor, notes }) => [factor.type, notes]), imported.left],
      [[['u2f', []], ['yubico', []]], []])
    const challenge = (await service.challenge(user))!
    const response = u2f.assert(challenge.webauthn!, origin)
    t.like(await service.verify(user, { type: 'webauthn', response }), { ok: true, factor: { type: 'u2f' } })
    u2f.counter = 6
    const copy = u2f.sign((await service.challenge(user))!.u2f!, origin)
    t.false((await service.verify(user, { type: 'u2f', response: copy })).ok, 'a counter that was passed before')
    t.false((await service.verify(user, `yubico:${otp(4, 1)}`)).ok)
    t.true((await service.verify(user, `yubico:${otp(4, 2)}`)).ok)
  })
}

test('what proves no key enrols none, and is told apart', async (t) => {
  const asked: unknown[] = []
  const { service, store, events } = await Fixture.open(memoryStore(), {
    limits: { factors: 2 },
    yubico: {
      secrets: (...names) => {
        asked.push(names)
        return names[0] === publicId ? { key, uid } : names[0] === 'vvvvvvvvvvvv' ? { key, uid: '010203040507' } : names[0] === 'cccccccccccd' ? null : undefined
      },
    },
  })
  const told = async (code: unknown, more: object = {}) => {
    const outcome = await service.enrolYubico(user, { code, description, ...more })
    return [outcome.ok ? 'ok' : outcome.reason, events.at(-1)!.reason, events.at(-1)!.member]
  }
  for (const none of [undefined, null, 7, {}, '', 'x', publicId, otp(1, 1).slice(13), '\ud800', 'c'.repeat(49)]) {
    t.deepEqual(await told(none), ['malformed', 'malformed', 'code'])
  }
  for (const named of [undefined, 7, 'a\u202eb', 'a'.repeat(256)]) {
    t.deepEqual(await told(otp(1, 1), { description: named }), ['malformed', 'malformed', 'description'])
  }
  t.deepEqual(asked, [])
  t.deepEqual(await told(otp(1, 1, 'cccccccccccc')), ['unknown-key', 'unknown-key', undefined])
  t.deepEqual(await told(otp(1, 1, 'vvvvvvvvvvvv')), ['rejected', 'wrong-code', undefined])
  t.deepEqual(asked, [['cccccccccccc', user], ['vvvvvvvvvvvv', user]])
  t.deepEqual(await told(otp(1, 1, 'cccccccccccd')), ['unknown-key', 'unknown-key', undefined], 'a database says null')
  t.is(await store.read(user), undefined)
  t.deepEqual(await told(` ${otp(1, 1).toUpperCase()}\n`, { firstOnly: true }), ['ok', undefined, undefined])
  t.deepEqual(await told(otp(1, 2)), ['already-enrolled', 'already-enrolled', undefined])
  t.deepEqual(await told(otp(1, 3), { firstOnly: true }), ['not-first', 'not-first', undefined])
  t.is((await service.status(user)).yubicoFailures, 0, 'no guess at a sign-in')
  t.is((await service.factors(user)).length, 1)
})

test('the limit of factors holds', async (t) => {
  const { service } = await Fixture.open(memoryStore(), { ...known, limits: { factors: 1 } })
  t.true((await service.importFactors(user, fromYubico(publicId))).taken.length === 1)
  const other = await Fixture.open(memoryStore(), { yubico: { secrets: () => ({ key, uid }) }, limits: { factors: 1 } })
  t.true((await other.service.enrolYubico(user, { code: otp(1, 1), description })).ok)
  const one = { code: otp(1, 1, 'vvvvvvvvvvvv'), description }
  t.deepEqual(await other.service.enrolYubico(user, one), { ok: false, reason: 'factor-limit' })
})

test('mistakes of the host are errors', async (t) => {
  const plain = await Fixture.open(memoryStore())
  const wrong = { code: otp(1, 1), description }
  await t.throwsAsync(plain.service.enrolYubico(user, wrong), { message: invalidArgument('yubico'), code: 'invalid-argument' })
  const { service } = await Fixture.open(memoryStore(), known)
  for (const [name, options] of [['session', { session: 'a' }], ['otp', { otp: '' }], ['firstOnly', { firstOnly: 1 }]] as const) {
    const call = service.enrolYubico(user, { ...wrong, ...options } as never)
    await t.throwsAsync(call, { message: invalidArgument(name), code: 'invalid-argument' })
  }
  const lost = await Fixture.open(memoryStore(), { yubico: { secrets: () => ({ key }) as never } })
  await t.throwsAsync(lost.service.enrolYubico(user, wrong), { message: invalidArgument('yubico.secrets.uid') })
  const cause = new Error('vault')
  const failing = await Fixture.open(memoryStore(), { yubico: { secrets: () => Promise.reject(cause) } })
  await t.throwsAsync(failing.service.enrolYubico(user, wrong), { code: 'store-failed' })
  await t.throwsAsync(failing.service.importFactors(user, fromYubico(publicId)), { code: 'store-failed' })
})

test('an import takes no key that could never answer', async (t) => {
  const { service } = await Fixture.open(memoryStore(), { ...known, u2f: { appId } })
  const u2f = new U2fKey()
  const publicKey = Buffer.from((u2f.entry as { 'public-key': string })['public-key'], 'base64')
  const row = { keyHandle: u2f.handle, publicKey }
  const reasons = async (target: typeof service, factors: object[]) => {
    const about = { what: '[0]', description: '', notes: [] }
    const found = { factors: factors.map((one) => ({ ...about, ...one })), left: [] }
    const { taken, left } = await target.importFactors(user, found as never)
    return [taken.length, left.map(({ reason, member }) => [reason, member])]
  }
  t.deepEqual(
    await reasons(service, [
      { yubico: { publicId: 'cccccccccccc' } },
      { yubico: { publicId: 'nöpe' } },
      { u2f: { ...row, appId: 'https://example.org' } },
      { u2f: { ...row, keyHandle: Buffer.alloc(256) } },
      { u2f: { ...row, publicKey: Buffer.alloc(65, 4) } },
    ]),
    [0, [
      ['unknown-key', undefined], ['malformed', 'publicId'], ['other-app-id', undefined], ['malformed', 'keyHandle'],
      ['malformed', 'publicKey'],
    ]],
  )
  t.deepEqual(await service.factors(user), [])
  const plain = (await Fixture.open(memoryStore())).service
  const both = [{ u2f: row }, { yubico: { publicId } }]
  t.deepEqual(await reasons(plain, both), [0, [['not-supported', undefined], ['not-supported', undefined]]])
  t.deepEqual(await reasons(service, both), [2, []])
  t.deepEqual(await reasons(service, both), [0, [['already-enrolled', undefined], ['already-enrolled', undefined]]])
  for (const [name, factor] of [
    ['factors[0].yubico.publicId', { yubico: { publicId: 7 } }],
    ['factors[0].yubico.counter.session', { yubico: { publicId, counter: { use: 1 } } }],
    ['factors[0].u2f.counter', { u2f: { ...row, counter: -1 } }],
    ['factors[0].u2f.keyHandle', { u2f: { ...row, keyHandle: '+/==' } }],
    ['factors[0]', { u2f: row, yubico: { publicId } }],
    ['factors[0]', {}],
  ] as const) {
    await t.throwsAsync(reasons(service, [factor]), { message: invalidArgument(name), code: 'invalid-argument' })
  }
})
