// A statement that fails on purpose, in each driver: what it attaches to its error, and what it quotes, is not told on.
import { inspect } from 'node:util'

import test from 'ava'
import type { ExecutionContext } from 'ava'
import { drizzle } from 'drizzle-orm/node-postgres'
import knex from 'knex'
import { Kysely, PostgresDialect } from 'kysely'
import type { Pool } from 'pg'
import { createClient } from 'redis'

import { drizzleStore } from '../../docs/recipes/drizzle.js'
import { knexStore } from '../../docs/recipes/knex.js'
import { kyselyStore } from '../../docs/recipes/kysely.js'
import type { CountersignTables } from '../../docs/recipes/kysely.js'
import { Countersign, CountersignError } from '../../index.js'
import { memoryStore } from '../../facade/stores/index.js'
import { mysqlStore } from '../../facade/stores/mysql-store.js'
import { postgresStore } from '../../facade/stores/postgres-store.js'
import { redisStore } from '../../facade/stores/redis-store.js'
import type { Store } from '../../facade/stores/index.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { Fixture, overriding, rp } from '../helpers/service.js'
import { deleteKeys, dropSchema, newPool, newRedis, own, postgresFound, postgresUrl, redisFound, redisUrl } from './engines.js'
import { mysqlFound, newMysql, newMysqlDatabase } from './mysql.js'

const user = 'ann'

/** Enrols, has every later write fail, and looks at all of each error. */
async function holdsNothing(t: ExecutionContext, store: Store, breakWrites: () => Promise<unknown>): Promise<void> {
  const fixture = await Fixture.open(store)
  const { service } = fixture
  const { uri } = await fixture.enrolTotp(user)
  const codes = await service.createRecoveryCodes(user)
  const begun = await service.beginTotp(user, { account: 'ann' })
  fixture.step()
  const code = totpAt(uri, fixture.now)
  const record = (await store.read(user))!
  await breakWrites()
  const secrets = [uri, begun.uri].map((one) => new URL(one).searchParams.get('secret')!)
  const hashes = JSON.stringify(JSON.parse(record).recovery).match(/[\w+/]{16,}/g) ?? []
  t.true(hashes.length > 5)
  const calls = {
    verify: () => service.verify(user, { type: 'totp', code }),
    createRecoveryCodes: () => service.createRecoveryCodes(user),
    beginTotp: () => service.beginTotp(user, { account: 'ann' }),
  }
  for (const [name, call] of Object.entries(calls)) {
    const error = await t.throwsAsync<CountersignError>(call, { instanceOf: CountersignError, code: 'store-failed' }, name)
    const { cause } = error!
    t.true(cause instanceof Error && cause.message.length > 10, name)
    t.regex((cause as Error).stack ?? '', /\n +at /)
    const shown = inspect(error, { depth: Infinity, showHidden: true, maxStringLength: Infinity, maxArrayLength: Infinity })
    for (const hidden of [...secrets, ...hashes, ...codes, code]) t.false(shown.includes(hidden), `${name}: ${shown.slice(0, 2000)}`)
    // A new secret that was never told: whatever looks like one.
    t.notRegex(shown, /secret=[A-Z2-7]{16}|otpauth:/, name)
  }
}

if (redisFound) {
  const spoil = async (prefix: string) => {
    const client = newRedis()
    for (const key of await client.keys(`${prefix}*`)) {
      await client.del(key)
      await client.set(key, 'of another type')
    }
    client.disconnect()
  }
  test('ioredis', async (t) => {
    const client = newRedis()
    t.teardown(async () => { await deleteKeys(`${own}:io`); client.disconnect() })
    await holdsNothing(t, redisStore(client, { prefix: `${own}:io` }), () => spoil(`${own}:io`))
  })
  test('redis', async (t) => {
    const client = createClient({ url: redisUrl })
    await client.connect()
    t.teardown(async () => { await deleteKeys(`${own}:node`); client.destroy() })
    await holdsNothing(t, redisStore(client as never, { prefix: `${own}:node` }), () => spoil(`${own}:node`))
  })
}

