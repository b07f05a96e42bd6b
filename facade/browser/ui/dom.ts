type Attribute = string | number | boolean | undefined
type Child = Node | string | false | null | undefined

/** An element with these attributes (`true`: without a value; `false`, `undefined`: not at all) and children. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, Attribute> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  setAttributes(made, attributes)
  // Text stays text, whatever stands in it.
  made.append(...children.filter((child) => child !== false && child !== null && child !== undefined))
  return made
}

/** A picture of paths; one with a `label` tells something, any other is decoration. */
export function svg(viewBox: string, paths: { d: string; fill?: string }[], label?: string): SVGSVGElement {
  const made = document.createElementNS(SVG, 'svg')
  setAttributes(made, { viewBox, ...(label ? { role: 'img', 'aria-label': label } : { 'aria-hidden': 'true' }) })
  for (const path of paths) {
    const one = document.createElementNS(SVG, 'path')
    setAttributes(one, path)
    made.append(one)
  }
  return made
}

/**
 * The QR code in the server's SVG text, made anew out of its paths: nothing else of it comes into the page, and neither
 * a content security policy nor trusted types stand in the way. Null: it is not what `qr` gives.
 */
export function qrCode(text: string, label: string): SVGSVGElement | null {
  const viewBox = /viewBox="([\d ]+)"/.exec(text)?.[1]
  const paths = [...text.matchAll(/<path fill="(#[\da-f]{3})" d="([MHhvVz\d -]+)"\/>/g)]
  if (!viewBox || paths.length === 0) return null
  const made = svg(viewBox, paths.map(([, fill = '', d = '']) => ({ fill, d })), label)
  made.setAttribute('class', 'qr')
  made.setAttribute('shape-rendering', 'crispEdges')
  return made
}

let ids = 0

/** An id for what a label or a description points to; unique in the page. */
export function newId(): string {
  ids += 1
  return `countersign-${ids}`
}

/** Moves the focus, without an outline for what only a script can focus. */
export function focusOn(target: HTMLElement | null | undefined): void {
  if (!target) return
  if (/^H\d$/.test(target.tagName)) target.tabIndex = -1
  target.focus({ preventScroll: target.tabIndex < 0 })
}

const SVG = 'http://www.w3.org/2000/svg'

function setAttributes(target: Element, attributes: Record<string, Attribute>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) target.setAttribute(name, value === true ? '' : String(value))
  }
}
