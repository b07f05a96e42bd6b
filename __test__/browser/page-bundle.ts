import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { rolldown, type Plugin } from 'rolldown'
import { compile } from 'svelte/compiler'
import { compileScript, parse } from 'vue/compiler-sfc'

const root = fileURLToPath(new URL('.', import.meta.resolve('countersign/package.json')))
// What docs/browser.md says to be enough, and the page's own icon.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; require-trusted-types-for 'script'"

/** React 18 in the place of the one that is installed by that name. */
export const react18 = { react: join(root, 'node_modules', 'react18'), 'react-dom': join(root, 'node_modules', 'react-dom18') }

export interface BundleOptions {
  alias?: Record<string, string>
  /** For Node: everything of the package's is taken in, and React too, so that an alias is followed. */
  server?: boolean
}

/** A page of `examples`; or a text, which may import more texts by their names (`./page.vue`). */
export type Entry = { file: string } | { text: string; files?: Record<string, string> }

/** What a build tool makes of a page: its files by their names, `app.js` among them. */
export async function bundlePage(entry: Entry, { alias = {}, server = false }: BundleOptions = {}): Promise<Map<string, string>> {
  const texts = 'text' in entry ? { ...entry.files, 'entry.jsx': entry.text } : { 'entry.jsx': `import './${entry.file}'` }
  const build = await rolldown({
    input: { app: './entry.jsx' },
    cwd: root,
    platform: server ? 'node' : 'browser',
    resolve: { alias },
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
    external: server ? /^node:/ : [],
    plugins: [textPlugin(texts), vuePlugin, sveltePlugin],
    // The field of our package.json is about what is published.
    treeshake: { moduleSideEffects: [{ test: /[\\/]examples[\\/]/, sideEffects: true }] },
    logLevel: 'silent',
  })
  const { output } = await build.generate({ entryFileNames: '[name].js', chunkFileNames: 'chunks/[name].js' })
  await build.close()
  return new Map(output.flatMap((file) => (file.type === 'chunk' ? [[file.fileName, file.code] as const] : [])))
}

/** Puts a bundled page at the root of a server's origin; the API below it is the server's. `html` stands in it from the start. */
export async function putBundle(page: Page, origin: string, files: Map<string, string>, html = ''): Promise<void> {
  const body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Example</title><link rel="icon" href="data:,">
<div id="app">${html}</div><script type="module" src="/assets/app.js"></script></html>`
  const headers = { 'content-security-policy': policy }
  await page.route(`${origin}/`, (route) => route.fulfill({ contentType: 'text/html', headers, body }))
  await page.route(`${origin}/assets/**`, (route) => {
    const code = files.get(new URL(route.request().url()).pathname.replace('/assets/', ''))
    return route.fulfill(code === undefined ? { status: 404 } : { contentType: 'text/javascript', headers, body: code })
  })
}

/** Texts stand beside the examples. */
function textPlugin(texts: Record<string, string>): Plugin {
  const files = new Map(Object.entries(texts).map(([name, text]) => [join(root, 'examples', name), text]))
  return {
    name: 'text',
    resolveId: (id) => [join(root, 'examples', id)].find((path) => files.has(path)) ?? null,
    load: (id) => files.get(id) ?? null,
  }
}

/** As docs/frameworks/vue.md has the plugin of Vite set up. */
const vuePlugin: Plugin = {
  name: 'vue',
  transform(code, id) {
    if (!id.endsWith('.vue')) return null
    const compilerOptions = { isCustomElement: (tag: string) => tag.startsWith('countersign-') }
    const { descriptor } = parse(code, { filename: id })
    const { content } = compileScript(descriptor, { id, inlineTemplate: true, templateOptions: { compilerOptions } })
    return { code: content, moduleType: 'js' }
  },
}

const sveltePlugin: Plugin = {
  name: 'svelte',
  transform(code, id) {
    return id.endsWith('.svelte') ? { code: compile(code, { filename: id, generate: 'client' }).js.code, moduleType: 'js' } : null
  },
}
