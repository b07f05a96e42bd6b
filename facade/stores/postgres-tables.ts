import { flag, integer, invalid, object, optional, text } from '../shared/check.js'

export interface PostgresOptions {
  /** The schema that holds the tables, at most 63 bytes. Default `public`. */
  schema?: string
  /** What the names of the tables begin with, at most 40 bytes. Default `countersign_`. */
  prefix?: string
  /**
   * Gives each statement a name, so that PostgreSQL plans it once for a connection and not at each call. It needs a pool of
   * `pg`, and nothing between it and the server that gives statements of one client to several connections: a proxy in
   * transaction mode, unless it keeps track of names (PgBouncer 1.21 or newer with `max_prepared_statements`). Default false.
   */
  prepare?: boolean
}

export interface PostgresStoreOptions extends PostgresOptions {
  /**
   * Keeps records, handles and claims in this many partitions each, 2 to 1024, for tens of millions of users. It can't be
   * changed later. Tables without partitions are moved as docs/scale.md says. Default: no partitions.
   */
  partitions?: number
}

/** The names of the tables, quoted and with their schema: no query depends on a session's `search_path`. */
export interface PostgresNames {
  schema: string
  /** Whether statements have names, too. */
  prepare: boolean
  records: string
  claims: string
  challenges: string
  sessions: string
  audit: string
  /** Where users are found by their handles: in the records, if these have no partitions. */
  handles: string
  versions: string
  keepHandle: string
  /** Without a schema: an index is made in that of its table. */
  expiry: string
  claimants: string
  sessionExpiry: string
  sessionUsers: string
}

/** @internal */
export function postgresNames(options: PostgresOptions = {}): PostgresNames {
  const { schema = 'public', prefix = 'countersign_', prepare = false } = checkOptions(options, 'options')
  const table = (name: string) => `${quoted(schema)}.${quoted(prefix + name)}`
  return {
    schema,
    prepare,
    records: table('records'),
    claims: table('claims'),
    challenges: table('challenges'),
    sessions: table('sessions'),
    audit: table('audit'),
    handles: table('records'),
    versions: table('versions'),
    keepHandle: table('keep_handle'),
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
export function postgresTables(options?: PostgresStoreOptions): string {
  const { names, partitions } = postgresStoreNames(options)
  const { records, claims, claimants } = names
  if (partitions !== undefined) return partitionedTables(names, partitions) + challengeTable(names)
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
${challengeTable(names)}`
}

/** What the store itself needs of its options. @internal */
export function postgresStoreNames(options: PostgresStoreOptions = {}): { names: PostgresNames; partitions: number | undefined } {
  const { partitions, ...rest } = checkStoreOptions(options, 'options')
  const names = postgresNames(rest)
  if (partitions === undefined) return { names, partitions }
  return { names: { ...names, handles: partOf(names.records, 'handles') }, partitions }
}

/** The name of another table beside the records. */
const partOf = (records: string, name: string) => records.replace(/records"$/, () => `${name}"`)

/**
 * A unique index of a partitioned table has to have the key by which it is partitioned. So handles, which are unique too,
 * have a table of their own, which a trigger keeps. Identity columns of partitions need PostgreSQL 17.
 */
function partitionedTables({ records, claims, claimants, handles, versions, keepHandle }: PostgresNames, count: number): string {
  const parts = [records, handles, claims].flatMap((table) => Array.from({ length: count }, (_, index) => {
    const part = table.replace(/"$/, () => `_${index}"`)
    return `CREATE TABLE IF NOT EXISTS ${part} PARTITION OF ${table} FOR VALUES WITH (MODULUS ${count}, REMAINDER ${index});\n`
  }))
  const trigger = (event: string, condition: string) => `DROP TRIGGER IF EXISTS keep_handle_${event} ON ${records};
CREATE TRIGGER keep_handle_${event} AFTER ${event} ON ${records}
  FOR EACH ROW WHEN (${condition}) EXECUTE FUNCTION ${keepHandle}();
`
  return `CREATE SEQUENCE IF NOT EXISTS ${versions} AS bigint;
CREATE TABLE IF NOT EXISTS ${records} (
  "user" text COLLATE "C" PRIMARY KEY,
  record text NOT NULL,
  handle text COLLATE "C",
  version bigint NOT NULL DEFAULT nextval(${literal(versions)}::regclass)
) PARTITION BY HASH ("user");
CREATE TABLE IF NOT EXISTS ${handles} (
  handle text COLLATE "C" PRIMARY KEY,
  "user" text COLLATE "C" NOT NULL
) PARTITION BY HASH (handle);
CREATE TABLE IF NOT EXISTS ${claims} (
  claim text COLLATE "C" PRIMARY KEY,
  "user" text COLLATE "C" NOT NULL REFERENCES ${records} ON DELETE CASCADE
) PARTITION BY HASH (claim);
CREATE INDEX IF NOT EXISTS ${claimants} ON ${claims} ("user");
${parts.join('')}CREATE OR REPLACE FUNCTION ${keepHandle}() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.handle IS NOT NULL THEN
    DELETE FROM ${handles} WHERE handle = OLD.handle AND "user" = OLD."user";
  END IF;
  IF TG_OP <> 'DELETE' AND NEW.handle IS NOT NULL THEN
    INSERT INTO ${handles} (handle, "user") VALUES (NEW.handle, NEW."user");
  END IF;
  RETURN NULL;
END
$function$;
${trigger('insert', 'NEW.handle IS NOT NULL')}${trigger('update', 'OLD.handle IS DISTINCT FROM NEW.handle OR OLD."user" <> NEW."user"')}${trigger('delete', 'OLD.handle IS NOT NULL')}`
}

/** Without partitions: it only has what is open, and a statement that finds rows by their age would look into all of them. */
function challengeTable({ challenges, expiry }: PostgresNames): string {
  return `CREATE TABLE IF NOT EXISTS ${challenges} (
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

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

const shape = { schema: optional(checkName(63)), prefix: optional(checkName(40)), prepare: optional(flag) }
const checkOptions = object<PostgresOptions>(shape)
const checkStoreOptions = object<PostgresStoreOptions>({ ...shape, partitions: optional(integer(2, 1024)) })
