import { stripVTControlCharacters } from 'node:util'

/**
 * How a runner's output counts. A runner that fails without naming a failed test (it did not compile, it crashed,
 * it ran nothing) counts as one failure.
 * @typedef {{ passed: number, failed: number }} Totals
 */

/** A tool that only ends well or badly: one check. */
export const countOne = (code) => (code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 })

/** cargo test: one summary line for each binary. */
export function countCargo(code, output) {
  const lines = plain(output).matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed;/gm)
  return settle(code, [...lines].map(([, passed, failed]) => ({ passed: Number(passed), failed: Number(failed) })))
}

/** ava: a tick for each test that passed (their sum is told only when all did), and closing lines such as `1 uncaught exception`. */
export function countAva(code, output) {
  const text = plain(output)
  const passed = [...text.matchAll(/^\s*[✔√] /gm)].length
  const failures = text.matchAll(/^\s*(\d+) (?:tests? failed|hooks? failed|uncaught exceptions?|unhandled rejections?)$/gm)
  return settle(code, [{ passed, failed: [...failures].reduce((sum, [, number]) => sum + Number(number), 0) }])
}

/** Our own scripts: their last line. */
export function countClosing(code, output) {
  const [, passed, failed] = [...plain(output).matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1) ?? []
  return settle(code, passed === undefined ? [] : [{ passed: Number(passed), failed: Number(failed) }])
}

export const add = (totals) => ({
  passed: totals.reduce((sum, { passed }) => sum + passed, 0),
  failed: totals.reduce((sum, { failed }) => sum + failed, 0),
})

function settle(code, totals) {
  const { passed, failed } = add(totals)
  const unexplained = failed === 0 && (code !== 0 || passed === 0)
  return { passed, failed: unexplained ? 1 : failed }
}

const plain = (output) => stripVTControlCharacters(output)
