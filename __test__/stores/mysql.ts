// The MySQL or MariaDB that the tests use, where there is one.
import { createPool } from 'mysql2/promise'
import type { Pool, PoolOptions } from 'mysql2/promise'

import { longer } from '../helpers/emulated.js'
import { found } from './engines.js'

export const mysql = { host: '127.0.0.1', port: 3306, user: 'root', database: 'test', connectTimeout: longer(10_000) }

const connect = async () => {
  const pool = createPool(mysql)
  await pool.query('SELECT 1').finally(() => pool.end())
}

export const mysqlFound = await found('MySQL or MariaDB', '127.0.0.1:3306', connect, true)

/** A pool; `statements` run on each connection before anything else. */
export function newMysql(options: PoolOptions = {}, statements: string[] = []): Pool {
  const pool = createPool({ ...mysql, ...options })
  pool.pool.on('connection', (connection) => statements.forEach((sql) => connection.query(sql)))
  return pool
}

/** Makes a database of its own, and a function that removes it. */
export async function newMysqlDatabase(name: string): Promise<() => Promise<void>> {
  const admin = newMysql()
  await admin.query(`CREATE DATABASE ${name}`)
  return async () => {
    await admin.query(`DROP DATABASE ${name}`)
    await admin.end()
  }
}
