import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'

import { flag, integer, invalid, isWellFormed, object, optional, text } from '../shared/check.js'
import { sha256 } from '../shared/crypto.js'
import { CountersignError } from '../shared/errors.js'
import { parseChallengeFile, withChallenge, writeChallengeFile } from './challenge-file.js'
import { checkClaims, claimTaken } from './claims.js'
import { createDirectory } from './create-directory.js'
import { createFile } from './create-file.js'
import { JournaledDirectory } from './journaled-directory.js'
import { shardName, shardOf } from './locked-directory.js'
import type { Folder, LockedDirectory, Step } from './locked-directory.js'
import { needUnix } from './need-unix.js'
import { checkRecord, leadsTo, parseHandleFile, parseRecordFile, writeHandleFile, writeRecordFile } from './record-file.js'
import type { RecordFile } from './record-file.js'
import { sweep } from './sweep.js'
import type { OpenChallenge, RecordChange, Store } from './traits.js'

export interface DirectoryStore extends Required<Omit<Store, 'challengeTag' | 'ownerRecord'>> {
  /**
   * Writes what is only in the journal to the files of the users. That happens by itself, about two seconds after the last
   * change. Resolves when all changes that were answered before are in their files.
   *
   * @throws CountersignError `lock-timeout` when another process has been doing this for `lockTimeout` seconds, or
   *   `store-failed`
   */
  flush(): Promise<void>
}

export interface DirectoryStoreOptions {
  /**
   * Creates the directory if it is missing. Without this, a missing directory is refused: on a server that already has
   * users, an empty store in place of a lost volume would mean that nobody has a second factor. Default false.
   */
  create?: boolean
  /** Lets the directory's group read it, for a backup: modes 0750 and 0640, not 0700 and 0600. Default false. */
  allowGroup?: boolean
  /** How many seconds to wait for a lock that another process holds. Default 10. */
  lockTimeout?: number
}

/**
 * A 256th part of the store is swept every so many milliseconds, or challenges if those come faster: strangers may ask
 * for any number of them (a passkey's come before anyone says who it is), and none may stay for long once it is over.
 */
const sweepInterval = 10_000
const sweepPuts = 64

/**
 * Keeps records and challenges in files, for any number of processes and worker threads of one machine. It only needs
 * its own directory on a local file system. (Locks of network file systems don't hold between the threads of a
 * process.) Unix only: on Windows it throws `not-supported`.
 *
 * When a call resolves, its change is on disk. If a process dies at any moment, or the power fails, each record is either
 * unchanged or fully changed, and no lock is left. Changes at the same time share one wait for the disk: they are in a
 * journal first, and in the users' files soon after. A backup needs both (docs/stores/directory.md).
 *
 * @param path the directory. It must be owned by this user, closed to everyone else (mode 0700), and not a symbolic
 *   link
 * @throws CountersignError `directory-refused`, with the path and the rule that it breaks, or `not-supported` on
 *   Windows. Calls reject with
 *   `lock-timeout` when a lock was not free in time, `store-failed` when the system refuses (a full disk), or
 *   `record-corrupt`
 * @example
 * const store = directoryStore('var/countersign', { create: true })
 */
export function directoryStore(path: string, options: DirectoryStoreOptions = {}): DirectoryStore {
  const { create = false, allowGroup = false, lockTimeout = 10 } = checkOptions(options, 'options')
  const absolute = resolve(text(4096)(path, 'path'))
  needUnix('directoryStore')
  if (create) createDirectory(absolute, allowGroup)
  return storeIn(new JournaledDirectory(absolute, allowGroup, lockTimeout * 1000), absolute)
}

/** @internal */
export function storeIn(files: LockedDirectory, path: string): Sidecar {
  return new Directory(files, join(path, 'challenge-key'))
}

const checkOptions = object<DirectoryStoreOptions>({
  create: optional(flag),
  allowGroup: optional(flag),
  lockTimeout: optional(integer(0, 3600)),
})

