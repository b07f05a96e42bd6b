import { quoted } from './postgres-tables.js'
import { checkPrefix } from './prefix.js'

/** The names of the tables, quoted and with their schema, so that no temporary table of the host takes their place. */
export interface SqliteNames {
  records: string
  claims: string
  challenges: string
  settings: string
  sessions: string
  /** As `sqlite_schema` has them. */
  settingsTable: string
  sessionsTable: string
  /** Indexes. */
  claimants: string
  expiry: string
  sessionUsers: string
  sessionExpiry: string
}

/** The version of the tables that this code reads and writes. */
export const schemaVersion = '1'

/** @internal */
export function sqliteNames(prefix = 'countersign_'): SqliteNames {
  const name = (end: string) => `main.${quoted(prefix + end)}`
  return {
    records: name('records'),
    claims: name('claims'),
    challenges: name('challenges'),
    settings: name('settings'),
    sessions: name('sessions'),
    settingsTable: `${prefix}settings`,
    sessionsTable: `${prefix}sessions`,
    claimants: name('claims_user'),
    expiry: name('challenges_expires'),
    sessionUsers: name('sessions_user'),
    sessionExpiry: name('sessions_expires'),
  }
}

/** An index is made in the schema of its table, which has to be named without one. */
const bare = (name: string) => name.slice('main.'.length)

/**
 * Returns the statements that create the tables, for those whose own tool creates them; `migrate()` of the store does
 * the same. They need SQLite 3.37 or newer.
 *
 * @param options `prefix`: what the names of the tables begin with, at most 40 bytes. Default `countersign_`
 */
export function sqliteTables({ prefix = 'countersign_' }: { prefix?: string } = {}): string {
  const names = sqliteNames(checkPrefix(prefix, 'options.prefix'))
  const { records, claims, challenges, settings, claimants, expiry } = names
  return `CREATE TABLE IF NOT EXISTS ${records} (
  user TEXT NOT NULL PRIMARY KEY,
  record TEXT NOT NULL,
  handle TEXT UNIQUE
) STRICT;
CREATE TABLE IF NOT EXISTS ${claims} (
  claim TEXT NOT NULL PRIMARY KEY,
  user TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ${claimants} ON ${bare(claims)} (user);
CREATE TABLE IF NOT EXISTS ${challenges} (
  place INTEGER PRIMARY KEY, -- the lowest is the oldest
  key TEXT NOT NULL,
  id TEXT NOT NULL,
  purpose TEXT NOT NULL,
  data TEXT NOT NULL,
  expires INTEGER NOT NULL, -- epoch milliseconds
  UNIQUE (key, id)
) STRICT;
CREATE INDEX IF NOT EXISTS ${expiry} ON ${bare(challenges)} (expires);
CREATE TABLE IF NOT EXISTS ${settings} (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO ${settings} (name, value) VALUES ('schema', '${schemaVersion}') ON CONFLICT (name) DO NOTHING;
`
}

/**
 * Returns the statements that create the table of `sqliteSessions`, for those whose own tool creates it.
 *
 * @param options `prefix`: what its name begins with, at most 40 bytes. Default `countersign_`
 */
export function sqliteSessionTables({ prefix = 'countersign_' }: { prefix?: string } = {}): string {
  const { sessions, sessionUsers, sessionExpiry } = sqliteNames(checkPrefix(prefix, 'options.prefix'))
  return `CREATE TABLE IF NOT EXISTS ${sessions} (
  key TEXT NOT NULL PRIMARY KEY,
  user TEXT NOT NULL,
  data TEXT NOT NULL,
  expires INTEGER NOT NULL -- epoch milliseconds
) STRICT;
CREATE INDEX IF NOT EXISTS ${sessionUsers} ON ${bare(sessions)} (user);
CREATE INDEX IF NOT EXISTS ${sessionExpiry} ON ${bare(sessions)} (expires);
`
}
