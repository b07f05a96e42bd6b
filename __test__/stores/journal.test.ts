// Changes of many users at once, whose journal is ahead of the users' files.
import { execFileSync } from 'node:child_process'
import fs, { appendFileSync, chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import test from 'ava'
import type { ExecutionContext } from 'ava'

import { CountersignError } from '../../facade/shared/errors.js'
import { directoryStore } from '../../facade/stores/index.js'
import { readLines, writeLine } from '../../facade/stores/journal-file.js'
import type { Line } from '../../facade/stores/journal-file.js'
import { LockedDirectory } from '../../facade/stores/locked-directory.js'
import type { Store } from '../../facade/stores/index.js'
import { fewer, longer } from '../helpers/emulated.js'
import { fileStore, increment } from '../helpers/file-stores.js'
import { scratch, startProcess } from '../helpers/programs.js'

const home = scratch()
test.after.always(home.remove)
let made = 0

test.serial('of a line, nothing is read before it is whole, and then it is read once', (t) => {
  const lines = ['one', 'zw\u00f6lf\n', '\u{1f511}'].map((text): Line => lineOf('a', text))
  const bytes = Buffer.concat(lines.map(writeLine))
  let known = 0
  for (let end = 0; end <= bytes.length; end += 1) {
    const { lines: read, length, damaged } = readLines(bytes.subarray(0, end))
    t.is(damaged, undefined)
    t.deepEqual(read, lines.slice(0, read.length))
    t.true(read.length >= known && length <= end)
    known = read.length
  }
  t.is(known, 3)
})

test.serial('a line that was not written to its end is passed over, wherever it was cut', (t) => {
  const [cut, next] = [lineOf('cut', 'one'), lineOf('next', 'two')]
  const bytes = writeLine(cut)
  for (let end = 0; end < bytes.length; end += 1) {
    const { lines, damaged } = readLines(Buffer.concat([bytes.subarray(0, end), writeLine(next)]))
    t.is(damaged, undefined, String(end))
    // Even where only its line break was missing: it must not come into force after it was given up.
    t.deepEqual(lines, [next], String(end))
    // As a file system may show what it had no time to write.
    const zeros = Buffer.concat([bytes.subarray(0, end), Buffer.alloc(bytes.length - end), writeLine(next)])
    if (end > 1) t.deepEqual(readLines(zeros).lines, [next], String(end))
  }
})

test.serial('no changed bit goes unnoticed', (t) => {
  const lines = [lineOf('a', 'one'), lineOf('b', 'two'), lineOf('c', null)]
  const [first, second, third] = lines.map(writeLine) as [Buffer, Buffer, Buffer]
  for (let index = 0; index < second.length; index += 1) {
    for (const bit of [1, 2, 64]) {
      const changed = Buffer.from(second)
      changed[index]! ^= bit
      const read = readLines(Buffer.concat([first, changed, third]))
      t.is(typeof read.damaged, 'number', `bit ${bit} of byte ${index}`)
      t.deepEqual(read.lines.slice(0, 1), lines.slice(0, 1))
      t.true(read.damaged! >= first.length - 1 && read.damaged! <= first.length + second.length)
    }
  }
})

test.serial('changes at once share their waits for the disk, and every process knows them', async (t) => {
  const path = fresh()
  const [store, other] = [directoryStore(path), directoryStore(path)]
  await crowd(store, 40)
  const lines = linesOf(path)
  t.true(lines.length >= 1 && lines.length < 20, `${lines.length} lines`)
  const ahead = lines.flatMap(({ steps }) => steps)
  t.true(ahead.length >= 30, `${ahead.length} steps`)
  t.false(ahead.some(({ folder, name }) => existsSync(join(path, folder, name.slice(0, 2), name))))
  for (const reader of [store, other]) {
    for (let index = 0; index < 40; index += 1) t.is(await reader.read(`user ${index}`), '{"n":1}')
    t.deepEqual((await list(reader)).toSorted(), Array.from({ length: 40 }, (_, index) => `user ${index}`).toSorted())
  }
  const page = []
  for await (const user of other.usersAfter('user 7')) page.push(user)
  t.deepEqual(page, (await list(store)).slice((await list(store)).indexOf('user 7') + 1))
  for (const one of readdirSync(join(path, 'journal'))) t.is(statSync(join(path, 'journal', one)).mode & 0o777, 0o600)
})

test.serial('a change alone goes to its files, and no journal is needed to read them', async (t) => {
  const path = fresh()
  const store = directoryStore(path)
  for (let index = 0; index < 5; index += 1) await store.update(`user ${index}`, () => ({ record: '{"n":1}', value: 0 }))
  t.deepEqual(linesOf(path), [])
  for (let index = 0; index < 5; index += 1) t.true(existsSync(fileOf(path, 'records', `user ${index}`)))
})

test.serial('flush writes everything to the files, and other processes go on', async (t) => {
  const path = fresh()
  const [store, other] = [directoryStore(path), directoryStore(path)]
  await crowd(store, 20)
  await store.put('user 3', { id: 'c', purpose: 'sign-in', data: 'd', expires: Date.now() + 60_000 })
  t.is(await other.take('user 3', 'c', Date.now()), 'd')
  await Promise.all(Array.from({ length: 5 }, (_, index) => store.update(`user ${index}`, () => ({ record: null, value: 0 }))))
  t.is(await other.read('user 2'), undefined)
  await store.flush()
  t.deepEqual(readdirSync(join(path, 'journal')), ['0000000002'])
  t.deepEqual(linesOf(path), [])
  for (let index = 0; index < 20; index += 1) {
    t.is(existsSync(fileOf(path, 'records', `user ${index}`)), index >= 5)
    t.is(await other.read(`user ${index}`), index < 5 ? undefined : '{"n":1}')
  }
  t.false(existsSync(fileOf(path, 'challenges', 'user 3')))
  t.is(await other.take('user 3', 'c', Date.now()), undefined)
  // What changes after that without the journal is not hidden by what the other one has in memory.
  await store.update('user 9', () => ({ record: '{"n":9}', value: 0 }))
  t.is(await other.read('user 9'), '{"n":9}')
  t.is(await other.update('user 9', (record) => ({ value: record })), '{"n":9}')
  await store.flush()
  t.deepEqual(readdirSync(join(path, 'journal')), ['0000000002'])
})

test.serial('the event loop never waits for a sync of the journal', async (t) => {
  const path = fresh()
  const wait = (): never => {
    throw new Error('synced in the event loop')
  }
  await withSystem({ fsyncSync: wait, fdatasyncSync: wait }, async () => {
    const store = directoryStore(path)
    await crowd(store, 8)
    t.not(linesOf(path).length, 0)
    await store.flush()
  })
  t.deepEqual(readdirSync(join(path, 'journal')), ['0000000002'])
})

test.serial('the files get what the journal has soon after the last change', async (t) => {
  const path = fresh()
  const store = directoryStore(path)
  await crowd(store, 20)
  t.not(linesOf(path).length, 0)
  for (let times = 0; times < 300 && linesOf(path).length > 0; times += 1) await pause(50)
  t.deepEqual(linesOf(path), [])
  for (let index = 0; index < 20; index += 1) t.true(existsSync(fileOf(path, 'records', `user ${index}`)))
})

test.serial('two processes change one user in turn, and the newest text counts, without any of the files', async (t) => {
  const path = fresh()
  const stores = [directoryStore(path), directoryStore(path)] as const
  const rush = (store: Store) => crowd(store, 10)
  for (let n = 1; n <= 12; n += 1) {
    const [, value] = await Promise.all([rush(stores[n % 2]!), increment(fileStore(path), stores[n % 2]!, 'ann')])
    t.is(value, n)
  }
  await Promise.all([rush(stores[0]), stores[0].put('ann', { id: 'c', purpose: 'sign-in', data: 'd', expires: Date.now() + 60_000 })])
  const [, taken] = await Promise.all([rush(stores[1]), stores[1].take('ann', 'c', Date.now())])
  t.is(taken, 'd')
  // What was not synced is as if it had never been written, or not to its end.
  const later = powerLoss(path)
  const store = directoryStore(later)
  t.is(JSON.parse((await store.read('ann'))!).n, 12)
  t.is(await store.take('ann', 'c', Date.now()), undefined)
  await store.flush()
  const again = directoryStore(powerLoss(later))
  t.is(JSON.parse((await again.read('ann'))!).n, 12)
  t.is(await again.take('ann', 'c', Date.now()), undefined)
})

test.serial('what was read of a file counts for nothing once the journal has gone to it', async (t) => {
  const path = fresh()
  const [store, other] = [directoryStore(path), directoryStore(path)]
  await crowd(store, 12)
  const [{ user } = { user: '' }] = linesOf(path).flatMap(({ steps }) => steps.map(({ text }) => JSON.parse(text!.split('\n')[0]!) as { user: string }))
  // Between its reading of the file and its look at the journal, another process writes and removes all of that.
  const files = LockedDirectory.prototype as unknown as Record<'lockAndRead', (...args: unknown[]) => Promise<string | undefined>>
  const { lockAndRead } = files
  files.lockAndRead = async function (this: unknown, ...args) {
    files.lockAndRead = lockAndRead
    const text = await lockAndRead.apply(this, args)
    t.is(text, undefined)
    await other.flush()
    return text
  }
  t.is(await store.update(user, (record) => ({ value: record })), '{"n":1}')
})

test.serial('wherever a process died while it wrote the files, the next goes on', async (t) => {
  const [used, original] = [fresh(), fresh()]
  await crowd(directoryStore(used), 12)
  await crowd(directoryStore(used), 12, 2)
  rmSync(original, { recursive: true })
  execFileSync('cp', ['-a', used, original])
  const [first, second] = ['0000000001', '0000000002'] as const
  const end = writeLine({ by: 'dead-1', steps: [], end: true })
  const steps = linesOf(original).flatMap((line) => line.steps)
  t.true(steps.length > 8)
  const deaths: Record<string, (path: string) => void> = {
    'before the end': (path) => writeFileSync(join(path, 'journal', second), '', { mode: 0o600 }),
    'in the end': (path) => {
      writeFileSync(join(path, 'journal', second), '', { mode: 0o600 })
      appendFileSync(join(path, 'journal', first), end.subarray(0, 40))
    },
    'after the end': (path) => {
      writeFileSync(join(path, 'journal', second), '', { mode: 0o600 })
      appendFileSync(join(path, 'journal', first), end)
    },
    'between two files': (path) => {
      writeFileSync(join(path, 'journal', second), '', { mode: 0o600 })
      appendFileSync(join(path, 'journal', first), end)
      for (const { folder, name, text } of steps.slice(0, 7)) place(path, folder, name, text)
      const { folder, name } = steps[8]!
      place(path, folder, `${name}.new`, 'half')
    },
    'and the next file was lost': (path) => appendFileSync(join(path, 'journal', first), end),
  }
  for (const [when, die] of Object.entries(deaths)) {
    const path = fresh()
    rmSync(path, { recursive: true })
    execFileSync('cp', ['-a', original, path])
    die(path)
    const check = async (store: Store) => {
      for (let index = 1; index < 12; index += 1) t.is(JSON.parse((await store.read(`user ${index}`))!).n, 2, when)
    }
    await check(directoryStore(path))
    const store = directoryStore(path)
    await crowd(store, 12, 2)
    await store.flush()
    t.is(linesOf(path).length, 0, when)
    await check(directoryStore(path))
  }
})

test.serial('what comes after the end of a file of the journal is in force nowhere', async (t) => {
  const path = fresh()
  const [store, other] = [directoryStore(path), directoryStore(path)]
  await crowd(store, 8)
  const [line] = linesOf(path)
  const [step] = line!.steps
  const user = JSON.parse(step!.text!.split('\n')[0]!).user as string
  const file = join(path, 'journal', '0000000001')
  writeFileSync(join(path, 'journal', '0000000002'), '', { mode: 0o600 })
  appendFileSync(file, writeLine({ by: 'placer-1', steps: [], end: true }))
  appendFileSync(file, writeLine({ by: 'late-1', steps: [{ ...step!, text: step!.text!.replace('"n":1', '"n":7') }] }))
  for (const reader of [store, other, directoryStore(path)]) t.is(await reader.read(user), '{"n":1}')
  await crowd(other, 8, 3)
  await store.flush()
  t.is(await directoryStore(path).read(user), '{"n":3}')
})

test.serial('a copy that was made while the store was in use is a store, and what it has in excess counts for nothing later', async (t) => {
  const [path, copy] = [fresh(), fresh()]
  const store = directoryStore(path)
  await crowd(store, 12)
  execFileSync('cp', ['-a', join(path, 'journal'), copy])
  await crowd(store, 12, 2)
  await store.flush()
  await crowd(store, 12, 3)
  execFileSync('cp', ['-a', `${path}/.`, copy])
  t.deepEqual(readdirSync(join(copy, 'journal')).toSorted(), ['0000000001', '0000000002'])
  const [restored, other] = [directoryStore(copy), directoryStore(copy)]
  const numbers = async (from: Store) => {
    const users = Array.from({ length: 12 }, (_, index) => from.read(`user ${index}`))
    return (await Promise.all(users)).map((record) => (JSON.parse(record!) as { n: number }).n)
  }
  // Each as it was at some moment while the copy was made: what went straight to its file may be hidden by the older journal.
  const found = await numbers(restored)
  t.true(found.every((number) => number === 1 || number === 3), `${found}`)
  t.true(found.filter((number) => number === 3).length >= 10, `${found}`)
  await crowd(restored, 12, 50)
  t.deepEqual(await numbers(other), Array<number>(12).fill(50))
  await other.flush()
  for (const one of [restored, other, directoryStore(copy)]) t.deepEqual(await numbers(one), Array<number>(12).fill(50))
})

test.serial('what a killed process left at the end is no obstacle', async (t) => {
  const path = fresh()
  const [store, other] = [directoryStore(path), directoryStore(path)]
  await crowd(store, 10)
  const file = join(path, 'journal', '0000000001')
  const torn = writeLine({ by: 'dead-1', steps: linesOf(path)[0]!.steps })
  for (const length of [1, 9, 25, torn.length - 20]) {
    appendFileSync(file, torn.subarray(0, length))
    t.is(await other.read('user 5'), '{"n":1}')
    await crowd(other, 10)
    t.is(await store.read('user 5'), '{"n":1}')
  }
  await crowd(store, 10, 2)
  t.is(await directoryStore(path).read('user 5'), '{"n":2}')
})

test.serial('a line that lacked only its last byte never hides what came after it', async (t) => {
  const path = fresh()
  const [store, other] = [directoryStore(path), directoryStore(path)]
  t.is(await store.read('user 1'), undefined)
  const { writeSync } = fs
  const cut = (file: number, bytes: Buffer) => writeSync(file, bytes.subarray(0, -1))
  const results = await withSystem({ writeSync: cut as typeof writeSync }, () => Promise.allSettled(changes(store, 6)))
  const given = results.flatMap((result, index) => (result.status === 'rejected' ? [`user ${index}`] : []))
  t.true(given.length > 0)
  for (const user of given) {
    t.is(await other.read(user), undefined)
    await other.update(user, (record) => ({ record: '{"n":2}', value: t.is(record, undefined) }))
  }
  await Promise.all(Array.from({ length: 6 }, (_, index) => store.put(`key ${index}`, { id: 'c', purpose: 'sign-in', data: 'd', expires: Date.now() + 60_000 })))
  t.not(linesOf(path).length, 0)
  for (const one of [store, other, directoryStore(path)]) for (const user of given) t.is(await one.read(user), '{"n":2}')
})

test.serial('when a sync fails, each caller gets an error of its own, and the next change works', async (t) => {
  const path = fresh()
  const store = directoryStore(path)
  const fdatasync = ((_: number, done: (error: Error) => void) => done(Object.assign(new Error('EIO'), { code: 'EIO' }))) as typeof fs.fdatasync
  const results = await withSystem({ fdatasync }, () => Promise.allSettled(changes(store, 8)))
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as CountersignError] : []))
  // A change that comes alone is written to its file, without the journal: the first one, and on a slow processor more of them.
  t.true(errors.length >= fewer(7), `${errors.length}`)
  for (const [index, { status }] of results.entries()) if (status === 'fulfilled') t.true(existsSync(fileOf(path, 'records', `user ${index}`)))
  t.is(new Set(errors).size, errors.length)
  for (const error of errors) t.is(error.code, 'store-failed')
  t.true(errors.every(({ cause }) => (cause as NodeJS.ErrnoException).code === 'EIO'))
  await crowd(store, 8, 2)
  await store.flush()
  for (let index = 0; index < 8; index += 1) t.is(await directoryStore(path).read(`user ${index}`), '{"n":2}')
})

