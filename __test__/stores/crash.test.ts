import { setTimeout as pause } from 'node:timers/promises'

import test from 'ava'

import { fewer, longer } from '../helpers/emulated.js'
import { fileStore, increment } from '../helpers/file-stores.js'
import { padding, scratch, startProcess, startWorker } from '../helpers/programs.js'

const { path: directory, remove } = scratch()
test.after.always(remove)

for (const [kind, path, kills] of [['directory', directory, fewer(200)], ['tfa.cfg', `${directory}/tfa.cfg`, fewer(80)]] as const) {
  const files = fileStore(path)

  test.serial(`${kind}: a writer that is killed again and again leaves whole records, whatever was answered, and no lock`, async (t) => {
    t.timeout(longer(240_000))
    const lanes = 4
    const size = 20_000
    const lane = async (user: string) => {
      const store = files.open({ lockTimeout: 2 })
      let last = 0
      for (let kill = 0; kill < kills / lanes; kill += 1) {
        const writer = startProcess([path, 'write', user, String(size)])
        await writer.tells('wrote')
        await pause(Math.random() * 25)
        await writer.kill()
        const answered = Number(writer.told.at(-1)?.split(' ')[1])
        const record = (await store.read(user)) as string
        const n = files.numberOf(record)
        t.true(n === answered || n === answered + 1, `${n} after ${answered}`)
        t.true(n > last)
        t.is(files.paddingOf(record), padding(n, size))
        // Beside a tfa.cfg the handle is written first: it may be one ahead.
        const handles = kind === 'directory' ? [n] : [n, n + 1]
        const owners = await Promise.all(handles.map((handle) => store.owner(`${user}-${handle}`)))
        t.true(owners.includes(user))
        t.is(await store.owner(`${user}-${n - 1}`), undefined)
        t.is(await store.take(user, `c${answered}`, Date.now()), String(answered))
        // The lock is free at once, and what the dead one left is no obstacle.
        await store.update(user, (before) => ({ value: before }))
        last = n
      }
    }
    await Promise.all(Array.from({ length: lanes }, (_, index) => lane(`killed ${index}`)))
  })

  test.serial(`${kind}: however often processes are killed that claim the same texts, no text is two users'`, async (t) => {
    t.timeout(longer(240_000))
    const store = files.open({ lockTimeout: 5 })
    const texts = ['one', 'two', 'three']
    const users = ['claims 1', 'claims 2', 'claims 3']
    const seen = new Set<string>()
    for (let kill = 0; kill < 24; kill += 1) {
      const programs = users.map((user) => startProcess([path, 'claim', user, ...texts]))
      await Promise.all(programs.map((program) => program.tells('claiming')))
      await pause(Math.random() * 60)
      await Promise.all(programs.map((program) => program.kill()))
      const records = await Promise.all(users.map((user) => store.read(user)))
      const held = records.map((record) => (record === undefined ? [] : files.paddingOf(record).split('+')))
      for (const text of texts) {
        const holders = users.filter((_, index) => held[index]!.includes(text))
        t.true(holders.length <= 1, `${text}: ${holders.join()}`)
        if (holders.length === 1) t.is(await store.owner(text), holders[0], text)
        seen.add(`${text} ${holders[0] ?? 'nobody'}`)
      }
    }
    t.true(seen.size > 6, [...seen].join())
    // What the dead ones have left is no obstacle.
    for (const user of users) await store.update(user, () => ({ record: null, value: undefined }))
    const all = { record: files.record(1, texts.join('+')), claims: texts, value: undefined }
    await store.update('claims 4', () => all)
    t.deepEqual(await Promise.all(texts.map((text) => store.owner(text))), texts.map(() => 'claims 4'))
    await store.update('claims 4', () => ({ record: null, value: undefined }))
  })

  test.serial(`${kind}: processes and worker threads count together without losing any`, async (t) => {
    const store = files.open()
    const args = [path, 'count', 'shared', '40']
    const programs = [...[1, 2, 3].map(() => startProcess(args)), ...[1, 2, 3].map(() => startWorker(args))]
    await Promise.all([
      ...Array.from({ length: 40 }, () => increment(files, store, 'shared')),
      ...programs.map((program) => program.tells('done')),
    ])
    await Promise.all(programs.map((program) => program.ended))
    t.is(files.numberOf(await store.read('shared')), 280)
  })

  test.serial(`${kind}: of all callers in all processes exactly one takes a challenge`, async (t) => {
    const store = files.open()
    for (let round = 0; round < 5; round += 1) {
      const id = `c${round}`
      await store.put('taken', { id, purpose: 'sign-in', data: 'd', expires: Date.now() + 60_000 })
      const args = [path, 'take', 'taken', id]
      const programs = [...[1, 2].map(() => startProcess(args)), ...[1, 2].map(() => startWorker(args))]
      const told = await Promise.all(programs.map((program) => program.tells('took')))
      t.deepEqual(told.toSorted(), ['took 0', 'took 0', 'took 0', 'took 1'])
    }
  })

  test.serial(`${kind}: one thread in the pool is enough`, async (t) => {
    const env = { UV_THREADPOOL_SIZE: '1' }
    const programs = [1, 2, 3].map(() => startProcess([path, 'count', 'narrow', '30'], env))
    await Promise.all(programs.map((program) => program.tells('done')))
    t.is(files.numberOf(await files.open().read('narrow')), 90)
  })

  test.serial(`${kind}: a terminated worker that held a lock holds it no more`, async (t) => {
    const store = files.open({ lockTimeout: 0 })
    for (let round = 1; round <= 5; round += 1) {
      const holder = startWorker([path, 'hold', 'left'])
      await holder.tells('holding')
      await t.throwsAsync(increment(files, store, 'left'), { code: 'lock-timeout' })
      await holder.kill()
      t.is(await increment(files, store, 'left'), round)
    }
  })

  test.serial(`${kind}: workers terminated at any moment leave no lock`, async (t) => {
    const store = files.open({ lockTimeout: 1 })
    for (let round = 1; round <= fewer(40); round += 1) {
      const worker = startWorker([path, 'write', 'stopped', '100'])
      const leaver = startWorker([path, 'leave', 'stopped'])
      await Promise.all([worker.tells('wrote'), leaver.tells('leaving')])
      await pause(Math.random() * 8)
      await Promise.all([worker.kill(), leaver.kill()])
      const n = await store.update('stopped', (record) => ({ value: files.numberOf(record) }))
      const owners = await Promise.all([n, n + 1].map((handle) => store.owner(`stopped-${handle}`)))
      t.true(owners.includes('stopped'))
    }
  })

  test.serial(`${kind}: a change that throws frees the lock at once`, async (t) => {
    const store = files.open()
    await t.throwsAsync(store.update('thrown', () => { throw new Error('no') }), { message: 'no' })
    t.is(await increment(files, files.open({ lockTimeout: 0 }), 'thrown'), 1)
  })
}

// Of a directory only: one lock covers a whole tfa.cfg, and whoever waits for it.
test.serial('directory: waiting for a lock blocks nobody else, and ends', async (t) => {
  const holder = startProcess([directory, 'hold', 'held'])
  await holder.tells('holding')
  const waiter = startProcess([directory, 'wait', 'held', '20'], { UV_THREADPOOL_SIZE: '1', LOCK_TIMEOUT: '2' })
  const free = Number((await waiter.tells('free')).split(' ')[1])
  const [, codes, waited] = (await waiter.tells('waited')).split(' ')
  await holder.kill()
  t.true(free < 1900, `others waited ${free} ms`)
  t.is(codes, 'lock-timeout')
  // All of them, not one after the other.
  t.true(Number(waited) >= 2000 && Number(waited) < 10_000, `waited ${waited} ms`)
  const files = fileStore(directory)
  t.is(await increment(files, files.open({ lockTimeout: 0 }), 'held'), 1)
})
