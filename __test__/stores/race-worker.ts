// A process that races against others: it gets a job, says that it is ready, and starts when it is told to.
import { mysqlStore } from '../../facade/stores/mysql-store.js'
import { redisStore } from '../../facade/stores/redis-store.js'
import { postgresStore } from '../../facade/stores/postgres-store.js'
import { sqliteStore } from '../../facade/stores/sqlite-store.js'
import type { Store } from '../../facade/stores/traits.js'
import { Countersign } from '../../index.js'
import { rp } from '../helpers/service.js'

/** What a process does: a number of answers at once, or one change. */
export interface Job {
  user: string
  /** Epoch milliseconds. */
  now: number
  answers?: unknown[]
  remove?: string
  renew?: true
}

export interface Result {
  /** How many answers ended so: `ok`, `rejected`, `locked`, or the code of an error. */
  outcomes: Record<string, number>
  /** The new recovery codes. */
  codes?: string[]
}

const [engine = '', place = ''] = process.argv.slice(2)
/** What looks for a database is only loaded by those who need one. */
const openers: Record<string, () => Promise<Store>> = {
  postgres: async () => postgresStore((await import('./engines.js')).newPool(), { schema: place }),
  redis: async () => redisStore((await import('./engines.js')).newRedis(), { prefix: place }),
  mysql: async () => mysqlStore((await import('./mysql.js')).newMysql({ database: place })),
  sqlite: async () => sqliteStore(place),
}
const store = await openers[engine]!()
let now = 0
const service = await Countersign.open({ rp, store, now: () => now })
const tell = (message: 'ready' | Result) => void process.send?.(message)

let job: Job
process.on('message', (message: Job | 'go') => {
  if (message === 'go') return void run(job).then(tell)
  job = message
  now = job.now
  // A connection is there before the race starts.
  void store.read('nobody').then(() => tell('ready'))
})

async function run({ user, answers = [], remove, renew }: Job): Promise<Result> {
  const changes = [
    ...(remove === undefined ? [] : [service.removeFactor(user, remove)]),
    ...(renew === undefined ? [] : [service.createRecoveryCodes(user)]),
  ]
  const outcomes: Record<string, number> = {}
  const count = (name: string) => (outcomes[name] = (outcomes[name] ?? 0) + 1)
  await Promise.all(
    answers.map(async (answer) => {
      const failed = (error: { code: string }) => ({ ok: false, reason: error.code })
      const outcome = await service.verify(user, answer).catch(failed)
      count('reason' in outcome ? outcome.reason : 'ok')
    }),
  )
  const [changed] = await Promise.all(changes)
  return Array.isArray(changed) ? { outcomes, codes: changed } : { outcomes }
}
