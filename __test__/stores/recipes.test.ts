// The recipes of the documentation, through the whole conformance suite.
import test from 'ava'
import { drizzle } from 'drizzle-orm/node-postgres'
import knex from 'knex'
import { Kysely, PostgresDialect } from 'kysely'
import { createPool } from 'mysql2/promise'

import { drizzleStore } from '../../docs/recipes/drizzle.js'
import { knexStore } from '../../docs/recipes/knex.js'
import { kyselyStore } from '../../docs/recipes/kysely.js'
import type { CountersignTables } from '../../docs/recipes/kysely.js'
import { mysqlStore, mysqlTables } from '../../docs/recipes/mysql.js'
import { postgresStore } from '../../facade/stores/postgres-store.js'
import type { Store } from '../../facade/stores/traits.js'
import { hostTests } from '../../facade/testing/host-tests.js'
import { storeTests } from '../../facade/testing/store-tests.js'
import { dropSchema, found, newPool, own, postgresFound, postgresUrl } from './engines.js'

const mysql = { host: '127.0.0.1', port: 3306, user: 'root', database: 'test' }
const connectMysql = async () => {
  const pool = createPool(mysql)
  await pool.query('SELECT 1').finally(() => pool.end())
}
const mysqlFound = await found('MySQL or MariaDB', '127.0.0.1:3306', connectMysql, true)

const schemas = ['knex', 'kysely', 'drizzle'].map((kind) => `${own}_${kind}`) as [string, string, string]

if (postgresFound) {
  const [forKnex, forKysely, forDrizzle] = schemas
  // These name their tables without a schema: it is the connection's.
  const pools = [forKysely, forDrizzle].map((schema) => newPool({ options: `-c search_path=${schema}` }))
  const [kyselyPool, drizzlePool] = pools as [ReturnType<typeof newPool>, ReturnType<typeof newPool>]
  const builder = knex({ client: 'pg', connection: postgresUrl, searchPath: forKnex })
  test.before(async () => {
    for (const schema of schemas) await postgresStore(kyselyPool, { schema }).migrate()
  })
  test.after.always(async () => {
    await Promise.all(schemas.map(dropSchema))
    await Promise.all([builder.destroy(), ...pools.map((pool) => pool.end())])
  })
  const kysely = new Kysely<CountersignTables>({ dialect: new PostgresDialect({ pool: kyselyPool }) })
  recipe('knex', () => knexStore(builder))
  recipe('kysely', () => kyselyStore(kysely))
  recipe('drizzle', () => drizzleStore(drizzle(drizzlePool)))
}

if (mysqlFound) {
  const admin = createPool(mysql)
  const pool = createPool({ ...mysql, database: own })
  test.before(async () => {
    await admin.query(`CREATE DATABASE ${own}`)
    for (const table of mysqlTables) await pool.query(table)
  })
  test.after.always(async () => {
    await admin.query(`DROP DATABASE ${own}`)
    await Promise.all([admin.end(), pool.end()])
  })
  recipe('mysql', () => mysqlStore(pool))
}

if (!postgresFound && !mysqlFound) test.skip('no database is there', () => {})

function recipe(kind: string, makeStore: () => Store): void {
  for (const { name, run } of storeTests) test(`${kind}: ${name}`, (t) => t.notThrowsAsync(run(makeStore)))
  for (const { name, run } of hostTests) test(`${kind}: ${name}`, (t) => t.notThrowsAsync(run(makeStore)))
}
