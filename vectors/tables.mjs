// The tables of the README: how often each library agrees, and where and why it does not.
import { differences } from './differences.mjs'

const marks = ['<!-- tables: node vectors/compare.mjs -->', '<!-- /tables -->']

/** The README with its tables anew. */
export function withTables(readme, cases, libraries) {
  const [before] = readme.split(marks[0])
  const after = readme.slice(readme.indexOf(marks[1]))
  return `${before}${marks[0]}\n${summary(cases, libraries)}\n${libraries
    .slice(1)
    .map((library) => details(cases, library))
    .join('\n')}${after}`
}

/** Where a library says otherwise than a case that is valid or invalid. */
export const disagreements = (cases, { verdicts }) =>
  cases.filter(
    ({ id, verdict }) =>
      (verdict === 'valid' && verdicts[id] === 'refuses') || (verdict === 'invalid' && verdicts[id] === 'accepts'),
  )

/** The differences of a library, each with the cases that it explains; the cases that none explains, and patterns of no case. */
export function explained(cases, library) {
  let left = disagreements(cases, library)
  const groups = (differences[library.name] ?? []).map(({ ids, why, verdict: of }) => {
    const matches = ({ id, verdict }) => ids.some((pattern) => fits(id, pattern)) && (of ?? verdict) === verdict
    const found = left.filter(matches)
    left = left.filter((one) => !matches(one))
    return { ids, why, cases: found }
  })
  const unused = groups.flatMap(({ ids, cases: found }) => ids.filter((pattern) => !found.some(({ id }) => fits(id, pattern))))
  return { groups, left, unused }
}

/** A `*` stands for any text. It occurs once, or not at all. */
function fits(id, pattern) {
  const [start, end] = pattern.split('*')
  return end === undefined ? id === start : id.startsWith(start) && id.endsWith(end) && id.length >= start.length + end.length
}

function summary(cases, libraries) {
  const count = (verdict, said, { verdicts }) => cases.filter((one) => one.verdict === verdict && said(verdicts[one.id])).length
  const is = (text) => (verdict) => verdict === text
  const lacked = (verdict) => verdict.startsWith('no ')
  const row = (title, values) => `| ${[title, ...values].join(' | ')} |`
  const counts = (title, verdict, said) =>
    row(
      title,
      libraries.map((library) => count(verdict, said, library)),
    )
  return [
    row(
      '',
      libraries.map(({ name, version }) => `${name} ${version}`),
    ),
    `| --- |${libraries.map(() => ' ---: |').join('')}`,
    counts('valid, accepted', 'valid', is('accepts')),
    counts('**valid, refused**', 'valid', is('refuses')),
    counts('valid, not covered', 'valid', lacked),
    counts('invalid, refused', 'invalid', is('refuses')),
    counts('**invalid, accepted**', 'invalid', is('accepts')),
    counts('invalid, not covered', 'invalid', lacked),
    counts('acceptable, accepted', 'acceptable', is('accepts')),
    counts('acceptable, refused', 'acceptable', is('refuses')),
    counts('acceptable, not covered', 'acceptable', lacked),
    '',
    `The libraries in JavaScript ran on Node ${libraries[0].node.slice(1)}.`,
    '',
  ].join('\n')
}

function details(cases, library) {
  const { groups } = explained(cases, library)
  const rows = groups
    .filter((group) => group.cases.length > 0)
    .map(
      ({ ids, why, cases: [{ verdict }, ...more] }) =>
        `| ${verdict === 'valid' ? 'refuses' : 'accepts'} | ${more.length + 1} | ${ids.map((id) => `\`${id}\``).join(', ')} | ${why} |`,
    )
  const uncovered = new Map()
  for (const { id } of cases) {
    const said = library.verdicts[id]
    if (said.startsWith('no ')) uncovered.set(said, (uncovered.get(said) ?? 0) + 1)
  }
  const lacks = [...uncovered].sort((a, b) => b[1] - a[1]).map(([what, count]) => `${what} (${count})`)
  return [
    `### ${library.name} ${library.version}`,
    '',
    `Not covered: ${lacks.join('; ')}.`,
    '',
    '| it | cases | which | why |',
    '| --- | ---: | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}
