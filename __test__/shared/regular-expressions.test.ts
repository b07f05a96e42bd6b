import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'

import test from 'ava'
import { parseAst } from 'rolldown/parseAst'

import { countSteps, hostileTexts, parsePattern } from '../helpers/backtracking.js'

// Every regular expression may meet text from outside. An engine that tries one way after another must be done with any
// text in time that grows as the text does: `a+$` on 64 kB of `a` and a `b` is two thousand million steps.

setFlagsFromString('--enable-experimental-regexp-engine')

// What builds the site, like the other scripts, reads the project's own files and nothing else.
const files = execFileSync('git', ['ls-files', 'facade', 'cli', 'demo', 'examples', 'docs', ':!docs/site', 'index.ts', 'native.js'])
  .toString().split('\n').filter((file) => /\.(ts|js|mjs)$/.test(file))

interface Found {
  where: string
  pattern: string
  flags: string
}

const found: Found[] = []
const constructed: string[] = []
for (const file of files) {
  const source = readFileSync(file, 'utf8')
  collect(parseAst(source, { lang: file.endsWith('.ts') ? 'ts' : 'jsx' }), (node) => {
    const line = source.slice(0, node.start).split('\n').length
    const { regex } = node
    if (node.type === 'Literal' && regex) found.push({ where: `${file}:${line}`, ...regex })
    const made = (node.type === 'NewExpression' || node.type === 'CallExpression') && node.callee?.name === 'RegExp'
    // `match('...')` and `search('...')` make one of a text.
    const called = node.type === 'CallExpression' && ['match', 'matchAll', 'search'].includes(node.callee?.property?.name ?? '')
    const literal = node.arguments?.[0]?.type === 'Literal' && node.arguments[0].regex !== undefined
    if (made || (called && !literal)) constructed.push(`${file}:${line} ${source.slice(node.start, node.end)}`)
  })
}

test('they are found, and none is made of a text', (t) => {
  t.true(found.length >= 30, `${found.length}`)
  t.true(found.some(({ where }) => where.startsWith('facade/browser/ui/')))
  t.deepEqual(constructed, [])
})

test('each is one for an engine that is linear by construction, or a single class', (t) => {
  for (const { where, pattern, flags } of found) {
    // That engine lacks `u` and `v`. Without a quantifier there is nothing to try again.
    if (/[uv]/.test(flags)) t.true(isOneClass(pattern), `${where}: /${pattern}/${flags}`)
    else t.notThrows(() => new RegExp(pattern, `${flags}l`), `${where}: /${pattern}/${flags}`)
  }
})

/** As long as what comes from outside may be. */
const greatest = 65_536

test('the steps of each grow no faster than the text', (t) => {
  for (const { where, pattern, flags } of found) {
    const parsed = parsePattern(pattern, flags)
    const steps = (text: string) => {
      const most = bound(parsed, text)
      const counted = countSteps(parsed, text, most)
      if (counted > most) t.fail(`${where}: /${pattern}/${flags} on ${JSON.stringify(text.slice(0, 400))}`)
      return counted
    }
    const counted = hostileTexts(parsed, flags).map((text) => ({ text, steps: steps(text(400)) }))
    const worst = counted.toSorted((a, b) => b.steps - a.steps).slice(0, 3)
    for (const { text } of worst) t.true(steps(text(greatest)) > 0)
  }
})

test('the count finds what it is for', (t) => {
  const bad: [pattern: string, flags: string][] = [
    ['^[a-z]+(?:[A-Z]{1,4}[a-z]*)*$', ''], ['=+$', ''], ['\\/*$', ''], ['(a|a)*b', ''], ['^(\\w+\\s?)*$', ''],
    ['\\s+$', 'g'], ['<.*>', 's'], ['<a b="[^>]*>', ''], ['^(a?){20}b', ''],
  ]
  for (const [pattern, flags] of bad) {
    const parsed = parsePattern(pattern, flags)
    const worst = () => hostileTexts(parsed, flags).some((text) => countSteps(parsed, text(400), bound(parsed, text(400))) > bound(parsed, text(400)))
    t.true(worst(), pattern)
  }
  // Against the real engine: it finds the same.
  for (const [pattern, text, matches] of [['a(b|c)*?d', 'abcbd', 1], ['^(?:x{2})+$', 'xxxx', 1], ['a{2,3}', 'aaaaa', 2]] as const) {
    t.is([...text.matchAll(new RegExp(pattern, 'g'))].length, matches)
    t.true(countSteps(parsePattern(pattern, ''), text, 1000) > 0)
  }
})

/** Each part of the pattern a few times for a character: a way back through a run from each of its places is far more. */
function bound({ classes }: ReturnType<typeof parsePattern>, text: string): number {
  return 8 * (classes.length + 4) * (text.length + 1)
}

interface Syntax {
  type: string
  start: number
  end: number
  regex?: { pattern: string; flags: string }
  callee?: { name?: string; property?: { name?: string } }
  arguments?: Syntax[]
}

function collect(node: unknown, visit: (node: Syntax) => void): void {
  if (typeof node !== 'object' || node === null) return
  if (Array.isArray(node)) return node.forEach((one) => collect(one, visit))
  if (typeof (node as Syntax).type === 'string') visit(node as Syntax)
  for (const value of Object.values(node)) collect(value, visit)
}

function isOneClass(pattern: string): boolean {
  return /^(?:\\p\{[A-Za-z]+\}|\[(?:[^\\\]]|\\p\{[A-Za-z]+\}|\\[a-z])+\])$/.test(pattern)
}
