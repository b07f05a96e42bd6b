// How much work a regular expression is for an engine that tries one way after another: counted, not timed.

type Node =
  | { kind: 'one'; matches: (unit: string) => boolean; sample: string }
  | { kind: 'edge'; holds: (text: string, at: number) => boolean }
  | { kind: 'group'; ways: Node[][] }
  | { kind: 'repeat'; node: Node; min: number; max: number; lazy: boolean }

export interface Parsed {
  ways: Node[][]
  /** Of each class and letter, as a class for itself. */
  classes: string[]
}

/** Reads a pattern without look-around, back references and named groups. */
export function parsePattern(source: string, flags: string): Parsed {
  const unicode = /[uv]/.test(flags) ? 'u' : ''
  const ignore = flags.includes('i') ? 'i' : ''
  const dotAll = flags.includes('s') ? 's' : ''
  const classes: string[] = []
  let at = 0

  const one = (text: string): Node => {
    classes.push(text)
    const expression = new RegExp(`^${text}$`, `${unicode}${ignore}${dotAll}`)
    return { kind: 'one', matches: (unit) => expression.test(unit), sample: membersOf(text, flags)[0] ?? '' }
  }

  function alternatives(): Node[][] {
    const ways: Node[][] = [[]]
    while (at < source.length && source[at] !== ')') {
      if (source[at] === '|') {
        ways.push([])
        at += 1
        continue
      }
      ways.at(-1)!.push(quantified(atom()))
    }
    return ways
  }

  function atom(): Node {
    const character = source[at]!
    if (character === '^' || character === '$') {
      at += 1
      const start = character === '^'
      return { kind: 'edge', holds: (text, place) => (start ? place === 0 : place === text.length) }
    }
    if (character === '(') {
      at += source.startsWith('(?:', at) ? 3 : 1
      if (source[at] === '?') throw new Error(`not read here: ${source}`)
      const ways = alternatives()
      at += 1
      return { kind: 'group', ways }
    }
    if (source.startsWith('\\b', at)) {
      at += 2
      const word = (unit: string | undefined) => unit !== undefined && /\w/.test(unit)
      return { kind: 'edge', holds: (text, place) => word(text[place - 1]) !== word(text[place]) }
    }
    const length = /^(?:\[(?:[^\\\]]|\\.)*\]|\\[pPu]\{[^}]*\}|\\x[\da-f]{2}|\\u[\da-f]{4}|\\[^1-9]|[^\\])/is.exec(source.slice(at))?.[0].length
    if (length === undefined) throw new Error(`not read here: ${source.slice(at)}`)
    at += length
    return one(source.slice(at - length, at))
  }

  function quantified(node: Node): Node {
    const [whole, sign, least, comma, most] = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})/.exec(source.slice(at)) ?? []
    if (whole === undefined) return node
    at += whole.length
    const min = sign === undefined ? Number(least) : sign === '+' ? 1 : 0
    const max = sign === undefined ? (comma === '' ? min : most === '' ? Infinity : Number(most)) : sign === '?' ? 1 : Infinity
    const lazy = source[at] === '?'
    if (lazy) at += 1
    return { kind: 'repeat', node, min, max, lazy }
  }

  const ways = alternatives()
  if (at !== source.length) throw new Error(`not read here: ${source}`)
  return { ways, classes }
}

/**
 * The steps of a search for every match, as `replaceAll` and `matchAll` do it: from each place, each way in turn, with
 * nothing remembered; it gives up soon after `most`.
 */
