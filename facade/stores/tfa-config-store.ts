import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

import { emptiedRecord, joinAdditions, openConfigFile, recordClaims, splitAdditions } from '#binding'
import type { BindingAttempt, BindingConfigFile } from '#binding'

import { checkUser, clock, epochMilliseconds, flag, integer, isForeignName, isUser, object, optional, text } from '../shared/check.js'
import { openEnvelope } from '../shared/envelope.js'
import { isCountersignError } from '../shared/errors.js'
import { isKeyCounter } from '../shared/key-counter.js'
import { isCredentialClaim } from './claims.js'
import { createFile } from './create-file.js'
import { directoryStore } from './directory-store.js'
import type { Sidecar } from './directory-store.js'
import { acquire, errorFor, native } from './file-work.js'
import { foreignNames } from './foreign-names.js'
import { KeyedQueue } from './keyed-queue.js'
import { ofLock } from './lock-file.js'
import { needUnix } from './need-unix.js'
import { originKeysOnly } from './origin-keys.js'
import { checkRecord } from './record-file.js'
import type { OpenChallenge, RecordChange, Store } from './traits.js'

export interface TfaConfigStoreOptions {
  /**
   * Creates a missing file, without users, and a sidecar that is missing although the file had one. Without this, both
   * are refused. Default false.
   */
  create?: boolean
  /**
   * The file whose `flock` keeps other processes out. Default `<path>.lock`. It is created if it is missing, and
   * refused if other users can open it. Every process must pass the same file. The program that the configuration
   * belongs to is kept out only if it uses the same lock: Proxmox Backup Server takes the default
   * (`/etc/proxmox-backup/tfa.json.lock`), Datacenter Manager `auth/.tfa.json.lock`, Mail Gateway
   * `/var/lock/pmgtfa.lck`, which needs `chmod 600` first. Proxmox VE locks its cluster's file system in a way of its own.
   */
  lock?: string
  /**
   * The directory for what the file can't hold: failure counters, user handles, Yubico and U2F counters, open
   * challenges. Default `<path>.countersign`. It is created when the file is first used, closed to everyone else (mode
   * 0700). After that, a missing directory is refused: without its counters, used OTPs would be accepted again.
   */
  sidecar?: string
  /** Lets the file's group read it, as Proxmox's web server needs: mode 0640, not 0600. Default false. */
  allowGroup?: boolean
  /** How many seconds to wait for a lock that another process holds. Default 10. */
  lockTimeout?: number
  /** The largest file that is accepted, in bytes. Default 64 MiB. */
  maxBytes?: number
  /** The clock. It tells a lock that another program removed from one that has ended. Default `Date.now`. */
  now?: () => number
}

/**
 * Keeps records in an existing `tfa.cfg` or `tfa.json` of the Proxmox systems, which go on using it, for any number of
 * processes and worker threads of one machine. Unix only, on a local file system.
 *
 * Each change replaces the whole file under one lock, so a sign-in takes longer the more users there are. With a
 * {@link directoryStore} it doesn't. A file of the old line format is read, and written as JSON at the first change.
 * Changes of other programs apply at once. When they remove a user or factor, its additions go too. A factor or user
 * that can't be used is kept as it came, and refuses only its own user. When they remove a
 * lock, it is removed here too. Records must be those that Countersign makes.
 *
 * If a process dies at any moment, the file is either unchanged or fully changed. What the format has no place for at
 * all (ML-DSA keys) is never requested from an authenticator. If it comes in another way, it is refused as
 * `store-refused`.
 *
 * @param path the file. It must be owned by this user, closed to everyone else (mode 0600), and not a symbolic link
 * @throws CountersignError `directory-refused`, with the path and the rule that it breaks, or `not-supported` on
 *   Windows. Calls also reject with
 *   `config-corrupt` (the file stays as it is), `config-too-large`, `lock-timeout` or `store-failed`
 * @example
 * const store = tfaConfigStore('/etc/proxmox-backup/tfa.json')
 */
export function tfaConfigStore(path: string, options: TfaConfigStoreOptions = {}): Store {
  const checked = checkOptions(options, 'options')
  const absolute = resolve(text(4096)(path, 'path'))
  const { lock = `${absolute}.lock`, sidecar = `${absolute}.countersign`, maxBytes = 64 * 1024 * 1024 } = checked
  const { create = false, allowGroup = false, lockTimeout = 10, now = Date.now } = checked
  needUnix('tfaConfigStore')
  if (create) createFile(absolute, '{"users":{}}')
  const file = openConfigFile(absolute, resolve(lock), allowGroup, maxBytes)
  if ('code' in file) throw errorFor(file)
  return new TfaConfigStore(file, resolve(lock), openSidecar(absolute, sidecar, create, lockTimeout), lockTimeout * 1000, now)
}

