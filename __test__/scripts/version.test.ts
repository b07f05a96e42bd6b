// One version everywhere, and a changelog that says what it brings.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { script } from '../helpers/script.js'

const { releaseNotes } = await script('changelog.mjs')
const { withLockedVersions, withWorkspaceVersion } = await script('versions.mjs')
const root = fileURLToPath(new URL('../../../', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')

test('package.json, Cargo.toml, the lock files and the loader have the same version', (t) => {
  const { version } = JSON.parse(read('package.json'))
  t.is(JSON.parse(read('package-lock.json')).version, version)
  t.is(withWorkspaceVersion(read('Cargo.toml'), version), read('Cargo.toml'))
  for (const lock of ['Cargo.lock', 'fuzz/Cargo.lock']) t.is(withLockedVersions(read(lock), version), read(lock), lock)
  t.true(read('binding.js').includes(`bindingPackageVersion !== '${version}'`))
})

test('a new version changes the workspace, and no dependency', (t) => {
  const changes = (text: string, changed: string) => {
    const before = text.split('\n')
    return changed.split('\n').filter((line, at) => line !== before[at])
  }
  t.deepEqual(changes(read('Cargo.toml'), withWorkspaceVersion(read('Cargo.toml'), '7.8.9')), ['version = "7.8.9"'])
  const members = /^members = \[(.*)\]$/m.exec(read('Cargo.toml'))![1]!.split(',').length
  t.deepEqual(changes(read('Cargo.lock'), withLockedVersions(read('Cargo.lock'), '7.8.9')), Array(members).fill('version = "7.8.9"'))
  t.deepEqual(changes(read('fuzz/Cargo.lock'), withLockedVersions(read('fuzz/Cargo.lock'), '7.8.9')), ['version = "7.8.9"'])
  t.throws(() => withWorkspaceVersion('[package]\nversion = "1.0.0"\n', '7.8.9'), { message: /Cargo.toml/ })
  t.throws(() => withLockedVersions('', '7.8.9'), { message: /Cargo.lock/ })
})

const changelog = '# Changelog\n\n## 1.2.0 (2026-12-24)\n- One.\n\n### Fixed\n- Two.\n\n## 1.1.0 (unreleased)\nx\n\n## 1.0.0 (2026-02-30x)\nx\n\n## 0.9.0 (2026-01-01)\n'

test('the notes of a release are its dated section, to the next one', (t) => {
  t.deepEqual(releaseNotes(changelog, '1.2.0'), { date: '2026-12-24', notes: '- One.\n\n### Fixed\n- Two.' })
})

test('a version without a section, a date or a word is refused', (t) => {
  t.throws(() => releaseNotes(changelog, '1.3.0'), { message: 'CHANGELOG.md has no section `## 1.3.0 (YYYY-MM-DD)`' })
  t.throws(() => releaseNotes(changelog, '1.2'), { message: /no section/ })
  t.throws(() => releaseNotes(changelog, '1.1.0'), { message: /no date/ })
  t.throws(() => releaseNotes(changelog, '1.0.0'), { message: /no date/ })
  t.throws(() => releaseNotes(changelog, '0.9.0'), { message: /says nothing/ })
})
