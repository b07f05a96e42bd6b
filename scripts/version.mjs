// What `npm version` runs. Before it: `--check`, so that nothing changes where CHANGELOG.md has no dated section. After npm
// has set the version of package.json: the manifests of the platforms, Cargo.toml, the lock files and the generated loader
// follow, and go into npm's commit. `--notes` prints what CHANGELOG.md says of the version, for the release.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { releaseNotes } from './lib/changelog.mjs'
import { main } from './lib/main.mjs'
import { generatedFiles } from './lib/manifests.mjs'
import { root } from './lib/paths.mjs'
import { CommandFailed, mustRun } from './lib/run.mjs'
import { withLockedVersions, withWorkspaceVersion } from './lib/versions.mjs'
import { setUp } from './setup.mjs'

const read = (path) => readFileSync(join(root, path), 'utf8')
const rewrite = (path, change, version) => writeFileSync(join(root, path), change(read(path), version))

main(async () => {
  const [how] = process.argv.slice(2)
  const version = process.env.npm_new_version ?? JSON.parse(read('package.json')).version
  const { notes } = dated(version)
  if (how === '--notes') console.log(notes)
  if (how !== undefined) return
  rewrite('Cargo.toml', withWorkspaceVersion, version)
  for (const lock of ['Cargo.lock', 'fuzz/Cargo.lock']) rewrite(lock, withLockedVersions, version)
  const files = generatedFiles()
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text)
  // The loader names the version.
  await setUp({ release: false })
  const changed = ['Cargo.toml', 'Cargo.lock', 'fuzz/Cargo.lock', 'binding.js', 'binding.d.ts', 'native.js', ...Object.keys(files)]
  await mustRun('git', ['add', '--', ...changed])
})

function dated(version) {
  try {
    return releaseNotes(read('CHANGELOG.md'), version)
  } catch (error) {
    throw new CommandFailed(error.message)
  }
}
