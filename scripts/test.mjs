// `npm test`: all set-up, then every check there is; a failed one does not stop the others. `npm test -- NAME...` runs
// only the steps whose name holds one of the words. The last line adds up all runners: `N passed, N failed`.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { checkInstructions } from '../bench/instructions.mjs'
import { findBrowser } from './lib/browser.mjs'
import { attw, ava, clippy, command, oxlint, publint, rustfmt, types } from './lib/checks.mjs'
import { say } from './lib/output.mjs'
import { root } from './lib/paths.mjs'
import { ask, mustRun, run } from './lib/run.mjs'
import { Steps } from './lib/steps.mjs'
import { ToolMissing } from './lib/tools.mjs'
import { countCargo, countClosing, countOne } from './lib/totals.mjs'
import { checkWindows } from './lib/windows.mjs'
import { setUp } from './setup.mjs'

const MUSL = 'linux-x64-musl'
const CARGO_DENY = '0.20.2'
const fuzz = ['node', 'scripts/fuzz.mjs', '--seconds', '60', '--differential', '10']

const steps = new Steps({ name: 'test', words: process.argv.slice(2) })
// Side by side, since each ends in minutes of one core: the tests are linked on the left, the addon and what is measured on
// the right, into folders of their own. What is measured here is counted, and does not depend on how busy the machine is.
const [muslBuilt, ready] = await Promise.all([rust(), built()])
// One after the other: these use both cores, and some of them watch the clock.
await steps.step('fuzz', command(fuzz))
if (ready) {
  if (muslBuilt) await steps.step('musl as shipped', command(['node', 'scripts/check-all.mjs', '--smoke', MUSL], countClosing))
  await steps.step('ava', ava(['build/__test__/**/*.test.js', '!build/__test__/browser/**']))
  await steps.step('memory', command(['node', 'scripts/memory.mjs', '--sign-ins', '20000']))
  await browser()
}
steps.close()

/** @returns {Promise<boolean>} whether there is a binary for musl */
async function rust() {
  await steps.step('rustfmt', rustfmt)
  await steps.step('clippy', clippy)
  await steps.step('cargo test', command(['cargo', 'test', '--workspace', '--locked', '--no-fail-fast'], countCargo))
  await steps.step('windows', checkWindows)
  await denied()
  return musl()
}

/** @returns {Promise<boolean>} whether there is something to test */
async function built() {
  const ready = await steps.step('set-up', setUp, { always: true })
  if (ready) {
    await generated()
    await steps.step('types', types)
    await steps.step('publint', publint)
    await steps.step('attw', attw)
    await steps.step('oxlint', oxlint)
    // Both need packages, which are there by now.
    await steps.step('workflows', async () => (await import('./lib/workflows/lint.mjs')).lintWorkflows())
    await steps.step('binary', async () => (await import('./lib/binary/check.mjs')).checkOwnBinary())
    await steps.step('instructions', checkInstructions)
    // Its types need no build; a browser test looks at what it makes.
    await steps.step('docs', command(['node', 'scripts/docs.mjs']))
  }
  if (steps.wants('fuzz')) await steps.step('fuzz build', command([...fuzz, '--build-only']))
  return ready
}

/** Licences, sources and duplicates; advisories need a database from the network and are no matter of this tree. */
async function denied() {
  if (!steps.wants('cargo-deny')) return
  const missing = () => ask('cargo-deny', ['--version']) === undefined
  if (missing() && !process.env.CI) return steps.skip('cargo-deny', 'not installed; `cargo install --locked cargo-deny` brings it')
  // A debug build: it is ready in a third of the time and checks as well.
  if (missing()) await steps.step('cargo-deny set-up', () => mustRun('cargo', ['install', '--locked', '--debug', `cargo-deny@${CARGO_DENY}`]))
  await steps.step('cargo-deny', command(['cargo', 'deny', '--offline', '--locked', 'check', 'licenses', 'bans', 'sources']))
}

/** The binary for the other C library, as it is published; the other platforms are built by `npm run release:check` alone. */
async function musl() {
  if (!steps.wants('musl')) return false
  const cross = `${process.platform}-${process.arch}` === 'linux-x64'
  const why = !cross ? 'it is built on Linux x64' : !process.env.CI ? `its tools take 2 GB; \`npm run build:all -- ${MUSL}\` brings them` : ''
  if (why) return steps.skip('musl build', why)
  return steps.step('musl build', command(['node', 'scripts/build-all.mjs', MUSL], countClosing))
}

/** The loader and its types are committed: they must be what the build makes of the sources. */
async function generated() {
  if (!existsSync(join(root, '.git'))) return steps.skip('generated files', 'this is no git checkout')
  await steps.step('generated files', async () => {
    const { code } = await run('git', ['diff', '--exit-code', '--', 'binding.js', 'binding.d.ts', 'native.js'])
    if (code !== 0) say('binding.js, binding.d.ts or native.js is not what the build makes: add the new ones to your commit')
    return countOne(code)
  })
}

async function browser() {
  let path
  await steps.step('browser set-up', async () => {
    path = await findBrowser()
    if (path) say(`browser: ${path}`)
    else if (process.env.CI) throw new ToolMissing('no Chrome or Chromium: install one or name it in CHROME_PATH')
  })
  if (path) await steps.step('browser', ava(['build/__test__/browser/**/*.test.js'], { CHROME_PATH: path }))
  else if (!process.env.CI) steps.skip('browser', 'no Chrome or Chromium found; install one or name it in CHROME_PATH')
}