if (postgresFound) {
  const refuse = async (pool: Pool, schema: string) => {
    for (const [table, column] of [['records', 'record'], ['challenges', 'data']]) {
      const name = `"${schema}".countersign_${table}`
      await pool.query(`ALTER TABLE ${name} ADD CONSTRAINT never CHECK (${column} = 'never') NOT VALID`)
    }
  }
  const kinds: Record<string, (schema: string, t: ExecutionContext) => Store> = {
    pg: (schema, t) => postgresStore(ended(t, newPool()), { schema }),
    knex: (schema, t) => {
      const builder = knex({ client: 'pg', connection: postgresUrl, searchPath: schema })
      t.teardown(() => builder.destroy())
      return knexStore(builder)
    },
    kysely: (schema, t) =>
      kyselyStore(new Kysely<CountersignTables>({ dialect: new PostgresDialect({ pool: ended(t, searching(schema)) }) })),
    drizzle: (schema, t) => drizzleStore(drizzle(ended(t, searching(schema)))),
  }
  for (const [kind, make] of Object.entries(kinds)) {
    test(kind, async (t) => {
      const schema = `${own}_errors_${kind}`
      const pool = newPool()
      t.teardown(async () => { await dropSchema(schema); await pool.end() })
      await postgresStore(pool, { schema }).migrate()
      await holdsNothing(t, make(schema, t), () => refuse(pool, schema))
    })
  }
}

if (mysqlFound) {
  test('mysql2', async (t) => {
    const database = `${own}_errors`
    const drop = await newMysqlDatabase(database)
    const pool = newMysql({ database })
    t.teardown(async () => {
      await pool.end()
      await drop()
    })
    await mysqlStore(pool).migrate()
    await holdsNothing(t, mysqlStore(pool), async () => {
      for (const [table, column] of [['records', 'record'], ['challenges', 'data']]) {
        const trigger = `BEFORE %s ON countersign_${table} FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no ${column} today'`
        for (const event of ['INSERT', 'UPDATE']) await pool.query(`CREATE TRIGGER ${table}_${event} ${trigger.replace('%s', event)}`)
      }
    })
  })
}

test('a statement that is quoted with the record as it was, by every call that changes one', async (t) => {
  const memory = memoryStore()
  const fixture = await Fixture.open(memory)
  const { uri } = await fixture.enrolTotp(user)
  fixture.step()
  const secret = new URL(uri).searchParams.get('secret')!
  const record = (await memory.read(user))!
  t.true(record.includes(secret))
  const failing = overriding(memory, {
    async update(name, change) {
      await memory.update(name, (before) => ({ value: change(before) }))
      throw new Error(`could not run UPDATE records SET ... WHERE record = '${record}'`)
    },
  })
  const service = await Countersign.open({ rp, store: failing, now: () => fixture.now })
  const sealing = await Countersign.open({ rp, store: failing, seal: { keys: [{ id: 'a', key: Buffer.alloc(32, 1) }], plain: 'accept' } })
  const calls = {
    verify: () => service.verify(user, { type: 'totp', code: totpAt(uri, fixture.now) }),
    removeUser: () => service.removeUser(user),
    removeFactors: () => service.removeFactors(user),
    unlock: () => service.unlock(user),
    reseal: () => sealing.reseal(),
  }
  for (const [name, call] of Object.entries(calls)) {
    const error = await t.throwsAsync(call, { instanceOf: CountersignError, code: 'store-failed' }, name)
    const shown = inspect(error, { depth: Infinity, showHidden: true, maxStringLength: Infinity })
    t.regex(shown, /could not run UPDATE records/, name)
    t.false(shown.includes(secret), `${name}: ${shown}`)
  }
})

const searching = (schema: string): Pool => newPool({ options: `-c search_path=${schema}` })

function ended(t: ExecutionContext, pool: Pool): Pool {
  t.teardown(() => pool.end())
  return pool
}
