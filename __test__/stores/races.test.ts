// Four processes, each with connections of its own, against one record: 200 rounds of each race.
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import type { ExecutionContext } from 'ava'

import { postgresStore } from '../../facade/stores/postgres-store.js'
import { redisStore } from '../../facade/stores/redis-store.js'
import type { Store } from '../../facade/stores/traits.js'
import { Fixture, nextStep, origin } from '../helpers/service.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { deleteKeys, dropSchema, newPool, newRedis, own, postgresFound, redisFound } from './engines.js'
import type { Job, Result } from './race-worker.js'

const rounds = Number(process.env.RACE_ROUNDS ?? 200)
const program = fileURLToPath(new URL('race-worker.js', import.meta.url))

if (postgresFound) {
  const pool = newPool()
  test.before(() => postgresStore(pool, { schema: own }).migrate())
  test.after.always(async () => {
    await dropSchema(own)
    await pool.end()
  })
  races('postgres', postgresStore(pool, { schema: own }))
}

if (redisFound) {
  const client = newRedis()
  test.after.always(async () => {
    await deleteKeys(own)
    client.disconnect()
  })
  races('redis', redisStore(client, { prefix: own }))
}

if (!postgresFound && !redisFound) test.skip('no database is there', () => {})

function races(engine: string, store: Store): void {
  race('50 answers with one TOTP code', async (t, arena) => {
    const user = await arena.newUser()
    const answer = { type: 'totp', code: arena.code() }
    const outcomes = await arena.start(user, (count) => ({ answers: Array.from({ length: count }, () => answer) }))
    t.deepEqual(outcomes, { ok: 1, rejected: 49 })
    t.like(await arena.fixture.service.status(user), { totpFailures: 0, failures: 0, locked: [] })
  })

  race('50 answers with one recovery code', async (t, arena) => {
    const user = await arena.newUser()
    const answer = { type: 'recovery', code: arena.codes[3] }
    const outcomes = await arena.start(user, (count) => ({ answers: Array.from({ length: count }, () => answer) }))
    t.deepEqual(outcomes, { ok: 1, rejected: 49 })
    t.like(await arena.fixture.service.status(user), { recoveryCodesLeft: 9, failures: 49 })
  })

  race('50 answers with one WebAuthn response', async (t, arena) => {
    const user = await arena.newUser()
    const answer = await arena.fixture.assertion(user, arena.key)
    const outcomes = await arena.start(user, (count) => ({ answers: Array.from({ length: count }, () => answer) }))
    t.deepEqual(outcomes, { ok: 1, rejected: 49 })
  })

  race('100 different wrong codes against the limit', async (t, arena) => {
    const user = await arena.newUser()
    const right = new Set([-2, -1, 0, 1, 2].map((step) => arena.code(step)))
    const codes = Array.from({ length: 110 }, (_, code) => String(code).padStart(6, '0'))
    const wrong = codes.filter((code) => !right.has(code))
    const take = (count: number) => wrong.splice(0, count).map((code) => ({ type: 'totp', code }))
    const outcomes = await arena.start(user, (count) => ({ answers: take(count * 2) }))
    t.deepEqual(outcomes, { rejected: 8, locked: 92 })
    t.like(await arena.fixture.service.status(user), { totpFailures: 8, failures: 8, locked: ['totp'] })
  })

  race('a factor is removed while it answers', async (t, arena) => {
    const user = await arena.newUser()
    const answer = { type: 'totp', code: arena.code() }
    const outcomes = await arena.start(user, (count, index) => ({
      answers: Array.from({ length: count }, () => answer),
      ...(index === 0 ? { remove: arena.totpId } : {}),
    }))
    t.true((outcomes.ok ?? 0) <= 1, JSON.stringify(outcomes))
    t.deepEqual([(outcomes.ok ?? 0) + (outcomes.rejected ?? 0), Object.keys(outcomes).length <= 2], [50, true])
    t.deepEqual((await arena.fixture.service.factors(user)).map(({ type }) => type).sort(), ['recovery', 'webauthn'])
  })

  race('a set of recovery codes is replaced while one of its codes is used', async (t, arena) => {
    const user = await arena.newUser()
    const answer = { type: 'recovery', code: arena.codes[3] }
    const outcomes = await arena.start(user, (count, index) => ({
      answers: Array.from({ length: count }, () => answer),
      ...(index === 0 ? { renew: true as const } : {}),
    }))
    t.true((outcomes.ok ?? 0) <= 1, JSON.stringify(outcomes))
    const { service } = arena.fixture
    t.is((await service.status(user)).recoveryCodesLeft, 10, 'the new set is whole')
    t.false((await service.verify(user, answer)).ok, 'no code of the old one is left')
    t.like(await service.verify(user, { type: 'recovery', code: arena.renewed[9] }), { ok: true, recoveryCodesLeft: 9 })
  })

  function race(name: string, body: (t: ExecutionContext, arena: Arena) => Promise<void>) {
    test.serial(`${engine}: ${name}`, async (t) => {
      t.timeout(600_000)
      const arena = await Arena.open(engine, store)
      try {
        for (let round = 0; round < rounds; round += 1) await body(t, arena)
      } finally {
        await arena.close()
      }
    })
  }
}

