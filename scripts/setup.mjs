// All set-up: packages, native addon, TypeScript, each only when it is stale. Needs Node alone to run.
import { pathToFileURL } from 'node:url'
import { buildAddon } from './lib/addon.mjs'
import { underLock } from './lib/lock.mjs'
import { installPackages } from './lib/packages.mjs'
import { Steps } from './lib/steps.mjs'
import { needNode } from './lib/tools.mjs'
import { compileTypeScript } from './lib/typescript.mjs'

/** @param {{ release?: boolean }} options a release addon unless told otherwise */
export async function setUp({ release = true } = {}) {
  needNode()
  await underLock(async () => {
    await installPackages()
    await buildAddon({ release })
    await compileTypeScript()
  })
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const steps = new Steps({ name: 'build' })
  const built = await steps.step('build', () => setUp({ release: !process.argv.includes('--dev') }))
  steps.stop()
  process.exitCode = built ? 0 : 1
}
