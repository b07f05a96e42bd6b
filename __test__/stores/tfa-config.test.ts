import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'
import type { ExecutionContext } from 'ava'

import { Countersign, isCountersignError, TfaConfig } from '../../index.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { memoryStore, tfaConfigStore } from '../../facade/stores/index.js'
import type { TfaConfigStoreOptions } from '../../facade/stores/index.js'
import { temporaryDirectory } from '../helpers/directories.js'
import { Fixture, origin, rp, wrongCode } from '../helpers/service.js'
import { U2fKey, appId } from '../helpers/u2f-key.js'

const vector = (name: string) => readFileSync(new URL(`../../../__test__/vectors/${name}`, import.meta.url))
const today = vector('tfa-today.json')

/** A file in a directory of its own, with a store on it. */
function fresh(content: string | Uint8Array | undefined, options: TfaConfigStoreOptions = {}) {
  const path = join(temporaryDirectory(), 'tfa.cfg')
  if (content !== undefined) writeFileSync(path, content, { mode: 0o600 })
  const open = () => tfaConfigStore(path, options)
  return { path, open, text: () => readFileSync(path, 'utf8'), users: () => users(path) }
}

const users = (path: string) => (JSON.parse(readFileSync(path, 'utf8')) as { users: Record<string, Member> }).users

/** What the tests look at of a user's record. */
interface Member {
  totp?: { id: string; entry: { totp: string } | string }[]
  webauthn?: { id: string; entry: Record<string, unknown> }[]
  yubico?: unknown[]
  u2f?: unknown[]
  'totp-locked'?: boolean
  'tfa-locked-until'?: number
}

/** Another program's change of the whole file. */
function elsewhere(path: string, change: (users: Record<string, Member>) => void): void {
  const file = JSON.parse(readFileSync(path, 'utf8')) as { users?: Record<string, Member> }
  change((file.users ??= {}))
  writeFileSync(`${path}.other`, JSON.stringify(file), { mode: 0o600 })
  renameSync(`${path}.other`, path)
}

async function all(names: AsyncIterable<string>): Promise<string[]> {
  const found = []
  for await (const name of names) found.push(name)
  return found
}

const mode = (path: string) => statSync(path).mode & 0o777

async function refused(t: ExecutionContext, work: () => unknown, code: string, text = /./): Promise<void> {
  const err = await t.throwsAsync(async () => work())
  t.true(isCountersignError(err, code as 'config-corrupt'), String(err))
  t.regex(err!.message, text)
}

test('a missing file is refused, and made when asked for', async (t) => {
  const { path, open } = fresh(undefined)
  await refused(t, open, 'directory-refused', /does not exist/)
  t.false(existsSync(path))
  t.deepEqual(await all(tfaConfigStore(path, { create: true }).users()), [])
  t.is(mode(path), 0o600)
  t.is(readFileSync(path, 'utf8'), '{"users":{}}')
  // What is there is never made anew.
  writeFileSync(path, today)
  t.deepEqual(await all(tfaConfigStore(path, { create: true }).users()), ['alice@pve'])
})

test('a file that others could change or read is refused', async (t) => {
  const { path, open } = fresh(today)
  for (const bits of [0o604, 0o640, 0o602, 0o666]) {
    chmodSync(path, bits)
    await refused(t, open, 'directory-refused', /is open to/)
  }
  chmodSync(path, 0o640)
  const group = tfaConfigStore(path, { allowGroup: true })
  await group.update('bob', () => ({ record: '{"totp-locked":true}', value: 0 }))
  t.is(mode(path), 0o640)
  t.true(users(path)['bob']?.['totp-locked'])
  chmodSync(path, 0o660)
  await refused(t, () => group.read('bob'), 'directory-refused', /is open to its group/)
  const link = `${path}.link`
  chmodSync(path, 0o600)
  symlinkSync(path, link)
  await refused(t, () => tfaConfigStore(link), 'directory-refused', /symbolic link/)
  const directory = temporaryDirectory()
  await refused(t, () => tfaConfigStore(directory), 'directory-refused')
})

