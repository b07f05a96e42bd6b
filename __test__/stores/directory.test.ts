import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'

import test from 'ava'
import type { ExecutionContext } from 'ava'

import { openDirectory } from '#binding'

import { CountersignError } from '../../facade/shared/errors.js'
import { directoryStore } from '../../facade/stores/index.js'
import type { DirectoryStoreOptions, Store } from '../../facade/stores/index.js'
import { LockedDirectory, storeFolders } from '../../facade/stores/locked-directory.js'
import { sweep } from '../../facade/stores/sweep.js'
import { invalidArgument } from '../helpers/invalid-argument.js'
import { scratch } from '../helpers/programs.js'

const home = scratch()
test.after.always(home.remove)
let made = 0

test('refuses a directory that is missing, and makes it when asked to', async (t) => {
  const path = join(fresh(), 'deep', 'store')
  refused(t, path, 'does not exist')
  t.false(existsSync(path))
  const store = directoryStore(path, { create: true })
  await write(store, 'ann')
  t.deepEqual([mode(path), mode(join(path, '..'))], [0o700, 0o700])
  t.is(await directoryStore(path, { create: true }).read('ann'), '{"n":1}')
  writeFileSync(join(home.path, 'file'), '')
  refused(t, join(home.path, 'file'), 'is not a directory')
  refused(t, join(home.path, 'file', 'below'), "can't be created", { create: true })
})

test('refuses a directory that is open to others or to its group', (t) => {
  for (const bits of [0o701, 0o777, 0o750, 0o720]) {
    const text = (bits & 7) === 0 ? 'is open to its group' : 'is open to other users'
    const path = fresh()
    chmodSync(path, bits)
    refused(t, path, text)
    refused(t, path, text, { create: true })
  }
})

test('allowGroup lets the group read, never write', async (t) => {
  const path = fresh()
  for (const bits of [0o770, 0o720, 0o754]) {
    chmodSync(path, bits)
    refused(t, path, 'is open to', { allowGroup: true })
  }
  chmodSync(path, 0o750)
  await write(directoryStore(path, { allowGroup: true }), 'ann')
  t.deepEqual([mode(fileOf(path, 'records', 'ann')), mode(join(path, 'records'))], [0o640, 0o750])
  const other = join(fresh(), 'store')
  directoryStore(other, { allowGroup: true, create: true })
  t.is(mode(other), 0o750)
})

test('refuses what belongs to somebody else', async (t) => {
  if (process.getuid?.() !== 0) return refused(t, '/', 'belongs to another user')
  const path = fresh()
  const store = directoryStore(path)
  await write(store, 'ann')
  chownSync(fileOf(path, 'records', 'ann'), 12345, 12345)
  const error = await t.throwsAsync(store.read('ann'), { instanceOf: CountersignError, code: 'directory-refused' })
  t.regex(error.message, /records.*belongs to another user/)
  chownSync(path, 12345, 12345)
  refused(t, path, 'belongs to another user')
})

test('refuses symbolic links at every level', async (t) => {
  const target = fresh()
  const link = join(home.path, 'link')
  symlinkSync(target, link)
  for (const path of [link, `${link}/`, `${link}/.`]) refused(t, path, 'is a symbolic link')
  const path = fresh()
  const store = directoryStore(path)
  await write(store, 'ann')
  const file = fileOf(path, 'records', 'ann')
  renameSync(file, join(target, 'moved'))
  symlinkSync(join(target, 'moved'), file)
  await t.throwsAsync(store.read('ann'), { code: 'directory-refused', message: /is a symbolic link/ })
  await t.throwsAsync(write(store, 'ann'), { code: 'directory-refused' })
  rmSync(join(path, 'challenges'), { recursive: true })
  symlinkSync(target, join(path, 'challenges'))
  refused(t, path, 'is a symbolic link')
})

test('a wrong argument is named, never shown', (t) => {
  const wrong: [unknown, unknown, string][] = [
    ['', {}, 'path'],
    [5, {}, 'path'],
    ['\ud800', {}, 'path'],
    [home.path, null, 'options'],
    [home.path, { create: 'yes' }, 'options.create'],
    [home.path, { lockTimeout: -1 }, 'options.lockTimeout'],
    [home.path, { alowGroup: true }, 'options.alowGroup'],
  ]
  for (const [path, options, argument] of wrong) {
    t.throws(() => directoryStore(path as string, options as DirectoryStoreOptions), {
      code: 'invalid-argument',
      message: invalidArgument(argument),
    })
  }
  const reading = directoryStore(fresh()).read(5 as unknown as string)
  return t.throwsAsync(reading, { code: 'invalid-argument', message: invalidArgument('user') })
})

