import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('sign-in-process.mjs', import.meta.url))

/** A process of sign-ins, by itself or by another program that starts it. */
export class SignIns {
  #child
  #failed

  constructor(args, ...starter) {
    const [command, ...rest] = [...starter, process.execPath, '--max-old-space-size=8192', program, ...args]
    this.#child = spawn(command, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#failed = once(this.#child, 'exit').then(() => { throw new Error('the process of sign-ins has ended') })
    this.#failed.catch(() => {})
    this.ready = this.#message()
  }

  get pid() {
    return this.#child.pid
  }

  ask(task) {
    this.#child.send(task)
    return this.#message()
  }

  end() {
    this.#child.kill()
  }

  async #message() {
    const [message] = await Promise.race([once(this.#child, 'message'), this.#failed])
    return message
  }
}
