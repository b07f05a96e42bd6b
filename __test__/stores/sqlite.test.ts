// sqliteStore on each runtime and driver that it is for: those come from the npm registry, whatever runs this.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

import test from 'ava'

import { sqliteTables } from '../../facade/stores/sqlite-store.js'
import { startProgram } from '../helpers/programs.js'
import type { Program } from '../helpers/programs.js'
import { runtimeOf, runtimes } from '../helpers/sqlite-runtimes.js'
import { cases } from './sqlite/cases.js'
import type { Result } from './sqlite/program.js'

const program = fileURLToPath(new URL('sqlite/program.js', import.meta.url))

/** The locks are SQLite's own, so one runtime may race longer than the others. */
const thorough = 'node:sqlite on Node 24'

// One after the other: each of them uses several processes.
let free: Promise<unknown> = Promise.resolve()

for (const { name, missing } of await runtimes()) {
  if (missing !== undefined) {
    console.log(`SKIPPED: ${name}: ${missing}`)
    test.skip(`${name}: ${missing}`, () => {})
    continue
  }
  const started: Promise<Program> = free.then(async () => {
    const runtime = await runtimeOf(name)
    return startProgram(runtime.program, [program, name], { RACE_ROUNDS: name === thorough ? '200' : '20', ...runtime.env })
  })
  free = started.then(({ ended }) => ended).catch(() => {})
  for (const { name: title, not } of cases) {
    if (not !== undefined && name.includes(not.on)) {
      test.skip(`${name}: ${title} (${not.because})`, () => {})
      continue
    }
    test(`${name}: ${title}`, async (t) => {
      t.timeout(1_800_000)
      const told = await (await started).tells(JSON.stringify({ name: title }).slice(0, -1))
      t.is((JSON.parse(told) as Result).error, undefined)
    })
  }
}

test('the SQL of the documentation is that of migrate()', async (t) => {
  const page = await readFile(new URL('../../../docs/stores/sqlite.md', import.meta.url), 'utf8')
  t.true(page.includes(`\`\`\`sql\n${sqliteTables()}\`\`\``))
})
