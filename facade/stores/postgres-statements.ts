import type { OneAndMany } from './postgres-shared.js'
import type { PostgresNames } from './postgres-tables.js'

/** By what a statement tells that a record is still what was found. */
export type PostgresGuard = 'version' | 'record'

export type PostgresStatements = Record<
  'insert' | 'insertWithClaims' | 'owner' | 'users' | 'put' | 'putAndSweep' | 'take' | 'clear' | 'sharedKey',
  string
> & Record<'replace' | 'replaceMany' | 'replaceWithClaims' | 'delete', Record<PostgresGuard, string>> & Record<'read' | 'ownerRecord', OneAndMany>

/** Users in one page of a listing. */
export const pageSize = 1000

const maxOpen = 8

/** The greatest bigint, which no clock comes to. */
const never = '9223372036854775807'

/** One call in 16 that adds a row takes this many expired ones away, whosever they are: more than are added meanwhile. @internal */
export const sweepSize = 64
/** @internal */
export const sweepOdds = 1 / 16

/** `statement_timestamp()` is the database's clock even inside a host's transaction. @internal */
export const clock = '(extract(epoch FROM statement_timestamp()) * 1000)::bigint'

/**
 * What the store asks, each one statement that needs no other. They have to look cheap to a planner that knows nothing of a large
 * table yet: what is deleted is named by arrays, since for a join it may read all of it, and no row of a key is compared with all
 * others, which it held for work that is worth compiling (`jit`): 10 ms in place of 1 for a sign-in by key.
 *
 * @internal
 */
