import { invalid, isWellFormed, object, optional } from '../shared/check.js'
import { redisSender } from './redis-client.js'
import type { RedisClient, Send } from './redis-client.js'
import { checkPrefix, RedisKeys } from './redis-keys.js'
import type { SessionStore, StoredSession } from './session-store.js'

export interface RedisSessionOptions {
  /** The prefix of every key, without braces, at most 64 bytes. Default `countersign`. */
  prefix?: string
}

/**
 * Keeps sessions in Redis (6.2 or newer) or Valkey, also in a cluster, for any number of machines.
 *
 * What the server loses, by eviction or by a restart, signs people out. But a failover may also lose the end of a
 * session, which then lives on: what is ended counts once the replicas have it.
 *
 * @param client the host's own client, of `ioredis` or `redis`, already connected. Its errors are thrown as they are
 * @example
 * const store = redisSessions(new Redis(url))
 */
export function redisSessions(client: RedisClient, options: RedisSessionOptions = {}): SessionStore {
  const { prefix = 'countersign' } = checkOptions(options, 'options')
  return new RedisSessions(redisSender(client), new RedisKeys(prefix))
}

const checkOptions = object<RedisSessionOptions>({ prefix: optional(checkPrefix) })

/**
 * The sessions of a user are one hash, so that every change of them is one script. In a cluster that is in another place
 * than what leads from a session to its user, which never changes and gives nobody access.
 */
class RedisSessions implements SessionStore {
  readonly #send: Send
  readonly #keys: RedisKeys

  constructor(send: Send, keys: RedisKeys) {
    this.#send = send
    this.#keys = keys
  }

  async create(session: StoredSession): Promise<void> {
    const { key, user, expires } = session
    const [hash, value] = [this.#keys.sessions(wellFormed(user, 'user')), valueOf(session)]
    await this.#run('point', this.#keys.session(wellFormed(key, 'key')), [user, String(expires)])
    await this.#run('create', hash, [key, value, String(expires)])
  }

  async read(key: string): Promise<StoredSession | undefined> {
    if (!isText(key)) return undefined
    const user = await this.#userOf(key)
    if (user === undefined) return undefined
    const value = await this.#run('get', this.#keys.sessions(user), [key])
    return value === null || value === undefined ? undefined : sessionOf(key, user, String(value))
  }

  async replace(session: StoredSession, before: string): Promise<boolean> {
    const { key, user, expires } = session
    const args = [wellFormed(key, 'key'), before, valueOf(session), String(expires)]
    await this.#run('point', this.#keys.session(key), [wellFormed(user, 'user'), String(expires)])
    return (await this.#run('replace', this.#keys.sessions(user), args)) === 1
  }

  async delete(key: string): Promise<void> {
    if (!isText(key)) return
    const user = await this.#userOf(key)
    if (user === undefined) return
    await this.#run('delete', this.#keys.sessions(user), [key])
    const pointer = this.#keys.session(key)
    await this.#send(pointer, 'DEL', pointer)
  }

  async list(user: string): Promise<StoredSession[]> {
    const answer = await this.#run('all', this.#keys.sessions(wellFormed(user, 'user')), [])
    const texts = Array.isArray(answer) ? answer.map(String) : []
    return texts.flatMap((key, index) => (index % 2 === 0 ? [sessionOf(key, user, texts[index + 1] as string)] : []))
  }

  async deleteAll(user: string, except = ''): Promise<void> {
    await this.#run('deleteAll', this.#keys.sessions(wellFormed(user, 'user')), [except])
  }

  async #userOf(key: string): Promise<string | undefined> {
    const user = await this.#run('user', this.#keys.session(key), [])
    return user === null || user === undefined ? undefined : String(user)
  }

  /** The script itself and not its hash, which a restarted server would not know. */
  #run(script: keyof typeof scripts, key: string, args: string[]): Promise<unknown> {
    return this.#send(key, 'EVAL', scripts[script], '1', key, ...args)
  }
}

const extend = `
  local function extend(expires)
    local time = redis.call('TIME')
    local left = expires - (time[1] * 1000 + math.floor(time[2] / 1000))
    local ttl = redis.call('PTTL', KEYS[1])
    if ttl < 0 or left > ttl then redis.call('PEXPIREAT', KEYS[1], expires) end
  end`

/** Reads are scripts too, for clusters send these to the primary: a replica may not know yet what has ended. */
const scripts = {
  user: `return redis.call('GET', KEYS[1])`,
  get: `return redis.call('HGET', KEYS[1], ARGV[1])`,
  all: `return redis.call('HGETALL', KEYS[1])`,

  /** Leads to the user of a session for as long as the longest-lived value of it. ARGV: user, expires. */
  point: `${extend}
    redis.call('SET', KEYS[1], ARGV[1], 'KEEPTTL')
    extend(ARGV[2])
    return 1`,

  /** ARGV: key, value, expires. Takes away what has expired. */
  create: `${extend}
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    for _, key in ipairs(redis.call('HKEYS', KEYS[1])) do
      local expires = redis.call('HGET', KEYS[1], key):match('^(%d+):')
      if tonumber(expires) <= now then redis.call('HDEL', KEYS[1], key) end
    end
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
    extend(ARGV[3])
    return 1`,

  /** ARGV: key, the data before, the new value, expires. Sent twice, it answers as the first time. */
  replace: `${extend}
    local value = redis.call('HGET', KEYS[1], ARGV[1])
    if value == ARGV[3] then return 1 end
    if not value or value:sub(value:find(':', 1, true) + 1) ~= ARGV[2] then return 0 end
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
    extend(ARGV[4])
    return 1`,

  delete: `return redis.call('HDEL', KEYS[1], ARGV[1])`,

  /** ARGV: the key of the one that stays. */
  deleteAll: `
    for _, key in ipairs(redis.call('HKEYS', KEYS[1])) do
      if key ~= ARGV[1] then redis.call('HDEL', KEYS[1], key) end
    end
    return 1`,
}

function valueOf({ data, expires }: StoredSession): string {
  return `${expires}:${wellFormed(data, 'data')}`
}

function sessionOf(key: string, user: string, value: string): StoredSession {
  const colon = value.indexOf(':')
  return { key, user, data: value.slice(colon + 1), expires: Number(value.slice(0, colon)) }
}

function wellFormed(value: unknown, name: string): string {
  if (!isText(value)) throw invalid(name, 'well-formed text')
  return value
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && isWellFormed(value)
}
