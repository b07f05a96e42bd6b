import type { SqliteNames } from './sqlite-tables.js'

export type SqliteStatements = Record<
  | 'setting' | 'keepSetting'
  | 'record' | 'owner' | 'users' | 'replace' | 'delete'
  | 'claimsOf' | 'claim' | 'release' | 'releaseAll'
  | 'crowd' | 'put' | 'take' | 'clear' | 'sweep',
  string
>

/** Users in one page of a listing. */
export const pageSize = 1000

const maxOpen = 8

/** Expired challenges that one sweep takes away. */
const sweepSize = 64

/** What the store asks. @internal */
export function sqliteStatements({ records, claims, challenges, settings }: SqliteNames): SqliteStatements {
  return {
    setting: `SELECT value FROM ${settings} WHERE name = ?`,
    keepSetting: `INSERT INTO ${settings} (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`,
    record: `SELECT record, handle FROM ${records} WHERE user = ?`,
    owner: `
      SELECT user FROM ${records} WHERE handle = ?
      UNION ALL SELECT user FROM ${claims} WHERE claim = ?`,
    users: `SELECT user FROM ${records} WHERE user > ? ORDER BY user LIMIT ${pageSize}`,
    replace: `
      INSERT INTO ${records} (user, record, handle) VALUES (?, ?, ?)
      ON CONFLICT (user) DO UPDATE SET record = excluded.record, handle = excluded.handle`,
    delete: `DELETE FROM ${records} WHERE user = ?`,
    claimsOf: `SELECT claim FROM ${claims} WHERE user = ?`,
    claim: `INSERT INTO ${claims} (claim, user) VALUES (?, ?)`,
    release: `DELETE FROM ${claims} WHERE claim = ?`,
    releaseAll: `DELETE FROM ${claims} WHERE user = ?`,
    crowd: `
      DELETE FROM ${challenges} WHERE place IN (
        SELECT place FROM ${challenges} WHERE key = ? AND purpose = ? AND id <> ?
        ORDER BY expires <= ?, place DESC LIMIT -1 OFFSET ${maxOpen - 1})`,
    put: `INSERT OR REPLACE INTO ${challenges} (key, id, purpose, data, expires) VALUES (?, ?, ?, ?, ?)`,
    take: `DELETE FROM ${challenges} WHERE key = ? AND id = ? AND expires > ? RETURNING data`,
    clear: `DELETE FROM ${challenges} WHERE key = ?`,
    sweep: `
      DELETE FROM ${challenges} WHERE place IN (
        SELECT place FROM ${challenges} WHERE expires <= ? ORDER BY expires LIMIT ${sweepSize})`,
  }
}
