import type { Readable, Writable } from 'node:stream'

/** What a command reads and writes; `process` is one. */
export interface Io {
  stdin: Readable & { isTTY?: boolean }
  stdout: Writable & { isTTY?: boolean }
  stderr: Writable
  env: Record<string, string | undefined>
}

/** Ends with this code: 1 refused, 2 wrong usage, 3 failed. */
export class Exit extends Error {
  readonly code: 1 | 2 | 3
  /** For `--json`: why, as a stable word. */
  readonly reason: string

  constructor(code: 1 | 2 | 3, reason: string, message: string) {
    super(message)
    this.code = code
    this.reason = reason
  }
}

export const usage = (message: string): Exit => new Exit(2, 'usage', message)

/** Where the answer of one command goes: people's text, or one JSON document. */
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
    this.io.stdout.write(`${this.json ? JSON.stringify(value) : text}\n`)
  }

  /** The answer of a command that did not do, or not do all, what it was asked for. */
  refuse(value: unknown, text: string): void {
    this.code = 1
    if (this.json) this.answer(value, text)
    else this.io.stderr.write(`${text}\n`)
  }

  /** What a person may want to know beside the answer. */
  note(text: string): void {
    if (!this.json) this.io.stderr.write(`${text}\n`)
  }
}

/** Text from a store or a file, harmless on a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`)
}
