import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'

const root = new URL('.', import.meta.resolve('countersign/package.json'))
const types = { html: 'text/html', js: 'text/javascript' }
// What docs/browser.md says to be enough, and the page's own icon.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; require-trusted-types-for 'script'"

/** Puts a page of its host at the root of an example's origin; the API below it is the example's. */
export async function putHostPage(page: Page, origin: string): Promise<void> {
  const put = (pattern: string, file: (path: string) => string) =>
    page.route(pattern, async (route) => {
      const path = file(new URL(route.request().url()).pathname)
      const contentType = types[path.endsWith('.js') ? 'js' : 'html']
      const body = await readFile(new URL(path, root))
      return route.fulfill({ contentType, headers: { 'content-security-policy': policy }, body })
    })
  await put(`${origin}/`, () => '__test__/browser/host-page/index.html')
  await put(`${origin}/host-page/*.js`, (path) => `__test__/browser${path}`)
  await put(`${origin}/host-page/modules/**`, (path) => path.replace('/host-page/modules/', 'dist/facade/browser/'))
}
