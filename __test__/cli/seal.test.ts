import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import test from 'ava'

import { Countersign, parseSealKeys } from '../../index.js'
import { directoryStore, tfaConfigStore } from '../../facade/stores/index.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { countersign } from '../helpers/command-line.js'
import { temporaryDirectory } from '../helpers/directories.js'
import { longer } from '../helpers/emulated.js'
import { rp, start } from '../helpers/service.js'

const main = fileURLToPath(new URL('../../cli/main.js', import.meta.url))

/** A directory of users, and a file of two keys, the first of which may seal. */
async function withUsers(names: string[], { sealed = true } = {}) {
  const folder = temporaryDirectory()
  const [path, file] = [join(folder, 'store'), join(folder, 'keys')]
  const lines = ['old', 'new'].map((id) => newLine(id))
  const write = (...which: string[]) => writeFileSync(file, `# the first one seals\n${which.join('\n')}\n`, { mode: 0o600 })
  write(lines[0]!)
  const store = directoryStore(path, { create: true })
  const seal = () => ({ keys: parseSealKeys(readFileSync(file, 'utf8')) })
  const service = await Countersign.open({ rp, store, now: () => start, ...(sealed && { seal }) })
  for (const user of names) {
    const { enrolment, uri } = await service.beginTotp(user, { account: user })
    await service.finishTotp(user, { enrolment, code: totpAt(uri, start), description: 'phone' })
  }
  const place = ['--store', `directory:${path}`]
  return { folder, path, file, store, service, place, keys: [...place, '--keys', file], lines, write }
}

const newLine = (id: string) => `${id} ${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')}`

test('keys new prints a line for the file of keys, another one each time', async (t) => {
  const made = await countersign(['keys', 'new'])
  t.is(made.code, 0)
  t.regex(made.stdout, /^20\d\d-\d\d-\d\d-[\da-f]{4} [\w-]{43}\n$/)
  t.not((await countersign(['keys', 'new'])).stdout, made.stdout)
  const { json } = await countersign(['keys', 'new', '--id', '2026-11', '--json'])
  t.is(json.id, '2026-11')
  t.is(parseSealKeys(`${json.id} ${json.key}`)[0]!.key.length, 32)
  t.like(await countersign(['keys', 'new', '--id', 'a.b']), { code: 2, stdout: '' })
  // The only copy is not given to nobody.
  const lost = spawnSync(process.execPath, [main, 'keys', 'new'], { stdio: ['ignore', 'ignore', 'pipe'] })
  t.is(lost.status, 3)
})

test('a rotation: the new key second, then first, reseal, check, then the old one goes', async (t) => {
  const { keys, lines, write, store, service, place } = await withUsers(['ann', 'ben'])
  const [old = '', next = ''] = lines
  t.is((await countersign(['check', ...keys])).stdout, 'records: 2\nunder key old: 2\nnot sealed: 0\n')
  write(old, next)
  t.like((await countersign(['reseal', '--json', ...keys])).json, { ok: true, records: 2, resealed: 0 })
  write(next, old)
  t.is((await countersign(['reseal', ...keys])).stdout, 'records: 2, sealed again: 2\n')
  t.like(await countersign(['reseal', ...keys]), { code: 0, stdout: 'records: 2, sealed again: 0\n' })
  t.deepEqual((await countersign(['check', '--json', ...keys])).json, { ok: true, records: 2, keys: { new: 2 }, plain: 0, failed: [] })
  // Counting takes no key.
  t.deepEqual((await countersign(['check', '--json', ...place])).json.keys, { new: 2 })
  write(next)
  t.is((await countersign(['users', ...keys])).stdout.split('\n').toSorted().join(' ').trim(), 'ann ben')
  t.is((await service.factors('ann')).length, 1, 'a server that asks for its keys knows the new one')
  t.regex((await store.read('ann')) as string, /^cs1\.new\./)
})

test('keys come from a file, a descriptor or the environment, and never from the arguments', async (t) => {
  const { file, place, keys, lines } = await withUsers(['ann'])
  const shown = /^ann: not locked/
  t.regex((await countersign(['show', 'ann', ...keys])).stdout, shown)
  t.regex((await countersign(['show', 'ann', ...place], { env: { COUNTERSIGN_KEYS_FILE: file } })).stdout, shown)
  const descriptor = openSync(file, 'r')
  t.regex((await countersign(['show', 'ann', ...place, '--keys-fd', String(descriptor)])).stdout, shown)
  closeSync(descriptor)
  const child = spawnSync('/bin/sh', ['-c', '"$0" "$1" show ann --store "$2" --keys-fd 3 3<"$3"', process.execPath, main, place[1]!, file])
  t.regex(child.stdout.toString(), shown)
  const without = await countersign(['show', 'ann', ...place])
  t.is(without.code, 3)
  t.regex(without.stderr, /user "ann".*under key "old".*no seal\.keys/)
  t.like((await countersign(['show', 'ann', '--json', ...place])).json, { ok: false, reason: 'record-sealed' })
  const usage = (args: string[]) => countersign(args).then(({ code }) => t.is(code, 2, args.join(' ')))
  await usage(['reseal', ...place])
  await usage(['check', '--accept-plain', ...place])
  await usage(['check', ...keys, '--keys-fd', '3'])
  await usage(['check', ...place, '--keys-fd', 'x'])
  // A key in the place of a file is not shown again.
  const mistaken = await countersign(['check', ...place, '--keys', lines[0]!])
  t.is(mistaken.code, 3)
  const bad = (text: string) => {
    writeFileSync(file, text)
    return countersign(['check', ...keys])
  }
  for (const [text, message] of [
    ['', /at least one line/],
    ['# only this\n', /at least one line/],
    ['old\n', /line 1 of the keys/],
    ['\nold a b\n', /line 2 of the keys/],
    ['old c2hvcnQ\n', /the key "old" must be 32/],
    [`${lines[0]}\n${lines[0]}\n`, /"old" is there twice/],
    ['x'.repeat(70_000), /more than 65536/],
  ] as const) {
    const { code, stderr } = await bad(text)
    t.is(code, 2)
    t.regex(stderr, message)
    t.false(stderr.includes('c2hvcnQ'))
  }
})

