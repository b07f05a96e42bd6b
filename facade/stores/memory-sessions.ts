import type { SessionStore, StoredSession } from './session-store.js'

/** Milliseconds between two looks for expired sessions. */
const sweepInterval = 60_000

/**
 * Keeps sessions in the memory of this thread, for tests and for servers of one process. When the process ends, everyone
 * is signed out.
 */
export function memorySessions(): SessionStore {
  return new MemorySessions()
}

class MemorySessions implements SessionStore {
  readonly #sessions = new Map<string, StoredSession>()
  readonly #keys = new Map<string, Set<string>>()
  #swept = 0

  async create(session: StoredSession): Promise<void> {
    this.#sweep()
    this.#sessions.set(session.key, { ...session })
    const keys = this.#keys.get(session.user) ?? new Set()
    this.#keys.set(session.user, keys.add(session.key))
  }

  async read(key: string): Promise<StoredSession | undefined> {
    const found = this.#sessions.get(key)
    return found && { ...found }
  }

  async replace({ key, data, expires }: StoredSession, before: string): Promise<boolean> {
    const found = this.#sessions.get(key)
    if (found?.data !== before) return false
    this.#sessions.set(key, { ...found, data, expires })
    return true
  }

  async delete(key: string): Promise<void> {
    const found = this.#sessions.get(key)
    if (found) this.#remove(found)
  }

  async list(user: string): Promise<StoredSession[]> {
    return [...(this.#keys.get(user) ?? [])].map((key) => ({ ...(this.#sessions.get(key) as StoredSession) }))
  }

  async deleteAll(user: string, except?: string): Promise<void> {
    for (const session of await this.list(user)) if (session.key !== except) this.#remove(session)
  }

  #remove({ key, user }: StoredSession): void {
    this.#sessions.delete(key)
    const keys = this.#keys.get(user)
    keys?.delete(key)
    if (keys?.size === 0) this.#keys.delete(user)
  }

  #sweep(): void {
    const now = Date.now()
    if (Math.abs(now - this.#swept) < sweepInterval) return
    this.#swept = now
    for (const session of this.#sessions.values()) if (session.expires <= now) this.#remove(session)
  }
}