test.serial('whatever the system refuses, flush has an error with a code', async (t) => {
  const path = fresh()
  const store = directoryStore(path)
  await crowd(store, 8)
  const refuse = (): never => {
    throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
  }
  const { openSync } = fs
  const make = ((path: string, flags: string | number, mode?: number) => (flags === 'wx' ? refuse() : openSync(path, flags, mode))) as typeof openSync
  const refusals: Partial<typeof fs>[] = [{ openSync: make }, { writeSync: refuse }, { unlinkSync: refuse }]
  for (const calls of refusals) {
    const [name] = Object.keys(calls)
    const error = await withSystem(calls, () => t.throwsAsync(store.flush(), { instanceOf: CountersignError, code: 'store-failed' }))
    t.is((error.cause as NodeJS.ErrnoException).code, 'ENOSPC', name)
  }
  await store.flush()
  for (let index = 0; index < 8; index += 1) t.true(existsSync(fileOf(path, 'records', `user ${index}`)))
})

test.serial('files that can\'t be written after a burst are told of, once a minute', async (t) => {
  const path = fresh()
  const store = directoryStore(path)
  const told: string[] = []
  const listen = ({ message }: Error) => void (message.includes(path) && told.push(message))
  process.on('warning', listen)
  t.teardown(() => process.off('warning', listen))
  const refuse = (): never => {
    throw Object.assign(new Error('EROFS'), { code: 'EROFS' })
  }
  await withSystem({ unlinkSync: refuse }, async () => {
    for (let round = 1; round <= 2; round += 1) {
      await crowd(store, 8, round)
      await pause(2500)
    }
  })
  t.is(told.length, 1)
  t.regex(told[0]!, /journal grows\. Nothing is lost\./)
  await store.flush()
  t.is(await directoryStore(path).read('user 3'), '{"n":2}')
})