test('a sign-in writes the file closed, and what is ours beside it, closed too', async (t) => {
  const { path, open, text } = fresh(today)
  const fixture = await Fixture.open(open())
  const { uri } = await fixture.enrolTotp('bob')
  const { key } = await fixture.enrolKey('bob')
  fixture.step()
  t.true((await fixture.service.verify('bob', `totp:${totpAt(uri, fixture.now)}`)).ok)
  t.true((await fixture.service.verify('bob', await fixture.assertion('bob', key))).ok)
  fixture.step()
  t.false((await fixture.service.verify('bob', `totp:${wrongCode(uri, fixture.now)}`)).ok)
  t.is(mode(path), 0o600)
  t.is(mode(`${path}.countersign`), 0o700)
  for (const name of readdirSync(`${path}.countersign`, { recursive: true, encoding: 'utf8' })) {
    const below = join(`${path}.countersign`, name)
    t.is(mode(below), statSync(below).isDirectory() ? 0o700 : 0o600, name)
  }
  const additions = ['last-used', 'failures', 'user-handle', 'user_handle', 'transports', 'aaguid', 'user_verified']
  for (const name of additions) t.notRegex(text(), new RegExp(`${name}"`))
  // All of it is there for the next one.
  const later = await fixture.another({ store: open() })
  const factors = await later.factors('bob')
  t.deepEqual(factors.map(({ type, lastUsed }) => [type, lastUsed !== undefined]), [['totp', true], ['webauthn', true]])
  t.is(JSON.parse((await open().read('bob'))!)['totp-failures'], 1)
})

test('sections, members and users that are not ours to change stay', async (t) => {
  const file = JSON.parse(today.toString())
  file['a-new-section'] = { x: [1.5, null] }
  const { path, open } = fresh(JSON.stringify(file))
  const fixture = await Fixture.open(open())
  await fixture.enrolTotp('bob')
  await fixture.service.updateFactor('alice@pve', file.users['alice@pve'].totp[0].id, { description: 'new name' })
  const after = JSON.parse(readFileSync(path, 'utf8'))
  t.deepEqual(after['a-new-section'], { x: [1.5, null] })
  t.deepEqual([after.u2f, after.webauthn], [file.u2f, file.webauthn])
  file.users['alice@pve'].totp[0].description = 'new name'
  t.deepEqual(after.users['alice@pve'], file.users['alice@pve'])
})

test('another program\'s changes are seen at once, and kept', async (t) => {
  const { path, open, text } = fresh(today)
  const store = open()
  t.is(await store.read('carol'), undefined)
  elsewhere(path, (users) => (users['carol'] = { 'totp-locked': true }))
  t.is(await store.read('carol'), '{"totp-locked":true}')
  // In place, of the same length, within the same moment.
  for (let round = 0; round < 20; round += 1) {
    const locked = round % 2 === 0
    const member = locked ? '{"totp-locked":true }' : '{"totp-locked":false}'
    writeFileSync(path, `{"users":{"carol":${member},"dave":{}}}`)
    t.is(await store.read('carol'), locked ? '{"totp-locked":true}' : '{}')
  }
  await store.update('erin', () => ({ record: '{"totp-locked":true}', value: 0 }))
  t.deepEqual(Object.keys(users(path)).toSorted(), ['carol', 'dave', 'erin'])
  elsewhere(path, (users) => delete users['erin'])
  t.is(await store.read('erin'), undefined)
  t.deepEqual((await all(store.users())).toSorted(), ['carol', 'dave'])
  const before = text()
  t.false(await store.update('erin', (record) => ({ value: record !== undefined })))
  t.is(text(), before)
})

