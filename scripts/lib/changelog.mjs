/**
 * What CHANGELOG.md says of a version, under a heading such as `## 1.2.0 (2026-12-24)`.
 *
 * @returns {{ date: string, notes: string }}
 * @throws where there is no such section, where it has no date yet, and where it is empty
 */
export function releaseNotes(changelog, version) {
  const sections = changelog.split(/^## /m).slice(1)
  const section = sections.find((text) => text.split(/\s/, 1)[0] === version)
  const wanted = `\`## ${version} (YYYY-MM-DD)\``
  if (section === undefined) throw new Error(`CHANGELOG.md has no section ${wanted}`)
  const [heading, ...lines] = section.split('\n')
  const [, date] = /^\S+ \((\d{4}-\d{2}-\d{2})\)$/.exec(heading.trim()) ?? []
  if (date === undefined || Number.isNaN(Date.parse(date))) throw new Error(`CHANGELOG.md has no date for ${version}: the heading has to be ${wanted}`)
  const notes = lines.join('\n').trim()
  if (notes === '') throw new Error(`CHANGELOG.md says nothing about ${version}`)
  return { date, notes }
}
