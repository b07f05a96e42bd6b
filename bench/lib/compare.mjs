/** How much a figure varies if the run doesn't say. */
const usual = 0.05

/** How much worse it may always be, because two builds of the same code differ by that. */
const least = 0.05

/**
 * Compares the results with those of an earlier run, row by row.
 *
 * A figure may be worse by half of both runs' interquartile ranges together, and by at least 5 %. If a run has no quartiles, its
 * half is taken as 5 % of the figure. A figure without a unit is a ratio of two things that were measured in turn, so it is
 * compared on any machine. Other figures are only compared on the same machine.
 *
 * @param now results by part: `{ on, reached: [{ what, figure, most | least, unit?, quartiles? }] }`
 * @param before the same of the earlier run
 * @returns worse: the rows that are worse, each with both figures; passed over: those that can't be compared, and why
 */
export function compare(now, before) {
  const worse = []
  const passed = []
  let compared = 0
  for (const [part, { on, reached }] of Object.entries(now)) {
    const earlier = before[part]
    // A row that is gone could hide that something is worse.
    const names = new Set([...reached, ...(earlier?.reached ?? [])].map(({ what }) => what))
    for (const what of names) {
      const [row, old] = [reached, earlier?.reached ?? []].map((rows) => rows.find((one) => one.what === what))
      const why = whyNot(row, old, on, earlier?.on)
      if (why !== undefined) {
        passed.push({ part, what, why })
        continue
      }
      compared += 1
      const tolerance = Math.max(least, spread(row) + spread(old))
      if (isWorse(row, old, tolerance)) worse.push({ part, what, figure: row.figure, before: old.figure, tolerance, unit: row.unit ?? 'x' })
    }
  }
  return { worse, passed, compared }
}

/** Whether the figure moved away from its aim. */
function isWorse(row, old, tolerance) {
  if (!Number.isFinite(row.figure)) return true
  return row.most !== undefined ? row.figure > old.figure * (1 + tolerance) : row.figure < old.figure * (1 - tolerance)
}

function whyNot(row, old, on, onBefore) {
  if (row === undefined) return 'not measured any more'
  if (old === undefined) return 'not measured before'
  if (row.unit !== undefined && !isExact(row.unit) && !isSame(on, onBefore)) return 'measured on another machine'
  return undefined
}

/** Units that are counted, not timed. */
const isExact = (unit) => ['bytes', 'calls', 'MB'].includes(unit)

const isSame = (one, other) => ['cpu', 'cores', 'platform', 'node'].every((name) => one?.[name] === other?.[name])

/** Half of the interquartile range, as a fraction of the figure. */
function spread({ figure, quartiles, unit }) {
  if (isExact(unit)) return 0
  if (quartiles === undefined) return usual
  return (quartiles[1] - quartiles[0]) / 2 / figure
}
