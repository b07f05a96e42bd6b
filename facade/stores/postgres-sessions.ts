import { CountersignError } from '../shared/errors.js'
import { createMissing } from './postgres-migrate.js'
import { rows } from './postgres-pool.js'
import type { PostgresPool, PostgresRow } from './postgres-pool.js'
import { columnsOf, sharedChange, sharedPool, sharedSearch } from './postgres-shared.js'
import type { SharedPool } from './postgres-shared.js'
import { clock, sweepOdds, sweepSize } from './postgres-statements.js'
import { postgresNames } from './postgres-tables.js'
import type { PostgresNames, PostgresOptions } from './postgres-tables.js'
import type { SessionStore, StoredSession } from './session-store.js'
import { SharedStatement } from './shared-statement.js'
import type { Values } from './shared-statement.js'
import { isStorable, storable } from './storable.js'

export interface PostgresSessions extends SessionStore {
  /** Creates the schema and the table if they are missing. Any number of processes may do so at once. */
  migrate(): Promise<void>
}

/**
 * Keeps sessions in PostgreSQL (13 or newer), for any number of machines. Each method is one statement, and calls of one turn
 * of the event loop share some of them.
 *
 * @param pool the host's own pool. It must connect to the primary, not to a replica. Errors of its driver are thrown as
 *   they are, but for one of a statement that several calls shared: it has the message and `code`
 * @param options `schema`, `prefix` and `prepare`, as for `postgresStore`
 * @throws CountersignError `invalid-argument` for text that PostgreSQL can't store, `store-busy` if other statements got
 *   in the way at each of 40 attempts
 * @example
 * const store = postgresSessions(new Pool({ connectionString }))
 * await store.migrate()
 */
export function postgresSessions(pool: PostgresPool, options: PostgresOptions = {}): PostgresSessions {
  const names = postgresNames(options)
  return new Postgres(sharedPool(pool, names), names, postgresSessionTables(options))
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
  const select = `SELECT key AS asked, "user", data, expires::text AS expires FROM ${sessions}`
  // The count is of before: a statement doesn't see its own rows.
  const create = (what: string) => `
      INSERT INTO ${sessions} AS made (key, "user", data, expires) ${what}
      RETURNING key, (SELECT count(*) FROM ${sessions} AS other WHERE other."user" = made."user")::text AS others`
  const swept = `
      WITH swept AS (
        DELETE FROM ${sessions} WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM ${sessions} WHERE expires <= ${clock} ORDER BY expires LIMIT $5 FOR UPDATE SKIP LOCKED))
      )`
  const one = create('VALUES ($1, $2, $3, $4)')
  const many = create('SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])')
  return {
    create: { one, many },
    createAndSweep: { one: swept + one, many: swept + many },
    read: { one: `${select} WHERE key = $1`, many: `${select} WHERE key = ANY ($1::text[])` },
    // As with records: what somebody else has locked is left out.
    replaceMany: `
      WITH given AS (
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) WITH ORDINALITY AS given (key, before, data, expires, call)
      ), free AS (
        SELECT given.* FROM ${sessions} AS mine JOIN given ON mine.key = given.key AND mine.data = given.before
        WHERE mine.key = ANY ($1) FOR NO KEY UPDATE OF mine SKIP LOCKED
      )
      UPDATE ${sessions} AS mine SET data = free.data, expires = free.expires
      FROM free WHERE mine.key = ANY ($1) AND mine.key = free.key AND mine.data = free.before RETURNING free.call`,
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
  readonly #creations: SharedStatement<number | undefined>
  readonly #sessions: SharedStatement<PostgresRow | undefined>
  readonly #replacements: SharedStatement<boolean>

  constructor(shared: SharedPool, names: PostgresNames, tables: string) {
    this.#pool = shared.pool
    this.#names = names
    this.#tables = tables
    this.#sql = statements(names)
    const { read, replace, replaceMany } = this.#sql
    const creations = {
      one: async (values: Values) => (await this.#create('one', [values], values))[0],
      many: (calls: Values[]) => this.#create('many', calls, columnsOf(calls)),
    }
    this.#creations = new SharedStatement(creations, shared.isShared)
    this.#sessions = sharedSearch(shared, read)
    this.#replacements = sharedChange(shared, replaceMany, async (values) => (await rows(shared.pool, replace, [...values])).length > 0)
  }

  async migrate(): Promise<void> {
    const { schema, sessions } = this.#names
    await createMissing(this.#pool, { schema, tables: [sessions], sql: this.#tables })
  }

  async create({ key, user, data, expires }: StoredSession): Promise<{ sessions: number }> {
    const texts = Object.entries({ key, user, data }).map(([name, value]) => storable(value, name))
    const count = await this.#creations.run([...texts, expires])
    // A trigger of the host's may have taken it.
    if (count === undefined) throw new CountersignError('store-failed', { detail: 'the session was not stored' })
    return { sessions: count }
  }

  async read(key: string): Promise<StoredSession | undefined> {
    // A key may come from outside.
    if (!isStorable(key)) return undefined
    const row = await this.#sessions.run([key])
    return row && sessionOf(row)
  }

  async replace({ key, data, expires }: StoredSession, before: string): Promise<boolean> {
    return this.#replacements.run([storable(key, 'key'), before, storable(data, 'data'), expires])
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

  /** @returns for each how many sessions its user has now, at least; nothing for what is not stored */
  async #create(how: 'one' | 'many', calls: Values[], values: Values): Promise<(number | undefined)[]> {
    const sweeps = calls.filter(() => Math.random() < sweepOdds).length
    const made = await (sweeps > 0
      ? rows(this.#pool, this.#sql.createAndSweep[how], [...values, sweeps * sweepSize])
      : rows(this.#pool, this.#sql.create[how], [...values]))
    const others = new Map(made.map((row) => [row.key, Number(row.others)]))
    return calls.map(([key, user]) => {
      const before = others.get(key)
      return before === undefined ? undefined : before + calls.filter((call) => call[1] === user).length
    })
  }
}

function sessionOf({ asked, user, data, expires }: PostgresRow): StoredSession {
  return { key: String(asked), user: String(user), data: String(data), expires: Number(expires) }
}
