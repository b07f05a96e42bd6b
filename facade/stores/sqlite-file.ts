import { closeSync, fsyncSync, lstatSync, openSync, unlinkSync } from 'node:fs'
import type { Stats } from 'node:fs'
import { dirname, resolve } from 'node:path'

import { CountersignError } from '../shared/errors.js'
import { createDirectory } from './create-directory.js'
import { createFile, sync } from './create-file.js'

/**
 * Checks the file of a database before it is opened, or creates it, empty and for this user alone (mode 0600). SQLite
 * gives `-wal` and `-shm` the mode of the file. Windows has no modes: what is created there has the folder's permissions.
 *
 * @throws CountersignError `directory-refused`, with the path and the rule that it breaks
 */
export function prepareFile(path: string, create: boolean): void {
  if (create) {
    createDirectory(dirname(path), false)
    if (statOf(path) === undefined) createFile(path, '')
  }
  refuse(path, brokenRule(statOf(path)))
  // SQLite reads what it finds there as a part of the database: whoever can put a file there can write the database.
  for (const beside of ['-wal', '-shm', '-journal'].map((end) => path + end)) {
    const file = statOf(beside)
    if (file !== undefined) refuse(beside, brokenRule(file))
  }
  const folder = dirname(resolve(path))
  if (process.platform !== 'win32' && ((statOf(folder)?.mode ?? 0) & 0o002) !== 0) refuse(folder, 'can be written by every user')
}

function refuse(path: string, broken: string | undefined): void {
  if (broken !== undefined) throw new CountersignError('directory-refused', { detail: `${path} ${broken}` })
}

/** Lets `write` fill a new file, and has it on disk when this returns. A file that is there is refused. */
export function fillNewFile(path: string, write: () => void): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (cause) {
    throw new CountersignError('directory-refused', { detail: `${path} can't be created, or exists already`, cause })
  }
  try {
    write()
    const file = openSync(path, 'r+')
    try {
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    sync(dirname(path))
  } catch (error) {
    unlinkSync(path)
    throw error
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (cause) {
    throw new CountersignError('directory-refused', { detail: `${path} can't be examined`, cause })
  }
}

function brokenRule(file: Stats | undefined): string | undefined {
  if (file === undefined) return 'is missing (the option create makes it)'
  if (file.isSymbolicLink()) return 'is a symbolic link'
  if (!file.isFile()) return 'is not a file'
  if (process.platform === 'win32') return undefined
  if (file.uid !== ownUid()) return 'is not owned by the user of this process'
  if ((file.mode & 0o077) !== 0) return 'is accessible to other users: its mode must be 0600'
  return undefined
}

/** Deno tells it only where it may. */
function ownUid(): number | undefined {
  try {
    return process.getuid?.()
  } catch (cause) {
    throw new CountersignError('directory-refused', { detail: 'the user of this process is not known (Deno needs --allow-sys=uid)', cause })
  }
}
