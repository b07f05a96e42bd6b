// Four processes, each with connections of its own, against one record: 200 rounds of each race.
import test from 'ava'

import { mysqlStore } from '../../facade/stores/mysql-store.js'
import { postgresStore } from '../../facade/stores/postgres-store.js'
import { redisStore } from '../../facade/stores/redis-store.js'
import type { Store } from '../../facade/stores/traits.js'
import { fewer, longer } from '../helpers/emulated.js'
import { own, postgresFound, redisFound } from './engines.js'
import { mysqlFound } from './mysql.js'
import { ownPostgres, ownRedis } from './own-databases.js'
import { ownMysql } from './own-mysql.js'
import { Arena, races } from './races.js'

const rounds = Number(process.env.RACE_ROUNDS ?? fewer(200))

if (postgresFound) {
  const pool = ownPostgres()
  test.before(() => postgresStore(pool, { schema: own }).migrate())
  runAll('postgres', postgresStore(pool, { schema: own }))
}

if (redisFound) {
  const client = ownRedis()
  runAll('redis', redisStore(client, { prefix: own }))
}

if (mysqlFound) {
  const pool = ownMysql()
  runAll('mysql', mysqlStore(pool))
}

if (!postgresFound && !redisFound && !mysqlFound) test.skip('no database is there', () => {})

function runAll(engine: string, store: Store): void {
  for (const { name, round } of races) {
    test.serial(`${engine}: ${name}`, async (t) => {
      t.timeout(longer(600_000))
      const arena = await Arena.open(engine, own, store)
      try {
        for (let count = 0; count < rounds; count += 1) await t.notThrowsAsync(round(arena))
      } finally {
        await arena.close()
      }
    })
  }
}
