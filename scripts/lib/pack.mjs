import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { thirdPartyNotices } from './notices.mjs'
import { root, scratch } from './paths.mjs'
import { addonFile, platformName } from './platform.mjs'
import { mustRun, npm } from './run.mjs'

/** Packs the package and this platform's one; answers where the two tarballs are. */
export async function pack() {
  const tarballs = join(root, 'tarballs')
  rmSync(tarballs, { recursive: true, force: true })
  mkdirSync(tarballs)
  return { main: await tarball(root, tarballs), native: await tarball(stageNative(), tarballs) }
}

function stageNative() {
  const staged = join(scratch, 'native')
  rmSync(staged, { recursive: true, force: true })
  cpSync(join(root, 'npm', platformName()), staged, { recursive: true })
  cpSync(join(root, addonFile()), join(staged, addonFile()))
  for (const licence of ['LICENSE', 'LICENSE-APACHE', 'LICENSE-MIT']) cpSync(join(root, licence), join(staged, licence))
  // npm packs what begins with LICENSE, whatever a package's `files` says.
  writeFileSync(join(staged, 'LICENSE-THIRD-PARTY'), thirdPartyNotices())
  return staged
}

async function tarball(folder, tarballs) {
  const [command, ...args] = npm()
  await mustRun(command, [...args, 'pack', folder, '--ignore-scripts', '--pack-destination', tarballs, '--loglevel', 'error'])
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return join(tarballs, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)
}
