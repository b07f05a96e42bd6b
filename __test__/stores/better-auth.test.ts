import test from 'ava'
import { betterAuth } from 'better-auth'
import { drizzleAdapter } from 'better-auth/adapters/drizzle'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { createPool } from 'mysql2/promise'
import type { Pool } from 'pg'

import { betterAuthStore, betterAuthTables } from '../../facade/stores/better-auth-store.js'
import type { BetterAuthAdapter } from '../../facade/stores/better-auth-store.js'
import type { Store } from '../../facade/stores/traits.js'
import { historyTest } from '../../facade/testing/history-tests.js'
import { hostTests } from '../../facade/testing/host-tests.js'
import { storeTests } from '../../facade/testing/store-tests.js'
import { anyTexts } from '../../facade/testing/test-records.js'
import { databases, onNewerNode, withTables } from '../helpers/better-auth.js'
import { own } from './engines.js'
import { mysql, mysqlFound } from './mysql.js'

const plugin = { id: 'tables', schema: betterAuthTables } as never
const secret = 'a secret of the tests, and of nothing else'
const drizzleTables = Object.fromEntries(
  Object.entries(betterAuthTables).map(([name, { fields }]) => {
    const columns = Object.entries(fields).map(([field, { type }]) => [field, type === 'number' ? integer(field) : text(field)])
    return [name, pgTable(name, { id: text('id').primaryKey(), ...Object.fromEntries(columns) })]
  }),
)
const challenge = { id: 'one', purpose: 'sign-in', data: 'data', expires: Date.now() + 60_000 }
const claim = (store: Store, user: string, record: string, claims: string[]) =>
  store.update(user, () => ({ record, claims, value: undefined }))

const adapters: Record<string, () => Promise<BetterAuthAdapter>> = {}
for (const [kind, make] of Object.entries(databases)) {
  adapters[kind] = async () => (await (await withTables({ database: await make(), plugins: [plugin] })).$context).adapter
}
const { postgres } = databases
if (postgres) {
  adapters['postgres through Drizzle'] = async () => {
    const pool = (await postgres()) as Pool
    // Drizzle's own tools make the tables of its users; here they are those of the other adapter.
    await withTables({ database: pool, plugins: [plugin] })
    const database = drizzleAdapter(drizzle(pool), { provider: 'pg', schema: drizzleTables })
    return (await betterAuth({ database, secret, baseURL: 'http://localhost:3000', plugins: [plugin] }).$context).adapter
  }
}
if (mysqlFound) {
  const [admin, pool] = [createPool(mysql), createPool({ ...mysql, database: own })]
  adapters.mysql = async () => {
    await admin.query(`CREATE DATABASE ${own}`)
    return (await (await withTables({ database: pool as never, plugins: [plugin] })).$context).adapter
  }
  test.after.always(async () => {
    await admin.query(`DROP DATABASE ${own}`)
    await Promise.all([admin.end(), pool.end()])
  })
}

/** Their texts are larger than better-auth's columns in MySQL. */
const tooLarge = ['a record of 1 MB', 'any key, id, purpose and data']

