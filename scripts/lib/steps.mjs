import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { Display, duration } from './display.mjs'
import { excerpt, failedTests, lastLine } from './excerpt.mjs'
import { collecting } from './output.mjs'
import { root, scratch } from './paths.mjs'
import { CommandFailed } from './run.mjs'
import { ToolMissing } from './tools.mjs'
import { add } from './totals.mjs'

/** Runs steps and says how each went in one line; a failed one does not stop the others. All they print goes to a log each. */
export class Steps {
  results = []
  #display
  #logs
  #words

  /** @param {{ name: string, words?: string[], display?: Display, logs?: string }} options `words`: only steps whose name holds one of these */
  constructor({ name, words = [], display = new Display(), logs = join(scratch, 'log', name) }) {
    this.#display = display
    this.#logs = logs
    this.#words = words
    rmSync(logs, { recursive: true, force: true })
    mkdirSync(logs, { recursive: true })
  }

  /**
   * One step. `work` may answer totals, and `skipped` with the reason why it did nothing; to throw is to fail.
   *
   * @param {{ always?: boolean }} options `always`: whatever words were given
   * @returns {Promise<boolean>} whether it went well, or was not wanted
   */
  async step(name, work, { always = false } = {}) {
    if (!always && !this.wants(name)) return true
    const path = join(this.#logs, `${name.replaceAll(' ', '-')}.log`)
    const log = openSync(path, 'w')
    let output = ''
    const write = (text) => {
      output += text
      writeSync(log, stripVTControlCharacters(text))
      this.#display.doing(name, lastLine(text))
    }
    this.#display.begin(name)
    const totals = await collecting(write, async () => work()).catch((error) => {
      write(`${explained(error)}\n`)
      return { failed: 1 }
    })
    closeSync(log)
    const result = { passed: 0, failed: 0, ...totals }
    if (result.failed > 0) result.tests = failedTests(output)
    this.#ended({ name, seconds: this.#display.end(name), ...result })
    if (result.failed > 0) this.#explain(name, output, path)
    return result.failed === 0
  }

  skip(name, why) {
    if (this.wants(name)) this.#ended({ name, seconds: 0, passed: 0, failed: 0, skipped: why })
  }

  wants(name) {
    return this.#words.length === 0 || this.#words.some((word) => name.includes(word))
  }

  /** Nothing is shown from here on. */
  stop() {
    this.#display.close()
  }

  /** The last line, and the code to exit with: nothing passed is no success. */
  close() {
    this.stop()
    const { passed, failed } = add(this.results)
    const bad = this.results.filter((result) => result.failed > 0).map(({ name }) => name)
    // Once more at the end, where whoever sees only that looks.
    for (const { name, tests = [] } of this.results) for (const test of tests) console.log(`    ${name}: ${test}`)
    console.log(`\n${bad.length > 0 ? `failed: ${bad.join(', ')}; ` : ''}all output: ${relative(root, this.#logs)}`)
    console.log(`\n${passed} passed, ${failed} failed`)
    process.exitCode = failed === 0 && passed > 0 ? 0 : 1
  }

  #ended(result) {
    this.results.push(result)
    this.#display.line(told(result))
  }

  #explain(name, output, path) {
    this.#display.line('')
    for (const line of excerpt(output)) this.#display.line(`    ${line}`)
    this.#display.line(`\n    ${name} failed; all of its output: ${relative(root, path)}\n`)
  }
}

function told({ name, seconds, passed, failed, skipped }) {
  if (skipped) return `skipped ${name}: ${skipped}`
  const counts = failed > 0 ? `, ${passed} passed, ${failed} failed` : passed > 0 ? `, ${passed} passed` : ''
  return `${failed > 0 ? 'FAILED ' : 'ok     '} ${name}: ${duration(seconds)}${counts}`
}

/** What is expected to go wrong is told in a line. */
function explained(error) {
  const expected = error instanceof ToolMissing || error instanceof CommandFailed || error?.code === 'ENOENT'
  return expected ? error.message : (error?.stack ?? String(error))
}
