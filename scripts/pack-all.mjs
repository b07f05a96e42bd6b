// `npm run pack:all -- [NAME...]`: the packages of all platforms, or of those named, and the main one, into ./release, with
// SHA256SUMS and an SBOM; then publishes them to a registry of its own on this machine, and installs them from there.
import { chosen } from './lib/cross/chosen.mjs'
import { main } from './lib/main.mjs'
import { checkInstallations } from './lib/release/installations.mjs'
import { packStep } from './lib/release/pack-step.mjs'
import { Steps } from './lib/steps.mjs'

main(async () => {
  const targets = chosen(process.argv.slice(2))
  const steps = new Steps({ name: 'pack-all' })
  if (await steps.step('pack', () => packStep(targets))) await checkInstallations(steps)
  steps.close()
})
