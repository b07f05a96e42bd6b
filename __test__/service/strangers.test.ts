// Anyone may ask for the challenge of a sign-in without a user name: what that leaves behind, counted in the stores.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import { directoryStore, tfaConfigStore } from '../../facade/stores/index.js'
import type { Store } from '../../facade/stores/index.js'
import { mysqlStore } from '../../facade/stores/mysql-store.js'
import { postgresStore } from '../../facade/stores/postgres-store.js'
import { redisStore } from '../../facade/stores/redis-store.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { temporaryDirectory } from '../helpers/directories.js'
import { Fixture, origin } from '../helpers/service.js'
import { own, postgresFound, redisFound } from '../stores/engines.js'
import { mysqlFound } from '../stores/mysql.js'
import { ownPostgres, ownRedis } from '../stores/own-databases.js'
import { ownMysql } from '../stores/own-mysql.js'

/** A store, and how many files, keys or rows it has. */
interface Counted {
  store: Store
  count: () => Promise<number>
}

const stores: Record<string, () => Promise<Counted>> = {
  directory: async () => {
    const path = temporaryDirectory()
    return { store: directoryStore(path), count: async () => readdirSync(path, { recursive: true }).length }
  },
  'tfa.cfg': async () => {
    const path = temporaryDirectory()
    const store = tfaConfigStore(join(path, 'tfa.cfg'), { create: true })
    return { store, count: async () => readdirSync(path, { recursive: true }).length }
  },
}

if (postgresFound) {
  const pool = ownPostgres()
  stores.postgres = async () => {
    const store = postgresStore(pool, { schema: own })
    await store.migrate()
    const sql = `SELECT (SELECT count(*) FROM "${own}".countersign_records)
      + (SELECT count(*) FROM "${own}".countersign_challenges) AS count`
    return { store, count: async () => Number((await pool.query(sql)).rows[0].count) }
  }
}

if (redisFound) {
  const client = ownRedis()
  stores.redis = async () => {
    const count = async () => (await client.keys(`${own}*`)).length
    return { store: redisStore(client, { prefix: own }), count }
  }
}

if (mysqlFound) {
  const pool = ownMysql()
  stores.mysql = async () => {
    const sql = 'SELECT (SELECT count(*) FROM countersign_records) + (SELECT count(*) FROM countersign_challenges) AS count'
    const count = async () => Number(((await pool.query(sql)) as unknown as [{ count: number }[]])[0][0]?.count)
    return { store: mysqlStore(pool), count }
  }
}

for (const [name, make] of Object.entries(stores)) {
  test.serial(`${name}: a flood of challenges and wrong answers leaves nothing behind`, async (t) => {
    const { store, count } = await make()
    const { service } = await Fixture.open(store)
    const key = new TestAuthenticator({ userVerified: true })
    const creation = await service.beginWebauthn('ann', { name: 'ann', displayName: 'Ann', use: 'passkey' })
    const enrolment = { response: key.create(creation, { origin }), description: 'passkey' }
    t.true((await service.finishWebauthn('ann', enrolment)).ok)
    // The store's own key, once for all.
    const { webauthn } = await service.challenge()
    const before = await count()
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          const { webauthn: asked } = await service.challenge({ session: `stranger ${round}` })
          const answer = { type: 'webauthn', response: key.get(asked, { origin }) }
          t.false((await service.verifyPasskey(answer)).ok)
        }),
      )
    }
    t.is(await count(), before)
    t.true((await service.verifyPasskey({ type: 'webauthn', response: key.get(webauthn, { origin }) })).ok)
    t.is(await count(), before)
  })
}
