/** What {@link UserStore.update} does with a record. */
export interface RecordChange<T> {
  /** The new record. `null` deletes it, `undefined` leaves everything as it is. */
  record?: string | null | undefined
  /** With a new record: the WebAuthn user handle of this user. If absent, no handle leads to the user any more. */
  handle?: string | undefined
  /**
   * With a new record: all claims of this user, in place of those before. If absent, those before stay. A record that
   * is deleted loses its claims.
   *
   * A claim is a text by which a user is found: a WebAuthn user handle, or a hash of a relying party and the id of a
   * credential. Each has 1 to 128 of the characters `A-Z a-z 0-9 _ - :`, and there are at most 1024. A claim belongs to
   * one user: if any of them is another user's claim or `handle`, `update` rejects with an error whose `code` is
   * `claim-taken` and writes nothing. That is decided in the same atomic step as the record is written, so that of two
   * users who claim one text at the same time exactly one gets it.
   *
   * A store without claims still works, but then a credential id can be registered for two users, and a passkey that
   * was imported without its user handle can't sign in without a user name.
   */
  claims?: readonly string[] | undefined
  /** What `update` resolves with. */
  value: T
}

/** An open challenge, as a store keeps it. */
export interface OpenChallenge {
  /** Unique for its key. */
  id: string
  /** What it was created for. At most 8 are open for a key and a purpose. */
  purpose: string
  /** Text that only the core reads. Keep it secret: it may contain a key that is being enrolled. */
  data: string
  /** Epoch milliseconds. */
  expires: number
}

/**
 * Keeps one record for each user. A record is JSON text.
 *
 * A user is any well-formed text of 1 to 256 bytes of UTF-8. Two different texts are two users, also if a database's
 * collation, a file system's case or Unicode's normal forms treat them as equal. A record is returned character by
 * character as it was stored. A text that an engine can't store (NUL in PostgreSQL) is refused as `invalid-argument`,
 * and never stored as a different text. A method that fails rejects, and has written all or nothing.
 *
 * Not every record belongs to a user. Records whose names begin with `countersign:yubico:` hold the counter of a Yubico
 * key for all users who have that key, so a database should not require each name to be one of the host's users.
 *
 * A key-value wrapper without compare-and-swap or transactions can't implement this: two answers with the same code
 * would both be accepted. `storeTests` of `countersign/testing` detects that.
 */
export interface UserStore {
  /** Returns the record, or `undefined` if there is none. Sees every `update` that has finished. */
  read(user: string): Promise<string | undefined>

  /**
   * Changes a record in one atomic step. With any number of callers, on any number of machines, each one sees what the
   * previous one wrote.
   *
   * `change` is synchronous and pure, and may run more than once. `update` resolves with the value of the run that was
   * stored. If `change` throws, `update` rejects with that error, and nothing is written.
   *
   * @param before the record as the caller has just read it. A store may ignore it. One that compares before it writes may
   *   begin with it in place of a reading of its own, and reads after all where something else is stored by now, or where
   *   `change` leaves everything as it is: what it says then has to be said of what is stored
   * @example
   * await store.update('ann', (record) => ({ record: next(record), value: undefined }))
   */
  update<T>(user: string, change: (record: string | undefined) => RecordChange<T>, before?: string): Promise<T>

  /** Returns the user whose record was stored with this handle or this claim, or `undefined`. Any text may be asked for. */
  owner(handle: string): Promise<string | undefined>

  /**
   * May be left out. The same with the user's record, for a store that finds both in one step; `owner` and then `read`
   * say the same.
   */
  ownerRecord?(handle: string): Promise<{ user: string; record: string } | undefined>

  /** Lists all users with a record, in any order. A user who is added or removed in the meantime may be missing. */
  users(): AsyncIterable<string>

  /**
   * Optional, for pages of a long list. Lists the users with a record who come after `after`, or all users for `''`.
   * The user `after` may no longer exist. The order is up to the store, but must never change for any two users.
   */
  usersAfter?(after: string): AsyncIterable<string>
}

/** Keeps open challenges. Each one is taken at most once. The key is a user, or the challenge's own id. */
export interface ChallengeStore {
  /**
   * Adds a challenge, or replaces one with the same id. Of more than 8 with one key and purpose, the oldest is removed.
   */
  put(key: string, challenge: OpenChallenge): Promise<void>

  /**
   * Removes a challenge and returns its data. This is atomic: of any number of callers, exactly one gets it. Returns
   * `undefined` if the challenge is not there, or has expired by `now` (epoch milliseconds).
   */
  take(key: string, id: string, now: number): Promise<string | undefined>

  /** Removes all challenges of a key. */
  clear(key: string): Promise<void>

  /**
   * A secret that every process of this store shares, for challenges that are not stored and for new user handles: the
   * first `fresh` that comes is kept, and every caller, on any machine, gets what is kept. Atomic.
   *
   * May be left out: then sign-ins without a user name need the option `challengeKey` of `Countersign.open()`, and the
   * start of a first passkey's enrolment writes its user handle to the record, also for a user who has no factor yet. A
   * secret that is lost ends the sign-ins that are open, and no more: handles are stored once a passkey is.
   */
  sharedKey?(fresh: string): Promise<string>

  /**
   * May be left out. Returns what the ids of this key's next challenges have to begin with: 16 of the characters
   * `A-Z a-z 0-9 - _`, so that `take` learns from an id where the challenge is. 20 random bytes follow. It is no secret, and
   * ids that come from outside may begin with anything.
   */
  challengeTag?(key: string): Promise<string>
}

/** A store for both. Users and challenges may also be in two different stores. */
export interface Store extends UserStore, ChallengeStore {}
