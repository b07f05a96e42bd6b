// What sqliteStore has to do, on any runtime: no test runner runs in all of them.
import { deepStrictEqual as equal, match, notStrictEqual, ok, rejects, throws } from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

import { sqliteSessions, sqliteStore, sqliteTables } from '../../../facade/stores/sqlite-store.js'
import type { SqliteDatabase, SqliteStore } from '../../../facade/stores/sqlite-store.js'
import type { RecordChange, Store } from '../../../facade/stores/traits.js'
import { hostTests } from '../../../facade/testing/host-tests.js'
import { storeTests } from '../../../facade/testing/store-tests.js'
import { TestAuthenticator } from '../../../facade/testing/test-authenticator.js'
import { totpAt } from '../../../facade/testing/totp-at.js'
import { isCountersignError } from '../../../index.js'
import { countersign } from '../../helpers/command-line.js'
import { temporaryDirectory } from '../../helpers/directories.js'
import { fileStore, increment } from '../../helpers/file-stores.js'
import { padding, startProcess, startWorker } from '../../helpers/programs.js'
import { sealedStore } from '../../helpers/sealed.js'
import { Fixture, origin } from '../../helpers/service.js'
import { Arena, races } from '../races.js'
import type { Driver, HostDatabase } from './driver.js'
import { sessionCases } from './session-cases.js'

export interface Case {
  name: string
  /** A runtime that can't do this, and why. */
  not?: { on: string; because: string }
  run(driver: Driver): Promise<void>
}

/** A new file in a folder of its own. */
const newPath = (): string => join(temporaryDirectory(), 'countersign.db')

/** The host's own database, as the documentation has it opened. */
function hostDatabase(driver: Driver, path = newPath()): HostDatabase {
  const database = driver.open(path)
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  return database
}

async function onHost(database: SqliteDatabase, options: Parameters<typeof sqliteStore>[1] = {}): Promise<SqliteStore> {
  const store = sqliteStore(database, options)
  await store.migrate()
  return store
}

const write = (store: Store, user: string, record: string): Promise<void> => store.update(user, () => ({ record, value: undefined }))
const add = (record: string | undefined): RecordChange<number> => {
  const value = Number(record ?? 0) + 1
  return { record: String(value), value }
}

/** What each call was refused with; each has an error of its own. */
async function refusals(calls: Promise<unknown>[]): Promise<string[]> {
  const outcomes = await Promise.allSettled(calls)
  const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error & { code: string }] : []))
  for (const error of errors) ok(isCountersignError(error), String(error))
  equal(new Set(errors).size, errors.length, 'errors of their own')
  return errors.map(({ code }) => code)
}

const firstOf = (database: SqliteDatabase, sql: string): unknown => Object.values(database.prepare(sql).all()[0] as object)[0]

/** The store's view of a database, with a say in each statement that it runs. */
function watched(database: SqliteDatabase, on: (sql: string) => void): SqliteDatabase {
  return {
    exec: (sql) => database.exec(sql),
    prepare(sql) {
      const statement = database.prepare(sql)
      return {
        all: (...values) => statement.all(...values),
        run(...values) {
          on(sql)
          return statement.run(...values)
        },
      }
    },
    get inTransaction() {
      return (database.inTransaction ?? database.isTransaction)!
    },
  }
}

