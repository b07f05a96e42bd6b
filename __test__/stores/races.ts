// The races of four processes, each with connections of its own, against one record.
import { deepStrictEqual as equal, ok } from 'node:assert/strict'
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import type { Store } from '../../facade/stores/traits.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { totpAt } from '../../facade/testing/totp-at.js'
import { Fixture, nextStep, origin } from '../helpers/service.js'
import type { Job, Result } from './race-worker.js'

const program = fileURLToPath(new URL('race-worker.js', import.meta.url))

/** One race: a round is over when its promise resolves, and rejects when two answers got what one should have. */
export interface Race {
  name: string
  round(arena: Arena): Promise<void>
}

export const races: Race[] = [
  race('50 answers with one TOTP code', async (arena) => {
    const user = await arena.newUser()
    const answer = { type: 'totp', code: arena.code() }
    const outcomes = await arena.start(user, (count) => ({ answers: Array.from({ length: count }, () => answer) }))
    equal(outcomes, { ok: 1, rejected: 49 })
    like(await arena.fixture.service.status(user), { totpFailures: 0, failures: 0, locked: [] })
  }),

  race('50 answers with one recovery code', async (arena) => {
    const user = await arena.newUser()
    const answer = { type: 'recovery', code: arena.codes[3] }
    const outcomes = await arena.start(user, (count) => ({ answers: Array.from({ length: count }, () => answer) }))
    equal(outcomes, { ok: 1, rejected: 49 })
    like(await arena.fixture.service.status(user), { recoveryCodesLeft: 9, failures: 49 })
  }),

  race('50 answers with one WebAuthn response', async (arena) => {
    const user = await arena.newUser()
    const answer = await arena.fixture.assertion(user, arena.key)
    const outcomes = await arena.start(user, (count) => ({ answers: Array.from({ length: count }, () => answer) }))
    equal(outcomes, { ok: 1, rejected: 49 })
  }),

  race('100 different wrong codes against the limit', async (arena) => {
    const user = await arena.newUser()
    const right = new Set([-2, -1, 0, 1, 2].map((step) => arena.code(step)))
    const codes = Array.from({ length: 110 }, (_, code) => String(code).padStart(6, '0'))
    const wrong = codes.filter((code) => !right.has(code))
    const take = (count: number) => wrong.splice(0, count).map((code) => ({ type: 'totp', code }))
    const outcomes = await arena.start(user, (count) => ({ answers: take(count * 2) }))
    equal(outcomes, { rejected: 8, locked: 92 })
    like(await arena.fixture.service.status(user), { totpFailures: 8, failures: 8, locked: ['totp'] })
  }),

  race('a factor is removed while it answers', async (arena) => {
    const user = await arena.newUser()
    const answer = { type: 'totp', code: arena.code() }
    const outcomes = await arena.start(user, (count, index) => ({
      answers: Array.from({ length: count }, () => answer),
      ...(index === 0 ? { remove: arena.totpId } : {}),
    }))
    ok((outcomes.ok ?? 0) <= 1, JSON.stringify(outcomes))
    equal([(outcomes.ok ?? 0) + (outcomes.rejected ?? 0), Object.keys(outcomes).length <= 2], [50, true])
    equal((await arena.fixture.service.factors(user)).map(({ type }) => type).sort(), ['recovery', 'webauthn'])
  }),

  race('a set of recovery codes is replaced while one of its codes is used', async (arena) => {
    const user = await arena.newUser()
    const answer = { type: 'recovery', code: arena.codes[3] }
    const outcomes = await arena.start(user, (count, index) => ({
      answers: Array.from({ length: count }, () => answer),
      ...(index === 0 ? { renew: true as const } : {}),
    }))
    ok((outcomes.ok ?? 0) <= 1, JSON.stringify(outcomes))
    const { service } = arena.fixture
    equal((await service.status(user)).recoveryCodesLeft, 10, 'the new set is whole')
    ok(!(await service.verify(user, answer)).ok, 'no code of the old one is left')
    like(await service.verify(user, { type: 'recovery', code: arena.renewed[9] }), { ok: true, recoveryCodesLeft: 9 })
  }),
]

/** A service on the store, a record that every round's user begins with, and four processes. */
export class Arena {
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

  static async open(engine: string, place: string, store: Store): Promise<Arena> {
    const children = [0, 1, 2, 3].map(() => fork(program, [engine, place]))
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

function race(name: string, round: (arena: Arena) => Promise<void>): Race {
  return { name, round }
}

/** Whether all that `expected` has is so. */
function like(actual: object, expected: Record<string, unknown>): void {
  equal(Object.fromEntries(Object.keys(expected).map((name) => [name, (actual as Record<string, unknown>)[name]])), expected)
}
