/** What {@link UserStore.update} is to do with a record. */
export interface RecordChange<T> {
  /** The new record; `null` deletes it, `undefined` leaves everything as it is. */
  record?: string | null | undefined
  /** With a new record: the WebAuthn user handle that leads to this user. Absent, no handle does any more. */
  handle?: string | undefined
  /** What `update` answers. */
  value: T
}

/** An open challenge, as a store keeps it. */
export interface OpenChallenge {
  /** Unique for its key. */
  id: string
  /** What it was made for; at most 8 are open for a key and a purpose. */
  purpose: string
  /** Text for the core alone. Secret: it may hold a key that is being enrolled. */
  data: string
  /** Epoch milliseconds. */
  expires: number
}

/**
 * Keeps one record, JSON text, for each user.
 *
 * A user is any well-formed text of 1 to 256 bytes of UTF-8. Two different texts are two users, whatever a database's
 * collation, a file system's case or Unicode's normal forms say. A record comes back character by character as it was
 * given. A text that an engine can't hold (NUL in PostgreSQL) is refused as `invalid-argument`, never stored as another
 * one. A method that fails rejects, and has written all or nothing.
 *
 * A key-value wrapper without compare-and-swap or transactions can't implement this: two answers with one code would
 * both be accepted. `storeTests` of `countersign/testing` finds out.
 */
export interface UserStore {
  /** The record, `undefined` if there is none. Sees every `update` that has ended. */
  read(user: string): Promise<string | undefined>

  /**
   * Changes a record in one atomic step: of any number of callers, on any number of machines, each sees what the one
   * before it wrote.
   *
   * `change` is synchronous and pure, and may run more than once; the answer is that of the run that was stored. What
   * it throws is what `update` rejects with, and nothing is written.
   *
   * @example
   * await store.update('ann', (record) => ({ record: next(record), value: undefined }))
   */
  update<T>(user: string, change: (record: string | undefined) => RecordChange<T>): Promise<T>

  /** The user whose record was stored with this WebAuthn user handle, `undefined` if there is none. */
  owner(handle: string): Promise<string | undefined>

  /** Every user with a record, in any order. One that comes or goes meanwhile may be missing. */
  users(): AsyncIterable<string>

  /**
   * May be left out. For pages of a long list: every user with a record whose place is behind that of `after`, who need
   * not be there any more; all of them for `''`. The order is the store's own, and never changes for any two users.
   */
  usersAfter?(after: string): AsyncIterable<string>
}

/** Keeps open challenges, each of which is taken at most once. The key is a user, or the challenge's own id. */
export interface ChallengeStore {
  /** Adds a challenge, in place of one with the same id. With more than 8 of a key and purpose the oldest goes. */
  put(key: string, challenge: OpenChallenge): Promise<void>

  /**
   * Removes a challenge and answers its data: atomic, of any number of callers exactly one gets it. `undefined` if it
   * is not there, or has expired by `now` (epoch milliseconds).
   */
  take(key: string, id: string, now: number): Promise<string | undefined>

  /** Removes all challenges of a key. */
  clear(key: string): Promise<void>
}

/** Both in one. They may as well live in different engines. */
export interface Store extends UserStore, ChallengeStore {}
