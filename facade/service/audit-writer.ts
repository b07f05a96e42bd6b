import { channel } from 'node:diagnostics_channel'

import { isCountersignError } from '../shared/errors.js'
import { appendTo, isRequired } from './audit.js'
import type { AuditLog } from './audit.js'
import { unplaced } from './audit-line.js'
import type { CountersignEvent } from './event.js'

/** The channel on which it is told what became of each entry. @internal */
export const auditChannel = 'countersign:audit'

/** What became of an entry: written, failed, or counted alone. @internal */
export interface AuditResult {
  result: 'written' | 'failed' | 'counted'
}

const published = channel(auditChannel)

/** Entries that wait for a slow store. A call never waits for them, so more than these are not kept. */
const maxWaiting = 1000

/** Users of whom it is known what has no line; the one that was counted first goes. */
const maxUsers = 10_000

/** What has no line since the last one of a user. */
interface Gap {
  refused: number
  missing: number
}

/** Writes what happened in the calls of one service into its audit log. */
export class AuditWriter {
  readonly required: boolean
  readonly #log: AuditLog
  readonly #exists: (user: string) => Promise<boolean>
  readonly #failed: () => void
  /** The last entry of each user that waits; it never rejects. */
  readonly #last = new Map<string, Promise<void>>()
  readonly #gaps = new Map<string, Gap>()
  readonly #waiting = new Set<Promise<void>>()
  /** Entries that were not even kept waiting, since the last one of a user that was. */
  readonly #dropped = new Map<string, number>()

  /**
   * @param exists whether the store has a record of this user
   * @param failed is told of each entry that could not be written
   */
  constructor(log: AuditLog, exists: (user: string) => Promise<boolean>, failed: () => void) {
    this.#log = log
    this.required = isRequired(log) === true
    this.#exists = exists
    this.#failed = failed
  }

  /** Resolves at once, or once all of them are written where that is required. */
  async write(events: readonly CountersignEvent[]): Promise<void> {
    const writing = events.map((event) => this.#start(event))
    if (this.required) await Promise.all(writing)
    else for (const one of writing) one.catch(() => undefined)
  }

  /** Resolves once nothing waits any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#waiting)
  }

  #start(event: CountersignEvent): Promise<void> {
    if (!this.required && this.#waiting.size >= maxWaiting) {
      this.#drop(event.user)
      return Promise.resolve()
    }
    const dropped = this.#dropped.get(event.user) ?? 0
    this.#dropped.delete(event.user)
    // One after the other: lines stand in the order in which things happened.
    const writing = this.#inTurn(event.user, () => this.#write(event, dropped))
    this.#waiting.add(writing)
    const end = () => void this.#waiting.delete(writing)
    writing.then(end, end)
    return writing
  }

  #inTurn(user: string, work: () => Promise<void>): Promise<void> {
    const turn = (this.#last.get(user) ?? Promise.resolve()).then(work)
    const ended = turn.catch(() => undefined)
    this.#last.set(user, ended)
    void ended.then(() => this.#last.get(user) === ended && this.#last.delete(user))
    return turn
  }

  /** @param dropped entries right before this one that are missing */
  async #write(event: CountersignEvent, dropped: number): Promise<void> {
    const { user } = event
    this.#add(user, { refused: 0, missing: dropped })
    if (await this.#isOnlyCounted(event)) return this.#count(user)
    const gap = this.#gaps.get(user)
    const { refused, missing } = gap ?? { refused: 0, missing: 0 }
    const entry = { ...unplaced(event), ...(refused > 0 && { refused }), ...(missing > 0 && { missing }) }
    try {
      await appendTo(this.#log, entry)
    } catch (error) {
      this.#lose(user)
      throw error
    }
    // What was counted meanwhile is for the next line.
    if (gap) this.#change(user, { refused: gap.refused - refused, missing: gap.missing - missing })
    published.publish({ result: 'written' } satisfies AuditResult)
  }

  /** Strangers and people who are locked out could fill the log with refusals. */
  async #isOnlyCounted({ type, reason, user }: CountersignEvent): Promise<boolean> {
    if (type !== 'rejected') return false
    if (user === '' || reason === 'locked') return true
    // A record that can't be opened is one, too.
    return !(await this.#exists(user).catch((error: unknown) => isCountersignError(error)))
  }

  #count(user: string): void {
    if (user !== '') this.#add(user, { refused: 1, missing: 0 })
    published.publish({ result: 'counted' } satisfies AuditResult)
  }

  #lose(user: string): void {
    this.#add(user, { refused: 0, missing: 1 })
    this.#tellFailed()
  }

  #drop(user: string): void {
    this.#dropped.set(user, (this.#dropped.get(user) ?? 0) + 1)
    bound(this.#dropped)
    this.#tellFailed()
  }

  #tellFailed(): void {
    published.publish({ result: 'failed' } satisfies AuditResult)
    this.#failed()
  }

  #add(user: string, more: Gap): void {
    const { refused, missing } = this.#gaps.get(user) ?? { refused: 0, missing: 0 }
    this.#change(user, { refused: refused + more.refused, missing: missing + more.missing })
  }

  #change(user: string, gap: Gap): void {
    this.#gaps.delete(user)
    if (gap.refused > 0 || gap.missing > 0) this.#gaps.set(user, gap)
    bound(this.#gaps)
  }
}

function bound(map: Map<string, unknown>): void {
  if (map.size > maxUsers) map.delete(map.keys().next().value as string)
}
