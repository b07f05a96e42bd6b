// Builds the site into docs/site/out, from the Markdown pages and the doc comments. `npm run docs` runs it, with its packages.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Application, Converter, IndexEvent, ReflectionKind } from 'typedoc'
import { diagram } from './diagrams.mjs'
import { brokenLinks } from './links.mjs'
import { writeTexts } from './llms.mjs'
import { home, pages } from './pages.mjs'
import { stagePages, stagedPath } from './staging.mjs'
import { Addresses, SiteTheme } from './theme.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))
const out = join(root, 'docs/site/out')
const staged = join(root, '.setup/site-pages')

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
/** From the source of each entry to the name that people import. */
const entries = new Map(Object.entries(exports).filter(([, { default: file }]) => file)
  .map(([name, { default: file }]) => [file.replace('./dist/', '').replace(/\.js$/, '.ts'), name.replace(/^\./, 'countersign')]))

const texts = stagePages(root, staged)
rmSync(out, { recursive: true, force: true })

const app = await Application.bootstrap({
  name: 'Countersign',
  entryPoints: [...entries.keys()].map((source) => join(root, source)),
  tsconfig: join(root, 'tsconfig.json'),
  // The project's own TypeScript has checked them.
  skipErrorChecking: true,
  out,
  cleanOutputDir: false,
  readme: join(staged, home.path),
  projectDocuments: pages.filter((page) => page !== home).map(({ path }) => join(staged, stagedPath(path))),
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  disableGit: true,
  basePath: root,
  displayBasePath: root,
  sourceLinkTemplate: 'https://github.com/countersign/countersign/blob/main/{path}#L{line}',
  router: 'addresses',
  theme: 'site',
  customCss: fileURLToPath(new URL('style.css', import.meta.url)),
  searchInDocuments: true,
  // Whoever searches for a reason or an option wants the page that explains it, and for a class the class.
  searchGroupBoosts: { Documents: 10 },
  highlightLanguages: ['typescript', 'javascript', 'tsx', 'jsx', 'json', 'html', 'css', 'sql', 'shellscript', 'console', 'http', 'vue', 'svelte', 'yaml', 'ini'],
  lightHighlightTheme: 'github-light-high-contrast',
  darkHighlightTheme: 'github-dark-high-contrast',
  navigationLinks: { GitHub: 'https://github.com/countersign/countersign' },
  hideGenerator: true,
  validation: { notExported: false, notDocumented: false, invalidLink: true, invalidPath: true, rewrittenLink: true, unusedMergeModuleWith: true },
  markdownItLoader: addRules,
})
app.renderer.defineRouter('addresses', Addresses)
app.renderer.defineTheme('site', SiteTheme)
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  for (const module of project.getChildrenByKind(ReflectionKind.Module)) module.name = entries.get(module.sources[0].fileName)
})
app.renderer.on(IndexEvent.PREPARE_INDEX, (event) => {
  Object.assign(event.searchFieldWeights, { document: 10, topics: 10 })
  event.searchResults.forEach((reflection, index) => {
    if (reflection.isDocument()) event.searchFields[index].topics = topicsOf(reflection.content.map(({ text }) => text).join(''))
  })
})

const project = await app.convert()
if (!project) process.exit(1)
app.validate(project)
await app.generateOutputs(project)
writeTexts(out, texts)
const broken = brokenLinks(out)
for (const fault of broken) console.error(fault)
if (app.logger.hasErrors() || app.logger.hasWarnings() || broken.length > 0) process.exit(1)
console.log(`docs/site/out: ${texts.length} pages and the API reference`)

/** The headings of a page, and the names at the beginning of the rows of its tables. */
function topicsOf(text) {
  return [...text.matchAll(/^(?:#+ |\| (?=`))([^|\n]*)/gm)].map(([, topic]) => topic).join(' ')
}

/**
 * Diagrams are drawn, and a table that is too wide scrolls, also by keyboard. TypeDoc leaves code out of the anchors and the titles of
 * headings; here it is in both, so that anchors are those of GitHub.
 */
function addRules({ core, renderer: { rules } }) {
  core.ruler.push('code_in_headings', ({ tokens, Token }) => {
    for (const [index, { type }] of tokens.entries()) {
      if (type === 'heading_open') tokens[index + 1].children = tokens[index + 1].children.flatMap((part) => asText(part, Token))
    }
  })
  const { fence } = rules
  rules.fence = (tokens, index, ...rest) => (tokens[index].info.trim() === 'mermaid' ? diagram(tokens[index].content) : fence(tokens, index, ...rest))
  rules.table_open = () => '<div class="wide" tabindex="0" role="group" aria-label="Table"><table>\n'
  rules.table_close = () => '</table></div>\n'
}

function asText(part, Token) {
  if (part.type !== 'code_inline') return [part]
  const token = (type, content) => Object.assign(new Token(type, '', 0), { content })
  return [token('html_inline', '<code>'), token('text', part.content), token('html_inline', '</code>')]
}
