import { readFileSync } from 'node:fs'

import { Command, CommanderError, InvalidArgumentError } from 'commander'

import { CountersignError } from '../facade/shared/errors.js'
import type { CountersignErrorCode } from '../facade/shared/errors.js'
import { asTyped } from './as-typed.js'
import { addAuditCommand } from './audit-command.js'
import { addBrowserCommands } from './browser-commands.js'
import { addFileCommands } from './file-commands.js'
import { addIndexCommand } from './index-command.js'
import { Exit, printable, toJson } from './io.js'
import type { Io } from './io.js'
import { addMetadataCommands } from './metadata-commands.js'
import { addRecoveryCommands } from './recovery-commands.js'
import { addReportCommand } from './report-command.js'
import { addSealCommands } from './seal-commands.js'
import { addTotpCommands } from './totp-commands.js'
import { addUserCommands } from './user-commands.js'

const footer = `
Stores: directory:PATH, sqlite:FILE, tfa:FILE, postgres://..., redis://..., or the path of a directory, SQLite file
or tfa.cfg.
Put a URL with a password into COUNTERSIGN_STORE: other users of the machine can see arguments.

Exit codes: 0 done; 1 refused (a wrong code, no such user, a file with a mistake); 2 usage error; 3 failure.`

/**
 * Runs one command line.
 *
 * @param args without the program's name
 * @returns the exit code
 */
export async function run(args: string[], io: Io): Promise<number> {
  let code = 0
  const done = (outcome: number) => (code = outcome)
  const program = new Command('countersign')
    .description('Manages second factors in a store: users, codes, files')
    .version(version(), '-V, --version')
    .option('-s, --store <place>', 'the store (environment: COUNTERSIGN_STORE)')
    .option('--create', 'create the store if it does not exist')
    .option('--lock <file>', 'tfa: stores: the lock file that the server uses, if it is not <file>.lock')
    .option('--schema <name>', 'postgres: stores: the schema of the tables')
    .option('--prefix <text>', 'sqlite:, postgres: and redis: stores: the prefix of all names')
    .option('--keys <file>', 'the keys that the store is sealed with (environment: COUNTERSIGN_KEYS_FILE)')
    .option('--keys-fd <number>', 'the same, from an open file descriptor', descriptor)
    .option('--accept-plain', 'with keys: also read records that are not sealed, while an existing store is being sealed')
    .option('--json', 'answer with one JSON document')
    .addHelpText('after', footer)
  const groups = [
    addUserCommands, addBrowserCommands, addTotpCommands, addRecoveryCommands, addFileCommands, addIndexCommand, addSealCommands,
    addAuditCommand, addReportCommand, addMetadataCommands,
  ]
  for (const add of groups) add(program, io, done)
  const json = args.includes('--json')
  guard(program, io, json)
  let running = program
  program.hook('preAction', (_program, command) => void (running = command))
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    return fail(error, running, io, json)
  }
}

function descriptor(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('Expected the number of an open file.')
  return Number(text)
}

/** Keeps commander from ending the process. */
function guard(command: Command, io: Io, json: boolean): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
    outputError: (text, write) => json || write(printableLines(text.replace(/^error:/, 'countersign:'))),
  })
  for (const child of command.commands) guard(child, io, json)
}

/** Commander's messages may quote an argument. */
const printableLines = (text: string) => text.split('\n').map((line) => printable(line)).join('\n')

function fail(error: unknown, command: Command, io: Io, json: boolean): number {
  // Commander has already written this. Help and version end this way too.
  if (error instanceof CommanderError && (error.exitCode === 0 || !json)) return error.exitCode === 0 ? 0 : 2
  const { code, reason, message } = explain(error, command)
  const told = json ? toJson({ ok: false, reason, message }) : `countersign: ${printable(message)}`
  ;(json ? io.stdout : io.stderr).write(`${told}\n`)
  return code
}

function explain(error: unknown, command: Command): { code: number; reason: string; message: string } {
  if (error instanceof Exit) return error
  if (error instanceof CommanderError) return { code: 2, reason: 'usage', message: error.message }
  if (error instanceof CountersignError) {
    const { cause } = error as { cause?: unknown }
    // The driver's message, for example about a connection, is the useful part here.
    const more = cause instanceof Error && cause.message !== '' ? `: ${cause.message}` : ''
    return { code: codes[error.code] ?? 3, reason: error.code, message: asTyped(`${error.message}${more}`, command) }
  }
  const { code = 'failed', message = 'failed' } = error instanceof Error ? (error as NodeJS.ErrnoException) : {}
  return { code: 3, reason: String(code), message: message || String(code) }
}

const codes: Partial<Record<CountersignErrorCode, number>> = {
  'invalid-argument': 2,
  'config-corrupt': 1,
  'config-too-large': 1,
  'metadata-refused': 1,
  'factor-required': 1,
  'factor-limit': 1,
}

function version(): string {
  const path = new URL(import.meta.resolve('countersign/package.json'))
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}
