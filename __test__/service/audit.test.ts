// The audit log: what it says, what it notices, and what happens when it can't be written.
import { randomBytes } from 'node:crypto'

import test from 'ava'

import { auditTo } from '../../index.js'
import type { AuditEntry } from '../../index.js'
import { memoryAudit, memoryStore } from '../../facade/stores/index.js'
import type { AuditStore } from '../../facade/stores/index.js'
import { totpAt } from '../../facade/testing/index.js'
import { Fixture, overriding, wrongCode } from '../helpers/service.js'

const key = randomBytes(32)

async function open({ required = true, store = memoryAudit() as AuditStore, users = memoryStore() } = {}) {
  const audit = auditTo(store, { key, required })
  return { audit, store, fixture: await Fixture.open(users, { audit }) }
}

const told = (entries: AuditEntry[]) => entries.map(({ type, factor, reason, from, by }) => [type, factor?.type, reason, from, by].filter(Boolean).join(' ')).toReversed()

test('a log says who did what, when, from where, and how it ended, and never a secret', async (t) => {
  const { audit, store, fixture } = await open()
  const { uri, factor } = await fixture.enrolTotp('ann')
  fixture.step()
  const wrong = wrongCode(uri, fixture.now)
  const from = '203.0.113.7\n\u202e"Firefox"'
  await fixture.service.verify('ann', { type: 'totp', code: wrong }, { from })
  const right = totpAt(uri, fixture.now)
  await fixture.service.verify('ann', { type: 'totp', code: right }, { from: '203.0.113.7', remember: { label: 'Firefox' } })
  const codes = await fixture.service.createRecoveryCodes('ann', { from: 'settings' })
  await fixture.service.recover('ann', { recovery: codes[0], remove: [] }, { from: 'here' })
  await fixture.service.updateFactor('ann', factor.id, { description: 'new', from: 'there' })
  await fixture.service.removeFactors('ann', { by: 'help desk', from: 'office' })
  const { entries, next } = await audit.read('ann')
  t.is(next, null)
  t.deepEqual(told(entries), [
    'enrolled totp',
    'rejected totp wrong-code 203.0.113.7 "Firefox"',
    'verified totp 203.0.113.7', 'browser-remembered 203.0.113.7',
    'recovery-codes-created settings',
    'verified recovery here', 'recovery-code-used here',
    'updated totp there',
    ...entries.filter(({ type }) => type === 'removed').map(({ factor }) => `removed ${factor?.type} office help desk`).toReversed(),
  ])
  t.true(entries.some(({ type }) => type === 'removed'))
  for (const { user, at } of entries) {
    t.is(user, 'ann')
    t.true(at <= fixture.now && at >= fixture.now - 60_000)
  }
  t.deepEqual(entries.map(({ place }) => place), entries.map((_, index) => entries.length - index))
  const lines = JSON.stringify(await store.read('ann', { limit: 1000 }))
  for (const secret of [wrong, right, ...codes, new URL(uri).searchParams.get('secret')!]) t.false(lines.includes(secret))
  t.like(fixture.events.at(-1), { type: 'removed', from: 'office' }, 'events have it too')
  t.deepEqual(await audit.check('ann'), {
    ok: true, link: 'hmac', lines: entries.length, head: (await audit.check('ann')).head, mistakes: [],
  })
})

test('pages of a log', async (t) => {
  const { audit, fixture } = await open()
  const { uri } = await fixture.enrolTotp('ann')
  for (let count = 0; count < 5; count += 1) await fixture.service.verify('ann', `totp:${wrongCode(uri, fixture.now)}`)
  const first = await audit.read('ann', { limit: 4 })
  t.deepEqual(first.entries.map(({ place }) => place), [6, 5, 4, 3])
  const second = await audit.read('ann', { limit: 4, before: first.next! })
  t.deepEqual(second.entries.map(({ place }) => place), [2, 1])
  t.is(second.next, null)
  t.deepEqual(await audit.read('nobody'), { entries: [], next: null })
  await t.throwsAsync(audit.read('ann', { limit: 0 }), { code: 'invalid-argument' })
  await t.throwsAsync(audit.read(''), { code: 'invalid-argument' })
})

