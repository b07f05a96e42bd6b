// The driver of the runtime that this runs in, as a host has it.
import { createRequire } from 'node:module'

import type { SqliteDatabase } from '../../../facade/stores/sqlite-store.js'

/** A host's database, and how to close it. */
export interface HostDatabase extends SqliteDatabase {
  close(): void
}

export interface Driver {
  /** Whether a handle writes while rows of it are stepped through. */
  writesWhileReading: boolean
  open(path: string, options?: { readOnly?: boolean }): HostDatabase
}

type Open = new (path: string, options?: object) => HostDatabase

const require = createRequire(import.meta.url)

const drivers: Record<string, () => Driver> = {
  'node:sqlite': () => {
    const { DatabaseSync } = require('node:sqlite') as { DatabaseSync: Open }
    return { writesWhileReading: true, open: (path, { readOnly = false } = {}) => new DatabaseSync(path, { readOnly }) }
  },
  'better-sqlite3': () => {
    const Database = require('better-sqlite3') as Open
    return { writesWhileReading: false, open: (path, { readOnly = false } = {}) => new Database(path, { readonly: readOnly }) }
  },
  'bun:sqlite': () => {
    const { Database } = require('bun:sqlite') as { Database: Open }
    return { writesWhileReading: true, open: (path, { readOnly = false } = {}) => (readOnly ? new Database(path, { readonly: true }) : new Database(path)) }
  },
}

/** @param name what the name of a runtime begins with */
export function driverOf(name: string): Driver {
  return drivers[name.split(' ')[0]!]!()
}
