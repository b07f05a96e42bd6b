import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { mustRun } from '../../scripts/lib/run.mjs'

/** Compiles the program that runs a command without waiting in `fsync`, and returns its path. Linux only. */
export async function buildNoFsync(folder) {
  const program = join(folder, 'no-fsync')
  await mustRun(process.env.CC || 'cc', ['-O2', '-o', program, fileURLToPath(new URL('no-fsync.c', import.meta.url))])
  return program
}
