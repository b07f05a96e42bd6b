import { conflict, untilNoConflict } from './attempts.js'
import type { AuditPage, AuditStore, PlacedLine } from './audit-store.js'
import { KeyedQueue } from './keyed-queue.js'
import { createMissing } from './postgres-migrate.js'
import { checkPool, rows, rowsUnlessConflict } from './postgres-pool.js'
import type { PostgresPool } from './postgres-pool.js'
import { postgresNames } from './postgres-tables.js'
import type { PostgresNames, PostgresOptions } from './postgres-tables.js'
import { isStorable, storable } from './storable.js'

export interface PostgresAudit extends AuditStore {
  /** Creates the schema and the table if they are missing. Any number of processes may do so at once. */
  migrate(): Promise<void>
}

/**
 * Keeps audit logs in PostgreSQL (13 or newer), for any number of machines. `append` is two statements: the second one
 * takes effect only if no other line was added in between, else it starts again.
 *
 * Give the server's role `SELECT` and `INSERT` on the table, and nothing else: then it can't change the log, either.
 *
 * @param pool the host's own pool. It must connect to the primary, not to a replica
 * @param options `schema`, `prefix` and `prepare`, as for `postgresStore`
 * @throws CountersignError `invalid-argument` for text that PostgreSQL can't store, `store-busy` if other calls added lines
 *   at each of 40 attempts
 * @example
 * const store = postgresAudit(new Pool({ connectionString }))
 * await store.migrate()
 */
export function postgresAudit(pool: PostgresPool, options: PostgresOptions = {}): PostgresAudit {
  const names = postgresNames(options)
  return new Postgres(checkPool(pool, names), names, postgresAuditTable(options))
}

/** The table in plain SQL, for those whose own tool makes it; `migrate()` does the same. */
export function postgresAuditTable(options?: PostgresOptions): string {
  return `CREATE TABLE IF NOT EXISTS ${postgresNames(options).audit} (
  "user" text COLLATE "C",
  place bigint,
  line text NOT NULL,
  PRIMARY KEY ("user", place)
);
`
}

class Postgres implements PostgresAudit {
  readonly #pool: PostgresPool
  readonly #names: PostgresNames
  readonly #table: string
  readonly #queue = new KeyedQueue(Infinity)

  constructor(pool: PostgresPool, names: PostgresNames, table: string) {
    this.#pool = pool
    this.#names = names
    this.#table = table
  }

  async migrate(): Promise<void> {
    const { schema, audit } = this.#names
    await createMissing(this.#pool, { schema, tables: [audit], sql: this.#table })
  }

  async append(user: string, line: (last: string | undefined) => string): Promise<void> {
    storable(user, 'user')
    const { audit } = this.#names
    // Another one has taken the place: no row comes back, and nothing was written.
    const insert = `INSERT INTO ${audit} ("user", place, line) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1`
    await this.#queue.run(user, () => untilNoConflict(async () => {
      const [last] = await this.read(user, { limit: 1 })
      const values = [user, (last?.place ?? 0) + 1, storable(line(last?.line), 'line')]
      const written = await rowsUnlessConflict(this.#pool, insert, values)
      return written === conflict || written.length === 0 ? conflict : undefined
    }))
  }

  async read(user: string, { before, limit }: AuditPage): Promise<PlacedLine[]> {
    if (!isStorable(user)) return []
    const sql = `
      SELECT place::text AS number, line FROM ${this.#names.audit}
      WHERE "user" = $1 AND ($2::bigint IS NULL OR place < $2::bigint) ORDER BY place DESC LIMIT $3`
    const found = await rows(this.#pool, sql, [user, before ?? null, limit])
    return found.map(({ number, line }) => ({ place: Number(number), line: String(line) }))
  }
}
