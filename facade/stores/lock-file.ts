import { lstat } from 'node:fs/promises'
import { dirname } from 'node:path'

import { CountersignError, isCountersignError } from '../shared/errors.js'

/**
 * What the system or a rule has against a lock file, said of the lock and with what to do. Any other error comes back as
 * it is.
 *
 * @param refusal why the lock was not taken
 */
export async function ofLock(refusal: unknown, lock: string): Promise<unknown> {
  if (!isCountersignError(refusal, 'directory-refused') && !isCountersignError(refusal, 'store-failed')) return refusal
  const wrong = await wrongWith(lock)
  return wrong === undefined ? refusal : new CountersignError('directory-refused', { detail: `${lock} is the lock, and ${wrong}` })
}

async function wrongWith(lock: string): Promise<string | undefined> {
  const file = await lstat(lock).catch(codeOf)
  if (file === 'ENOENT') {
    const folder = dirname(lock)
    const isThere = typeof (await lstat(folder).catch(codeOf)) !== 'string'
    return isThere ? undefined : `its folder ${folder} does not exist. Create the folder, or pass another file as lock`
  }
  if (file === 'ENOTDIR') return 'a part of its path is not a directory. Pass another file as lock'
  if (typeof file === 'string') return undefined
  if (file.isSymbolicLink()) return 'is a symbolic link. Pass the path that it leads to as lock'
  if (!file.isFile()) return `is ${file.isDirectory() ? 'a directory' : 'not a file'}. Pass the path of a file as lock`
  return (file.mode & 0o007) === 0 ? undefined : `is open to other users, who could hold it: run chmod 600 ${lock}`
}

const codeOf = (error: unknown): string => String((Object(error) as { code?: unknown }).code)
