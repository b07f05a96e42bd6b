// The recipes of the documentation, through the whole conformance suite.
import test from 'ava'
import { drizzle } from 'drizzle-orm/node-postgres'
import knex from 'knex'
import { Kysely, PostgresDialect } from 'kysely'

import { drizzleStore } from '../../docs/recipes/drizzle.js'
import { knexStore } from '../../docs/recipes/knex.js'
import { kyselyStore } from '../../docs/recipes/kysely.js'
import type { CountersignTables } from '../../docs/recipes/kysely.js'
import { postgresStore } from '../../facade/stores/postgres-store.js'
import type { Store } from '../../facade/stores/traits.js'
import { hostTests } from '../../facade/testing/host-tests.js'
import { storeTests } from '../../facade/testing/store-tests.js'
import { dropSchema, newPool, own, postgresFound, postgresUrl } from './engines.js'

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

if (!postgresFound) test.skip('no database is there', () => {})

function recipe(kind: string, makeStore: () => Store): void {
  for (const { name, run } of storeTests) test(`${kind}: ${name}`, (t) => t.notThrowsAsync(run(makeStore)))
  for (const { name, run } of hostTests) test(`${kind}: ${name}`, (t) => t.notThrowsAsync(run(makeStore)))
}
