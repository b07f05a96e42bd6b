import { createHash } from 'node:crypto'
import { cpSync, existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { rustTarget, targets } from '../../targets.mjs'
import { binaryOf } from '../cross/place.mjs'
import { RUST_NOTICES, runtimeOf, rustNotices } from '../cross/runtime.mjs'
import { withOptionalDependencies } from '../manifests.mjs'
import { thirdPartyNotices } from '../notices.mjs'
import { emptied, stagePlatform, tarball } from '../pack.mjs'
import { root, scratch } from '../paths.mjs'
import { sbom } from './sbom.mjs'

/** What a release consists of. */
export const release = join(root, 'release')

/**
 * Packs the packages of these platforms, and the main one: the very files that are published, with their checksums and a list
 * of all that is in them.
 *
 * @returns {Promise<string[]>} the tarballs, the main one last, as it has to be published
 */
export async function packRelease(chosen = targets) {
  // All of it or nothing: what is left of an interrupted run is not taken for a release.
  const staged = emptied(join(scratch, 'release.new'))
  for (const target of chosen) await tarball(stageTarget(target), staged)
  await tarball(stageMain(), staged)
  writeFileSync(join(staged, 'sbom.cdx.json'), `${JSON.stringify(await sbom(chosen), null, 2)}\n`)
  const files = readdirSync(staged).sort()
  const sums = files.map((name) => `${createHash('sha256').update(readFileSync(join(staged, name))).digest('hex')}  ${name}`)
  writeFileSync(join(staged, 'SHA256SUMS'), `${sums.join('\n')}\n`)
  // What the runners of a release try the tarballs with, which have no checkout.
  cpSync(join(root, 'scripts', 'smoke'), join(staged, 'try'), { recursive: true })
  rmSync(release, { recursive: true, force: true })
  renameSync(staged, release)
  return tarballs()
}

/** The tarballs that are there, the main one last. */
export function tarballs() {
  const names = existsSync(release) ? readdirSync(release).filter((name) => name.endsWith('.tgz')) : []
  return names.toSorted((one, other) => isMain(one) - isMain(other) || one.localeCompare(other)).map((name) => join(release, name))
}

const isMain = (name) => !name.includes('-binding-')

function stageTarget(target) {
  const notices = thirdPartyNotices({ triple: rustTarget(target), runtime: runtimeOf(target) })
  const staged = stagePlatform({ name: target.name, binary: binaryOf(target), notices })
  cpSync(rustNotices(), join(staged, RUST_NOTICES))
  return staged
}

/** The manifest names every platform's package here and nowhere else: `npm ci` in a checkout would ask for them. */
function stageMain() {
  const staged = emptied(join(scratch, 'staged', 'main'))
  const manifest = readFileSync(join(root, 'package.json'), 'utf8')
  // npm leaves out of these what the manifest says with a `!`.
  const names = JSON.parse(manifest).files.filter((name) => !name.startsWith('!'))
  for (const name of [...names, 'README.md']) cpSync(join(root, name), join(staged, basename(name)), { recursive: true })
  writeFileSync(join(staged, 'package.json'), withOptionalDependencies(manifest))
  return staged
}
