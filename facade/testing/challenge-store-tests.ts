import { setTimeout as pause } from 'node:timers/promises'

import { challenge, openFor, parallel, same, storeTest, write } from './store-test.js'
import type { StoreTest } from './store-test.js'
import { knownIds, strangeIds, strangeRecords } from './strange-texts.js'

export const challengeStoreTests: StoreTest[] = [
  storeTest('a challenge is taken once', async (store, ids) => {
    const key = ids.id()
    same(await store.take(key, 'one', Date.now()), undefined, 'before anything is put')
    await store.put(key, challenge('one'))
    await store.put(key, challenge('two'))
    same(await store.take(key, 'one', Date.now()), 'data of one', 'the first time')
    same(await store.take(key, 'one', Date.now()), undefined, 'the second time')
    same(await store.take(key, 'two', Date.now()), 'data of two', 'the other one')
  }),

  storeTest('of 50 callers at once exactly one gets a challenge', async (store, ids) => {
    for (const key of ids.ids(5)) {
      await store.put(key, challenge('one'))
      const taken = await parallel(50, () => store.take(key, 'one', Date.now()))
      same(taken.filter((data) => data !== undefined), ['data of one'], 'what was taken')
    }
  }),

  storeTest('callers at once for many challenges get each once', async (store, ids) => {
    const keys = ids.ids(4)
    const names = Array.from({ length: 8 }, (_, index) => `c${index}`)
    await Promise.all(keys.flatMap((key) => names.map((name) => store.put(key, challenge(name)))))
    const takes = keys.flatMap((key) => names.flatMap((name) => [1, 2, 3].map(() => store.take(key, name, Date.now()))))
    const taken = (await Promise.all(takes)).filter((data) => data !== undefined)
    same(taken.toSorted(), keys.flatMap(() => names.map((name) => `data of ${name}`)).toSorted(), 'what was taken')
  }),

  storeTest('an expired challenge is never taken', async (store, ids) => {
    const key = ids.id()
    const expires = Date.now() + openFor
    for (const id of ['past', 'at', 'before']) await store.put(key, challenge(id, { expires }))
    same(await store.take(key, 'past', expires + 1), undefined, 'a millisecond after')
    same(await store.take(key, 'at', expires), undefined, 'in the last millisecond')
    await store.put(key, challenge('before', { expires }))
    same(await store.take(key, 'before', expires - 1), 'data of before', 'a millisecond before')
  }),

  storeTest('a challenge expires while time goes by', async (store, ids) => {
    const key = ids.id()
    await store.put(key, challenge('short', { expires: Date.now() + 40 }))
    await store.put(key, challenge('long'))
    await pause(60)
    same(await store.take(key, 'short', Date.now()), undefined, 'after its time')
    same(await store.take(key, 'long', Date.now()), 'data of long', 'the other one')
  }),

  storeTest('another key or id takes nothing away', async (store, ids) => {
    const [key, other] = [ids.id(), ids.id()]
    await store.put(key, challenge('one'))
    await store.put(other, challenge('two'))
    for (const wrongId of ['two', 'ONE', 'one ', '']) {
      same(await store.take(key, wrongId, Date.now()), undefined, 'what another id takes')
    }
    for (const wrongKey of [other, key.toUpperCase(), '']) {
      same(await store.take(wrongKey, 'one', Date.now()), undefined, 'what another key takes')
    }
    same(await store.take(key, 'one', Date.now()), 'data of one', 'the first one')
    same(await store.take(other, 'two', Date.now()), 'data of two', 'the second one')
  }),

  storeTest('the same id under two keys is two challenges', async (store, ids) => {
    const [key, other] = [ids.id(), ids.id()]
    await store.put(key, challenge('one', { data: 'mine' }))
    await store.put(other, challenge('one', { data: 'yours' }))
    same(await store.take(other, 'one', Date.now()), 'yours', 'under the one')
    same(await store.take(key, 'one', Date.now()), 'mine', 'under the other')
  }),

  storeTest('clear removes all of a key and nothing else', async (store, ids) => {
    const [key, other] = [ids.id(), ids.id()]
    await store.clear(key)
    for (const purpose of ['sign-in', 'register']) await store.put(key, challenge(`my ${purpose}`, { purpose }))
    await store.put(other, challenge('one'))
    await store.clear(key)
    for (const purpose of ['sign-in', 'register']) {
      same(await store.take(key, `my ${purpose}`, Date.now()), undefined, 'what was cleared')
    }
    same(await store.take(other, 'one', Date.now()), 'data of one', 'the other key')
  }),

  storeTest('at most 8 are open for a key and purpose, the oldest goes', async (store, ids) => {
    const [key, other] = [ids.id(), ids.id()]
    await store.put(key, challenge('register', { purpose: 'register' }))
    await store.put(other, challenge('elsewhere'))
    // The oldest lives longest: age decides, not the time left.
    const expires = Date.now() + 2 * openFor
    const names = Array.from({ length: 11 }, (_, index) => `c${index}`)
    for (const [index, id] of names.entries()) await store.put(key, challenge(id, { expires: expires - index }))
    const open = []
    for (const id of names) open.push((await store.take(key, id, Date.now())) !== undefined)
    same(open, [false, false, false, true, true, true, true, true, true, true, true], 'which are open')
    same(await store.take(key, 'register', Date.now()), 'data of register', 'the one of another purpose')
    same(await store.take(other, 'elsewhere', Date.now()), 'data of elsewhere', 'the one of another key')
  }),

  storeTest('8 put at once are all open', async (store, ids) => {
    const key = ids.id()
    await parallel(8, (index) => store.put(key, challenge(`c${index}`)))
    const taken = await parallel(8, (index) => store.take(key, `c${index}`, Date.now()))
    same(taken, taken.map((_, index) => `data of c${index}`), 'what was taken')
  }),

  storeTest('a challenge put again replaces the one with its id', async (store, ids) => {
    const key = ids.id()
    for (let index = 0; index < 8; index += 1) await store.put(key, challenge(`c${index}`))
    await store.put(key, challenge('c3', { data: 'new', expires: Date.now() + 2 * openFor }))
    same(await store.take(key, 'c0', Date.now()), 'data of c0', 'nothing has to go')
    same(await store.take(key, 'c3', Date.now()), 'new', 'the new data')
    same(await store.take(key, 'c3', Date.now()), undefined, 'once')
  }),

  storeTest('a challenge put back after it was taken is open again', async (store, ids) => {
    const key = ids.id()
    await store.put(key, challenge('one'))
    await store.take(key, 'one', Date.now())
    await store.put(key, challenge('one', { data: 'second try' }))
    same(await store.take(key, 'one', Date.now()), 'second try', 'what was put back')
  }),

  storeTest('any key, id, purpose and data', async (store, ids) => {
    const keys = [...strangeIds.map((make) => ids.id(make)), ...knownIds.map((id) => ids.known(`${id}/`))]
    await ids.remove(store)
    const data = [...strangeRecords, '', 'x'.repeat(200_000)]
    const made = keys.map((key, index) => challenge(key, { purpose: key, data: data[index % data.length] as string }))
    for (const [index, key] of keys.entries()) await store.put(key, made[index] as ReturnType<typeof challenge>)
    for (const [index, key] of keys.entries()) {
      same(await store.take(key, key, Date.now()), made[index]?.data, `challenge ${index}`)
    }
  }),

  storeTest('all who ask for the shared key get the same one, where the store has one', async (store) => {
    if (!store.sharedKey) return
    const keys = await parallel(20, (index) => store.sharedKey!(`key-${index}`))
    same(new Set(keys).size, 1, 'how many keys there are')
    same(await store.sharedKey('another'), keys[0], 'the key later')
  }),

  storeTest('records and challenges of a user leave each other alone', async (store, ids) => {
    const user = ids.id()
    await store.put(user, challenge('one'))
    same(await store.read(user), undefined, 'record of a user with a challenge')
    await write(store, user, '{}')
    await store.clear(user)
    same(await store.read(user), '{}', 'record after clear')
    await store.put(user, challenge('two'))
    await store.update(user, () => ({ record: null, value: undefined }))
    same(await store.take(user, 'two', Date.now()), 'data of two', 'challenge of a deleted user')
    await Promise.all([
      parallel(8, (index) => store.put(user, challenge(`c${index}`))),
      parallel(8, (index) => write(store, user, `{"tfa-failures":${index + 1}}`)),
    ])
    const taken = await parallel(8, (index) => store.take(user, `c${index}`, Date.now()))
    same(taken.filter((data) => data === undefined), [], 'challenges lost beside updates')
  }),
]
