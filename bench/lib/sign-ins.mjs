import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A process that takes tasks over its IPC channel. It is started directly, or by another program. */
export class Child {
  #child
  #failed

  /** @param program the module that it runs */
  constructor(program, args, ...starter) {
    const node = [process.execPath, '--max-old-space-size=8192', fileURLToPath(program)]
    const [command, ...rest] = [...starter, ...node, ...args]
    this.#child = spawn(command, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#failed = once(this.#child, 'exit').then(() => { throw new Error('the process that signs users in has ended') })
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

/** A process that signs users in. */
export class SignIns extends Child {
  constructor(args, ...starter) {
    super(new URL('sign-in-process.mjs', import.meta.url), args, ...starter)
  }
}
