import {
  closeSync, constants, fchmodSync, fdatasync, fstatSync, fsync, lstatSync, openSync, readdirSync, readSync, statSync, unlinkSync,
  writeSync,
} from 'node:fs'
import type { Stats } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { promisify } from 'node:util'

import { randomBytes } from '../shared/crypto.js'
import { CountersignError } from '../shared/errors.js'
import { readLines, writeLine } from './journal-file.js'
import type { Line, Lines } from './journal-file.js'
import type { Folder, Step } from './locked-directory.js'

/** A file of the journal that is larger ends as soon as those before it are gone. */
const fullSize = 16 * 1024 * 1024

/** Texts in one line, in characters: what is written at once stops the event loop. */
const lineSize = 1024 * 1024

/** Steps that one piece of work in the thread pool places. */
const batchSize = 2

/** Pieces of such work at once: as many as the thread pool usually has room for, each a short one. */
const lanes = 4

/** Between two warnings of one directory, in milliseconds. */
const minute = 60_000

/** How long nothing was written before the files get what the journal has, in milliseconds. */
const restLength = 1000

/**
 * Changes of files that are on disk in a journal, and in their files later. What waits is written as one line and synced
 * once, for all its callers.
 *
 * All processes append to the same file, in an order that all of them read alike. A file that has got a last line
 * (`end`) is placed: all that it has, and no later file has, is written to the files that it is of. Then it is removed.
 * As long as it is there, it hides those files. So nothing has to be recovered after a crash: what the journal has is in
 * force, whether or not its files are written, and whoever is first goes on with placing.
 *
 * Whoever changes a file holds the lock that goes with it, until the change is in the journal and on disk.
 */
export class Journal {
  readonly #root: string
  readonly #path: string
  readonly #group: boolean
  readonly #place: Place
  readonly #identity: Pick<Stats, 'dev' | 'ino'>
  readonly #me = randomBytes(8).toString('hex')
  #written = 0
  /** Those that are there, in the order in which they were written; the last one is without its end. */
  #parts: Part[] = []
  #waiting: Waiting[] = []
  #serving = false
  /** The line that was written last. */
  #mine: { line: Line; bytes: Buffer } | undefined
  /** Lines of this object that have been read again: they are in force. */
  readonly #read = new Set<string>()
  #losses = 0
  /** That a file of the journal is gone is not known to be on disk. */
  #unsynced = true
  #grown = 0
  /** When texts were last placed, or could not be. */
  #tried = -Infinity
  #warned = -Infinity
  #timer: NodeJS.Timeout | undefined
  #placing: Promise<void> | undefined

  /**
   * @param root the directory of the store
   * @param folder the folder of the journal, which is there
   * @param place writes files. It is called by one process at a time
   */
  constructor(root: string, folder: string, group: boolean, place: Place) {
    this.#root = root
    this.#path = join(root, folder)
    this.#group = group
    this.#place = place
    this.#identity = statSync(root)
  }

  /** How often texts have gone to their files: what was read of a file before that may be older than the file. */
  get losses(): number {
    return this.#losses
  }

  /** Reads what was written since. Whatever has been answered before, by any process, is known then. */
  catchUp(): void {
    try {
      this.#catchUp()
    } catch (cause) {
      if (cause instanceof CountersignError) throw cause
      throw new CountersignError('store-failed', { detail: 'read the journal', cause })
    }
  }