test.serial('a journal that the system reads in pieces is read whole', async (t) => {
  const path = fresh()
  await crowd(directoryStore(path), 12)
  const { readSync } = fs
  const little = (file: number, bytes: Buffer, offset: number, length: number, position: number) =>
    readSync(file, bytes, offset, Math.min(length, 100), position)
  await withSystem({ readSync: little as typeof readSync }, async () => {
    for (let index = 0; index < 12; index += 1) t.is(await directoryStore(path).read(`user ${index}`), '{"n":1}')
  })
})

test.serial('as long as a file cannot be written, the journal gets no more files', async (t) => {
  const path = fresh()
  const store = directoryStore(path)
  await crowd(store, 12)
  const { name } = linesOf(path)[0]!.steps[0]!
  const shard = join(path, 'records', name.slice(0, 2))
  mkdirSync(shard, { recursive: true, mode: 0o700 })
  chmodSync(shard, 0o755)
  for (let n = 2; n < 6; n += 1) {
    await t.throwsAsync(store.flush(), { code: 'directory-refused', message: /is open to/ })
    await Promise.allSettled(changes(store, 12, n))
    t.true(readdirSync(join(path, 'journal')).length <= 2)
  }
  chmodSync(shard, 0o700)
  await crowd(store, 12, 9)
  await store.flush()
  t.deepEqual(linesOf(path), [])
  for (let index = 0; index < 12; index += 1) t.is(await directoryStore(path).read(`user ${index}`), '{"n":9}')
})

