import { readFileSync } from 'node:fs'

import test from 'ava'

import { Countersign, CountersignError, TfaConfig } from '../../index.js'
import type {
  AuthenticationResponseJSON, ChallengeStore, RegistrationResponseJSON, TfaConfigOptions, TfaRegistrationChallenge, TfaResult,
} from '../../index.js'
import { memoryStore } from '../../facade/stores/index.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { start, wrongCode } from '../helpers/service.js'
import { canBeSpoilt, misspellings, respelt, spellings } from '../helpers/spellings.js'
import { U2fKey, appId } from '../helpers/u2f-key.js'

const today = readFileSync(new URL('../../../__test__/vectors/tfa-today.json', import.meta.url))
const alice = (JSON.parse(today.toString()) as { users: Record<string, Record<string, unknown>> }).users['alice@pve']!
const origin = 'https://pve.example.com:8006'
const uri = 'otpauth://totp/pve:ann%40pve?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=pve'
const phone = { totp: [{ id: 'phone', description: 'phone', created: 1, entry: uri }] }
const recovery = { recovery: alice.recovery }
const unused = 'f2b6-55e2-d602-c944'
const section = { id: 'example.com', rp: 'Example', origin }
const refused = { result: false, needsSaving: false, totpLimitReached: false, tfaLimitReached: false }

class Fixture {
  now = start
  readonly config: TfaConfig

  constructor(record: object, options: TfaConfigOptions = {}) {
    this.config = TfaConfig.create({ now: () => this.now, ...options })
    this.config.setUserData('ann', JSON.stringify(record))
  }

  verify(answer: unknown, page?: string): Promise<TfaResult> {
    return this.config.verify('ann', answer, page === undefined ? {} : { origin: page })
  }

  right(): string {
    return `totp:${totpAt(uri, this.now)}`
  }

  async wrong(times: number, type: 'totp' | 'recovery' = 'totp'): Promise<TfaResult> {
    const answer = type === 'totp' ? `totp:${wrongCode(uri, this.now)}` : 'recovery:0000-0000-0000-0000'
    for (let time = 1; time < times; time++) await this.verify(answer)
    return this.verify(answer)
  }

  async addKey(key: TestAuthenticator, spelt = (sent: RegistrationResponseJSON) => sent): Promise<string> {
    this.config.webauthn = section
    const begun = await this.config.addEntry('ann', { type: 'webauthn', description: 'key' })
    if (!begun.ok) throw new Error(begun.message)
    const { publicKey } = JSON.parse(begun.challenge!) as TfaRegistrationChallenge
    const value = JSON.stringify(spelt(key.create(publicKey, { origin })))
    const added = await this.config.addEntry('ann', { type: 'webauthn', challenge: publicKey.challenge, value })
    if (!added.ok) throw new Error(added.message)
    return added.id!
  }

  async assertion(
    key: TestAuthenticator, page = origin, spelt = (sent: AuthenticationResponseJSON) => sent,
  ): Promise<string> {
    const challenge = await this.config.challenge('ann', { origin: page })
    if (!challenge?.webauthn) throw new Error('nothing to sign')
    return `webauthn:${JSON.stringify(spelt(key.get(challenge.webauthn.publicKey, { origin: page })))}`
  }
}

