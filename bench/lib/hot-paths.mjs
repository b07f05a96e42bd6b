import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** The native measuring program. It times its own work, in turn with the work in JavaScript. */
export class HotPaths {
  #child
  #lines

  constructor(program, fixtures) {
    this.#child = spawn(program, [fixtures], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /** Makes a contender for `interleave`. */
  work(name) {
    return {
      measure: async (count) => {
        this.#child.stdin.write(`${name} ${count}\n`)
        const { value, done } = await this.#lines.next()
        if (done) throw new Error(`hot_paths ended at ${name}`)
        return Number(value)
      },
    }
  }

  close() {
    this.#child.stdin.end()
  }
}
