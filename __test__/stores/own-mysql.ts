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
  })
  test.after.always(async () => {
    await pool.end()
    await drop()
  })
  return pool
}
