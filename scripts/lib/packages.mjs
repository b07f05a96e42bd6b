import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { say } from './output.mjs'
import { root } from './paths.mjs'
import { mustRun, npm } from './run.mjs'
import { clearStamp, fingerprint, isFresh, writeStamp } from './stamp.mjs'

// In the folder that it speaks of: whoever deletes or replaces that folder deletes it too.
const stamp = join(root, 'node_modules', '.setup-stamp')

/** The npm packages as the lockfile has them, dev packages included whatever NODE_ENV says. */
export async function installPackages() {
  const { dependencies, devDependencies, overrides } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const wanted = { dependencies, devDependencies, overrides, platform: process.platform, arch: process.arch }
  const state = fingerprint(['package-lock.json', '.npmrc'], wanted)
  if (isFresh(stamp, state)) return
  say('installing the npm packages')
  clearStamp(stamp)
  const [command, ...args] = npm()
  await mustRun(command, [...args, 'ci', '--include=dev', '--no-audit', '--no-fund'])
  writeStamp(stamp, state)
}