for (const [kind, make] of Object.entries(adapters)) {
  let adapter: BetterAuthAdapter
  const makeStore = () => betterAuthStore(adapter)
  test.before(async () => void (adapter = await make()))
  // A challenge that is put again is deleted and made anew: for a moment it is not there, and a take of it finds nothing.
  const history = historyTest(anyTexts.of, { once: [] })
  for (const { name, run } of [...storeTests.filter((one) => one.name !== history.name), history]) {
    if (kind === 'mysql' && tooLarge.includes(name)) continue
    // One after the other: with all of them at once, challenges expire before a test comes to them.
    test.serial(`${kind}: ${name}`, (t) => t.notThrowsAsync(run(makeStore)))
  }
  for (const { name, run } of hostTests) test.serial(`${kind}: ${name}`, (t) => t.notThrowsAsync(run(makeStore)))

  if (kind === 'mysql') test.serial('mysql: what its columns would cut off is refused', async (t) => {
    const large = makeStore().update('large', () => ({ record: 'é'.repeat(32_768), value: 0 }))
    await t.throwsAsync(large, { code: 'invalid-argument', message: /65535 bytes/ })
    await t.throwsAsync(makeStore().put('large', { ...challenge, data: 'x'.repeat(65_536) }), { code: 'invalid-argument' })
    t.is(await makeStore().read('large'), undefined)
  })

  test.serial(`${kind}: many processes that change one record see each other's changes`, async (t) => {
    // Each store has a queue of its own, as a process has.
    const stores = Array.from({ length: 6 }, makeStore)
    const add = (record = '0') => ({ record: String(Number(record) + 1), value: 0 })
    await Promise.all(stores.flatMap((store) => [1, 2, 3, 4, 5].map(() => store.update('processes', add))))
    t.is(await makeStore().read('processes'), '30')
  })

  test.serial(`${kind}: a record that is deleted and made anew between two steps is not taken for the old one`, async (t) => {
    const store = makeStore()
    await store.update('anew', () => ({ record: '{"n":1}', value: 0 }))
    let runs = 0
    const slow = betterAuthStore(before(adapter, 'incrementOne', async () => {
      if (runs > 1) return
      await store.update('anew', () => ({ record: null, value: 0 }))
      await store.update('anew', () => ({ record: '{"n":1}', value: 0 }))
    }))
    await slow.update('anew', () => ({ record: `{"runs":${(runs += 1)}}`, value: 0 }))
    t.is(await store.read('anew'), '{"runs":2}')
  })

  test.serial(`${kind}: a claim that a process left behind is nobody's, and can be taken`, async (t) => {
    const store = makeStore()
    const dying = betterAuthStore(before(adapter, 'incrementOne', () => Promise.reject(new Error('the process ended'))))
    await t.throwsAsync(claim(dying, 'dead', '{}', ['left']), { message: 'the process ended' })
    await adapter.create({ model: 'countersignClaim', data: await rowOf(adapter, 'dead', 'stray') })
    t.is(await store.owner('stray'), undefined)
    await claim(store, 'heir', '{}', ['stray', 'left'])
    t.deepEqual(await Promise.all(['stray', 'left'].map((text) => store.owner(text))), ['heir', 'heir'])
  })

  test.serial(`${kind}: a writer whose claim is taken from under it does not list it`, async (t) => {
    const store = makeStore()
    let waiting = true
    const slow = betterAuthStore(before(adapter, 'incrementOne', async ({ model }) => {
      if (model !== 'countersignRecord' || !waiting) return
      waiting = false
      await claim(store, 'fast', '{"fast":1}', ['contested'])
    }))
    await claim(store, 'slow', '{"before":1}', [])
    const error = await t.throwsAsync(claim(slow, 'slow', '{"after":1}', ['contested']))
    t.is((error as { code?: string }).code, 'claim-taken')
    t.is(await store.owner('contested'), 'fast')
    t.is(await store.read('slow'), '{"before":1}')
  })

  test.serial(`${kind}: a release that comes late leaves a claim that was taken again`, async (t) => {
    const store = makeStore()
    await claim(store, 'late', '{"n":1}', ['mine'])
    const slow = betterAuthStore(before(adapter, 'consumeOne', async ({ model }) => {
      if (model === 'countersignClaim') await claim(store, 'late', '{"n":3}', ['mine'])
    }))
    await claim(slow, 'late', '{"n":2}', [])
    t.is(await store.owner('mine'), 'late')
    const error = await t.throwsAsync(claim(store, 'thief', '{}', ['mine']))
    t.is((error as { code?: string }).code, 'claim-taken')
  })

  test.serial(`${kind}: what the database refuses comes out as it is, and nothing is written`, async (t) => {
    const store = betterAuthStore(before(adapter, 'create', () => Promise.reject(new Error('disk full'))))
    await t.throwsAsync(store.update('full', () => ({ record: '{}', value: 0 })), { message: 'disk full' })
    await t.throwsAsync(claim(store, 'full', '{}', ['of-the-full-one']), { message: 'disk full' })
    await t.throwsAsync(store.put('full', challenge), { message: 'disk full' })
    t.is(await store.read('full'), undefined)
    for (const bad of ['a\0b', '\ud800']) {
      await t.throwsAsync(makeStore().update(bad, () => ({ record: '{}', value: 0 })), { code: 'invalid-argument' })
      await t.throwsAsync(makeStore().update('nul', () => ({ record: bad, value: 0 })), { code: 'invalid-argument' })
      t.is(await makeStore().owner(bad), undefined)
      t.is(await makeStore().take('nul', bad, Date.now()), undefined)
    }
  })

  test.serial(`${kind}: a deletion that was broken off is ended by the next writer, and nobody sees the record`, async (t) => {
    const store = makeStore()
    const dying = betterAuthStore(before(adapter, 'consumeOne', () => Promise.reject(new Error('the process ended'))))
    await claim(store, 'half', '{"n":1}', ['of-half'])
    await t.throwsAsync(dying.update('half', () => ({ record: null, value: 0 })), { message: 'the process ended' })
    t.deepEqual([await store.read('half'), await store.owner('of-half')], [undefined, undefined])
    const seen: string[] = []
    for await (const user of store.users()) if (user === 'half') seen.push(user)
    t.deepEqual(seen, [])
    await claim(store, 'heir of half', '{}', ['of-half'])
    t.is(await store.update('half', (record) => ({ record: '{"n":2}', value: record })), undefined)
    t.deepEqual([await store.read('half'), await store.owner('of-half')], ['{"n":2}', 'heir of half'])
  })

  test.serial(`${kind}: a record that is written while it is deleted stays`, async (t) => {
    const store = makeStore()
    await store.update('kept', () => ({ record: '{"n":1}', value: 0 }))
    let runs = 0
    const deleting = betterAuthStore(before(adapter, 'incrementOne', async () => {
      if (runs === 1) await store.update('kept', () => ({ record: '{"n":2}', value: 0 }))
    }))
    const change = (record?: string) => ({ record: (runs += 1) === 1 ? null : undefined, value: record })
    t.is(await deleting.update('kept', change), '{"n":2}')
    t.is(await store.read('kept'), '{"n":2}')
  })

  test.serial(`${kind}: expired challenges go in passing`, async (t) => {
    const store = makeStore()
    for (let index = 0; index < 100; index += 1) await store.put(`gone ${index}`, { ...challenge, id: `g${index}`, expires: 5 })
    const expired = { field: 'expires', operator: 'lte', value: '0000000000000005' } as const
    const left = async () => (await adapter.findMany({
      model: 'countersignChallenge', where: [expired], limit: 1000, sortBy: { field: 'place', direction: 'asc' },
    })).length
    for (let turn = 0; turn < 300 && (await left()) > 0; turn += 1) await store.put('busy', { ...challenge, id: `c${turn}` })
    t.is(await left(), 0)
  })

  test.serial(`${kind}: text of any case finds only itself`, async (t) => {
    const store = makeStore()
    await store.update('Case', () => ({ record: '1', value: 0 }))
    t.is(await store.read('case'), undefined)
    const seen: string[] = []
    for await (const user of store.users()) if (user.toLowerCase() === 'case') seen.push(user)
    t.deepEqual(seen, ['Case'])
  })
}