test('the additions of a user or factor that another program removed are gone', async (t) => {
  const { path, open } = fresh('{"users":{}}')
  const fixture = await Fixture.open(open())
  const { uri, factor } = await fixture.enrolTotp('bob')
  const { key } = await fixture.enrolKey('bob')
  fixture.step()
  await fixture.service.verify('bob', `totp:${totpAt(uri, fixture.now)}`)
  await fixture.service.verify('bob', await fixture.assertion('bob', key))
  const handle = (JSON.parse((await open().read('bob'))!) as Record<string, string>)['user-handle']!
  t.is(await open().owner(handle), 'bob')
  elsewhere(path, (users) => delete users['bob']!.totp)
  t.deepEqual((await fixture.service.factors('bob')).map(({ type }) => type), ['webauthn'])
  // An entry with the id of the one that was removed, but of another type, is not it.
  elsewhere(path, (users) => (users['bob']!.webauthn![0]!.id = factor.id))
  t.deepEqual((await fixture.service.factors('bob')).map(({ lastUsed }) => lastUsed), [undefined])
  let file: Member | undefined
  elsewhere(path, (users) => {
    file = users['bob']
    delete users['bob']
  })
  t.is(await open().owner(handle), undefined)
  t.is(await fixture.service.challenge('bob'), null)
  t.is(await open().update('bob', (record) => ({ value: record })), undefined)
  elsewhere(path, (users) => (users['bob'] = file!))
  t.is((JSON.parse((await open().read('bob'))!) as Record<string, string>)['user-handle'], undefined)
})

test('a lock that another program lifts is lifted; one that ran out keeps the count', async (t) => {
  const { path, open } = fresh('{"users":{}}')
  const store = open()
  const fixture = await Fixture.open(store)
  const { uri } = await fixture.enrolTotp('bob')
  for (let i = 0; i < 8; i += 1) await fixture.service.verify('bob', `totp:${wrongCode(uri, fixture.now)}`)
  t.true(users(path)['bob']!['totp-locked'])
  t.deepEqual((await fixture.service.status('bob')).locked, ['totp'])
  elsewhere(path, (users) => delete users['bob']!['totp-locked'])
  t.deepEqual((await fixture.service.status('bob')).locked, [])
  fixture.step()
  t.true((await fixture.service.verify('bob', `totp:${totpAt(uri, fixture.now)}`)).ok, 'the next wrong code would lock again')

  const whole = (until: number) => JSON.stringify({ 'totp-failures': 0, 'tfa-failures': 100, 'tfa-locked-until': until })
  const now = Math.floor(Date.now() / 1000)
  for (const [until, failures, at] of [[now + 600, undefined, now], [now - 600, 100, now], [now + 600, 100, now + 700]] as const) {
    const store = tfaConfigStore(path, { now: () => at * 1000 })
    await store.update('carol', () => ({ record: whole(until), value: 0 }))
    elsewhere(path, (users) => delete users['carol']!['tfa-locked-until'])
    t.is(JSON.parse((await store.read('carol'))!)['tfa-failures'], failures)
  }
})

test('additions that are in the file already are read, and kept beside it from then on', async (t) => {
  const record = { ...JSON.parse(vector('record-today.json').toString()), 'totp-failures': 3 }
  const { open, text } = fresh(JSON.stringify({ users: { alice: record } }))
  t.is(JSON.parse((await open().read('alice'))!)['totp-failures'], 3)
  await open().update('alice', (before) => ({ record: before, value: 0 }))
  t.notRegex(text(), /failures/)
  t.is(JSON.parse((await open().read('alice'))!)['totp-failures'], 3)
})

