// Publishes ./release, which `npm run pack:all` made: what the release workflow runs.
//
// node scripts/publish.mjs [--no-provenance] [--partial]
//
// `--no-provenance`: outside of that workflow, where nothing can sign it. `--partial`: without the tarballs of some platforms, for a trial.
import { parseArgs } from 'node:util'
import { main } from './lib/main.mjs'
import { CommandFailed } from './lib/run.mjs'
import { publishRelease } from './lib/release/publish.mjs'
import { tarballs } from './lib/release/pack.mjs'
import { targets } from './targets.mjs'

main(async () => {
  const { values } = parseArgs({ options: { 'no-provenance': { type: 'boolean' }, partial: { type: 'boolean' } } })
  const isWhole = tarballs().length === targets.length + 1
  if (!isWhole && !values.partial) throw new CommandFailed('./release does not have the tarballs of all platforms')
  await publishRelease({ provenance: !values['no-provenance'] })
})
