import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

const program = new URL('./store-program.js', import.meta.url)

/** A program at work: what it tells, and ways to end it. */
export interface Program {
  /** Every message so far. */
  told: string[]
  /** Waits for a message that starts so. Rejects when the program ends without it. */
  tells(start: string): Promise<string>
  ended: Promise<void>
  kill(): Promise<void>
}

/** Runs the store program as a process of its own. */
export function startProcess(args: string[], env: NodeJS.ProcessEnv = {}): Program {
  return startProgram(process.execPath, [fileURLToPath(program), ...args], env)
}

/** Runs any program that tells something line by line. */
export function startProgram(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Program {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const messages = new Messages()
  createInterface({ input: child.stdout }).on('line', (line) => messages.add(line))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  return messages.program(ended, async () => {
    child.kill('SIGKILL')
    await ended
  })
}

/** Runs the store program as a worker thread. */
export function startWorker(args: string[]): Program {
  const worker = new Worker(program, { workerData: args })
  const messages = new Messages()
  worker.on('message', (message: string) => messages.add(message))
  const ended = new Promise<void>((resolve, reject) => {
    worker.once('exit', () => resolve())
    worker.once('error', reject)
  })
  return messages.program(ended, async () => {
    await worker.terminate()
  })
}

/** A private directory (mode 0700), and its removal. */
export function scratch(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'countersign-stores-'))
  chmodSync(path, 0o700)
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** What a record of this number has to hold. */
export function padding(n: number, size: number): string {
  return String(n % 10).repeat(size + (n % 7) * 1000)
}

class Messages {
  readonly #told: string[] = []
  #waiting: (() => void)[] = []

  add(message: string): void {
    this.#told.push(message)
    this.#wake()
  }

  program(ended: Promise<void>, kill: () => Promise<void>): Program {
    let over = false
    const mark = () => {
      over = true
      this.#wake()
    }
    ended.then(mark, mark)
    const tells = async (start: string) => {
      for (;;) {
        const found = this.#told.find((message) => message.startsWith(start))
        if (found !== undefined) return found
        if (over) throw new Error(`ended without telling "${start}"`)
        await new Promise<void>((resolve) => this.#waiting.push(resolve))
      }
    }
    return { told: this.#told, tells, ended, kill }
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
