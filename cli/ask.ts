import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

import { Exit, usage } from './io.js'
import type { Io } from './io.js'

/** More bytes than any secret, code or answer has. */
const maxBytes = 65_536

/** Asks the person at the terminal one question. Only called on a terminal. */
export async function ask(io: Io, question: string, { hidden = false } = {}): Promise<string> {
  io.stderr.write(question)
  const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : io.stderr
  const lines = createInterface({ input: io.stdin, output, terminal: true })
  try {
    const closed = new Promise<never>((_resolve, reject) => {
      lines.once('close', () => reject(new Exit(1, 'cancelled', 'Cancelled')))
    })
    return (await Promise.race([lines.question(''), closed])).trim()
  } finally {
    lines.close()
    if (hidden) io.stderr.write('\n')
  }
}

/** Asks on a terminal whether to continue. Elsewhere, and with `--yes`, it continues without asking. */
export async function confirm(io: Io, question: string, yes: boolean | undefined): Promise<void> {
  if (yes === true || io.stdin.isTTY !== true) return
  const answer = await ask(io, `${question} [y/N] `)
  if (!['y', 'yes'].includes(answer.toLowerCase())) throw new Exit(1, 'cancelled', 'Cancelled')
}

/** Reads lines from a file, a terminal or a pipe. They must not be arguments, which other users can see. */
export async function askForLines(
  io: Io,
  questions: { question: string; hidden?: boolean }[],
  file?: string,
): Promise<string[]> {
  if (file === undefined && io.stdin.isTTY === true) {
    const answers: string[] = []
    for (const { question, hidden = false } of questions) answers.push(await ask(io, question, { hidden }))
    return answers
  }
  const text = file === undefined || file === '-' ? await readAll(io) : await readText(file)
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '')
  if (lines.length !== questions.length) {
    const wanted = questions.length === 1 ? 'one line' : `${questions.length} lines`
    throw usage(`Expected ${wanted} on standard input or in the file, but found ${lines.length}`)
  }
  return lines
}

async function readAll(io: Io): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of io.stdin as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > maxBytes) throw usage(`Standard input has more than ${maxBytes} bytes`)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function readText(path: string): Promise<string> {
  const bytes = await readFile(path)
  if (bytes.length > maxBytes) throw usage(`The file has more than ${maxBytes} bytes`)
  return bytes.toString('utf8')
}