/** What a store that keeps part of its data in a directory needs beside the traits. */
export interface Sidecar extends DirectoryStore {
  /** What the user's record was stored with. */
  claimsOf(user: string): Promise<string[]>
}

class Directory implements Sidecar {
  readonly #directory: LockedDirectory
  readonly #keyFile: string
  #lastSweep = performance.now()
  #puts = 0
  #sweeping: Promise<void> | undefined
  #shard = Math.floor(Math.random() * 256)

  constructor(directory: LockedDirectory, keyFile: string) {
    this.#directory = directory
    this.#keyFile = keyFile
  }

  async read(user: string): Promise<string | undefined> {
    const file = await this.#directory.read('records', nameOf(user, 'user'))
    return recordOf(file, user)?.record
  }

  async update<T>(user: string, change: (record: string | undefined) => RecordChange<T>): Promise<T> {
    const name = nameOf(user, 'user')
    this.#sweepNowAndThen()
    const attempt = (alone: boolean) =>
      this.#directory.exclusive<T | typeof undecided>('records', name, async (file) => {
        const before = recordOf(file, user)
        const { record, handle, claims: given, value } = change(before?.record)
        if (record === undefined) return { steps: [], value }
        if (record !== null) checkRecord(record)
        const old = before?.claims ?? []
        const claims = record === null ? [] : (checkClaims(given) ?? old)
        const added = claims.filter((claim) => !old.includes(claim))
        const differ = added.length > 0 || claims.length < old.length
        if (differ && !alone) return { steps: [], value: undecided }
        for (const claim of added) if (![undefined, user].includes(await this.owner(claim))) throw claimTaken()
        if (record === null) return { steps: before ? deletion(before) : [], value }
        return { steps: replacement(before, { user, handle, claims, record }), value }
      })
    const value = await attempt(false)
    return value === undecided ? this.#directory.alone(() => attempt(true) as Promise<T>) : value
  }

  async owner(handle: string): Promise<string | undefined> {
    const file = await this.#directory.read('handles', nameOf(handle, 'handle'))
    const user = file === undefined ? undefined : parseHandleFile(file, handle)
    if (user === undefined) return undefined
    const record = recordOf(await this.#directory.read('records', nameOf(user, 'user')), user)
    return leadsTo(record, handle) ? user : undefined
  }

  async claimsOf(user: string): Promise<string[]> {
    return recordOf(await this.#directory.read('records', nameOf(user, 'user')), user)?.claims ?? []
  }

  users(): AsyncIterable<string> {
    return this.usersAfter('')
  }

  /** By the names of the files. */
  async *usersAfter(after: string): AsyncIterable<string> {
    const last = after === '' ? '' : nameOf(after, 'after')
    for (let shard = shardOf(last); shard < 256; shard += 1) {
      const names = await this.#directory.names('records', shardName(shard))
      for (const name of names.filter((one) => one > last).toSorted()) {
        const file = await this.#directory.read('records', name)
        if (file === undefined) continue
        const user = parseRecordFile(file)?.user
        if (user === undefined || nameOf(user, 'user') !== name) throw corrupt(name)
        yield user
      }
    }
  }

  async put(key: string, challenge: OpenChallenge): Promise<void> {
    const name = nameOf(key, 'key')
    this.#puts += 1
    this.#sweepNowAndThen()
    // More come than are swept: whoever floods the store waits for it.
    if (this.#puts >= 2 * sweepPuts) await this.#sweeping
    await this.#directory.exclusive('challenges', name, (file) => {
      const open = withChallenge(parseChallengeFile(file, key), challenge)
      return { steps: [challengeStep(name, key, open)], value: undefined }
    })
  }

  async take(key: string, id: string, now: number): Promise<string | undefined> {
    const name = nameOf(key, 'key')
    return this.#directory.exclusive('challenges', name, (file) => {
      const open = parseChallengeFile(file, key)
      const taken = open.find((one) => one.id === id && one.expires > now)
      const left = open.filter((one) => one !== taken && one.expires > now)
      const steps = left.length < open.length ? [challengeStep(name, key, left)] : []
      return { steps, value: taken?.data }
    })
  }

  async clear(key: string): Promise<void> {
    const name = nameOf(key, 'key')
    const steps = [removal('challenges', name)]
    await this.#directory.exclusive('challenges', name, () => ({ steps, value: undefined }))
  }

  flush(): Promise<void> {
    return this.#directory.flush()
  }

  /** In a file that nobody ever changes, not even for a group that may read the rest: a backup needs no such key. */
  async sharedKey(fresh: string): Promise<string> {
    const kept = await this.#readKey()
    if (kept !== undefined) return kept
    createFile(this.#keyFile, fresh)
    return (await this.#readKey()) ?? fresh
  }

  async #readKey(): Promise<string | undefined> {
    try {
      return await readFile(this.#keyFile, 'utf8')
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw new CountersignError('store-failed', { cause })
    }
  }

  /** In passing: what fails is tried again when its turn comes next. */
  #sweepNowAndThen(): void {
    if (this.#sweeping) return
    if (this.#puts < sweepPuts && performance.now() - this.#lastSweep < sweepInterval) return
    this.#lastSweep = performance.now()
    this.#puts = 0
    this.#shard = (this.#shard + 1) % 256
    const ended = (): void => void (this.#sweeping = undefined)
    this.#sweeping = sweep(this.#directory, shardName(this.#shard), Date.now()).then(ended, ended)
  }
}

/** What `update` answers inwardly when it has to begin again, alone: its change is one of claims. */
const undecided = Symbol('undecided')

/** A handle's or claim's file first: after a crash in between it leads to a record that does not confirm it, so nowhere. */
function replacement(before: RecordFile | undefined, after: RecordFile): Step[] {
  const [old, now] = [textsOf(before), textsOf(after)]
  const hints = now.filter((text) => !old.includes(text)).map((text): Step => {
    return { folder: 'handles', name: nameOf(text, 'handle'), text: writeHandleFile(text, after.user) }
  })
  const record: Step = { folder: 'records', name: nameOf(after.user, 'user'), text: writeRecordFile(after) }
  const gone = old.filter((text) => !now.includes(text)).map((text) => removal('handles', nameOf(text, 'handle')))
  return [...hints, record, ...gone]
}

function deletion(before: RecordFile): Step[] {
  const gone = textsOf(before).map((text) => removal('handles', nameOf(text, 'handle')))
  return [removal('records', nameOf(before.user, 'user')), ...gone]
}

/** All that leads to a user. */
function textsOf(file: RecordFile | undefined): string[] {
  if (file === undefined) return []
  const { handle, claims = [] } = file
  return [...new Set(handle === undefined ? claims : [handle, ...claims])]
}

function removal(folder: Folder, name: string): Step {
  return { folder, name, text: null }
}

function challengeStep(name: string, key: string, open: OpenChallenge[]): Step {
  const folder = 'challenges'
  return open.length > 0 ? { folder, name, text: writeChallengeFile(key, open) } : removal(folder, name)
}

/** The record in a user's file, which has to say that it is this user's. */
function recordOf(file: string | undefined, user: string): RecordFile | undefined {
  if (file === undefined) return undefined
  const record = parseRecordFile(file)
  if (record?.user !== user) throw corrupt(nameOf(user, 'user'), user)
  return record
}

function corrupt(name: string, user?: string): CountersignError {
  const whose = user === undefined ? '' : `${JSON.stringify(user)}, `
  return new CountersignError('record-corrupt', { detail: `${whose}records/${name.slice(0, 2)}/${name}` })
}

/** Any id becomes a file name that leads nowhere else, of one length and one case. */
function nameOf(id: string, argument: string): string {
  if (typeof id !== 'string' || !isWellFormed(id)) throw invalid(argument, 'well-formed text')
  return sha256(id, 'hex')
}
