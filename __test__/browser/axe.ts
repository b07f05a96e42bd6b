import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { ExecutionContext } from 'ava'
import type { Page } from 'playwright-core'

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Violation {
  id: string
  help: string
  nodes: { target: unknown }[]
}

interface Axe {
  run: () => Promise<{ violations: Violation[]; passes: unknown[] }>
}

/** The page as it stands, shadow roots included, breaks no rule of axe, its advice beyond WCAG included. */
export async function accessible(t: ExecutionContext, page: Page, view: string): Promise<void> {
  await page.evaluate(source)
  const { violations, passes } = await page.evaluate(() => (globalThis as unknown as { axe: Axe }).axe.run())
  const found = violations.map(({ id, help, nodes }) => [id, help, ...nodes.map(({ target }) => target)].join(' '))
  t.deepEqual(found, [], view)
  // A page that axe saw nothing of breaks no rule either.
  t.true(passes.length > 10, `${view}: ${passes.length} rules`)
}
