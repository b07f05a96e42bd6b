// What sqliteSessions has to do, on any runtime.
import { deepStrictEqual as equal, match, rejects, throws } from 'node:assert/strict'
import { join } from 'node:path'

import { sqliteSessions, sqliteSessionTables, sqliteStore } from '../../../facade/stores/sqlite-store.js'
import { sessionStoreTests } from '../../../facade/testing/session-store-tests.js'
import { temporaryDirectory } from '../../helpers/directories.js'
import type { Driver } from './driver.js'

interface SessionCase {
  name: string
  run(driver: Driver): Promise<void>
}

const newPath = (): string => join(temporaryDirectory(), 'countersign.db')
const session = (key: string, user = 'ann') => ({ key, user, data: '{}', expires: Date.now() + 60_000 })

export const sessionCases: SessionCase[] = [
  ...sessionStoreTests.map(({ name, run }) => ({
    name: `sessions in a path: ${name}`,
    run: () => run(() => sqliteSessions(newPath(), { create: true })),
  })),
  ...sessionStoreTests.map(({ name, run }) => ({
    name: `sessions in the host's database: ${name}`,
    async run(driver: Driver) {
      const database = driver.open(newPath())
      database.exec('PRAGMA journal_mode = WAL')
      database.exec('PRAGMA synchronous = FULL')
      const store = sqliteSessions(database)
      await store.migrate()
      await run(() => store)
    },
  })),
  {
    name: 'sessions: beside a store in one file, and for two processes',
    async run() {
      const path = newPath()
      const [store, sessions, another] = [sqliteStore(path, { create: true }), sqliteSessions(path, { create: true }), sqliteSessions(path, { create: true })]
      await Promise.all([store.update('ann', () => ({ record: '{}', value: undefined })), sessions.create(session('one')), another.create(session('two'))])
      equal((await another.list('ann')).map(({ key }) => key).sort(), ['one', 'two'])
      await another.delete('one')
      equal(await sessions.read('one'), undefined)
      equal(await store.read('ann'), '{}')
      for (const one of [store, sessions, another]) await one.close()
    },
  },
  {
    name: 'sessions: without their table they say so, and the host may make it',
    async run(driver) {
      const database = driver.open(newPath())
      database.exec('PRAGMA journal_mode = WAL')
      database.exec('PRAGMA synchronous = FULL')
      const store = sqliteSessions(database, { prefix: 'x_' })
      await rejects(store.read('one'), { code: 'store-failed', message: /call migrate\(\)/ })
      database.exec(sqliteSessionTables({ prefix: 'x_' }))
      await store.create(session('one'))
      equal((await store.read('one'))?.user, 'ann')
      throws(() => sqliteSessions(':memory:'), { message: /use memorySessions\(\) for tests/ })
    },
  },
  {
    name: 'sessions: those that have expired are taken away by new ones',
    async run(driver) {
      const path = newPath()
      const store = sqliteSessions(path, { create: true })
      await store.create({ ...session('old'), expires: 1 })
      for (let count = 0; count < 20; count += 1) await store.create(session(`new ${count}`))
      const rows = driver.open(path).prepare('SELECT count(*) AS found FROM countersign_sessions WHERE expires = 1').all()
      match(JSON.stringify(rows), /"found":0/)
      await store.close()
    },
  },
]
