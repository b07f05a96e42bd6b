import { checkUser, flag, ifGiven, integer, invalid, object, optional } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import { CountersignError, isCountersignError } from '../shared/errors.js'
import { presentable } from '../shared/cause.js'
import type { AuditPage, AuditStore, PlacedLine } from '../stores/audit-store.js'
import { checkSecretKey } from './challenge-key.js'
import { follows, nextLine, parseLine } from './audit-line.js'
import type { AuditEntry, ParsedLine, Unplaced } from './audit-line.js'

/** Options of {@link auditTo}. */
export interface AuditOptions {
  /**
   * 32 to 64 secret bytes, as a `Uint8Array` or base64url text, the same in every process. With it, each line is linked to
   * the line before by an HMAC-SHA256, so that nobody without the key can change, insert or remove a line unnoticed.
   * Without it, the link is only a checksum: it shows accidents, but anyone can compute it. `undefined` is refused.
   */
  key?: Uint8Array | string
  /**
   * If true, a call answers after its lines were written, and rejects with `store-failed` if that fails or takes more than
   * 10 seconds. What the call has done stays done: a code stays used. Default false: no call waits for the log or fails because of it.
   */
  required?: boolean
}

/** One page of a log. */
export interface AuditEntries {
  /** The newest first. */
  entries: AuditEntry[]
  /** Pass it as `before` to get the next page; `null` if this is the last. */
  next: number | null
}

/** Which page of a log to read. */
export interface AuditReadOptions {
  /** The `next` of the previous page. */
  before?: number
  /** 1 to 1000. Default 100. */
  limit?: number
}

/** What {@link AuditLog.check} found. */
export interface AuditCheck {
  /** True if there is no mistake. */
  ok: boolean
  /** What links the lines: `hmac` shows every change, `checksum` (without a key) only accidents. */
  link: 'hmac' | 'checksum'
  /** The number of lines. */
  lines: number
  /** The last line, in short. Keep it elsewhere, and pass it to a later check; `null` if there is no line. */
  head: string | null
  /** The first 100 mistakes, from the end of the log. */
  mistakes: AuditMistake[]
}

export interface AuditMistake {
  /** Of the line where it shows. */
  place: number
  /**
   * - `unreadable`: this is no line of an audit log
   * - `place`: the line says that it has another place, or a line is missing here
   * - `user`: the line is from the log of another user
   * - `link`: the line, or the one before it, was changed, or was written with another key
   * - `head`: the log doesn't have the line that the given head names, so its end was cut off or rewritten
   */
  reason: 'unreadable' | 'place' | 'user' | 'link' | 'head'
}

/**
 * Makes an audit log of a store: who did what, when, from where, and how it ended. Pass it to `Countersign.open()` as `audit`.
 *
 * @throws {CountersignError} `invalid-argument`: names the option
 * @example
 * const audit = auditTo(postgresAudit(pool), { key: process.env.AUDIT_KEY })
 * const countersign = await Countersign.open({ rp, store, audit })
 */
export function auditTo(store: AuditStore, options: AuditOptions = {}): AuditLog {
  const { key, required = false } = checkOptions(options, '')
  return new AuditLog(checkStore(store, 'store'), key === undefined ? undefined : Buffer.from(key, 'base64url'), required)
}

/**
 * What `open()` needs of a log.
 *
 * @param isLate whether nobody waits for this line any more, so that it must not be written
 * @internal
 */
export let appendTo: (log: AuditLog, entry: Unplaced, isLate: () => boolean) => Promise<void>

/** Whether calls wait for their lines; `undefined`: this is no log. @internal */
export let isRequired: (log: unknown) => boolean | undefined

/** An audit log, as {@link auditTo} makes it. */
export class AuditLog {
  readonly #store: AuditStore
  readonly #key: Buffer | undefined
  readonly #required: boolean

  /** @internal */
  constructor(store: AuditStore, key: Buffer | undefined, required: boolean) {
    this.#store = store
    this.#key = key
    this.#required = required
  }

