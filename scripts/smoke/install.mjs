// `node install.mjs`: installs the packages of this platform from the tarballs in the folder above into an empty one, and runs
// smoke.mjs there; `--published` installs the same version from the registry, as people do. Needs no checkout: it is for the
// runners of a release, which get the tarballs and nothing else.
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))

/** Installs a platform's tarballs into a new folder beside the smoke suite; by npm, which runs on this machine. */
export function install(tarballs, platform) {
  const files = readdirSync(tarballs).filter((name) => name.endsWith('.tgz'))
  const main = files.find((name) => !name.includes('-binding-'))
  const native = files.find((name) => name.includes(`-binding-${platform}-`))
  if (!main || !native) throw new Error(`${tarballs} has no tarballs for ${platform}`)
  // The packages of the other platforms are in no registry before the release; by force, since this may be another platform.
  return installed(['--omit=optional', '--force', join(tarballs, main), join(tarballs, native)])
}

/** The version of the tarballs, from the registry. */
function installPublished(tarballs) {
  const [, version] = /^countersign-(\d.*)\.tgz$/.exec(readdirSync(tarballs).find((name) => /^countersign-\d/.test(name)))
  return installed([`countersign@${version}`])
}

function installed(args) {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-packed-'))
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  // A .cmd file can't be started on Windows.
  const npm = process.platform === 'win32' ? [process.execPath, join(process.execPath, '..', 'node_modules', 'npm', 'bin', 'npm-cli.js')] : ['npm']
  const [program, ...given] = [...npm, 'install', '--ignore-scripts', '--no-audit', '--no-fund', ...args]
  execFileSync(program, given, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  copyFileSync(join(here, 'smoke.mjs'), join(folder, 'smoke.mjs'))
  return folder
}

/** The name of this platform in the packages' names. */
export function platformHere() {
  const { platform, arch } = process
  if (platform === 'linux') return `linux-${arch}-${process.report.getReport().header.glibcVersionRuntime ? 'gnu' : 'musl'}`
  return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const tarballs = join(here, '..')
  const folder = process.argv.includes('--published') ? installPublished(tarballs) : install(tarballs, platformHere())
  const { status } = spawnSync(process.execPath, ['smoke.mjs'], { cwd: folder, stdio: 'inherit' })
  rmSync(folder, { recursive: true, force: true })
  process.exitCode = status ?? 1
}
