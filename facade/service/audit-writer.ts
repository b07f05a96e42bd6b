import { channel } from 'node:diagnostics_channel'

import { CountersignError } from '../shared/errors.js'
import { appendTo, isRequired } from './audit.js'
import type { AuditLog } from './audit.js'
import { unplaced } from './audit-line.js'
import type { Standing } from './audit-standing.js'
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

/** For how long one line may be written, and a call or `close()` wait for lines, in milliseconds. */
const patience = 10_000

/** How many refusals of a user that no lock counts have a line within an hour. */
const maxRefusals = 100
const hour = 3_600_000

/** What has no line since the last one of a user. */
interface Gap {
  refused: number
  missing: number
}

/** Writes what happened in the calls of one service into its audit log. */
export class AuditWriter {
  readonly required: boolean
  readonly #log: AuditLog
  readonly #standing: (user: string) => Promise<Standing>
  readonly #failed: () => void
  /** The last entry of each user that waits; it never rejects. */
  readonly #last = new Map<string, Promise<void>>()
  readonly #gaps = new Map<string, Gap>()
  /** How many refusals of a user have had a line since a time. */
  readonly #refusals = new Map<string, { since: number; lines: number }>()
  readonly #waiting = new Set<Promise<void>>()
  /** Entries that were not even kept waiting, since the last one of a user that was. */
  readonly #dropped = new Map<string, number>()

  /**
   * @param failed is told of each entry that could not be written
   */
  constructor(log: AuditLog, standing: (user: string) => Promise<Standing>, failed: () => void) {
    this.#log = log
    this.required = isRequired(log) === true
    this.#standing = standing
    this.#failed = failed
  }

  /** Resolves at once, or once all of them are written where that is required. */
  async write(events: readonly CountersignEvent[]): Promise<void> {
    // The wrong code that locks has a line, although the record is locked once it is written.
    const locks = events.some(({ type }) => type === 'locked')
    const deadline = performance.now() + patience
    const writing = events.map((event) => this.#start(event, { locks, deadline }))
    for (const one of writing) one.catch(() => undefined)
    if (this.required) await withinPatience(Promise.all(writing))
  }

  /** Resolves once nothing waits any more, or after 10 seconds. */
  async settled(): Promise<void> {
    await withinPatience(Promise.allSettled(this.#waiting)).catch(() => undefined)
  }

  #start(event: CountersignEvent, call: Call): Promise<void> {
    if (!this.required && this.#waiting.size >= maxWaiting) {
      this.#drop(event.user)
      return Promise.resolve()
    }
    const dropped = this.#dropped.get(event.user) ?? 0
    this.#dropped.delete(event.user)
    // One after the other: lines stand in the order in which things happened.
    const writing = this.#inTurn(event.user, () => this.#write(event, dropped, call))
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
  async #write(event: CountersignEvent, dropped: number, { locks, deadline }: Call): Promise<void> {
    const { user } = event
    this.#add(user, { refused: 0, missing: dropped })
    if (await this.#isOnlyCounted(event, locks)) return this.#count(user)
    const gap = this.#gaps.get(user)
    const { refused, missing } = gap ?? { refused: 0, missing: 0 }
    const entry = { ...unplaced(event), ...(refused > 0 && { refused }), ...(missing > 0 && { missing }) }
    let isLate = false
    try {
      // Where nobody waits, an entry has its time from its own turn on.
      const left = this.required ? deadline - performance.now() : patience
      await within(left, appendTo(this.#log, entry, () => isLate))
    } catch (error) {
      isLate = true
      this.#lose(user)
      throw error
    }
    // What was counted meanwhile is for the next line.
    if (gap) this.#change(user, { refused: gap.refused - refused, missing: gap.missing - missing })
    published.publish({ result: 'written' } satisfies AuditResult)
  }

  /** Strangers and people who are locked out could fill the log with refusals. */
  async #isOnlyCounted({ type, reason, user, at }: CountersignEvent, locks: boolean): Promise<boolean> {
    if (type !== 'rejected') return false
    if (user === '' || reason === 'locked') return true
    const standing = await this.#standing(user)
    if (standing === 'unknown' || (standing === 'locked' && !locks)) return true
    // Wrong codes are bounded by the locks, and no flood of other refusals may hide them.
    return reason !== 'wrong-code' && this.#isFlooded(user, at)
  }

  /** Whether this refusal is one too many: what can't be read, for one, never locks anything. */
  #isFlooded(user: string, at: number): boolean {
    const before = this.#refusals.get(user)
    // By the distance: a clock that was set back must not silence it for longer.
    const isOver = before === undefined || Math.abs(at - before.since) >= hour
    const { since, lines } = isOver ? { since: at, lines: 0 } : before
    this.#refusals.delete(user)
    this.#refusals.set(user, { since, lines: lines + 1 })
    bound(this.#refusals)
    return lines >= maxRefusals
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

/** What the entries of one call have in common. */
interface Call {
  /** Whether it locks codes. */
  locks: boolean
  /** In the time of `performance.now()`. */
  deadline: number
}

const withinPatience = <T>(work: Promise<T>): Promise<T> => within(patience, work)

/** Rejects with `store-failed` if the work takes longer. It goes on all the same. */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const detail = 'the audit store took more than 10 seconds'
    timer = setTimeout(() => reject(new CountersignError('store-failed', { detail })), Math.max(0, milliseconds))
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

function bound(map: Map<string, unknown>): void {
  if (map.size > maxUsers) map.delete(map.keys().next().value as string)
}
