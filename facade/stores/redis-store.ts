import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'

import { flag, invalid, isWellFormed, object, optional } from '../shared/check.js'
import { randomBytes } from '../shared/crypto.js'
import { CountersignError } from '../shared/errors.js'
import { conflict, untilNoConflict } from './attempts.js'
import { checkClaims, claimTaken, isClaim } from './claims.js'
import { KeyedQueue } from './keyed-queue.js'
import { redisSender } from './redis-client.js'
import type { RedisClient, Send } from './redis-client.js'
import { checkPrefix, RedisKeys } from './redis-keys.js'
import { redisScripts } from './redis-scripts.js'
import type { OpenChallenge, RecordChange, Store } from './traits.js'

export { redisSessions } from './redis-sessions.js'
export type { RedisSessionOptions } from './redis-sessions.js'
export type { IoredisClient, NodeRedisClient, NodeRedisCluster, RedisClient } from './redis-client.js'

export interface RedisOptions {
  /** The prefix of every key, without braces, at most 64 bytes. Default `countersign`. */
  prefix?: string
  /**
   * Keeps records even if the server evicts them when its memory is full (`maxmemory-policy` `allkeys-...`), or if the
   * policy can't be read. A user whose record is lost has no second factor any more. Default false.
   */
  allowEviction?: boolean
}

/**
 * Keeps records and challenges in Redis (6.2 or newer) or Valkey, also in a cluster, for any number of machines.
 *
 * It is as durable as the server. Without `appendonly yes`, a restart loses records. With `appendfsync everysec`, a
 * crash loses the last second. A failover loses what the replica did not have yet. A code that was used in that time
 * works again, and a user who enrolled in that time has no second factor. For challenges this doesn't matter. For
 * records, PostgreSQL is the better place.
 *
 * @param client the host's own client, of `ioredis` or `redis`, already connected. Its errors are thrown as they are
 * @throws CountersignError `store-refused` if records would be evicted, `store-busy` if other calls changed the record
 *   at each of 40 attempts
 * @example
 * const store = redisStore(new Redis(url))
 */
export function redisStore(client: RedisClient, options: RedisOptions = {}): Store {
  const { prefix = 'countersign', allowEviction = false } = checkOptions(options, 'options')
  return new RedisStore(redisSender(client), new RedisKeys(prefix), allowEviction)
}

const checkOptions = object<RedisOptions>({ prefix: optional(checkPrefix), allowEviction: optional(flag) })

/** A policy may be changed while the server runs: it is asked for with the first read, and then with one a minute. */
const checkInterval = 60_000

const maxOpen = 8

/** How long a claim is left to a call that has not written its record yet, and between two looks, in milliseconds. */
const claimPatience = 500
const longestPause = 16

interface Stored {
  record: string | undefined
  /** Random, and another with each write. Empty where there is no record. */
  version: string
  handle: string | undefined
  claims: string[]
}

/** A claim that a call has taken, and what it has put there. */
interface Taken {
  claim: string
  value: string
  /** Whether a call of the same user had taken it before. */
  again: boolean
}

class RedisStore implements Store {
  readonly #send: Send
  readonly #keys: RedisKeys
  readonly #allowEviction: boolean
  readonly #queue = new KeyedQueue(Infinity)
  #checked = -Infinity

  constructor(send: Send, keys: RedisKeys, allowEviction: boolean) {
    this.#send = send
    this.#keys = keys
    this.#allowEviction = allowEviction
  }

