import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../helpers/free-port.js'

const examples = new URL('../../../examples/', import.meta.url)
const movedClock = new URL('../helpers/moved-clock.js', import.meta.url)

/** An example in a process of its own, on a free port and a folder of its own. */
export class ExampleServer {
  /** What it wrote to standard error: an example has nothing to complain of. */
  complaints = ''
  private ahead = 0

  private constructor(
    readonly origin: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {
    child.stderr?.on('data', (data) => (this.complaints += String(data).replace(/\(node:\d+\) /, '')))
  }

  /** The same with the first warning of a refused request alone: on a slow machine, there is another one after a minute. */
  get complaintsOfOneMinute(): string {
    const lines = this.complaints.split('\n')
    const first = lines.findIndex(isRefusal)
    return lines.filter((line, at) => at === first || !isRefusal(line)).join('\n')
  }

  static start(file: string): Promise<ExampleServer> {
    return ExampleServer.run(file, [fileURLToPath(new URL(file, examples))])
  }

  /** Any program of Node that takes `PORT` and `VAR_DIR` and says when it is `ready`. */
  static async run(file: string, args: string[], cwd = process.cwd(), ready = /./): Promise<ExampleServer> {
    const port = await freePort()
    const folder = mkdtempSync(join(tmpdir(), 'countersign-example-'))
    writeFileSync(join(folder, 'clock'), '')
    const child = spawn(process.execPath, [`--import=${movedClock}`, ...args], {
      cwd,
      env: { ...process.env, PORT: String(port), VAR_DIR: join(folder, 'countersign'), CLOCK: join(folder, 'clock') },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const server = new ExampleServer(`http://localhost:${port}`, child, folder)
    let said = ''
    await Promise.race([
      new Promise<void>((resolve) => child.stdout!.on('data', (data) => ready.test((said += data)) && resolve())),
      once(child, 'close').then(() => Promise.reject(new Error(`${file} ended: ${server.complaints}`))),
    ])
    return server
  }

  /** Moves the server's clock forward. */
  pass(milliseconds: number): void {
    this.ahead += milliseconds
    truncateSync(join(this.folder, 'clock'), this.ahead)
  }

  now(): number {
    return Date.now() + this.ahead
  }

  async stop(): Promise<void> {
    const closed = once(this.child, 'close')
    if (this.child.exitCode === null) {
      this.child.kill()
      await closed
    }
    rmSync(this.folder, { recursive: true, force: true })
  }
}

const isRefusal = (line: string): boolean => line.startsWith('CountersignWarning: A request was refused.')
