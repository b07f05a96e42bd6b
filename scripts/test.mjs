// `npm test`: all set-up, then every check there is; a failed one does not stop the others. `npm test -- NAME...` runs
// only the steps whose name holds one of the words. The last line adds up all runners: `N passed, N failed`.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { checkInstructions } from '../bench/instructions.mjs'
import { findBrowser } from './lib/browser.mjs'
import { root } from './lib/paths.mjs'
import { ask, local, run } from './lib/run.mjs'
import { ToolMissing } from './lib/tools.mjs'
import { add, countAva, countCargo, countOne } from './lib/totals.mjs'
import { setUp } from './setup.mjs'

const results = []
const words = process.argv.slice(2)

const ready = await step('set-up', async () => {
  await setUp()
  return { passed: 0, failed: 0 }
})

await command('rustfmt', ['cargo', 'fmt', '--all', '--check'])
await command('clippy', ['cargo', 'clippy', '--workspace', '--all-targets', '--locked', '--', '-D', 'warnings'])
await command('cargo test', ['cargo', 'test', '--workspace', '--locked'], countCargo)
await denied()
await command('fuzz', ['node', 'scripts/fuzz.mjs', '--seconds', '60', '--differential', '10'])
if (ready) {
  await generated()
  await command('types', [...local('typescript/bin/tsc'), '-p', 'tsconfig.types.json'])
  await command('oxlint', [...local('oxlint/bin/oxlint'), '--deny-warnings'])
  await command('ava', [...local('ava/entrypoints/cli.mjs'), 'build/__test__/**/*.test.js', '!build/__test__/browser/**'], countAva)
  await command('memory', ['node', 'scripts/memory.mjs', '--sign-ins', '20000'])
  await instructions()
  await browser()
}
summary()

async function command(name, [program, ...args], count = countOne, env = {}) {
  return step(name, async () => {
    const { code, output } = await run(program, args, { capture: true, env })
    return count(code, output)
  })
}

/** Runs one step, shows its failure, notes its totals; the answer is whether it went well. */
async function step(name, work) {
  if (name !== 'set-up' && words.length > 0 && !words.some((word) => name.includes(word))) return false
  console.log(`\n--- ${name}`)
  const started = Date.now()
  const result = await work().catch((error) => {
    console.error(error instanceof ToolMissing || error.code === 'ENOENT' ? error.message : error)
    return { passed: 0, failed: 1 }
  })
  results.push({ name, seconds: Math.round((Date.now() - started) / 1000), ...result })
  return result.failed === 0
}

/** Licences, sources and duplicates; advisories need a database from the network and are no matter of this tree. */
async function denied() {
  if (ask('cargo-deny', ['--version'])) {
    await command('cargo-deny', ['cargo', 'deny', '--offline', '--locked', 'check', 'licenses', 'bans', 'sources'])
  } else if (process.env.CI) {
    await step('cargo-deny', async () => {
      throw new ToolMissing('cargo-deny was not found: run `cargo install --locked cargo-deny`')
    })
  } else {
    skip('cargo-deny', 'not installed; `cargo install --locked cargo-deny` brings it')
  }
}

/** The loader and its types are committed: they must be what the build makes of the sources. */
async function generated() {
  if (!existsSync(join(root, '.git'))) return skip('generated files', 'this is no git checkout')
  await step('generated files', async () => {
    const { code } = await run('git', ['diff', '--exit-code', '--', 'binding.js', 'binding.d.ts'])
    if (code !== 0) console.error('binding.js or binding.d.ts is not what the build makes: add the new ones to your commit')
    return countOne(code)
  })
}

/** What the hot functions take must not grow unseen; the numbers hold on one compiler and processor. */
async function instructions() {
  let reason
  await step('instructions', async () => {
    const { passed, failed, skipped } = await checkInstructions()
    reason = skipped
    return { passed, failed }
  })
  if (reason) {
    results.pop()
    skip('instructions', reason)
  }
}

async function browser() {
  let path
  const found = await step('browser set-up', async () => {
    path = await findBrowser()
    if (!path && process.env.CI) throw new ToolMissing('no Chrome or Chromium: install one or name it in CHROME_PATH')
    return { passed: 0, failed: 0 }
  })
  if (path) {
    console.log(`browser: ${path}`)
    await command('browser', [...local('ava/entrypoints/cli.mjs'), 'build/__test__/browser/**/*.test.js'], countAva, { CHROME_PATH: path })
  } else if (found) {
    skip('browser', 'no Chrome or Chromium found; install one or name it in CHROME_PATH')
  }
}

function skip(name, why) {
  console.log(`\n--- ${name}: SKIPPED: ${why}`)
  results.push({ name, seconds: 0, passed: 0, failed: 0, skipped: why })
}

function summary() {
  console.log('\n--- summary')
  for (const { name, seconds, passed, failed, skipped } of results) {
    const told = skipped ? `SKIPPED: ${skipped}` : `${passed} passed, ${failed} failed, ${seconds} s`
    console.log(`${failed ? 'FAILED ' : '       '}${name}: ${told}`)
  }
  const { passed, failed } = add(results)
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1
  console.log(`\n${passed} passed, ${failed} failed`)
}