test('files are where they are said to be, private, and say whose they are', async (t) => {
  const path = fresh()
  const store = directoryStore(path)
  await store.update('../../etc/passwd', () => ({ record: '{"n":1}', handle: 'HANDLE', value: 0 }))
  await store.put('../../etc/passwd', { id: 'c', purpose: 'sign-in', data: 'd', expires: Date.now() + 60_000 })
  const record = fileOf(path, 'records', '../../etc/passwd')
  const begins = (folder: string, id: string, text: string) => {
    t.is(readFileSync(fileOf(path, folder, id), 'utf8').slice(0, text.length), text)
  }
  t.is(readFileSync(record, 'utf8'), '{"user":"../../etc/passwd","handle":"HANDLE"}\n{"n":1}')
  begins('challenges', '../../etc/passwd', '{"key":"../../etc/passwd"')
  begins('handles', 'HANDLE', '{"handle":"HANDLE","user":"../../etc/passwd"')
  for (const { name, parentPath, file } of everything(path)) {
    t.is(mode(join(parentPath, name)), file ? 0o600 : 0o700, name)
  }
  await store.clear('../../etc/passwd')
  await store.update('../../etc/passwd', () => ({ record: null, value: 0 }))
  t.deepEqual(everything(path).filter(({ file }) => file).map(({ parentPath }) => parentPath).toSorted(), [
    join(path, 'journal'),
    join(path, 'locks'),
  ])
})

test('strangers leave no lock files behind beyond a fixed number', async (t) => {
  const path = fresh()
  const store = directoryStore(path)
  for (let index = 0; index < 5000; index += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, more) => store.take(`stranger ${index + more}`, 'c', 0)))
  }
  const locks = readdirSync(join(path, 'locks'))
  t.true(locks.length > 2000 && locks.length <= 4096 && locks.every((name) => name.length === 3))
  t.deepEqual(readdirSync(join(path, 'journal')), ['0000000001'])
  t.deepEqual(everything(path).filter(({ file }) => file).length, locks.length + 1)
})

test('a corrupt record is an error that names the user, and stays as it was', async (t) => {
  const path = fresh()
  const store = directoryStore(path)
  await write(store, 'ann')
  const file = fileOf(path, 'records', 'ann')
  const noHeader = ['', '{"n":1}', 'null\n', '{"user":"ann"', Buffer.from([0xff, 0xfe])]
  const wrongHeader = ['{"user":"ben"}\n{}', '{"user":5}\n{}', '{"user":"ann","handle":5}\n{}']
  for (const text of [...noHeader, ...wrongHeader]) {
    writeFileSync(file, text)
    const wanted = { instanceOf: CountersignError, code: 'record-corrupt', message: /"ann", .*records/ }
    await t.throwsAsync(store.read('ann'), wanted)
    await t.throwsAsync(write(store, 'ann'), wanted)
    await t.throwsAsync(store.update('ann', () => ({ record: null, value: 0 })), wanted)
    t.deepEqual(readFileSync(file), Buffer.from(text))
  }
  await write(store, 'ben')
  t.is(await store.read('ben'), '{"n":1}')
})

test('a record copied to another user\'s place is not that user\'s', async (t) => {
  const path = fresh()
  const store = directoryStore(path)
  await write(store, 'ann')
  await write(store, 'ben')
  writeFileSync(fileOf(path, 'records', 'ben'), readFileSync(fileOf(path, 'records', 'ann')))
  await t.throwsAsync(store.read('ben'), { code: 'record-corrupt' })
  await t.throwsAsync(list(store), { code: 'record-corrupt' })
})

