// `npm run check:all -- [--smoke] [NAME...]`: the binaries that `npm run build:all` left: looks at each without running it, packs
// them, and runs the packages as shipped wherever this machine can. `--smoke` leaves out the whole suites, of ten minutes and more.
import { parseArgs } from 'node:util'
import { checkBinary } from './lib/binary/check.mjs'
import { chosen } from './lib/cross/chosen.mjs'
import { needBuilt } from './lib/cross/build.mjs'
import { binaryOf } from './lib/cross/place.mjs'
import { main } from './lib/main.mjs'
import { packStep } from './lib/release/pack-step.mjs'
import { runAsShipped } from './lib/release/run-as-shipped.mjs'
import { Steps } from './lib/steps.mjs'

main(async () => {
  const { values, positionals } = parseArgs({ options: { smoke: { type: 'boolean' } }, allowPositionals: true })
  const targets = chosen(positionals)
  const steps = new Steps({ name: 'check-all' })
  await checkAll(steps, targets, { whole: !values.smoke })
  steps.close()
})

async function checkAll(steps, targets, options) {
  for (const target of targets) {
    await steps.step(`${target.name} binary`, () => {
      needBuilt([target])
      return checkBinary(target, binaryOf(target))
    })
  }
  if (!(await steps.step('pack', () => packStep(targets)))) return
  for (const target of targets) await runAsShipped(steps, target, options)
}
