import { spawnSync } from 'node:child_process'
import { chmodSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'

import test from 'ava'

import { run } from '../../cli/run.js'
import { Countersign, TfaConfig } from '../../index.js'
import { directoryStore, tfaConfigStore } from '../../facade/stores/index.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { temporaryDirectory } from '../helpers/directories.js'
import { countersign } from '../helpers/command-line.js'
import { rp, wrongCode } from '../helpers/service.js'
import { deleteKeys, dropSchema, newRedis, own, postgresFound, redisFound } from '../stores/engines.js'

const vector = (name: string) => new URL(`../../../__test__/vectors/${name}`, import.meta.url).pathname

/** A directory with a user who has a phone, and ten recovery codes if asked for. */
async function withUser(user = 'ann') {
  const path = temporaryDirectory()
  const store = directoryStore(path)
  // The step before this one: the command line has no clock but the real one.
  let now = Date.now() - 60_000
  const service = await Countersign.open({ rp, store, now: () => now })
  const { enrolment, uri } = await service.beginTotp(user, { account: user })
  const enrolled = await service.finishTotp(user, { enrolment, code: totpAt(uri, now), description: 'phone' })
  if (!enrolled.ok) throw new Error(enrolled.reason)
  const codes = await service.createRecoveryCodes(user)
  return { path, store, service, uri, codes, id: enrolled.factor.id, at: (time: number) => { now = time } }
}

test('users, show, unlock and remove, as text and as JSON', async (t) => {
  const { path, service, uri, id, at } = await withUser()
  at(Date.now())
  for (let i = 0; i < 8; i += 1) await service.verify('ann', `totp:${wrongCode(uri, Date.now())}`)
  const store = ['--store', `directory:${path}`]
  t.like(await countersign(['users', ...store]), { code: 0, stdout: 'ann\n', stderr: '' })
  t.deepEqual((await countersign(['users', '--json', ...store])).json, ['ann'])
  const shown = await countersign(['show', 'ann', ...store])
  t.regex(shown.stdout, /ann: locked: totp; wrong codes in a row: 8\nrecovery .*10 left\ntotp .*phone/)
  t.notRegex(shown.stdout, new RegExp(new URL(uri).searchParams.get('secret')!))
  const { json } = await countersign(['--json', 'show', 'ann', ...store])
  t.deepEqual([json.user, json.status.locked, json.factors.length], ['ann', ['totp'], 2])
  t.like(await countersign(['unlock', 'ann', ...store]), { code: 0, stdout: 'Unlocked\n' })
  t.deepEqual((await countersign(['unlock', 'ann', '--json', ...store])).json, { ok: true, unlocked: false })
  t.like(await countersign(['remove', 'ann', 'nothing', ...store]), { code: 1, stdout: '' })
  t.like(await countersign(['remove', 'ann', 'recovery', ...store]), { code: 0, stdout: 'Removed; 1 left\n' })
  t.deepEqual((await countersign(['remove', 'ann', id, '--json', '--by', 'root', ...store])).json, { ok: true, left: [] })
  t.regex((await countersign(['show', 'ann', ...store])).stdout, /^ann: no factor; the last one was removed by root, 20\d\d-[^;]*Z\n$/)
  for (const command of ['unlock', 'remove']) {
    t.like(await countersign([command, 'ann', ...store]), { code: 1, stdout: '', stderr: 'No such user: `countersign users` lists the ids in the store\n' })
    const refused = await countersign([command, 'ann', '--json', ...store])
    t.deepEqual([refused.code, refused.json, refused.stderr], [1, { ok: false, reason: 'no-such-user' }, ''])
  }
})

test('a clock that is off is hinted at, in the status and where a code is typed', async (t) => {
  const { path, service, uri, codes, at } = await withUser()
  const [store, step] = [['--store', `directory:${path}`], 30_000]
  t.notRegex((await countersign(['show', 'ann', ...store])).stdout, /clock/)
  at(Date.now())
  t.false((await service.verify('ann', `totp:${totpAt(uri, Date.now() + 5 * step)}`)).ok)
  t.is((await service.status('ann')).drift, 5)
  t.regex(
    (await countersign(['show', 'ann', ...store])).stdout,
    /\nclock: the last wrong code would have been right 5 steps later: check the clock of the phone and of this machine\n$/,
  )
  t.is((await countersign(['show', 'ann', '--json', ...store])).json.status.drift, 5)
  const hint = (steps: number, where: string) => new RegExp(`^A wrong code would have been right ${steps} steps \\(usually of 30 seconds\\) ${where}`, 'm')
  const reset = await countersign(['reset', 'ann', ...store], { stdin: `${totpAt(uri, Date.now() + 8 * step)}\n${codes[0]}\n` })
  t.deepEqual([reset.code, reset.stdout], [1, ''])
  t.regex(reset.stderr, hint(8, 'later'))
  const begun = (await countersign(['totp', 'add', 'ben', '--json', ...store])).json
  const late = totpAt(begun.uri, Date.now() - 6 * step)
  const added = await countersign(['totp', 'add', 'ben', '--enrolment', begun.enrolment, ...store], { stdin: `${late}\n` })
  t.is(added.code, 1)
  t.regex(added.stderr, hint(6, 'earlier'))
  const json = await countersign(['totp', 'add', 'ben', '--enrolment', begun.enrolment, '--json', ...store], { stdin: `${late}\n` })
  t.deepEqual([json.json, json.stderr], [{ ok: false, reason: 'rejected' }, ''])
})

test('users lists many in the order of the store, also one whose record can not be read', async (t) => {
  const { path, store } = await withUser()
  const record = (await store.read('ann'))!
  for (let number = 0; number < 150; number += 1) await store.update(`user${number}`, () => ({ record, value: 0 }))
  await store.update('lost', () => ({ record: 'no JSON', value: 0 }))
  const names = []
  for await (const name of store.users()) names.push(name)
  t.is(names.length, 152)
  t.is((await countersign(['users', '--store', path])).stdout, `${names.join('\n')}\n`)
  t.deepEqual((await countersign(['users', '--store', path, '--json'])).json, names)
})

test('the mark of a removed last factor, and what the host has to know', async (t) => {
  const login = (await withUser()).path
  for (const [args, hints, removed] of [
    [[], [/enrolled: true/, /sessions/], { by: 'ann, help desk', enrolmentRequired: false }],
    [['--require-enrolment'], [/enrolled: true/, /must enrol at the next sign-in/], { by: 'ann, help desk', enrolmentRequired: true }],
    [['--everything'], [/record-missing/], undefined],
  ] as const) {
    const { path, service } = await withUser()
    const removal = ['remove', 'ann', '--yes', '--by', 'ann, help desk', ...args, '--store', path]
    const { code, stdout, stderr } = await countersign(removal)
    t.deepEqual([code, stdout], [0, 'Removed\n'])
    for (const hint of hints) t.regex(stderr, hint)
    const { json } = await countersign(['show', 'ann', '--json', '--store', path])
    if (removed) {
      t.like(json.status.removed, removed)
      t.is(await service.challenge('ann', { enrolled: true }), null)
    } else {
      t.is(json.reason, 'no-such-user')
      await t.throwsAsync(service.challenge('ann', { enrolled: true }), { code: 'record-missing' })
    }
    t.is((await countersign(['remove', 'ann', '--yes', '--json', ...args.filter((one) => one === '--everything'), '--store', path])).code, 1)
  }
  const { path, service, id } = await withUser()
  const last = await countersign(['remove', 'ann', id, '--yes', '--store', path])
  t.regex(last.stderr, /This user can now sign in with the password alone/)
  t.is(last.stdout, 'Removed; the user has no second factor now\n')
  t.truthy((await service.status('ann')).removed!.by, 'whoever runs the test')
  for (const wrong of [['--by', ''], ['--by', 'a\nb'], ['x', '--everything'], ['--everything', '--require-enrolment']]) {
    t.is((await countersign(['remove', 'ann', '--yes', ...wrong, '--store', login])).code, 2, wrong.join(' '))
  }
  t.is((await countersign(['show', 'ann', '--store', login])).code, 0)
})

test('a record that can not be read is removed with everything alone', async (t) => {
  const { path, store } = await withUser()
  await store.update('ann', () => ({ record: 'no JSON', value: 0 }))
  const args = ['remove', 'ann', '--yes', '--store', path]
  const refused = await countersign(args)
  t.is(refused.code, 3)
  t.regex(refused.stderr, /--everything/)
  t.is((await countersign([...args, '--everything'])).code, 0)
  t.is(await store.read('ann'), undefined)
})

test('no export holds the mark', async (t) => {
  const { path } = await withUser()
  await countersign(['remove', 'ann', '--yes', '--store', path])
  for (const more of [[], ['--additions'], ['--format', 'lines']]) {
    const { code, stdout, stderr } = await countersign(['export', '-', ...more, '--store', path])
    t.is(code, 0, more.join(' '))
    t.false(/ann|removed/.test(stdout), stdout)
    t.regex(stderr, /written: 0/)
  }
})

// Alone: it changes what the command calls.
test.serial('users are listed with those whose last factor was removed, and no record is read twice', async (t) => {
  const { path, service, at } = await withUser()
  at(Date.now())
  await service.removeFactors('ann')
  const { uri, enrolment } = await service.beginTotp('ben', { account: 'ben' })
  t.like(await service.finishTotp('ben', { enrolment, code: totpAt(uri, Date.now()), description: 'phone' }), { ok: true })
  const { status } = Countersign.prototype
  t.teardown(() => { Countersign.prototype.status = status })
  Countersign.prototype.status = () => Promise.reject(new Error('a second look'))
  const { code, stdout, stderr } = await countersign(['users', '--store', path])
  t.deepEqual([code, stdout.trim().split('\n').toSorted(), stderr], [0, ['ann', 'ben'], ''])
})

test('what removes a lot is asked for on a terminal alone', async (t) => {
  const { path } = await withUser()
  const args = ['remove', 'ann', '--store', path]
  const no = await countersign(args, { typed: ['n'] })
  t.deepEqual([no.code, no.stderr.startsWith('Remove every factor of ann? [y/N] ')], [1, true])
  t.like(await countersign(['users', '--store', path]), { stdout: 'ann\n' })
  t.like(await countersign(args, { typed: ['y'] }), { code: 0, stdout: 'Removed\n' })
  const again = await withUser()
  t.like(await countersign(['remove', 'ann', '--yes', '--store', again.path], { typed: [] }), { code: 0 })
})

test('the current code, of a URI or a secret, from standard input, a file or a hidden answer', async (t) => {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  const uri = `otpauth://totp/x?secret=${secret}&digits=8&algorithm=SHA256&period=60`
  const right = (of: string) => [totpAt(of, Date.now() - 1000), totpAt(of, Date.now())]
  const plain = await countersign(['totp', 'code'], { stdin: `${secret}\n` })
  t.true(right(`otpauth://totp/x?secret=${secret}`).includes(plain.stdout.trim()))
  t.regex(plain.stderr, /^\d+ seconds left\n$/)
  const { json } = await countersign(['totp', 'code', '--json'], { stdin: uri })
  t.true(right(uri).includes(json.code))
  t.true(json.secondsLeft > 0 && json.secondsLeft <= 60)
  const written = await countersign(['totp', 'code'], { stdin: `${uri.replace('otpauth', 'OTPAUTH')}&lock=false&\n` })
  t.true(right(uri).includes(written.stdout.trim()))
  const steam = await countersign(['totp', 'code'], { stdin: `${uri}&encoder=steam` })
  t.true(steam.code !== 0 && steam.stderr.includes('encoder') && !steam.stderr.includes(secret))
  const options = ['--digits', '8', '--algorithm', 'SHA256', '--period', '60']
  const typed = await countersign(['totp', 'code', ...options], { typed: [secret] })
  t.true(right(uri).includes(typed.stdout.trim()))
  t.notRegex(typed.stderr, /GEZDG/)
  const file = join(temporaryDirectory(), 'secret')
  writeFileSync(file, uri)
  t.is((await countersign(['totp', 'code', '--file', file])).code, 0)
  for (const [stdin, args] of [['', []], ['a\nb', []], ['!', []], [uri, ['--digits', '8']], [secret, ['--digits', 'x']]] as const) {
    t.is((await countersign(['totp', 'code', ...args], { stdin })).code, 2, stdin)
  }
})

test('a phone is enrolled at a terminal at once', async (t) => {
  const store = ['--store', temporaryDirectory()]
  let secret = ''
  const io = { stdin: Object.assign(new PassThrough(), { isTTY: true }), stdout: new PassThrough(), stderr: new PassThrough(), env: {} }
  let shown = ''
  io.stdout.on('data', (chunk) => {
    shown += chunk
    secret ||= /secret=([A-Z2-7]+)/.exec(shown)?.[1] ?? ''
  })
  io.stderr.on('data', () => setImmediate(() => io.stdin.write(`${totpAt(`otpauth://totp/x?secret=${secret}`, Date.now())}\n`)))
  t.is(await run(['totp', 'add', 'ann', '--issuer', 'Shop', '-d', 'my phone', ...store], io), 0)
  t.regex(shown, /\u2588.*otpauth:\/\/totp\/Shop:ann\?.*Enrolled: /s)
  const { json } = await countersign(['show', 'ann', '--json', ...store])
  t.is(json.factors[0].description, 'my phone')
})

test('a phone is enrolled by a script in two steps', async (t) => {
  const store = ['--store', temporaryDirectory(), '--json']
  const { json } = await countersign(['totp', 'add', 'ann', ...store])
  t.deepEqual(Object.keys(json), ['enrolment', 'uri', 'secret'])
  const step = ['totp', 'add', 'ann', '--enrolment', json.enrolment, ...store]
  const wrong = await countersign(step, { stdin: wrongCode(json.uri, Date.now()) })
  t.deepEqual([wrong.code, wrong.json], [1, { ok: false, reason: 'rejected' }])
  const right = await countersign(step, { stdin: `${totpAt(json.uri, Date.now())}\n` })
  t.deepEqual([right.code, right.json.ok, right.json.factor.type], [0, true, 'totp'])
  t.is((await countersign(step, { stdin: totpAt(json.uri, Date.now()) })).code, 1)
})

test('recovery codes are shown once, and replaced on a terminal only when that is meant', async (t) => {
  const { path, service, codes } = await withUser()
  const args = ['recovery', 'create', 'ann', '--store', path]
  t.is((await countersign(args, { typed: ['no'] })).code, 1)
  t.is((await service.status('ann')).recoveryCodesLeft, 10)
  const made = await countersign(args, { typed: ['yes'] })
  t.regex(made.stdout, /^([0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}\n){10}$/)
  t.false((await service.verify('ann', { type: 'recovery', code: codes[0] })).ok)
  const { json } = await countersign([...args, '--json'])
  t.is(json.codes.length, 10)
  t.like(await countersign(['recovery', 'create', 'bob', '--store', path]), { code: 1, stdout: '' })
})

test('reset proves two codes and removes the keys, from lines or at a terminal', async (t) => {
  for (const way of ['lines', 'terminal', 'file']) {
    const { path, store, uri, codes } = await withUser()
    const keys = JSON.parse(readFileSync(vector('record-today.json'), 'utf8'))
    await store.update('ann', (record) => ({
      record: JSON.stringify({ ...JSON.parse(record!), webauthn: keys.webauthn, yubico: keys.yubico }),
      value: 0,
    }))
    const args = ['reset', 'ann', '--store', path, '--json']
    const wrong = await countersign(args, { stdin: `${wrongCode(uri, Date.now())}\n${codes[0]}\n` })
    t.deepEqual([wrong.code, wrong.json], [1, { ok: false, reason: 'rejected' }])
    t.deepEqual((await countersign(args, { stdin: 'x\ny' })).json, { ok: false, reason: 'malformed' })
    t.is((await countersign(args, { stdin: 'x' })).code, 2)
    const lines = [totpAt(uri, Date.now()), codes[0]!]
    const file = join(path, 'codes.txt')
    if (way === 'file') writeFileSync(file, lines.join('\r\n'))
    const given = { lines: { stdin: lines.join('\n') }, terminal: { typed: lines }, file: {} }[way]!
    const { code, json, stderr } = await countersign(way === 'file' ? [...args, '--file', file] : args, given)
    t.is(code, 0)
    t.deepEqual(json.removed.map(({ type }: { type: string }) => type), ['webauthn', 'yubico'])
    t.deepEqual(json.left.map(({ type }: { type: string }) => type), ['recovery', 'totp'])
    t.is(json.recoveryCodesLeft, 9)
    t.false(stderr.includes(codes[0]!))
  }
})

test('reset counts and locks by the limits of the server', async (t) => {
  const { path, service, uri, codes } = await withUser()
  const args = ['reset', 'ann', '--store', path, '--json', '--failures', '2', '--lock-seconds', '600', '--hard-lock', 'hour']
  const stdin = `${wrongCode(uri, Date.now())}\n${codes[0]}\n`
  t.like((await countersign(args, { stdin })).json, { reason: 'rejected' })
  t.deepEqual((await service.status('ann')).locked, [])
  await countersign(args, { stdin })
  const { locked, lockedUntil } = await service.status('ann')
  t.deepEqual(locked.toSorted(), ['recovery', 'totp'])
  t.true(Math.abs(lockedUntil! - Date.now() - 600_000) < 60_000, `${lockedUntil}`)
  t.like((await countersign(args, { stdin })).json, { reason: 'locked' })
  for (const wrong of [['--failures', '0'], ['--failures', 'x'], ['--hard-lock', 'never'], ['--lock-seconds', '-1']]) {
    t.is((await countersign(['reset', 'ann', '--store', path, ...wrong], { stdin })).code, 2, wrong.join(' '))
  }
})

test('files of both formats go in and come out', async (t) => {
  const directory = temporaryDirectory()
  const store = ['--store', `directory:${join(directory, 'store')}`, '--create']
  const first = await countersign(['import', vector('tfa-today.json'), '--json', ...store])
  t.deepEqual([first.code, first.json], [0, { ok: true, imported: 1, unchanged: 0, empty: 0, kept: [], refused: [], repeatedTotp: [] }])
  const lines = await countersign(['import', '-', '--json', ...store], { stdin: readFileSync(vector('tfa-lines.cfg'), 'utf8') })
  t.like(lines.json, { ok: false, reason: 'incomplete', imported: 3, empty: 2, kept: ['alice@pve'] })
  t.is(lines.code, 1)
  t.like((await countersign(['import', vector('tfa-today.json'), '--json', ...store])).json, { imported: 0, unchanged: 1 })

  const out = join(directory, 'tfa.cfg')
  const exported = await countersign(['export', out, ...store])
  t.like(exported, { code: 0, stdout: 'written: 4\n' })
  t.is(statSync(out).mode & 0o777, 0o600)
  t.deepEqual(TfaConfig.parse(readFileSync(out)).users(), ['alice@pve', 'bob@pve', 'carol@pve', 'erin@pam'])
  t.like(await countersign(['export', out, ...store]), { code: 1, stdout: '' })
  t.is((await countersign(['export', out, '--force', ...store])).code, 0)
  t.is((await countersign(['export', '-', ...store])).stdout, readFileSync(out, 'utf8'))

  const old = await countersign(['export', '-', '--format', 'lines', ...store])
  t.is(old.code, 1, 'alice has keys that no line can hold')
  t.regex(old.stderr, /left out \(format\): alice@pve/)
  const again = TfaConfig.parse(Buffer.from(old.stdout))
  const source = TfaConfig.parse(readFileSync(vector('tfa-lines.cfg')))
  t.deepEqual(again.users(), ['bob@pve', 'carol@pve', 'erin@pam'])
  for (const user of again.users()) t.deepEqual(again.legacyView().get(user), source.legacyView().get(user))

  const replaced = await countersign(['import', vector('tfa-lines.cfg'), '--replace', '--json', ...store])
  t.like(replaced.json, { ok: true, imported: 1 })
})

test('what enrolment would not take is not imported, and what is there twice is named', async (t) => {
  const directory = temporaryDirectory()
  const store = ['--store', `directory:${join(directory, 'store')}`, '--create']
  const entry = (id: string, description: string) => ({ id, description, created: 1, entry: phone })
  const file = fileOf({
    ann: { totp: [entry('a', ''), entry('b', '')], yubico: [{ id: 'y', created: 1, entry: 'CCcccccdjiii' }] },
    bob: { totp: [entry('a', 'd'.repeat(256))] },
    eve: { totp: Array.from({ length: 257 }, (_, index) => entry(`${index}`, '')) },
  })
  const { code, json } = await countersign(['import', file, '--json', ...store])
  t.is(code, 1)
  t.like(json, { imported: 1, repeatedTotp: ['ann'] })
  t.deepEqual(json.refused, [{ user: 'bob', reason: 'description' }, { user: 'eve', reason: 'factor-limit' }])
  t.like((await countersign(['import', file, '--json', ...store])).json, { imported: 0, unchanged: 1, repeatedTotp: ['ann'] })
  t.regex((await countersign(['import', file, ...store])).stderr, /same TOTP secret in several entries.*: ann/)
  const { stdout } = await countersign(['check', file])
  t.regex(stdout, /ann: note: a TOTP secret that is there more than once/)
  t.regex(stdout, /ann: note: Yubico keys without their secrets: cccccccdjiii: .*key and uid/)
  const [factor] = (await countersign(['show', 'ann', '--json', ...store])).json.factors
  t.true(factor.created === 1000 && Date.now() - factor.added < 600_000)
  const rows = `${file}.rows.json`
  writeFileSync(rows, '[{"user":"ann","secret":"JBSWY3DPEHPK3PXP"}]')
  t.regex((await countersign(['import', rows, ...store])).stderr, /pass --format\.\n.*not a readable tfa\.cfg/)
})

test('a bad line is named, left out of nothing, and removed', async (t) => {
  const directory = temporaryDirectory()
  const [file, store] = [join(directory, 'tfa.cfg'), `tfa:${join(directory, 'tfa.cfg')}`]
  const key = Buffer.from('{"keys":"v2-0x3132333435363738393031323334353637383930","config":{}}').toString('base64')
  writeFileSync(file, `ann@pve:oath:!\nben@pve:oath:${key}\nhunter2\n:oath:${key}\n`, { mode: 0o600 })
  const checked = await countersign(['check', file])
  t.deepEqual([checked.code, checked.stdout.replaceAll(file, 'tfa.cfg').trimEnd().split('\n')], [1, [
    'tfa.cfg:1: ann@pve: PROBLEM: the data is no base64',
    'tfa.cfg:2: ben@pve: totp 1',
    'tfa.cfg:3: PROBLEM: not of the form USER:TYPE:DATA',
    "tfa.cfg:4: PROBLEM: a user's name has to be of 1 to 256 bytes",
    'tfa.cfg, the old line format: users: 4, mistakes: 3',
  ]])
  t.is((await countersign(['users', '--store', store])).stdout, 'ann@pve\nben@pve\n')
  const elsewhere = ['--store', `directory:${join(directory, 'store')}`, '--create']
  const imported = await countersign(['import', file, '--json', ...elsewhere])
  t.like(imported.json, { imported: 1, refused: [{ user: '', reason: 'invalid-argument' }, { user: 'ann@pve' }] })
  for (const user of ['ann@pve', '']) {
    t.is((await countersign(['remove', user, '--everything', '--yes', '--store', store])).code, 0)
    t.is((await countersign(['remove', user, '--everything', '--yes', '--store', store])).code, 1)
  }
  t.deepEqual(TfaConfig.parse(readFileSync(file)).users(), ['ben@pve'])
  t.is((await countersign(['check', file])).code, 0)
})

test('additions go along only when asked for', async (t) => {
  const { path, service, uri, at } = await withUser()
  at(Date.now())
  await service.verify('ann', `totp:${wrongCode(uri, Date.now())}`)
  const plain = await countersign(['export', '-', '--store', path])
  t.notRegex(plain.stdout, /failures/)
  const whole = await countersign(['export', '-', '--additions', '--store', path])
  t.regex(whole.stdout, /"totp-failures":1/)
})

test('a file that is wrong is told of, and changes nothing', async (t) => {
  const directory = temporaryDirectory()
  const bad = join(directory, 'bad.json')
  writeFileSync(bad, '{\n"users": {\n"ann": {"totp": 7},\n"bob": {"totp-locked": true},\n"c\\u001b[2J": {"yubico": []}\n}}')
  const store = ['--store', `directory:${join(directory, 'store')}`, '--create']
  // What can't be used comes along as it is: its user is none without a second factor.
  t.like((await countersign(['import', bad, '--json', ...store])).json, { ok: true, imported: 1, empty: 2 })
  t.is((await countersign(['users', ...store])).stdout, 'ann\n')
  t.regex((await countersign(['show', 'ann', ...store])).stdout, /totp {2,}unusable-1 .*unusable: remove it/)
  t.is((await countersign(['remove', 'ann', 'unusable-1', '--yes', ...store])).code, 0)
  t.is((await countersign(['users', ...store])).stdout, 'ann\n', 'with the mark of what was removed')
  const { code, stdout } = await countersign(['check', bad])
  t.is(code, 1)
  const lines = stdout.trimEnd().split('\n').map((line) => line.replace(bad, 'bad.json'))
  t.deepEqual(lines, [
    'bad.json:3: ann: PROBLEM: can\'t be read, at totp',
    'bad.json:3: ann: note: no factor is enabled: this user can\'t sign in',
    'bad.json:4: bob: nothing',
    'bad.json:4: bob: note: no factor at all',
    'bad.json:4: bob: note: TOTP is locked',
    'bad.json:5: c\\u{1b}[2J: nothing',
    'bad.json:5: c\\u{1b}[2J: note: no factor at all',
    'bad.json, JSON: users: 3, mistakes: 1',
  ])
  const { json } = await countersign(['check', bad, '--json'])
  t.like(json, { ok: false, format: 'json', problems: [] })
  t.is((await countersign(['check', '-', '--json', '--max-bytes', '10'], { stdin: 'x'.repeat(11) })).json.reason, 'config-too-large')
  t.is((await countersign(['check', bad, '--max-bytes', '10'])).code, 1)
  t.is((await countersign(['check', join(directory, 'none')])).code, 3)
})

const phone = 'otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=6&algorithm=SHA1&period=30'

/** A file of these users in a directory of its own, each with a phone and more. */
function fileOf(users: Record<string, object>): string {
  const file = join(temporaryDirectory(), 'tfa.cfg')
  const records = Object.entries(users).map(([user, more]) => [user, { totp: [{ id: 'x', created: 1, entry: phone }], ...more }])
  writeFileSync(file, JSON.stringify({ users: Object.fromEntries(records) }), { mode: 0o600 })
  return file
}

test('what a file says can not steer a terminal', async (t) => {
  const evil = '\u001b]0;x\u0007\u009b31m\u007f\u202e\u{e0001}'
  const entry = { id: evil, description: evil, created: 9.2e15, entry: phone }
  const file = fileOf({ [evil]: { totp: [entry], 'tfa-locked-until': 9e15 } })
  const store = ['--store', `tfa:${file}`]
  for (const args of [
    ['users', ...store], ['show', evil, ...store], ['check', file], ['remove', evil, `${evil}2`, ...store],
    ['users', '--store', `directory:/none${evil}`], [evil], ['check', `/none${evil}`],
  ]) {
    const plain = await countersign(args)
    t.notRegex(plain.stdout + plain.stderr, /\p{Cf}|[^\P{Cc}\n]/u, args[0])
    const { stdout, json } = await countersign([...args, '--json'])
    t.regex(stdout, /^[\x20-\x7e]+\n$/, args[0])
    if (args[0] === 'users' && args[2] === store[1]) t.deepEqual(json, [evil])
  }
  t.regex((await countersign(['show', evil, ...store])).stdout, /created at no time/)
})

test('an export holds what its reader takes, and says what it leaves out', async (t) => {
  const directory = temporaryDirectory()
  const from = ['--store', `directory:${join(directory, 'store')}`, '--create']
  const records = directoryStore(join(directory, 'store'), { create: true })
  const { webauthn: [key] } = JSON.parse(readFileSync(vector('record-today.json'), 'utf8'))
  const cred = { type_: 'ML-DSA-44', key: { AKP: { pub: Buffer.alloc(1312, 1).toString('base64url') } } }
  const lattice = JSON.stringify({ webauthn: [{ ...key, entry: { ...key.entry, cred } }] })
  const used = { totp: [{ id: 'x', created: 1, entry: { totp: phone, 'last-count': 5 } }] }
  for (const [user, record] of [['ann', lattice], ['bob', JSON.stringify(used)], ['\u0085zoe', JSON.stringify(used)]] as const) {
    await records.update(user, () => ({ record, value: 0 }))
  }
  const out = join(directory, 'out.cfg')
  t.like(await countersign(['export', out, '--json', ...from]), {
    code: 1, json: { ok: false, reason: undefined, written: 2, skipped: [{ user: 'ann', reason: 'store-refused' }] },
  })
  t.is((await countersign(['check', out])).code, 0)
  const whole = join(directory, 'whole.cfg')
  t.is((await countersign(['export', whole, '--additions', ...from])).code, 0)
  t.like(await countersign(['check', whole, '--json']), { code: 1, json: { ok: false, mistakes: 1 } })

  const lines = join(directory, 'lines')
  const { code, json } = await countersign(['export', lines, '--format', 'lines', '--json', ...from])
  t.is(code, 1)
  t.deepEqual(json.skipped.map(({ user }: { user: string }) => user).toSorted(), ['ann', '\u0085zoe'])
  t.deepEqual(json.unguarded, ['bob'])
  t.deepEqual(TfaConfig.parse(readFileSync(lines)).users(), ['bob'])

  symlinkSync(lines, join(directory, 'link'))
  for (const target of ['/dev/null', join(directory, 'link'), directory]) {
    t.like(await countersign(['export', target, '--force', ...from]), { code: 1, stdout: '' }, target)
  }
  t.true(lstatSync(join(directory, 'link')).isSymbolicLink())
})

test('one user is refused, the others are imported', async (t) => {
  const directory = temporaryDirectory()
  const into = ['--store', `directory:${join(directory, 'store')}`, '--create', '--json']
  const store = directoryStore(join(directory, 'store'), { create: true })
  const handle = Buffer.alloc(32, 1).toString('base64url')
  await store.update('ann', () => ({ record: `{"user-handle":"${handle}"}`, handle, value: 0 }))
  const file = fileOf({ bob: { 'user-handle': handle }, carol: { 'user-handle': Buffer.alloc(9).toString('base64url') } })
  const { code, json } = await countersign(['import', file, ...into])
  t.deepEqual([code, json.imported, json.refused], [1, 1, [{ user: 'bob', reason: 'handle-taken' }]])
  t.is(await store.owner(handle), 'ann')
  t.like(await countersign(['import', fileOf({ carol: {}, '': {} }), ...into]), { code: 1, json: { imported: 0, refused: [{ user: '', reason: 'invalid-argument' }] } })
  const eve = await countersign(['import', fileOf({ dan: {}, eve: { 'user-handle': 'a\nb' } }), ...into])
  t.like(eve, { code: 1, json: { imported: 1, refused: [{ user: 'eve', reason: 'record-corrupt' }] } })
  if (postgresFound) {
    const args = ['--schema', `${own}_cli_nul`, '--create', '--json']
    const env = { COUNTERSIGN_STORE: 'postgres://postgres@127.0.0.1:5432/test' }
    const nul = await countersign(['import', fileOf({ 'a\0b': {}, zoe: {} }), ...args], { env })
    t.like(nul, { code: 1, json: { imported: 1, refused: [{ user: 'a\0b', reason: 'invalid-argument' }] } })
    await dropSchema(`${own}_cli_nul`)
  }
})

/** The exit code of a shell's line, in which `countersign` is the program itself. */
function shell(line: string): number | null {
  const program = fileURLToPath(new URL('../../cli/main.js', import.meta.url))
  const script = `countersign() { ${process.execPath} ${program} "$@"; }; set -o pipefail; ${line}`
  return spawnSync('bash', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], input: '' }).status
}

test('an exit code is that of the command, whoever has stopped reading', async (t) => {
  const { path, service, codes } = await withUser()
  const bad = join(path, 'bad.json')
  writeFileSync(bad, '{')
  t.is(shell(`countersign check ${bad} | true`), 1)
  t.is(shell(`countersign check ${vector('tfa-today.json')} | true`), 0)
  t.is(shell(`countersign users -s ${path} > /dev/full`), 3)
  const commands = [`recovery create ann -s ${path}`, `totp add bob -s ${path}`]
  for (const command of commands) {
    for (const nowhere of ['>&-', '> /dev/null']) t.is(shell(`countersign ${command} ${nowhere}`), 3, command + nowhere)
  }
  t.true((await service.verify('ann', { type: 'recovery', code: codes[0] })).ok, 'no new codes were made')
  for (const command of commands) {
    // The reader is gone before anything is written.
    t.is(shell(`(sleep 0.3; countersign ${command}) | true`), 3, command)
    t.is(shell(`countersign ${command} > /dev/full`), 3, command)
  }
})

test('the store may be any', async (t) => {
  const file = join(temporaryDirectory(), 'tfa.cfg')
  const codes = []
  for (const store of [`tfa:${file}`, file]) {
    const { json } = await countersign(['totp', 'add', 'ann', '--json', '--create', '--store', store])
    const code = totpAt(json.uri, Date.now())
    codes.push((await countersign(['totp', 'add', 'ann', '--enrolment', json.enrolment, '--store', store], { stdin: code })).code)
  }
  t.deepEqual(codes, [0, 0])
  t.is((await tfaConfigStore(file).read('ann'))?.split('otpauth').length, 3)
  if (postgresFound) {
    const args = ['--schema', `${own}_cli`, '--prefix', 'x_']
    const env = { COUNTERSIGN_STORE: 'postgres://postgres@127.0.0.1:5432/test' }
    t.is((await countersign(['users', ...args], { env })).code, 3, 'no tables')
    t.is((await countersign(['import', vector('tfa-today.json'), '--create', ...args], { env })).code, 0)
    t.is((await countersign(['users', ...args], { env })).stdout, 'alice@pve\n')
    await dropSchema(`${own}_cli`)
  }
  if (redisFound) {
    const args = ['--prefix', `${own}:cli`, '--store', 'redis://127.0.0.1:6379']
    t.is((await countersign(['import', vector('tfa-today.json'), ...args])).code, 0)
    t.is((await countersign(['users', ...args])).stdout, 'alice@pve\n')
    const client = newRedis()
    await deleteKeys(`${own}:cli`)
    client.disconnect()
  }
})

test('wrong usage is told, and never echoes a secret', async (t) => {
  const path = temporaryDirectory()
  for (const args of [
    [], ['nothing'], ['users'], ['show', '--store', path], ['users', '--store', 'memory://x'], ['users', '--hunter2'],
    ['users', '--store', join(path, 'none')], ['users', '--store', 'postgres://ann:hunter2@127.0.0.1/test'],
    ['users', '--store', 'postgres://ann@127.0.0.1/test?password=hunter2'], ['users', '--store', 'redis://h?PASSWORD=ann:hunter2'],
    ['users', '--store', 'postgres://ann:hunter2@one,two:5432/test'],
    ['export', 'x', '--format', 'hunter2x', '--store', path], ['show', 'a'.repeat(300), '--store', path],
  ]) {
    const { code, stdout, stderr } = await countersign(args)
    t.deepEqual([code, stdout], [2, ''], args.join(' '))
    t.not(stderr, '')
    t.notRegex(stderr, /ann:hunter2/)
    const { json } = await countersign([...args, '--json'])
    t.like(json, { ok: false, reason: args.includes('show') && args.length === 4 ? 'invalid-argument' : 'usage' })
  }
  const failed = await countersign(['users', '--store', 'redis://127.0.0.1:1'])
  t.deepEqual([failed.code, failed.stdout], [3, ''])
  chmodSync(path, 0o755)
  t.like(await countersign(['users', '--store', path]), { code: 3, stdout: '' })
  const help = await countersign(['--help'])
  t.is(help.code, 0)
  t.regex(help.stdout, /Exit codes/)
  t.is((await countersign(['--version'])).stdout, `${JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')).version}\n`)
})
