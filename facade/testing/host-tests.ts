import type { Store } from '../stores/traits.js'
import { challenge, claim, claimed, Ids, openFor, parallel, same, write } from './store-test.js'

/** One test of a store that several hosts share. */
export interface HostTest {
  name: string
  /** @param makeStore returns a new store over the same data each time, as on another host; called up to 4 times */
  run(makeStore: () => Store | Promise<Store>): Promise<void>
}

/**
 * The tests that a store shared by several processes or machines must pass, besides `storeTests`.
 *
 * @example
 * for (const { name, run } of hostTests) test(name, () => run(() => myStore(newPool())))
 */
export const hostTests: HostTest[] = [
  hostTest('what one host has written all the others read', async (stores, ids) => {
    const [user, handle] = [ids.id(), ids.id()]
    for (const [index, store] of stores.entries()) {
      await write(store, user, `{"n":${index}}`, handle)
      const seen = await Promise.all(stores.flatMap((other) => [other.read(user), other.owner(handle)]))
      same(seen, stores.flatMap(() => [`{"n":${index}}`, user]), 'what the hosts see')
    }
  }),

  hostTest('a change that runs again sees what others wrote, and answers for its last run', async (stores, ids) => {
    const user = ids.id()
    let runs = 0
    const numbers = await parallel(80, (index) =>
      (stores[index % stores.length] as Store).update(user, (record) => {
        runs += 1
        const value = (record === undefined ? 0 : Number(record)) + 1
        return { record: String(value), value }
      }),
    )
    same(numbers.toSorted((one, other) => one - other), numbers.map((_, index) => index + 1), 'what the updates answer')
    same(await stores[0]?.read(user), '80', 'record')
    same(runs >= 80, true, 'each ran')
  }),

  hostTest('hosts that create and delete a record at once do not lose each other', async (stores, ids) => {
    const user = ids.id()
    // Each call turns nothing into a record, or a record into nothing: the answers tell how many of each there were.
    const made = await parallel(80, (index) =>
      (stores[index % stores.length] as Store).update(user, (record) => ({
        record: record === undefined ? '{}' : null,
        value: record === undefined ? 1 : -1,
      })),
    )
    same(made.reduce((sum, one) => sum + one, 0), 0, 'records made and not deleted')
    same(await stores[0]?.read(user), undefined, 'record')
  }),

  hostTest('of users who claim one text on many hosts at once exactly one gets it', async (stores, ids) => {
    for (let round = 0; round < 10; round += 1) {
      const users = ids.ids(8)
      const wanted = [`claim:${ids.id()}`, `claim:${ids.id()}`]
      const store = (index: number) => stores[index % stores.length] as Store
      const made = await claimed(
        users.map((user, index) => claim(store(index), user, '{}', index % 2 === 0 ? wanted : wanted.toReversed())),
      )
      const owners = await Promise.all(wanted.map((text) => store(round).owner(text)))
      same([made, new Set(owners).size, owners.includes(undefined)], [1, 1, false], 'changes made, and their owner')
      const records = await Promise.all(users.map((user) => store(round + 1).read(user)))
      same(records.filter((record) => record !== undefined).length, 1, 'records written')
    }
  }),

  hostTest('of many hosts exactly one gets a challenge', async (stores, ids) => {
    for (const key of ids.ids(5)) {
      await stores[0]?.put(key, challenge('one'))
      const taken = await parallel(48, (index) => (stores[index % stores.length] as Store).take(key, 'one', Date.now()))
      same(taken.filter((data) => data !== undefined), ['data of one'], 'what was taken')
    }
  }),

  hostTest('however many challenges the hosts put at once, at most 8 are taken', async (stores, ids) => {
    const key = ids.id()
    const store = (index: number) => stores[index % stores.length] as Store
    await parallel(40, (index) => store(index).put(key, challenge(`c${index}`)))
    const taken = await parallel(40, (index) => store(index).take(key, `c${index}`, Date.now()))
    same(taken.filter((data) => data !== undefined).length, 8, 'challenges taken')
  }),

  hostTest('a host whose clock is wrong gets no challenge that it holds for expired', async (stores, ids) => {
    const key = ids.id()
    const now = Date.now()
    await stores[0]?.put(key, challenge('one', { expires: now + openFor }))
    same(await stores[1]?.take(key, 'one', now + 3_600_000), undefined, 'what a host gets whose clock is fast')
    await stores[0]?.put(key, challenge('two', { expires: now + openFor }))
    same(await stores[2]?.take(key, 'two', now - 3_600_000), 'data of two', 'what one gets whose clock is slow')
    same(await stores[3]?.take(key, 'two', now), undefined, 'what the next one gets')
  }),
]

function hostTest(name: string, body: (stores: Store[], ids: Ids) => Promise<void>): HostTest {
  return {
    name,
    async run(makeStore) {
      const stores = await parallel(4, async () => makeStore())
      const ids = new Ids()
      try {
        await body(stores, ids)
      } finally {
        await ids.remove(stores[0] as Store)
      }
    },
  }
}