test('keys with the same id are two keys, also once another program removed the first', async (t) => {
  const secrets = { key: Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'), uid: Buffer.from('010203040506', 'hex') }
  const entry = (of: unknown) => ({ id: 'v1-entry', description: '<old version 1 entry>', created: 0, entry: of })
  // The published example: use 1, session 1.
  const used = 'cccccccdjiiidvgtiblfkbgturecfllberrvkinnctnn'
  const keys = [new U2fKey(), new U2fKey()] as const
  const users = { ann: { yubico: [entry('cccccccdjiij'), entry('cccccccdjiii')], u2f: keys.map((key) => entry(key.entry)) } }
  for (const how of ['at once', 'after a restart', 'after a removal']) {
    const { path, open } = fresh(JSON.stringify({ users }))
    const options = { yubico: { secrets: () => secrets }, u2f: { appId } }
    const fixture = await Fixture.open(open(), options)
    const sign = async (counter: number) => {
      const { u2f } = (await fixture.service.challenge('ann'))!
      keys[1].counter = counter - 1
      return (await fixture.service.verify('ann', { type: 'u2f', response: keys[1].sign(u2f!, origin) })).ok
    }
    t.true((await fixture.service.verify('ann', `yubico:${used}`)).ok)
    t.true(await sign(9))
    if (how !== 'at once') fixture.service = await Countersign.open({ rp, store: open(), now: () => fixture.now, ...options })
    if (how === 'after a removal') {
      elsewhere(path, (file) => {
        for (const list of ['yubico', 'u2f'] as const) file['ann']![list]!.shift()
      })
    }
    t.false((await fixture.service.verify('ann', `yubico:${used}`)).ok, how)
    t.false(await sign(5), how)
    t.true(await sign(10), how)
    const left = how === 'after a removal' ? 2 : 4
    t.is(new Set((await fixture.service.factors('ann')).map(({ id }) => id)).size, left)
  }
})

test('a sidecar that is gone is not made anew in silence', async (t) => {
  const { path, open } = fresh(today)
  const fixture = await Fixture.open(open())
  await fixture.enrolTotp('bob')
  rmSync(`${path}.countersign`, { recursive: true })
  await refused(t, open, 'directory-refused', /tfa\.cfg\.countersign does not exist/)
  await refused(t, () => tfaConfigStore(path, { sidecar: `${path}.elsewhere` }), 'directory-refused')
  t.is((await (await Fixture.open(tfaConfigStore(path, { create: true }))).service.factors('bob')).length, 1)
  t.is((await (await Fixture.open(open())).service.factors('bob')).length, 1)
  t.is(mode(`${path}.countersign-made`), 0o600)
})

test('the old line format is read, and written as JSON at the first change', async (t) => {
  const lines = vector('tfa-lines.cfg')
  const { open, text } = fresh(lines)
  const fixture = await Fixture.open(open())
  const names = await all(fixture.service.users())
  t.deepEqual(names.toSorted(), TfaConfig.parse(lines).users().toSorted())
  t.is(text(), lines.toString())
  const [factor] = await fixture.service.factors('alice@pve')
  t.is(factor?.type, 'totp')
  await fixture.enrolTotp('zoe')
  t.deepEqual(TfaConfig.parse(Buffer.from(text())).users().toSorted(), [...names, 'zoe'].toSorted())
  t.true(text().startsWith('{'))
  // Ids that the old format has none of are the file's from then on.
  t.deepEqual((await fixture.service.factors('alice@pve')).map(({ type }) => type), ['totp'])
})

test('a corrupt file is an error, and stays as it was', async (t) => {
  const half = today.subarray(0, today.length / 2)
  for (const bytes of [half, Buffer.from('\xff\xfe{}', 'latin1'), Buffer.from('{"users":[]}')]) {
    const { path, open } = fresh(bytes)
    const { service } = await Fixture.open(open())
    const calls = [
      () => service.factors('ann'),
      () => service.challenge('ann'),
      () => service.verify('ann', 'totp:123456'),
      () => service.unlock('ann'),
      () => service.createRecoveryCodes('ann'),
      () => service.removeUser('ann'),
      () => all(service.users()),
    ]
    for (const call of calls) await refused(t, call, 'config-corrupt')
    t.deepEqual(readFileSync(path), bytes)
  }
  const { path } = fresh(today)
  await refused(t, () => tfaConfigStore(path, { maxBytes: today.length - 1 }).read('ann'), 'config-too-large')
})

test('an empty file has no users, but for one that should be JSON', async (t) => {
  for (const nothing of ['', '# nobody\n']) {
    const { path, open } = fresh(nothing)
    const fixture = await Fixture.open(open())
    t.deepEqual(await all(fixture.service.users()), [])
    t.is(await fixture.service.challenge('ann'), null)
    await fixture.enrolTotp('ann')
    t.deepEqual(Object.keys(users(path)), ['ann'])
    const json = join(temporaryDirectory(), 'tfa.json')
    writeFileSync(json, nothing, { mode: 0o600 })
    await refused(t, () => tfaConfigStore(json).read('ann'), 'config-corrupt', /write \{"users":\{\}\}/)
    t.is(readFileSync(json, 'utf8'), nothing)
  }
})

test('one bad entry locks nobody else out, and stays as it came', async (t) => {
  const phone = 'otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ'
  const bad = (more: string) => `{ "id":"bad", "created":1,  "entry":"${phone}&${more}" }`
  const strange = [
    `{"totp":[${bad('digits=5')}]}`, `{"totp":[${bad('period=4294967296')}]}`, `{"totp":[${bad('period=0')}]}`,
    '{"webauthn":[{"id":"bad","created":1,"entry":{"cred_id":"AAAA","transports":null}}]}',
    'null', '5', '[ ]', '{ "hunter2" : 1 }', `{"totp":["${'x'.repeat(1_300_000)}"]}`,
  ]
  for (const raw of strange) {
    const file = `{"webauthn":{"rp":1},"users":{"ann":{},"bob":${raw}},"x":1}`
    const { path, open } = fresh(file)
    const fixture = await Fixture.open(open())
    const { service } = fixture
    const { uri } = await fixture.enrolTotp('ann')
    fixture.step()
    t.true((await service.verify('ann', `totp:${totpAt(uri, fixture.now)}`)).ok)
    t.true(readFileSync(path, 'utf8').includes(`"bob":${raw}`), raw.slice(0, 80))
    t.true(readFileSync(path, 'utf8').includes('"webauthn":{"rp":1}'))
    t.deepEqual(await all(service.users()), ['ann', 'bob'])
    const [held] = await service.factors('bob')
    t.true(held?.unusable)
    t.deepEqual(Object.keys((await service.challenge('bob', { enrolled: true }))!), ['id'])
    t.deepEqual(await service.verify('bob', 'totp:123456'), { ok: false, reason: 'rejected' })
    t.like(await service.removeFactor('bob', held!.id), { ok: true, left: [] })
    t.deepEqual(Object.keys(users(path)), ['ann'])
  }
})

test('a bad line, a bad name and a user who is there twice lock nobody else out', async (t) => {
  const phone = Buffer.from('{"keys":"v2-0x3132333435363738393031323334353637383930","config":{}}').toString('base64')
  const line = `carol@pve:oath:${phone}`
  for (const bad of ['ann@pve', 'ann@pve:oath', 'ann@pve:hotp:x', 'ann@pve:oath:!', `ann@pve:oath:${phone}\nann@pve:oath:${phone}`]) {
    const { path, open } = fresh(`# note\n${bad}\n${line}\n`)
    const fixture = await Fixture.open(open())
    const { service } = fixture
    t.deepEqual(await all(service.users()), ['ann@pve', 'carol@pve'], bad)
    await fixture.enrolTotp('bob@pve')
    const file = readFileSync(path, 'utf8')
    if (!bad.includes('\n')) t.true(file.includes(`"ann@pve":"${bad}"`), file)
    t.deepEqual((await service.factors('carol@pve')).map(({ type, unusable }) => [type, unusable]), [['totp', undefined]])
    t.true((await service.factors('ann@pve'))[0]?.unusable)
    t.deepEqual(Object.keys((await service.challenge('ann@pve', { enrolled: true }))!), ['id'])
    t.deepEqual(await service.verify('ann@pve', 'totp:123456'), { ok: false, reason: 'rejected' })
    t.like(await service.removeFactor('ann@pve', 'unusable-1'), { ok: true, left: [] })
    t.deepEqual(Object.keys(users(path)), ['bob@pve', 'carol@pve'])
  }
  const alice = JSON.stringify((JSON.parse(today.toString()) as { users: object }).users['alice@pve' as never])
  for (const name of ['', 'é'.repeat(129)]) {
    const { path, open } = fresh(`{"users":{"${name}":${alice},"dan":{"x":1},"dan":{}}}`)
    const fixture = await Fixture.open(open())
    const { service } = fixture
    await fixture.enrolTotp('bob')
    t.true(readFileSync(path, 'utf8').includes(`"${name}":${alice}`))
    t.true(readFileSync(path, 'utf8').includes('"dan":{"x":1},"dan":{}'))
    t.deepEqual(await all(service.users()), ['bob', 'dan'])
    await refused(t, () => service.challenge(name), 'invalid-argument')
    await refused(t, () => service.verify(name, 'totp:123456'), 'invalid-argument')
    await refused(t, () => open().update(name, () => ({ record: '{}', value: 0 }) as never), 'invalid-argument')
    t.deepEqual(Object.keys((await service.challenge('dan'))!), ['id'])
    t.true(await service.removeUser('dan'))
    t.true(await service.removeUser(name))
    t.false(await service.removeUser(name))
    t.deepEqual(Object.keys(users(path)), ['bob'])
    await refused(t, async () => (await fixture.another({ store: memoryStore() })).removeUser(name), 'invalid-argument')
  }
})

test('a user who was removed and made anew elsewhere inherits nothing', async (t) => {
  const { path, open } = fresh('{"users":{}}')
  const fixture = await Fixture.open(open())
  const { service } = fixture
  const { uri } = await fixture.enrolTotp('ann')
  await fixture.enrolKey('ann')
  for (let wrong = 0; wrong < 3; wrong++) await service.verify('ann', `totp:${wrongCode(uri, fixture.now)}`)
  t.is((await service.status('ann')).failures, 3)
  const { 'user-handle': handle } = JSON.parse((await open().read('ann'))!) as { 'user-handle': string }
  t.is(await open().owner(handle), 'ann')
  t.is(readdirSync(`${path}.countersign/handles`, { recursive: true }).filter((name) => name.length > 64).length, 2)
  // Another factor alone is no other user.
  elsewhere(path, (all) => all['ann']!.totp!.push({ ...all['ann']!.totp![0]!, id: 'second' }))
  t.is((await service.status('ann')).failures, 3)
  elsewhere(path, (all) => (all['ann'] = { totp: [{ ...all['ann']!.totp![0]!, id: 'anew' }] }))
  t.like(await service.status('ann'), { failures: 0, totpFailures: 0 })
  t.deepEqual(JSON.parse((await open().read('ann'))!), users(path)['ann'])
  // Nothing that led to the old one leads to the new one: neither the handle nor the claim of a credential.
  t.is(await open().owner(handle), undefined)
  t.deepEqual(readdirSync(`${path}.countersign/handles`, { recursive: true }).filter((name) => name.length > 64), [])
  await service.verify('ann', `totp:${wrongCode(uri, fixture.now)}`)
  t.is((await service.status('ann')).failures, 1)
})

test('corrupt additions are an error for that user alone, who can be removed', async (t) => {
  const { path, open } = fresh('{"users":{}}')
  const fixture = await Fixture.open(open())
  const { uri } = await fixture.enrolTotp('bob')
  await fixture.enrolTotp('carol')
  await fixture.service.verify('bob', `totp:${wrongCode(uri, fixture.now)}`)
  const beside = join(`${path}.countersign`, 'records')
  const files = readdirSync(beside, { recursive: true, encoding: 'utf8' }).map((name) => join(beside, name))
  for (const file of files.filter((name) => statSync(name).isFile())) {
    const text = readFileSync(file, 'utf8')
    if (text.includes('bob')) writeFileSync(file, text.replace('"totp-failures"', '"hunter2"'))
  }
  const { service } = await Fixture.open(open())
  await refused(t, () => service.factors('bob'), 'record-corrupt', /user "bob"/)
  await refused(t, () => service.verify('bob', 'totp:123456'), 'record-corrupt', /^((?!hunter2).)*$/)
  t.is((await service.factors('carol')).length, 1)
  t.true(await service.removeUser('bob'))
  t.deepEqual(Object.keys(users(path)), ['carol'])
  t.is((await fixture.enrolTotp('bob')).factor.type, 'totp')
})

test('what the file has no place for is never asked of an authenticator, and refused', async (t) => {
  const { open, text } = fresh('{"users":{}}')
  const store = open()
  const fixture = await Fixture.open(store, { webauthn: { algorithms: [-48, -7, -49, -50] } })
  const creation = await fixture.service.beginWebauthn('bob', { name: 'bob', displayName: 'Bob' })
  t.deepEqual(creation.pubKeyCredParams.map(({ alg }) => alg), [-7])
  await refused(t, () => Fixture.open(store, { webauthn: { algorithms: [-48] } }), 'invalid-argument', /algorithms/)
  const record = JSON.parse(vector('record-today.json').toString())
  const before = text()
  const short = { type_: 'RS256', key: { RSA: { n: Buffer.alloc(256, 0xc5).toString('base64url'), e: [3] } } }
  const lattice = { type_: 'ML-DSA-44', key: { AKP: { pub: Buffer.alloc(1312, 1).toString('base64url') } } }
  for (const cred of [lattice, short]) {
    record.webauthn[0].entry.cred = cred
    await refused(t, () => store.update('bob', () => ({ record: JSON.stringify(record), value: 0 })), 'store-refused', /tfa\.cfg/)
    t.is(text(), before)
  }
})

test('the lock is the one that was asked for', async (t) => {
  const shared = join(temporaryDirectory(), 'shared.lck')
  const { path, open } = fresh(today, { lock: shared, sidecar: join(temporaryDirectory(), 'beside') })
  await open().update('bob', () => ({ record: '{"totp-locked":true,"tfa-failures":1}', value: 0 }))
  t.true(existsSync(shared))
  t.deepEqual(readdirSync(join(path, '..')), ['tfa.cfg', 'tfa.cfg.countersign-made'])
  chmodSync(shared, 0o666)
  await refused(t, () => open().update('bob', () => ({ value: 0 })), 'directory-refused', /shared\.lck is the lock, and is open to other users/)
  // As the Mail Gateway makes it: whoever may read it may hold the lock too. It is a file, and the error says so.
  for (const bits of [0o644, 0o604]) {
    chmodSync(shared, bits)
    const err = await t.throwsAsync(open().update('bob', () => ({ value: 0 }) as never))
    t.is(err!.message, `The path is refused: ${shared} is the lock, and is open to other users, who could hold it: run chmod 600 ${shared}`)
  }
  chmodSync(shared, 0o640)
  t.is(await open().update('bob', () => ({ value: 7 }) as never), 7)
  rmSync(shared)
  mkdirSync(shared)
  await refused(t, () => open().update('bob', () => ({ value: 0 })), 'directory-refused', /shared\.lck is the lock, and is a directory\. Pass the path of a file as lock$/)
  rmSync(shared, { recursive: true })
  symlinkSync(path, shared)
  await refused(t, () => open().update('bob', () => ({ value: 0 })), 'directory-refused', /shared\.lck is the lock, and is a symbolic link/)
  const lost = fresh(today, { lock: join(shared, '..', 'none', 'my.lck') })
  await refused(t, () => lost.open().update('bob', () => ({ value: 0 })), 'directory-refused', /none\/my\.lck is the lock, and its folder .*none does not exist\. Create the folder/)
  const beneath = fresh(today, { lock: join(path, 'my.lck') })
  await refused(t, () => beneath.open().update('bob', () => ({ value: 0 })), 'directory-refused', /my\.lck is the lock, and a part of its path is not a directory/)
  // What is wrong with the file itself is said of the file.
  const own = fresh(today)
  chmodSync(own.path, 0o644)
  await refused(t, () => own.open().update('bob', () => ({ value: 0 })), 'directory-refused', /tfa\.cfg is open to its group|tfa\.cfg is open to other users/)
})

test('arguments of the wrong type are named', async (t) => {
  const { path } = fresh(today)
  for (const options of [{ lock: 1 }, { maxBytes: -1 }, { lockTimeout: 'x' }, { hunter2: 1 }, { sidecar: '' }]) {
    await refused(t, () => tfaConfigStore(path, options as never), 'invalid-argument', /^Invalid argument: options/)
  }
  await refused(t, () => tfaConfigStore(7 as never), 'invalid-argument', /path/)
})

test('the mark of a removed last factor is beside the file, which holds the user no more', async (t) => {
  const { path, open } = fresh('{"users":{}}')
  const store = open()
  const fixture = await Fixture.open(store)
  const { factor } = await fixture.enrolTotp('ann')
  await fixture.service.removeFactor('ann', factor.id, { by: 'root' })
  t.is(readFileSync(path, 'utf8'), '{}')
  t.deepEqual(await all(store.users()), ['ann'])
  const reopened = await Fixture.open(open())
  t.like((await reopened.service.status('ann')).removed, { by: 'root' })
  t.is(await reopened.service.challenge('ann', { enrolled: true }), null)
})

test('another program that enrols a user ends the mark, and what is lost then is an error', async (t) => {
  const { path, open } = fresh(today)
  const fixture = await Fixture.open(open())
  const { service, store } = fixture
  const user = 'alice@pve'
  const entries = users(path)[user]!
  const lost = () => refused(t, () => service.challenge(user, { enrolled: true }), 'record-missing')
  for (const look of ['read', 'update'] as const) {
    await service.removeFactors(user)
    t.is(await service.challenge(user, { enrolled: true }), null)
    elsewhere(path, (all) => { all[user] = entries })
    if (look === 'read') t.not(await service.challenge(user, { enrolled: true }), null)
    else await store.update(user, (record) => ({ record: undefined, value: t.false(record?.includes('removed')) }))
    elsewhere(path, (all) => { delete all[user] })
    await lost()
    await lost()
    elsewhere(path, (all) => { all[user] = entries })
  }
})

test('a mark in the file itself is no mark', async (t) => {
  const { path, open } = fresh('{"users":{}}')
  const service = await Countersign.open({ rp, store: open() })
  elsewhere(path, (all) => { all['ann'] = { removed: { at: 1 } } as Member })
  // It is no member of the file's format: nothing of such a user can be used, and the user is not without a factor.
  t.deepEqual(Object.keys((await service.challenge('ann', { enrolled: true }))!), ['id'])
  elsewhere(path, (all) => { all['ann'] = {} })
  await refused(t, () => service.challenge('ann', { enrolled: true }), 'record-missing')
})

test('whatever ends a removal in between, the record is the one before or the one after', async (t) => {
  const { path, open } = fresh('{"users":{}}')
  const fixture = await Fixture.open(open())
  const { factor } = await fixture.enrolKey('ann')
  const beside = additionsOf(`${path}.countersign`)
  const [file, additions, whole] = [readFileSync(path, 'utf8'), readFileSync(beside, 'utf8'), await fixture.store.read('ann')]
  await fixture.service.removeFactor('ann', factor.id)
  const marked = await fixture.store.read('ann')
  t.regex(marked!, /^\{"removed":/)
  // What is written first: all that was there, and the mark.
  const lines = additions.split('\n')
  const last = { ...(JSON.parse(lines.pop()!) as object), ...(JSON.parse(marked!) as object) }
  const during = [...lines, JSON.stringify(last)].join('\n')
  writeFileSync(beside, during)
  t.is(await fixture.store.read('ann'), marked, 'the file holds nobody')
  for (const work of [
    () => fixture.store.read('ann'), () => fixture.store.update('ann', (record) => ({ record: undefined, value: record })),
  ]) {
    writeFileSync(path, file, { mode: 0o600 })
    writeFileSync(beside, during)
    t.is(await work(), whole, 'the file holds the user')
    t.is(readFileSync(beside, 'utf8'), additions)
    writeFileSync(path, '{"users":{}}', { mode: 0o600 })
    t.is(await fixture.store.read('ann'), undefined, 'what is lost after that is lost')
  }
})

/** The file of the only user in a directory store. */
function additionsOf(directory: string): string {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => join(directory, name))
  const [found] = names.filter((name) => statSync(name).isFile() && readFileSync(name, 'utf8').startsWith('{"user":'))
  return found!
}