/** A log of six lines, each of which a test may change. */
async function forged(change: (lines: string[]) => string[], options: { key?: Uint8Array; head?: string; user?: string } = {}) {
  const lines: string[] = []
  const store: AuditStore = {
    append: async (_user, line) => void lines.push(line(lines.at(-1))),
    read: async (_user, { before = Infinity, limit }) =>
      lines.map((line, index) => ({ place: index + 1, line })).filter(({ place }) => place < before).toReversed().slice(0, limit),
  }
  const written = 'key' in options ? { ...(options.key && { key: options.key }) } : { key }
  const audit = auditTo(store, { required: true, ...written })
  const fixture = await Fixture.open(memoryStore(), { audit })
  const { uri } = await fixture.enrolTotp('ann')
  for (let count = 0; count < 5; count += 1) await fixture.service.verify('ann', `totp:${wrongCode(uri, fixture.now)}`)
  const { head } = await audit.check('ann')
  lines.splice(0, lines.length, ...change([...lines]))
  return { checked: await auditTo(store, { key }).check(options.user ?? 'ann', { head: options.head ?? head! }), audit, lines }
}

test('each change of a log shows, whatever it is', async (t) => {
  t.true((await forged((lines) => lines)).checked.ok)
  const changes: Record<string, (lines: string[]) => string[]> = {
    'another time': (lines) => lines.map((line, index) => (index === 2 ? line.replace(/"at":\d/, '"at":9') : line)),
    'the first one removed': (lines) => lines.slice(1),
    'one removed': (lines) => lines.toSpliced(2, 1),
    'two exchanged': (lines) => [lines[1]!, lines[0]!, ...lines.slice(2)],
    'one twice': (lines) => lines.toSpliced(2, 0, lines[2]!),
    'one that is no line': (lines) => lines.with(3, 'no line'),
    'an empty one': (lines) => lines.with(3, ''),
    'the last one changed': (lines) => lines.with(5, lines[5]!.replace('wrong-code', 'other-code')),
    'a link changed': (lines) => lines.with(4, lines[4]!.replace(/^hmac ./, 'hmac _')),
    'the end cut off': (lines) => lines.slice(0, 4),
    'all of it cut off': () => [],
    'made a checksum': (lines) => lines.map((line) => line.replace(/^hmac/, 'checksum')),
  }
  for (const [name, change] of Object.entries(changes)) t.false((await forged(change)).checked.ok, name)
  // Every single character.
  const { lines } = await forged((one) => one)
  for (let at = 0; at < lines[4]!.length; at += 7) {
    const flip = (line: string) => `${line.slice(0, at)}${line[at] === '#' ? '!' : '#'}${line.slice(at + 1)}`
    t.false((await forged((before) => before.with(4, flip(before[4]!)))).checked.ok, `character ${at}`)
  }
})

test('a cut end shows only against a head that was kept', async (t) => {
  const cut = await forged((lines) => lines.slice(0, 4))
  t.deepEqual(cut.checked.mistakes, [{ place: 6, reason: 'head' }])
  const without = await cut.audit.check('ann')
  t.true(without.ok)
  t.is(without.lines, 4)
  t.true((await cut.audit.check('ann', { head: without.head! })).ok, 'a head of before')
  for (const head of ['', '0:x', '6', `6:${'x'.repeat(42)}`, `6 ${'x'.repeat(43)}`]) {
    await t.throwsAsync(cut.audit.check('ann', { head }), { code: 'invalid-argument' })
  }
})

test('whoever writes the store but has no key can make no line; a log is of one user', async (t) => {
  // What is written under another key, and without one.
  for (const other of [{ key: randomBytes(32) }, {} as { key?: Uint8Array }]) {
    const { checked } = await forged((lines) => lines, { ...other, key: other.key as Uint8Array })
    t.deepEqual([...new Set(checked.mistakes.map(({ reason }) => reason))], ['link'])
    t.is(checked.mistakes.length, 6)
  }
  const { checked } = await forged((lines) => lines, { user: 'ben' })
  t.true(checked.mistakes.every(({ reason }) => reason === 'user'))
  t.is(checked.mistakes.length, 6)
})

test('without a key the link is called a checksum', async (t) => {
  const audit = auditTo(memoryAudit(), { required: true })
  const fixture = await Fixture.open(memoryStore(), { audit })
  await fixture.enrolTotp('ann')
  t.like(await audit.check('ann'), { ok: true, link: 'checksum', lines: 1 })
})

test('50 calls in parallel make one chain', async (t) => {
  const { audit, store, fixture } = await open()
  const { uri } = await fixture.enrolTotp('ann')
  const other = await fixture.another({ audit: auditTo(store, { key, required: true }), limits: { totpFailures: 100 } })
  await Promise.all(Array.from({ length: 50 }, () => other.verify('ann', `totp:${wrongCode(uri, fixture.now)}`)))
  t.like(await audit.check('ann'), { ok: true, lines: 51 })
})

