// Histories of a store, made by four processes that are killed and stopped, and whose connections are cut.
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { checkHistories } from '../../../facade/testing/check-histories.js'
import type { CheckedHistories } from '../../../facade/testing/check-histories.js'

const program = fileURLToPath(new URL('program.js', import.meta.url))

export interface HistoryRun {
  /** As `openEngine` knows it. */
  engine: string
  place: string
  seconds: number
  /** The port of a proxy in front of the database. */
  port?: number
  /** What else can go wrong, by name; each is done at random. */
  faults?: Record<string, () => unknown>
  /** What the processes run in; default: this Node. */
  runtime?: { program: string; env?: Record<string, string> }
}

export interface HistoryResult extends CheckedHistories {
  /** How often each fault was made. */
  faults: Record<string, number>
}

/** Between two faults, in milliseconds, at most. */
const longestQuiet = 300

/** As many processes as there are: a store that is not wrong has to do for each other's. */
const processes = 4

export async function checkRun(run: HistoryRun): Promise<HistoryResult> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-histories-'))
  const crew = new Crew(run, folder)
  try {
    const faults = await crew.work()
    const logs = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')))
    return { ...checkHistories(logs), faults }
  } finally {
    await crew.end()
    await rm(folder, { recursive: true })
  }
}

class Crew {
  readonly #run: HistoryRun
  readonly #folder: string
  readonly #children: ChildProcess[] = []
  readonly #name = `${process.pid}-${Date.now()}`
  readonly #starting: Promise<void>[] = []
  /** Epoch milliseconds; none before the first ones have started. */
  #until: number | undefined
  #started = 0

  constructor(run: HistoryRun, folder: string) {
    this.#run = run
    this.#folder = folder
  }

  async work(): Promise<Record<string, number>> {
    const begun = Date.now()
    await Promise.all(Array.from({ length: processes }, (_, index) => this.#start(index)))
    // A slow processor gets time to work, too.
    const until = Date.now() + Math.max(this.#run.seconds * 1000, Date.now() - begun)
    this.#until = until
    this.#children.forEach((child) => child.send(until))
    const made = await this.#disturb()
    await Promise.all(this.#starting)
    await Promise.all(this.#children.map(ended))
    return made
  }

  async end(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL')
    await Promise.all(this.#children.map(ended))
  }

  async #start(index: number): Promise<void> {
    const { engine, place, port, runtime } = this.#run
    const name = String((this.#started += 1))
    const args = [engine, place, this.#name, name, join(this.#folder, name)]
    const env = { ...process.env, ...runtime?.env, ...(port && { HISTORY_PORT: String(port) }) }
    const child = fork(program, args, { env, ...(runtime && { execPath: runtime.program }) })
    this.#children[index] = child
    const dead = ended(child).then(() => 'dead')
    if ((await Promise.race([once(child, 'message'), dead])) === 'dead' && child.exitCode !== null && child.exitCode > 0) {
      throw new Error(`a process of ${engine} failed`)
    }
    if (this.#until !== undefined && child.connected) child.send(this.#until)
  }

  /** One fault after the other, each at some process, until there is too little time left for another. */
  async #disturb(): Promise<Record<string, number>> {
    const faults: Record<string, (index: number) => unknown> = {
      'process killed': (index) => this.#kill(index),
      'process paused': (index) => this.#stop(index),
      ...this.#run.faults,
    }
    const made: Record<string, number> = {}
    const names = Object.keys(faults)
    for (let turn = 0; Date.now() < this.#until! - 500; turn += 1) {
      await pause(Math.random() * longestQuiet)
      const name = names[turn % names.length] as string
      await faults[name]!(Math.floor(Math.random() * processes))
      made[name] = (made[name] ?? 0) + 1
    }
    return made
  }

  async #kill(index: number): Promise<void> {
    // Or all that a slow processor does is to start them.
    await this.#starting.at(-1)
    const child = this.#children[index] as ChildProcess
    child.kill('SIGKILL')
    await ended(child)
    // Others go on meanwhile, and may fare no better.
    const started = this.#start(index)
    started.catch(() => {})
    this.#starting.push(started)
  }

  async #stop(index: number): Promise<void> {
    const child = this.#children[index] as ChildProcess
    child.kill('SIGSTOP')
    await pause(Math.random() * 200)
    child.kill('SIGCONT')
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}
