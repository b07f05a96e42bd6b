import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { pages } from './pages.mjs'

const REPOSITORY = 'https://github.com/countersign/countersign'

/**
 * Copies every page to a folder where TypeDoc reads them: in the same tree, with a title and a path, and with links that
 * leave the pages leading to the repository.
 * @returns {{ path: string, title: string, text: string }[]}
 */
export function stagePages(root, folder) {
  rmSync(folder, { recursive: true, force: true })
  return pages.map(({ path, title }) => {
    const text = asMarkdown(path, readFileSync(join(root, path), 'utf8'), title)
    const linked = relink(path, text, root, (image) => {
      mkdirSync(dirname(join(folder, image)), { recursive: true })
      copyFileSync(join(root, image), join(folder, image))
    })
    const shown = title ?? headingOf(path, text)
    const staged = stagedPath(path)
    mkdirSync(dirname(join(folder, staged)), { recursive: true })
    writeFileSync(join(folder, staged), `---\ntitle: ${JSON.stringify(shown)}\npage: ${JSON.stringify(path)}\n---\n${linked}`)
    return { path, title: shown, text: linked }
  })
}

/** A recipe is a page with its code. */
export const stagedPath = (path) => path.replace(/\.ts$/, '.ts.md')

const asMarkdown = (path, text, title) => (path.endsWith('.ts') ? `# ${title}\n\`${path}\`\n\n\`\`\`ts\n${text.trimEnd()}\n\`\`\`\n` : text)

function headingOf(path, text) {
  const [, heading] = /^# (.+)$/m.exec(text) ?? []
  if (!heading) throw new Error(`${path} has no heading of level 1`)
  return heading.replaceAll('`', '')
}

/** Links in code stay as they are. A link to something that doesn't exist is an error. */
function relink(page, text, root, copyImage) {
  return outsideCode(text, (prose) => prose.replaceAll(/\]\((?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)/g, (_, to, hash = '') => {
    const target = posix.normalize(posix.join(posix.dirname(page), to)).replace(/\/$/, '')
    const found = statSync(join(root, target), { throwIfNoEntry: false })
    if (!found) throw new Error(`${page} links to ${to}, which doesn't exist`)
    if (pages.some(({ path }) => path === target)) return `](${stagedPath(to)}${hash})`
    if (/\.(?:png|svg)$/.test(target)) {
      copyImage(target)
      return `](${to})`
    }
    return `](${REPOSITORY}/${found.isDirectory() ? 'tree' : 'blob'}/main/${target}${hash})`
  }))
}

/** Applies `change` to everything but fenced blocks and code in a line. */
const outsideCode = (text, change) =>
  text.split(/(^```[^]*?^```$|`[^`\n]+`)/m).map((part, index) => (index % 2 ? part : change(part))).join('')
