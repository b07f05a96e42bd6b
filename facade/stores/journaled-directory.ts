import type { BindingLock } from '#binding'

import { Journal } from './journal.js'
import { LockedDirectory, storeFolders } from './locked-directory.js'
import type { Folder, Step } from './locked-directory.js'

const folder = 'journal'

/**
 * The files of a store. A change that is alone is written to its files at once, and each of them is synced. Of changes at
 * the same time, one goes that way. The others go to the journal, where all that wait are synced by one wait for the
 * disk.
 */
export class JournaledDirectory extends LockedDirectory {
  readonly #journal: Journal
  readonly #patience: number
  /** Changes that are being written. */
  #writing = 0

  /** @param patience how long to try for a lock, in milliseconds */
  constructor(path: string, group: boolean, patience: number) {
    super(path, group, patience, storeFolders, [folder])
    this.#patience = patience
    this.#journal = new Journal(path, folder, group, {
      alone: (work, patience) => this.under(placeName, work, patience),
      write: (lane, steps) => this.under(`${laneName}${lane}`, (lock) => super.finish(lock, steps), patience),
    })
  }

  override async read(folder: Folder, name: string): Promise<string | undefined> {
    this.#journal.catchUp()
    const text = this.#journal.text(folder, name)
    if (text === undefined) return super.read(folder, name)
    this.#journal.checkRoot()
    return text ?? undefined
  }

  override async names(folder: Folder, shard: string): Promise<string[]> {
    this.#journal.catchUp()
    const before = this.#journal.names(folder, shard)
    const names = await super.names(folder, shard)
    // Those that have gone to their files in the meantime too.
    this.#journal.catchUp()
    const known = new Map([...before, ...this.#journal.names(folder, shard)])
    const isThere = (name: string) => known.get(name) !== false
    return [...new Set([...names, ...known.keys()])].filter(isThere)
  }

  override async flush(): Promise<void> {
    this.#journal.catchUp()
    await this.#journal.placeAll(this.#patience)
  }

  /** @internal */
  protected override async lockAndRead(
    lock: BindingLock, folder: Folder, name: string, deadline: number,
  ): Promise<string | undefined> {
    const { losses } = this.#journal
    const file = await super.lockAndRead(lock, folder, name, deadline)
    this.#journal.catchUp()
    const text = this.#journal.text(folder, name)
    if (text !== undefined) return text ?? undefined
    // It may have been in the journal, and have gone to its file, after that was read.
    return losses === this.#journal.losses ? file : super.read(folder, name)
  }

  /** @internal */
  protected override async finish(lock: BindingLock, steps: Step[], apart = false): Promise<void> {
    const direct = this.#journal.isFree(steps) && (apart || this.#writing === 0 || this.#journal.isFull())
    this.#writing += 1
    try {
      if (!direct) return await this.#journal.append(steps)
      await this.#journal.settle()
      await super.finish(lock, steps)
    } finally {
      this.#writing -= 1
    }
  }
}

/** Of hexadecimal digits, and longer than what any file's name gives. */
const placeName = 'c1a2'
const laneName = 'c1a3'