export function countSteps({ ways }: Parsed, text: string, most: number): number {
  let steps = 0

  // What is left to match is a list, so that no deep text ends the stack.
  interface Task { nodes: Rest; place: number }
  type Rest = { node: Node; count: number; from: number; next: Rest } | null
  const put = (nodes: Node[], next: Rest): Rest => nodes.reduceRight<Rest>((rest, node) => ({ node, count: 0, from: -1, next: rest }), next)

  function matchAt(start: number): number | undefined {
    const open: Task[] = ways.map((way) => ({ nodes: put(way, null), place: start })).toReversed()
    for (let task = open.pop(); task; task = open.pop()) {
      let { nodes, place } = task
      for (;;) {
        steps += 1
        if (steps > most) return undefined
        if (nodes === null) return place
        const { node, count, from, next }: NonNullable<Rest> = nodes
        if (node.kind === 'one') {
          if (place >= text.length || !node.matches(text[place]!)) break
          place += 1
          nodes = next
        } else if (node.kind === 'edge') {
          if (!node.holds(text, place)) break
          nodes = next
        } else if (node.kind === 'group') {
          const [first = [], ...others] = node.ways
          for (const way of others.toReversed()) open.push({ nodes: put(way, next), place })
          nodes = put(first, next)
        } else {
          // A round that took nothing ends a repetition which has had enough, as the standard has it.
          const again: Rest = count < node.max && (from !== place || count < node.min)
            ? { node: node.node, count: 0, from: -1, next: { node, count: count + 1, from: place, next } }
            : null
          const mustGoOn = count < node.min
          if (again === null) nodes = next
          else if (mustGoOn) nodes = again
          else {
            open.push({ nodes: node.lazy ? again : next, place })
            nodes = node.lazy ? next : again
          }
        }
      }
    }
    return undefined
  }

  for (let place = 0; place <= text.length && steps <= most; ) {
    const end = matchAt(place)
    place = end === undefined || end === place ? place + 1 : end
  }
  return steps
}

/** Texts of a length that make it try: each of its classes, and something foreign, repeated alone, in turn, and before another. */
export function hostileTexts({ ways, classes }: Parsed, flags: string): ((length: number) => string)[] {
  const units = [...new Set([...new Set(classes)].flatMap((one) => membersOf(one, flags))), '\u{0}', '!']
  const texts = new Map<string, (length: number) => string>()
  const add = (text: (length: number) => string) => texts.set(text(50), text)
  const fill = (part: string, length: number) => part.repeat(Math.max(0, Math.ceil(length / part.length))).slice(0, Math.max(0, length))
  for (const x of units) {
    add((length) => fill(x, length))
    for (const y of units) {
      add((length) => fill(x, length - 1) + y)
      add((length) => y + fill(x, length - 1))
      add((length) => fill(x + y, length))
      add((length) => fill(x, length / 2) + fill(y, length / 2))
      for (const z of units) {
        add((length) => y + fill(x, length - 2) + z)
        add((length) => fill(x + y, length - 1) + z)
      }
    }
  }
  // Behind the beginning of a match, and of such beginnings alone.
  for (const way of [0, 1, 2]) {
    const sample = sampleOf(ways, way)
    for (let end = 1; end <= sample.length; end += 1) {
      const start = sample.slice(0, end)
      add((length) => fill(start, length))
      add((length) => `${fill(start, length - 1)}!`)
      for (const x of units) {
        add((length) => `${start}${fill(x, length - end - 1)}!`)
        add((length) => fill(start + x.repeat(3), length))
      }
    }
  }
  return [...texts.values()]
}

/** Something that matches, by the given one of each alternative, where there are that many. */
function sampleOf(ways: Node[][], way: number): string {
  const of = (node: Node): string => {
    if (node.kind === 'one') return node.sample
    if (node.kind === 'group') return sampleOf(node.ways, way)
    return node.kind === 'repeat' ? of(node.node).repeat(Math.max(node.min, 1)) : ''
  }
  return (ways[way] ?? ways.at(-1)!).map(of).join('')
}

/** Up to two of the characters that a class takes. */
function membersOf(one: string, flags: string): string[] {
  const expression = new RegExp(`^${one}$`, flags.replaceAll(/[gy]/g, ''))
  return [...'aA0-_ ;=:/."\n\u{85}\u{200e}\u{e001}', ...one].filter((unit) => unit.length === 1 && expression.test(unit)).slice(0, 2)
}
