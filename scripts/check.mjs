// `npm run check`: what one wants to know before a commit: format, lints, types, and the tests of both languages that start
// no browser, server or other program. `npm test` is the whole check. `npm run check -- NAME...` runs only the steps whose
// name holds one of the words.
import { ava, clippy, command, oxlint, rustfmt, types } from './lib/checks.mjs'
import { Steps } from './lib/steps.mjs'
import { countCargo } from './lib/totals.mjs'
import { setUp } from './setup.mjs'

const UNITS = ['build/__test__/{client,migration,scripts,service,shared,stateless,testing,tfa-config}/*.test.js']

const steps = new Steps({ name: 'check', words: process.argv.slice(2) })
await Promise.all([rust(), typescript()])
steps.close()

async function rust() {
  await steps.step('rustfmt', rustfmt)
  await steps.step('clippy', clippy)
  await steps.step('cargo test', command(['cargo', 'test', '--workspace', '--locked'], countCargo))
}

async function typescript() {
  if (!(await steps.step('set-up', () => setUp({ release: false }), { always: true }))) return
  await steps.step('types', types)
  await steps.step('oxlint', oxlint)
  await steps.step('ava', ava(UNITS))
}
