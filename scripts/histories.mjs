// Checks histories of the stores for longer than the tests do, and writes down what it has found:
// `npm run histories -- [--seconds 60] [STORE...]`. Needs a build, and the databases that the tests use.
import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'

import { badgeOf, histories, historyPages, historyTable } from './lib/histories.mjs'
import { main } from './lib/main.mjs'

main(async () => {
  const { values, positionals } = parseArgs({ options: { seconds: { type: 'string', default: '60' } }, allowPositionals: true })
  const { checkStore } = await import('../build/__test__/stores/histories/runs.js')
  const found = await histories()
  for (const engine of positionals.length > 0 ? positionals : Object.keys(found)) {
    const { violations, undecided, ...figures } = await checkStore(engine, Number(values.seconds))
    for (const { object, events } of violations) console.error(object, events.map((event) => JSON.stringify(event)).join('\n'))
    if (violations.length + undecided.length > 0) throw new Error(`${engine}: ${violations.length} violations, ${undecided.length} undecided`)
    found[engine] = { date: new Date().toISOString().slice(0, 10), seconds: Number(values.seconds), ...figures }
    console.log(engine, JSON.stringify(found[engine]))
    await writeFile(new URL('../docs/stores/histories.json', import.meta.url), `${JSON.stringify(found, undefined, 2)}\n`)
  }
  for (const [engine, page] of Object.entries(historyPages)) await replace(page, /^\*\*Linearizable\*\* in .*$/m, badgeOf(found[engine]))
  await replace('linearizability.md', /^\| store \|.*(?:\n\|.*)*$/m, historyTable(found))
  process.exit()
})

async function replace(page, line, text) {
  const file = new URL(`../docs/stores/${page}`, import.meta.url)
  const before = await readFile(file, 'utf8')
  if (!line.test(before)) throw new Error(`docs/stores/${page} has no place for the figures`)
  await writeFile(file, before.replace(line, () => text))
}
