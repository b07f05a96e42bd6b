import { setTimeout as pause } from 'node:timers/promises'

import test from 'ava'

import { directoryStore } from '../facade/stores/index.js'
import type { Store } from '../facade/stores/index.js'
import { padding, scratch, startProcess, startWorker } from './helpers/programs.js'

const { path, remove } = scratch()
test.after.always(remove)

test.serial('a writer killed 200 times leaves whole records, whatever was answered, and no lock', async (t) => {
  t.timeout(240_000)
  const kills = 200
  const lanes = 4
  const size = 20_000
  const lane = async (user: string) => {
    const store = directoryStore(path, { lockTimeout: 2 })
    let last = 0
    for (let kill = 0; kill < kills / lanes; kill += 1) {
      const writer = startProcess([path, 'write', user, String(size)])
      await writer.tells('wrote')
      await pause(Math.random() * 25)
      await writer.kill()
      const answered = Number(writer.told.at(-1)?.split(' ')[1])
      const record = JSON.parse((await store.read(user)) as string) as { n: number; padding: string }
      t.true(record.n === answered || record.n === answered + 1, `${record.n} after ${answered}`)
      t.true(record.n > last)
      t.is(record.padding, padding(record.n, size))
      t.is(await store.owner(`${user}-${record.n}`), user)
      t.is(await store.owner(`${user}-${record.n - 1}`), undefined)
      t.is(await store.take(user, `c${answered}`, Date.now()), String(answered))
      // The lock is free at once, and what the dead one left is no obstacle.
      await store.update(user, (before) => ({ value: before }))
      last = record.n
    }
  }
  await Promise.all(Array.from({ length: lanes }, (_, index) => lane(`killed ${index}`)))
})

test.serial('processes and worker threads count together without losing any', async (t) => {
  const store = directoryStore(path)
  const args = [path, 'count', 'shared', '40']
  const programs = [...[1, 2, 3].map(() => startProcess(args)), ...[1, 2, 3].map(() => startWorker(args))]
  await Promise.all([
    ...Array.from({ length: 40 }, () => increment(store, 'shared')),
    ...programs.map((program) => program.tells('done')),
  ])
  await Promise.all(programs.map((program) => program.ended))
  t.is(await store.read('shared'), '{"n":280}')
})

test.serial('of all callers in all processes exactly one takes a challenge', async (t) => {
  const store = directoryStore(path)
  for (let round = 0; round < 5; round += 1) {
    const id = `c${round}`
    await store.put('taken', { id, purpose: 'sign-in', data: 'd', expires: Date.now() + 60_000 })
    const args = [path, 'take', 'taken', id]
    const programs = [...[1, 2].map(() => startProcess(args)), ...[1, 2].map(() => startWorker(args))]
    const told = await Promise.all(programs.map((program) => program.tells('took')))
    t.deepEqual(told.toSorted(), ['took 0', 'took 0', 'took 0', 'took 1'])
  }
})

test.serial('one thread in the pool is enough', async (t) => {
  const env = { UV_THREADPOOL_SIZE: '1' }
  const programs = [1, 2, 3].map(() => startProcess([path, 'count', 'narrow', '30'], env))
  await Promise.all(programs.map((program) => program.tells('done')))
  t.is(await directoryStore(path).read('narrow'), '{"n":90}')
})

test.serial('waiting for a lock blocks nobody else, and ends', async (t) => {
  const holder = startProcess([path, 'hold', 'held'])
  await holder.tells('holding')
  const waiter = startProcess([path, 'wait', 'held', '20'], { UV_THREADPOOL_SIZE: '1', LOCK_TIMEOUT: '2' })
  const free = Number((await waiter.tells('free')).split(' ')[1])
  const [, codes, waited] = (await waiter.tells('waited')).split(' ')
  await holder.kill()
  t.true(free < 1900, `others waited ${free} ms`)
  t.is(codes, 'lock-timeout')
  // All of them, not one after the other.
  t.true(Number(waited) >= 2000 && Number(waited) < 10_000, `waited ${waited} ms`)
  t.is(await increment(directoryStore(path, { lockTimeout: 0 }), 'held'), 1)
})

test.serial('a terminated worker that held a lock holds it no more', async (t) => {
  const store = directoryStore(path, { lockTimeout: 0 })
  for (let round = 1; round <= 5; round += 1) {
    const holder = startWorker([path, 'hold', 'left'])
    await holder.tells('holding')
    await t.throwsAsync(increment(store, 'left'), { code: 'lock-timeout' })
    await holder.kill()
    t.is(await increment(store, 'left'), round)
  }
})

test.serial('workers terminated at any moment leave no lock', async (t) => {
  const store = directoryStore(path, { lockTimeout: 1 })
  for (let round = 1; round <= 40; round += 1) {
    const worker = startWorker([path, 'write', 'stopped', '100'])
    const leaver = startWorker([path, 'leave', 'stopped'])
    await Promise.all([worker.tells('wrote'), leaver.tells('leaving')])
    await pause(Math.random() * 8)
    await Promise.all([worker.kill(), leaver.kill()])
    const n = await store.update('stopped', (record) => ({ value: (JSON.parse(record as string) as { n: number }).n }))
    t.is(await store.owner(`stopped-${n}`), 'stopped')
  }
})

test.serial('a change that throws frees the lock at once', async (t) => {
  const store = directoryStore(path)
  await t.throwsAsync(store.update('thrown', () => { throw new Error('no') }), { message: 'no' })
  t.is(await increment(directoryStore(path, { lockTimeout: 0 }), 'thrown'), 1)
})

function increment(store: Store, user: string): Promise<number> {
  return store.update(user, (record) => {
    const n = (record === undefined ? 0 : (JSON.parse(record) as { n: number }).n) + 1
    return { record: JSON.stringify({ n }), value: n }
  })
}
