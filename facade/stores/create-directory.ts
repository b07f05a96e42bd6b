import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

import { CountersignError } from '../shared/errors.js'
import { sync } from './create-file.js'

/** Makes a directory, and those above it, where there is nothing yet. What is there is left to its checks. */
export function createDirectory(path: string, group: boolean): void {
  try {
    if (existsSync(path)) return
    const first = mkdirSync(path, { recursive: true, mode: group ? 0o750 : 0o700 })
    if (first === undefined) return
    if (group) chmodSync(path, 0o750)
    for (let made = path; made.length >= first.length; made = dirname(made)) sync(dirname(made))
  } catch (cause) {
    throw new CountersignError('directory-refused', { detail: `${path} can't be created`, cause })
  }
}