test.serial('no file is written while a thread that was terminated may still be writing others', async (t) => {
  const path = fresh()
  const store = directoryStore(path)
  await crowd(store, 12)
  const steps = linesOf(path).flatMap((line) => line.steps)
  const locks = new LockedDirectory(path, false, 1000, ['records']) as unknown as { under(name: string, work: () => Promise<void>, patience: number): Promise<void> }
  let flushed: Promise<void> | undefined
  await locks.under('c1a33', async () => {
    flushed = store.flush()
    await pause(300)
    t.false(steps.some(({ folder, name }) => existsSync(join(path, folder, name.slice(0, 2), name))))
  }, 1000)
  await flushed
  t.true(steps.every(({ folder, name }) => existsSync(join(path, folder, name.slice(0, 2), name))))
})

test.serial('a file of the journal that was taken away and made anew is another file', async (t) => {
  const path = fresh()
  const [store, other] = [directoryStore(path), directoryStore(path)]
  await crowd(store, 8)
  t.is(await other.read('user 5'), '{"n":1}')
  const file = join(path, 'journal', '0000000001')
  renameSync(file, join(home.path, 'taken'))
  t.is(await other.read('user 7'), undefined)
  await crowd(other, 4, 6)
  for (const one of [other, store]) {
    for (let index = 0; index < 4; index += 1) t.is(await one.read(`user ${index}`), '{"n":6}')
    t.is(await one.read('user 7'), undefined)
  }
})

