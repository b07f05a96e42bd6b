import { closeSync, fsyncSync, linkSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

import { randomBytes } from '../shared/crypto.js'
import { CountersignError } from '../shared/errors.js'

/** Makes a file with a text, mode 0600, whole or not at all. What is there is left as it is. */
export function createFile(path: string, text: string): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`
  try {
    const file = openSync(temporary, 'wx', 0o600)
    try {
      writeSync(file, text)
      fsyncSync(file)
      // A rename would take the place of a file that another process has just made.
      linkSync(temporary, path)
      sync(dirname(path))
    } finally {
      closeSync(file)
      unlinkSync(temporary)
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return
    throw new CountersignError('directory-refused', { detail: `${path} can't be created`, cause })
  }
}

/** A file's name is on disk once its directory is. Windows has no such step. */
export function sync(directory: string): void {
  if (process.platform === 'win32') return
  const opened = openSync(directory, 'r')
  try {
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
}
