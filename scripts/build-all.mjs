// `npm run build:all -- [NAME...]`: the binary of every platform, or of those named, into .setup/cross/binaries, on one Linux
// machine. What is there and fresh is not built again, so a run that was interrupted goes on.
import { buildTarget, fetchSources } from './lib/cross/build.mjs'
import { chosen } from './lib/cross/chosen.mjs'
import { installRust } from './lib/cross/rust.mjs'
import { installZig } from './lib/cross/zig.mjs'
import { underLock } from './lib/lock.mjs'
import { main } from './lib/main.mjs'
import { installPackages } from './lib/packages.mjs'
import { Steps } from './lib/steps.mjs'
import { countOne } from './lib/totals.mjs'
import { needNode, needRust, ToolMissing } from './lib/tools.mjs'

main(async () => {
  const targets = chosen(process.argv.slice(2))
  const steps = new Steps({ name: 'build-all' })
  const ready = await steps.step('tools', () => tools(targets))
  for (const target of ready ? targets : []) await steps.step(target.name, () => built(target))
  steps.close()
})

/** A check that passed: a run that checked nothing is no success. */
async function built(target) {
  await buildTarget(target)
  return countOne(0)
}

async function tools(targets) {
  needNode()
  if (process.platform !== 'linux') throw new ToolMissing('every platform is built on Linux; on this system, `npm run build` builds for itself')
  needRust()
  await underLock(installPackages)
  await installZig()
  await installRust(targets)
  await fetchSources()
}
