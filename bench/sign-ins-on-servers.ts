// Sign-ins per second on each store, with 1 to 64 at a time: a challenge, then a TOTP code or a WebAuthn response. It also counts
// the round trips of one sign-in. Every answer is checked.
//
// node build/bench/sign-ins-on-servers.js [milliseconds for each number]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { Redis } from 'ioredis'
import { Pool } from 'pg'

import { directoryStore, memoryStore } from '../facade/stores/index.js'
import { postgresStore } from '../facade/stores/postgres-store.js'
import { redisStore } from '../facade/stores/redis-store.js'
import type { ChallengeStore, UserStore } from '../facade/stores/traits.js'
import { TestAuthenticator } from '../facade/testing/test-authenticator.js'
import { totpAt } from '../facade/testing/totp-at.js'
import { Countersign } from '../index.js'

const duration = Number(process.argv[2] ?? 2000)
const name = `countersign_bench_${process.pid}`
const origin = 'https://example.com'
const rp = { id: 'example.com', name: 'Example', origins: [origin] }
const users = Array.from({ length: 256 }, (_, index) => `user ${index}`)

interface Person {
  user: string
  uri: string
  key: TestAuthenticator
}

const directory = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
const pool = new Pool({ connectionString: 'postgres://postgres@127.0.0.1:5432/test', max: 20 })
const client = new Redis('redis://127.0.0.1:6379')
let trips = 0
const postgres = postgresStore(
  { query: (text, values) => ((trips += 1), pool.query(text, values)) },
  { schema: name },
)
const redis = redisStore({ call: (...args) => ((trips += 1), client.call(...args)) }, { prefix: name })

const stores: Record<string, { users: UserStore; challenges: ChallengeStore }> = {
  memory: both(memoryStore()),
  directory: both(directoryStore(join(directory, 'store'), { create: true })),
  redis: both(redis),
  postgres: both(postgres),
  'postgres, challenges in redis': { users: postgres, challenges: redis },
}

try {
  await postgres.migrate()
  for (const [kind, store] of Object.entries(stores)) await measureStore(kind, store)
} finally {
  await pool.query(`DROP SCHEMA IF EXISTS ${name} CASCADE`)
  const keys = await client.keys(`${name}*`)
  if (keys.length > 0) await client.del(...keys)
  await pool.end()
  client.disconnect()
  rmSync(directory, { recursive: true })
}

async function measureStore(kind: string, store: { users: UserStore; challenges: ChallengeStore }): Promise<void> {
  let now = Date.now()
  const service = await Countersign.open({ rp, store, now: () => now })
  const people: Person[] = []
  for (const user of users) {
    const { enrolment, uri } = await service.beginTotp(user, { account: user })
    const enrolled = await service.finishTotp(user, { enrolment, code: totpAt(uri, now), description: '' })
    const key = new TestAuthenticator()
    const creation = await service.beginWebauthn(user, { name: user, displayName: user })
    const response = key.create(creation, { origin })
    const registered = await service.finishWebauthn(user, { response, description: '' })
    if (!enrolled.ok || !registered.ok) throw new Error('not enrolled')
    people.push({ user, uri, key })
  }

  const totp = async ({ user, uri }: Person) => {
    await service.challenge(user)
    return service.verify(user, { type: 'totp', code: totpAt(uri, now) })
  }
  const webauthn = async ({ user, key }: Person) => {
    const challenge = await service.challenge(user)
    if (!challenge?.webauthn) throw new Error('nothing to sign')
    return service.verify(user, { type: 'webauthn', response: key.get(challenge.webauthn, { origin }) })
  }
  for (const [way, signIn] of Object.entries({ totp, webauthn })) {
    const numbers: string[] = []
    for (const inFlight of [1, 4, 16, 64]) {
      trips = 0
      let done = 0
      const begun = performance.now()
      while (performance.now() - begun < duration) {
        // Each user signs in once, so that no code is used twice. Then the clock moves on by a step.
        now += 30_000
        let next = 0
        const worker = async () => {
          while (next < people.length && performance.now() - begun < duration) {
            const outcome = await signIn(people[next++] as Person)
            if (!outcome.ok) throw new Error(`refused: ${outcome.reason}`)
            done += 1
          }
        }
        await Promise.all(Array.from({ length: inFlight }, worker))
      }
      numbers.push(`${inFlight}: ${Math.round((done / (performance.now() - begun)) * 1000)}`)
      if (inFlight === 64) numbers.push(`round trips ${trips / done}`)
    }
    console.log(`${kind}, ${way}: ${numbers.join(', ')}`)
  }
}

function both<T extends UserStore & ChallengeStore>(store: T): { users: T; challenges: T } {
  return { users: store, challenges: store }
}