/** Makes the directory once; a file beside the configuration remembers that. */
function openSidecar(path: string, sidecar: string, create: boolean, lockTimeout: number): Sidecar {
  const mark = `${path}.countersign-made`
  const store = directoryStore(sidecar, { create: create || !existsSync(mark), lockTimeout }) as Sidecar
  if (!existsSync(mark)) createFile(mark, `${resolve(sidecar)}\n`)
  return store
}

const checkOptions = object<TfaConfigStoreOptions>({
  create: optional(flag),
  lock: optional(text(4096)),
  sidecar: optional(text(4096)),
  allowGroup: optional(flag),
  lockTimeout: optional(integer(0, 3600)),
  maxBytes: optional(integer(1, 0xffff_ffff)),
  now: optional(clock),
})

class TfaConfigStore implements Store {
  readonly [originKeysOnly] = true
  readonly [foreignNames] = true
  readonly #file: BindingConfigFile
  readonly #lock: string
  /** Additions as records, with the handles; and the challenges. */
  readonly #sidecar: Sidecar
  readonly #queue = new KeyedQueue(16)
  readonly #patience: number
  readonly #now: () => number

  /** @param patience how long to try for a lock, in milliseconds */
  constructor(file: BindingConfigFile, lock: string, sidecar: Sidecar, patience: number, now: () => number) {
    this.#file = file
    this.#lock = lock
    this.#sidecar = sidecar
    this.#patience = patience
    this.#now = now
  }

  /** Without the lock: meanwhile another process may have written the additions, and not the file yet. */
  async read(user: string): Promise<string | undefined> {
    if (isKeyCounter(user)) return this.#sidecar.read(user)
    const [stored, beside] = [await this.#stored(checkUser(user)), await this.#sidecar.read(user)]
    const { record, mended } = this.#join(stored, beside)
    if (mended === undefined) return record
    // Under the lock, and before anybody relies on the additions.
    return this.update(user, (now) => ({ record: undefined, handle: undefined, value: now }))
  }

  async update<T>(user: string, change: (record: string | undefined) => RecordChange<T>): Promise<T> {
    // No user of the file: other programs would drop it.
    if (isKeyCounter(user)) return this.#sidecar.update(user, change)
    if (isForeignName(user)) return this.#removing(user, change)
    return this.#locked(checkUser(user), async (stored, write) => {
      let beside = await this.#sidecar.read(user)
      const { record: before, mended } = this.#join(stored, beside)
      if (mended !== undefined) {
        const handle = mended.foreign ? undefined : handleOf(beside)
        beside = writeAdditions(handle, mended.additions)
        await this.#keep(user, beside, handle)
      }
      const { record, handle, claims, value } = change(before)
      if (record === undefined) {
        // Another program removed the user.
        if (before === undefined && beside !== undefined) await this.#keep(user, undefined)
      } else if (record === null) {
        if (stored !== undefined) await write(null)
        if (beside !== undefined) await this.#keep(user, undefined)
      } else {
        checkRecord(record)
        const parts = split(record, beside)
        let kept = beside
        const keep = async (additions: string | null, claimed: typeof claims, of = handle) => {
          // Empty additions may have claims beside them.
          const claiming = claimed === undefined ? beside !== undefined : claimed.length > 0
          const next = writeAdditions(of, additions) ?? (claiming ? '\n' : undefined)
          if (next !== kept || claimed !== undefined) await this.#claiming(user, next, of, claimed)
          kept = next
        }
        // Counters first: after a crash in between no guess is forgotten, and no counter of a key goes back. The handle
        // stays for as long as the file holds the user. Claims are taken before the file has the credential, and given
        // up once it has it no more.
        const all = claims && [...new Set([...claims, ...(await this.#sidecar.claimsOf(user))])]
        await keep(parts.additions, all, parts.record === null ? handleOf(beside) : handle)
        await write(parts.record)
        await keep(parts.settled, claims)
      }
      return value
    })
  }

  /** Of a name that no user can have: there is nothing beside the file, and nothing to do but to remove it. */
  #removing<T>(user: string, change: (record: string | undefined) => RecordChange<T>): Promise<T> {
    return this.#locked(user, async (stored, write) => {
      const { record, value } = change(stored)
      if (typeof record === 'string') checkUser(user)
      if (record === null && stored !== undefined) await write(null)
      return value
    })
  }