  static {
    appendTo = async (log, entry, isLate) => {
      await fromAuditStore(async () => {
        let isAsked = false
        const written: unknown = log.#store.append(entry.user, (last) => {
          if (isLate()) throw new CountersignError('store-failed', { detail: 'append() was too slow' })
          isAsked = true
          return nextLine(entry, last, log.#key)
        })
        if (typeof (Object(written) as { then?: unknown }).then !== 'function') throw unkept('append() must return a promise')
        await written
        if (!isAsked) throw unkept('append() must write what line() returns')
      })
    }
    isRequired = (log) =>
      typeof log === 'object' && log !== null && #required in log ? (log as AuditLog).#required : undefined
  }

  /**
   * Returns entries of a user, the newest first. It doesn't check them. Lines that can't be read are left out.
   *
   * @throws {CountersignError} `store-failed`
   */
  async read(user: string, options: AuditReadOptions = {}): Promise<AuditEntries> {
    checkUser(user)
    const { before, limit = 100 } = checkRead(options, '')
    const lines = await this.#page(user, { before, limit: limit + 1 })
    const page = lines.slice(0, limit)
    const entries = page.map(({ line }) => parseLine(line).entry).filter((entry) => entry !== undefined)
    return { entries, next: lines.length > limit ? (page.at(-1)?.place ?? null) : null }
  }

  /**
   * Reads all lines of a user and checks each link. A log whose end was cut off looks like an older, shorter one: to notice
   * that, pass a `head` that an earlier check returned and that was kept where the log's writers can't reach it.
   *
   * @throws {CountersignError} `store-failed`; `invalid-argument` if `head` is none
   */
  async check(user: string, options: { head?: string } = {}): Promise<AuditCheck> {
    checkUser(user)
    const { head } = checkHead(options, '')
    const mistakes: AuditMistake[] = []
    const mistake = (place: number, reason: AuditMistake['reason']) => {
      if (mistakes.length < maxMistakes) mistakes.push({ place, reason })
    }
    let [lines, newest, isKept] = [0, null as string | null, head === undefined]
    let after: (ParsedLine & { place: number }) | undefined
    const examine = (before: string) => {
      if (after && !follows(after, before, this.#key)) mistake(after.place, 'link')
    }
    for await (const { place, line } of this.#everyLine(user)) {
      const parsed = parseLine(line)
      if (after) examine(parsed.link)
      if (after && place !== after.place - 1) mistake(after.place, 'place')
      if (!parsed.entry) mistake(place, 'unreadable')
      else if (parsed.entry.user !== user) mistake(place, 'user')
      else if (parsed.entry.place !== place) mistake(place, 'place')
      newest ??= headOf(place, parsed.link)
      isKept ||= headOf(place, parsed.link) === head
      lines += 1
      after = { ...parsed, place }
    }
    examine('')
    if (after && after.place !== 1) mistake(after.place, 'place')
    if (!isKept) mistake(Number(head?.split(':')[0]), 'head')
    return { ok: mistakes.length === 0, link: this.#key ? 'hmac' : 'checksum', lines, head: newest, mistakes }
  }

  /** The newest first. */
  async *#everyLine(user: string): AsyncGenerator<PlacedLine, void, undefined> {
    for (let before: number | undefined; ;) {
      const page = await this.#page(user, { before, limit: pageSize })
      yield* page
      const last = page.at(-1)?.place
      // What a store gives in another order would have no end.
      if (last === undefined || page.length < pageSize || (before !== undefined && last >= before)) return
      before = last
    }
  }

  async #page(user: string, page: AuditPage): Promise<PlacedLine[]> {
    const lines: unknown = await fromAuditStore(() => this.#store.read(user, page))
    if (!Array.isArray(lines) || !lines.every(isPlacedLine)) throw new CountersignError('store-failed')
    return lines
  }
}

/** For a store that doesn't do what `AuditStore` says: its lines may not be there. */
const unkept = (detail: string): CountersignError => new CountersignError('store-failed', { detail: `the audit store's ${detail}` })

const pageSize = 1000
const maxMistakes = 100

const headOf = (place: number, link: string): string => `${place}:${link}`

async function fromAuditStore<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    throw isCountersignError(thrown) ? thrown : new CountersignError('store-failed', { cause: presentable(thrown) })
  }
}

function isPlacedLine(value: unknown): value is PlacedLine {
  const { place, line } = Object(value) as { place?: unknown; line?: unknown }
  return Number.isSafeInteger(place) && typeof line === 'string'
}

const checkStore: Check<AuditStore> = (value, name) => {
  const { append, read } = Object(value) as { append?: unknown; read?: unknown }
  if (typeof append !== 'function' || typeof read !== 'function') throw invalid(name, 'an audit store with the methods append, read')
  return value as AuditStore
}

const checkOptions = object<{ key?: string; required?: boolean }>({ key: ifGiven(checkSecretKey, 'for a log with checksums alone'), required: optional(flag) })
const checkRead = object<AuditReadOptions>({
  before: optional(integer(1, Number.MAX_SAFE_INTEGER)), limit: optional(integer(1, 1000)),
})
const checkHead = object<{ head?: string }>({
  head: optional((value, name) => {
    if (typeof value !== 'string' || !/^[1-9]\d*:[\w-]+$/.test(value) || value.length > 60 || value.at(-44) !== ':') {
      throw invalid(name, 'what an earlier check returned as head, such as 12:… with 43 characters')
    }
    return value
  }),
})
