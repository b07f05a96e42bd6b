// PostgreSQL's tables in partitions: the whole suite, what the catalogue has, and the way there from tables without.
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import test from 'ava'

import { isCountersignError } from '../../facade/shared/errors.js'
import { postgresStore, postgresTables } from '../../facade/stores/postgres-store.js'
import { hostTests } from '../../facade/testing/host-tests.js'
import { claim, rejection, write } from '../../facade/testing/store-test.js'
import { storeTests } from '../../facade/testing/store-tests.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { invalidArgument } from '../helpers/invalid-argument.js'
import { Fixture, origin } from '../helpers/service.js'
import { dropSchema, newPool, own, postgresFound } from './engines.js'
import { WatchedPool } from './watched-pool.js'

const recipe = fileURLToPath(new URL('../../../docs/recipes/postgres-partitions/', import.meta.url))
const [fresh, moved, other] = ['fresh', 'moved', 'other'].map((kind) => `${own}_${kind}`) as [string, string, string]
const partitions = 8

test('partitions are 2 to 1024', (t) => {
  const pool = { query: async () => ({ rows: [] }) }
  for (const count of [0, 1, 1025, 2.5, '8', null]) {
    t.throws(() => postgresStore(pool, { partitions: count as number }), { message: invalidArgument('options.partitions') })
    t.throws(() => postgresTables({ partitions: count as number }), { message: invalidArgument('options.partitions') })
  }
  t.is(postgresTables({ partitions: 64 }).match(/ PARTITION OF /g)?.length, 3 * 64)
  t.false(postgresTables().includes('PARTITION'))
})

