// A store on Prisma 7 and PostgreSQL, on the tables of docs/stores/postgres.md. In schema.prisma:
//
//   model CountersignRecord {
//     user   String  @id
//     record String
//     handle String? @unique
//     @@map("countersign_records")
//   }
//
//   model CountersignClaim {
//     claim String @id
//     user  String
//     @@map("countersign_claims")
//   }
//
//   model CountersignChallenge {
//     key     String
//     id      String
//     purpose String
//     data    String
//     expires BigInt
//     place   BigInt @default(autoincrement())
//     @@id([key, id])
//     @@map("countersign_challenges")
//   }
import type { Store } from 'countersign/stores'
import type { Prisma, PrismaClient } from './generated/prisma/client.js'

export function prismaStore(prisma: PrismaClient): Store {
  /** One caller at a time for a user or key, on all machines, until the transaction ends; also where no row is yet. */
  const alone = <T>(key: string, work: (tx: Prisma.TransactionClient) => Promise<T>) =>
    prisma.$transaction(
      async (tx) => {
        await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`
        return work(tx)
      },
      { maxWait: 30_000, timeout: 30_000 },
    )

  return {
    async read(user) {
      return (await prisma.countersignRecord.findUnique({ where: { user } }))?.record
    },

    update(user, change) {
      return alone(user, async (tx) => {
        const before = await tx.countersignRecord.findUnique({ where: { user } })
        const { record, handle = null, claims, value } = change(before?.record)
        if (record === null) {
          await tx.countersignRecord.deleteMany({ where: { user } })
        } else if (record !== undefined) {
          const kept = { record, handle }
          await tx.countersignRecord.upsert({ where: { user }, create: { user, ...kept }, update: kept })
        }
        if (record && claims) {
          const mine = await tx.countersignClaim.findMany({ where: { user } })
          const held = mine.map(({ claim }) => claim)
          const dropped = held.filter((claim) => !claims.includes(claim))
          await tx.countersignClaim.deleteMany({ where: { user, claim: { in: dropped } } })
          const added = claims.filter((claim) => !held.includes(claim)).toSorted()
          if (await tx.countersignRecord.findFirst({ where: { handle: { in: added }, user: { not: user } } })) throw claimTaken()
          // One that is another user's breaks the primary key, and the transaction is rolled back.
          await tx.countersignClaim.createMany({ data: added.map((claim) => ({ claim, user })) }).catch(taken)
        }
        return value
      })
    },

    async owner(handle) {
      const byHandle = await prisma.countersignRecord.findUnique({ where: { handle } })
      return (byHandle ?? (await prisma.countersignClaim.findUnique({ where: { claim: handle } })))?.user
    },

    async *users() {
      for (let last = ''; ; ) {
        const query = { where: { user: { gt: last } }, orderBy: { user: 'asc' }, take: 1000 } as const
        const page = await prisma.countersignRecord.findMany({ ...query, select: { user: true } })
        for (const { user } of page) yield (last = user)
        if (page.length < 1000) return
      }
    },

    put(key, { id, purpose, data, expires }) {
      return alone(key, async (tx) => {
        const challenges = tx.countersignChallenge
        await challenges.deleteMany({ where: { OR: [{ key, id }, { expires: { lt: Date.now() } }] } })
        const newest = { where: { key, purpose }, orderBy: { place: 'desc' }, skip: 7 } as const
        const crowd = await challenges.findMany({ ...newest, select: { place: true } })
        const places = crowd.map(({ place }) => place)
        await challenges.deleteMany({ where: { key, purpose, place: { in: places } } })
        await challenges.create({ data: { key, id, purpose, data, expires } })
      })
    },

    async take(key, id, now) {
      const open = { key, id, expires: { gt: Math.max(now, Date.now()) } }
      const found = await prisma.countersignChallenge.findFirst({ where: open })
      if (!found) return undefined
      // Of many who have read it, it belongs to the one who deletes it.
      const { count } = await prisma.countersignChallenge.deleteMany({ where: { key, id, place: found.place } })
      return count === 1 ? found.data : undefined
    },

    async clear(key) {
      await prisma.countersignChallenge.deleteMany({ where: { key } })
    },

    async sharedKey(fresh) {
      const row = { key: '', id: 'shared-key', purpose: 'shared-key', data: fresh, expires: Number.MAX_SAFE_INTEGER }
      await prisma.countersignChallenge.createMany({ data: [row], skipDuplicates: true })
      const kept = { key: '', id: 'shared-key' }
      return (await prisma.countersignChallenge.findFirstOrThrow({ where: kept })).data
    },
  }
}

/** `P2002`: a unique constraint failed. */
function taken(error: { code?: unknown }): never {
  throw error.code === 'P2002' ? claimTaken() : error
}

const claimTaken = () => Object.assign(new Error('claim taken'), { code: 'claim-taken' })
