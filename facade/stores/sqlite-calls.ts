import { CountersignError } from '../shared/errors.js'
import type { SqliteConnection } from './sqlite-connection.js'
import type { OpenSqlite } from './sqlite-open.js'

/** What a store has in its database. */
export interface SqliteContents {
  /** The statements that create the tables. */
  tables: string
  /** One of them, as `sqlite_schema` has its name: where it is, all are. */
  table: string
  /** Says that they are missing. */
  missing: string
  /** Inside a turn, once the tables are there: throws if they are not of the version that the code knows. */
  check?(connection: SqliteConnection): void
}

/** Calls that wait at once, in this process: more would only take memory, and be answered when nobody waits for them. */
const mostCalls = 16_384

/** The calls of a store: none before the tables are there, and none that `close` does not wait for. */
export class SqliteCalls {
  readonly #sqlite: OpenSqlite
  readonly #contents: SqliteContents
  /** The calls that are not answered yet. */
  readonly #open = new Set<Promise<unknown>>()
  /** Whether the tables were there once. */
  #seen = false
  #created: Promise<void> | undefined
  #closed: Promise<void> | undefined

  constructor(sqlite: OpenSqlite, contents: SqliteContents) {
    this.#sqlite = sqlite
    this.#contents = contents
  }

  /** Creates the tables that are missing. */
  migrate(): Promise<void> {
    const { connection, groups } = this.#sqlite
    const { tables, check } = this.#contents
    return groups.run(() => {
      if (this.#hasTables()) check?.(connection)
      connection.exec(tables)
    })
  }

  /** A statement that only reads. */
  rows(sql: string, ...values: string[]): Promise<Record<string, unknown>[]> {
    const { connection } = this.#sqlite
    return this.#call(() => connection.untilFree(() => this.#checked(() => connection.rows(sql, ...values))))
  }

  /** Work in a transaction, together with that of other calls: see `SqliteGroups.run`. */
  change<T>(work: () => T): Promise<T> {
    return this.#call(() => this.#sqlite.groups.run(() => this.#checked(work)))
  }

  /** Work on the whole file, whatever its tables are. */
  whole(work: () => void): Promise<void> {
    return this.#call(() => this.#sqlite.connection.untilFree(work))
  }

  /** Waits for the calls that are open, and closes the file, unless it is the host's. A second call waits for the first. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close())
  }

  async #close(): Promise<void> {
    while (this.#open.size > 0) await Promise.allSettled(this.#open)
    await this.#sqlite.groups.idle()
    this.#sqlite.own?.close()
  }

  /** What `close` waits for, from the moment of the call. */
  #call<T>(work: () => Promise<T>): Promise<T> {
    if (this.#open.size >= mostCalls) {
      return Promise.reject(new CountersignError('store-busy', { detail: `${mostCalls} calls are waiting already; nothing was written` }))
    }
    const call = (async () => {
      await this.#ready()
      return work()
    })()
    this.#open.add(call)
    const forget = (): void => void this.#open.delete(call)
    call.then(forget, forget)
    return call
  }

  /** Of many calls the first ones share the work; what fails is tried again by the next. */
  #ready(): Promise<void> | undefined {
    if (!this.#sqlite.create) return undefined
    this.#created ??= this.migrate().catch((error: unknown) => {
      this.#created = undefined
      throw error
    })
    return this.#created
  }

  /** Another process may have changed the tables while this one runs: asked each time, which takes a microsecond. */
  #checked<T>(work: () => T): T {
    this.#seen ||= this.#hasTables()
    if (!this.#seen) throw new CountersignError('store-failed', { detail: this.#contents.missing })
    this.#contents.check?.(this.#sqlite.connection)
    return work()
  }

  #hasTables(): boolean {
    const sql = "SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = ?"
    return this.#sqlite.connection.rows(sql, this.#contents.table).length > 0
  }
}