test.serial('a damaged journal stops the store, and the message says where', async (t) => {
  const path = fresh()
  const store = directoryStore(path)
  await crowd(store, 10)
  await crowd(store, 10, 2)
  const file = join(path, 'journal', '0000000001')
  const bytes = readFileSync(file)
  const at = bytes.indexOf('"n":') + 5
  bytes[at]! ^= 1
  writeFileSync(file, bytes)
  const wanted = { instanceOf: CountersignError, code: 'store-failed', message: /journal\/0000000001 is damaged at byte \d+/ }
  const opened = directoryStore(path)
  await t.throwsAsync(opened.read('user 1'), wanted)
  await t.throwsAsync(opened.update('user 1', () => ({ record: '{}', value: 0 })), wanted)
  await t.throwsAsync(opened.take('user 1', 'c', 0), wanted)
  await t.throwsAsync(opened.flush(), wanted)
  t.deepEqual(readFileSync(file), bytes)
})

test.serial('the journal is held to the rules of all files', async (t) => {
  const path = fresh()
  await crowd(directoryStore(path), 10)
  const file = join(path, 'journal', '0000000001')
  const refused = (message: RegExp) => t.throwsAsync(directoryStore(path).read('user 1'), { code: 'directory-refused', message })
  chmodSync(file, 0o644)
  await refused(/0000000001 is open to other users/)
  chmodSync(file, 0o640)
  await refused(/0000000001 is open to its group/)
  chmodSync(file, 0o600)
  copyFileSync(file, join(home.path, 'elsewhere'))
  rmSync(file)
  symlinkSync(join(home.path, 'elsewhere'), file)
  await refused(/0000000001 is a symbolic link/)
  rmSync(join(home.path, 'elsewhere'))
  await refused(/0000000001 is a symbolic link/)
  rmSync(file)
  writeFileSync(file, '')
  chmodSync(file, 0o604)
  await refused(/0000000001 is open to other users/)
  rmSync(file)
  execFileSync('mkfifo', ['-m', '600', file])
  await refused(/0000000001 is not a regular file/)
  const shared = fresh()
  chmodSync(shared, 0o750)
  await crowd(directoryStore(shared, { allowGroup: true }), 10)
  t.is(statSync(join(shared, 'journal', '0000000001')).mode & 0o777, 0o640)
  t.is(await directoryStore(shared, { allowGroup: true }).read('user 1'), '{"n":1}')
})

