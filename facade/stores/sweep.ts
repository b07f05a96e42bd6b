import { isSpent } from './challenge-file.js'
import type { LockedDirectory } from './locked-directory.js'

/** Removes from one shard what nobody will ask for any more: left-over temporaries, and keys with nothing open. */
export async function sweep(directory: LockedDirectory, shard: string, now: number): Promise<void> {
  await directory.sweep(shard)
  for (const name of await directory.names('challenges', shard)) {
    const file = await directory.read('challenges', name)
    if (!isSpent(file, now)) continue
    await directory.exclusive('challenges', name, (locked) => {
      const spent = isSpent(locked, now)
      return { steps: spent ? [{ folder: 'challenges', name, text: null }] : [], value: undefined }
    })
  }
}