  /** Throws unless the path still leads to the directory, for those who have asked no file of it. */
  checkRoot(): void {
    const root = statSync(this.#root, { throwIfNoEntry: false })
    if (root?.ino === this.#identity.ino && root.dev === this.#identity.dev) return
    throw refused(this.#root, 'was removed or replaced while it was in use')
  }

  /** The text that a file has; `null` for none, `undefined` where the journal does not say. */
  text(folder: Folder, name: string): string | null | undefined {
    return newest(this.#parts, folder, name)
  }

  /** The names in one shard of a folder, with whether the file is there. */
  names(folder: Folder, shard: string): Map<string, boolean> {
    const all = this.#parts.flatMap(({ texts }) => [...(texts.get(`${folder}/${shard}`) ?? [])])
    return new Map(all.map(([name, text]) => [name, text !== null]))
  }

  /** Whether the files of these steps can be changed without the journal. */
  isFree(steps: readonly Step[]): boolean {
    return steps.every(({ folder, name }) => this.text(folder, name) === undefined)
  }

  /** More is written than is placed. */
  isFull(): boolean {
    return this.#parts.length > 1 && this.#last.position > fullSize
  }

  /** Before files are changed without the journal: none of its files comes back after a power loss and hides them. */
  async settle(): Promise<void> {
    if (!this.#unsynced) return
    const before = this.#losses
    try {
      const opened = openSync(this.#path, 'r')
      try {
        await promisify(fsync)(opened)
      } finally {
        closeSync(opened)
      }
    } catch (cause) {
      throw new CountersignError('store-failed', { detail: 'sync a folder', cause })
    }
    if (this.#losses === before) this.#unsynced = false
  }

  /** Resolves once the changes are on disk. */
  append(steps: Step[]): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#waiting.push({ steps, resolve, reject })
      if (!this.#serving) void this.#serve()
    })
  }

  /**
   * Writes all that the journal has to the files.
   *
   * @param patience how long to wait for another process that does so, in milliseconds
   */
  async placeAll(patience: number): Promise<void> {
    while (this.#placing) await this.#placing.catch(() => {})
    this.#placing = this.#placeAll(patience)
    try {
      await this.#placing
    } catch (cause) {
      throw failed(cause)
    } finally {
      this.#placing = undefined
      this.#tried = performance.now()
    }
  }

  get #last(): Part {
    return this.#parts.at(-1) as Part
  }

  #catchUp(): void {
    if (this.#parts.length === 0) this.#openAll()
    for (;;) {
      const last = this.#last
      if (!this.#readOn(last)) this.#openAll()
      else if (last.ended) this.#parts.push(this.#part(last.number + 1))
      else break
    }
    const left = this.#parts.filter((part) => !part.ended || this.#sizeOf(part) !== undefined)
    if (left.length < this.#parts.length) {
      this.#parts = left
      this.#lose()
    }
    this.#plan()
  }

  #lose(): void {
    this.#losses += 1
    this.#unsynced = true
  }

  /** Reads all files. One may go in the meantime: then its successors have all there is, or the files. */
  #openAll(): void {
    this.checkRoot()
    this.#lose()
    for (;;) {
      const numbers = readdirSync(this.#path).filter(isNumber).toSorted().map(Number)
      this.#parts = []
      let there = true
      for (const [index, number] of numbers.entries()) {
        const part = this.#part(number)
        there = this.#readOn(part) && (part.ended || this.#isLast(part, numbers.slice(index + 1)) !== undefined)
        if (!there) break
        this.#parts.push(part)
        if (!part.ended) return
      }
      if (there) this.#make((numbers.at(-1) ?? 0) + 1)
    }
  }

  /**
   * Nobody writes to a later file before this one has its end. Where it has none, it was copied before a later one was:
   * that is the end too. `undefined` where the file is not there any more.
   */
  #isLast(part: Part, later: number[]): boolean | undefined {
    const isWritten = (number: number) => (this.#sizeOf(this.#part(number)) ?? 0) > 0
    if (!later.some(isWritten)) return true
    if (!this.#readOn(part)) return undefined
    part.ended = true
    return false
  }

  /** `undefined` where the file is not there any more. When it is first seen it has to be sound, even without any bytes. */
  #sizeOf(part: Part): number | undefined {
    const stat = lstatSync(part.path, { throwIfNoEntry: false })
    if (stat === undefined) return undefined
    const rule = part.ino === undefined ? brokenRule(stat, this.#group) : undefined
    if (rule !== undefined) throw refused(part.path, rule)
    part.ino ??= stat.ino
    return stat.ino === part.ino ? stat.size : undefined
  }

  #part(number: number): Part {
    const path = join(this.#path, String(number).padStart(digits, '0'))
    return { number, path, size: 0, position: 0, texts: new Map(), ended: false }
  }

  /** It is on disk when the folder is: whoever calls this has called `#lose`, and nothing is written before `settle`. */
  #make(number: number): void {
    try {
      const file = openSync(this.#part(number).path, 'wx', 0o600)
      try {
        if (this.#group) fchmodSync(file, 0o640)
      } finally {
        closeSync(file)
      }
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return
      throw new CountersignError('store-failed', { detail: 'make a file of the journal', cause })
    }
  }

  /** False where the file is not there any more. */
  #readOn(part: Part): boolean {
    const size = this.#sizeOf(part)
    if (size === undefined) return false
    if (size === part.size || part.ended) return true
    const start = part.position
    const bytes = this.#bytes(part, size)
    if (bytes === undefined) return false
    // Mostly it is what was just written here.
    const mine = this.#mine
    const { lines, length, damaged }: Lines = mine?.bytes.equals(bytes) ? { lines: [mine.line], length: bytes.length } : readLines(bytes)
    if (damaged !== undefined) {
      throw new CountersignError('store-failed', { detail: `${part.path} is damaged at byte ${part.position + damaged}` })
    }
    part.position += length
    part.size = start + bytes.length
    this.#grown = performance.now()
    for (const line of lines) if (!part.ended) this.#enforce(line, part)
    return true
  }

  #enforce({ by, steps, end }: Line, part: Part): void {
    for (const { folder, name, text } of steps) {
      const key = `${folder}/${name.slice(0, 2)}`
      const texts = part.texts.get(key) ?? new Map<string, string | null>()
      part.texts.set(key, texts.set(name, text))
    }
    part.ended = end === true
    if (by.startsWith(this.#me)) this.#read.add(by)
  }

  #bytes({ path, position }: Part, size: number): Buffer | undefined {
    const file = this.#open(path, constants.O_RDONLY)
    if (file === undefined) return undefined
    try {
      const bytes = Buffer.allocUnsafe(size - position)
      let length = 0
      // One call reads no more than 2 GiB.
      for (let read = 1; read > 0 && length < bytes.length; length += read) {
        read = readSync(file, bytes, length, Math.min(bytes.length - length, fullSize), position + length)
      }
      return bytes.subarray(0, length)
    } finally {
      closeSync(file)
    }
  }

  /** By the rules of all files of the store; `undefined` where it is not there. */
  #open(path: string, flags: number): number | undefined {
    let file: number
    try {
      file = openSync(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code === 'ENOENT') return undefined
      if (code === 'ELOOP' || code === 'EMLINK') throw refused(path, symbolicLink)
      throw cause
    }
    const stat = fstatSync(file)
    const rule = brokenRule(stat, this.#group)
    if (rule === undefined) return file
    closeSync(file)
    throw refused(path, rule)
  }

  async #serve(): Promise<void> {
    this.#serving = true
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup()
      try {
        await this.#write({ steps: group.flatMap(({ steps }) => steps) })
        for (const { resolve } of group) resolve()
      } catch (cause) {
        // Each caller gets an error of its own.
        for (const { reject } of group) reject(failed(cause))
      }
    }
    this.#serving = false
  }

  #nextGroup(): Waiting[] {
    let size = 0
    const end = this.#waiting.findIndex(({ steps }) => {
      size += steps.reduce((sum, { text }) => sum + (text?.length ?? 0), 0)
      return size > lineSize
    })
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : Math.max(1, end))
  }

