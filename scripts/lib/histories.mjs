// What a long run has found of the stores, as the documentation has it.
import { readFile } from 'node:fs/promises'

const names = {
  memory: '`memoryStore`, one process',
  directory: '`directoryStore`',
  'tfa.cfg': '`tfaConfigStore`',
  sqlite: '`sqliteStore`, `node:sqlite`',
  postgres: '`postgresStore`, `pg`',
  mysql: '`mysqlStore`, `mysql2` on MariaDB',
  'node-redis': '`redisStore`, `redis`',
}

/** The page of a store in `docs/stores` that has its badge. */
export const historyPages = { directory: 'directory.md', 'tfa.cfg': 'tfa-config.md', sqlite: 'sqlite.md', postgres: 'postgres.md', mysql: 'mysql.md', 'node-redis': 'redis.md' }

/** By the name of the store. */
export async function histories() {
  return JSON.parse(await readFile(new URL('../../docs/stores/histories.json', import.meta.url), 'utf8'))
}

export function badgeOf({ histories, calls, date }) {
  return `**Linearizable** in ${number(histories)} histories of ${number(calls)} calls under faults (${date}, [how this is checked](linearizability.md)).`
}

/** The pages of stores that no long run has checked, and what they say in place of a badge. */
export const pagesWithoutRun = {
  'better-auth.md': "**Not checked by a long run under faults.** `npm test` checks histories of one process ([how this is checked](linearizability.md)).",
}

export function historyTable(found) {
  const rows = Object.entries(found).map(([engine, { histories, calls, uncertain, faults, date }]) => {
    const made = Object.entries(faults).map(([name, count]) => `${name} ${number(count)}`).join(', ') || 'none'
    return `| ${names[engine]} | ${number(histories)} | ${number(calls)} | ${number(uncertain)} | ${made} | ${date} |`
  })
  return ['| store | histories | calls | uncertain | faults, and how often | date |', '| --- | --: | --: | --: | --- | --- |', ...rows].join('\n')
}

function number(value) {
  return value.toLocaleString('en-US')
}
