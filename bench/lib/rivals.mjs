import { join } from 'node:path'

import { say } from '../../scripts/lib/output.mjs'
import { root } from '../../scripts/lib/paths.mjs'
import { mustRun, npm } from '../../scripts/lib/run.mjs'
import { fingerprint, isFresh, writeStamp } from '../../scripts/lib/stamp.mjs'

const folder = join(root, 'bench/rivals')
const stamp = join(folder, 'node_modules', '.rivals-stamp')

/** Installs the other libraries from their lockfile, without running their scripts. */
export async function installRivals() {
  const state = fingerprint(['bench/rivals/package.json', 'bench/rivals/package-lock.json'])
  if (isFresh(stamp, state)) return
  say('installing the packages to compare with')
  const [command, ...args] = npm()
  await mustRun(command, [...args, 'ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund'])
  writeStamp(stamp, state)
}
