// Round trips are counted where they are made: at the pool and at the client.
import test from 'ava'

import { mysqlStore } from '../../facade/stores/mysql-store.js'
import type { MysqlQuery, MysqlQueryable } from '../../facade/stores/mysql-store.js'
import { createSessions } from '../../facade/http/session.js'
import { postgresSessions, postgresStore } from '../../facade/stores/postgres-store.js'
import { redisStore } from '../../facade/stores/redis-store.js'
import type { ChallengeStore, UserStore } from '../../facade/stores/traits.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { Countersign } from '../../index.js'
import { origin, rp } from '../helpers/service.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { own, postgresFound, redisFound } from './engines.js'
import { mysqlFound } from './mysql.js'
import { ownPostgres, ownRedis } from './own-databases.js'
import { ownMysql } from './own-mysql.js'

// The fifteen times of sixteen when nothing expired is swept away.
const { random } = Math
test.before(() => (Math.random = () => 0.99))
test.after.always(() => (Math.random = random))

let trips = 0
const usual = { challenge: 2, code: 2, response: 4 }
// A store that compares what the service has read before it writes.
const comparing = { ...usual, response: 3 }
const expected: Record<string, typeof usual> = { postgres: comparing, 'users in postgres, challenges in redis': comparing }
const kinds: Record<string, () => Promise<{ users: UserStore; challenges: ChallengeStore }>> = {}

if (postgresFound) {
  const pool = ownPostgres()
  const counting = {
    query(text: string, values?: unknown[]) {
      trips += 1
      return pool.query(text, values)
    },
  }
  test.before(async () => {
    await postgresStore(pool, { schema: own }).migrate()
    await postgresSessions(pool, { schema: own }).migrate()
  })
  kinds.postgres = async () => both(postgresStore(counting, { schema: own }))

  test.serial('postgres: a whole sign-in with a session takes 8 by code, 9 by key and 3 by a passkey alone', async (t) => {
    const user = 'user with sessions'
    let now = Date.now()
    const service = await Countersign.open({ rp, store: postgresStore(counting, { schema: own }), now: () => now })
    const { enrolment, uri } = await service.beginTotp(user, { account: 'ann' })
    t.true((await service.finishTotp(user, { enrolment, code: totpAt(uri, now), description: '' })).ok)
    const key = new TestAuthenticator({ userVerified: true })
    const creation = await service.beginWebauthn(user, { name: 'ann', displayName: 'Ann', use: 'passkey' })
    t.true((await service.finishWebauthn(user, { response: key.create(creation, { origin }), description: '' })).ok)
    const store = postgresSessions(counting, { schema: own })
    const sessions = createSessions(service, { store, account: () => ({ enrolled: true }), onEnrolled: () => undefined })

    let cookies = new Map<string, string>()
    const request = (path: string, body: object) => {
      const cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
      const headers = { origin, cookie, 'content-type': 'application/json' }
      return new Request(`${origin}/countersign${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    }
    const keep = (headers: Headers) => {
      for (const [, name, value] of headers.getSetCookie().map((line) => /^([^=]*)=([^;]*)/.exec(line)!)) cookies.set(name!, value!)
    }
    const post = async (path: string, body = {}): Promise<any> => {
      const answer = await sessions.handler(request(path, body), {})
      keep(answer.headers)
      const json = (await answer.json()) as object
      t.is(answer.status, 200, JSON.stringify(json))
      return json
    }
    const password = async () => {
      const signedIn = await sessions.signIn(request('/', {}), user)
      if (signedIn.ok) keep(new Headers(signedIn.headers))
    }
    const sign = (options: any) => ({ type: 'webauthn', response: key.get(options, { origin }) })
    const ways: Record<string, [expected: number, work: () => Promise<unknown>]> = {
      code: [8, async () => {
        await password()
        await post('/challenge')
        await post('/verify', { answer: { type: 'totp', code: totpAt(uri, now) } })
      }],
      key: [9, async () => {
        await password()
        const { challenge } = await post('/challenge')
        await post('/verify', { answer: sign(challenge.webauthn) })
      }],
      passkey: [3, async () => {
        const { webauthn } = await post('/passkey/challenge')
        await post('/passkey/verify', { answer: sign(webauthn) })
      }],
    }
    // The key for challenges of passkeys is asked for once.
    await ways.passkey![1]()
    for (const [way, [expected, work]] of Object.entries(ways)) {
      now += 30_000
      cookies = new Map()
      trips = 0
      await work()
      t.is(trips, expected, way)
    }
  })
}

if (redisFound) {
  const client = ownRedis()
  const counting = {
    call(command: string, ...args: string[]) {
      trips += 1
      return client.call(command, ...args)
    },
  }
  kinds.redis = async () => both(redisStore(counting, { prefix: own }))
}

if (mysqlFound) {
  const pool = ownMysql()
  const query = (on: MysqlQueryable) => (options: MysqlQuery, values?: unknown[]) => {
    trips += 1
    return on.query(options, values)
  }
  const counting = {
    query: query(pool),
    async getConnection() {
      const connection = await pool.getConnection()
      return { query: query(connection), release: () => connection.release(), destroy: () => connection.destroy() }
    },
  }
  // Its transactions are statements of their own.
  expected.mysql = { challenge: 3, code: 4, response: 7 }
  kinds.mysql = async () => both(mysqlStore(counting))
}

if (kinds.postgres && kinds.redis) {
  const { postgres, redis } = kinds
  kinds['users in postgres, challenges in redis'] = async () => ({
    users: (await postgres()).users,
    challenges: (await redis()).challenges,
  })
}

for (const [kind, makeStore] of Object.entries(kinds)) {
  const { challenge: toAsk, code: toType, response: toSign } = expected[kind] ?? usual
  test.serial(`${kind}: ${toAsk} for a challenge, ${toType} for a typed code, ${toSign} for a WebAuthn response`, async (t) => {
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
      t.is(forChallenge, toAsk)
      const [totp, forTotp] = await count(() => fresh.verify(user, { type: 'totp', code: totpAt(uri, now) }))
      t.deepEqual([totp.ok, forTotp], [true, toType])
      if (!challenge?.webauthn) throw new Error('nothing to sign')
      const response = key.get(challenge.webauthn, { origin })
      const [webauthn, forWebauthn] = await count(() => fresh.verify(user, { type: 'webauthn', response }))
      t.deepEqual([webauthn.ok, forWebauthn], [true, toSign])
      const [again, forReplay] = await count(() => fresh.verify(user, { type: 'webauthn', response }))
      t.deepEqual([again.ok, forReplay], [false, 2], 'a replay: the record, and no challenge')
      const [used, forRecovery] = await count(() => fresh.verify(user, { type: 'recovery', code: recovery }))
      t.deepEqual([used.ok, forRecovery], [turn === 0, toType])
      now += 30_000
    }
  })
}

if (Object.keys(kinds).length === 0) test.skip('no database is there', () => {})

function both<T extends UserStore & ChallengeStore>(store: T): { users: T; challenges: T } {
  return { users: store, challenges: store }
}
