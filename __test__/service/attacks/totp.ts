import { randomInt } from 'node:crypto'

import { generateSecret } from '../../../facade/stateless/totp.js'
import { totpAt } from '../../../facade/testing/totp-at.js'
import { Fixture, wrongCode } from '../../helpers/service.js'
import { locked, malformed, rejected } from './attack.js'
import type { Attack } from './attack.js'

const user = 'ann'

export const totpAttacks: Attack[] = [
  {
    name: 'the same code twice, and the enrolment code again',
    async run(t, makeStore, enter) {
      const fixture = await Fixture.open(await makeStore())
      const { uri, code } = await fixture.enrolTotp(user)
      t.deepEqual(await enter(fixture.service, user, 'totp', code), rejected)
      fixture.step()
      const next = totpAt(uri, fixture.now)
      t.true((await enter(fixture.service, user, 'totp', next)).ok)
      for (let i = 0; i < 3; i++) t.deepEqual(await enter(fixture.service, user, 'totp', next), rejected)
      t.deepEqual(await enter(await fixture.another(), user, 'totp', next), rejected)
    },
  },
  {
    name: 'an earlier code after a later one, or once more in the next step',
    async run(t, makeStore, enter) {
      const fixture = await Fixture.open(await makeStore())
      const { uri } = await fixture.enrolTotp(user)
      fixture.step(3)
      const [before, now] = [totpAt(uri, fixture.now - 30_000), totpAt(uri, fixture.now)]
      t.true((await enter(fixture.service, user, 'totp', now)).ok)
      t.deepEqual(await enter(fixture.service, user, 'totp', before), rejected)
      fixture.step()
      t.deepEqual(await enter(fixture.service, user, 'totp', now), rejected)
    },
  },
  {
    name: 'the same code in other characters',
    async run(t, makeStore, enter) {
      const fixture = await Fixture.open(await makeStore())
      const { uri } = await fixture.enrolTotp(user)
      fixture.step()
      const code = totpAt(uri, fixture.now)
      t.true((await enter(fixture.service, user, 'totp', code)).ok)
      const wide = [...code].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join('')
      const arabic = [...code].map((digit) => String.fromCodePoint(0x660 + Number(digit))).join('')
      for (const same of [
        ` ${code}`, `${code}\n`, `${code.slice(0, 3)} ${code.slice(3)}`, wide, `\u3000${wide}`, arabic,
        `${code.slice(0, 3)}\u2013${code.slice(3)}`, `\u202b${arabic}\u202c`, `-${code}`,
      ]) {
        t.false((await enter(fixture.service, user, 'totp', same)).ok, JSON.stringify(same))
      }
    },
  },
  {
    name: 'one code for each of the entries that hold its secret',
    async run(t, makeStore, enter) {
      const store = await makeStore()
      const fixture = await Fixture.open(store)
      const uri = 'otpauth://totp/ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
      const longer = `${uri}&digits=8`
      const ids = [1, 2, 3].map((last) => `1efde97b-4b28-4107-9df4-75f0d071310${last}`)
      const totp = [uri, longer, uri].map((entry, index) => ({ id: ids[index]!, description: '', created: 1, entry }))
      await store.update(user, () => ({ record: JSON.stringify({ totp }), value: undefined }))
      await fixture.service.updateFactor(user, ids[2]!, { enable: false })
      t.true((await enter(fixture.service, user, 'totp', totpAt(uri, fixture.now))).ok)
      await fixture.service.updateFactor(user, ids[2]!, { enable: true })
      for (const same of [uri, longer]) {
        t.deepEqual(await enter(await fixture.another(), user, 'totp', totpAt(same, fixture.now)), rejected)
      }
      fixture.step()
      const code = totpAt(longer, fixture.now)
      const outcomes = await Promise.all([code, code.slice(2), code, code.slice(2)].map((same) => enter(fixture.service, user, 'totp', same)))
      t.is(outcomes.filter(({ ok }) => ok).length, 1)
    },
  },
  {
    name: '50 parallel answers with one code',
    async run(t, makeStore, enter) {
      const fixture = await Fixture.open(await makeStore())
      const { uri } = await fixture.enrolTotp(user)
      fixture.step()
      const code = totpAt(uri, fixture.now)
      const services = [fixture.service, await fixture.another()]
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, (_, i) => enter(services[i % 2] ?? fixture.service, user, 'totp', code)),
      )
      t.is(outcomes.filter(({ ok }) => ok).length, 1)
    },
  },
  {
    name: 'a restart, a session or a second sign-in that forgets the wrong codes',
    async run(t, makeStore, enter) {
      const fixture = await Fixture.open(await makeStore())
      const { uri } = await fixture.enrolTotp(user)
      fixture.step()
      const wrong = wrongCode(uri, fixture.now)
      for (let i = 1; i <= 8; i++) {
        await fixture.service.challenge(user, { session: `session ${i}` })
        t.deepEqual(await enter(await fixture.another(), user, 'totp', wrong), rejected)
        t.is((await fixture.service.status(user)).totpFailures, i)
      }
      const right = totpAt(uri, fixture.now)
      t.deepEqual(await enter(await fixture.another(), user, 'totp', right), locked)
      fixture.now += 365 * 86_400_000
      t.deepEqual(
        await enter(fixture.service, user, 'totp', totpAt(uri, fixture.now)), locked, 'time alone lifts nothing',
      )
      t.deepEqual((await fixture.service.challenge(user))?.locked, ['totp'])
      t.deepEqual(await fixture.service.unlock(user), { unlocked: true })
      t.true((await enter(fixture.service, user, 'totp', totpAt(uri, fixture.now))).ok)
      t.is((await fixture.service.status(user)).totpFailures, 0)
    },
  },
  {
    name: 'an attempt while locked counts nothing, takes nothing, writes nothing',
    async run(t, makeStore, enter) {
      const store = await makeStore()
      const fixture = await Fixture.open(store, { limits: { totpFailures: 1 } })
      const { uri } = await fixture.enrolTotp(user)
      fixture.step()
      await enter(fixture.service, user, 'totp', wrongCode(uri, fixture.now))
      const before = await store.read(user)
      t.deepEqual(await enter(fixture.service, user, 'totp', totpAt(uri, fixture.now)), locked)
      t.deepEqual(await enter(fixture.service, user, 'totp', wrongCode(uri, fixture.now)), locked)
      t.is(await store.read(user), before)
    },
  },
  {
    name: 'a malformed code counts nothing, and a user that nobody knows makes no record',
    async run(t, makeStore, enter) {
      const store = await makeStore()
      const fixture = await Fixture.open(store)
      await fixture.enrolTotp(user)
      for (const code of ['', 'abc', '12345', '12345678901', '0x1234', '+123456', '1e5']) {
        t.deepEqual(await enter(fixture.service, user, 'totp', code), malformed, code)
      }
      t.is((await fixture.service.status(user)).failures, 0)
      t.deepEqual(await enter(fixture.service, 'nobody', 'totp', '123456'), rejected)
      t.is(await store.read('nobody'), undefined)
    },
  },
  {
    name: 'enrolling again overwrites the active secret before it is proved',
    async run(t, makeStore, enter) {
      const fixture = await Fixture.open(await makeStore())
      const { uri } = await fixture.enrolTotp(user)
      fixture.step()
      const pending = await fixture.service.beginTotp(user, { account: 'evil' })
      t.deepEqual(await enter(fixture.service, user, 'totp', totpAt(pending.uri, fixture.now)), rejected)
      t.true((await enter(fixture.service, user, 'totp', totpAt(uri, fixture.now))).ok)
      t.is((await fixture.service.factors(user)).length, 1)
    },
  },
  {
    name: 'an enrolment of another user, of another session, too late, or with a sixth try',
    async run(t, makeStore) {
      const fixture = await Fixture.open(await makeStore())
      const { service } = fixture
      const begin = () => service.beginTotp(user, { account: 'ann', session: 's1' })
      const finish = (who: string, begun: { enrolment: string; uri: string }, more: object) =>
        service.finishTotp(
          who, { enrolment: begun.enrolment, code: totpAt(begun.uri, fixture.now), description: '', ...more },
        )
      const first = await begin()
      t.deepEqual(await finish('eve', first, { session: 's1' }), rejected)
      t.deepEqual(await finish(user, first, { session: 's2' }), rejected)
      const late = await begin()
      fixture.now += 900_000
      t.deepEqual(await finish(user, late, { session: 's1' }), rejected)
      const guessed = await begin()
      for (let i = 0; i < 5; i++) {
        const code = wrongCode(guessed.uri, fixture.now)
        t.deepEqual(await finish(user, guessed, { session: 's1', code }), rejected)
      }
      t.deepEqual(await finish(user, guessed, { session: 's1' }), rejected)
      t.true((await finish(user, await begin(), { session: 's1' })).ok)
      t.deepEqual(await service.factors('eve'), [])
    },
  },
  {
    name: 'random wrong codes',
    async run(t, makeStore, enter) {
      const fixture = await Fixture.open(await makeStore())
      const { uri } = await fixture.enrolTotp(user)
      fixture.step()
      const right = new Set([-1, 0, 1].map((step) => totpAt(uri, fixture.now + step * 30_000)))
      for (let i = 0; i < 50; i++) {
        const code = String(randomInt(1_000_000)).padStart(6, '0')
        if (right.has(code)) continue
        t.false((await enter(fixture.service, user, 'totp', code)).ok)
        await fixture.service.unlock(user)
      }
      const code = totpAt(uri, fixture.now)
      for (const cut of [code.slice(1), `${code}0`, `0${code}`, `${code}abc`, '', `${Number(code)}.0`]) {
        t.false((await enter(fixture.service, user, 'totp', cut)).ok, cut)
      }
    },
  },
  {
    name: 'secrets with fewer bits than they say',
    async run(t, makeStore) {
      const fixture = await Fixture.open(await makeStore())
      const { secret } = await fixture.service.beginTotp(user, { account: 'ann' })
      for (const text of [secret, generateSecret()]) t.regex(text, /^[A-Z2-7]{32}$/, '32 characters of 5 bits')
    },
  },
  {
    name: 'error texts and events with codes, secrets or URIs in them',
    async run(t, makeStore, enter) {
      const fixture = await Fixture.open(await makeStore())
      const { uri, code } = await fixture.enrolTotp(user)
      const secret = new URL(uri).searchParams.get('secret') ?? ''
      fixture.step()
      const [typed, wrong] = [totpAt(uri, fixture.now), wrongCode(uri, fixture.now)]
      for (const answer of [typed, wrong, `${typed}x`]) await enter(fixture.service, user, 'totp', answer)
      const hostile = { enrolment: secret, code, description: `${secret}\n` }
      t.deepEqual(await fixture.service.finishTotp(user, hostile), { ok: false, reason: 'malformed' })
      const misplaced = { account: `${secret}:\n`, issuer: code }
      const err = await t.throwsAsync(fixture.service.beginTotp(user, misplaced), { code: 'invalid-argument' })
      const told = [
        err?.message, err?.stack, JSON.stringify(fixture.events), JSON.stringify(await fixture.service.factors(user)),
      ]
      for (const text of told) {
        for (const hidden of [secret, code, typed, wrong]) t.false(text?.includes(hidden))
      }
    },
  },
]
