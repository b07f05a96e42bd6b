// Round trips are counted where they are made: at the pool and at the client.
import test from 'ava'

import { postgresStore } from '../../facade/stores/postgres-store.js'
import { redisStore } from '../../facade/stores/redis-store.js'
import type { ChallengeStore, UserStore } from '../../facade/stores/traits.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { Countersign } from '../../index.js'
import { origin, rp } from '../helpers/service.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { deleteKeys, dropSchema, newPool, newRedis, own, postgresFound, redisFound } from './engines.js'

let trips = 0
const kinds: Record<string, () => Promise<{ users: UserStore; challenges: ChallengeStore }>> = {}

if (postgresFound) {
  const pool = newPool()
  const counting = {
    query(text: string, values?: unknown[]) {
      trips += 1
      return pool.query(text, values)
    },
  }
  test.before(() => postgresStore(pool, { schema: own }).migrate())
  test.after.always(async () => {
    await dropSchema(own)
    await pool.end()
  })
  kinds.postgres = async () => both(postgresStore(counting, { schema: own }))
}

if (redisFound) {
  const client = newRedis()
  const counting = {
    call(command: string, ...args: string[]) {
      trips += 1
      return client.call(command, ...args)
    },
  }
  test.after.always(async () => {
    await deleteKeys(own)
    client.disconnect()
  })
  kinds.redis = async () => both(redisStore(counting, { prefix: own }))
}

if (kinds.postgres && kinds.redis) {
  const { postgres, redis } = kinds
  kinds['users in postgres, challenges in redis'] = async () => ({
    users: (await postgres()).users,
    challenges: (await redis()).challenges,
  })
}

for (const [kind, makeStore] of Object.entries(kinds)) {
  test.serial(`${kind}: 2 for a challenge, 2 for a typed code, 4 for a WebAuthn response`, async (t) => {
    const user = `user of ${kind}`
    let now = Date.now()
    const service = await Countersign.open({ rp, store: await makeStore(), now: () => now })
    const { enrolment, uri } = await service.beginTotp(user, { account: 'ann' })
    t.true((await service.finishTotp(user, { enrolment, code: totpAt(uri, now), description: '' })).ok)
    const key = new TestAuthenticator()
    const creation = await service.beginWebauthn(user, { name: 'ann', displayName: 'Ann' })
    t.true((await service.finishWebauthn(user, { response: key.create(creation, { origin }), description: '' })).ok)
    const [recovery] = await service.createRecoveryCodes(user)
    now += 30_000

    // As a process does that has just started, and then once more.
    for (let turn = 0; turn < 2; turn += 1) {
      const fresh = await Countersign.open({ rp, store: await makeStore(), now: () => now })
      const count = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
        trips = 0
        const value = await work()
        return [value, trips]
      }
      const [challenge, forChallenge] = await count(() => fresh.challenge(user))
      t.is(forChallenge, 2)
      const [totp, forTotp] = await count(() => fresh.verify(user, { type: 'totp', code: totpAt(uri, now) }))
      t.deepEqual([totp.ok, forTotp], [true, 2])
      if (!challenge?.webauthn) throw new Error('nothing to sign')
      const response = key.get(challenge.webauthn, { origin })
      const [webauthn, forWebauthn] = await count(() => fresh.verify(user, { type: 'webauthn', response }))
      t.deepEqual([webauthn.ok, forWebauthn], [true, 4])
      const [again, forReplay] = await count(() => fresh.verify(user, { type: 'webauthn', response }))
      t.deepEqual([again.ok, forReplay], [false, 2], 'a replay: the record, and no challenge')
      const [used, forRecovery] = await count(() => fresh.verify(user, { type: 'recovery', code: recovery }))
      t.deepEqual([used.ok, forRecovery], [turn === 0, 2])
      now += 30_000
    }
  })
}

if (Object.keys(kinds).length === 0) test.skip('no database is there', () => {})

function both<T extends UserStore & ChallengeStore>(store: T): { users: T; challenges: T } {
  return { users: store, challenges: store }
}
