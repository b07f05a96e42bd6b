import { renderMermaidSVG } from 'beautiful-mermaid'

/** The page's own colours, so that a diagram is light or dark with it. */
const LOOK = { bg: 'var(--color-background)', fg: 'var(--color-text)', muted: 'var(--color-text)', transparent: true, font: 'system-ui', padding: 8 }

let count = 0

/** A Mermaid diagram as SVG, drawn while the site is built. What it says is also its description, for people who don't see it. */
export function diagram(text) {
  const id = `diagram-${++count}`
  const svg = renderMermaidSVG(text, LOOK)
    // It would load its fonts from another site.
    .replaceAll(/^ *@import .*$/gm, '')
    .replaceAll(/\bid="([^"]+)"/g, `id="${id}-$1"`)
    .replaceAll(/url\(#([^)]+)\)/g, `url(#${id}-$1)`)
    // Its rules are for a file of its own; here they are for this diagram alone.
    .replaceAll(/^( *)(text|svg|\.\w[\w-]*) \{/gm, (_, space, selector) => `${space}${selector === 'svg' ? `#${id}` : `#${id} ${selector}`} {`)
    .replace('<svg ', `<svg id="${id}" role="img" aria-label="${labelOf(text)}" `)
  if (/https?:(?!\/\/www\.w3\.org\/)/.test(svg)) throw new Error('A diagram would load something from another site')
  return `<div class="diagram" tabindex="0" role="group" aria-label="Diagram">${svg}</div>\n`
}

const labelOf = (text) => `Diagram: ${text.split('\n').slice(1).map((line) => line.trim()).filter(Boolean).join('; ')}`
  .replaceAll(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`)
