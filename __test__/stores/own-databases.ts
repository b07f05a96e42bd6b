// The databases of one test file: they are ready when its tests begin, and gone when they have ended.
import test from 'ava'
import type { Redis } from 'ioredis'
import type { Pool } from 'pg'

import { deleteKeys, dropSchema, newPool, newRedis, own } from './engines.js'

/** A pool; the schema `own` is dropped at the end. */
export function ownPostgres(): Pool {
  const pool = newPool()
  test.after.always(async () => {
    await dropSchema(own)
    await pool.end()
  })
  return pool
}

/** A client; the keys that begin with `own` are deleted at the end. */
export function ownRedis(): Redis {
  const client = newRedis()
  test.after.always(async () => {
    await deleteKeys(own)
    client.disconnect()
  })
  return client
}
