import type { Page } from 'playwright-core'

/** What goes wrong in the page's own scripts from now on; it grows. */
export function faultsOf(page: Page): string[] {
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    // A refusal by status (401, 403) is logged by the browser itself; a breach of the content policy is a fault.
    if (message.type() !== 'error' || message.text().startsWith('Failed to load resource')) return
    faults.push(message.text())
  })
  return faults
}
