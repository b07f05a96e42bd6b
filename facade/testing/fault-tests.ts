import { setTimeout as pause } from 'node:timers/promises'

import type { Store } from '../stores/traits.js'
import { checkHistories } from './check-histories.js'
import { keysIn, recordHistory } from './history.js'
import { challenge, Ids, parallel, same } from './store-test.js'

/** A store whose connections can be cut. */
export interface FaultyStore {
  store: Store
  /** Cuts every connection that is open now, also one that is in use. New ones may be made at once. */
  cut(): void | Promise<void>
}

/** One test of a store that loses its connections. */
export interface FaultTest {
  name: string
  /** @param makeStore called once */
  run(makeStore: () => FaultyStore | Promise<FaultyStore>): Promise<void>
}

/** How often the connections are cut in a test. */
const cuts = 30

/** What a store must pass that talks to a database over a network. */
export const faultTests: FaultTest[] = [
  faultTest('connections cut amid updates: nothing is lost, nothing doubled', async ({ store, cut }, ids) => {
    const user = ids.id()
    const sure = new Set<string>()
    const tried = new Set<string>()
    let done = false
    const worker = async (name: number) => {
      for (let turn = 0; !done; turn += 1) {
        const entry = `${name}.${turn}`
        tried.add(entry)
        const add = (record?: string) => ({ record: JSON.stringify([...entriesOf(record), entry]), value: 0 })
        await store.update(user, add).then(() => sure.add(entry), () => pause(5))
      }
    }
    const working = parallel(4, worker)
    await cutOften(cut)
    done = true
    await working
    const entries = entriesOf(await untilWorking(() => store.read(user)))
    same(entries.length, new Set(entries).size, 'entries, each once')
    same([...sure].filter((entry) => !entries.includes(entry)), [], 'entries lost')
    same(entries.filter((entry) => !tried.has(entry)), [], 'entries that nobody made')
    same(sure.size > 0, true, 'some were written')
  }),

  faultTest('connections cut amid challenges: nobody gets one twice', async ({ store, cut }, ids) => {
    const key = ids.id()
    const taken: string[] = []
    let done = false
    const working = (async () => {
      for (let turn = 0; !done; turn += 1) {
        const id = `c${turn}`
        const put = await store.put(key, challenge(id)).catch(() => pause(5, 'failed'))
        if (put === 'failed') continue
        const takes = await Promise.allSettled([1, 2, 3].map(() => store.take(key, id, Date.now())))
        for (const take of takes) if (take.status === 'fulfilled' && take.value !== undefined) taken.push(take.value)
      }
    })()
    await cutOften(cut)
    done = true
    await working
    same(taken.length, new Set(taken).size, 'challenges, each taken once')
    await untilWorking(() => store.put(key, challenge('last')))
    same(await untilWorking(() => store.take(key, 'last', Date.now())), 'data of last', 'after the last cut')
  }),

  faultTest('connections cut amid calls of every kind: all of them have happened in one order', async ({ store, cut }, ids) => {
    const run = ids.id()
    const logs = ['', '']
    const recording = logs.map((_, index) =>
      recordHistory(store, { run, process: String(index), seconds: 2, log: (line) => (logs[index] += line) }),
    )
    await cutOften(cut)
    await Promise.all(recording)
    const { histories, undecided, violations } = checkHistories(logs)
    for (const key of keysIn(logs)) ids.known(key)
    same([histories > 0, undecided, violations], [true, [], []], 'histories that no order of the calls explains')
  }),
]

async function cutOften(cut: FaultyStore['cut']): Promise<void> {
  for (let count = 0; count < cuts; count += 1) {
    await pause(20 + Math.random() * 30)
    await cut()
  }
}

/** The first calls may still meet a connection that was cut. */
async function untilWorking<T>(call: () => Promise<T>): Promise<T> {
  for (let count = 0; count < 100; count += 1) {
    const value = await call().then((answer) => ({ answer }), () => pause(20))
    if (value) return value.answer
  }
  return call()
}

function entriesOf(record: string | undefined): string[] {
  return record === undefined ? [] : (JSON.parse(record) as string[])
}

function faultTest(name: string, body: (faulty: FaultyStore, ids: Ids) => Promise<void>): FaultTest {
  return {
    name,
    async run(makeStore) {
      const faulty = await makeStore()
      const ids = new Ids()
      await body(faulty, ids)
      await untilWorking(() => ids.remove(faulty.store))
    },
  }
}
