import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { thirdPartyNotices } from './notices.mjs'
import { root, scratch } from './paths.mjs'
import { addonFile, platformName } from './platform.mjs'
import { mustRun, npm } from './run.mjs'

/** Packs the package and this platform's one, as they are in the checkout; answers where the two tarballs are. */
export async function pack() {
  const tarballs = emptied(join(root, 'tarballs'))
  const native = stagePlatform({ name: platformName(), binary: join(root, addonFile()), notices: thirdPartyNotices() })
  return { main: await tarball(root, tarballs), native: await tarball(native, tarballs) }
}

/** The folder of one platform's package, with all that goes into its tarball. */
export function stagePlatform({ name, binary, notices }) {
  const staged = emptied(join(scratch, 'staged', name))
  cpSync(join(root, 'npm', name), staged, { recursive: true })
  cpSync(binary, join(staged, basename(binary)))
  for (const licence of ['LICENSE', 'LICENSE-APACHE', 'LICENSE-MIT']) cpSync(join(root, licence), join(staged, licence))
  // npm packs what begins with LICENSE, whatever a package's `files` says.
  writeFileSync(join(staged, 'LICENSE-THIRD-PARTY'), notices)
  return staged
}

export async function tarball(folder, tarballs) {
  const [command, ...args] = npm()
  await mustRun(command, [...args, 'pack', folder, '--ignore-scripts', '--pack-destination', tarballs, '--loglevel', 'error'])
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return join(tarballs, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)
}

export function emptied(folder) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return folder
}