if (postgresFound) {
  const pool = newPool()
  const make = (schema = fresh) => postgresStore(pool, { schema, partitions })
  test.before(async () => {
    // Many at once, as servers that start at the same time.
    await Promise.all(Array.from({ length: 8 }, () => make().migrate()))
  })
  test.after.always(async () => {
    await Promise.all([fresh, moved, other].map(dropSchema))
    await pool.end()
  })
  for (const { name, run } of storeTests) test(`in partitions: ${name}`, (t) => t.notThrowsAsync(run(() => make())))
  for (const { name, run } of hostTests) test(`in partitions: ${name}`, (t) => t.notThrowsAsync(run(() => make())))

  test('users are in all partitions, and a handle is one user\'s in all of them', async (t) => {
    const store = make()
    const users = Array.from({ length: 200 }, (_, index) => `${own} ${index}`)
    await Promise.all(users.map((user, index) => claim(store, user, '{}', [`c:${own}:${index}`], `h${own}${index}`)))
    const { rows } = await pool.query(`SELECT tableoid::regclass::text AS part, count(*) FROM ${fresh}.countersign_records WHERE "user" = ANY ($1) GROUP BY 1`, [users])
    t.is(rows.length, partitions)
    for (const [index, user] of users.entries()) {
      t.deepEqual([await store.owner(`h${own}${index}`), await store.owner(`c:${own}:${index}`)], [user, user])
    }
    // Without claims, the table of handles alone says so.
    await t.throwsAsync(write(store, users[1]!, '{"n":1}', `h${own}0`), { message: /unique/ })
    t.true(isCountersignError(await rejection(() => claim(store, users[1]!, '{"n":1}', [`h${own}0`])), 'claim-taken'))
    t.is(await store.read(users[1]!), '{}')
    // By hand, too: a user who is renamed goes to another partition.
    await pool.query(`UPDATE ${fresh}.countersign_records SET "user" = "user" || ' renamed' WHERE "user" = ANY ($1) AND NOT EXISTS (SELECT FROM ${fresh}.countersign_claims AS c WHERE c."user" = countersign_records."user")`, [users])
    await write(store, `${own} alone`, '{}', `h${own}alone`)
    await pool.query(`UPDATE ${fresh}.countersign_records SET "user" = $1 WHERE "user" = $2`, [`${own} other`, `${own} alone`])
    t.is(await store.owner(`h${own}alone`), `${own} other`)
    await Promise.all([...users, `${own} other`].map((user) => store.update(user, () => ({ record: null, value: 0 }))))
    const left = await pool.query(`SELECT handle FROM ${fresh}.countersign_handles UNION ALL SELECT claim FROM ${fresh}.countersign_claims WHERE "user" LIKE $1`, [`${own}%`])
    t.deepEqual(left.rows.filter(({ handle }) => String(handle).includes(own)), [])
  })

  test('a read, a change and a look-up by handle go to one partition', async (t) => {
    const plan = async (sql: string, values: unknown[]) => {
      const { rows } = await pool.query(`EXPLAIN (FORMAT JSON) ${sql}`, values)
      const text = JSON.stringify(rows).replaceAll('\\', '')
      return new Set([...text.matchAll(/"Relation Name": ?"(\w+_\d+)"/g)].map(([, name]) => name)).size
    }
    const itsPool = new WatchedPool()
    t.teardown(() => itsPool.end())
    const { asked } = itsPool
    const watching = postgresStore(itsPool, { schema: fresh, partitions })
    const count = (users: string[], before?: string) =>
      Promise.all(users.map((user) => watching.update(user, (record) => ({ record: `{"n":${record === undefined ? 1 : JSON.parse(record).n + 1}}`, value: 0 }), before)))
    const users = [`${own} one`, `${own} two`]
    await count(users)
    asked.length = 0
    for (const some of [users, users.slice(0, 1)]) {
      await count(some)
      await count(some, some.length === 2 ? '{"n":2}' : '{"n":4}')
      const statements = asked.splice(0)
      t.true(statements.length === 3 || some.length === 1)
      for (const [sql, values] of statements) t.true((await plan(sql, values)) <= some.length, sql)
    }
    t.deepEqual(await Promise.all(users.map((user) => watching.read(user))), ['{"n":5}', '{"n":3}'])
    t.is(await plan(`UPDATE ${fresh}.countersign_records SET record = '', version = DEFAULT WHERE "user" = $1 AND version = $2 RETURNING 1`, ['ann', 1]), 1)
    t.is(await plan(`SELECT "user" FROM ${fresh}.countersign_handles WHERE handle = $1 UNION ALL SELECT "user" FROM ${fresh}.countersign_claims WHERE claim = $1`, ['h']), 2)
  })

  test('tables without partitions are not taken for ones with them', async (t) => {
    await postgresStore(pool, { schema: other }).migrate()
    await t.throwsAsync(make(other).migrate(), { message: /not partitioned/ })
    await write(postgresStore(pool, { schema: other }), 'ann', '{}')
    t.is(await postgresStore(pool, { schema: other }).read('ann'), '{}')
  })

  test('the recipe moves tables that are in use into partitions, and loses nothing', async (t) => {
    const inSchema = newPool({ options: `-c search_path=${moved}` })
    const old = postgresStore(pool, { schema: moved })
    await old.migrate()
    const fixture = await Fixture.open(old)
    const { uri } = await fixture.enrolTotp('ann')
    const { key } = await fixture.enrolKey('ann')
    const users = Array.from({ length: 300 }, (_, index) => `user ${String(index).padStart(3, '0')}`)
    await Promise.all(users.map((user) => claim(old, user, '{"n":0}', [`c:${user}`.replaceAll(' ', '-')], `h ${user}`)))
    await postgresStore(pool, { schema: moved, prefix: 'countersign_new_', partitions }).migrate()

    // Meanwhile, users change, come and go, by servers that know nothing of it.
    const counts = new Map(users.map((user) => [user, 0]))
    let [stopped, turn, gone] = [false, 0, 0]
    const server = async (number: number) => {
      while (!stopped) {
        const user = users[(turn += 1) % users.length]!
        await old.update(user, (record) => ({ record: `{"n":${JSON.parse(record!).n + 1}}`, handle: `h ${user}`, value: 0 }))
        counts.set(user, counts.get(user)! + 1)
        const guest = `guest ${number} ${turn}`
        await claim(old, guest, '{}', [`c:${number}:${turn}`], `h ${guest}`)
        // Half of them stay without a claim, half go.
        await (turn % 2 === 0 ? claim(old, guest, '{}', []) : old.update(guest, () => ({ record: null, value: (gone += 1) })))
      }
    }
    const servers = [0, 1, 2].map(server)
    const steps = readdirSync(recipe).filter((name) => name.endsWith('.sql')).toSorted()
    t.is(steps.length, 5)
    const run = async (name: string) => {
      const sql = readFileSync(recipe + name, 'utf8').replaceAll('5000', '40')
      // A procedure that commits must be alone in its text.
      for (const part of name.startsWith('2') ? sql.split(/;\n/) : [sql]) if (part.trim()) await inSchema.query(part)
    }
    for (const name of steps.slice(0, 4)) {
      const before = turn
      await run(name)
      while (turn < before + 30) await pause(5)
    }
    // Servers without `partitions` still work, and one with it beside them.
    const partitioned = make(moved)
    await partitioned.migrate()
    for (const user of users.slice(0, 20)) {
      await partitioned.update(user, (record) => ({ record: `{"n":${JSON.parse(record!).n + 1}}`, handle: `h ${user}`, value: 0 }))
      counts.set(user, counts.get(user)! + 1)
      t.is(await old.owner(`h ${user}`), user)
    }
    stopped = true
    await Promise.all(servers)
    await run(steps[4]!)
    t.true(turn > 100 && gone > 10, `${turn} changes`)
    for (const user of users) {
      t.deepEqual([await partitioned.read(user), await partitioned.owner(`h ${user}`), await partitioned.owner(`c:${user}`.replaceAll(' ', '-'))], [`{"n":${counts.get(user)}}`, user, user])
    }
    const { rows } = await pool.query(`
      SELECT (SELECT count(*) FROM ${moved}.countersign_records)::int AS records, (SELECT count(*) FROM ${moved}.countersign_handles)::int AS handles,
        (SELECT count(*) FROM ${moved}.countersign_records WHERE handle IS NOT NULL)::int AS held, (SELECT count(*) FROM ${moved}.countersign_claims WHERE claim LIKE 'c:%:%')::int AS guests`)
    const guests = turn - gone
    t.deepEqual(rows, [{ records: 301 + guests, handles: rows[0]!.held, held: rows[0]!.held, guests: 0 }])

    // Who enrolled before signs in.
    const after = await fixture.another({ store: partitioned })
    fixture.step()
    t.true((await after.verify('ann', { type: 'totp', code: totpAt(uri, fixture.now) })).ok)
    const { webauthn } = (await after.challenge('ann'))!
    t.true((await after.verify('ann', { type: 'webauthn', response: key.get(webauthn!, { origin }) })).ok)
    for (const { name, run: runTest } of storeTests) await t.notThrowsAsync(runTest(() => partitioned), `after the move: ${name}`)
    await inSchema.end()
  })
} else {
  test.skip('no database is there', () => {})
}
