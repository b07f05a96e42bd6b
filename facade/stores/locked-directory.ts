import { openDirectory } from '#binding'
import type { BindingDirectory } from '#binding'

import { acquire, errorFor, native } from './file-work.js'
import { KeyedQueue } from './keyed-queue.js'

export type Folder = 'records' | 'challenges' | 'handles'

/** One file to write, or with `text` null to remove. */
export interface Step {
  folder: Folder
  name: string
  text: string | null
}

const folders: Folder[] = ['records', 'challenges', 'handles']

/**
 * Files under locks. A name is a SHA-256 in hexadecimal, and its first three digits name its lock: 4096 lock files and
 * no more. One lock file for each name could never be removed again, and names are made by whoever asks for a
 * challenge: strangers would fill the disk. That two users share a lock costs one of them a short wait, rarely.
 */
export class LockedDirectory {
  readonly #directory: BindingDirectory
  readonly #queue = new KeyedQueue(16)
  readonly #patience: number

  /** @param patience how long to try for a lock, in milliseconds */
  constructor(path: string, group: boolean, patience: number) {
    const directory = openDirectory(path, folders, group)
    if ('code' in directory) throw errorFor(directory)
    this.#directory = directory
    this.#patience = patience
  }

  /** The text of a file, empty if it is not text. Read without a lock: files are replaced whole. */
  async read(folder: Folder, name: string): Promise<string | undefined> {
    const { text, fault } = await native(this.#directory.read(folder, name))
    if (fault) throw errorFor(fault)
    return text ?? undefined
  }

  async names(folder: Folder, shard: string): Promise<string[]> {
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
    folder: Folder,
    name: string,
    change: (file: string | undefined) => Changed<T> | Promise<Changed<T>>,
    patience = this.#patience,
  ): Promise<T> {
    return this.#locked(name.slice(0, 3), folder, name, change, patience)
  }

  /**
   * Keeps every other `work` of this kind out, in all processes. It may lock files; whoever has locked one must not ask
   * for this.
   */
  alone<T>(work: () => Promise<T>): Promise<T> {
    // What it reads is not there: the name is no SHA-256.
    const change = async (): Promise<Changed<T>> => ({ steps: [], value: await work() })
    return this.#locked(aloneName, 'records', aloneName, change, this.#patience)
  }

  #locked<T>(
    lockName: string,
    folder: Folder,
    name: string,
    change: (file: string | undefined) => Changed<T> | Promise<Changed<T>>,
    patience: number,
  ): Promise<T> {
    return this.#queue.run(lockName, async (since) => {
      const lock = this.#directory.lock(lockName)
      try {
        const file = await acquire(() => lock.attempt(folder, name), since + patience)
        const { steps, value } = await change(file)
        const fault = steps.length > 0 ? await native(lock.finish(steps)) : null
        if (fault) throw errorFor(fault)
        return value
      } finally {
        lock.release()
      }
    })
  }
}

/** Of hexadecimal digits, and longer than what any file's name gives. */
const aloneName = 'c1a1'

export interface Changed<T> {
  steps: Step[]
  value: T
}

/** A shard: what the first two digits of a name say, as a number. */
export function shardName(shard: number): string {
  return shard.toString(16).padStart(2, '0')
}

/** The number of a name's shard; 0 for no name. */
export function shardOf(name: string): number {
  return Number.parseInt(name.slice(0, 2) || '0', 16)
}