test('refusals of locked and unknown users are counted, and have no line', async (t) => {
  const { audit, fixture } = await open()
  const { uri } = await fixture.enrolTotp('ann')
  const guess = () => fixture.service.verify('ann', `totp:${wrongCode(uri, fixture.now)}`)
  for (let count = 0; count < 8; count += 1) await guess()
  const { lines } = await audit.check('ann')
  for (let count = 0; count < 5; count += 1) t.like(await guess(), { reason: 'locked' })
  t.is((await audit.check('ann')).lines, lines)
  await fixture.service.unlock('ann', { by: 'help desk' })
  const [last] = (await audit.read('ann')).entries
  t.like(last, { type: 'unlocked', by: 'help desk', refused: 5 })
  await fixture.service.unlock('ann')
  await guess()
  t.false('refused' in (await audit.read('ann')).entries[0]!, 'each is counted once')

  for (const answer of ['totp:123456', 'nonsense', { type: 'recovery', code: 'x' }]) {
    t.false((await fixture.service.verify('stranger', answer)).ok)
  }
  t.is((await audit.check('stranger')).lines, 0)
})

test('of a user with a lock, refusals of every kind are counted, but the wrong code that locked has its line', async (t) => {
  const { audit, fixture } = await open()
  const { uri } = await fixture.enrolTotp('ann')
  await fixture.enrolKey('ann')
  for (let count = 0; count < 8; count += 1) await fixture.service.verify('ann', `totp:${wrongCode(uri, fixture.now)}`)
  const { entries } = await audit.read('ann')
  t.deepEqual(told(entries).slice(-2), ['rejected totp wrong-code', 'locked totp'])
  const { lines } = await audit.check('ann')
  const refusals: (() => Promise<{ ok: boolean }>)[] = [
    () => fixture.service.verify('ann', { type: 'totp', code: 7 }),
    () => fixture.service.verify('ann', { type: 'recovery', code: 'aaaa-aaaa-aaaa-aaaa' }),
    () => fixture.service.verify('ann', { type: 'recovery', code: 'aaaa-aaaa-aaaa-aaaa' }, { require: { phishingResistant: true } }),
    () => fixture.service.recover('ann', {} as never),
    () => fixture.service.verify('ann', `yubico:${'c'.repeat(44)}`),
    () => fixture.service.verify('ann', { type: 'webauthn', response: {} }),
  ]
  for (const refused of refusals) for (let count = 0; count < 5; count += 1) t.false((await refused()).ok)
  t.is((await audit.check('ann')).lines, lines)
  await fixture.service.unlock('ann')
  t.like((await audit.read('ann', { limit: 1 })).entries[0], { type: 'unlocked', refused: 30 })
})

test('refusals that no lock counts have 100 lines within an hour, and hide no wrong code', async (t) => {
  const { audit, fixture } = await open()
  const { uri } = await fixture.enrolTotp('ann')
  const malformed = () => fixture.service.verify('ann', { type: 'totp', code: 7 })
  for (let count = 0; count < 120; count += 1) await malformed()
  t.is((await audit.check('ann')).lines, 101)
  await fixture.service.verify('ann', `totp:${wrongCode(uri, fixture.now)}`)
  t.like((await audit.read('ann', { limit: 1 })).entries[0], { reason: 'wrong-code', refused: 20 })
  fixture.now += 3_600_000
  await malformed()
  t.like((await audit.read('ann', { limit: 1 })).entries[0], { place: 103, reason: 'malformed' })
})