export function postgresStatements({ records, handles, claims, challenges }: PostgresNames): PostgresStatements {
  const insert = (condition: string) => `
      INSERT INTO ${records} ("user", record, handle) SELECT $1::text, $2::text, $3::text WHERE ${condition}
      ON CONFLICT ("user") DO NOTHING RETURNING 1`
  // What somebody else has locked is left out, to be written alone, and so is what gets another handle, for which it may have to
  // wait: nobody waits for another's row, and no two statements for each other. `ANY` tells at once which partitions have the rows.
  const replaceMany = (guard: PostgresGuard) => `
      WITH given AS (
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::${guard === 'version' ? 'bigint' : 'text'}[])
        WITH ORDINALITY AS given ("user", record, handle, state, call)
      ), free AS (
        SELECT given.* FROM ${records} AS mine JOIN given ON mine."user" = given."user" AND mine.${guard} = given.state
        WHERE mine."user" = ANY ($1) AND mine.handle IS NOT DISTINCT FROM given.handle FOR NO KEY UPDATE OF mine SKIP LOCKED
      )
      UPDATE ${records} AS mine SET record = free.record, version = DEFAULT
      FROM free WHERE mine."user" = ANY ($1) AND mine."user" = free."user" AND mine.${guard} = free.state RETURNING free.call`
  const replace = (guard: PostgresGuard) => (condition: string) => `
      UPDATE ${records} SET record = $2, handle = $3, version = DEFAULT
      WHERE "user" = $1 AND ${guard} = $4 AND ${condition} RETURNING 1`
  // The same text leads to the same change, whatever was stored in between.
  const guarded = (statement: (guard: PostgresGuard) => string) => ({ version: statement('version'), record: statement('record') })
  // One statement, so all or nothing: a claim that another user has breaks the primary key. A record that was stored
  // without claims has only its handle, which counts as a claim of its user.
  const withClaims = (write: (condition: string) => string, list: string) => `
      WITH anothers AS (
        SELECT FROM ${handles} AS other WHERE other.handle = ANY (${list}::text[]) AND other."user" <> $1
        AND NOT EXISTS (SELECT FROM ${claims} AS own WHERE own.claim = other.handle AND own."user" = $1)
      ), written AS (${write('NOT EXISTS (SELECT FROM anothers)')}), released AS (
        DELETE FROM ${claims} WHERE "user" = $1 AND claim <> ALL (${list}::text[]) AND EXISTS (SELECT FROM written)
      ), claimed AS (
        INSERT INTO ${claims} (claim, "user")
        SELECT claim, $1 FROM unnest(${list}::text[]) AS given (claim)
        WHERE EXISTS (SELECT FROM written)
        AND NOT EXISTS (SELECT FROM ${claims} AS own WHERE own.claim = given.claim AND own."user" = $1)
        ORDER BY claim
      )
      SELECT false AS taken FROM written UNION ALL SELECT true FROM anothers`
  const owner = `
      SELECT "user" FROM ${handles} WHERE handle = $1
      UNION ALL SELECT "user" FROM ${claims} WHERE claim = $1 LIMIT 1`
  const crowd = `crowd AS (
        DELETE FROM ${challenges} WHERE key = $1 AND id = ANY (ARRAY(
          SELECT id FROM ${challenges} WHERE key = $1 AND purpose = $3 AND id <> $2
          ORDER BY expires <= ${clock}, place DESC OFFSET ${maxOpen - 1} FOR UPDATE SKIP LOCKED))
      )`
  const insertChallenge = `
      INSERT INTO ${challenges} (key, id, purpose, data, expires) VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (key, id) DO UPDATE
      SET purpose = excluded.purpose, data = excluded.data, expires = excluded.expires, place = DEFAULT`
  const newer = `(SELECT count(*) FROM ${challenges} AS newer
    WHERE newer.key = mine.key AND newer.purpose = mine.purpose AND newer.place > mine.place)`
  return {
    // As text: a host may have told its driver to read bigint as a number, which is not exact.
    read: {
      one: `SELECT record, version::text AS version FROM ${records} WHERE "user" = $1`,
      many: `SELECT "user" AS asked, record, version::text AS version FROM ${records} WHERE "user" = ANY ($1::text[])`,
    },
    insert: insert('true'),
    insertWithClaims: withClaims(insert, '$4'),
    replace: guarded((guard) => replace(guard)('true')),
    replaceMany: guarded(replaceMany),
    replaceWithClaims: guarded((guard) => withClaims(replace(guard), '$5')),
    delete: guarded((guard) => `DELETE FROM ${records} WHERE "user" = $1 AND ${guard} = $2 RETURNING 1`),
    owner,
    ownerRecord: {
      one: `SELECT "user", record FROM ${records} WHERE "user" = (${owner})`,
      many: `
      SELECT asked, "user", record FROM (
        SELECT handle AS asked, "user" FROM ${handles} WHERE handle = ANY ($1::text[])
        UNION ALL SELECT claim, "user" FROM ${claims} WHERE claim = ANY ($1)
        AND NOT EXISTS (SELECT FROM ${handles} AS first WHERE first.handle = claim)
      ) AS found JOIN ${records} USING ("user")`,
    },
    users: `SELECT "user" FROM ${records} WHERE "user" > $1 ORDER BY "user" LIMIT ${pageSize}`,
    put: `
      WITH ${crowd}${insertChallenge}`,
    // Texts of their own: to plan what sweeps costs more than to add a challenge.
    putAndSweep: `
      WITH ${crowd}, swept AS (
        DELETE FROM ${challenges} WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM ${challenges} WHERE expires <= ${clock} AND key <> $1
          ORDER BY expires LIMIT ${sweepSize} FOR UPDATE SKIP LOCKED))
      )${insertChallenge}`,
    // Puts at one moment don't see each other's rows, and may leave more than 8: none but the newest 8 is open.
    take: `
      WITH crowd AS (
        DELETE FROM ${challenges} WHERE key = $1 AND id = ANY (ARRAY(
          SELECT id FROM ${challenges} WHERE key = $1 AND id = ANY (ARRAY(
            SELECT id FROM (
              SELECT id, row_number() OVER (PARTITION BY purpose ORDER BY place DESC) AS rank FROM ${challenges} WHERE key = $1
            ) AS ranked WHERE rank > ${maxOpen}))
          FOR UPDATE SKIP LOCKED))
      )
      DELETE FROM ${challenges} AS mine WHERE key = $1 AND id = $2 AND expires > $3 AND expires > ${clock}
      AND ${newer} < ${maxOpen} RETURNING data`,
    // One that is put again while this waits for another row is a new one, as all that are put meanwhile.
    clear: `DELETE FROM ${challenges} WHERE key = $1 AND place = ANY (ARRAY(SELECT place FROM ${challenges} WHERE key = $1))`,
    // No user is the empty text. Of two at once, one may see neither its own row nor the other's.
    sharedKey: `
      WITH made AS (
        INSERT INTO ${challenges} (key, id, purpose, data, expires) VALUES ('', 'shared-key', 'shared-key', $1, ${never})
        ON CONFLICT (key, id) DO NOTHING RETURNING data
      )
      SELECT data FROM made
      UNION ALL SELECT data FROM ${challenges} WHERE key = '' AND id = 'shared-key' LIMIT 1`,
  }
}
