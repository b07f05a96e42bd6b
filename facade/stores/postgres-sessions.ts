import { createMissing } from './postgres-migrate.js'
import { checkPool, rows } from './postgres-pool.js'
import type { PostgresPool, PostgresRow } from './postgres-pool.js'
import { clock, sweepOdds, sweepSize } from './postgres-statements.js'
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
 * @param options `schema`, `prefix` and `prepare`, as for `postgresStore`
 * @throws CountersignError `invalid-argument` for text that PostgreSQL can't store, `store-busy` if other statements got
 *   in the way at each of 40 attempts
 * @example
 * const store = postgresSessions(new Pool({ connectionString }))
 * await store.migrate()
 */
export function postgresSessions(pool: PostgresPool, options: PostgresOptions = {}): PostgresSessions {
  const names = postgresNames(options)
  return new Postgres(checkPool(pool, names), names, postgresSessionTables(options))
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

function statements({ sessions }: PostgresNames) {
  // As text: a host may have told its driver to read bigint in its own way.
  const select = `SELECT key, "user", data, expires::text AS expires FROM ${sessions}`
  // The count is of before: a statement doesn't see its own row.
  const create = `
      INSERT INTO ${sessions} (key, "user", data, expires) VALUES ($1, $2, $3, $4)
      RETURNING (SELECT count(*) FROM ${sessions} AS other WHERE other."user" = $2)::text AS others`
  return {
    create,
    createAndSweep: `
      WITH swept AS (
        DELETE FROM ${sessions} WHERE key IN (
          SELECT key FROM ${sessions} WHERE expires <= ${clock} ORDER BY expires LIMIT ${sweepSize} FOR UPDATE SKIP LOCKED)
      )${create}`,
    read: `${select} WHERE key = $1`,
    replace: `UPDATE ${sessions} SET data = $3, expires = $4 WHERE key = $1 AND data = $2 RETURNING 1`,
    delete: `DELETE FROM ${sessions} WHERE key = $1`,
    list: `${select} WHERE "user" = $1`,
    deleteAll: `DELETE FROM ${sessions} WHERE "user" = $1 AND key <> $2`,
  }
}

class Postgres implements PostgresSessions {
  readonly #pool: PostgresPool
  readonly #names: PostgresNames
  readonly #tables: string
  readonly #sql: ReturnType<typeof statements>

  constructor(pool: PostgresPool, names: PostgresNames, tables: string) {
    this.#pool = pool
    this.#names = names
    this.#tables = tables
    this.#sql = statements(names)
  }

  async migrate(): Promise<void> {
    const { schema, sessions } = this.#names
    await createMissing(this.#pool, { schema, tables: [sessions], sql: this.#tables })
  }

  async create({ key, user, data, expires }: StoredSession): Promise<{ sessions: number }> {
    const texts = Object.entries({ key, user, data }).map(([name, value]) => storable(value, name))
    const sql = Math.random() < sweepOdds ? this.#sql.createAndSweep : this.#sql.create
    const [row] = await rows(this.#pool, sql, [...texts, expires])
    return { sessions: Number(row!.others) + 1 }
  }

  async read(key: string): Promise<StoredSession | undefined> {
    // A key may come from outside.
    if (!isStorable(key)) return undefined
    const [row] = await rows(this.#pool, this.#sql.read, [key])
    return row && sessionOf(row)
  }

  async replace({ key, data, expires }: StoredSession, before: string): Promise<boolean> {
    const values = [storable(key, 'key'), before, storable(data, 'data'), expires]
    return (await rows(this.#pool, this.#sql.replace, values)).length > 0
  }

  async delete(key: string): Promise<void> {
    if (isStorable(key)) await rows(this.#pool, this.#sql.delete, [key])
  }

  async list(user: string): Promise<StoredSession[]> {
    return (await rows(this.#pool, this.#sql.list, [storable(user, 'user')])).map(sessionOf)
  }

  async deleteAll(user: string, except = ''): Promise<void> {
    await rows(this.#pool, this.#sql.deleteAll, [storable(user, 'user'), storable(except, 'except')])
  }
}

function sessionOf({ key, user, data, expires }: PostgresRow): StoredSession {
  return { key: String(key), user: String(user), data: String(data), expires: Number(expires) }
}
