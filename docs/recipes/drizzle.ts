// A store on Drizzle and PostgreSQL, on the tables of docs/stores/postgres.md.
import type { Store } from 'countersign/stores'
import { and, desc, eq, gt, inArray, lt, ne, notInArray, or, sql } from 'drizzle-orm'
import { bigint, pgTable, text } from 'drizzle-orm/pg-core'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'

const records = pgTable('countersign_records', {
  user: text().primaryKey(),
  record: text().notNull(),
  handle: text().unique(),
})
const claimed = pgTable('countersign_claims', { claim: text().primaryKey(), user: text().notNull() })
const challenges = pgTable('countersign_challenges', {
  key: text().notNull(),
  id: text().notNull(),
  purpose: text().notNull(),
  data: text().notNull(),
  expires: bigint({ mode: 'number' }).notNull(),
  place: bigint({ mode: 'bigint' }).generatedAlwaysAsIdentity(),
})

type Database = Pick<NodePgDatabase, 'select' | 'insert' | 'delete' | 'execute'>

export function drizzleStore(db: NodePgDatabase): Store {
  /** One caller at a time for a user or key, on all machines, until the transaction ends; also where no row is yet. */
  const alone = <T>(key: string, work: (tx: Database) => Promise<T>) =>
    db.transaction(async (tx) => {
      await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`)
      return work(tx)
    })
  const recordOf = async (on: Database, user: string) =>
    (await on.select({ record: records.record }).from(records).where(eq(records.user, user)))[0]?.record

  return {
    read: (user) => recordOf(db, user),

    update(user, change) {
      return alone(user, async (tx) => {
        const { record, handle = null, claims, value } = change(await recordOf(tx, user))
        if (record === null) {
          await tx.delete(records).where(eq(records.user, user))
        } else if (record !== undefined) {
          const insert = tx.insert(records).values({ user, record, handle })
          await insert.onConflictDoUpdate({ target: records.user, set: { record, handle } })
        }
        if (record && claims) {
          const mine = await tx.select({ claim: claimed.claim }).from(claimed).where(eq(claimed.user, user))
          const held = mine.map(({ claim }) => claim)
          await tx.delete(claimed).where(inArray(claimed.claim, held.filter((claim) => !claims.includes(claim))))
          const added = claims.filter((claim) => !held.includes(claim)).toSorted()
          const others = and(inArray(records.handle, added), ne(records.user, user))
          if ((await tx.select({ user: records.user }).from(records).where(others)).length > 0) throw claimTaken()
          const rows = added.map((claim) => ({ claim, user }))
          if (rows.length > 0) await tx.insert(claimed).values(rows).catch(taken)
        }
        return value
      })
    },

    async owner(handle) {
      const [byHandle] = await db.select({ user: records.user }).from(records).where(eq(records.handle, handle))
      if (byHandle) return byHandle.user
      return (await db.select({ user: claimed.user }).from(claimed).where(eq(claimed.claim, handle)))[0]?.user
    },

    async *users() {
      for (let last = ''; ; ) {
        const query = db.select({ user: records.user }).from(records).where(gt(records.user, last))
        const page = await query.orderBy(records.user).limit(1000)
        for (const { user } of page) yield (last = user)
        if (page.length < 1000) return
      }
    },

    put(key, { id, purpose, data, expires }) {
      return alone(key, async (tx) => {
        const same = and(eq(challenges.key, key), eq(challenges.id, id))
        await tx.delete(challenges).where(or(same, lt(challenges.expires, Date.now())))
        const crowd = and(eq(challenges.key, key), eq(challenges.purpose, purpose))
        const newest = tx.select({ place: challenges.place }).from(challenges).where(crowd)
        const kept = newest.orderBy(desc(challenges.place)).limit(7)
        await tx.delete(challenges).where(and(crowd, notInArray(challenges.place, kept)))
        await tx.insert(challenges).values({ key, id, purpose, data, expires })
      })
    },

    async take(key, id, now) {
      const same = and(eq(challenges.key, key), eq(challenges.id, id))
      const open = and(same, gt(challenges.expires, Math.max(now, Date.now())))
      return (await db.delete(challenges).where(open).returning({ data: challenges.data }))[0]?.data
    },

    async clear(key) {
      await db.delete(challenges).where(eq(challenges.key, key))
    },

    async sharedKey(fresh) {
      const row = { key: '', id: 'shared-key', purpose: 'shared-key', data: fresh, expires: Number.MAX_SAFE_INTEGER }
      await db.insert(challenges).values(row).onConflictDoNothing()
      const kept = and(eq(challenges.key, ''), eq(challenges.id, 'shared-key'))
      return (await db.select({ data: challenges.data }).from(challenges).where(kept))[0]!.data
    },
  }
}

/** The primary key says that a claim is another user's. The transaction is rolled back. */
function taken(error: { cause?: { code?: unknown } }): never {
  throw error.cause?.code === '23505' ? claimTaken() : error
}

const claimTaken = () => Object.assign(new Error('claim taken'), { code: 'claim-taken' })
