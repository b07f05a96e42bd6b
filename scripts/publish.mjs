// Publishes ./release, which `npm run pack:all` made, with provenance: what the release workflow runs.
import { main } from './lib/main.mjs'
import { CommandFailed } from './lib/run.mjs'
import { publishRelease } from './lib/release/publish.mjs'
import { tarballs } from './lib/release/pack.mjs'
import { targets } from './targets.mjs'

main(async () => {
  if (tarballs().length !== targets.length + 1) throw new CommandFailed('./release does not have the tarballs of all platforms')
  await publishRelease(['--provenance'])
})