test('adapters that keep no key unique are refused, and so is what is none', (t) => {
  const memory = memoryAdapter({})({} as never)
  t.throws(() => betterAuthStore(memory), { code: 'not-supported', message: /memory adapter keeps no key unique/ })
  const mssql = { ...memory, id: 'kysely', options: { type: 'mssql' } }
  t.throws(() => betterAuthStore(mssql as never), { code: 'not-supported', message: /SQL Server/ })
  for (const bad of [undefined, null, {}, { ...memory, id: 'kysely', consumeOne: undefined }]) {
    t.throws(() => betterAuthStore(bad as never), { code: 'invalid-argument', message: /\$context/ })
  }
})

onNewerNode(import.meta.url)

type Query = { model: string }

/** An adapter that does something else before each call of one method. */
function before(adapter: BetterAuthAdapter, method: 'create' | 'incrementOne' | 'consumeOne', work: (query: Query) => Promise<void>): BetterAuthAdapter {
  const call = adapter[method] as (query: Query) => Promise<unknown>
  return {
    ...adapter,
    [method]: async (query: Query) => {
      await work(query)
      return call(query)
    },
  }
}

/** The row of a claim that a user has taken and no record lists. */
async function rowOf(adapter: BetterAuthAdapter, user: string, text: string): Promise<Record<string, unknown>> {
  const { createHash } = await import('node:crypto')
  const key = (of: string) => createHash('sha256').update(of).digest('hex')
  return { key: key(text), owner: key(user), generation: 0 }
}
