// A store on Kysely and PostgreSQL, on the tables of docs/stores/postgres.md.
import type { Store } from 'countersign/stores'
import { sql } from 'kysely'
import type { Generated, Kysely, Transaction } from 'kysely'

export interface CountersignTables {
  countersign_records: { user: string; record: string; handle: string | null }
  countersign_claims: { claim: string; user: string }
  countersign_challenges: {
    key: string
    id: string
    purpose: string
    data: string
    expires: number
    place: Generated<string>
  }
}

export function kyselyStore(db: Kysely<CountersignTables>): Store {
  /** One caller at a time for a user or key, on all machines, until the transaction ends; also where no row is yet. */
  const alone = <T>(key: string, work: (trx: Transaction<CountersignTables>) => Promise<T>) =>
    db.transaction().execute(async (trx) => {
      await sql`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`.execute(trx)
      return work(trx)
    })
  const recordOf = (on: Kysely<CountersignTables>, user: string) =>
    on.selectFrom('countersign_records').select('record').where('user', '=', user).executeTakeFirst()

  return {
    async read(user) {
      return (await recordOf(db, user))?.record
    },

    update(user, change) {
      return alone(user, async (trx) => {
        const { record, handle = null, claims, value } = change((await recordOf(trx, user))?.record)
        if (record === null) {
          await trx.deleteFrom('countersign_records').where('user', '=', user).execute()
        } else if (record !== undefined) {
          const insert = trx.insertInto('countersign_records').values({ user, record, handle })
          await insert.onConflict((it) => it.column('user').doUpdateSet({ record, handle })).execute()
        }
        if (record && claims) {
          const table = 'countersign_claims'
          const mine = await trx.selectFrom(table).select('claim').where('user', '=', user).execute()
          const held = mine.map(({ claim }) => claim)
          const dropped = held.filter((claim) => !claims.includes(claim))
          if (dropped.length > 0) await trx.deleteFrom(table).where('claim', 'in', dropped).execute()
          const added = claims.filter((claim) => !held.includes(claim)).toSorted()
          if (added.length > 0) {
            const others = trx.selectFrom('countersign_records').select('user').where('user', '!=', user)
            if (await others.where('handle', 'in', added).executeTakeFirst()) throw claimTaken()
            const rows = added.map((claim) => ({ claim, user }))
            await trx.insertInto(table).values(rows).execute().catch(taken)
          }
        }
        return value
      })
    },

    async owner(handle) {
      const query = db.selectFrom('countersign_records').select('user').where('handle', '=', handle)
      const claimed = db.selectFrom('countersign_claims').select('user').where('claim', '=', handle)
      return ((await query.executeTakeFirst()) ?? (await claimed.executeTakeFirst()))?.user
    },

    async *users() {
      for (let last = ''; ; ) {
        const query = db.selectFrom('countersign_records').select('user').where('user', '>', last)
        const page = await query.orderBy('user').limit(1000).execute()
        for (const { user } of page) yield (last = user)
        if (page.length < 1000) return
      }
    },

    put(key, { id, purpose, data, expires }) {
      return alone(key, async (trx) => {
        const remove = trx.deleteFrom('countersign_challenges')
        await remove.where((it) => it.or([it.and({ key, id }), it('expires', '<', Date.now())])).execute()
        const newest = trx.selectFrom('countersign_challenges').select('place').where((it) => it.and({ key, purpose }))
        const kept = newest.orderBy('place', 'desc').limit(7)
        await remove.where((it) => it.and({ key, purpose })).where('place', 'not in', kept).execute()
        await trx.insertInto('countersign_challenges').values({ key, id, purpose, data, expires }).execute()
      })
    },

    async take(key, id, now) {
      const remove = db.deleteFrom('countersign_challenges').where((it) => it.and({ key, id }))
      const open = remove.where('expires', '>', Math.max(now, Date.now()))
      return (await open.returning('data').executeTakeFirst())?.data
    },

    async clear(key) {
      await db.deleteFrom('countersign_challenges').where('key', '=', key).execute()
    },

    async sharedKey(fresh) {
      const row = { key: '', id: 'shared-key', purpose: 'shared-key', data: fresh, expires: Number.MAX_SAFE_INTEGER }
      await db.insertInto('countersign_challenges').values(row).onConflict((it) => it.doNothing()).execute()
      const kept = db.selectFrom('countersign_challenges').select('data').where('key', '=', '')
      return (await kept.where('id', '=', 'shared-key').executeTakeFirstOrThrow()).data
    },
  }
}

/** The primary key says that a claim is another user's. The transaction is rolled back. */
function taken(error: { code?: unknown }): never {
  throw error.code === '23505' ? claimTaken() : error
}

const claimTaken = () => Object.assign(new Error('claim taken'), { code: 'claim-taken' })