  async read(user: string): Promise<string | undefined> {
    return (await this.#stored(wellFormed(user, 'user'))).record
  }

  async update<T>(user: string, change: (record: string | undefined) => RecordChange<T>): Promise<T> {
    wellFormed(user, 'user')
    return this.#queue.run(user, () => untilNoConflict(() => this.#attempt(user, change)))
  }

  async owner(handle: string): Promise<string | undefined> {
    if (!isText(handle)) return undefined
    for await (const user of this.#usersOf(handle)) return user
    if (!isClaim(handle)) return undefined
    const user = claimant(await this.#claimValue(handle))
    return user !== undefined && (await this.#stored(user)).claims.includes(handle) ? user : undefined
  }

  /** The users whose records have this handle. */
  async *#usersOf(handle: string): AsyncIterable<string> {
    const key = this.#keys.handle(handle)
    for (const user of texts(await this.#send(key, 'SMEMBERS', key))) {
      if ((await this.#stored(user)).handle === handle) yield user
    }
  }

  users(): AsyncIterable<string> {
    return this.usersAfter('')
  }

  /** Bucket by bucket, and in each by the ids. */
  async *usersAfter(after: string): AsyncIterable<string> {
    const all = this.#keys.allUsers()
    const begun = after === '' ? all[0] : this.#keys.users(wellFormed(after, 'after'))
    for (const key of all.slice(all.indexOf(begun as string))) {
      // A scan may come upon a member twice.
      const found = new Set<string>()
      let cursor = '0'
      do {
        const [next, members] = (await this.#send(key, 'SSCAN', key, cursor, 'COUNT', '1000')) as [unknown, unknown]
        for (const user of texts(members)) found.add(user)
        cursor = String(next)
      } while (cursor !== '0')
      for (const user of [...found].toSorted()) if (key !== begun || user > after) yield user
    }
  }

  async put(key: string, { id, purpose, data, expires }: OpenChallenge): Promise<void> {
    for (const [name, value] of Object.entries({ key, id, purpose, data })) wellFormed(value, name)
    const keys = [this.#keys.open(key), this.#keys.challenge(key) + id]
    await this.#run('put', keys, [id, purpose, `${expires}:${data}`, String(expires), String(maxOpen)])
  }

  async take(key: string, id: string, now: number): Promise<string | undefined> {
    if (!isText(id)) return undefined
    const challenge = this.#keys.challenge(wellFormed(key, 'key')) + id
    const value = await this.#send(challenge, 'GETDEL', challenge)
    if (value === null || value === undefined) return undefined
    const [, expires = '', data] = /^([^:]*):(.*)$/s.exec(String(value)) ?? []
    return Number(expires) > now ? data : undefined
  }

  async clear(key: string): Promise<void> {
    await this.#run('clear', [this.#keys.open(wellFormed(key, 'key')), this.#keys.challenge(key)], [])
  }

  async sharedKey(fresh: string): Promise<string> {
    return String(await this.#run('sharedKey', [this.#keys.sharedKey()], [wellFormed(fresh, 'fresh')]))
  }

  async #attempt<T>(
    user: string,
    change: (record: string | undefined) => RecordChange<T>,
  ): Promise<T | typeof conflict> {
    const before = await this.#stored(user)
    const { record, handle, claims: given, value } = change(before.record)
    if (record === undefined || (record === null && before.record === undefined)) return value
    const claims = record === null ? [] : (checkClaims(given) ?? before.claims)
    const dropped = before.claims.filter((claim) => !claims.includes(claim))
    // Before the change: what is claimed anew after it is left alone.
    const values = await Promise.all(dropped.map((claim) => this.#claimValue(claim)))
    const undo = await this.#claimAll(claims.filter((claim) => !before.claims.includes(claim)), user)
    const added = record === null || handle === before.handle ? undefined : handle
    // First the way to the user, then the record: after a crash in between, the record does not confirm it.
    if (added !== undefined) await this.#index('SADD', wellFormed(added, 'handle'), user)
    const keys = [this.#keys.record(user), this.#keys.users(user)]
    const written =
      record === null
        ? await this.#run('delete', keys, [before.version, nonce(), user])
        : await this.#run('write', keys, writing(user, before, record, claims, handle))
    if (written !== 1) {
      await undo()
      return conflict
    }
    if (before.handle !== undefined && (record === null || handle !== before.handle)) {
      // The change has been made: what is left of the old handle leads nowhere.
      await this.#index('SREM', before.handle, user).catch(() => {})
    }
    for (const [index, claim] of dropped.entries()) {
      const value = values[index]
      if (value !== undefined && claimant(value) === user) await this.#release(claim, value)
    }
    return value
  }

  /**
   * Takes claims before the record that holds them is written: in a cluster they are in other places. All who take
   * several do so in the same order, so that nobody waits for each other.
   *
   * @returns gives them back, for when the record was certainly not written
   */
  async #claimAll(claims: string[], user: string): Promise<() => Promise<void>> {
    const taken: Taken[] = []
    const undo = async () => {
      await Promise.all(taken.map((one) => this.#giveBack(one, user)))
    }
    try {
      for (const claim of claims.toSorted()) {
        taken.push(await this.#claim(claim, user))
        // A record that was stored without claims has only its handle, which counts as a claim of its user.
        for await (const other of this.#usersOf(claim)) if (other !== user) throw claimTaken()
      }
    } catch (error) {
      await undo()
      throw error
    }
    return undo
  }

  /**
   * A claim whose user's record does not hold it is of a call that is going on, or was left by one that failed. After a
   * while the record of that user gets another version, so that what may still be going on begins again, and finds the
   * claim taken.
   */
  async #claim(claim: string, user: string): Promise<Taken> {
    const mine = `${nonce()} ${user}`
    let seen = { value: '', since: 0 }
    for (let theirs = ''; ; ) {
      const found = await this.#run('claim', [this.#keys.claim(claim)], [mine, theirs])
      if (typeof found !== 'string') return { claim, value: mine, again: found === 2 }
      if (found !== seen.value) seen = { value: found, since: performance.now() }
      const overdue = performance.now() - seen.since > claimPatience
      const version = overdue ? nonce() : ''
      const held = await this.#run('fence', [this.#keys.record(claimant(found) as string)], [` ${claim} `, version])
      if (held === 1) throw claimTaken()
      if (overdue) theirs = found
      else await pause(Math.random() * longestPause)
    }
  }

  /**
   * Where another call of this user had taken the claim too, it may have written the record meanwhile, or be about to: then
   * the claim stays, or that call fails by another version of the record, and begins again.
   */
  async #giveBack({ claim, value, again }: Taken, user: string): Promise<void> {
    const held = again && (await this.#run('fence', [this.#keys.record(user)], [` ${claim} `, nonce()])) === 1
    if (!held) await this.#release(claim, value)
  }

  /** What is left of a claim that is not removed leads nowhere. */
  async #release(claim: string, value: string): Promise<void> {
    await this.#run('release', [this.#keys.claim(claim)], [value]).catch(() => {})
  }

  async #claimValue(claim: string): Promise<string | undefined> {
    const key = this.#keys.claim(claim)
    // A script, for clusters send these to the primary.
    const value = await this.#run('claimed', [key], [])
    return value === null || value === undefined ? undefined : String(value)
  }

  async #index(command: 'SADD' | 'SREM', handle: string, user: string): Promise<void> {
    const key = this.#keys.handle(handle)
    await this.#send(key, command, key, user)
  }

  async #stored(user: string): Promise<Stored> {
    const due = !this.#allowEviction && performance.now() - this.#checked > checkInterval
    const answer = await this.#run('read', [this.#keys.record(user)], due ? ['check'] : [])
    if (!Array.isArray(answer)) throw new CountersignError('store-refused', { detail: String(answer) })
    if (due) this.#checked = performance.now()
    const [record, version, handle, claims] = answer.map((value) => (value === null ? undefined : String(value)))
    return { record, version: version ?? '', handle, claims: claims?.split(' ').filter((claim) => claim !== '') ?? [] }
  }

  /** The script itself and not its hash, which a restarted server would not know: always one round trip. */
  #run(script: keyof typeof redisScripts, keys: string[], args: string[]): Promise<unknown> {
    return this.#send(keys[0] as string, 'EVAL', redisScripts[script], String(keys.length), ...keys, ...args)
  }
}

function writing(
  user: string, before: Stored, record: string, claims: string[], handle: string | undefined,
): string[] {
  const held = claims.length > 0 ? ` ${claims.join(' ')} ` : ''
  const args = [before.version, nonce(), user, wellFormed(record, 'record'), held]
  return handle === undefined ? args : [...args, handle]
}

function nonce(): string {
  return randomBytes(12).toString('base64url')
}

/** The user of a claim's value. */
function claimant(value: string | undefined): string | undefined {
  return value?.slice(value.indexOf(' ') + 1)
}

function wellFormed(value: unknown, name: string): string {
  if (!isText(value)) throw invalid(name, 'well-formed text')
  return value
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && isWellFormed(value)
}

function texts(members: unknown): string[] {
  return Array.isArray(members) || members instanceof Set ? [...members].map(String) : []
}
