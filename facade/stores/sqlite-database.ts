import { createRequire } from 'node:module'

import { CountersignError } from '../shared/errors.js'
import { loadPeer } from '../shared/peer.js'

/** What the store needs from a prepared statement. */
export interface SqliteStatement {
  all(...values: (string | number | null)[]): unknown[]
  run(...values: (string | number | null)[]): unknown
}

/** What the store needs from a database. `DatabaseSync` of `node:sqlite` and `Database` of `better-sqlite3` and `bun:sqlite` have it. */
export interface SqliteDatabase {
  exec(sql: string): unknown
  prepare(sql: string): SqliteStatement
  /** Of `better-sqlite3` and `bun:sqlite`: whether a transaction is open. */
  readonly inTransaction?: boolean
  /** Of `node:sqlite`, since Node 22.16. */
  readonly isTransaction?: boolean
}

/** A database that the store has opened itself. */
export interface OwnDatabase extends SqliteDatabase {
  close(): void
}

interface NodeSqlite {
  DatabaseSync: new (path: string) => OwnDatabase
}
interface BunSqlite {
  Database: new (path: string, options: object) => OwnDatabase
}
type BetterSqlite3 = new (path: string, options: object) => OwnDatabase

/**
 * What opens a database file that is there, with what the runtime has: `bun:sqlite`, `node:sqlite`, or else the package
 * `better-sqlite3`. It throws `store-failed` when the file can't be opened.
 *
 * @throws CountersignError `not-supported` when there is none of them
 */
export function databaseOpener(): (path: string) => OwnDatabase {
  const open = driver()
  return (path) => {
    try {
      return open(path)
    } catch (cause) {
      throw new CountersignError('store-failed', { cause })
    }
  }
}

function driver(): (path: string) => OwnDatabase {
  const require = createRequire(import.meta.url)
  if (process.versions['bun'] !== undefined) {
    const { Database } = require('bun:sqlite') as BunSqlite
    return (path) => new Database(path, { readwrite: true, create: false })
  }
  // Before 22.13, Node only has it behind a flag.
  const builtin = (process as { getBuiltinModule?(id: string): unknown }).getBuiltinModule?.('node:sqlite')
  if (builtin !== undefined) return (path) => new (builtin as NodeSqlite).DatabaseSync(path)
  const needs = 'a path needs Node 22.13 or newer (node:sqlite), Bun, or the package better-sqlite3'
  const Database = loadPeer(needs, 'better-sqlite3@12', () => require('better-sqlite3') as BetterSqlite3)
  return (path) => new Database(path, { fileMustExist: true, timeout: 0 })
}

/** Whether a call failed only because someone else has a lock, or is in the middle of a statement on this handle. */
export function isBusy(error: unknown): boolean {
  const { code, errcode } = Object(error) as { code?: unknown; errcode?: unknown }
  // `node:sqlite` has SQLite's number, whose low byte is the kind: SQLITE_BUSY and SQLITE_LOCKED.
  if (typeof errcode === 'number') return [5, 6].includes(errcode & 0xff)
  return isOwnReading(error) || /^SQLITE_(?:BUSY|LOCKED)/.test(String(code))
}

/** Whether the host steps through rows on this handle, which keeps the store from writing there. */
export function isOwnReading(error: unknown): boolean {
  const { code, errcode, message } = Object(error) as { code?: unknown; errcode?: unknown; message?: unknown }
  // `better-sqlite3` refuses to write meanwhile.
  if (error instanceof TypeError) return String(message).startsWith('This database connection is busy')
  // SQLITE_BUSY_SNAPSHOT: another connection has changed what is read.
  return errcode === 517 || code === 'SQLITE_BUSY_SNAPSHOT'
}
