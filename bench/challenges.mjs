// Opening and taking a challenge: this package's book, in Rust and through `memoryStore`, against a `Map` with timers. Also the
// memory and time with a million open challenges.
import { execFileSync } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'

import { memoryStore } from 'countersign/stores'

import { interleave } from './lib/interleave.mjs'
import { settledMemory } from './lib/memory.mjs'

const self = fileURLToPath(import.meta.url)
const data = JSON.stringify({ purpose: 'sign-in', challenge: 'x'.repeat(43), at: 1_800_000_000_000 })

export async function challenges(native, { open = 1_000_000, ...options }) {
  const work = {
    'core alone': native.work('book'),
    memoryStore: storeWork(memoryStore()),
    'Map with timers': mapWork(new Map()),
  }
  return { times: await interleave(work, options), open: openChallenges(open) }
}

function storeWork(store) {
  const now = Date.now()
  let next = 0
  return async () => {
    const id = `id ${(next += 1)}`
    await store.put('ann', { id, purpose: 'sign-in', data, expires: now + 300_000 })
    if ((await store.take('ann', id, now)) !== data) throw new Error('not there')
  }
}

/** The shortest possible version: no limit per user, no purpose, and a timer for each challenge. */
function mapWork(map) {
  let next = 0
  return async () => {
    const id = `id ${(next += 1)}`
    map.set(id, { user: 'ann', data, timer: setTimeout(() => map.delete(id), 300_000).unref() })
    const taken = map.get(id)
    map.delete(id)
    clearTimeout(taken.timer)
    if (taken.data !== data) throw new Error('not there')
  }
}

/** Runs in its own processes, because it measures memory. Gives the bytes of one challenge, and the microseconds of another one. */
function openChallenges(count) {
  const ask = (how) => JSON.parse(execFileSync(process.execPath, ['--expose-gc', self, how, String(count)]))
  return { memoryStore: ask('store'), 'Map with timers': ask('map') }
}

if (process.argv[1] === self) {
  const [how, count] = [process.argv[2], Number(process.argv[3])]
  const user = (index) => `user ${String(index).padStart(8, '0')}`
  const id = (index) => String(index).padStart(22, '0')
  const now = Date.now()
  const before = await settledMemory()
  const book = how === 'store' ? storeBook(memoryStore()) : mapBook(new Map())
  for (let index = 0; index < count; index += 1) await book.put(user(index), id(index))
  const after = await settledMemory()
  const own = user(0).length + id(0).length + data.length
  const bytes = Math.round((after - before) / count - own)
  const rounds = 20_000
  const put = await time(rounds, (round) => book.put(user(round), `more ${round}`))
  const take = await time(rounds, (round) => book.take(user(round), `more ${round}`, now))
  // All have expired, and each call frees some of them.
  const expiry = await time(rounds, (round) => book.take(user(round), 'none', now + 600_000))
  console.log(JSON.stringify({ count, bytes, put, take, expiry }))
  process.exit()

  function storeBook(store) {
    return {
      put: (key, id) => store.put(key, { id, purpose: 'sign-in', data, expires: now + 300_000 }),
      take: (key, id, at) => store.take(key, id, at),
    }
  }
  function mapBook(map) {
    return {
      // A separate text for each, as in a real server.
      put: async (key, id) => {
        const own = Buffer.from(data).toString()
        map.set(id, { user: key, data: own, timer: setTimeout(() => map.delete(id), 300_000).unref() })
      },
      take: async (key, id) => {
        const taken = map.get(id)
        if (taken === undefined) return
        map.delete(id)
        clearTimeout(taken.timer)
      },
    }
  }
}

async function time(rounds, work) {
  const begun = performance.now()
  for (let round = 0; round < rounds; round += 1) await work(round)
  return ((performance.now() - begun) * 1000) / rounds
}
