import { readFileSync } from 'node:fs'

import test from 'ava'

import { CountersignError, TfaConfig } from '../../index.js'
import type { CountersignErrorCode, TfaParseOptions } from '../../index.js'
import { invalidArgument } from '../helpers/invalid-argument.js'

const vector = (name: string) => readFileSync(new URL(`../../../__test__/vectors/${name}`, import.meta.url))
const today = vector('tfa-today.json')
const now = () => 1_800_000_000_000

function parse(file: unknown, options: TfaParseOptions = {}): TfaConfig {
  const bytes = file instanceof Uint8Array ? file : Buffer.from(typeof file === 'string' ? file : JSON.stringify(file))
  return TfaConfig.parse(bytes, { now, ...options })
}

function fails(work: () => unknown): { code: CountersignErrorCode; message: string } {
  try {
    work()
  } catch (err) {
    if (err instanceof CountersignError) return { code: err.code, message: err.message }
    throw err
  }
  throw new Error('it did not fail')
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()
const alice = (JSON.parse(today.toString()) as { users: Record<string, Record<string, unknown>> }).users['alice@pve']!

test('what is read is written, byte for byte', (t) => {
  const config = parse(today)
  t.is(text(config.write({ sections: true })), today.toString())
  const { u2f: _, webauthn: __, ...users } = JSON.parse(today.toString()) as Record<string, unknown>
  t.is(text(config.write({ sections: false })), JSON.stringify(users))
  // What was read is kept, unless told otherwise; what was only set is the host's.
  t.is(text(config.write()), today.toString())
  const set = parse({ users: {} })
  set.u2f = { appid: 'https://a.b' }
  t.deepEqual([text(set.write()), text(set.write({ sections: true }))], ['{}', '{"u2f":{"appid":"https://a.b"}}'])
  t.is(text(TfaConfig.create().write()), '{}')
})

test('the old lines are read, and every old program sees them', (t) => {
  const config = parse(vector('tfa-lines.cfg'))
  t.deepEqual(config.users(), ['alice@pve', 'bob@pve', 'carol@pve', 'dave@pve', 'erin@pam', 'frank@ldap'])
  const ids = config.listEntries('bob@pve').map(({ id }) => id)
  t.deepEqual(ids, ['v1-entry', 'v1-entry-2', 'v1-entry-3', 'v1-entry-4'])
  t.deepEqual(config.listEntries('erin@pam')[0], {
    type: 'yubico', id: 'v1-entry', description: '<old version 1 entry>', created: 0,
  })
  const view = config.legacyView()
  t.deepEqual([...view.keys()], ['alice@pve', 'bob@pve', 'carol@pve', 'erin@pam'])
  t.deepEqual(view.get('erin@pam'), { type: 'yubico', keys: 'cccccccdjiii cccccccdjiik' })
  t.is(parse(today).legacyView().get('alice@pve')?.type, 'u2f')
})

test('bytes that are no file say why, and quote nothing', (t) => {
  const half = today.subarray(0, today.length / 2)
  for (const [bytes, why] of [
    [half, /read as JSON: it ends too early, at line 1 column \d+; read as lines: line 1: unknown tfa.cfg entry type$/],
    [Buffer.from([0xff, 0xfe, 0x7b, 0]), /not UTF-8 text, at byte 0$/],
  ] as const) {
    const { code, message } = fails(() => parse(bytes))
    t.is(code, 'config-corrupt')
    t.regex(message, why)
    t.notRegex(message, /hunter2|alice/)
  }
  t.is(fails(() => parse(today, { maxBytes: today.length - 1 })).code, 'config-too-large')
  t.notThrows(() => parse(today, { maxBytes: today.length }))
})

test('an empty file has no users, where no JSON is asked for', (t) => {
  for (const nothing of ['', ' \n', '# nobody\n']) {
    const bytes = Buffer.from(nothing)
    t.deepEqual(parse(bytes).users(), [])
    t.is(TfaConfig.examine(bytes).mistakes, 0)
    const { code, message } = fails(() => parse(bytes, { json: true }))
    t.is(code, 'config-corrupt')
    t.is(TfaConfig.examine(bytes, { json: true }).mistakes, 1)
    if (nothing.trim() === '') t.regex(message, /the file is empty: for a file without users, write \{"users":\{\}\}$/)
  }
})

test('an entry, a user and a section that can not be used are kept, listed, never offered, and removed', async (t) => {
  const bad = '{ "id":"five", "created":1,"entry":"otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&period=4294967296" }'
  const file = `{"webauthn":{"rp":7},"users":{"ann":${JSON.stringify(alice)},"bob":{"totp":[${bad}]},"eve":null}}`
  const config = parse(file)
  t.is(config.webauthn, undefined)
  t.is(text(config.write({ refused: 'keep' })), file)
  t.is(fails(() => config.write()).code, 'store-refused')
  t.deepEqual(config.listEntries('bob'), [{ type: 'totp', id: 'five', created: 1, enable: false, unusable: true }])
  t.deepEqual(config.listEntries('eve'), [{ type: 'unknown', id: 'unusable-1', created: 0, enable: false, unusable: true }])
  t.deepEqual(await config.challenge('bob'), {})
  t.deepEqual(await config.challenge('eve'), {})
  t.true((await config.challenge('ann')) !== undefined)
  t.deepEqual(config.users(), ['ann', 'bob', 'eve'])
  t.is(config.updateEntry('bob', 'five', { description: 'x' }).ok, false)
  t.is((await config.verify('eve', 'totp:123456')).result, false)
  const { mistakes, users, problems } = TfaConfig.examine(Buffer.from(file))
  t.is(mistakes, 3)
  t.regex(problems[0]!.problem, /the webauthn section can't be read/)
  t.deepEqual(users.map(({ problems: own }) => own), [[], ["can't be read, at totp[0].entry"], ["can't be read"]])
  t.deepEqual(config.deleteEntry('bob', 'five'), { ok: true, left: false })
  t.deepEqual(config.deleteEntry('eve', 'unusable-1'), { ok: true, left: false })
  config.webauthn = undefined
  t.is(text(config.write()), JSON.stringify({ users: { ann: alice } }))
})

test('used-up recovery codes are none to have, and a set all the same', async (t) => {
  const { recovery } = alice as { recovery: { entries: unknown[] } }
  const config = parse({ users: { ann: { recovery: { ...recovery, entries: recovery.entries.map(() => null) } } } })
  t.false(config.hasType('ann', 'recovery'))
  t.deepEqual(config.recoveryState('ann'), [])
  t.deepEqual(await config.challenge('ann'), { recovery: [] })
  t.is(config.listEntries('ann').length, 1)
})

test('a TOTP entry is added without a code', async (t) => {
  const config = TfaConfig.create({ now })
  const uri = 'otpauth://totp/ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  const added = config.addTotp('ann', 'phone', uri)
  t.like(config.listEntries('ann')[0], { type: 'totp', description: 'phone', id: added.ok && added.id })
  t.like(await config.challenge('ann'), { totp: true })
  for (const [description, wrong] of [['a\tb', uri], ['x'.repeat(300), uri], ['\ud800', uri], ['phone', 'https://x'], ['phone', '']] as const) {
    t.like(config.addTotp('ann', description, wrong), { ok: false, reason: 'parameter' })
  }
  t.is(config.listEntries('ann').length, 1)
})

test('what people type is refused, and never thrown', async (t) => {
  const config = parse(today)
  const [id] = config.listEntries('alice@pve').filter(({ type }) => type === 'totp').map((entry) => entry.id)
  for (const description of ['x'.repeat(300), 'a\tb', '\u0000', '\u202e', '\ud800']) {
    t.like(config.updateEntry('alice@pve', id!, { description }), { ok: false, reason: 'parameter' })
    for (const type of ['totp', 'webauthn', 'u2f', 'yubico'] as const) {
      t.like(await config.addEntry('alice@pve', { type, description, value: 'x' }), { ok: false, reason: 'parameter' })
    }
  }
  for (const strange of ['', 'x'.repeat(5000), '\ud800']) {
    t.is(config.getEntry('alice@pve', strange), undefined)
    t.like(config.deleteEntry('alice@pve', strange), { ok: false, reason: 'no-such-entry' })
  }
  t.is(text(config.write()), today.toString())
})

test('a page that the origin could not read is no origin', (t) => {
  const config = parse(today)
  for (const origin of ['https://a.b:80070', 'https://1.2.3.256', 'https://[::g]', 'ftp://a.b', 'a.b', 'https://']) {
    const { code, message } = fails(() => (config.webauthn = { id: 'a.b', rp: 'x', origin }))
    t.is(code, 'invalid-argument')
    t.regex(message, /webauthn\.origin must be an http or https URL with a valid host and a port up to 65535/)
  }
  t.is(text(config.write()), today.toString())
  // In a file it is kept, and named by a look at it.
  const problems = (webauthn: object) => TfaConfig.examine(Buffer.from(JSON.stringify({ webauthn }))).problems
  for (const page of ['https://a.b:80070', 'https://1.2.3.256', 'https://[::g]']) {
    const section = { id: 'a.b', rp: 'x', origin: page }
    t.regex(problems(section)[0]!.problem, /^the webauthn section: its origin needs a valid host and a port up to 65535/)
    const file = Buffer.from(JSON.stringify({ webauthn: { rp: 'x', origin: page, id: 'a.b' } }))
    t.is(text(parse(file).write({ refused: 'keep' })), file.toString())
    t.is(fails(() => parse(file).write()).code, 'store-refused')
  }
  t.regex(problems({ id: 'a.c', rp: 'x', origin: 'https://a.b' })[0]!.problem, /^the webauthn section: its id is not the domain/)
  t.regex(problems({ id: 'a.b', rp: 'x', origin: 'ftp://a.b' })[0]!.problem, /^the webauthn section can't be read/)
  t.deepEqual(problems({ id: 'a.b', rp: 'x', origin: 'https://c.a.b:8006/' }), [])
})

test('an examination tells all that is in a file, good or not', (t) => {
  const good = TfaConfig.examine(today)
  t.like(good, { format: 'json', problems: [], sections: ['u2f', 'webauthn'], others: 0 })
  t.deepEqual(good.users.map(({ line, user, factors, problems }) => ({ line, user, factors, problems })), [
    { line: 1, user: 'alice@pve', factors: { totp: 1, webauthn: 1, u2f: 1, recovery: 9, yubico: 1 }, problems: [] },
  ])
  const key = 'Yubico keys without their secrets: cccccccdjiii: to sign in here, yubico.secrets has to answer key and uid for each'
  t.deepEqual(good.users[0]!.remarks.slice(1), ['TOTP is locked', 'all typed codes are locked', key])
  t.deepEqual(TfaConfig.examine(today, { now: () => 4_102_444_800_000 }).users[0]!.remarks.slice(1), ['TOTP is locked', key])

  const lines = 'ann:oath:x\n\n# note\nbob:yubico:eyJrZXlzIjoiY2NjY2NjY2RqaWlpIn0=\nbob:yubico:eyJrZXlzIjoiIn0\nhunter2\n'
  t.deepEqual(TfaConfig.examine(Buffer.from(lines)), {
    format: 'lines',
    problems: [],
    users: [
      { line: 1, user: 'ann', factors: {}, problems: ['the data is no base64'], remarks: [] },
      { line: 4, user: 'bob', factors: { yubico: 1 }, problems: [], remarks: [key] },
      { line: 5, user: 'bob', factors: {}, problems: ['a user occurs twice'], remarks: ['no factor at all'] },
      { line: 6, factors: {}, problems: ['not of the form USER:TYPE:DATA'], remarks: [] },
    ],
    count: 4,
    mistakes: 3,
    sections: [],
    others: 0,
  })

  const cut = TfaConfig.examine(Buffer.from(`{"x":1,"users":{"ann":${JSON.stringify(alice)},"bob":{"totp`))
  t.deepEqual(cut.users.map(({ user }) => user), ['ann'])
  t.regex(cut.problems[0]!.problem, /^it ends too early, at line 1 column \d+$/)
  const [stored] = alice['webauthn'] as { entry: { cred: unknown } }[]
  const entry = (id: string, cred: unknown) => ({ ...stored, id, entry: { ...stored!.entry, cred } })
  const odd = {
    webauthn: [entry('1', { type_: 'X', key: 'y' }), { ...entry('1', stored!.entry.cred), enable: false }],
    'totp-failures': 1,
  }
  const { remarks } = TfaConfig.examine(Buffer.from(JSON.stringify({ users: { ann: odd } }))).users[0]!
  t.deepEqual(remarks.map((remark) => remark.split(/[ :]/).slice(0, 3).join(' ')), [
    'two factors have', 'a WebAuthn key', 'members that Proxmox',
  ])
  t.is(TfaConfig.examine(Buffer.from([0x7b, 0xff])).problems[0]!.problem, 'not UTF-8 text, at byte 1')
  t.is(fails(() => TfaConfig.examine(today, { maxBytes: 1 })).code, 'config-too-large')
  t.true(invalidArgument('bytes')(fails(() => TfaConfig.examine('{}' as never)).message))
})

test('a file of millions of mistakes is told of in bounded room', (t) => {
  const examined = TfaConfig.examine(Buffer.from('x\n'.repeat(3_000_000)))
  t.deepEqual([examined.count, examined.mistakes, examined.users.length], [3_000_000, 3_000_000, 100_000])
})

test('a name that no store takes is kept, listed and removed, and never used', async (t) => {
  for (const name of ['', 'u'.repeat(257), 'é'.repeat(129)]) {
    const bytes = Buffer.from(JSON.stringify({ users: { ann: alice, [name]: alice } }))
    const config = parse(bytes)
    t.deepEqual(JSON.parse(text(config.write())), JSON.parse(bytes.toString()))
    t.deepEqual(config.users().toSorted(), ['ann', name].toSorted())
    t.deepEqual(config.listEntries(name), [{ type: 'unknown', id: 'unusable-1', created: 0, enable: false, unusable: true }])
    t.like(config.list('ann', { all: true }).find(({ userid }) => userid === name), { entries: [{ unusable: true }] })
    t.false(config.hasType(name, 'totp'))
    t.deepEqual(config.legacyView().get(name), { type: 'incompatible' })
    await t.throwsAsync(config.challenge(name), { message: /user/ })
    t.is(fails(() => config.setUserData(name, JSON.stringify(alice))).code, 'invalid-argument')
    const { users, mistakes } = TfaConfig.examine(bytes)
    t.deepEqual([mistakes, users[0]!.user, users[1]!.user], [1, 'ann', undefined])
    t.deepEqual(users[1]!.problems, ["a user's name has to be of 1 to 256 bytes"])
    t.deepEqual(config.clone().deleteEntry(name, 'unusable-1'), { ok: true, left: false })
    t.true(config.removeUser(name))
    t.deepEqual(config.users(), ['ann'])
  }
  const longest = parse(Buffer.from(JSON.stringify({ users: { ann: alice, ['é'.repeat(128)]: alice } })))
  t.deepEqual(longest.listEntries('é'.repeat(128)), longest.listEntries('ann'))
})

test('bytes are those of a real array, and nobody changes them meanwhile', (t) => {
  for (const fake of [Object.create(Uint8Array.prototype), new DataView(new ArrayBuffer(2)), new ArrayBuffer(2)]) {
    t.true(invalidArgument('bytes')(fails(() => TfaConfig.parse(fake as never)).message))
    t.true(invalidArgument('bytes')(fails(() => TfaConfig.examine(fake as never)).message))
  }
  const shared = new Uint8Array(new SharedArrayBuffer(today.length))
  shared.set(today)
  t.is(text(parse(shared).write({ sections: true })), today.toString())
})

test('a name that the format does not have is never quoted', (t) => {
  for (const name of ['totp[\u001b]0;hunter2\u0007', 'totp.hunter2', '\u001b[31mhunter2']) {
    const record = JSON.stringify({ [name]: 1 })
    const errors = [fails(() => TfaConfig.create().setUserData('ann', record))]
    const told = JSON.stringify([errors.map(({ message }) => message), TfaConfig.examine(Buffer.from(`{"users":{"ann":${record}}}`))])
    t.notRegex(told, /hunter2|u001b/)
    t.regex(told, /an unknown member.*an unknown member/)
  }
  t.regex(fails(() => TfaConfig.create().setUserData('ann', '[]')).message, /: user "ann", at the start$/)
})

test('what the origin refuses is never written for it, and not lost', (t) => {
  const [app] = alice['totp'] as object[]
  const bad = { ann: alice, bob: { totp: [{ ...app, id: 7 }] }, carol: { webauthn: [{ id: 'x', created: 1, entry: {} }] } }
  const bytes = Buffer.from(JSON.stringify({ users: bad }))
  const config = parse(bytes)
  const { mistakes } = TfaConfig.examine(bytes)
  t.is(mistakes, 2)
  for (const write of [() => config.write(), () => config.write({ refused: 'fail' }), () => config.clone().write({ sections: true })]) {
    const refused = fails(write)
    t.is(refused.code, 'store-refused')
    t.regex(refused.message, /Proxmox refuses a part of this file: remove what TfaConfig\.examine\(\) names, or write it as it came with refused: 'keep'/)
  }
  t.is(text(config.write({ refused: 'keep' })), bytes.toString())
  t.is(text(config.write({ additions: true })), bytes.toString())
  // What can't be used here may be good there.
  const odd = { totp: [{ ...app, entry: 'otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&digits=5' }] }
  t.is(text(parse(Buffer.from(JSON.stringify({ users: { ann: odd } }))).write()), JSON.stringify({ users: { ann: odd } }))
  for (const name of ['bob', 'carol']) {
    const [entry] = config.listEntries(name)
    config.deleteEntry(name, entry!.id)
  }
  t.is(text(config.write()), JSON.stringify({ users: { ann: alice } }))
  t.true(invalidArgument('refused')(fails(() => config.write({ refused: 'yes' } as never)).message))
})

test('what the origin can not read is kept with the additions alone', (t) => {
  const [key] = alice['webauthn'] as { entry: object }[]
  const cred = { type_: 'ML-DSA-44', key: { AKP: { pub: Buffer.alloc(1312, 1).toString('base64url') } } }
  const data = JSON.stringify({ webauthn: [{ ...key, entry: { ...key!.entry, cred } }] })
  t.is(fails(() => TfaConfig.create().setUserData('ann', data)).code, 'store-refused')
  const own = TfaConfig.create({ additions: true })
  t.true(own.setUserData('ann', data))
  t.is(fails(() => parse(own.write()).write()).code, 'store-refused')
  t.is(parse(own.write(), { additions: true }).userData('ann'), own.userData('ann'))
})

test('arguments of the wrong type are named, never shown', (t) => {
  const config = parse(today)
  const calls: [() => unknown, string][] = [
    [() => TfaConfig.parse('{}' as never), 'bytes'],
    [() => parse(today, { maxBytes: -1 }), 'maxBytes'],
    [() => parse(today, { challenges: {} as never }), 'challenges'],
    [() => parse(today, { hunter: 1 } as never), 'hunter'],
    [() => config.write({ sections: 1 } as never), 'sections'],
    [() => config.removeUser(7 as never), 'user'],
    [() => config.unlock('\ud800'), 'user'],
    [() => config.addTotp('', 'x', 'y'), 'user'],
    [() => config.hasType('alice@pve', 'hunter2'), 'type'],
    [() => config.getEntry('alice@pve', 1 as never), 'id'],
    [() => config.updateEntry('alice@pve', 'x', { descriptio: 'x' } as never), 'descriptio'],
    [() => config.setUserData('alice@pve', 1 as never), 'data'],
    [() => (config.webauthn = { id: 'example.com' } as never), 'webauthn.rp'],
    [() => (config.webauthn = { id: 'example.com', rp: 'x', origin: 'hunter2' }), 'webauthn.origin'],
    [() => (config.webauthn = { id: 'example.com', rp: 'x', origin: 'https://example.org' }), 'webauthn.id'],
    [() => (config.webauthn = { id: 'example.com', rp: 'x', origin: 'https://badexample.com:8006' }), 'webauthn.id'],
    [() => (config.u2f = { appid: 1 } as never), 'u2f.appid'],
  ]
  for (const [call, name] of calls) {
    const { code, message } = fails(call)
    t.is(code, 'invalid-argument')
    t.true(invalidArgument(name)(message), message)
  }
  t.is(text(config.write({ sections: true })), today.toString())
})

test('the sections are set, read and hashed as the origin does', (t) => {
  const config = parse(today)
  const webauthn = { rp: 'Example RP', origin: 'https://pve.example.com:8006', id: 'example.com' }
  const digest = '2dc40cb1ee3197c3703392daaf4fa31643fd46de59e6dd87c31033f1ffe95df7'
  t.deepEqual(config.webauthn, webauthn)
  t.deepEqual(config.u2f, { appid: 'https://pve.example.com' })
  t.is(config.webauthnDigest, digest)
  config.webauthn = { ...webauthn, origin: 'https://PVE.example.com:8006/some/page', allowSubdomains: false }
  t.deepEqual(config.webauthn, { ...webauthn, allowSubdomains: false })
  t.is(config.webauthnDigest, digest)
  t.regex(text(config.write({ sections: true })), /"webauthn":\{[^}]*"allow-subdomains":false\}/)
  config.webauthn = undefined
  config.u2f = undefined
  t.deepEqual([config.webauthn, config.u2f, config.webauthnDigest], [undefined, undefined, undefined])
  config.u2f = { appid: 'https://a.b', origin: 'https://c.d' }
  t.deepEqual(config.u2f, { appid: 'https://a.b', origin: 'https://c.d' })
})

test('a clone and its source never see what the other changes', (t) => {
  const source = parse(today)
  const clone = source.clone()
  clone.removeUser('alice@pve')
  clone.u2f = undefined
  t.deepEqual(source.users(), ['alice@pve'])
  t.is(text(source.write({ sections: true })), today.toString())
  t.deepEqual(clone.users(), [])
  source.setUserData('bob@pve', '{"yubico":[{"id":"1","created":5,"entry":"cccccccdjiii"}]}')
  t.deepEqual(clone.users(), [])
  t.is(clone.clone().userData('bob@pve'), undefined)
  t.is(source.clone().yubicoKeys('bob@pve'), 'cccccccdjiii')
})

test('another thread gets it as bytes', (t) => {
  const config = parse(today)
  config.setUserData('alice@pve', JSON.stringify({ ...alice, 'totp-failures': 3 }))
  const copy = parse(structuredClone(config.write({ additions: true, sections: true })))
  t.is(copy.userData('alice@pve'), config.userData('alice@pve'))
  t.deepEqual(copy.webauthn, config.webauthn)
  t.throws(() => structuredClone(config).users(), { instanceOf: TypeError })
})

test('queries', (t) => {
  const config = parse(today)
  for (const type of ['totp', 'oath', 'u2f', 'webauthn', 'yubico', 'recovery']) {
    t.true(config.hasType('alice@pve', type), type)
    t.false(config.hasType('bob@pve', type), type)
  }
  t.is(config.yubicoKeys('alice@pve'), 'cccccccdjiii')
  t.is(config.yubicoKeys('bob@pve'), '')
  t.deepEqual(config.recoveryState('alice@pve'), [0, 1, 2, 4, 5, 6, 7, 8, 9])
  t.is(config.recoveryState('bob@pve'), undefined)
  t.is(config.userData('alice@pve'), JSON.stringify(alice))
  t.is(config.userData('bob@pve'), undefined)
  t.true(config.removeUser('alice@pve'))
  t.false(config.removeUser('alice@pve'))
})

test('yubico keys are the enabled ones', (t) => {
  const entry = (id: string, more = {}) => ({ id, created: 1, entry: id, ...more })
  const config = parse({ users: { a: { yubico: [entry('cccc'), entry('dddd', { enable: false }), entry('eeee')] } } })
  t.is(config.yubicoKeys('a'), 'cccc eeee')
  t.true(config.hasType('a', 'yubico'))
})

test('locks are told while they last, and lifted', (t) => {
  const config = parse(today)
  const locked = { 'totp-locked': true, 'tfa-locked-until': 4_102_444_800 } as const
  t.deepEqual(config.lockStatus('alice@pve'), locked)
  t.deepEqual([...config.lockedUsers()], [['alice@pve', locked]])
  t.deepEqual(parse(today, { now: () => 4_102_444_800_000 }).lockStatus('alice@pve'), { 'totp-locked': true })
  t.deepEqual(config.unlock('alice@pve'), { ok: true, unlocked: true })
  t.deepEqual(config.unlock('alice@pve'), { ok: true, unlocked: false })
  t.deepEqual(config.unlock('bob@pve'), { ok: false, reason: 'no-such-user', message: 'no such user' })
  t.deepEqual(config.lockStatus('alice@pve'), {})
  t.is(config.lockedUsers().size, 0)
})

test('user names of any kind', (t) => {
  const names = ['__proto__', 'constructor', '10', 'é@pve', 'a"b\\c\n', '\u{1f511}']
  const users = names.map((name) => `${JSON.stringify(name)}:{"totp-locked":true}`)
  const config = parse(`{"users":{${users.join(',')}}}`)
  t.deepEqual(config.users().sort(), names.sort())
  t.deepEqual([...config.lockedUsers().keys()].sort(), names)
  for (const name of names) t.deepEqual(config.lockStatus(name), { 'totp-locked': true })
  t.is(text(parse(config.write()).write()), text(config.write()))
})
