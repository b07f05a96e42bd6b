import type { Store } from '../stores/traits.js'
import { openFor, parallel, rejection, same, storeTest, write } from './store-test.js'
import type { StoreTest } from './store-test.js'
import { knownIds, strangeIds } from './strange-texts.js'
import type { TestRecords } from './test-records.js'

/** @param records what is stored: any text unless a store takes less */
export const userStoreTests = ({ of, numberOf, long, strange }: TestRecords): StoreTest[] => {
  const count = (store: Store, user: string): Promise<number> => counted(store, user, { of, numberOf })
  return [
    storeTest('nobody has a record at first', async (store, ids) => {
      const user = ids.id()
      same(await store.read(user), undefined, 'read')
      same(await store.update(user, (record) => ({ value: record === undefined })), true, 'what change is given')
      same(await store.owner(ids.id()), undefined, 'owner')
      same(await listed(store, user), 0, 'times listed')
    }),

    storeTest('update stores the record and answers the value', async (store, ids) => {
      const user = ids.id()
      const value = { any: ['value'] }
      same(await store.update(user, () => ({ record: of(1), value })), value, 'value')
      same(await store.read(user), of(1), 'first record')
      const before = await store.update(user, (record) => ({ record: of(2), value: record }))
      same(before, of(1), 'what change is given')
      same(await store.read(user), of(2), 'second record')
    }),

    storeTest('undefined leaves everything as it is', async (store, ids) => {
      const [user, unknown, handle] = [ids.id(), ids.id(), ids.id()]
      await write(store, user, of(1), handle)
      same(await store.update(user, (record) => ({ value: record })), of(1), 'value')
      same(await store.update(user, () => ({ record: undefined, handle: 'ignored', value: 5 })), 5, 'value')
      same(await store.read(user), of(1), 'record')
      same(await store.owner(handle), user, 'owner')
      await store.update(unknown, () => ({ value: undefined }))
      same(await store.read(unknown), undefined, 'record of an unknown user')
      same(await listed(store, unknown), 0, 'times an unknown user is listed')
    }),

    storeTest('update may begin with what was read, and goes by what is stored', async (store, ids) => {
      const user = ids.id()
      const next = (n: number, from: number) => store.update(user, (record) => ({ record: of(n), value: record }), of(from))
      await write(store, user, of(1))
      same(await next(2, 1), of(1), 'what change is given')
      same(await store.read(user), of(2), 'record')
      same(await next(3, 1), of(2), 'what change is given after a reading of before')
      same(await store.read(user), of(3), 'record after that')
      same(await store.update(user, (record) => ({ value: record }), of(1)), of(3), 'what a change is given that leaves everything')
      const unlessFirst = (record: string | undefined) => (record === of(1) ? failing() : { record: of(4), value: record })
      same(await store.update(user, unlessFirst, of(1)), of(3), 'what a change is given that would have thrown')
      same(await store.update(user, (record) => ({ record: null, value: record }), of(3)), of(4), 'what a deletion is given')
      same(await store.read(user), undefined, 'record of a deleted user')
      same(await next(5, 4), undefined, 'what change is given after the deletion')
      same((await rejection(() => store.update(user, failing, of(5)))) === thrown, true, 'an error comes through as it is')
      same(await store.update(user, (record) => ({ record: null, value: record }), of(5)), of(5), 'what the last deletion is given')
      same(await store.read(user), undefined, 'record in the end')
    }),

    storeTest('of 50 changes that begin with one reading, none is lost', async (store, ids) => {
      const user = ids.id()
      await write(store, user, of(0))
      const add = (record: string | undefined) => ({ record: of(numberOf(record as string) + 1), value: undefined })
      await parallel(50, () => store.update(user, add, of(0)))
      same(await store.read(user), of(50), 'record')
    }),

    storeTest('null deletes the record and its handle', async (store, ids) => {
      const [user, handle] = [ids.id(), ids.id()]
      await write(store, user, of(1), handle)
      same(await store.update(user, () => ({ record: null, value: 'gone' })), 'gone', 'value')
      same(await store.read(user), undefined, 'record')
      same(await store.owner(handle), undefined, 'owner')
      same(await listed(store, user), 0, 'times listed')
      same(await store.update(user, (record) => ({ record: null, value: record })), undefined, 'a second deletion')
      await write(store, user, of(2))
      same(await store.read(user), of(2), 'record of a user who came back')
      same(await store.owner(handle), undefined, 'owner of a handle that did not')
    }),

    storeTest('a change that throws writes nothing', async (store, ids) => {
      const [user, unknown] = [ids.id(), ids.id()]
      await write(store, user, of(1))
      same((await rejection(() => store.update(user, failing))) === thrown, true, 'the error comes through as it is')
      await rejection(() => store.update(unknown, failing))
      same(await store.read(user), of(1), 'record')
      same(await store.read(unknown), undefined, 'record of an unknown user')
      await write(store, user, of(2))
      same(await store.read(user), of(2), 'record after the next update')
    }),

    storeTest('100 parallel updates of one user all count', async (store, ids) => {
      const user = ids.id()
      const values = await parallel(100, () => count(store, user))
      same(await store.read(user), of(100), 'record')
      same(values.toSorted((a, b) => a - b), values.map((_, index) => index + 1), 'each count once')
    }),

    storeTest('parallel updates of many users do not mix', async (store, ids) => {
      const users = ids.ids(20)
      await parallel(200, (index) => count(store, users[index % 20] as string))
      const records = await Promise.all(users.map((user) => store.read(user)))
      same(records, users.map(() => of(10)), 'records')
    }),

    storeTest('of many changes at once, each has its own end', async (store, ids) => {
      const users = ids.ids(60)
      await Promise.all(users.map((user, index) => write(store, user, of(index))))
      const change = async (user: string, index: number) => {
        if (index % 6 === 0) return (await rejection(() => store.update(user, failing))) instanceof Error
        if (index % 6 === 1) return store.update(user, () => ({ value: index }))
        if (index % 6 === 2) return store.update(user, () => ({ record: null, value: index }))
        // As it was read, and as it never was.
        const before = [of(index), of(index + 1), undefined][index % 3]
        return store.update(user, (record) => ({ record: of(numberOf(record!) + 1000), value: index }), before)
      }
      same(await Promise.all(users.map(change)), users.map((_, index) => index % 6 === 0 || index), 'the values')
      const records = await Promise.all([...users, ids.id()].map((user) => store.read(user)))
      const expected = users.map((_, index) => [of(index), of(index), undefined][index % 6] ?? (index % 6 === 2 ? undefined : of(index + 1000)))
      same(records, [...expected, undefined], 'the records')
    }),

    storeTest('some of the parallel updates throw or leave', async (store, ids) => {
      const user = ids.id()
      await parallel(60, async (index) => {
        if (index % 3 === 0) return count(store, user)
        if (index % 3 === 1) return store.update(user, () => ({ value: 0 }))
        return rejection(() => store.update(user, failing))
      })
      same(await store.read(user), of(20), 'record')
    }),

    storeTest('readers see whole records', async (store, ids) => {
      const user = ids.id()
      const records = ['a', 'b'].map((letter) => long(letter.repeat(50_000)))
      await write(store, user, records[0] as string)
      for (let turn = 1; turn <= 30; turn += 1) {
        const reading = parallel(5, () => store.read(user))
        await write(store, user, records[turn % 2] as string)
        for (const record of await reading) same(records.includes(record ?? 'nothing'), true, 'a whole record')
      }
    }),

    storeTest('records come back character by character', async (store, ids) => {
      for (const record of strange) {
        const user = ids.id()
        await write(store, user, record)
        same(await store.read(user), record, 'what read gives')
        same(await store.update(user, (before) => ({ value: before })), record, 'what change is given')
      }
    }),

    storeTest('a record of 1 MB', async (store, ids) => {
      const user = ids.id()
      const record = long('🔑'.repeat(262_000))
      await write(store, user, record)
      same((await store.read(user)) === record, true, 'the same record')
      await write(store, user, of(0))
      same(await store.read(user), of(0), 'a short one after it')
    }),

    storeTest('any id is an id', async (store, ids) => {
      const known = [...knownIds, '🔑'.repeat(64)]
      const users = [...strangeIds.map((make) => ids.id(make)), ...known.map((id) => ids.known(id))]
      await ids.remove(store)
      for (const user of users) same(await store.read(user), undefined, 'read at first')
      for (const [index, user] of users.entries()) await write(store, user, of(index))
      for (const [index, user] of users.entries()) same(await store.read(user), of(index), `record ${index}`)
      const found = new Map<string, number>()
      for await (const user of store.users()) found.set(user, (found.get(user) ?? 0) + 1)
      same(users.map((user) => found.get(user)), users.map(() => 1), 'times each is listed')
    }),

    storeTest('ids that look alike are different users', async (store, ids) => {
      const id = ids.id()
      const endings = ['a', 'A', 'ä', 'a\u0308', 'a ', 'a\n', ':a', 'ａ', 'a/', 'a%']
      const alike = [...endings.map((ending) => `${id}${ending}`), ` ${id}a`]
      for (const [index, user] of alike.entries()) await write(store, ids.known(user), of(index))
      for (const [index, user] of alike.entries()) same(await store.read(user), of(index), `record ${index}`)
      await store.update(alike[0] as string, () => ({ record: null, value: undefined }))
      same(await store.read(alike[0] as string), undefined, 'the one deleted')
      same(await store.read(alike[1] as string), of(1), 'the next one')
    }),

    storeTest('a handle leads to its owner', async (store, ids) => {
      const [ann, ben] = [ids.id(), ids.id()]
      const [handle, other, third] = ['A', 'a', '_-'].map((end) => `${ids.id()}${end}`) as [string, string, string]
      await write(store, ann, of(1), handle)
      await write(store, ben, of(2), other)
      same([await store.owner(handle), await store.owner(other)], [ann, ben], 'owners')
      await write(store, ann, of(3), handle)
      same(await store.owner(handle), ann, 'owner after an update with the same handle')
      await write(store, ann, of(4), third)
      same([await store.owner(handle), await store.owner(third)], [undefined, ann], 'owners after a change of handle')
      await write(store, ann, of(5))
      same(await store.owner(third), undefined, 'owner after an update without a handle')
      await write(store, ann, of(6), handle)
      same([await store.owner(handle), await store.owner(other)], [ann, ben], 'owners in the end')
      same(await store.owner(handle.toUpperCase().replaceAll('-', '')), undefined, 'owner of another text')
    }),

    storeTest('ownerRecord, where it is, finds the user with the record', async (store, ids) => {
      if (store.ownerRecord === undefined) return
      const [ann, ben, handle, claim] = [ids.id(), ids.id(), ids.id(), ids.id()]
      await store.update(ann, () => ({ record: of(1), handle, claims: [claim], value: undefined }))
      await write(store, ben, of(2))
      for (const text of [handle, claim]) same(await store.ownerRecord(text), { user: ann, record: of(1) }, 'of a text of hers')
      for (const text of [ids.id(), ann, '', 'a\0b', '\ud800']) same(await store.ownerRecord(text), undefined, 'of any other text')
      await store.update(ann, () => ({ record: of(3), claims: [], value: undefined }))
      for (const text of [handle, claim]) same(await store.ownerRecord(text), undefined, 'of what was given up')
    }),

    storeTest('a handle is free again when its owner is gone', async (store, ids) => {
      const [ann, ben, handle] = [ids.id(), ids.id(), ids.id()]
      await write(store, ann, of(1), handle)
      await store.update(ann, () => ({ record: null, value: undefined }))
      await write(store, ben, of(2), handle)
      same(await store.owner(handle), ben, 'owner')
      await write(store, ann, of(3))
      same(await store.owner(handle), ben, 'owner when the first one is back')
    }),

    storeTest('users lists everyone once', async (store, ids) => {
      const users = ids.ids(40)
      await Promise.all(users.map((user) => write(store, user, of(0))))
      await Promise.all(users.slice(0, 10).map((user) => store.update(user, () => ({ record: null, value: undefined }))))
      await store.put(ids.id(), { id: 'c', purpose: 'sign-in', data: 'd', expires: Date.now() + openFor })
      const counts = await Promise.all(users.map((user) => listed(store, user)))
      same(counts, users.map((_, index) => (index < 10 ? 0 : 1)), 'times each is listed')
      for await (const first of store.users()) {
        same(typeof first, 'string', 'a listing that is broken off')
        break
      }
    }),

    storeTest('usersAfter, where it is, goes on behind any user, also one who has gone', async (store, ids) => {
      if (store.usersAfter === undefined) return
      const users = new Set([...ids.ids(8), ...strangeIds.map((make) => ids.id(make))])
      for (const user of users) await write(store, user, of(0))
      const behind = async (after: string) => {
        const found: string[] = []
        for await (const user of store.usersAfter!(after)) if (users.has(user)) found.push(user)
        return found
      }
      const order = await behind('')
      same([...users].toSorted(), order.toSorted(), 'all of them')
      for (const index of [0, 5, order.length - 1]) {
        const user = order[index] as string
        same(await behind(user), order.slice(index + 1), 'users behind one')
        await store.update(user, () => ({ record: null, value: undefined }))
        same(await behind(user), order.slice(index + 1), 'users behind one who has gone')
      }
    }),
  ]
}

const thrown = new Error('thrown by a change')

function failing(): never {
  throw thrown
}

/** Adds one to the number in a record. */
function counted(store: Store, user: string, { of, numberOf }: Pick<TestRecords, 'of' | 'numberOf'>): Promise<number> {
  return store.update(user, (record) => {
    const value = (record === undefined ? 0 : numberOf(record)) + 1
    return { record: of(value), value }
  })
}

async function listed(store: Store, wanted: string): Promise<number> {
  let times = 0
  for await (const user of store.users()) if (user === wanted) times += 1
  return times
}