test('one code of a secret that old lines hold twice succeeds once, and proves no third entry', async (t) => {
  const keys = { keys: 'GEZDGNBVGY3TQOJQ GEZDGNBVGY3TQOJQ', config: {} }
  const lines = Buffer.from(`ann:oath:${Buffer.from(JSON.stringify(keys)).toString('base64')}\n`)
  t.regex(TfaConfig.examine(lines).users[0]!.remarks.join(), /TOTP secret that is there more than once/)
  let now = start
  const config = TfaConfig.parse(lines, { now: () => now })
  t.is(config.listEntries('ann').length, 2)
  const secret = 'otpauth://totp/ann?secret=GEZDGNBVGY3TQOJQ'
  const code = totpAt(secret, now)
  t.true((await config.verify('ann', `totp:${code}`)).result)
  t.like(await config.verify('ann', `totp:${code}`), { result: false, needsSaving: false })
  const again = TfaConfig.parse(config.write(), { now: () => now })
  t.false((await again.verify('ann', `totp:${code}`)).result)
  const added = { type: 'totp', description: 'third', totp: `${secret}&digits=8`, value: totpAt(`${secret}&digits=8`, now) } as const
  t.like(await config.addEntry('ann', added), { ok: false, reason: 'not-verified' })
  t.is(config.listEntries('ann').length, 2)
  now += 30_000
  t.true((await config.addEntry('ann', { ...added, value: totpAt(added.totp, now) })).ok)
  t.false((await config.verify('ann', `totp:${totpAt(secret, now)}`)).result, 'the code that proved it')
})