/** A service on the store, a record that every round's user begins with, and four processes. */
class Arena {
  readonly key = new TestAuthenticator({ signCount: null })
  codes: string[] = []
  renewed: string[] = []
  totpId = ''
  #uri = ''
  #record = ''
  #users = 0

  private constructor(
    readonly fixture: Fixture,
    readonly children: ChildProcess[],
  ) {}

  static async open(engine: string, store: Store): Promise<Arena> {
    const children = [0, 1, 2, 3].map(() => fork(program, [engine, own]))
    const arena = new Arena(await Fixture.open(store), children)
    try {
      await arena.#enrol(store)
    } catch (error) {
      // The processes would keep this one from ending.
      await arena.close()
      throw error
    }
    return arena
  }

  /** The TOTP code of this moment, or of some steps later. */
  code(steps = 0): string {
    return totpAt(this.#uri, this.fixture.now + steps * 30_000)
  }

  /** The last round's goes: the record's handle belongs to one user at a time. */
  async newUser(): Promise<string> {
    const name = (round: number) => `racer ${process.pid} ${round}`
    await this.fixture.store.update(name(this.#users), () => ({ record: null, value: undefined }))
    this.#catchUp()
    this.#users += 1
    await this.fixture.store.update(name(this.#users), () => ({ record: this.#record, value: undefined }))
    return name(this.#users)
  }

  /** Gives each process its job, lets them all go at once, and adds up what came of it. */
  async start(user: string, jobOf: (count: number, index: number) => Partial<Job>): Promise<Record<string, number>> {
    await this.#all((index) => ({ user, now: this.fixture.now, ...jobOf([12, 12, 13, 13][index] as number, index) }))
    const results = (await this.#all(() => 'go')) as Result[]
    this.renewed = results.find(({ codes }) => codes)?.codes ?? []
    const sum: Record<string, number> = {}
    for (const { outcomes } of results) {
      for (const [name, count] of Object.entries(outcomes)) sum[name] = (sum[name] ?? 0) + count
    }
    return sum
  }

  async close(): Promise<void> {
    const ends = this.children.map((child) => once(child, 'exit'))
    for (const child of this.children) child.kill()
    await Promise.all(ends)
  }

  /** Rounds on a slow machine take longer than a challenge lives, which Redis sees by its own clock. */
  #catchUp(): void {
    this.fixture.now = Math.max(this.fixture.now, nextStep())
  }

  /** Once for all rounds: a record names no user. */
  async #enrol(store: Store): Promise<void> {
    const user = `model ${process.pid}`
    this.#catchUp()
    const { factor, uri } = await this.fixture.enrolTotp(user)
    const creation = await this.fixture.service.beginWebauthn(user, { name: 'ann', displayName: 'Ann' })
    const response = this.key.create(creation, { origin })
    const enrolled = await this.fixture.service.finishWebauthn(user, { response, description: 'key' })
    if (!enrolled.ok) throw new Error(enrolled.reason)
    this.codes = await this.fixture.service.createRecoveryCodes(user)
    this.totpId = factor.id
    this.#uri = uri
    this.#record = (await store.read(user)) ?? ''
    await store.update(user, () => ({ record: null, value: undefined }))
    this.fixture.step()
  }

  #all(messageOf: (index: number) => Job | 'go'): Promise<unknown[]> {
    const answers = this.children.map(answerOf)
    this.children.forEach((child, index) => child.send(messageOf(index)))
    return Promise.all(answers)
  }
}

/** What a process says next; its death is no answer. */
async function answerOf(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController()
  const dead = once(child, 'exit', ended).then(() => Promise.reject(new Error('a process died')))
  dead.catch(() => {})
  try {
    return (await Promise.race([once(child, 'message'), dead]))[0]
  } finally {
    ended.abort()
  }
}
