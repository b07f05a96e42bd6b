// A store on Knex and PostgreSQL, on the tables of docs/stores/postgres.md.
import type { Store } from 'countersign/stores'
import type { Knex } from 'knex'

export function knexStore(knex: Knex): Store {
  const records = (on: Knex = knex) => on('countersign_records')
  const claimed = (on: Knex = knex) => on('countersign_claims')
  const challenges = (on: Knex = knex) => on('countersign_challenges')
  /** One caller at a time for a user or key, on all machines, until the transaction ends; also where no row is yet. */
  const alone = <T>(key: string, work: (trx: Knex.Transaction) => Promise<T>) =>
    knex.transaction(async (trx) => {
      await trx.raw('SELECT pg_advisory_xact_lock(hashtextextended(?, 0))', [key])
      return work(trx)
    })

  return {
    async read(user) {
      return (await records().where({ user }).first('record'))?.record
    },

    update(user, change) {
      return alone(user, async (trx) => {
        const before = await records(trx).where({ user }).first('record')
        const { record, handle = null, claims, value } = change(before?.record)
        if (record === null) await records(trx).where({ user }).delete()
        else if (record !== undefined) await records(trx).insert({ user, record, handle }).onConflict('user').merge()
        if (record && claims) {
          await claimed(trx).where({ user }).whereNotIn('claim', claims).delete()
          const held = (await claimed(trx).where({ user }).select('claim')).map(({ claim }) => claim)
          const added = claims.filter((claim) => !held.includes(claim)).toSorted()
          if (await records(trx).whereIn('handle', added).whereNot({ user }).first('user')) throw claimTaken()
          if (added.length > 0) await claimed(trx).insert(added.map((claim) => ({ claim, user }))).catch(taken)
        }
        return value
      })
    },

    async owner(handle) {
      const found = (await records().where({ handle }).first('user')) ?? (await claimed().where({ claim: handle }).first('user'))
      return found?.user
    },

    async *users() {
      for (let last = ''; ; ) {
        const page = await records().where('user', '>', last).orderBy('user').limit(1000).select('user')
        for (const { user } of page) yield (last = user)
        if (page.length < 1000) return
      }
    },

    put(key, { id, purpose, data, expires }) {
      return alone(key, async (trx) => {
        await challenges(trx).where({ key, id }).orWhere('expires', '<', Date.now()).delete()
        const newest = challenges(trx).where({ key, purpose }).orderBy('place', 'desc').limit(7).select('place')
        await challenges(trx).where({ key, purpose }).whereNotIn('place', newest).delete()
        await challenges(trx).insert({ key, id, purpose, data, expires })
      })
    },

    async take(key, id, now) {
      const open = challenges().where({ key, id }).where('expires', '>', Math.max(now, Date.now()))
      const [taken] = await open.delete().returning('data')
      return taken?.data
    },

    async clear(key) {
      await challenges().where({ key }).delete()
    },

    async sharedKey(fresh) {
      const row = { key: '', id: 'shared-key', purpose: 'shared-key', data: fresh, expires: Number.MAX_SAFE_INTEGER }
      await challenges().insert(row).onConflict(['key', 'id']).ignore()
      return (await challenges().where({ key: '', id: 'shared-key' }).first('data')).data
    },
  }
}

/** The primary key says that a claim is another user's. The transaction is rolled back. */
function taken(error: { code?: unknown }): never {
  throw error.code === '23505' ? claimTaken() : error
}

const claimTaken = () => Object.assign(new Error('claim taken'), { code: 'claim-taken' })
