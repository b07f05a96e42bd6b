import { readdirSync, readFileSync } from 'node:fs'

import test from 'ava'

import { script } from '../helpers/script.js'

interface Found {
  histories: number
  calls: number
}

test('the pages of the stores have the figures of the last long run', async (t) => {
  const { badgeOf, histories, historyPages, historyTable, pagesWithoutRun } = await script('histories.mjs')
  const page = (name: string) => readFileSync(new URL(`../../../docs/stores/${name}`, import.meta.url), 'utf8')
  const found = (await histories()) as Record<string, Found>
  for (const [engine, { histories: count, calls }] of Object.entries(found)) t.true(count > 100 && calls > 1000, engine)
  t.true(page('linearizability.md').includes(historyTable(found)))
  // Every page is that of a store with a badge, or says that there is none.
  const badges = Object.entries(historyPages as Record<string, string>).map(([engine, name]) => [name, badgeOf(found[engine])] as const)
  const said = new Map<string, string>([...badges, ...Object.entries(pagesWithoutRun as Record<string, string>)])
  const names = readdirSync(new URL('../../../docs/stores/', import.meta.url)).filter((name) => name.endsWith('.md') && name !== 'linearizability.md')
  t.deepEqual(names.toSorted(), [...said.keys()].toSorted())
  for (const name of names) t.true(page(name).includes(`\n${said.get(name)}\n`), name)
  // Each row has a page, but for the store that the tests alone use.
  t.deepEqual(Object.keys(found).filter((engine) => engine !== 'memory').toSorted(), Object.keys(historyPages as object).toSorted())
})