test('an unreadable challenge file counts as empty', async (t) => {
  const path = fresh()
  const store = directoryStore(path)
  const challenge = { id: 'c', purpose: 'sign-in', data: 'd', expires: Date.now() + 60_000 }
  await store.put('ann', challenge)
  const file = fileOf(path, 'challenges', 'ann')
  const good = readFileSync(file, 'utf8')
  const others = [good.replace('"ann"', '"ben"'), good.replace('"d"', '5')]
  for (const text of ['', '{', 'null', '[]', ...others, Buffer.from([0xff])]) {
    writeFileSync(file, text)
    t.is(await store.take('ann', 'c', Date.now()), undefined)
    await store.put('ann', challenge)
    t.is(readFileSync(file, 'utf8'), good)
  }
  t.is(await store.take('ann', 'c', Date.now()), 'd')
})

test('a handle leads to nobody unless the record confirms it', async (t) => {
  const path = fresh()
  const store = directoryStore(path)
  await store.update('ann', () => ({ record: '{}', handle: 'A', value: 0 }))
  await store.update('ben', () => ({ record: '{}', handle: 'B', value: 0 }))
  // What a crash between the two writes of a change of handle would leave, and worse.
  mkdirSync(join(fileOf(path, 'handles', 'C'), '..'), { recursive: true, mode: 0o700 })
  writeFileSync(fileOf(path, 'handles', 'C'), '{"handle":"C","user":"ann"}', { mode: 0o600 })
  writeFileSync(fileOf(path, 'handles', 'A'), '{"handle":"A","user":"ben"}', { mode: 0o600 })
  t.is(await store.owner('C'), undefined)
  t.is(await store.owner('A'), undefined)
  writeFileSync(fileOf(path, 'handles', 'B'), '{"handle":"A","user":"ben"}')
  t.is(await store.owner('B'), undefined)
})

test('left-over temporaries are ignored, and swept with keys that have nothing open', async (t) => {
  const path = fresh()
  const store = directoryStore(path)
  await write(store, 'ann')
  const file = fileOf(path, 'records', 'ann')
  writeFileSync(`${file}.new`, '{"user":"ann"}\nhalf', { mode: 0o600 })
  t.is(await store.read('ann'), '{"n":1}')
  t.deepEqual(await list(store), ['ann'])
  await write(store, 'ann')
  t.false(existsSync(`${file}.new`))

  const [spent, open] = [fileOf(path, 'challenges', 'spent'), fileOf(path, 'challenges', 'open')]
  await store.put('spent', { id: 'c', purpose: 'sign-in', data: 'd', expires: Date.now() - 1 })
  await store.put('open', { id: 'c', purpose: 'sign-in', data: 'd', expires: Date.now() + 60_000 })
  writeFileSync(`${file}.new`, 'old', { mode: 0o600 })
  writeFileSync(`${open}.new`, 'recent', { mode: 0o600 })
  utimesSync(`${file}.new`, new Date(), new Date(Date.now() - 2 * 3600 * 1000))
  const directory = new LockedDirectory(path, false, 1000, storeFolders)
  for (const one of [file, spent, open]) await sweep(directory, shardOf(one), Date.now())
  t.deepEqual([`${file}.new`, spent].map(existsSync), [false, false])
  t.deepEqual([file, open, `${open}.new`].map(existsSync), [true, true, true])
})

test('a sweep waits for no lock, and passes over a file that is not to be read', async (t) => {
  const path = fresh()
  const store = directoryStore(path)
  const files: string[] = []
  for (let n = 0; files.length < 8; n += 1) {
    const file = fileOf(path, 'challenges', `k${n}`)
    // Of one shard, each with a lock of its own.
    if (shardOf(file) !== '42' || files.some((other) => lockOf(other) === lockOf(file))) continue
    await store.put(`k${n}`, { id: 'c', purpose: 'sign-in', data: 'd', expires: 1 })
    files.push(file)
  }
  const [locked = '', ...toOthers] = files.slice(0, 4)
  for (const file of toOthers) chmodSync(file, 0o666)
  // A process that was stopped in the middle.
  const directory = openDirectory(path, ['records', 'challenges', 'handles'], false)
  if ('code' in directory) return void t.fail(directory.detail)
  const lock = directory.lock(lockOf(locked))
  t.true((await lock.attempt('challenges', basename(locked))).held)
  const begun = performance.now()
  await sweep(new LockedDirectory(path, false, 60_000, storeFolders), '42', Date.now())
  t.true(performance.now() - begun < 30_000)
  t.deepEqual(files.filter(existsSync), [locked, ...toOthers])
  lock.release()
  await sweep(new LockedDirectory(path, false, 60_000, storeFolders), '42', Date.now())
  t.false(existsSync(locked))
})

