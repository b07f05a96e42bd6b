import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { addressOf, home, sections } from './pages.mjs'

/** The pages as Markdown beside the HTML, a list of them (`llms.txt`, llmstxt.org), and all of them in one file. */
export function writeTexts(folder, pages) {
  const byPath = new Map(pages.map((page) => [page.path, page]))
  const onSite = ({ path, text }) => relink(path, text)
  for (const page of pages) {
    const file = join(folder, `${addressOf(page.path)}.md`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, onSite(page))
  }
  const first = byPath.get(home.path)
  const entry = ({ path }) => `- [${byPath.get(path).title}](${addressOf(path)}.md): ${summaryOf(byPath.get(path).text)}`
  const list = sections.map((section) => `## ${section.title}\n${section.pages.map(entry).join('\n')}\n`)
  const head = `# ${first.title}\n\n> ${summaryOf(first.text)}\n\nAll pages in one file: [llms-full.txt](llms-full.txt)\n`
  writeFileSync(join(folder, 'llms.txt'), [head, ...list].join('\n'))
  writeFileSync(join(folder, 'llms-full.txt'), pages.map((page) => `<!-- ${addressOf(page.path)}.md -->\n${onSite(page).trim()}\n`).join('\n'))

  /** Links between pages, as they are on the site. */
  function relink(path, text) {
    const up = '../'.repeat(addressOf(path).split('/').length - 1)
    return text.replaceAll(/\]\((?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)/g, (whole, to, hash = '') => {
      const target = new URL(to, `file:///${path}`).pathname.slice(1).replace(/\.ts\.md$/, '.ts')
      return byPath.has(target) ? `](${up}${addressOf(target)}.md${hash})` : whole
    })
  }
}

/** The first sentence below the heading, without its marks. */
export function summaryOf(text) {
  const paragraphs = text.replaceAll(/^#+ .*\n/gm, '\n').split(/\n{2,}|\n(?=```|\|)/).map((part) => part.trim())
  const first = paragraphs.find((part) => /^[A-Z`*[]/.test(part) && !part.startsWith('```')) ?? ''
  const plain = first.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[`*]/g, '').replaceAll(/\s+/g, ' ')
  return /^.*?[.](?= [A-Z]|$)/.exec(plain)?.[0] ?? plain
}
