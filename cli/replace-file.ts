import { link, lstat, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

import { randomBytes } from '../facade/shared/crypto.js'
import { Exit } from './io.js'

/** Writes a file with mode 0600, completely or not at all. Replaces an existing file only with `force`. */
export async function replaceFile(path: string, content: Uint8Array | string, force: boolean): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found?.isFile() === false) throw new Exit(1, 'exists', 'The path exists and is not a regular file, so it is not replaced')
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
    await file.close()
    // A rename would replace an existing file.
    await (force ? rename(temporary, path) : link(temporary, path))
    if (!force) await unlink(temporary)
  } catch (error) {
    await file.close()
    await unlink(temporary).catch(() => {})
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new Exit(1, 'exists', 'The file exists: pass --force to replace it')
  }
  const directory = await open(dirname(path))
  await directory.sync().finally(() => directory.close())
}
