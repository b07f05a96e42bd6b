import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join, posix, relative, sep } from 'node:path'

/** Elements that load something, and the attribute that says what. */
const LOADS = /<(?:img|script|link|source|iframe)\b[^>]*?\s(?:src|href|srcset)="([^"]*)"/g

/**
 * Every link of the built pages that leads nowhere (a page, a file or an anchor that doesn't exist), and everything that a page
 * would load from another site.
 * @returns {string[]} one sentence each
 */
export function brokenLinks(folder) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'))
  const pages = new Map(files.map((name) => [name.split(sep).join('/'), readFileSync(join(folder, name), 'utf8')]))
  const anchors = new Map([...pages].map(([name, html]) => [name, new Set([...html.matchAll(/\s(?:id|name)="([^"]*)"/g)].map(([, id]) => decode(id)))]))
  return [...pages].flatMap(([name, html]) => [
    ...new Set([...html.matchAll(/\s(?:href|src)="([^"]*)"/g)].flatMap(([, link]) => faultOf(name, decode(link)))),
    ...[...html.matchAll(LOADS)].filter(([, link]) => /^(?:\w+:)?\/\//.test(link)).map(([, link]) => `${name} loads ${link}`),
  ])

  function faultOf(page, link) {
    if (/^(?:[a-z]+:|\/\/)/.test(link)) return []
    const [address, hash] = link.split('#')
    const target = address === '' ? page : posix.join(posix.dirname(page), decodeURI(address.split('?')[0]))
    const full = join(folder, target)
    if (!existsSync(full) || relative(folder, full).startsWith('..')) return [`${page}: there is no ${link}`]
    if (statSync(full).isDirectory()) return existsSync(join(full, 'index.html')) ? [] : [`${page}: ${link} is a folder`]
    if (!hash || !anchors.has(target)) return []
    return anchors.get(target).has(decodeURIComponent(hash)) ? [] : [`${page}: there is no ${link}`]
  }
}

const decode = (text) => text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
