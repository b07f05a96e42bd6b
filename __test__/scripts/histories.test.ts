import { readFileSync } from 'node:fs'

import test from 'ava'

import { script } from '../helpers/script.js'

interface Found {
  histories: number
  calls: number
}

test('the pages of the stores have the figures of the last long run', async (t) => {
  const { badgeOf, histories, historyPages, historyTable } = await script('histories.mjs')
  const page = (name: string) => readFileSync(new URL(`../../../docs/stores/${name}`, import.meta.url), 'utf8')
  const found = (await histories()) as Record<string, Found>
  for (const [engine, { histories: count, calls }] of Object.entries(found)) t.true(count > 100 && calls > 1000, engine)
  t.true(page('linearizability.md').includes(historyTable(found)))
  for (const [engine, name] of Object.entries(historyPages as Record<string, string>)) t.true(page(name).includes(badgeOf(found[engine])), name)
})