test.serial('a change that throws, or changes nothing, is not in the way of those beside it', async (t) => {
  const path = fresh()
  const store = directoryStore(path)
  const results = await Promise.allSettled(
    Array.from({ length: 60 }, (_, index) =>
      store.update(`user ${index}`, () => {
        if (index % 3 === 0) throw new Error(`no ${index}`)
        return index % 3 === 1 ? { value: index } : { record: `{"n":${index}}`, value: index }
      }),
    ),
  )
  for (const [index, result] of results.entries()) {
    t.is(result.status, index % 3 === 0 ? 'rejected' : 'fulfilled')
    t.is(await directoryStore(path).read(`user ${index}`), index % 3 === 2 ? `{"n":${index}}` : undefined)
  }
})

test.serial('on a full disk each caller gets an error of its own, and the next call works', async (t) => {
  const path = fresh()
  if (!mount(['-t', 'tmpfs', '-o', 'size=600k,mode=700', 'tmpfs'], path)) return void t.pass('mounting is not possible here')
  try {
    const store = directoryStore(path)
    await crowd(store, 20)
    await store.flush()
    const filler = join(path, 'filler')
    writeFileSync(filler, '')
    // More and more of the disk is taken while changes of different sizes come.
    let failures = 0
    for (let round = 2; round < 12; round += 1) {
      const users = Array.from({ length: 20 }, (_, index) => `user ${index}`)
      const before = await Promise.all(users.map((user) => store.read(user)))
      const record = JSON.stringify({ n: round, padding: 'x'.repeat(round * 700) })
      const results = await Promise.allSettled(users.map((user) => store.update(user, () => ({ record, value: 0 }))))
      const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as CountersignError] : []))
      failures += errors.length
      t.true(errors.every((error) => error instanceof CountersignError && error.code === 'store-failed'))
      t.is(new Set(errors).size, errors.length)
      const other = directoryStore(path)
      for (const [index, user] of users.entries()) {
        const now = await other.read(user)
        t.true(now === record || (results[index]!.status === 'rejected' && now === before[index]), `${round} ${user}`)
      }
      try {
        appendFileSync(filler, Buffer.alloc(60_000))
      } catch {
        // As full as it gets.
      }
    }
    t.true(failures > 0)
    rmSync(filler)
    for (const user of ['user 1', 'user 2']) await store.update(user, () => ({ record: null, value: 0 }))
    await crowd(store, 12, 50)
    t.is(await directoryStore(path).read('user 5'), '{"n":50}')
    await store.flush()
    t.is(await directoryStore(path).read('user 5'), '{"n":50}')
  } finally {
    execFileSync('umount', ['-l', path])
  }
})