test('the faster challenges come, the faster those that are over go', async (t) => {
  const path = fresh()
  const store = directoryStore(path)
  await store.put('busy', { id: 'c', purpose: 'sign-in', data: 'd', expires: Date.now() + 60_000 })
  const over = JSON.stringify({ key: 'k', open: [{ id: 'c', purpose: 'sign-in', data: 'd', expires: 1 }] })
  for (let shard = 0; shard < 256; shard += 1) {
    const digits = shard.toString(16).padStart(2, '0')
    const folder = join(path, 'challenges', digits)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const end of ['0', '1', '2']) writeFileSync(join(folder, digits + end.repeat(62)), over, { mode: 0o600 })
  }
  const left = () => everything(join(path, 'challenges')).filter(({ file }) => file).length
  t.is(left(), 769)
  const put = () => store.put('busy', { id: 'c', purpose: 'sign-in', data: 'd', expires: Date.now() + 60_000 })
  for (let times = 0; times < 10; times += 1) await Promise.all(Array.from({ length: 64 }, put))
  // Ten sweeps are due by now; the last may not be done, and those at once take turns.
  t.true(left() <= 769 - 5 * 3, String(left()))
  t.is(await store.take('busy', 'c', Date.now()), 'd')
})

test('a store that goes away is an error, not a store without users', async (t) => {
  const path = fresh()
  const store = directoryStore(path)
  await write(store, 'ann')
  renameSync(path, `${path}-away`)
  const gone = { code: 'directory-refused', message: /was removed or replaced/ }
  await t.throwsAsync(store.read('ann'), gone)
  mkdirSync(path, { mode: 0o700 })
  await t.throwsAsync(store.read('ann'), gone)
  await t.throwsAsync(write(store, 'ann'), gone)
  await t.throwsAsync(store.take('ann', 'c', 0), gone)
  await t.throwsAsync(list(store), gone)
  rmSync(path, { recursive: true })
  renameSync(`${path}-away`, path)
  t.is(await store.read('ann'), '{"n":1}')
})

test('a full disk fails the call and leaves the record', async (t) => {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') return void t.pass('mounting needs root on Linux')
  const path = fresh()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    return void t.pass('mounting is not allowed here')
  }
  try {
    const store = directoryStore(path)
    await write(store, 'ann')
    const large = () => ({ record: JSON.stringify('x'.repeat(1_000_000)), value: 0 })
    await t.throwsAsync(store.update('ann', large), { code: 'store-failed', message: /write a file: No space left/ })
    t.is(await store.read('ann'), '{"n":1}')
    await store.update('ann', () => ({ record: '{"n":2}', value: 0 }))
    t.is(await store.read('ann'), '{"n":2}')
  } finally {
    execFileSync('umount', ['-l', path])
  }
})

function fresh(): string {
  const path = join(home.path, String((made += 1)))
  mkdirSync(path, { mode: 0o700 })
  return path
}

function write(store: Store, user: string): Promise<number> {
  return store.update(user, () => ({ record: '{"n":1}', value: 0 }))
}

async function list(store: Store): Promise<string[]> {
  const users = []
  for await (const user of store.users()) users.push(user)
  return users
}

function refused(t: ExecutionContext, path: string, rule: string, options: DirectoryStoreOptions = {}): void {
  const wanted = { instanceOf: CountersignError, code: 'directory-refused' }
  const error = t.throws(() => directoryStore(path, options), wanted)
  t.true(error.message.includes(rule) && error.message.includes(path.replace(/\/\.?$/, '')), error.message)
}

function fileOf(path: string, folder: string, id: string): string {
  const name = createHash('sha256').update(id).digest('hex')
  return join(path, folder, name.slice(0, 2), name)
}

function shardOf(file: string): string {
  return file.split('/').at(-2) as string
}

function lockOf(file: string): string {
  return basename(file).slice(0, 3)
}

function mode(path: string): number {
  return statSync(path).mode & 0o777
}

function everything(path: string): { name: string; parentPath: string; file: boolean }[] {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true })
  return entries.map((entry) => ({ name: entry.name, parentPath: entry.parentPath, file: entry.isFile() }))
}
