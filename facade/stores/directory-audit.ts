import { resolve } from 'node:path'

import { flag, integer, invalid, isWellFormed, object, optional, text } from '../shared/check.js'
import { sha256 } from '../shared/crypto.js'
import { CountersignError } from '../shared/errors.js'
import type { AuditPage, AuditStore, PlacedLine } from './audit-store.js'
import { createDirectory } from './create-directory.js'
import type { DirectoryStoreOptions } from './directory-store.js'
import { LockedDirectory } from './locked-directory.js'
import type { Step } from './locked-directory.js'
import { newestFirst } from './memory-audit.js'
import { needUnix } from './need-unix.js'

/** Lines in a file. A file is written anew for each line that it gets, and never again once it is full. */
const fileLines = 64

/**
 * Keeps audit logs in files, for any number of processes of one machine. It takes a directory of its own on a local file
 * system, with the same rules as `directoryStore`. When `append` resolves, the line is on disk. Unix only.
 *
 * @param path the directory
 * @throws CountersignError `directory-refused` or `not-supported`. Calls reject with `lock-timeout`, `store-failed`, or
 *   `record-corrupt` if a file is not what was written
 * @example
 * const audit = auditTo(directoryAudit('var/countersign-audit', { create: true }), { key })
 */
export function directoryAudit(path: string, options: DirectoryStoreOptions = {}): AuditStore {
  const { create = false, allowGroup = false, lockTimeout = 10 } = checkOptions(options, 'options')
  const absolute = resolve(text(4096)(path, 'path'))
  needUnix('directoryAudit')
  if (create) createDirectory(absolute, allowGroup)
  return new DirectoryAudit(new LockedDirectory(absolute, allowGroup, lockTimeout * 1000, [folder]))
}

const folder = 'audit'

const checkOptions = object<DirectoryStoreOptions>({
  create: optional(flag),
  allowGroup: optional(flag),
  lockTimeout: optional(integer(0, 3600)),
})

/** The newest lines of a user, in the file that grows. Older ones are in full files, each of which has its number. */
interface Newest {
  /** How many full files there are. */
  full: number
  lines: string[]
}

class DirectoryAudit implements AuditStore {
  readonly #directory: LockedDirectory<typeof folder>

  constructor(directory: LockedDirectory<typeof folder>) {
    this.#directory = directory
  }

  async append(user: string, line: (last: string | undefined) => string): Promise<void> {
    const name = nameOf(user)
    await this.#directory.exclusive(folder, name, async (file) => {
      const { full, lines } = await this.#newest(file, user)
      const added = line(lines.at(-1))
      if (lines.length < fileLines) {
        return { steps: [newestStep(user, full, [...lines, added])], value: undefined }
      }
      // The full file first: after a crash in between, the same lines are put into it again.
      const filled = { folder, name: nameOf(user, full), text: lines.join('\n') } as const
      const there = await this.#directory.read(folder, filled.name)
      // Other lines are what is left of a log that has lost files: never written over.
      if (there !== undefined && there !== filled.text) throw corrupt(user)
      return { steps: [filled, newestStep(user, full + 1, [added])], value: undefined }
    })
  }

  async read(user: string, { before, limit }: AuditPage): Promise<PlacedLine[]> {
    const { full, lines } = await this.#newest(await this.#directory.read(folder, nameOf(user)), user)
    const page = newestFirst(lines, full * fileLines + 1, { before, limit })
    const end = page.at(-1)?.place ?? Math.min(before ?? Infinity, full * fileLines + 1)
    for (let number = Math.ceil((end - 1) / fileLines) - 1; number >= 0 && page.length < limit; number -= 1) {
      const older = await this.#directory.read(folder, nameOf(user, number))
      const first = number * fileLines + 1
      const rest = { before: page.at(-1)?.place ?? before, limit: limit - page.length }
      page.push(...newestFirst(older?.split('\n') ?? [lost(first)], first, rest))
    }
    return page
  }

  /** If the newest file of a log is lost, what is in the full ones goes on with a line that shows it. */
  async #newest(file: string | undefined, user: string): Promise<Newest> {
    if (file !== undefined) return parseNewest(file, user)
    let full = 0
    while ((await this.#directory.read(folder, nameOf(user, full))) !== undefined) full += 1
    return { full, lines: full === 0 ? [] : [lost(full * fileLines + 1)] }
  }
}

function newestStep(user: string, full: number, lines: string[]): Step<typeof folder> {
  return { folder, name: nameOf(user), text: [JSON.stringify({ user, full }), ...lines].join('\n') }
}

/** See `AuditStore.append`. */
const lost = (place: number): string => `lost ${place}`

function parseNewest(file: string, user: string): Newest {
  const [header = '', ...lines] = file.split('\n')
  try {
    const { user: whose, full } = JSON.parse(header) as { user?: unknown; full?: unknown }
    if (whose === user && Number.isSafeInteger(full) && lines.length > 0) return { full: full as number, lines }
  } catch {
    // As below.
  }
  throw corrupt(user)
}

function corrupt(user: string): CountersignError {
  return new CountersignError('record-corrupt', { detail: `${JSON.stringify(user)}, ${folder}` })
}

/** Any id becomes a file name that leads nowhere else. No user has the text of a full file's: it has a NUL and a number. */
function nameOf(user: string, number?: number): string {
  if (typeof user !== 'string' || !isWellFormed(user)) throw invalid('user', 'well-formed text')
  return sha256(number === undefined ? `user\0${user}` : `full\0${number}\0${user}`, 'hex')
}
