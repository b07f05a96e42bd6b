// A store on MySQL 8 or MariaDB 10.5 with mysql2. Ids are bytes, for MySQL's collations hold different texts for equal,
// with `utf8mb4_bin` too: `ann` and `ann ` (a space behind).
import type { Store } from 'countersign/stores'
import type { Pool, PoolConnection, RowDataPacket } from 'mysql2/promise'

export const mysqlTables = [
  `CREATE TABLE IF NOT EXISTS countersign_records (
    user VARBINARY(256) PRIMARY KEY,
    record LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    handle VARBINARY(256) UNIQUE
  ) ENGINE = InnoDB`,
  `CREATE TABLE IF NOT EXISTS countersign_claims (
    claim VARBINARY(128) PRIMARY KEY,
    user VARBINARY(256) NOT NULL,
    FOREIGN KEY (user) REFERENCES countersign_records (user) ON DELETE CASCADE
  ) ENGINE = InnoDB`,
  `CREATE TABLE IF NOT EXISTS countersign_challenges (
    \`key\` VARBINARY(256) NOT NULL,
    id VARBINARY(256) NOT NULL,
    purpose VARBINARY(256) NOT NULL,
    data LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    expires BIGINT NOT NULL,
    place BIGINT AUTO_INCREMENT UNIQUE,
    PRIMARY KEY (\`key\`, id),
    INDEX (expires)
  ) ENGINE = InnoDB`,
]

/** @param pool made with `charset: 'utf8mb4'`, which is the default of mysql2 */
export function mysqlStore(pool: Pool): Store {
  return {
    async read(user) {
      const [row] = await rows(pool, 'SELECT record FROM countersign_records WHERE user = ?', [bytes(user)])
      return row?.record
    },

    update(user, change) {
      return transaction(pool, async (connection) => {
        const key = bytes(user)
        const locked = 'SELECT record FROM countersign_records WHERE user = ? FOR UPDATE'
        const [before] = await rows(connection, locked, [key])
        const { record, handle, claims, value } = change(before?.record)
        if (record === null) {
          await connection.query('DELETE FROM countersign_records WHERE user = ?', [key])
        } else if (record !== undefined) {
          const values = [record, handle === undefined ? null : bytes(handle), key]
          const sql = before
            ? 'UPDATE countersign_records SET record = ?, handle = ? WHERE user = ?'
            : 'INSERT INTO countersign_records (record, handle, user) VALUES (?, ?, ?)'
          await connection.query(sql, values)
          if (claims) await keepClaims(connection, key, claims)
        }
        return value
      })
    },

    async owner(handle) {
      const sql = `SELECT user FROM countersign_records WHERE handle = ?
        UNION ALL SELECT user FROM countersign_claims WHERE claim = ? LIMIT 1`
      const [row] = await rows(pool, sql, [bytes(handle), bytes(handle)])
      return row?.user.toString()
    },

    async *users() {
      for (let last = Buffer.alloc(0); ; ) {
        const sql = 'SELECT user FROM countersign_records WHERE user > ? ORDER BY user LIMIT 1000'
        const page = await rows(pool, sql, [last])
        for (const { user } of page) yield (last = user).toString()
        if (page.length < 1000) return
      }
    },

    put(key, { id, purpose, data, expires }) {
      return transaction(pool, async (connection) => {
        const values = [bytes(key), bytes(id), bytes(purpose), data, expires]
        // A new row, so that it gets a new place: the highest is the youngest.
        const put = 'REPLACE INTO countersign_challenges (`key`, id, purpose, data, expires) VALUES (?)'
        await connection.query(put, [values])
        const same = 'FROM countersign_challenges WHERE `key` = ? AND purpose = ?'
        const sql = `SELECT place ${same} ORDER BY place DESC LIMIT 7, 1`
        const [eighth] = await rows(connection, sql, [values[0], values[2]])
        if (eighth) await connection.query(`DELETE ${same} AND place < ?`, [values[0], values[2], eighth.place])
        await connection.query('DELETE FROM countersign_challenges WHERE expires < ? LIMIT 20', [Date.now()])
      })
    },

    take(key, id, now) {
      return transaction(pool, async (connection) => {
        const mine = 'FROM countersign_challenges WHERE `key` = ? AND id = ?'
        const values = [bytes(key), bytes(id)]
        const open = [...values, Math.max(now, Date.now())]
        const [row] = await rows(connection, `SELECT data ${mine} AND expires > ? FOR UPDATE`, open)
        if (row) await connection.query(`DELETE ${mine}`, values)
        return row?.data
      })
    },

    clear(key) {
      return transaction(pool, async (connection) => {
        await connection.query('DELETE FROM countersign_challenges WHERE `key` = ?', [bytes(key)])
      })
    },

    async sharedKey(fresh) {
      const row = ['', 'shared-key', 'shared-key', fresh, Number.MAX_SAFE_INTEGER]
      const insert = 'INSERT IGNORE INTO countersign_challenges (`key`, id, purpose, data, expires) VALUES (?)'
      await transaction(pool, (connection) => connection.query(insert, [row]))
      const kept = "SELECT data FROM countersign_challenges WHERE `key` = '' AND id = 'shared-key'"
      return (await rows(pool, kept, []))[0]!.data
    },
  }
}

async function keepClaims(connection: PoolConnection, user: Buffer, claims: readonly string[]): Promise<void> {
  const mine = await rows(connection, 'SELECT claim FROM countersign_claims WHERE user = ?', [user])
  const held = mine.map(({ claim }) => String(claim))
  for (const claim of held.filter((one) => !claims.includes(one))) {
    await connection.query('DELETE FROM countersign_claims WHERE claim = ? AND user = ?', [bytes(claim), user])
  }
  try {
    for (const claim of claims.filter((one) => !held.includes(one)).toSorted()) {
      await connection.query('INSERT INTO countersign_claims (claim, user) VALUES (?, ?)', [bytes(claim), user])
    }
  } catch (error) {
    // Another user's: the transaction is rolled back.
    if ((error as { code?: unknown }).code !== 'ER_DUP_ENTRY') throw error
    throw Object.assign(new Error('claim taken'), { code: 'claim-taken' })
  }
}

/** InnoDB ends one of two transactions that wait for each other, as two do that insert the same row: it begins anew. */
async function transaction<T>(pool: Pool, work: (connection: PoolConnection) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const connection = await pool.getConnection()
    try {
      await connection.beginTransaction()
      const value = await work(connection)
      await connection.commit()
      return value
    } catch (error) {
      await connection.rollback().catch(() => connection.destroy())
      if ((error as { code?: unknown }).code !== 'ER_LOCK_DEADLOCK' || attempt === 50) throw error
    } finally {
      connection.release()
    }
  }
}

async function rows(on: Pool | PoolConnection, sql: string, values: unknown[]): Promise<RowDataPacket[]> {
  return (await on.query<RowDataPacket[]>(sql, values))[0]
}

function bytes(text: string): Buffer {
  return Buffer.from(text)
}