test('a store that loses an entry without an error has failed', async (t) => {
  const stores: Record<string, Partial<AuditStore>> = {
    'no promise': { append: ((_user: string, line: (last?: string) => string) => void line()) as never },
    'no line': { append: async () => undefined },
  }
  for (const [name, part] of Object.entries(stores)) {
    const { fixture } = await open({ store: { ...memoryAudit(), ...part } })
    await t.throwsAsync(fixture.enrolTotp('ann'), { code: 'store-failed', message: /audit store's append\(\) must/ }, name)
  }
})

test('an audit store that fails, later or at once, stops no sign-in, and the next line says what is missing', async (t) => {
  let fails = true
  const lines = memoryAudit()
  const store: AuditStore = {
    append: async (user, line) => {
      if (fails) throw new Error('disk full')
      await lines.append(user, line)
    },
    read: (user, page) => lines.read(user, page),
  }
  const { audit, fixture } = await open({ required: false, store })
  const { uri } = await fixture.enrolTotp('ann')
  fixture.step()
  t.true((await fixture.service.verify('ann', `totp:${totpAt(uri, fixture.now)}`)).ok)
  await new Promise(setImmediate)
  const warnings = fixture.events.filter(({ type }) => type === 'warning')
  t.deepEqual(warnings.map(({ reason }) => reason), ['audit-failed'])
  fails = false
  fixture.step()
  t.true((await fixture.service.verify('ann', `totp:${totpAt(uri, fixture.now)}`)).ok)
  await fixture.service.close()
  t.like(await audit.read('ann'), { entries: [{ type: 'verified', missing: 2 }] })
})

test('a slow audit store delays no call, and close waits for it', async (t) => {
  let release = () => {}
  const gate = new Promise<void>((resolve) => (release = resolve))
  const lines = memoryAudit()
  const store: AuditStore = {
    append: async (user, line) => {
      await gate
      await lines.append(user, line)
    },
    read: (user, page) => lines.read(user, page),
  }
  const { audit, fixture } = await open({ required: false, store })
  const { factor } = await fixture.enrolTotp('ann')
  const rename = (description: string) => fixture.service.updateFactor('ann', factor.id, { description })
  // More than wait: the rest is missing, and no call waits for that either.
  for (let count = 1; count < 1050; count += 1) await rename(`${count}`)
  t.is((await audit.check('ann')).lines, 0)
  release()
  while ((await audit.check('ann')).lines < 1000) await new Promise(setImmediate)
  await rename('last')
  await fixture.service.close()
  t.like(await audit.check('ann'), { ok: true, lines: 1001 })
  t.like(await audit.read('ann', { limit: 2 }), { entries: [{ type: 'updated', missing: 50 }, { place: 1000 }] })
})

test('required: the line is there before the call answers; if it fails the call rejects, and the code stays used', async (t) => {
  let fails = false
  const lines = memoryAudit()
  const store: AuditStore = {
    append: async (user, line) => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      if (fails) throw new Error('disk full')
      await lines.append(user, line)
    },
    read: (user, page) => lines.read(user, page),
  }
  const { audit, fixture } = await open({ store })
  const { uri } = await fixture.enrolTotp('ann')
  t.is((await audit.check('ann')).lines, 1)
  fixture.step()
  fails = true
  const code = `totp:${totpAt(uri, fixture.now)}`
  const error = await t.throwsAsync(fixture.service.verify('ann', code), { code: 'store-failed' })
  t.is((error as { cause?: Error }).cause?.message, 'disk full')
  fails = false
  t.deepEqual(await fixture.service.verify('ann', code), { ok: false, reason: 'rejected' })
  t.like(await audit.read('ann', { limit: 1 }), { entries: [{ type: 'rejected', reason: 'code-reused', missing: 1 }] })
})

test('what happened before a call failed is in the log', async (t) => {
  const users = memoryStore()
  let fails = false
  const { audit, fixture } = await open({ users: overriding(users, { put: async (name, challenge) => {
    if (fails) throw new Error('full')
    await users.put(name, challenge)
  } }) as never })
  const { enrolment, uri } = await fixture.service.beginTotp('ann', { account: 'ann' })
  await fixture.enrolKey('ann')
  fails = true
  const wrong = wrongCode(uri, fixture.now)
  await t.throwsAsync(fixture.service.finishTotp('ann', { enrolment, code: wrong, description: '' }), { code: 'store-failed' })
  t.like(await audit.read('ann', { limit: 1 }), { entries: [{ type: 'rejected', reason: 'wrong-code' }] })
})

test('what is no log, no store, no key, or no place is refused', async (t) => {
  for (const store of [undefined, null, {}, { append() {} }, memoryStore()]) {
    t.throws(() => auditTo(store as never), { code: 'invalid-argument', message: 'Invalid argument: store must be an audit store with the methods append, read' })
  }
  for (const wrong of ['short', new Uint8Array(31), new Uint8Array(65), 5]) {
    const error = t.throws(() => auditTo(memoryAudit(), { key: wrong as never }), { code: 'invalid-argument', message: /key must be 32 to 64 secret bytes/ })
    t.false(error.message.includes('short'))
  }
  const unset = t.throws(() => auditTo(memoryAudit(), { key: process.env.COUNTERSIGN_NO_SUCH_KEY } as never), { code: 'invalid-argument' })
  t.is(unset.message, 'Invalid argument: key is undefined: set what it is read from, or leave the member out for a log with checksums alone')
  await t.throwsAsync(Fixture.open(memoryStore(), { audit: memoryAudit() as never }), { message: /audit must be what auditTo\(store\) returns/ })
  const { fixture } = await open()
  await t.throwsAsync(fixture.service.verify('ann', '', { from: 5 as never }), { message: /from must be text/ })
  await t.throwsAsync(fixture.service.recover('ann', { recovery: '' }, { frm: 'x' } as never), { code: 'invalid-argument' })
  t.deepEqual(await fixture.service.recover('ann', { recovery: '', from: 'forged' } as never), { ok: false, reason: 'malformed' })
})
