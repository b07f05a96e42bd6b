import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './paths.mjs'

/** One hash over names and contents of files and whole folders (those that are missing too), and over `facts`. */
export function fingerprint(paths, facts = {}) {
  const hash = createHash('sha256').update(JSON.stringify(facts))
  for (const file of paths.flatMap(filesUnder)) {
    const path = join(root, file)
    hash.update(`\0${file}\0`).update(existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest() : 'missing')
  }
  return hash.digest('hex')
}

/** What a finished step left behind: it is fresh when both its inputs and its outputs are what they were. */
export const isFresh = (stamp, state) => existsSync(stamp) && readFileSync(stamp, 'utf8') === state

/** Removed before a step begins and written when it is done, so an interrupted step is never taken for a finished one. */
export const clearStamp = (stamp) => rmSync(stamp, { force: true })

export function writeStamp(stamp, state) {
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(`${stamp}.new`, state)
  renameSync(`${stamp}.new`, stamp)
}

/** Relative paths with `/`, sorted, so that the hash is the same everywhere. */
export function filesUnder(path) {
  const full = join(root, path)
  if (!existsSync(full) || !statSync(full).isDirectory()) return [path]
  return readdirSync(full).sort().flatMap((name) => filesUnder(`${path}/${name}`))
}