test.serial('processes that are killed while many users change lose nothing that was answered', async (t) => {
  t.timeout(longer(240_000))
  const path = fresh()
  const files = fileStore(path)
  const books = new Books()
  for (let kill = 0; kill < 30; kill += 1) {
    const programs = ['a', 'b'].map((name) => startProcess([path, 'crowd', name, '12', '6']))
    await Promise.all(programs.map((program) => program.tells('took')))
    await pause(Math.random() * 60)
    await Promise.all(programs.map((program) => program.kill()))
    books.add(programs.flatMap((program) => program.told))
    await books.check(t, files.open({ lockTimeout: 2 }), kill % 2 === 0)
    if (kill % 10 === 9) await directoryStore(path).flush()
  }
  t.true(books.size >= 30)
})

test.serial('what was answered before the power fails is there after it', async (t) => {
  t.timeout(longer(240_000))
  let losses = 0
  for (let round = 0; round < 8; round += 1) {
    const [disk, later] = [join(home.path, `disk ${round}`), join(home.path, `disk ${round} later`)]
    writeFileSync(disk, '')
    execFileSync('truncate', ['-s', '64M', disk])
    const [path, reopened] = [fresh(), fresh()]
    try {
      execFileSync('mkfs.ext4', ['-q', '-F', disk], { stdio: 'ignore' })
    } catch {
      return void t.pass('mkfs.ext4 is not here')
    }
    // Nothing is written by itself while the disk is copied.
    if (!mount(['-o', 'loop,commit=300', disk], path)) return void t.pass('mounting is not possible here')
    const books = new Books()
    try {
      chmodSync(path, 0o700)
      rmSync(join(path, 'lost+found'), { recursive: true })
      const programs = ['a', 'b'].map((name) => startProcess([path, 'crowd', name, '12', '6']))
      await Promise.all(programs.map((program) => program.tells('took')))
      await pause(200 + Math.random() * 1500)
      await Promise.all(programs.map((program) => program.kill()))
      if (round % 2 === 1) {
        const placer = startProcess([path, 'flush'])
        await placer.tells('flushing')
        await pause(Math.random() * 40)
        await placer.kill()
      }
      // No process syncs anything any more: what the device has now is what it would have after a power loss.
      copyFileSync(disk, later)
      books.add(programs.flatMap((program) => program.told))
    } finally {
      execFileSync('umount', ['-l', path])
    }
    t.true(mount(['-o', 'loop', later], reopened))
    try {
      losses += linesOf(reopened).length > 0 ? 1 : 0
      await books.check(t, fileStore(reopened).open(), false)
      const store = directoryStore(reopened)
      await store.flush()
      await books.check(t, fileStore(reopened).open(), false)
    } finally {
      execFileSync('umount', ['-l', reopened])
    }
  }
  t.true(losses >= 3, `${losses} with a journal`)
})