  /** Works on a user's record under the file's lock. */
  #locked<T>(
    user: string,
    work: (stored: string | undefined, write: (record: string | null) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    return this.#queue.run('', async (since) => {
      const lock = this.#file.lock()
      const write = async (record: string | null) => {
        const fault = await native(lock.write(user, record))
        if (fault) throw errorFor(fault)
      }
      try {
        return await work(await this.#acquired(() => lock.attempt(user), since), write)
      } finally {
        lock.release()
      }
    })
  }

  async #acquired(attempt: () => Promise<BindingAttempt>, since: number): Promise<string | undefined> {
    try {
      return await acquire(attempt, since + this.#patience)
    } catch (error) {
      throw await ofLock(error, this.#lock)
    }
  }

  async owner(handle: string): Promise<string | undefined> {
    const user = await this.#sidecar.owner(handle)
    return user !== undefined && (await this.#stored(user)) !== undefined ? user : undefined
  }

  async *users(): AsyncIterable<string> {
    const { names, fault } = await native(this.#file.users())
    if (fault) throw errorFor(fault)
    for (const name of names) if (isUser(name)) yield name
    const told = new Set(names)
    for await (const user of this.#sidecar.users()) {
      if (told.has(user) || isKeyCounter(user)) continue
      if (emptied(await this.#sidecar.read(user)) !== undefined) yield user
    }
  }

  put(key: string, challenge: OpenChallenge): Promise<void> {
    return this.#sidecar.put(key, challenge)
  }

  take(key: string, id: string, now: number): Promise<string | undefined> {
    return this.#sidecar.take(key, id, now)
  }

  clear(key: string): Promise<void> {
    return this.#sidecar.clear(key)
  }

  sharedKey(fresh: string): Promise<string> {
    return this.#sidecar.sharedKey(fresh)
  }

  /** The user's record as the file has it. */
  async #stored(user: string): Promise<string | undefined> {
    const { text, fault } = await native(this.#file.read(user))
    if (fault) throw errorFor(fault)
    return text ?? undefined
  }

  #join(record: string | undefined, beside: string | undefined): { record?: string | undefined; mended?: Mended } {
    // Of a user whom the file does not hold there may be a mark, and nothing else.
    if (record === undefined) return { record: emptied(beside) }
    const now = Math.floor(epochMilliseconds(this.#now(), 'now') / 1000)
    try {
      return openEnvelope<{ record: string; mended?: Mended }>(joinAdditions(record, parseAdditions(beside), now)).value
    } catch (err) {
      if (!isCountersignError(err, 'record-corrupt')) throw err
      // Corrupt additions: no record either, for whoever reads it, but one that can be removed.
      return { record: '{"additions"' }
    }
  }

  #keep(user: string, text: string | undefined, handle?: string, claims?: RecordChange<void>['claims']): Promise<void> {
    return this.#sidecar.update(user, () => ({ record: text ?? null, handle, claims, value: undefined }))
  }

  /** Keeps claims too. One of a user whose credential another program has removed is free. Under the file's lock. */
  async #claiming(
    user: string, text: string | undefined, handle?: string, claims?: RecordChange<void>['claims'],
  ): Promise<void> {
    try {
      await this.#keep(user, text, handle, claims)
    } catch (err) {
      if (!isCountersignError(err, 'claim-taken')) throw err
      for (const claim of claims ?? []) await this.#letGo(claim, user)
      await this.#keep(user, text, handle, claims)
    }
  }

  async #letGo(claim: string, wanting: string): Promise<void> {
    const user = await this.#sidecar.owner(claim)
    if (user === undefined || user === wanting) return
    const beside = await this.#sidecar.read(user)
    const { record, mended } = this.#join(await this.#stored(user), beside)
    if (record === undefined || mended?.foreign) return this.#keep(user, undefined)
    const held = openEnvelope<string[]>(recordClaims(record)).value
    if (!held.includes(claim) && isCredentialClaim(claim)) await this.#keep(user, beside, handleOf(beside), held)
  }
}

/** What the core makes of a record for this file; `null` where there is nothing to hold. */
interface Parts {
  record: string | null
  additions: string | null
  settled: string | null
}

/** Additions to write in the place of those that another program has made untrue. */
interface Mended {
  additions: string | null
  /** They were of a user who was removed and made anew. */
  foreign: boolean
}

/** A user's text in the sidecar: with the handle, so that a change of it shows. */
function writeAdditions(handle: string | undefined, additions: string | null): string | undefined {
  return handle === undefined && additions === null ? undefined : `${handle ?? ''}\n${additions ?? ''}`
}

function parseAdditions(text: string | undefined): string | null {
  const additions = text?.slice(text.indexOf('\n') + 1)
  return additions ? additions : null
}

function handleOf(text: string | undefined): string | undefined {
  return text?.slice(0, text.indexOf('\n')) || undefined
}

function split(record: string, beside: string | undefined): Parts {
  return openEnvelope<Parts>(splitAdditions(record, parseAdditions(beside))).value
}

/** The record of a user whom the file does not hold. */
function emptied(beside: string | undefined): string | undefined {
  const additions = parseAdditions(beside)
  return additions === null ? undefined : (openEnvelope<string | null>(emptiedRecord(additions)).value ?? undefined)
}
