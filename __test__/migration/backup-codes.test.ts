// Backup codes of better-auth: taken once they are decrypted, and used up like our own.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import { fromBetterAuth } from '../../facade/migration/index.js'
import { memoryStore, tfaConfigStore } from '../../facade/stores/index.js'
import { TfaConfig } from '../../index.js'
import { temporaryDirectory } from '../helpers/directories.js'
import { Fixture } from '../helpers/service.js'
import { stores } from '../helpers/stores.js'

const user = 'ann'
const secret = 'decrypted-text-of-32-characters!'
const codes = ['aB3dE-fG7hI', 'O0lI1-zzzzz', 'QwErT-12345']
const row = { id: 1, userId: user, secret, backupCodes: JSON.stringify(codes) }

for (const [name, makeStore] of Object.entries(stores)) {
  test(`${name}: each code signs in once, as it is written`, async (t) => {
    const fixture = await Fixture.open(await makeStore())
    const { service } = fixture
    const { taken, left } = await service.importFactors(user, fromBetterAuth(row))
    t.deepEqual([taken.map(({ factor, notes }) => [factor.type, notes]), left], [[['totp', []], ['recovery', ['short-secret']]], []])
    t.deepEqual((await service.challenge(user))!.recovery, { left: 3 })
    const enter = async (code: string) => (await fixture.another()).verify(user, { type: 'recovery', code })
    t.deepEqual(await enter('ab3de-fg7hi'), { ok: false, reason: 'rejected' })
    t.deepEqual(await enter('aB3dE'), { ok: false, reason: 'malformed' })
    const all = await Promise.all(Array.from({ length: 8 }, () => enter(' aB3dE fG7hI')))
    t.is(all.filter(({ ok }) => ok).length, 1)
    t.like(await enter('O0lI1zzzzz'), { ok: true, recoveryCodesLeft: 1 })
    t.is((await service.status(user)).recoveryCodesLeft, 1)
    t.false((await fixture.store.read(user))!.includes('QwErT'))
    t.deepEqual((await service.importFactors(user, fromBetterAuth(row))).left.map(({ reason }) => reason), ['already-enrolled', 'already-enrolled'])
    const [own] = await service.createRecoveryCodes(user)
    t.false((await enter('QwErT-12345')).ok)
    t.like(await enter(own!.toUpperCase()), { ok: true, recoveryCodesLeft: 9 })
  })
}

test('a tfa.cfg with such codes is one that its system reads', async (t) => {
  const path = join(temporaryDirectory(), 'tfa.cfg')
  const { service } = await Fixture.open(tfaConfigStore(path, { create: true }))
  await service.importFactors(user, fromBetterAuth(row))
  const { users } = JSON.parse(readFileSync(path, 'utf8')) as { users: Record<string, { recovery: object }> }
  t.deepEqual(Object.keys(users[user]!.recovery).sort(), ['created', 'entries', 'secret'])
  t.deepEqual(TfaConfig.parse(readFileSync(path)).users(), [user])
})

test('what can’t be kept is left, and why', async (t) => {
  const told = (backupCodes: unknown) => {
    const { factors, left } = fromBetterAuth({ ...row, backupCodes })
    return [factors.length, ...left.map(({ what, reason, member }) => [what, reason, member])]
  }
  t.deepEqual(told(codes), [2])
  for (const none of [null, undefined, '', [], '[]']) t.deepEqual(told(none), [1])
  const place = '[0] backupCodes'
  t.deepEqual(told(randomBytes(72).toString('hex')), [1, [place, 'encrypted', undefined]])
  t.deepEqual(told(`$ba$1$${randomBytes(72).toString('hex')}`), [1, [place, 'encrypted', undefined]])
  for (const wrong of ['x', '{}', 7, [7], [''], ['a'.repeat(65)], [null]]) t.deepEqual(told(wrong), [1, [place, 'malformed', 'backupCodes']])
  t.deepEqual(told(Array.from({ length: 101 }, (_, at) => `aaaaa-${10_000 + at}`)), [1, [place, 'recovery-codes', undefined]])

  const { service } = await Fixture.open(memoryStore())
  const reasons = async (backupCodes: string[], more: object = {}) => {
    const { left } = await service.importFactors(user, fromBetterAuth({ ...row, backupCodes, ...more }))
    return left.map(({ reason }) => reason)
  }
  t.deepEqual(await reasons(codes, { secret: null }), ['factor-required'])
  for (const kept of [['1234567'], ['aB3dE-fG7hI', 'short-code1x'], ['aB3dE-fG7hI', 'aB3dEfG7hI'], ['with_under-score']]) {
    t.deepEqual((await reasons(kept)).at(-1), 'recovery-codes', kept.join())
  }
  t.is((await service.status(user)).recoveryCodesLeft, null)
})