test('the challenge is in the form of the origin: what is false or missing is left out', async (t) => {
  const { config, now } = new Fixture({})
  const challenge = async (record: object) => {
    config.setUserData('ann', JSON.stringify(record))
    return config.challenge('ann')
  }
  t.is(await config.challenge('nobody'), undefined)
  t.is(await challenge({}), undefined)
  t.is(await challenge({ 'totp-locked': true }), undefined)
  t.deepEqual(await challenge(phone), { totp: true })
  t.deepEqual(await challenge(recovery), { recovery: [0, 1, 2, 4, 5, 6, 7, 8, 9] })
  const used = { recovery: { ...(alice.recovery as object), entries: Array(10).fill(null) } }
  t.deepEqual(await challenge(used), { recovery: [] })
  t.deepEqual(await challenge({ yubico: alice.yubico }), { yubico: true })
  // Factors that can't be offered are no missing factors.
  t.deepEqual(await challenge({ totp: [{ ...phone.totp[0], enable: false }] }), {})
  t.deepEqual(await challenge({ webauthn: alice.webauthn }), {})
  t.deepEqual(await challenge({ u2f: alice.u2f }), {})
  config.webauthn = { id: section.id, rp: section.rp }
  t.deepEqual(await challenge({ webauthn: alice.webauthn }), {})
  config.webauthn = section
  t.like(await challenge({ webauthn: alice.webauthn }), {
    webauthn: {
      publicKey: {
        rpId: 'example.com',
        timeout: 120_000,
        userVerification: 'discouraged',
        allowCredentials: [{ type: 'public-key', id: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8' }],
      },
    },
  })
  t.deepEqual(await challenge({ ...phone, 'totp-locked': true, 'tfa-locked-until': now / 1000 }), { locked: ['totp'] })
  const shut = { ...phone, ...recovery, yubico: alice.yubico, 'tfa-locked-until': now / 1000 + 1 }
  t.deepEqual(await challenge(shut), { locked: ['totp', 'recovery', 'yubico'] })
})

test('a TOTP code is accepted once, and that needs saving', async (t) => {
  const fixture = new Fixture(phone)
  const accepted = { result: true, needsSaving: true, totpLimitReached: false, tfaLimitReached: false }
  const factor = { id: 'phone', type: 'totp', description: 'phone' }
  t.deepEqual(await fixture.verify(fixture.right()) as unknown, { ...accepted, factor })
  const again = await fixture.verify(fixture.right())
  t.deepEqual(again as unknown, { ...refused, reason: 'rejected', log: 'rejecting reused TOTP value' })
  t.true(Buffer.from(fixture.config.write()).toString().includes(`"last-count":${fixture.now / 30_000}}`))
  const next = `totp:${totpAt(uri, fixture.now + 30_000)}`
  t.like(await fixture.verify(next), { result: true })
  t.like(await fixture.verify(`totp:${totpAt(uri, fixture.now)}`), { result: false })
  // Two clones are two objects: each accepts a code once.
  fixture.now += 60_000
  const clone = fixture.config.clone()
  t.like(await fixture.verify(fixture.right()), { result: true })
  t.like(await clone.verify('ann', fixture.right()), { result: true })
  t.like(await clone.verify('ann', fixture.right()), { result: false })
})

test('of fifty answers at once with one code, one is accepted', async (t) => {
  for (const record of [phone, recovery]) {
    const fixture = new Fixture(record)
    const answer = record === phone ? fixture.right() : `recovery:${unused}`
    const results = await Promise.all(Array.from({ length: 50 }, () => fixture.verify(answer)))
    t.is(results.filter(({ result }) => result).length, 1)
  }
})

test('the eighth wrong TOTP code locks TOTP, and a recovery code opens it', async (t) => {
  const fixture = new Fixture({ ...phone, ...recovery })
  t.like(await fixture.wrong(7), { result: false, needsSaving: false, totpLimitReached: false, reason: 'rejected' })
  t.like(await fixture.wrong(1), { result: false, needsSaving: true, totpLimitReached: true, tfaLimitReached: false })
  const locked = { ...refused, reason: 'locked', log: 'locked' }
  t.deepEqual(await fixture.wrong(1) as unknown, locked)
  t.deepEqual(await fixture.verify(fixture.right()) as unknown, locked)
  t.deepEqual(fixture.config.lockStatus('ann'), { 'totp-locked': true })
  const stored = TfaConfig.parse(fixture.config.write(), { now: () => fixture.now })
  t.like(await stored.verify('ann', fixture.right()), locked)
  const opened = await fixture.verify(`recovery:${unused.toUpperCase().replaceAll('-', ' ')}`)
  t.like(opened, { result: true, needsSaving: true, recoveryCodesLeft: 8 })
  t.deepEqual(fixture.config.recoveryState('ann'), [1, 2, 4, 5, 6, 7, 8, 9])
  t.like(await fixture.verify(`recovery:${unused}`), { result: false, log: 'recovery verification failed' })
  t.like(await fixture.verify(fixture.right()), { result: true })
})

test('a hundred wrong codes lock every typed code for an hour', async (t) => {
  const fixture = new Fixture(recovery)
  t.like(await fixture.wrong(99, 'recovery'), { needsSaving: false, tfaLimitReached: false })
  t.like(await fixture.wrong(1, 'recovery'), { needsSaving: true, tfaLimitReached: true, totpLimitReached: false })
  t.deepEqual(fixture.config.lockStatus('ann'), { 'tfa-locked-until': start / 1000 + 3600 })
  t.like(await fixture.verify(`recovery:${unused}`), { result: false, reason: 'locked', needsSaving: false })
  t.deepEqual(fixture.config.recoveryState('ann')?.length, 9)
  fixture.now += 3_600_000
  t.like(await fixture.wrong(1, 'recovery'), { tfaLimitReached: true })
  t.deepEqual(fixture.config.unlock('ann'), { ok: true, unlocked: true })
  t.like(await fixture.verify(`recovery:${unused}`), { result: true })
})

test('counters go with the additions', async (t) => {
  const fixture = new Fixture(phone)
  await fixture.wrong(7)
  const options = { now: () => fixture.now }
  const whole = TfaConfig.parse(fixture.config.write({ additions: true }), options)
  t.like(await whole.verify('ann', `totp:${wrongCode(uri, fixture.now)}`), { totpLimitReached: true })
  const plain = TfaConfig.parse(fixture.config.write(), options)
  t.like(await plain.verify('ann', `totp:${wrongCode(uri, fixture.now)}`), { totpLimitReached: false })
})

test('what needs saving is what is written', async (t) => {
  for (const additions of [false, true]) {
    const fixture = new Fixture(phone, { additions })
    const before = fixture.config.write()
    t.is((await fixture.wrong(1)).needsSaving, additions)
    t.is(Buffer.from(before).equals(fixture.config.write()), !additions)
    t.is(Buffer.from(fixture.config.clone().write()).includes('totp-failures'), additions)
  }
})

/** A host that reads the file for each answer, and writes it when it is told to. */
function cycle(record: object, options: TfaConfigOptions) {
  let file: Uint8Array = Buffer.from(JSON.stringify({ users: { ann: record } }))
  return async (answer: string): Promise<TfaResult> => {
    const config = TfaConfig.parse(file, { now: () => start, ...options })
    const result = await config.verify('ann', answer)
    if (result.needsSaving) file = config.write()
    return result
  }
}

test('a host that reads the file anew each time keeps the limits by the additions', async (t) => {
  const verify = cycle(phone, { additions: true })
  const results = []
  for (let time = 0; time < 20; time++) results.push(await verify(`totp:${wrongCode(uri, start)}`))
  t.is(results.findIndex(({ totpLimitReached }) => totpLimitReached), 7)
  t.like(results[8], { result: false, reason: 'locked' })
})

test('a Yubico OTP is accepted once by a host that reads the file anew each time, and not without its counter', async (t) => {
  const answer = 'yubico:cccccccdjiiidvgtiblfkbgturecfllberrvkinnctnn'
  const yubico = { secrets: () => ({ key: '000102030405060708090a0b0c0d0e0f', uid: '010203040506' }) }
  const verify = cycle({ yubico: [{ id: 'yk', created: 1, entry: 'cccccccdjiii' }] }, { additions: true, yubico })
  t.true((await verify(answer)).result)
  t.like(await verify(answer), { result: false, log: 'code-reused' })
  for (const make of [() => TfaConfig.create({ yubico }), () => TfaConfig.parse(today, { yubico, additions: false })]) {
    const refused = t.throws(make, { instanceOf: CountersignError, code: 'invalid-argument' })
    t.regex(refused.message, /: yubico must be left out unless additions is true/)
  }
})

test('an OTP of a key that two users hold is accepted once, whoever types it', async (t) => {
  const yubico = { secrets: () => ({ key: '000102030405060708090a0b0c0d0e0f', uid: '010203040506' }) }
  const answer = 'yubico:cccccccdjiiidvgtiblfkbgturecfllberrvkinnctnn'
  const entry = (publicId: string) => JSON.stringify({ yubico: [{ id: 'yk', created: 1, entry: publicId }] })
  const config = TfaConfig.create({ additions: true, yubico, now: () => start })
  for (const [user, publicId] of [['ann', 'cccccccdjiii'], ['bob', 'CCCCCCCDJIII'], ['eve', 'cccccccdjiij']] as const) {
    config.setUserData(user, entry(publicId))
  }
  const before = config.clone()
  t.true((await config.verify('ann', answer)).result)
  t.like(await config.verify('bob', answer), { result: false, log: 'code-reused', needsSaving: false })
  t.is(config.userData('eve'), entry('cccccccdjiij'))
  config.removeUser('ann')
  const read = TfaConfig.parse(config.write(), { additions: true, yubico, now: () => start })
  t.like(await read.verify('bob', answer), { result: false, log: 'code-reused' })
  const added = await read.addEntry('zoe', { type: 'yubico', description: 'yk', value: 'cccccccdjiii' })
  t.true(added.ok && read.removeUser('bob'))
  t.like(await read.verify('zoe', answer), { result: false, log: 'code-reused' })
  t.true((await before.verify('bob', answer)).result, 'a clone has its own counters')
})

test('eight wrong OTPs in a row lock OTPs, which an unlock lifts', async (t) => {
  const answer = 'yubico:cccccccdjiiidvgtiblfkbgturecfllberrvkinnctnn'
  let uid = '010203040507'
  const yubico = { secrets: () => ({ key: '000102030405060708090a0b0c0d0e0f', uid }) }
  const { config } = new Fixture({ ...phone, yubico: [{ id: 'yk', description: '', created: 1, entry: 'cccccccdjiii' }] }, { additions: true, yubico })
  for (let time = 0; time < 8; time++) t.like(await config.verify('ann', answer), { reason: 'rejected', needsSaving: true })
  uid = '010203040506'
  t.like(await config.verify('ann', answer), { reason: 'locked', needsSaving: false })
  t.like(await config.challenge('ann'), { totp: true, locked: ['yubico'] })
  t.deepEqual([config.lockStatus('ann'), [...config.lockedUsers().keys()]], [{ 'yubico-locked': true }, ['ann']])
  t.deepEqual(config.unlock('ann'), { ok: true, unlocked: true })
  t.true((await config.verify('ann', answer)).result)
})

test('a full record still counts what is wrong', async (t) => {
  const filled = (length: number) => ({ ...phone, yubico: [{ id: 'y', description: 'x'.repeat(length), created: 1, entry: 'cc' }] })
  const fixture = new Fixture(filled((1 << 20) - JSON.stringify(filled(0)).length))
  t.like(await fixture.wrong(8), { totpLimitReached: true })
  t.like(await fixture.verify(fixture.right()), { reason: 'locked' })
})

test('a challenge of someone who asks for less is no way around user verification', async (t) => {
  const store = memoryStore()
  const fixture = new Fixture(phone, { challenges: store })
  const key = new TestAuthenticator({ userVerified: false })
  await fixture.addKey(key)
  await store.update('ann', () => ({ record: fixture.config.userData('ann')!, value: 0 }))
  const challenge = await fixture.config.challenge('ann')
  const response = key.get(challenge!.webauthn!.publicKey, { origin })
  const rp = { id: 'example.com', name: 'Example', origins: [origin] }
  const now = () => fixture.now
  const strict = await Countersign.open({ rp, store, now, webauthn: { userVerification: 'required' } })
  t.deepEqual(await strict.verify('ann', { type: 'webauthn', response }), { ok: false, reason: 'rejected' })
  const again = await fixture.config.challenge('ann')
  const lax = await Countersign.open({ rp, store, now })
  t.like(await lax.verify('ann', { type: 'webauthn', response: key.get(again!.webauthn!.publicKey, { origin }) }), { ok: true })
})

test('answers that are none change nothing', async (t) => {
  const fixture = new Fixture({ ...phone, ...recovery })
  const before = fixture.config.write({ additions: true })
  for (const answer of [
    '', 'totp', 'totp:', 'totp:12345', 'totp:+12345', 'oath:123456', 'recovery:x', 'webauthn:', 'webauthn:x', 'u2f:[]',
    'TOTP:123456', 123456, null, undefined, {}, { type: 'totp', code: 123456 }, { type: 'webauthn', response: 'x' },
  ]) {
    t.like(await fixture.verify(answer), { ...refused, reason: 'malformed' }, JSON.stringify(answer))
  }
  const otp = 'yubico:cccccccdjiiicccccccccccccccccccccccccccccccc'
  t.like(await fixture.verify(otp), { ...refused, reason: 'rejected' })
  t.like(await fixture.config.verify('nobody', fixture.right()), { ...refused, log: 'no such user' })
  t.deepEqual(fixture.config.write({ additions: true }), before)
  t.deepEqual(fixture.config.users(), ['ann'])
})

test('a security key signs in once a challenge, and its counter is kept', async (t) => {
  const fixture = new Fixture(phone)
  const key = new TestAuthenticator({ signCount: 5 })
  const id = await fixture.addKey(key)
  const answer = await fixture.assertion(key)
  t.like(await fixture.verify(answer), { result: true, needsSaving: true, factor: { id, type: 'webauthn' } })
  t.deepEqual(await fixture.verify(answer) as unknown, { ...refused, reason: 'rejected', log: 'no such challenge' })
  const stored = () => (JSON.parse(fixture.config.userData('ann')!) as typeof alice & {
    webauthn: { entry: { counter: number } }[]
  }).webauthn[0]!.entry.counter
  const before = stored()
  t.true(before > 5)
  key.credentials[0]!.signCount = 1
  t.like(await fixture.verify(await fixture.assertion(key)), { ...refused, log: 'counter-not-increased' })
  t.is(stored(), before)
  // What the origin keeps of it verifies again.
  const copy = TfaConfig.parse(fixture.config.write({ sections: true }), { now: () => fixture.now })
  key.credentials[0]!.signCount = 50
  const challenge = await copy.challenge('ann')
  const response = key.get(challenge!.webauthn!.publicKey, { origin })
  t.like(await copy.verify('ann', { type: 'webauthn', response }), { result: true, needsSaving: true })
})

test('a security key lifts the locks', async (t) => {
  const fixture = new Fixture(phone)
  const key = new TestAuthenticator()
  await fixture.addKey(key)
  await fixture.wrong(8)
  t.like(await fixture.verify(await fixture.assertion(key)), { result: true })
  t.deepEqual(fixture.config.lockStatus('ann'), {})
})

test('an answer is for its page, its user and its time', async (t) => {
  const fixture = new Fixture(phone)
  const key = new TestAuthenticator()
  await fixture.addKey(key)
  const page = 'https://two.example.com'
  const elsewhere = await fixture.assertion(key, page)
  t.like(await fixture.verify(elsewhere, page), { result: true })
  t.like(await fixture.verify(await fixture.assertion(key, page)), { ...refused, log: 'origin-mismatch' })
  t.like(await fixture.verify(await fixture.assertion(key), 'https://example.org'), { ...refused })
  const late = await fixture.assertion(key)
  fixture.now += 120_000
  t.like(await fixture.verify(late), { ...refused, log: 'no such challenge' })
  fixture.config.setUserData('bob', fixture.config.userData('ann'))
  const answer = await fixture.assertion(key)
  t.like(await fixture.config.verify('bob', answer), { ...refused, log: 'no such challenge' })
  t.like(await fixture.verify(answer), { result: true })
})

test('challenges live in the store that the host gives', async (t) => {
  const store = memoryStore()
  const fixture = new Fixture(phone, { challenges: store })
  const key = new TestAuthenticator()
  await fixture.addKey(key)
  const answer = await fixture.assertion(key)
  // The file was parsed anew for the second request.
  const bytes = fixture.config.write({ sections: true })
  const copies = [1, 2].map(() => TfaConfig.parse(bytes, { challenges: store, now: () => fixture.now }))
  const results = await Promise.all(copies.map((copy) => copy.verify('ann', answer)))
  t.deepEqual(results.map(({ result }) => result), [true, false])
  const broken: ChallengeStore = {
    put: () => Promise.reject(new Error('down')),
    take: () => Promise.resolve(7 as never),
    clear: () => Promise.resolve(),
  }
  const failing = TfaConfig.parse(bytes, { challenges: broken, now: () => fixture.now })
  const failed = { instanceOf: CountersignError, code: 'store-failed' }
  await t.throwsAsync(failing.challenge('ann'), failed)
  await t.throwsAsync(failing.verify('ann', answer), failed)
})

test('an old U2F key answers its own challenge', async (t) => {
  const key = new U2fKey()
  const fixture = new Fixture({ u2f: [{ id: 'old', created: 1, entry: key.entry }] }, { additions: true })
  fixture.config.u2f = { appid: appId, origin }
  const challenge = await fixture.config.challenge('ann')
  t.deepEqual(Object.keys(challenge!), ['u2f'])
  const answer = `u2f:${JSON.stringify(key.sign(challenge!.u2f!, origin))}`
  t.like(await fixture.verify(answer), { result: true, needsSaving: true, factor: { id: 'old', type: 'u2f' } })
  t.like(await fixture.verify(answer), { ...refused, log: 'no such challenge' })
  const other = await fixture.config.challenge('ann')
  const elsewhere = `u2f:${JSON.stringify(key.sign(other!.u2f!, 'https://evil.test'))}`
  t.like(await fixture.verify(elsewhere), { ...refused, log: 'u2f verification failed' })
})

test('a Yubico OTP is verified where the host knows the secrets', async (t) => {
  // The published example: use 1, session 1.
  const answer = 'yubico:cccccccdjiiidvgtiblfkbgturecfllberrvkinnctnn'
  const secrets = { key: '000102030405060708090a0b0c0d0e0f', uid: '010203040506' }
  const asked: string[] = []
  const lookUp = (publicId: string, user: string) => {
    asked.push(publicId, user)
    return secrets
  }
  const record = { yubico: [{ id: 'yk', created: 1, entry: 'cccccccdjiii' }] }
  const fixture = new Fixture(record, { additions: true, yubico: { secrets: lookUp } })
  t.like(await fixture.verify(answer), { result: true, needsSaving: true, factor: { id: 'yk', type: 'yubico' } })
  t.like(await fixture.verify(answer), { ...refused, reason: 'rejected', log: 'code-reused' })
  t.deepEqual(asked.slice(0, 2), ['cccccccdjiii', 'ann'])
  t.is(TfaConfig.parse(fixture.config.write({ additions: false })).userData('ann'), JSON.stringify(record))
  t.like(await new Fixture(record).verify(answer), { ...refused, reason: 'rejected' })
  const broken = new Fixture(record, { additions: true, yubico: { secrets: () => Promise.reject(new Error('vault')) } })
  await t.throwsAsync(broken.verify(answer), { instanceOf: CountersignError, code: 'store-failed' })
})

for (const [name, spell] of Object.entries(spellings)) {
  test(`a page may write its bytes in ${name}`, async (t) => {
    const key = new TestAuthenticator()
    const fixture = new Fixture(phone)
    const id = await fixture.addKey(key, (sent) => respelt(sent, spell))
    const { webauthn: [added] } = JSON.parse(fixture.config.userData('ann')!) as { webauthn: [{ id: string; entry: { cred_id: string } }] }
    t.deepEqual([added.id, added.entry.cred_id], [id, key.credentials[0]!.id], 'one credential has one id')
    t.like(await fixture.verify(await fixture.assertion(key, origin, (sent) => respelt(sent, spell)), origin), { result: true })
  })
}

for (const [name, spoil] of Object.entries(misspellings)) {
  test(`${name} in a member of a response is refused`, async (t) => {
    const key = new TestAuthenticator()
    const fixture = new Fixture(phone)
    fixture.config.webauthn = section
    const spoilt = <T extends { id: string; rawId: string; response: object }>(sent: T, member: string): T => {
      const changed = respelt(sent, spoil, member)
      t.notDeepEqual(changed, sent)
      return changed
    }
    for (let member = 'attestationObject'; member !== ''; ) {
      const begun = await fixture.config.addEntry('ann', { type: 'webauthn', description: 'key' })
      const { publicKey } = JSON.parse((begun as { challenge: string }).challenge) as TfaRegistrationChallenge
      const sent = new TestAuthenticator().create(publicKey, { origin })
      if (![sent.id, sent.response.attestationObject].every(canBeSpoilt)) continue
      const value = JSON.stringify(spoilt(sent, member))
      const added = await fixture.config.addEntry('ann', { type: 'webauthn', challenge: publicKey.challenge, value })
      t.like(added, { ok: false, message: 'webauthn registration failed' }, member)
      member = member === 'attestationObject' ? 'rawId' : ''
    }
    t.is(JSON.parse(fixture.config.userData('ann')!).webauthn, undefined)
    await fixture.addKey(key)
    for (let refused = 0; refused < 2; ) {
      const sent = JSON.parse((await fixture.assertion(key)).slice('webauthn:'.length)) as ReturnType<TestAuthenticator['get']>
      if (!canBeSpoilt(sent.response.signature)) continue
      t.like(await fixture.verify(`webauthn:${JSON.stringify(spoilt(sent, 'signature'))}`, origin), { result: false })
      refused += 1
    }
  })
}
