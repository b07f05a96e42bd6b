import { isSpent } from './challenge-file.js'
import type { LockedDirectory } from './locked-directory.js'

/** Files that are looked at at once: not all that Node's thread pool has room for. */
const lanes = 3

/** Puts may be waiting for the sweep: a process that stops with one lock must not stop them all. */
const noPatience = 0

/**
 * Removes from one shard what nobody will ask for any more: left-over temporaries, and keys with nothing open. A file
 * that can't be read or removed keeps no other from going.
 */
export async function sweep(directory: LockedDirectory, shard: string, now: number): Promise<void> {
  await directory.sweep(shard)
  const names = await directory.names('challenges', shard)
  const next = async (): Promise<void> => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      await removeSpent(directory, name, now).catch(() => {})
    }
  }
  await Promise.all(Array.from({ length: lanes }, next))
}

async function removeSpent(directory: LockedDirectory, name: string, now: number): Promise<void> {
  if (!isSpent(await directory.read('challenges', name), now)) return
  await directory.exclusive('challenges', name, (locked) => {
    const spent = isSpent(locked, now)
    return { steps: spent ? [{ folder: 'challenges', name, text: null }] : [], value: undefined, apart: true }
  }, noPatience)
}
