import { checkPrefix } from './prefix.js'

/** The names of the tables, quoted. They are in the database that the pool connects to. */
export interface MysqlNames {
  records: string
  claims: string
  challenges: string
}

/** @internal */
export function mysqlNames(prefix = 'countersign_'): MysqlNames {
  const name = (end: string) => `\`${`${prefix}${end}`.replaceAll('`', '``')}\``
  return { records: name('records'), claims: name('claims'), challenges: name('challenges') }
}

/**
 * Returns the statements that create the tables, for those whose own tool creates them; `migrate()` of the store does the
 * same.
 *
 * All texts are bytes: collations take different texts for equal, `utf8mb4_bin` too (`ann` and `ann` with a space behind).
 *
 * @param options `prefix`: what the names of the tables begin with, at most 40 bytes. Default `countersign_`
 */
export function mysqlTables({ prefix = 'countersign_' }: { prefix?: string } = {}): string[] {
  const { records, claims, challenges } = mysqlNames(checkPrefix(prefix, 'options.prefix'))
  return [
    `CREATE TABLE IF NOT EXISTS ${records} (
  user VARBINARY(256) PRIMARY KEY,
  record LONGBLOB NOT NULL,
  handle VARBINARY(256) UNIQUE
) ENGINE = InnoDB`,
    `CREATE TABLE IF NOT EXISTS ${claims} (
  claim VARBINARY(128) PRIMARY KEY,
  user VARBINARY(256) NOT NULL,
  FOREIGN KEY (user) REFERENCES ${records} (user) ON DELETE CASCADE
) ENGINE = InnoDB`,
    `CREATE TABLE IF NOT EXISTS ${challenges} (
  \`key\` VARBINARY(256) NOT NULL,
  id VARBINARY(256) NOT NULL,
  purpose VARBINARY(256) NOT NULL,
  data LONGBLOB NOT NULL,
  expires BIGINT NOT NULL, -- epoch milliseconds
  place BIGINT AUTO_INCREMENT UNIQUE, -- the lowest is the oldest
  PRIMARY KEY (\`key\`, id),
  INDEX (expires)
) ENGINE = InnoDB`,
  ]
}
