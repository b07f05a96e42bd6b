import { openDirectory } from '#binding'
import type { BindingDirectory, BindingLock } from '#binding'

import { acquire, errorFor, native } from './file-work.js'
import { KeyedQueue } from './keyed-queue.js'

export type Folder = 'records' | 'challenges' | 'handles'

/** One file to write, or with `text` null to remove. */
export interface Step<F extends string = Folder> {
  folder: F
  name: string
  text: string | null
}

/** Those of a store. */
export const storeFolders: readonly [Folder, ...Folder[]] = ['records', 'challenges', 'handles']

/**
 * Files under locks. A name is a SHA-256 in hexadecimal, and its first three digits name its lock: 4096 lock files and
 * no more. One lock file for each name could never be removed again, and names are made by whoever asks for a
 * challenge: strangers would fill the disk. That two users share a lock costs one of them a short wait, rarely.
 */
export class LockedDirectory<F extends string = Folder> {
  readonly #directory: BindingDirectory
  readonly #queue = new KeyedQueue(16)
  readonly #patience: number
  readonly #first: F

  /**
   * @param patience how long to try for a lock, in milliseconds
   * @param others folders that are made and checked like those
   */
  constructor(path: string, group: boolean, patience: number, folders: readonly [F, ...F[]], others: string[] = []) {
    const directory = openDirectory(path, [...folders, ...others], group)
    if ('code' in directory) throw errorFor(directory)
    this.#directory = directory
    this.#first = folders[0]
    this.#patience = patience
  }

  /** The text of a file, empty if it is not text. Read without a lock: files are replaced whole. */
  async read(folder: F, name: string): Promise<string | undefined> {
    const { text, fault } = await native(this.#directory.read(folder, name))
    if (fault) throw errorFor(fault)
    return text ?? undefined
  }

  async names(folder: F, shard: string): Promise<string[]> {
    const { names, fault } = await native(this.#directory.names(folder, shard))
    if (fault) throw errorFor(fault)
    return names
  }

  /** Removes the temporary files that crashed writers left in a shard, once they are an hour old. */
  async sweep(shard: string): Promise<void> {
    const fault = await native(this.#directory.sweep(shard, 3600))
    if (fault) throw errorFor(fault)
  }

  /**
   * Gives a file to `change` under its lock, then does the steps that it answers. What it throws undoes nothing.
   *
   * @param patience how long to try for a lock that another process holds, in milliseconds
   */
  exclusive<T>(
    folder: F,
    name: string,
    change: (file: string | undefined) => Changed<T, F> | Promise<Changed<T, F>>,
    patience = this.#patience,
  ): Promise<T> {
    const lockName = name.slice(0, 3)
    return this.#queue.run(lockName, async (since) => {
      const lock = this.#directory.lock(lockName)
      try {
        const { steps, value, apart } = await change(await this.lockAndRead(lock, folder, name, since + patience))
        if (steps.length > 0) await this.finish(lock, steps, apart)
        return value
      } finally {
        lock.release()
      }
    })
  }

  /**
   * Keeps every other `work` of this kind out, in all processes. It may lock files; whoever has locked one must not ask
   * for this.
   */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.under(aloneName, work, this.#patience)
  }

  /** Resolves once all that has been answered is in its files. Here it is already. */
  async flush(): Promise<void> {}

  /**
   * @param deadline when to give up, in the time of `performance.now()`
   * @internal
   */
  protected lockAndRead(lock: BindingLock, folder: F, name: string, deadline: number): Promise<string | undefined> {
    return acquire(() => lock.attempt(folder, name), deadline)
  }

  /**
   * Does the steps, which are on disk then. The lock may be free after that.
   *
   * @internal
   */
  protected async finish(lock: BindingLock, steps: Step<F>[], _apart?: boolean): Promise<void> {
    const fault = await native(lock.finish(steps))
    if (fault) throw errorFor(fault)
  }

  /**
   * Does `work` under a lock that no file has.
   *
   * @param lockName of hexadecimal digits, and longer than what any file's name gives
   * @internal
   */
  protected under<T>(lockName: string, work: (lock: BindingLock) => Promise<T>, patience: number): Promise<T> {
    return this.#queue.run(lockName, async (since) => {
      const lock = this.#directory.lock(lockName)
      try {
        // What it reads is not there: the name is no SHA-256.
        await acquire(() => lock.attempt(this.#first, lockName), since + patience)
        return await work(lock)
      } finally {
        lock.release()
      }
    })
  }
}

/** Of hexadecimal digits, and longer than what any file's name gives. */
const aloneName = 'c1a1'

export interface Changed<T, F extends string = Folder> {
  steps: Step<F>[]
  value: T
  /** Nobody waits for these steps: they need no share of what others wait for. */
  apart?: boolean
}

/** A shard: what the first two digits of a name say, as a number. */
export function shardName(shard: number): string {
  return shard.toString(16).padStart(2, '0')
}

/** The number of a name's shard; 0 for no name. */
export function shardOf(name: string): number {
  return Number.parseInt(name.slice(0, 2) || '0', 16)
}
