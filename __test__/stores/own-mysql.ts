// The MySQL database of one test file. Apart from the others, since to import it is to look for a server.
import test from 'ava'
import type { Pool } from 'mysql2/promise'

import { mysqlStore } from '../../facade/stores/mysql-store.js'
import { own } from './engines.js'
import { newMysql, newMysqlDatabase } from './mysql.js'

/** A pool on a database with the tables of `mysqlStore`. */
export function ownMysql(): Pool {
  let drop = async () => {}
  const pool = newMysql({ database: own })
  test.before(async () => {
    drop = await newMysqlDatabase(own)
    await mysqlStore(pool).migrate()
    await connect(pool)
  })
  test.after.always(async () => {
    await pool.end()
    await drop()
  })
  return pool
}

/** All connections of a pool: a server gives up on one that is not made within ten seconds, for which many tests at once may keep the loop. */
async function connect(pool: Pool): Promise<void> {
  const { connectionLimit = 10 } = pool.pool.config as { connectionLimit?: number }
  const connections = await Promise.all(Array.from({ length: connectionLimit }, () => pool.getConnection()))
  for (const connection of connections) connection.release()
}
