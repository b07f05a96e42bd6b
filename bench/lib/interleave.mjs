import { performance } from 'node:perf_hooks'

/**
 * Times contenders in turn, so that other work on the machine affects all of them equally.
 *
 * @param contenders by name: a function, which may be async, or `{ measure(count) }`, which returns nanoseconds
 * @returns for each name the nanoseconds of one call: the median, and each round
 */
export async function interleave(contenders, { rounds = 21, milliseconds = 20 } = {}) {
  const names = Object.keys(contenders)
  const measures = Object.fromEntries(names.map((name) => [name, measureOf(contenders[name])]))
  const counts = {}
  for (const name of names) counts[name] = await calibrate(measures[name], milliseconds)
  const times = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    // Each contender comes first equally often, so no one always runs after the same neighbour's garbage.
    const order = names.map((_, index) => names[(index + round) % names.length])
    for (const name of order) times[name].push((await measures[name](counts[name])) / counts[name])
  }
  return Object.fromEntries(names.map((name) => [name, { median: median(times[name]), times: times[name] }]))
}

/** The time of `one` divided by the time of `other`: the median of all rounds. */
export function ratio(results, one, other) {
  return median(results[one].times.map((time, round) => time / results[other].times[round]))
}

/** The same ratio, with the quartiles of the rounds, which show how much it varies. */
export function compared(results, one, other) {
  const ratios = results[one].times.map((time, round) => time / results[other].times[round]).toSorted((a, b) => a - b)
  const at = (part) => ratios[Math.floor((ratios.length - 1) * part)]
  return { figure: median(ratios), quartiles: [at(0.25), at(0.75)] }
}

export function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}

function measureOf(contender) {
  if (typeof contender === 'object') return (count) => contender.measure(count)
  return async (count) => {
    const begun = performance.now()
    for (let i = 0; i < count; i += 1) {
      const answer = contender()
      if (answer instanceof Promise) await answer
    }
    return (performance.now() - begun) * 1e6
  }
}

/** How many calls fill the time, after warming up. */
async function calibrate(measure, milliseconds) {
  let count = 1
  for (;;) {
    const took = (await measure(count)) / 1e6
    if (took > milliseconds) return Math.max(1, Math.round((count * milliseconds) / took))
    count = Math.ceil(count * Math.min(10, Math.max(2, (milliseconds * 1.2) / Math.max(took, 1e-3))))
  }
}
