// mysqlStore on what runs here, MariaDB: at each isolation level, and with settings of a host that change how texts look.
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

import test from 'ava'

import { isCountersignError } from '../../index.js'
import { mysqlStore, mysqlTables } from '../../facade/stores/mysql-store.js'
import type { MysqlStore } from '../../facade/stores/mysql-store.js'
import { hostTests } from '../../facade/testing/host-tests.js'
import { storeTests } from '../../facade/testing/store-tests.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { longer } from '../helpers/emulated.js'
import { sealedStore } from '../helpers/sealed.js'
import { Fixture } from '../helpers/service.js'
import { own } from './engines.js'
import { mysqlFound, newMysql, newMysqlDatabase } from './mysql.js'

const kinds: Record<string, [options: object, statements: string[]]> = {
  'repeatable read': [{}, ['SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ']],
  'read committed': [{}, ['SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED']],
  serializable: [{}, ['SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE']],
  'rows of another form': [
    { charset: 'latin1', rowsAsArray: true, supportBigNumbers: true, bigNumberStrings: true, namedPlaceholders: true },
    ["SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES'"],
  ],
}

if (mysqlFound) {
  const drop = await newMysqlDatabase(own)
  const pools = Object.entries(kinds).map(([kind, [options, statements]], index) => {
    const pool = newMysql({ database: own, ...options }, statements)
    return { kind, pool, store: mysqlStore(pool, { prefix: `${index}_` }) }
  })
  const plain = newMysql({ database: own })
  const store = mysqlStore(plain)
  test.before(async () => {
    for (const one of [...pools.map((kind) => kind.store), store]) await one.migrate()
  })
  test.after.always(async () => {
    await Promise.all([...pools.map(({ pool }) => pool.end()), plain.end()])
    await drop()
  })

  for (const one of pools) {
    for (const { name, run } of [...storeTests, ...hostTests]) {
      test(`${one.kind}: ${name}`, async (t) => {
        t.timeout(longer(300_000))
        await t.notThrowsAsync(run(() => one.store))
      })
    }
  }

  test('many stores make the tables at once', async (t) => {
    await Promise.all(Array.from({ length: 8 }, () => mysqlStore(plain, { prefix: 'at `once` ' }).migrate()))
    t.is(await counted(mysqlStore(plain, { prefix: 'at `once` ' }), 'ann'), 1)
  })

  test('a deadlock begins anew, and what the caller gets is of the last run', async (t) => {
    await counted(store, 'd1')
    let runs = 0
    const other = await plain.getConnection()
    await other.beginTransaction()
    // More is written by the other one, so it is not the one that InnoDB ends.
    for (let index = 0; index < 20; index += 1) await other.query('INSERT INTO countersign_records (user, record) VALUES (?, ?)', [`weight ${index}`, '1'])
    await other.query("INSERT INTO countersign_claims (claim, user) VALUES ('wanted', 'weight 0')")
    const change = store.update('d1', (record) => {
      runs += 1
      return { record: `${record} ${runs}`, claims: ['wanted'], value: runs }
    })
    // Ours has its record, and waits for the claim.
    await pause(500)
    await other.query("SELECT * FROM countersign_records WHERE user = 'd1' FOR UPDATE")
    await other.rollback()
    other.release()
    t.true((await change) >= 2)
    t.is(await store.read('d1'), `1 ${runs}`)
    t.is(await store.owner('wanted'), 'd1')
  })

  test('a handle that is taken is claim-taken; a record that two make at once is not', async (t) => {
    const make = (user: string, handle: string) => store.update(user, () => ({ record: '1', handle, value: 0 }))
    await make('h1', 'handle')
    for (const user of ['h1', 'h2']) await (user === 'h1' ? t.notThrowsAsync(make(user, 'handle')) : t.throwsAsync(make(user, 'handle'), { code: 'claim-taken' }))
    t.is(await store.read('h2'), undefined)
    // Each has a queue of its own: all of them insert.
    const made = await Promise.all(Array.from({ length: 12 }, () => counted(mysqlStore(plain), 'made at once')))
    t.deepEqual(made.toSorted((one, two) => one - two), made.map((_, index) => index + 1))
  })

  test('a change that throws, or a text that is none, leaves everything and no connection locked', async (t) => {
    await counted(store, 'thrown')
    const thrown = new Error('of the host')
    t.is(await t.throwsAsync(store.update('thrown', () => { throw thrown })), thrown)
    for (const record of ['\ud800', 7]) {
      const error = await t.throwsAsync(store.update('thrown', () => ({ record: record as string, value: 0 })))
      t.true(isCountersignError(error, 'invalid-argument'))
    }
    t.is(await counted(mysqlStore(plain), 'thrown'), 2)
  })

  test('the tables of the older recipe, which were text, go on', async (t) => {
    for (const table of mysqlTables({ prefix: 'old_' })) await plain.query(table.replaceAll('LONGBLOB', 'LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin'))
    const old = mysqlStore(plain, { prefix: 'old_' })
    const record = JSON.stringify({ text: 'é 🔑 \\ \' "' })
    await plain.query('INSERT INTO old_records (user, record) VALUES (?, ?)', ['ann', record])
    t.is(await old.read('ann'), record)
    await old.update('ann', (before) => ({ record: `${before} `, value: 0 }))
    t.is(await old.read('ann'), `${record} `)
    await old.migrate()
  })

  test('expired challenges go in passing', async (t) => {
    const sweeping = mysqlStore(plain, { prefix: 'swept_' })
    await sweeping.migrate()
    const put = (index: number) => sweeping.put(`k${index}`, { id: 'c', purpose: 'p', data: 'd', expires: Date.now() - 1 })
    for (let index = 0; index < 400; index += 1) await put(index)
    const [rows] = await plain.query('SELECT count(*) AS count FROM swept_challenges')
    t.true((rows as { count: number }[])[0]!.count < 200)
  })

  test('a service that seals signs in once with a code', async (t) => {
    const fixture = await Fixture.open(sealedStore(store))
    const { uri } = await fixture.enrolTotp('sealed')
    fixture.step()
    const answer = { type: 'totp', code: totpAt(uri, fixture.now) }
    t.true((await fixture.service.verify('sealed', answer)).ok)
    t.false((await fixture.service.verify('sealed', answer)).ok)
    t.false((await store.read('sealed'))!.includes(new URL(uri).searchParams.get('secret')!))
  })

  test('the SQL of the documentation is that of migrate()', async (t) => {
    const page = await readFile(new URL('../../../docs/stores/mysql.md', import.meta.url), 'utf8')
    t.true(page.includes(`\`\`\`sql\n${mysqlTables().join(';\n')};\n\`\`\``))
  })

  test('what is no pool is refused', (t) => {
    for (const pool of [undefined, {}, { query() {} }]) t.throws(() => mysqlStore(pool as never), { code: 'invalid-argument' })
  })
} else {
  test.skip('no MySQL or MariaDB is there', () => {})
}

function counted(store: MysqlStore, user: string): Promise<number> {
  return store.update(user, (record) => {
    const value = Number(record ?? 0) + 1
    return { record: String(value), value }
  })
}
