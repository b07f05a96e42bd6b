import { join } from 'node:path'

import test from 'ava'

import { isCountersignError } from '../../facade/shared/errors.js'
import { directoryStore, memoryStore, tfaConfigStore } from '../../facade/stores/index.js'
import type { Store } from '../../facade/stores/index.js'
import { recordStoreTests, storeTests } from '../../facade/testing/store-tests.js'
import { temporaryDirectory } from '../helpers/directories.js'
import { scratch } from '../helpers/programs.js'
import { overriding } from '../helpers/service.js'

const scratches = [scratch(), scratch(), scratch()] as const
const [one, two, three] = scratches
test.after.always(() => scratches.forEach(({ remove }) => remove()))

// Hundreds of changes at once wait for one lock, each for its fsync.
const patience = { lockTimeout: 120 }

const makers: Record<string, () => Store> = {
  memory: memoryStore,
  directory: () => directoryStore(one.path, patience),
  // Two stores of one directory: as two processes would, they share nothing but the files.
  'directory, users and challenges apart': () => apart(directoryStore(two.path, patience), directoryStore(two.path, patience)),
  'users in a directory, challenges in memory': () => apart(directoryStore(three.path, patience), memoryStore()),
}

for (const [kind, make] of Object.entries(makers)) {
  for (const { name, run } of storeTests) test(`${kind}: ${name}`, (t) => t.notThrowsAsync(run(make)))

  test(`${kind}: a change that answers no text is the host's error`, async (t) => {
    const store = make()
    await store.update('host', () => ({ record: '{"n":1}', value: 0 }))
    for (const record of [5, {}, true, '\ud800']) {
      const error = await t.throwsAsync(store.update('host', () => ({ record: record as string, value: 0 })))
      t.true(isCountersignError(error, 'invalid-argument'))
    }
    t.is(await store.read('host'), '{"n":1}')
  })
}

const configFile = join(temporaryDirectory(), 'tfa.cfg')
const patient = { create: true, ...patience }
for (const { name, run } of recordStoreTests) {
  test(`tfa.cfg: ${name}`, (t) => t.notThrowsAsync(run(() => tfaConfigStore(configFile, patient))))
}

test('the suite finds a store that loses updates, tells a handle twice or gives a challenge twice', async (t) => {
  const failed = async (broken: (store: Store) => Partial<Store>) => {
    const names: string[] = []
    for (const { name, run } of storeTests) {
      const make = () => {
        const store = memoryStore()
        return overriding(store, broken(store))
      }
      await run(make).catch(() => names.push(name))
    }
    return names
  }
  t.deepEqual(await failed(() => ({})), [])
  const racing = await failed((store) => ({
    async update(user, change) {
      const before = await store.read(user)
      const { value, ...changed } = change(before)
      await new Promise(setImmediate)
      return store.update(user, () => ({ ...changed, value }))
    },
  }))
  t.true(racing.includes('100 parallel updates of one user all count'))
  const folding = await failed((store) => ({
    read: (user) => store.read(user.toLowerCase()),
    update: (user, change) => store.update(user.toLowerCase(), change),
  }))
  t.true(folding.includes('ids that look alike are different users'))
  const clinging = await failed((store) => {
    const owners = new Map<string, string>()
    return {
      owner: async (handle) => owners.get(handle),
      update: (user, change) =>
        store.update(user, (record) => {
          const changed = change(record)
          if (changed.handle !== undefined) owners.set(changed.handle, user)
          return changed
        }),
    }
  })
  t.true(clinging.includes('a handle leads to its owner'))
  t.true(clinging.includes('null deletes the record and its handle'))
  const careless = await failed((store) => ({
    // Looks first, and writes then.
    async update(user, change) {
      const { claims, ...changed } = change(await store.read(user))
      for (const claim of claims ?? []) {
        if (![undefined, user].includes(await store.owner(claim))) throw Object.assign(new Error('taken'), { code: 'claim-taken' })
      }
      await new Promise(setImmediate)
      for (const claim of claims ?? []) {
        const owner = await store.owner(claim)
        if (owner !== undefined && owner !== user) await store.update(owner, (record) => ({ record: record!, claims: [], value: 0 }))
      }
      return store.update(user, () => ({ ...changed, ...(claims && { claims }) }))
    },
  }))
  t.true(careless.includes('of 12 users who claim one text at once exactly one gets it'))
  const claimless = await failed((store) => ({
    update: (user, change) => store.update(user, (record) => ({ ...change(record), claims: undefined })),
  }))
  t.deepEqual(claimless.filter((name) => !name.includes('claim')), [], 'a store without claims passes everything else')
  t.true(claimless.includes("a claim that is another user's is refused, and nothing is written"))
  const forgiving = await failed((store) => {
    const taken = new Map<string, string>()
    return {
      async take(key, id, now) {
        const data = await store.take(key, id, now)
        if (data !== undefined) taken.set(key + id, data)
        return data ?? taken.get(key + id)
      },
    }
  })
  t.true(forgiving.includes('a challenge is taken once'))
  t.true(forgiving.includes('of 50 callers at once exactly one gets a challenge'))
  const late = await failed((store) => ({ take: (key, id) => store.take(key, id, 0) }))
  t.deepEqual(late, ['an expired challenge is never taken', 'a challenge expires while time goes by'])
  const endless = await failed((store) => ({
    put: (key, challenge) => store.put(key, { ...challenge, purpose: challenge.id }),
  }))
  t.deepEqual(endless, ['at most 8 are open for a key and purpose, the oldest goes'])
})

function apart(users: Store, challenges: Store): Store {
  const { put, take, clear } = overriding(challenges, {})
  return overriding(users, { put, take, clear })
}
