import { fstatSync, statSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'

/** What a command reads from and writes to. `process` is one. */
export interface Io {
  stdin: Readable & { isTTY?: boolean }
  stdout: Writable & { isTTY?: boolean; fd?: number }
  stderr: Writable & { isTTY?: boolean }
  env: Record<string, string | undefined>
}

/** Ends the command with this exit code: 1 refused, 2 usage error, 3 failed. */
export class Exit extends Error {
  readonly code: 1 | 2 | 3
  /** The reason for `--json`, as a stable word. */
  readonly reason: string

  constructor(code: 1 | 2 | 3, reason: string, message: string) {
    super(message)
    this.code = code
    this.reason = reason
  }
}

export const usage = (message: string): Exit => new Exit(2, 'usage', message)

/** The output of one command: text for people, or one JSON document. */
export class Output {
  /** The exit code so far. */
  code: 0 | 1 = 0
  readonly io: Io
  readonly json: boolean

  constructor(io: Io, json: boolean) {
    this.io = io
    this.json = json
  }

  answer(value: unknown, text: string): void {
    this.io.stdout.write(this.#spell(value, text))
  }

  /** Call it before creating something whose only copy will be the output. Throws if nobody reads the output. */
  expectReader(): void {
    const { fd, destroyed } = this.io.stdout
    // If standard output is closed, Node.js opens the null device instead.
    const dropped = fd !== undefined && process.platform !== 'win32' && fstatSync(fd).rdev === statSync('/dev/null').rdev
    if (dropped || destroyed) throw nobody
  }

  /** Writes an answer that is the only copy of its contents. Throws if it can't be written. */
  async deliver(value: unknown, text: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.io.stdout.write(this.#spell(value, text), (error) => (error ? reject(nobody) : resolve()))
    })
  }

  /** The answer of a command that did nothing, or only a part of its task. */
  refuse(value: unknown, text: string): void {
    this.code = 1
    if (this.json) this.answer(value, text)
    else this.io.stderr.write(`${text}\n`)
  }

  /** Further information for people. */
  note(text: string): void {
    if (!this.json) this.io.stderr.write(`${text}\n`)
  }

  /** One line about long work that changes in place on a terminal; elsewhere it is written again now and then. */
  progress(): { show(text: string): void; end(): void } {
    const { stderr } = this.io
    const pause = stderr.isTTY === true ? 100 : 5000
    let shown = performance.now()
    let open = false
    return {
      show: (text) => {
        if (this.json || performance.now() - shown < pause) return
        shown = performance.now()
        open = stderr.isTTY === true
        stderr.write(open ? `\r${text}` : `${text}\n`)
      },
      end: () => {
        if (open) stderr.write('\n')
      },
    }
  }

  #spell(value: unknown, text: string): string {
    return `${this.json ? toJson(value) : text}\n`
  }
}

const nobody = new Exit(3, 'output-lost', 'Nothing reads the output, which is the only copy of its contents')

/** Text from a store or a file, harmless on a terminal. */
export function printable(text: string): string {
  return text.replaceAll(harmful, (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`)
}

/** JSON text, harmless on a terminal. */
export function toJson(value: unknown): string {
  const escape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  // Such characters only occur in strings. Those above U+FFFF become two escapes.
  return JSON.stringify(value).replaceAll(harmful, (found) => found.split('').map(escape).join(''))
}

/** Characters that control a terminal, or the order in which it shows text. */
const harmful = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