  /** Resolves once the line is on disk, and in force. */
  async #write(content: Pick<Line, 'steps' | 'end'>): Promise<void> {
    for (;;) {
      this.checkRoot()
      this.#catchUp()
      await this.settle()
      const part = this.#last
      const by = `${this.#me}-${(this.#written += 1)}`
      const file = this.#open(part.path, constants.O_WRONLY | constants.O_APPEND)
      if (file === undefined) continue
      try {
        const line = { by, ...content }
        const bytes = writeLine(line)
        this.#mine = { line, bytes }
        // Not in the thread pool: a worker thread that is terminated frees its locks, and must not write after that.
        if (writeSync(file, bytes) < bytes.length) throw new CountersignError('store-failed', { detail: 'write a file: it is cut short' })
        await promisify(fdatasync)(file)
      } finally {
        closeSync(file)
      }
      this.#catchUp()
      this.#mine = undefined
      if (this.#read.delete(by)) return
      // It came after the end: it is in force nowhere.
      if (part === this.#last) throw new CountersignError('store-failed', { detail: `${part.path} has not what was written` })
    }
  }

  #plan(): void {
    if (this.#placing || (this.#parts.length === 1 && this.#last.texts.size === 0)) return
    if (this.#last.position > fullSize && performance.now() - this.#tried >= restLength) {
      return this.#placeUnasked()
    }
    this.#timer ??= setTimeout(() => this.#rested(), restLength * (1 + Math.random())).unref()
  }

  #rested(): void {
    this.#timer = undefined
    try {
      this.#catchUp()
    } catch {
      // Whoever calls next is told.
      return
    }
    if (performance.now() - this.#grown >= restLength) this.#placeUnasked()
  }

  /** Nobody waits for it who could be given the error. */
  #placeUnasked(): void {
    this.placeAll(0).catch(({ code, message }: CountersignError) => {
      // Another process is placing.
      if (code === 'lock-timeout' || performance.now() - this.#warned < minute) return
      this.#warned = performance.now()
      process.emitWarning(`directoryStore can't write what its journal holds to its files, so ${this.#path} grows. Nothing is lost. ${message}`, 'CountersignWarning')
    })
  }

  async #placeAll(patience: number): Promise<void> {
    await this.#place.alone(async () => {
      // A thread that was terminated may still be writing older texts, in any lane.
      await inLanes((lane) => this.#place.write(lane, []))
      this.#catchUp()
      // What could not be placed before: as long as that is so, no more files are made.
      if (this.#parts.length > 1) await this.#placeEnded()
      if (this.#last.texts.size === 0) return
      this.#lose()
      this.#make(this.#last.number + 1)
      await this.#write({ steps: [], end: true })
      await this.#placeEnded()
    }, patience)
  }

  async #placeEnded(): Promise<void> {
    const ended = this.#parts.slice(0, -1)
    const steps = allSteps(ended)
    const isNewest = ({ folder, name }: Step) => newest([this.#last], folder, name) === undefined
    await inLanes(async (lane) => {
      while (steps.length > 0) await this.#place.write(lane, steps.splice(0, batchSize).filter(isNewest))
    })
    for (const { path } of ended) unlinkSync(path)
    this.#catchUp()
    await this.settle()
  }
}

/** How files are written. */
export interface Place {
  /** Runs `work` while no other process does such work. */
  alone(work: () => Promise<void>, patience: number): Promise<void>
  /** Writes or removes the files, and syncs them. Of each lane, in all processes, one is at work at a time. */
  write(lane: number, steps: Step[]): Promise<void>
}

/** A file of the journal. */
interface Part {
  number: number
  path: string
  /** Once it was found: another file of the same name is not this one. */
  ino?: number
  /** What it had when it was last read. */
  size: number
  /** What was read of it: whole lines. */
  position: number
  /** By folder and shard, then by name. */
  texts: Map<string, Map<string, string | null>>
  ended: boolean
}

interface Waiting {
  steps: Step[]
  resolve(): void
  reject(error: unknown): void
}

/** The newest text of a file; `null` for none, `undefined` where no part says. */
function newest(parts: readonly Part[], folder: Folder, name: string): string | null | undefined {
  const key = `${folder}/${name.slice(0, 2)}`
  for (let index = parts.length - 1; index >= 0; index -= 1) {
    const text = parts[index]?.texts.get(key)?.get(name)
    if (text !== undefined) return text
  }
  return undefined
}

/** All files of all parts, each with its newest text. */
function allSteps(parts: readonly Part[]): Step[] {
  const steps = new Map<string, Step>()
  for (const { texts } of parts) {
    for (const [key, shard] of texts) {
      const folder = key.slice(0, -3) as Folder
      for (const [name, text] of shard) steps.set(`${folder}/${name}`, { folder, name, text })
    }
  }
  return [...steps.values()]
}

/** Waits for all lanes, whatever fails in one. */
async function inLanes(work: (lane: number) => Promise<void>): Promise<void> {
  const done = await Promise.allSettled(Array.from({ length: lanes }, (_, lane) => work(lane)))
  for (const one of done) if (one.status === 'rejected') throw one.reason
}

function failed(cause: unknown): CountersignError {
  if (!(cause instanceof CountersignError)) return new CountersignError('store-failed', { detail: 'write the journal', cause })
  const copy = new CountersignError(cause.code, 'cause' in cause ? { cause: cause.cause } : {})
  copy.message = cause.message
  return copy
}

function refused(path: string, rule: string): CountersignError {
  return new CountersignError('directory-refused', { detail: `${path} ${rule}` })
}

/** The rules that `crate/files` has for all other files of a store. */
function brokenRule(stat: Stats, group: boolean): string | undefined {
  if (stat.isSymbolicLink()) return symbolicLink
  if (!stat.isFile()) return 'is not a regular file'
  if (stat.uid !== process.geteuid?.()) return 'belongs to another user than this process runs as'
  if ((stat.mode & 0o007) !== 0) return 'is open to other users'
  return (stat.mode & (group ? 0o030 : 0o070)) === 0 ? undefined : 'is open to its group'
}

const symbolicLink = 'is a symbolic link'
const digits = 10

function isNumber(name: string): boolean {
  return name.length === digits && /^\d+$/.test(name)
}
