import { createMissing } from './postgres-migrate.js'
import { checkPool, rows } from './postgres-pool.js'
import type { PostgresPool, PostgresRow } from './postgres-pool.js'
import { postgresNames } from './postgres-tables.js'
import type { PostgresNames, PostgresOptions } from './postgres-tables.js'
import type { SessionStore, StoredSession } from './session-store.js'
import { isStorable, storable } from './storable.js'

export interface PostgresSessions extends SessionStore {
  /** Creates the schema and the table if they are missing. Any number of processes may do so at once. */
  migrate(): Promise<void>
}

/**
 * Keeps sessions in PostgreSQL (13 or newer), for any number of machines. Each method is one statement.
 *
 * @param pool the host's own pool. It must connect to the primary, not to a replica. Errors of its driver are thrown as
 *   they are
 * @param options schema and prefix of the table, as for `postgresStore`
 * @throws CountersignError `invalid-argument` for text that PostgreSQL can't store, `store-busy` if other statements got
 *   in the way at each of 40 attempts
 * @example
 * const store = postgresSessions(new Pool({ connectionString }))
 * await store.migrate()
 */
export function postgresSessions(pool: PostgresPool, options: PostgresOptions = {}): PostgresSessions {
  return new Postgres(checkPool(pool), postgresNames(options), postgresSessionTables(options))
}

/** The table in plain SQL, for those whose own tool makes it; `migrate()` does the same. */
export function postgresSessionTables(options?: PostgresOptions): string {
  const { sessions, sessionExpiry, sessionUsers } = postgresNames(options)
  return `CREATE TABLE IF NOT EXISTS ${sessions} (
  key text COLLATE "C" PRIMARY KEY,
  "user" text COLLATE "C" NOT NULL,
  data text NOT NULL,
  expires bigint NOT NULL -- epoch milliseconds
);
CREATE INDEX IF NOT EXISTS ${sessionExpiry} ON ${sessions} (expires);
CREATE INDEX IF NOT EXISTS ${sessionUsers} ON ${sessions} ("user");
`
}

/** One new session in 16 takes this many expired ones away: more than are ever added meanwhile. */
const sweepSize = 64
const sweepOdds = 1 / 16

class Postgres implements PostgresSessions {
  readonly #pool: PostgresPool
  readonly #names: PostgresNames
  readonly #tables: string

  constructor(pool: PostgresPool, names: PostgresNames, tables: string) {
    this.#pool = pool
    this.#names = names
    this.#tables = tables
  }

  async migrate(): Promise<void> {
    const { schema, sessions } = this.#names
    await createMissing(this.#pool, { schema, tables: [sessions], sql: this.#tables })
  }

  async create({ key, user, data, expires }: StoredSession): Promise<void> {
    const { sessions } = this.#names
    const texts = Object.entries({ key, user, data }).map(([name, value]) => storable(value, name))
    // By the database's own clock, also inside a host's transaction.
    const clock = '(extract(epoch FROM statement_timestamp()) * 1000)::bigint'
    await rows(
      this.#pool,
      `WITH swept AS (
        DELETE FROM ${sessions} WHERE key IN (
          SELECT key FROM ${sessions} WHERE expires <= ${clock} ORDER BY expires LIMIT $5 FOR UPDATE SKIP LOCKED)
      )
      INSERT INTO ${sessions} (key, "user", data, expires) VALUES ($1, $2, $3, $4)`,
      [...texts, expires, Math.random() < sweepOdds ? sweepSize : 0],
    )
  }

  async read(key: string): Promise<StoredSession | undefined> {
    // A key may come from outside.
    if (!isStorable(key)) return undefined
    const [row] = await rows(this.#pool, `${this.#select} WHERE key = $1`, [key])
    return row && sessionOf(row)
  }

  async replace({ key, data, expires }: StoredSession, before: string): Promise<boolean> {
    const sql = `UPDATE ${this.#names.sessions} SET data = $3, expires = $4 WHERE key = $1 AND data = $2 RETURNING 1`
    return (await rows(this.#pool, sql, [storable(key, 'key'), before, storable(data, 'data'), expires])).length > 0
  }

  async delete(key: string): Promise<void> {
    if (isStorable(key)) await rows(this.#pool, `DELETE FROM ${this.#names.sessions} WHERE key = $1`, [key])
  }

  async list(user: string): Promise<StoredSession[]> {
    return (await rows(this.#pool, `${this.#select} WHERE "user" = $1`, [storable(user, 'user')])).map(sessionOf)
  }

  async deleteAll(user: string, except = ''): Promise<void> {
    const sql = `DELETE FROM ${this.#names.sessions} WHERE "user" = $1 AND key <> $2`
    await rows(this.#pool, sql, [storable(user, 'user'), storable(except, 'except')])
  }

  get #select(): string {
    // As text: a host may have told its driver to read bigint in its own way.
    return `SELECT key, "user", data, expires::text AS expires FROM ${this.#names.sessions}`
  }
}

function sessionOf({ key, user, data, expires }: PostgresRow): StoredSession {
  return { key: String(key), user: String(user), data: String(data), expires: Number(expires) }
}
