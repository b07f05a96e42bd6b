import { randomUUID } from 'node:crypto'

import type { AuditStore } from '../stores/audit-store.js'
import { parallel, same } from './store-test.js'
import { strangeIds } from './strange-texts.js'

/** One test of an audit store; `run` rejects when the store fails it. */
export interface AuditStoreTest {
  name: string
  /** @param makeStore gives the store to test; called once */
  run(makeStore: () => AuditStore | Promise<AuditStore>): Promise<void>
}

/**
 * The tests that every `AuditStore` must pass, for any test runner. They use users of their own, whose lines stay, since
 * an audit store removes none: use a database for tests.
 *
 * @example
 * for (const { name, run } of auditStoreTests) test(name, () => run(() => myAuditStore(pool)))
 */
export const auditStoreTests: AuditStoreTest[] = [
  auditTest('lines come back as they were added, the newest first, page by page', async (store, user) => {
    same(await store.read(user, { limit: 10 }), [], 'of an unknown user')
    for (let count = 1; count <= 200; count += 1) await store.append(user, () => `line ${count} ä 🔑 "\\u0000"`)
    const expected = Array.from({ length: 200 }, (_, index) => ({ place: 200 - index, line: `line ${200 - index} ä 🔑 "\\u0000"` }))
    same(await store.read(user, { limit: 1000 }), expected, 'all of them')
    for (const limit of [1, 63, 64, 65, 200]) same(await store.read(user, { limit }), expected.slice(0, limit), `the last ${limit}`)
    for (const before of [201, 200, 130, 129, 128, 66, 65, 64, 2, 1]) {
      const older = expected.filter(({ place }) => place < before)
      same(await store.read(user, { before, limit: 1000 }), older, `those before ${before}`)
      same(await store.read(user, { before, limit: 70 }), older.slice(0, 70), `70 before ${before}`)
    }
  }),

  auditTest('of 50 callers at once, each follows the line before', async (store, user) => {
    const add = (index: number) => (last: string | undefined) => `${Number(last?.split(' ')[0] ?? 0) + 1} by ${index}`
    await parallel(50, (index) => store.append(user, add(index)))
    const lines = await store.read(user, { limit: 1000 })
    same(lines.length, 50, 'the lines')
    for (const { place, line } of lines) same(line.split(' ')[0], `${place}`, 'the number in each line')
    same(new Set(lines.map(({ line }) => line.split(' ')[2])).size, 50, 'the callers')
  }),

  auditTest('a line that is not made is not written', async (store, user) => {
    await store.append(user, () => 'first')
    const error = new Error('not made')
    const thrown = await store.append(user, () => { throw error }).then(() => undefined, (reason: unknown) => reason)
    same(thrown, error, 'what append rejects with')
    same(await store.read(user, { limit: 10 }), [{ place: 1, line: 'first' }], 'the lines')
  }),

  auditTest('two different texts are two users', async (store, user) => {
    const users = strangeIds.map((strange) => strange(user))
    for (const [index, one] of users.entries()) await store.append(one, () => `${index}`)
    for (const [index, one] of users.entries()) {
      same(await store.read(one, { limit: 2 }), [{ place: 1, line: `${index}` }], 'the lines of one')
    }
  }),

  auditTest('a long line comes back whole', async (store, user) => {
    const line = 'ä'.repeat(8192)
    await store.append(user, () => line)
    await store.append(user, (last) => `${last === line}`)
    same((await store.read(user, { limit: 1 }))[0]?.line, 'true', 'what the next one follows')
  }),
]

function auditTest(name: string, work: (store: AuditStore, user: string) => Promise<void>): AuditStoreTest {
  return {
    name,
    async run(makeStore) {
      await work(await makeStore(), randomUUID())
    },
  }
}
