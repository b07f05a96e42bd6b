// The demo under load: in each round, 200 people sign in at the same time through its HTTP API, and then step up.
import { loadDemo } from '../build/__test__/load/demo-load.js'

/** @returns rates, and milliseconds for each kind of call. Throws if something was lost or accepted twice */
export async function demo({ people = 200, rounds = 3 }) {
  const { faults, times, signInsPerSecond, stepUpsPerSecond } = await loadDemo({ people, rounds, minutes: 30 })
  if (faults.length > 0) throw new Error(`${faults.length} faults: ${faults.slice(0, 10).join('; ')}`)
  const sorted = (numbers) => numbers.toSorted((one, other) => one - other)
  const at = (numbers, part) => sorted(numbers)[Math.floor((numbers.length - 1) * part)]
  const told = Object.entries(times).map(([what, all]) => [what, { p50: at(all, 0.5), p99: at(all, 0.99) }])
  return {
    people,
    signInsPerSecond: at(signInsPerSecond, 0.5),
    stepUpsPerSecond: at(stepUpsPerSecond, 0.5),
    milliseconds: Object.fromEntries(told),
  }
}