const own: Case[] = [
  {
    name: 'all that waits is one transaction, and nobody is answered before it is committed',
    async run(driver) {
      const log: string[] = []
      const database = watched(hostDatabase(driver), (sql) => sql === 'COMMIT' && log.push('commit'))
      const store = await onHost(database)
      log.length = 0
      const calls = Array.from({ length: 64 }, (_, index) => store.update(`user ${index % 5}`, add).then(() => log.push('answer')))
      await Promise.all([...calls, store.put('key', { id: 'c', purpose: 'p', data: 'd', expires: Date.now() + 60_000 })])
      equal(log, ['commit', ...calls.map(() => 'answer')])
      equal(await store.read('user 0'), '13')
    },
  },

  {
    name: 'a change that throws rejects its caller alone, and later ones see what earlier ones wrote',
    async run(driver) {
      const store = await onHost(hostDatabase(driver))
      const thrown = new Error('of the host')
      const calls = Array.from({ length: 30 }, (_, index) =>
        store.update('ann', (record) => {
          if (index % 3 === 1) throw thrown
          return add(record)
        }),
      )
      const outcomes = await Promise.allSettled(calls)
      const values = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason === thrown))
      equal(values, outcomes.map((_, index) => (index % 3 === 1 ? true : index - Math.floor((index + 1) / 3) + 1)))
      equal(await store.read('ann'), '20')
    },
  },

  {
    name: 'a claim or handle that is taken rejects its caller alone, with nothing of it written',
    async run(driver) {
      const store = await onHost(hostDatabase(driver))
      const claim = (user: string, handle: string, claims: string[]) => store.update(user, () => ({ record: user, handle, claims, value: user }))
      const outcomes = await Promise.allSettled([claim('ann', 'h1', ['c1']), claim('ben', 'h2', ['c2', 'c1']), claim('eve', 'h1', ['c3']), claim('joe', 'h4', ['c2'])])
      equal(outcomes.map(({ status }) => status), ['fulfilled', 'rejected', 'rejected', 'fulfilled'])
      for (const outcome of outcomes) if (outcome.status === 'rejected') ok(isCountersignError(outcome.reason, 'claim-taken'))
      equal(await Promise.all(['ann', 'ben', 'eve', 'joe'].map((user) => store.read(user))), ['ann', undefined, undefined, 'joe'])
      equal(await Promise.all(['h1', 'h2', 'c1', 'c2', 'c3'].map((text) => store.owner(text))), ['ann', undefined, 'ann', 'joe', undefined])
    },
  },

  {
    name: 'a COMMIT that fails rejects its whole group and nobody else',
    async run(driver) {
      let failing = false
      const database = watched(hostDatabase(driver), (sql) => {
        if (failing && sql === 'COMMIT') throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_FSYNC', errcode: 1034 })
      })
      const store = await onHost(database)
      await write(store, 'ann', '1')
      failing = true
      equal(await refusals(Array.from({ length: 20 }, (_, index) => store.update(index % 2 === 0 ? 'ann' : `new ${index}`, add))), Array.from({ length: 20 }, () => 'store-failed'))
      failing = false
      equal(await store.read('ann'), '1')
      equal(await store.read('new 1'), undefined)
      equal(await store.update('ann', add), 2)
    },
  },

  {
    name: 'the disk is full in the middle of a group: what fits is written whole, the others get an error each',
    async run(driver) {
      const database = hostDatabase(driver)
      const store = await onHost(database)
      const pages = Number(firstOf(database, 'PRAGMA page_count'))
      database.prepare(`PRAGMA max_page_count = ${pages + 40}`).all()
      const record = (index: number) => String(index % 10).repeat(20_000)
      const users = Array.from({ length: 30 }, (_, index) => `user ${index}`)
      const outcomes = await Promise.allSettled(users.map((user, index) => write(store, user, record(index))))
      const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
      ok(refused.length > 10 && refused.length < 30, String(refused.length))
      equal(new Set(refused).size, refused.length)
      for (const error of refused) ok(isCountersignError(error, 'store-failed') && /full/.test(String((error.cause as Error).message)), String(error))
      const expected = outcomes.map(({ status }, index) => (status === 'fulfilled' ? record(index) : undefined))
      equal(await Promise.all(users.map((user) => store.read(user))), expected)
      database.prepare(`PRAGMA max_page_count = ${pages + 4000}`).all()
      await Promise.all(users.map((user, index) => write(store, user, record(index))))
      equal(await Promise.all(users.map((user) => store.read(user))), users.map((_, index) => record(index)))
    },
  },

  {
    name: "the host's open transaction: the store waits, and is no part of it",
    async run(driver) {
      const database = hostDatabase(driver)
      const store = await onHost(database)
      await write(store, 'ann', '1')
      database.exec('CREATE TABLE mine (n INTEGER)')
      database.exec('BEGIN')
      database.exec('INSERT INTO mine VALUES (1)')
      let settled = 0
      const calls = [store.update('ann', add), store.read('ann'), store.take('ann', 'c', Date.now()), store.owner('h')]
      for (const call of calls) void call.then(() => (settled += 1))
      await pause(60)
      equal(settled, 0)
      database.exec('ROLLBACK')
      await Promise.all(calls)
      equal(await store.read('ann'), '2')
      equal(firstOf(database, 'SELECT count(*) FROM mine'), 0)
      equal(await Promise.resolve(calls[0]), 2)
    },
  },

  {
    name: "the host's transaction is open too long: each caller gets an error, and the next call works",
    async run(driver) {
      const database = hostDatabase(driver)
      const store = await onHost(database, { lockTimeout: 0 })
      await write(store, 'ann', '1')
      database.exec('BEGIN')
      equal(await refusals([store.update('ann', add), store.update('ben', add), store.read('ann'), store.clear('ann')]), Array.from({ length: 4 }, () => 'lock-timeout'))
      await rejects(store.read('ann'), /transaction is still open on this handle\. End it/)
      database.exec('COMMIT')
      equal(await store.update('ann', add), 2)
    },
  },

  {
    name: 'another program has the lock: the event loop goes on, reads are answered, and each change gets an error in time',
    async run(driver) {
      const path = newPath()
      const database = hostDatabase(driver, path)
      database.exec('PRAGMA busy_timeout = 3000')
      const store = await onHost(database, { lockTimeout: 1 })
      await write(store, 'ann', '1')
      const other = driver.open(path)
      other.exec('BEGIN IMMEDIATE')
      let ticks = 0
      const ticking = setInterval(() => (ticks += 1), 10)
      const before = performance.now()
      const changes = refusals(Array.from({ length: 20 }, (_, index) => store.update(`user ${index}`, add)))
      equal(await store.read('ann'), '1')
      equal(await changes, Array.from({ length: 20 }, () => 'lock-timeout'))
      await rejects(sqliteStore(database, { lockTimeout: 0 }).clear('ann'), /another program has locked the database, or another handle of this one/)
      clearInterval(ticking)
      const waited = performance.now() - before
      ok(waited >= 950 && waited < 2500, `${waited} ms`)
      ok(ticks > 20, `${ticks} ticks`)
      equal(firstOf(database, 'PRAGMA busy_timeout'), 3000, 'the host keeps its own')
      const late = store.update('ann', add)
      await pause(100)
      other.exec('COMMIT')
      equal(await late, 2)
      other.close()
    },
  },

  {
    name: 'a host that steps through rows of its own is waited for, or not in the way',
    not: { on: 'Bun', because: 'it has no iterate()' },
    async run(driver) {
      const path = newPath()
      const database = hostDatabase(driver, path)
      const store = await onHost(database)
      await Promise.all(['ann', 'ben', 'eve'].map((user) => write(store, user, '1')))
      const statement = database.prepare('SELECT user FROM countersign_records') as { iterate?(): Iterator<unknown> }
      const begin = (): (() => void) => {
        const rows = statement.iterate!()
        rows.next()
        return () => {
          while (rows.next().done !== true);
        }
      }
      let end = begin()
      let isChanged = false
      const change = store.update('ann', add).finally(() => (isChanged = true))
      if (driver.writesWhileReading) await change
      else await pause(30)
      equal(isChanged, driver.writesWhileReading)
      end()
      equal(await change, 2)
      equal(await store.read('ann'), '2')
      // Another connection changes what is read: then each of them waits, and the message says for what.
      end = begin()
      const other = driver.open(path)
      await write(sqliteStore(other, { synchronous: 'normal' }), 'ben', '7')
      await rejects(sqliteStore(database, { lockTimeout: 0 }).update('ann', add), /an iterator of the host is still open on this handle\. End it/)
      const late = store.update('ann', add)
      await pause(30)
      end()
      equal(await late, 3)
      equal(await store.read('ben'), '7')
      other.close()
    },
  },

  {
    name: 'a database that is read-only: records are read, and each change gets an error',
    async run(driver) {
      const path = newPath()
      const database = hostDatabase(driver, path)
      await write(await onHost(database), 'ann', '1')
      const store = sqliteStore(driver.open(path, { readOnly: true }), { synchronous: 'normal' })
      equal(await store.read('ann'), '1')
      equal(await refusals([store.update('ann', add), store.update('ben', add), store.clear('ann')]), ['store-failed', 'store-failed', 'store-failed'])
      equal(await store.read('ann'), '1')
      database.close()
    },
  },

  {
    name: 'tables that are missing, or of another version, are refused until they are as they should be',
    async run(driver) {
      const database = hostDatabase(driver)
      const store = sqliteStore(database)
      equal(await refusals([store.read('ann'), store.update('ann', add)]), ['store-failed', 'store-failed'])
      await rejects(store.read('ann'), /migrate\(\)/)
      await Promise.all([store.migrate(), store.migrate()])
      await write(store, 'ann', '1')
      database.exec("UPDATE countersign_settings SET value = '2' WHERE name = 'schema'")
      equal(await refusals([store.read('ann'), store.update('ann', add), store.migrate()]), ['store-refused', 'store-refused', 'store-refused'])
      await rejects(store.read('ann'), { message: 'The store refuses this: the tables have version 2, and this release of countersign knows version 1. Use a release that knows version 2' })
      database.exec("DELETE FROM countersign_settings WHERE name = 'schema'")
      await rejects(store.read('ann'), /^CountersignError: The store refuses this: the table of settings has no row schema, .* insert the row \('schema', '1'\)/)
      database.exec("INSERT INTO countersign_settings (name, value) VALUES ('schema', '1')")
      equal(await store.update('ann', add), 2)
    },
  },

  {
    name: 'a handle whose rows are arrays is refused, and the message says why',
    async run(driver) {
      const database = hostDatabase(driver)
      await write(await onHost(database), 'ann', '1')
      const arrays = {
        exec: (sql: string) => database.exec(sql),
        prepare: (sql: string) => {
          const statement = database.prepare(sql)
          return { all: (...values: string[]) => statement.all(...values).map((row) => Object.values(row as object)), run: (...values: string[]) => statement.run(...values) }
        },
      } as SqliteDatabase
      await rejects(sqliteStore(arrays).read('ann'), { code: 'store-refused', message: /rows as arrays\. Open it without returnArrays$/ })
      await rejects(sqliteStore(arrays).update('ann', add), { code: 'store-refused' })
    },
  },

  {
    name: 'a store that is closed twice is closed',
    async run() {
      const path = newPath()
      const store = sqliteStore(path, { create: true })
      await write(store, 'ann', '1')
      await Promise.all([store.close(), store.close()])
      await store.close()
      const again = sqliteStore(path)
      equal(await again.read('ann'), '1')
      await again.close()
    },
  },

  {
    name: 'settings that could lose changes are refused, unless the host accepts that',
    async run(driver) {
      const path = newPath()
      const database = hostDatabase(driver, path)
      const store = await onHost(database)
      const settings = [['WAL', 'NORMAL', 'normal'], ['WAL', 'OFF', 'off'], ['DELETE', 'FULL', 'normal'], ['DELETE', 'NORMAL', 'off'], ['MEMORY', 'FULL', 'off']] as const
      for (const [journal, synchronous, accepted] of settings) {
        database.prepare(`PRAGMA journal_mode = ${journal}`).all()
        database.exec(`PRAGMA synchronous = ${synchronous}`)
        const name = `${journal} ${synchronous}`
        await rejects(store.update('ann', add), (error) => isCountersignError(error, 'store-refused') && /journal_mode/.test(error.message), name)
        if (accepted === 'off') await rejects(sqliteStore(database, { synchronous: 'normal' }).update('ann', add), name)
        await sqliteStore(database, { synchronous: accepted }).update('ben', add)
      }
      equal([await store.read('ann'), await store.read('ben')], [undefined, '5'])
      for (const [journal, synchronous] of [['DELETE', 'EXTRA'], ['WAL', 'FULL']]) {
        database.prepare(`PRAGMA journal_mode = ${journal}`).all()
        database.exec(`PRAGMA synchronous = ${synchronous}`)
        await store.update('ann', add)
      }
      equal(await store.read('ann'), '2')
    },
  },

  {
    name: 'a path is opened with WAL, and its files are for this user alone',
    async run(driver) {
      const folder = temporaryDirectory()
      const path = join(folder, 'below', 'countersign.db')
      throws(() => sqliteStore(path), (error) => isCountersignError(error, 'directory-refused') && error.message.includes(path))
      equal(existsSync(path), false)
      const before = process.platform === 'win32' ? 0 : process.umask(0)
      const store = sqliteStore(path, { create: true })
      await write(store, 'ann', '1')
      if (process.platform !== 'win32') {
        process.umask(before)
        const names = readdirSync(join(folder, 'below'))
        equal(names.toSorted(), ['countersign.db', 'countersign.db-shm', 'countersign.db-wal'])
        equal(names.map((name) => statSync(join(folder, 'below', name)).mode & 0o777), names.map(() => 0o600))
        equal(statSync(join(folder, 'below')).mode & 0o777, 0o700)
      }
      const host = driver.open(path)
      equal(firstOf(host, 'PRAGMA journal_mode'), 'wal')
      host.close()
      // A second store of the same file: what one writes, the other reads.
      const other = sqliteStore(path)
      equal(await other.read('ann'), '1')
      await Promise.all([store.close(), other.close()])
      await rejects(store.read('ann'), (error) => isCountersignError(error, 'store-failed'))
    },
  },

  {
    name: 'closing waits for the calls that were made before it',
    async run() {
      const path = join(temporaryDirectory(), 'countersign.db')
      await sqliteStore(path, { create: true }).close()
      const store = sqliteStore(path, { create: true })
      const calls = [write(store, 'ann', '1'), store.read('ann'), store.sharedKey('a key')]
      await store.close()
      equal((await Promise.allSettled(calls)).map(({ status }) => status), calls.map(() => 'fulfilled'))
      const sessions = sqliteSessions(path, { create: true })
      const made = sessions.create({ key: 'k'.repeat(43), user: 'ann', data: '{}', expires: Date.now() + 60_000 })
      const closed = sessions.close()
      await made
      await closed
      await rejects(store.put('ann', { id: 'one', purpose: 'sign-in', data: '', expires: 0.5 }), (error) => isCountersignError(error, 'invalid-argument'))
    },
  },

  {
    name: 'a path is refused that others can read, or that is no file',
    async run() {
      const refused = (path: unknown, code = 'directory-refused') => throws(() => sqliteStore(path as string), (error) => isCountersignError(error, code as never), String(path))
      refused(':memory:', 'invalid-argument')
      refused('', 'invalid-argument')
      refused(7, 'invalid-argument')
      throws(() => sqliteStore({ exec() {}, prepare: () => ({ all: () => [], run() {} }) }, { create: true }), (error) => isCountersignError(error, 'invalid-argument'))
      const folder = temporaryDirectory()
      refused(folder)
      if (process.platform === 'win32') return
      const path = join(folder, 'open.db')
      writeFileSync(path, '')
      chmodSync(path, 0o640)
      refused(path)
      chmodSync(path, 0o600)
      // As Deno does where it was not allowed.
      const getuid = process.getuid!
      process.getuid = () => {
        throw new Error('NotCapable')
      }
      refused(path)
      process.getuid = getuid
      // SQLite would read it as a part of the database.
      for (const end of ['-wal', '-journal']) {
        writeFileSync(path + end, '')
        chmodSync(path + end, 0o666)
        refused(path)
        rmSync(path + end)
      }
      chmodSync(folder, 0o777)
      refused(path)
      chmodSync(folder, 0o700)
      symlinkSync(path, join(folder, 'link.db'))
      refused(join(folder, 'link.db'))
      const text = join(folder, 'text.db')
      writeFileSync(text, 'no database at all, and long enough to be looked at as one'.repeat(20), { mode: 0o600 })
      equal(await refusals([sqliteStore(text).read('ann')]), ['store-failed'])
      mkdirSync(join(folder, 'folder.db'))
      refused(join(folder, 'folder.db'))
    },
  },

  {
    name: 'a statement that the engine refuses of one costs the others a few commits, not one each',
    async run(driver) {
      let commits = 0
      const database = watched(hostDatabase(driver), (sql) => {
        if (sql === 'COMMIT') commits += 1
      })
      const store = await onHost(database)
      database.exec("CREATE TRIGGER refuse BEFORE INSERT ON countersign_records WHEN NEW.record = 'refused' BEGIN SELECT RAISE(ABORT, 'refused'); END")
      commits = 0
      const outcomes = await Promise.allSettled(Array.from({ length: 128 }, (_, index) => write(store, `user ${index}`, index === 77 ? 'refused' : String(index))))
      equal(outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : [])), [77])
      ok(commits <= 8, `${commits} commits`)
      equal(await store.read('user 77'), undefined)
      equal(await store.read('user 127'), '127')
    },
  },

  {
    name: 'those whose half has to wait for a lock are not overtaken by the other half',
    async run(driver) {
      let begun = 0
      const database = watched(hostDatabase(driver), (sql) => {
        // The first half of the second attempt meets a lock.
        if (sql === 'BEGIN IMMEDIATE' && (begun += 1) === 2) throw Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY', errcode: 5 })
      })
      const store = await onHost(database)
      database.exec("CREATE TRIGGER refuse BEFORE INSERT ON countersign_records WHEN NEW.record = 'refused' BEGIN SELECT RAISE(ABORT, 'refused'); END")
      begun = 0
      const order: number[] = []
      const count = (index: number) => store.update('ann', (record) => add(record)).then((value) => order.push(value * 100 + index))
      const calls = [count(1), count(2), write(store, 'ben', 'refused').catch(() => {}), count(3)]
      await Promise.all(calls)
      equal(order, [101, 202, 303])
    },
  },

  {
    name: 'a ROLLBACK that is refused leaves nothing open, and ends no transaction of the host',
    async run(driver) {
      let refusing = false
      const inner = hostDatabase(driver)
      const database = watched(inner, (sql) => {
        if (refusing && sql === 'COMMIT') throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR', errcode: 10 })
      })
      const exec = database.exec
      database.exec = (sql) => {
        if (refusing && sql === 'ROLLBACK') throw Object.assign(new Error('refused'), { code: 'SQLITE_ERROR', errcode: 1 })
        return exec(sql)
      }
      const store = await onHost(database, { lockTimeout: 1 })
      await write(store, 'ann', '1')
      refusing = true
      equal(await refusals([store.update('ann', add)]), ['store-failed'])
      refusing = false
      equal(await store.read('ann'), '1')
      equal(await store.update('ann', add), 2)
      // The host ends it itself and begins one of its own: that is left alone.
      refusing = true
      equal(await refusals([store.update('ann', add)]), ['store-failed'])
      refusing = false
      inner.exec('ROLLBACK')
      inner.exec('BEGIN')
      inner.exec('CREATE TABLE mine (n INTEGER)')
      equal(await refusals([store.update('ann', add)]), ['lock-timeout'])
      inner.exec('COMMIT')
      equal(firstOf(inner, "SELECT count(*) FROM sqlite_schema WHERE name = 'mine'"), 1)
      equal(await store.update('ann', add), 3)
    },
  },

  {
    name: 'without WAL, those who read all the time do not keep a change from being committed',
    async run(driver) {
      const path = newPath()
      const database = driver.open(path)
      database.prepare('PRAGMA journal_mode = DELETE').all()
      database.exec('PRAGMA synchronous = EXTRA')
      const store = await onHost(database, { lockTimeout: 3 })
      const readers = [1, 2, 3, 4, 5, 6, 7, 8].map(() => new Worker(new URL('reader.js', import.meta.url), { workerData: { runtime: process.argv[2], path } }))
      try {
        await Promise.all(readers.map((reader) => once(reader, 'message')))
        for (let turn = 1; turn <= 10; turn += 1) equal(await store.update('ann', add), turn)
      } finally {
        await Promise.all(readers.map((reader) => reader.terminate()))
      }
    },
  },

  {
    name: 'of very many calls at once those that are too many are refused, with nothing written',
    async run(driver) {
      const database = hostDatabase(driver)
      const store = await onHost(database, { lockTimeout: 60 })
      database.exec('BEGIN')
      const counted = Array.from({ length: 16_384 }, () => store.update('ann', add))
      equal(await refusals([store.update('ann', add), store.read('ann'), store.put('key', { id: 'c', purpose: 'p', data: 'd', expires: 1 })]), ['store-busy', 'store-busy', 'store-busy'])
      database.exec('COMMIT')
      await Promise.all(counted)
      equal(await store.read('ann'), '16384')
    },
  },

  {
    name: 'close waits for a backup that waits',
    not: { on: 'Bun', because: 'a handle that was closed stays until its statements are collected, and is in the way' },
    async run(driver) {
      const path = newPath()
      const first = sqliteStore(path, { create: true })
      await write(first, 'ann', '1')
      await first.close()
      const host = driver.open(path)
      host.prepare('PRAGMA locking_mode = EXCLUSIVE').all()
      host.exec('CREATE TABLE mine (n INTEGER)')
      const store = sqliteStore(path)
      const copy = join(temporaryDirectory(), 'copy.db')
      const backup = store.backup(copy)
      const closed = store.close()
      await pause(30)
      host.close()
      await Promise.all([backup, closed])
      equal(await sqliteStore(copy).read('ann'), '1')
    },
  },

  {
    name: 'a backup is whole while others write, and takes the place of no file',
    async run(driver) {
      const path = newPath()
      const store = sqliteStore(path, { create: true })
      await Promise.all(Array.from({ length: 200 }, (_, index) => write(store, `user ${index}`, String(index).repeat(50))))
      const writer = startProcess([path, 'write', 'busy', '1000'])
      await writer.tells('wrote')
      const copy = join(temporaryDirectory(), 'copy.db')
      await store.backup(copy)
      await writer.kill()
      if (process.platform !== 'win32') equal(statSync(copy).mode & 0o777, 0o600)
      const restored = sqliteStore(copy)
      for (let index = 0; index < 200; index += 1) equal(await restored.read(`user ${index}`), String(index).repeat(50))
      const files = fileStore('any.db')
      const busy = (await restored.read('busy'))!
      equal(files.paddingOf(busy), padding(files.numberOf(busy), 1000))
      equal(await restored.owner(`busy-${files.numberOf(busy)}`), 'busy')
      await write(restored, 'ann', 'a restored one is a store')
      await rejects(store.backup(copy), (error) => isCountersignError(error, 'directory-refused'))
      const host = driver.open(path)
      host.exec('DROP TABLE countersign_claims')
      host.close()
      await restored.close()
      await store.close()
    },
  },

  {
    name: 'expired challenges are swept, some at a time',
    async run(driver) {
      const database = hostDatabase(driver)
      const store = await onHost(database)
      const put = (key: string, id: string, expires: number) => store.put(key, { id, purpose: 'sign-in', data: 'd', expires })
      const count = () => Number(firstOf(database, 'SELECT count(*) FROM countersign_challenges'))
      await Promise.all(Array.from({ length: 500 }, (_, index) => put(`stranger ${index}`, 'c', Date.now() - 1)))
      ok(count() < 80, `${count()} left of those that were added expired`)
      await Promise.all(Array.from({ length: 300 }, (_, index) => put(`user ${index}`, 'c', Date.now() + 60_000)))
      equal(count(), 300, 'what is open stays, what is expired is gone')
      equal(await store.take('user 7', 'c', Date.now()), 'd')
    },
  },

  {
    name: 'each look-up uses an index',
    async run(driver) {
      const database = hostDatabase(driver)
      const store = await onHost(database)
      const seen = new Set<string>()
      const asking = sqliteStore({
        exec: (sql) => database.exec(sql),
        prepare(sql) {
          if (!/^\s*(?:PRAGMA|BEGIN|COMMIT)/.test(sql) && !sql.includes('sqlite_schema')) seen.add(sql)
          return database.prepare(sql)
        },
        get inTransaction() {
          return (database.inTransaction ?? database.isTransaction)!
        },
      })
      await asking.update('ann', () => ({ record: '1', handle: 'h', claims: ['c'], value: 0 }))
      await asking.update('ann', () => ({ record: '1', claims: [], value: 0 }))
      await asking.update('ann', () => ({ record: null, value: 0 }))
      for (let index = 0; index < 20; index += 1) await asking.put('k', { id: `c${index}`, purpose: 'p', data: 'd', expires: Date.now() + 60_000 })
      await asking.take('k', 'c19', 0)
      await asking.clear('k')
      await asking.owner('h')
      await asking.sharedKey('s')
      for await (const user of asking.users()) ok(user)
      ok(seen.size > 12, `${seen.size} statements`)
      for (const sql of seen) {
        const values = Array.from({ length: sql.split('?').length - 1 }, () => '1')
        const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[]
        for (const { detail } of plan) ok(!/^SCAN (?!CONSTANT)/.test(detail) || /USING (?:COVERING )?INDEX/.test(detail), `${sql}: ${detail}`)
      }
      await store.close()
    },
  },

  {
    name: 'stores with other prefixes keep apart, and NUL characters are refused',
    async run(driver) {
      const database = hostDatabase(driver)
      const one = await onHost(database)
      const two = await onHost(database, { prefix: 'other "one" ' })
      await write(one, 'ann', '1')
      equal([await two.read('ann'), (await two.update('ann', add)), await one.read('ann')], [undefined, 1, '1'])
      notStrictEqual(await one.sharedKey('a'), await two.sharedKey('b'))
      const refused = [one.read('a\0'), one.update('a\0', add), one.update('b', () => ({ record: '\0', value: 0 })), one.clear('\0'), one.read('\ud800')]
      equal(await refusals(refused), refused.map(() => 'invalid-argument'))
      equal([await one.owner('\0'), await one.take('ann', '\0', 0)], [undefined, undefined])
    },
  },

  {
    name: 'the statements of sqliteTables() make what migrate() makes',
    async run(driver) {
      const database = hostDatabase(driver)
      database.exec(sqliteTables({ prefix: 'app_' }))
      const store = sqliteStore(database, { prefix: 'app_' })
      equal(await store.update('ann', add), 1)
      const kept = database.prepare('SELECT name FROM sqlite_schema WHERE name LIKE ?').all('app%').length
      await store.migrate()
      equal(database.prepare('SELECT name FROM sqlite_schema WHERE name LIKE ?').all('app%').length, kept)
    },
  },

  {
    name: 'processes and worker threads count together without losing any',
    async run() {
      const path = newPath()
      const files = fileStore(path)
      const store = files.open()
      const args = [path, 'count', 'shared', '60']
      // Nothing is there yet: all of them make the tables at once.
      const programs = [...[1, 2, 3].map(() => startProcess(args)), ...[1, 2].map(() => startWorker(args))]
      await Promise.all([
        ...Array.from({ length: 60 }, () => increment(files, store, 'shared')),
        ...programs.map((program) => program.tells('done')),
      ])
      equal(files.numberOf(await store.read('shared')), 360)
      await Promise.all(programs.map((program) => program.ended))
    },
  },

  {
    name: 'of several processes exactly one gets a challenge',
    async run() {
      const path = newPath()
      const store = fileStore(path).open()
      for (let round = 0; round < 5; round += 1) {
        await store.put('ann', { id: `c${round}`, purpose: 'sign-in', data: 'd', expires: Date.now() + 60_000 })
        const programs = [1, 2, 3].map(() => startProcess([path, 'take', 'ann', `c${round}`]))
        const told = await Promise.all(programs.map((program) => program.tells('took')))
        equal(told.toSorted(), ['took 0', 'took 0', 'took 1'])
      }
    },
  },

  {
    name: 'a writer that is killed again and again leaves whole records, whatever was answered, and no lock',
    async run() {
      const path = newPath()
      const files = fileStore(path)
      const store = files.open({ lockTimeout: 2 })
      let last = 0
      for (let kill = 0; kill < 25; kill += 1) {
        const writer = startProcess([path, 'write', 'ann', '20000'])
        await writer.tells('wrote')
        await pause(Math.random() * 25)
        await writer.kill()
        const answered = Number(writer.told.at(-1)?.split(' ')[1])
        const record = (await store.read('ann'))!
        const n = files.numberOf(record)
        ok((n === answered || n === answered + 1) && n > last, `${n} after ${answered} and ${last}`)
        equal(files.paddingOf(record), padding(n, 20_000))
        equal([await store.owner(`ann-${n}`), await store.owner(`ann-${n - 1}`)], ['ann', undefined])
        equal(await store.take('ann', `c${answered}`, Date.now()), String(answered))
        await store.update('ann', (before) => ({ value: before }))
        last = n
      }
    },
  },

  {
    name: 'a service that seals signs in with a code and with a key, and the file has no secret',
    async run() {
      const path = newPath()
      const store = sqliteStore(path, { create: true })
      const fixture = await Fixture.open(sealedStore(store))
      const { service } = fixture
      const { uri } = await fixture.enrolTotp('ann')
      const key = new TestAuthenticator()
      const creation = await service.beginWebauthn('ann', { name: 'ann', displayName: 'Ann' })
      ok((await service.finishWebauthn('ann', { response: key.create(creation, { origin }), description: 'key' })).ok)
      fixture.step()
      const answer = { type: 'totp', code: totpAt(uri, fixture.now) }
      ok((await service.verify('ann', answer)).ok)
      ok(!(await service.verify('ann', answer)).ok)
      const challenge = await service.challenge('ann')
      ok((await service.verify('ann', { type: 'webauthn', response: key.get(challenge!.webauthn!, { origin }) })).ok)
      await store.close()
      const secret = new URL(uri).searchParams.get('secret')!
      for (const name of readdirSync(join(path, '..'))) ok(!readFileSync(join(path, '..', name)).includes(secret), name)
      match(secret, /^[A-Z2-7]{16,}$/)
    },
  },

  {
    name: 'the command line opens a file by its kind, and knows it by its path',
    async run() {
      const path = newPath()
      const missing = await countersign(['users', '--store', `sqlite:${path}`])
      equal([missing.code, existsSync(path)], [3, false])
      match(missing.stderr, /is missing/)
      equal(await countersign(['users', '--create', '--store', `sqlite:${path}`]), { code: 0, stdout: '', stderr: '', json: undefined })
      const store = sqliteStore(path)
      await (await Fixture.open(store)).enrolTotp('ann')
      await store.close()
      equal((await countersign(['users', '--json', '--store', path])).json, (await countersign(['users', '--json', '--store', `sqlite:${path}`])).json)
      match((await countersign(['show', 'ann'], { env: { COUNTERSIGN_STORE: path } })).stdout, /^totp /m)
      equal((await countersign(['users', '--store', `sqlite:${path}`, '--prefix', 'other_'])).code, 3)
    },
  },
]

