// `npm run release:check`: all that can be known of a release before it is published, on one Linux machine on x64: every platform of
// the table built, one of them twice, looked at, packed, run as shipped, published to a registry of this machine and installed
// from there. About an hour. The release workflow runs it, and publishes what it leaves in ./release.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { command } from './lib/checks.mjs'
import { buildTarget } from './lib/cross/build.mjs'
import { binaryOf, cross } from './lib/cross/place.mjs'
import { CommandFailed } from './lib/run.mjs'
import { Steps } from './lib/steps.mjs'
import { countClosing, countOne } from './lib/totals.mjs'
import { targets } from './targets.mjs'

const part = (name) => command([process.execPath, `scripts/${name}.mjs`], countClosing)

const steps = new Steps({ name: 'release-check' })
if (await steps.step('build', part('build-all'))) {
  await steps.step('built twice', builtTwice)
  await steps.step('check', part('check-all'))
  await steps.step('pack', part('pack-all'))
}
steps.close()

/** In another folder, and from nothing: the same bytes. */
async function builtTwice() {
  const [target] = targets
  const again = join(cross, 'again')
  rmSync(again, { recursive: true, force: true })
  const binary = join(again, 'binary.node')
  await buildTarget(target, { targetDir: join(again, 'target'), binary })
  if (!readFileSync(binary).equals(readFileSync(binaryOf(target)))) throw new CommandFailed(`${target.name} built twice is not the same`)
  rmSync(again, { recursive: true })
  return countOne(0)
}
