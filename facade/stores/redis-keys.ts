import { invalid, text } from '../shared/check.js'
import { sha256 } from '../shared/crypto.js'

/** How many hash slots a store is spread over. */
const buckets = 256

/**
 * All keys of a store. Those of one user share the hash tag `{00}` to `{ff}`, and so a slot of a cluster; a handle or claim
 * has a tag of its own. Nothing that comes from outside stands before the tag.
 */
export class RedisKeys {
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  record(user: string): string {
    return `${this.#bucketOf(user)}:record:${user}`
  }

  /** Users of the same bucket. */
  users(user: string): string {
    return `${this.#bucketOf(user)}:users`
  }

  allUsers(): string[] {
    return Array.from({ length: buckets }, (_, index) => `${this.#prefix}{${tag(index)}}:users`)
  }

  handle(handle: string): string {
    return `${this.#bucketOf(handle)}:handle:${handle}`
  }

  claim(claim: string): string {
    return `${this.#bucketOf(claim)}:claim:${claim}`
  }

  sharedKey(): string {
    return `${this.#prefix}{00}:shared-key`
  }

  /** The list of a key's challenges. */
  open(key: string): string {
    return `${this.#bucketOf(key)}:open:${key}`
  }

  /** A challenge's key in front of its id. The length keeps `a:b` and `c` apart from `a` and `b:c`. */
  challenge(key: string): string {
    return `${this.#bucketOf(key)}:challenge:${key.length}:${key}:`
  }

  /** Whose session it is. */
  session(key: string): string {
    return `${this.#bucketOf(key)}:session:${key}`
  }

  /** All sessions of a user. */
  sessions(user: string): string {
    return `${this.#bucketOf(user)}:sessions:${user}`
  }

  #bucketOf(text: string): string {
    return `${this.#prefix}{${sha256(text, 'hex').slice(0, 2)}}`
  }
}

function tag(bucket: number): string {
  return bucket.toString(16).padStart(2, '0')
}

/** The prefix of a store's keys, at most 64 bytes. */
export function checkPrefix(value: unknown, name: string): string {
  const prefix = text(64)(value, name)
  // A brace would take the place of the hash tag.
  if (/[{}]/.test(prefix)) throw invalid(name, 'text without braces')
  return prefix
}
