import { join } from 'node:path'
import { say } from './output.mjs'
import { root } from './paths.mjs'
import { mustRun, npm } from './run.mjs'
import { clearStamp, fingerprint, isFresh, writeStamp } from './stamp.mjs'

const folder = 'docs/site'
const stamp = join(root, folder, 'node_modules', '.setup-stamp')

/** The packages that build the site, as their own lockfile has them. */
export async function installSitePackages() {
  const state = fingerprint([`${folder}/package.json`, `${folder}/package-lock.json`, '.npmrc'])
  if (isFresh(stamp, state)) return
  say('installing the packages of the site')
  clearStamp(stamp)
  const [command, ...args] = npm()
  await mustRun(command, [...args, 'ci', '--no-audit', '--no-fund'], { cwd: join(root, folder) })
  writeStamp(stamp, state)
}
