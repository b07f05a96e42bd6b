import { randomInt } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'

import type { Store } from '../stores/traits.js'
import { challenge } from './store-test.js'
import { anyTexts } from './test-records.js'

/** One line of a log. `t` is a time in microseconds that all processes of a machine share. */
export type HistoryEvent =
  | ({ event: 'call'; process: string; call: number; t: number; object: string } & HistoryCall)
  /** What `change` was given, and what it answered; `null`: no record. */
  | { event: 'run'; process: string; call: number; before: string | null; after: string | null }
  | { event: 'answer'; process: string; call: number; t: number; value: string | number | null }
  | { event: 'failure'; process: string; call: number; t: number; code: string }

export type HistoryCall =
  | { kind: 'update' | 'read' | 'clear' }
  | { kind: 'put'; id: string; data: string }
  | { kind: 'take'; id: string }

export interface HistoryOptions {
  /** What the keys begin with. The same in all processes, and different for each run on a store. */
  run: string
  /** The name of this process. One that is started again needs a new name. */
  process: string
  /** How long to go on. */
  seconds: number
  /** Gets one line for each event. It must be safe before this returns: `fs.writeSync`, where the process may be killed. */
  log(line: string): void
  /** Makes a record of a number, for a store that doesn't accept any text. */
  record?: (n: number) => string
  /**
   * For a store that may miss a challenge while it is put again under its id, which the service never does: each challenge gets an
   * id of its own, and its last ones stand here. Pass one list to all calls of a process. Default: ids are used again.
   */
  once?: string[]
}

/** Calls at once in a process. */
const lanes = 3

/** How long all processes work on the same keys, in milliseconds. */
const period = 400

/** How many keys those are. Each has a record and challenges. */
const keysAtOnce = 2

/** Calls of a process for one record, or for the challenges of one key: what the check of a history takes grows with it. */
const callsOfEach = 10

/** Fewer than 8, so that none has to go. */
const challengeIds = ['a', 'b', 'c']

/**
 * Calls a store at random, and logs each call, its answer and their times. Run it in several processes of one machine
 * at the same time, kill them, stop them, cut their connections, and give all logs to `checkHistories`.
 *
 * The records and challenges stay in the store, so use a database for this alone. Calls that fail are logged too; no
 * failure ends the run.
 *
 * @example
 * import { openSync, writeSync } from 'node:fs'
 * const log = openSync(`history-${process.pid}.log`, 'a')
 * await recordHistory(store, { run: 'first', process: String(process.pid), seconds: 10, log: (line) => writeSync(log, line) })
 */
export async function recordHistory(store: Store, options: HistoryOptions): Promise<void> {
  const recorder = new Recorder(store, options)
  const end = Date.now() + options.seconds * 1000
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      while (Date.now() < end) await recorder.next()
    }),
  )
}

/** The keys that logs are about. @internal */
export function keysIn(logs: string[]): Set<string> {
  const objects = logs.flatMap((log) => [...log.matchAll(/"object":"[a-z]+ ([^"]+)"/g)])
  return new Set(objects.map(([, key]) => key as string))
}

/** What a change throws on purpose. */
const refused = new Error('thrown by a change')

class Recorder {
  readonly #store: Store
  readonly #options: HistoryOptions
  readonly #record: (n: number) => string
  /** How often each object of this period has been used. */
  readonly #used = new Map<string, number>()
  /** What each record of this period was when it was read. */
  readonly #read = new Map<string, string | undefined>()
  #period = 0
  #calls = 0

  constructor(store: Store, options: HistoryOptions) {
    this.#store = store
    this.#options = options
    this.#record = options.record ?? anyTexts.of
  }

  /** One call, or a pause where there have been enough in this period. */
  async next(): Promise<void> {
    const now = Math.floor(Date.now() / period)
    if (now !== this.#period) {
      this.#used.clear()
      this.#read.clear()
    }
    this.#period = now
    const key = `${this.#options.run} ${now} ${randomInt(keysAtOnce)}`
    const kind = randomInt(2) === 0 ? 'record' : 'challenges'
    const object = `${kind} ${key}`
    const used = this.#used.get(object) ?? 0
    if (used >= callsOfEach) return pause(5)
    this.#used.set(object, used + 1)
    await (kind === 'record' ? this.#callRecord(object, key) : this.#callChallenges(object, key))
  }

  #callRecord(object: string, key: string): Promise<void> {
    const dice = randomInt(20)
    if (dice < 5) {
      return this.#logged(object, { kind: 'read' }, async () => {
        const record = await this.#store.read(key)
        this.#read.set(key, record)
        return record ?? null
      })
    }
    // An update may begin with a reading, of a moment ago or of long before.
    const read = randomInt(2) === 0 ? undefined : this.#read.get(key)
    return this.#logged(object, { kind: 'update' }, (call) => {
      let runs = 0
      return this.#store.update(key, (record) => {
        this.#read.set(key, record)
        const after = dice < 15 ? this.#record(randomInt(2 ** 47)) : dice < 17 ? null : undefined
        const before = record ?? null
        this.#log({ event: 'run', process: this.#options.process, call, before, after: after === undefined ? before : after })
        if (dice === 19) throw refused
        return { record: after, value: runs++ }
      }, read)
    })
  }

  #callChallenges(object: string, key: string): Promise<void> {
    const dice = randomInt(20)
    const { once, process } = this.#options
    if (dice === 0) return this.#logged(object, { kind: 'clear' }, async () => (await this.#store.clear(key), null))
    if (dice < 9) {
      const data = String(randomInt(2 ** 47))
      const id = once ? `${process} ${this.#calls}` : oneOf(challengeIds)
      if (once) once.splice(0, once.length, ...once.slice(1 - challengeIds.length), id)
      return this.#logged(object, { kind: 'put', id, data }, async () => (await this.#store.put(key, challenge(id, { data })), null))
    }
    const id = oneOf(once?.length ? once : challengeIds)
    return this.#logged(object, { kind: 'take', id }, async () => (await this.#store.take(key, id, Date.now())) ?? null)
  }

  async #logged(object: string, what: HistoryCall, work: (call: number) => Promise<string | number | null>): Promise<void> {
    const { process } = this.#options
    const call = (this.#calls += 1)
    this.#log({ event: 'call', process, call, t: microseconds(), object, ...what })
    try {
      const value = await work(call)
      this.#log({ event: 'answer', process, call, t: microseconds(), value })
    } catch (error) {
      const code = error === refused ? 'refused' : String((Object(error) as { code?: unknown }).code ?? 'unknown')
      this.#log({ event: 'failure', process, call, t: microseconds(), code })
      // What has failed for want of a connection would fail a thousand times.
      if (error !== refused) await pause(5)
    }
  }

  #log(event: HistoryEvent): void {
    this.#options.log(`${JSON.stringify(event)}\n`)
  }
}

function oneOf(ids: readonly string[]): string {
  return ids[randomInt(ids.length)] as string
}

/** Of the system's monotonic clock, which all processes read alike. */
function microseconds(): number {
  return Number(process.hrtime.bigint() / 1000n)
}