const conformance: Case[] = [
  ...kind('a path', async () => {
    const path = newPath()
    return () => sqliteStore(path, { create: true })
  }),
  ...kind("the host's database", async (driver) => {
    const path = newPath()
    return () => onHost(hostDatabase(driver, path))
  }),
  // Readers and writers stop each other here.
  ...kind('a database without WAL', async (driver) => {
    const path = newPath()
    return () => {
      const database = driver.open(path)
      database.prepare('PRAGMA journal_mode = DELETE').all()
      database.exec('PRAGMA synchronous = OFF')
      return onHost(database, { synchronous: 'off' })
    }
  }),
  ...storeTests.map(({ name, run }): Case => {
    return { name: `a database in memory: ${name}`, run: (driver) => run(() => onHost(driver.open(':memory:'), { synchronous: 'off' })) }
  }),
]

function kind(name: string, prepare: (driver: Driver) => Promise<() => Store | Promise<Store>>): Case[] {
  return [...storeTests, ...hostTests].map((test) => ({
    name: `${name}: ${test.name}`,
    run: async (driver) => test.run(await prepare(driver)),
  }))
}

const rounds = Number(process.env.RACE_ROUNDS ?? 200)

const racing = races.map(({ name, round }): Case => ({
  name: `race: ${name}`,
  not: { on: 'Bun', because: 'its processes are started in another way' },
  async run() {
    const path = newPath()
    const store = sqliteStore(path, { create: true })
    await store.migrate()
    const arena = await Arena.open('sqlite', path, store)
    try {
      for (let count = 0; count < rounds; count += 1) await round(arena)
    } finally {
      await arena.close()
      await store.close()
    }
  },
}))

export const cases: Case[] = [...conformance, ...own, ...racing, ...sessionCases]
