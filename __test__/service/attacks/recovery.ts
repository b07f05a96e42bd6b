import { totpAt } from '../../../facade/testing/totp-at.js'
import { Fixture, wrongCode } from '../../helpers/service.js'
import { locked, malformed, rejected } from './attack.js'
import type { Attack } from './attack.js'

const user = 'ann'
const wrong = '0000-0000-0000-0000'

export const recoveryAttacks: Attack[] = [
  {
    name: 'a recovery code twice, in other characters, in parallel, or of another user',
    async run(t, makeStore, enter) {
      const fixture = await Fixture.open(await makeStore())
      await fixture.enrolTotp(user)
      await fixture.enrolTotp('eve')
      const codes = await fixture.service.createRecoveryCodes(user)
      await fixture.service.createRecoveryCodes('eve')
      const code = codes[0] ?? ''
      t.deepEqual(await enter(fixture.service, 'eve', 'recovery', code), rejected)
      const forms = [code, code.toUpperCase(), code.replaceAll('-', ''), ` ${code}`, code.replaceAll('-', ' ')]
      const all = Array.from(
        { length: 50 }, (_, i) => enter(fixture.service, user, 'recovery', forms[i % forms.length]),
      )
      t.is((await Promise.all(all)).filter(({ ok }) => ok).length, 1)
      t.is((await fixture.service.status(user)).recoveryCodesLeft, 9)
    },
  },
  {
    name: 'empty codes, hashes and parts of codes',
    async run(t, makeStore, enter) {
      const store = await makeStore()
      const fixture = await Fixture.open(store)
      await fixture.enrolTotp(user)
      const [code = ''] = await fixture.service.createRecoveryCodes(user)
      t.true((await enter(fixture.service, user, 'recovery', code)).ok)
      for (const text of ['', '-', '---', 'null', code.slice(0, 14), code.slice(5)]) {
        t.deepEqual(await enter(fixture.service, user, 'recovery', text), malformed, text)
      }
      const record = (await store.read(user)) ?? ''
      for (const hash of record.match(/[0-9a-f]{16,}/g) ?? []) {
        t.false((await enter(fixture.service, user, 'recovery', hash)).ok)
      }
      t.is((await fixture.service.status(user)).recoveryCodesLeft, 9)
    },
  },
  {
    name: 'a lost update that brings a used code back',
    async run(t, makeStore, enter) {
      const fixture = await Fixture.open(await makeStore())
      const { factor } = await fixture.enrolTotp(user)
      const codes = await fixture.service.createRecoveryCodes(user)
      const renames = Array.from({ length: 20 }, (_, i) =>
        fixture.service.updateFactor(user, factor.id, { description: `name ${i}` }),
      )
      const uses = codes.map((code) => enter(fixture.service, user, 'recovery', code))
      await Promise.all(renames)
      t.true((await Promise.all(uses)).every(({ ok }) => ok))
      for (const code of codes) t.deepEqual(await enter(fixture.service, user, 'recovery', code), rejected)
      t.is((await fixture.service.status(user)).recoveryCodesLeft, 0)
    },
  },
  {
    name: 'an exhausted set that turns into no second factor',
    async run(t, makeStore, enter) {
      const fixture = await Fixture.open(await makeStore(), { recovery: { codes: 1 } })
      await fixture.enrolTotp(user)
      const [code] = await fixture.service.createRecoveryCodes(user)
      t.true((await enter(fixture.service, user, 'recovery', code)).ok)
      t.deepEqual((await fixture.service.challenge(user))?.recovery, { left: 0 })
      t.true((await fixture.service.factors(user)).some(({ type }) => type === 'recovery'))
    },
  },
  {
    name: '100 wrong codes of any type lock every typed code, at every entry point, but never the key',
    async run(t, makeStore, enter) {
      const fixture = await Fixture.open(await makeStore(), { limits: { failures: 6, totpFailures: 4 } })
      const { uri } = await fixture.enrolTotp(user)
      const { key } = await fixture.enrolKey(user)
      const codes = await fixture.service.createRecoveryCodes(user)
      fixture.step()
      for (let i = 0; i < 3; i++) t.deepEqual(
        await enter(fixture.service, user, 'totp', wrongCode(uri, fixture.now)), rejected,
      )
      for (let i = 0; i < 3; i++) t.deepEqual(await enter(fixture.service, user, 'recovery', wrong), rejected)
      t.deepEqual(await enter(fixture.service, user, 'recovery', codes[0]), locked)
      t.deepEqual(await enter(fixture.service, user, 'totp', totpAt(uri, fixture.now)), locked)
      const status = await fixture.service.status(user)
      t.deepEqual([...status.locked].sort(), ['recovery', 'totp'])
      t.is(status.lockedUntil, fixture.now + 3_600_000)
      fixture.now += 3_600_000
      t.deepEqual(await enter(fixture.service, user, 'recovery', wrong), rejected)
      t.deepEqual(await enter(fixture.service, user, 'recovery', codes[0]), locked, 'one more wrong code locks again')
      t.true((await fixture.service.verify(user, await fixture.assertion(user, key))).ok)
      t.true((await enter(fixture.service, user, 'recovery', codes[0])).ok, 'the key lifts the lock')
      t.is((await fixture.service.status(user)).failures, 0)
    },
  },
]
