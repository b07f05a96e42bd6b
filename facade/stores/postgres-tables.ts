import { invalid, object, optional, text } from '../shared/check.js'

export interface PostgresOptions {
  /** The schema that holds the tables, at most 63 bytes. Default `public`. */
  schema?: string
  /** What the names of the tables begin with, at most 40 bytes. Default `countersign_`. */
  prefix?: string
}

/** The names of the tables, quoted and with their schema: no query depends on a session's `search_path`. */
export interface PostgresNames {
  schema: string
  records: string
  claims: string
  challenges: string
  sessions: string
  audit: string
  /** Without a schema: an index is made in that of its table. */
  expiry: string
  claimants: string
  sessionExpiry: string
  sessionUsers: string
}

/** @internal */
export function postgresNames(options: PostgresOptions = {}): PostgresNames {
  const { schema = 'public', prefix = 'countersign_' } = checkOptions(options, 'options')
  const table = (name: string) => `${quoted(schema)}.${quoted(prefix + name)}`
  return {
    schema,
    records: table('records'),
    claims: table('claims'),
    challenges: table('challenges'),
    sessions: table('sessions'),
    audit: table('audit'),
    expiry: quoted(`${prefix}challenges_expires`),
    claimants: quoted(`${prefix}claims_user`),
    sessionExpiry: quoted(`${prefix}sessions_expires`),
    sessionUsers: quoted(`${prefix}sessions_user`),
  }
}

/**
 * The tables in plain SQL, for those whose own tool makes them; `migrate()` of the store does the same.
 *
 * Texts compare byte by byte (`COLLATE "C"`): two ids that a language holds for equal are two users. A `version` is
 * never used twice, so that a record that was deleted and made anew is not taken for the old one.
 */
export function postgresTables(options?: PostgresOptions): string {
  const { records, claims, challenges, expiry, claimants } = postgresNames(options)
  return `CREATE TABLE IF NOT EXISTS ${records} (
  "user" text COLLATE "C" PRIMARY KEY,
  record text NOT NULL,
  handle text COLLATE "C" UNIQUE,
  version bigint GENERATED ALWAYS AS IDENTITY
);
CREATE TABLE IF NOT EXISTS ${claims} (
  claim text COLLATE "C" PRIMARY KEY,
  "user" text COLLATE "C" NOT NULL REFERENCES ${records} ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS ${claimants} ON ${claims} ("user");
CREATE TABLE IF NOT EXISTS ${challenges} (
  key text COLLATE "C",
  id text COLLATE "C",
  purpose text COLLATE "C" NOT NULL,
  data text NOT NULL,
  expires bigint NOT NULL, -- epoch milliseconds
  place bigint GENERATED ALWAYS AS IDENTITY, -- the lowest is the oldest
  PRIMARY KEY (key, id)
);
CREATE INDEX IF NOT EXISTS ${expiry} ON ${challenges} (expires);
`
}

/** @internal */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

const checkName = (max: number) => (value: unknown, name: string) => {
  const checked = text(max)(value, name)
  if (checked.includes('\0')) throw invalid(name, 'text without NUL characters')
  return checked
}

const checkOptions = object<PostgresOptions>({ schema: optional(checkName(63)), prefix: optional(checkName(40)) })