/** What processes have told, and what a store has to hold because of it. */
class Books {
  readonly #numbers = new Map<string, number>()
  readonly #put = new Map<string, number>()
  readonly #taken = new Map<string, number>()

  get size(): number {
    return this.#numbers.size
  }

  add(told: string[]): void {
    for (const line of told) {
      const [what, user, digits] = line.split(' ') as [string, string, string]
      const n = Number(digits)
      if (what === 'wrote') this.#numbers.set(user, Math.max(n, this.#numbers.get(user) ?? 0))
      if (what === 'put') this.#put.set(user, n)
      // From then on it may be gone, and after it is told it has to be.
      if (what === 'taking') this.#put.delete(user)
      if (what === 'took') this.#taken.set(user, n)
    }
  }

  async check(t: ExecutionContext, store: Store, again: boolean): Promise<void> {
    for (const [user, n] of this.#numbers) {
      const record = await store.read(user)
      const found = record === undefined ? 0 : (JSON.parse(record) as { n: number }).n
      // The change that was under way may be there, of each process that changes this user.
      t.true(found >= n && found <= n + (user.startsWith('shared') ? 2 : 1), `${user}: ${found} after ${n}`)
      this.#numbers.set(user, found)
    }
    for (const [user, n] of this.#taken) t.is(await store.take(user, `c${n}`, Date.now()), undefined, `${user} ${n} was taken`)
    for (const [user, n] of this.#put) t.is(await store.take(user, `c${n}`, Date.now()), String(n), `${user} ${n} was put`)
    this.#put.clear()
    if (again) for (const user of this.#numbers.keys()) this.#numbers.set(user, await increment(fileStore(''), store, user))
  }
}

/** Many users' changes at once. */
async function crowd(store: Store, users: number, n = 1): Promise<void> {
  await Promise.all(changes(store, users, n))
}

function changes(store: Store, users: number, n = 1): Promise<number>[] {
  return Array.from({ length: users }, (_, index) => store.update(`user ${index}`, () => ({ record: `{"n":${n}}`, value: 0 })))
}

/** Runs `work` on a system whose calls are others. */
async function withSystem<T>(calls: Partial<typeof fs>, work: () => Promise<T>): Promise<T> {
  const before = Object.fromEntries(Object.keys(calls).map((name) => [name, fs[name as keyof typeof fs]]))
  Object.assign(fs, calls)
  syncBuiltinESMExports()
  try {
    return await work()
  } finally {
    Object.assign(fs, before)
    syncBuiltinESMExports()
  }
}

/** A copy of a store in which each file that the journal has was not written, or not to its end. */
function powerLoss(path: string): string {
  const copy = fresh()
  rmSync(copy, { recursive: true })
  execFileSync('cp', ['-a', path, copy])
  for (const { folder, name } of linesOf(path).flatMap(({ steps }) => steps)) {
    const file = join(copy, folder, name.slice(0, 2), name)
    if (Math.random() < 0.5) rmSync(file, { force: true })
    else place(copy, folder, name, 'lost')
  }
  return copy
}

function place(path: string, folder: string, name: string, text: string | null): void {
  const file = join(path, folder, name.slice(0, 2), name)
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 })
  if (text === null) rmSync(file, { force: true })
  else writeFileSync(file, text, { mode: 0o600 })
}

function linesOf(path: string): Line[] {
  const folder = join(path, 'journal')
  return readdirSync(folder).toSorted().flatMap((name) => readLines(readFileSync(join(folder, name))).lines)
}

function lineOf(by: string, text: string | null): Line {
  return { by, steps: [{ folder: 'records', name: 'abcd', text }, { folder: 'handles', name: 'ef01', text: null }] }
}

function mount(args: string[], path: string): boolean {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') return false
  try {
    execFileSync('mount', [...args, path], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function list(store: Store): Promise<string[]> {
  const users = []
  for await (const user of store.users()) users.push(user)
  return users
}

function fileOf(path: string, folder: string, id: string): string {
  const name = createHash('sha256').update(id).digest('hex')
  return join(path, folder, name.slice(0, 2), name)
}

function fresh(): string {
  const path = join(home.path, String((made += 1)))
  mkdirSync(path, { mode: 0o700 })
  return path
}
