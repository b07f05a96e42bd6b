import { DefaultTheme, JSX, KindRouter, ReflectionKind } from 'typedoc'
import { addressOf, home, sections } from './pages.mjs'

/** Pages have the addresses of their sources; the API reference is below `api/`. */
export class Addresses extends KindRouter {
  getIdealBaseName(reflection) {
    if (reflection.isDocument()) return addressOf(reflection.frontmatter.page)
    return `api/${super.getIdealBaseName(reflection)}`
  }
}

/** A visitor sees these sections of the menu open, until they close them. TypeDoc keeps that in `localStorage`. */
const OPEN = sections.slice(0, 3).map(({ title }) => `tsd-accordion-${title}`)

const openMenu = () => JSX.createElement('script', {}, JSX.createElement(JSX.Raw, {
  html: `try { for (const key of ${JSON.stringify(OPEN)}) localStorage[key] ??= 'true' } catch {}`,
}))

const LANDMARKS = [
  [/<div class="col-content">/, 'role="main"'],
  [/<div class="page-menu">/, 'role="complementary" aria-label="This page"'],
  [/<nav class="tsd-navigation">/, 'aria-label="All pages"'],
  [/<nav id="tsd-sidebar-links" class="tsd-navigation">/, 'aria-label="Links"'],
]

/** TypeDoc chooses headings by their size, and leaves out levels. Each gets the level that it has below the others. */
function withLevels(html) {
  const above = []
  return html.replaceAll(/<h([1-6])\b/g, (start, size) => {
    while (above.at(-1) >= size) above.pop()
    above.push(size)
    return above.length === Number(size) ? start : `${start} aria-level="${above.length}"`
  })
}

/** TypeDoc's theme, with the menu of `pages.mjs`. */
export class SiteTheme extends DefaultTheme {
  constructor(renderer) {
    super(renderer)
    renderer.hooks.on('head.end', openMenu)
  }

  /** The landmarks that TypeDoc's layout lacks, for people who move by them. */
  render(page) {
    const html = LANDMARKS.reduce((text, [element, attributes]) => text.replace(element, (found) => found.replace(/>$/, ` ${attributes}>`)), super.render(page))
    const ordered = html.replace(/<div class="col-content"[^]*?(?=<div class="col-sidebar")/, withLevels)
    // A link inside of what opens and closes a section can't be reached by everybody.
    return ordered.replaceAll(/<summary[^]*?<\/summary>/g, (summary) => summary.replaceAll(/<a [^>]*class="tsd-anchor-icon">[^]*?<\/a>/g, ''))
  }

  buildNavigation(project) {
    const documents = new Map((project.documents ?? []).map((document) => [document.frontmatter.page, document]))
    const page = ({ path }) => ({ text: documents.get(path).name, path: this.router.getFullUrl(documents.get(path)) })
    const entry = (module) => ({ text: module.name, path: this.router.getFullUrl(module) })
    return [
      ...sections.map(({ title, pages }) => ({ text: title, children: pages.map(page) })),
      { text: 'API', children: project.getChildrenByKind(ReflectionKind.Module).map(entry) },
    ]
  }

  getRenderContext(page) {
    const context = super.getRenderContext(page)
    // Pages begin with their own heading, so TypeDoc's would repeat it.
    const { header } = context
    context.header = (props) => (props.model.isDocument() || props.url === `${addressOf(home.path)}.html` ? undefined : header(props))
    return context
  }
}
