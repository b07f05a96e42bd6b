// Creates the GitHub release of the tag in TAG: the notes of CHANGELOG.md, and the files of ./release. What the release
// workflow runs.
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { releaseNotes } from './lib/changelog.mjs'
import { main } from './lib/main.mjs'
import { root, scratch } from './lib/paths.mjs'
import { CommandFailed, mustRun } from './lib/run.mjs'
import { checkSums } from './lib/release/publish.mjs'
import { release } from './lib/release/pack.mjs'

main(async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  if (process.env.TAG !== `v${version}`) throw new CommandFailed(`TAG has to be v${version}, the version of package.json`)
  checkSums()
  // In the workflow's checkout, nothing has run before.
  mkdirSync(scratch, { recursive: true })
  const notes = join(scratch, 'notes.md')
  writeFileSync(notes, `${releaseNotes(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version).notes}\n`)
  const files = readdirSync(release).map((name) => join(release, name)).filter((path) => statSync(path).isFile())
  await mustRun('gh', ['release', 'create', process.env.TAG, '--verify-tag', '--notes-file', notes, ...files])
})
