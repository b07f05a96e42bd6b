/** A session, as a store keeps it. */
export interface StoredSession {
  /** SHA-256 of the session's id, as base64url: 43 characters. The id itself is not stored. */
  key: string
  /** The host's id of the user. It never changes. */
  user: string
  /** Text that only `countersign/http/session` reads, at most 4 kB. It has no secret: a session's proof is hashed. */
  data: string
  /** Epoch milliseconds. From then on, the store may forget the session, and nobody is signed in by it. */
  expires: number
}

/**
 * Keeps the sessions of `countersign/http/session`. `sessionStoreTests` of `countersign/testing` tests an implementation.
 *
 * What has ended stays ended: `replace` must never bring back a session that `delete` or `deleteAll` has removed. So it
 * needs a database with transactions or compare-and-swap, as a `UserStore` does. A method that fails rejects.
 */
export interface SessionStore {
  /**
   * Adds a session with a new key. Once it resolves, every method sees it.
   *
   * @returns if the store learns it on the way: at least how many sessions the user has now, this one included. Then a
   *   sign-in only lists them where there are too many
   */
  create(session: StoredSession): Promise<{ sessions: number } | void>

  /** Returns the session, or `undefined` if there is none. Sees every change that has finished. Any text may be asked for. */
  read(key: string): Promise<StoredSession | undefined>

  /**
   * Writes `data` and `expires` of a session that still has the data `before`. This is atomic: of any number of callers
   * with the same `before`, exactly one gets `true`.
   *
   * @returns false: the session is gone or has other data, and nothing was written
   */
  replace(session: StoredSession, before: string): Promise<boolean>

  /** Removes a session, if it is there. */
  delete(key: string): Promise<void>

  /** Returns all sessions of a user, in any order. Expired ones may be missing. */
  list(user: string): Promise<StoredSession[]>

  /** Removes all sessions of a user, but the one with the key `except`. */
  deleteAll(user: string, except?: string): Promise<void>
}