const onUnix = process.platform === 'win32' ? test.skip : test

onUnix('a file of keys that others can read is told of', async (t) => {
  const { file, keys } = await withUsers(['ann'])
  t.is((await countersign(['check', ...keys])).stderr, '')
  chmodSync(file, 0o644)
  t.like(await countersign(['check', ...keys]), { code: 0, stderr: 'countersign: other users of this machine can read the keys: chmod 600 the file\n' })
})

test('an existing store is sealed by --accept-plain, and by nothing else', async (t) => {
  const { keys, store } = await withUsers(['ann', 'ben'], { sealed: false })
  const refused = await countersign(['reseal', ...keys])
  t.is(refused.code, 1)
  t.regex(refused.stderr, /left as it is \(record-sealed\): ann/)
  t.is((await countersign(['check', ...keys])).code, 1)
  t.is((await countersign(['check', '--accept-plain', ...keys])).stdout, 'records: 2\nnot sealed: 2\n')
  t.is((await countersign(['reseal', '--accept-plain', ...keys])).stdout, 'records: 2, sealed again: 2\n')
  t.is((await countersign(['check', ...keys])).stdout, 'records: 2\nunder key old: 2\nnot sealed: 0\n')
  t.regex((await store.read('ben')) as string, /^cs1\.old\./)
})

test('exports open what is sealed, and leave out what they can not; a tfa.cfg is not sealed', async (t) => {
  const { folder, keys, place, store } = await withUsers(['ann', 'ben'])
  const text = (await store.read('ben')) as string
  await store.update('ben', () => ({ record: text.replace('cs1.old.', 'cs1.lost.'), value: undefined }))
  const file = join(folder, 'tfa.json')
  const exported = await countersign(['export', file, '--json', ...keys])
  t.like(exported.json, { ok: false, written: 1, skipped: [{ user: 'ben', reason: 'record-sealed' }] })
  t.regex(readFileSync(file, 'utf8'), /"ann".*otpauth:/)
  t.like((await countersign(['export', join(folder, 'no.json'), '--json', ...place])).json, { written: 0 })
  tfaConfigStore(join(folder, 'own.json'), { create: true })
  const refused = await countersign(['users', '--store', `tfa:${join(folder, 'own.json')}`, '--keys', keys.at(-1)!])
  t.is(refused.code, 2)
  t.regex(refused.stderr, /tfaConfigStore/)
})

test('a reseal that is killed again and again has lost nobody, and is over in the end', async (t) => {
  t.timeout(longer(120_000))
  const names = Array.from({ length: 60 }, (_, index) => `user ${index}`)
  const { keys, lines, write, service, store } = await withUsers(names)
  const [old = '', next = ''] = lines
  write(next, old)
  const args = [main, 'reseal', ...keys]
  const counts: number[] = []
  const order: string[] = []
  for await (const name of store.users()) order.push(name)
  for (let kill = 0; kill < 10; kill += 1) {
    const child = spawn(process.execPath, args, { stdio: 'ignore' })
    const ended = new Promise((resolve) => { child.once('close', resolve) })
    // A user whose turn comes after those of the runs before.
    const waited = order[kill * 5 + 2] as string
    while (child.exitCode === null && !(await store.read(waited))?.startsWith('cs1.new.')) await pause(1)
    await pause(Math.random() * 5)
    child.kill('SIGKILL')
    await ended
    const { keys: found, failed, records } = await service.checkSealing()
    t.deepEqual([records, failed], [60, []])
    counts.push(found['new'] ?? 0)
  }
  t.true(counts.some((count) => count > 0 && count < 60), counts.join())
  t.is((await countersign(['reseal', ...keys])).code, 0)
  write(next)
  const { keys: found } = await service.checkSealing()
  t.deepEqual(found, { new: 60 })
  for (const name of names) t.is((await service.factors(name)).length, 1)
})

test('a long reseal says how far it is', async (t) => {
  const { keys, lines, write } = await withUsers(Array.from({ length: 250 }, (_, index) => `user ${index}`))
  write(lines[1]!, lines[0]!)
  const { stderr, stdout } = await countersign(['reseal', ...keys])
  t.is(stdout, 'records: 250, sealed again: 250\n')
  t.regex(stderr, /^(records: \d+, sealed again: \d+\n)*$/)
  const { Output } = await import('../../cli/io.js')
  const written: string[] = []
  const io = { stderr: { isTTY: true, write: (text: string) => void written.push(text) } } as never
  const line = new Output(io, false).progress()
  line.show('too soon')
  await new Promise((resolve) => { setTimeout(resolve, 120) })
  line.show('records: 100')
  line.end()
  t.deepEqual(written, ['\rrecords: 100', '\n'])
})
