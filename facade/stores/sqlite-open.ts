import { resolve } from 'node:path'

import { flag, integer, invalid, object, oneOf, optional, text } from '../shared/check.js'
import { SqliteConnection } from './sqlite-connection.js'
import { databaseOpener } from './sqlite-database.js'
import type { OwnDatabase, SqliteDatabase } from './sqlite-database.js'
import { checkPrefix } from './prefix.js'
import { prepareFile } from './sqlite-file.js'
import { SqliteGroups } from './sqlite-groups.js'

export interface SqliteOptions {
  /**
   * For a path: creates the file, the folders above it and the tables if they are missing. Without this, a missing file
   * is refused: on a server that already has users, an empty store in place of a lost volume would mean that nobody has
   * a second factor. Default false.
   */
  create?: boolean
  /** What the names of the tables begin with, at most 40 bytes. Default `countersign_`. */
  prefix?: string
  /**
   * What may be lost when the power fails. `full`: nothing that a call has resolved for. `normal`: the last changes, so
   * that a code which was used just before works again. `off`: the database, which is for tests. Default `full`.
   */
  synchronous?: 'full' | 'normal' | 'off'
  /** How many seconds to wait for a lock of another program, or for a transaction of the host's own. Default 10. */
  lockTimeout?: number
}

/** What a store works with. @internal */
export interface OpenSqlite {
  /** The file, if the store has opened it. */
  own: OwnDatabase | undefined
  connection: SqliteConnection
  groups: SqliteGroups
  prefix: string | undefined
  /** Whether missing tables are made by the first call. */
  create: boolean
}

/** @param inMemory what to use in place of `:memory:` @internal */
export function openSqlite(database: SqliteDatabase | string, options: SqliteOptions, inMemory: string): OpenSqlite {
  const { create = false, prefix, synchronous = 'full', lockTimeout = 10 } = checkOptions(options, 'options')
  const patience = lockTimeout * 1000
  const opened = (handle: SqliteDatabase, own: OwnDatabase | undefined): OpenSqlite => {
    const connection = new SqliteConnection(handle, synchronous, own !== undefined, patience)
    return { own, connection, groups: new SqliteGroups(connection, patience), prefix, create }
  }
  if (typeof database !== 'string') {
    if (!isDatabase(database)) throw invalid('database', 'a path, or a database of node:sqlite, better-sqlite3 or bun:sqlite')
    if (create) throw invalid('options.create', 'left out for a database that is open (call migrate())')
    return opened(database, undefined)
  }
  if (database === ':memory:') throw invalid('database', `the path of a file (${inMemory})`)
  const path = resolve(text(4096)(database, 'database'))
  // First: where nothing can open it, no empty file is left.
  const openDatabase = databaseOpener()
  prepareFile(path, create)
  const own = openDatabase(path)
  return opened(own, own)
}

const checkOptions = object<SqliteOptions>({
  create: optional(flag),
  prefix: optional(checkPrefix),
  synchronous: optional(oneOf('full', 'normal', 'off')),
  lockTimeout: optional(integer(0, 3600)),
})

function isDatabase(value: unknown): value is SqliteDatabase {
  const { exec, prepare } = Object(value) as Partial<SqliteDatabase>
  return typeof exec === 'function' && typeof prepare === 'function'
}
