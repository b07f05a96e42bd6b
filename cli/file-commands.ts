import { open } from 'node:fs/promises'

import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'

import { recordOf } from '../facade/service/countersign.js'
import { CountersignError, isCountersignError, TfaConfig } from '../index.js'
import type { Countersign, TfaExaminedUser, TfaExamination } from '../index.js'
import { foreignFormats, foreignService, importForeign, ofOneUser } from './foreign.js'
import type { ForeignFormat, ForeignOptions } from './foreign.js'
import { Output, printable, toJson } from './io.js'
import type { Io } from './io.js'
import { writeOldLines } from './old-lines.js'
import { replaceFile } from './replace-file.js'
import { checkStore } from './seal-commands.js'
import { onStore } from './service.js'
import type { Done } from './service.js'

/** `import`, `export`, `check`. */
export function addFileCommands(program: Command, io: Io, done: Done): void {
  program
    .command('import <file>')
    .description('import the users of a tfa.cfg or tfa.json, or data of --format; - is standard input')
    .option('--format <name>', `tfa, or ${foreignFormats.join(', ')}`, importFormat, 'tfa')
    .option('--replace', 'tfa: also replace users who have other factors in the store')
    .option('--max-bytes <number>', 'refuse files that are larger', bytes, defaultBytes)
    .option('--user <user>', 'other formats: the user that the whole file belongs to')
    .option('--user-member <name>', 'other formats: the member of each row that names its user', 'user')
    .option('--encoding <name>', 'otplib, speakeasy: base32, hex, base64, ascii, latin1 or utf8')
    .option('--otplib <version>', 'otplib: the major version, if it is older than 13', Number)
    .option('--algorithm <name>', 'secrets: the algorithm, if it is not SHA1')
    .option('--digits <number>', 'secrets: the number of digits, if it is not 6', Number)
    .option('--period <seconds>', 'secrets: the period, if it is not 30', Number)
    .option('--app-id <url>', 'u2f: the u2f.appId of the server')
    .option('--description <text>', 'other formats: the name that users see')
    .option('--rp-id <domain>', 'the rp.id of your server, to add the passkeys to the index; see countersign index')
    .action((file: string, _options: object, command: Command) =>
      onStore<ImportOptions>(command, io, done, async ({ service, out, options }) => {
        if (options.format !== 'tfa') {
          const text = Buffer.from(await read(file, options.maxBytes, io)).toString('utf8')
          return importForeign(text, options.format, options, service, out)
        }
        const config = parseTfa(await read(file, options.maxBytes, io), file, options.maxBytes, out)
        const result: Imported = { imported: 0, unchanged: 0, empty: 0, kept: [], refused: [], repeatedTotp: [] }
        for (const user of config.users()) {
          // Used-up recovery codes and unusable entries are factors too.
          if (config.listEntries(user).length > 0) {
            await importUser(user, config.userData(user) as string, options.replace === true, service, result)
          } else {
            result.empty += 1
          }
        }
        const { imported, unchanged, empty, kept, refused, repeatedTotp } = result
        const lines = [`imported: ${imported}, already there: ${unchanged}, without a factor: ${empty}`]
        for (const user of kept) lines.push(`not changed, has other factors (see --replace): ${printable(user)}`)
        for (const { user, reason } of refused) lines.push(`refused (${reason}): ${printable(user)}`)
        for (const user of repeatedTotp) lines.push(`same TOTP secret in several entries, so each code is accepted only once: ${printable(user)}`)
        const complete = kept.length === 0 && refused.length === 0
        if (complete) out.answer({ ok: true, ...result }, lines.join('\n'))
        else out.refuse({ ok: false, reason: 'incomplete', ...result }, lines.join('\n'))
      }, (options) => foreignService(options.format, options)),
    )

  program
    .command('export <file>')
    .description('write all users to a tfa.cfg with mode 0600; - is standard output')
    .option('--format <name>', 'json, or lines (the format of Proxmox up to 7.0)', format, 'json')
    .option('--additions', "also write data that Proxmox can't store, such as failure counters; Proxmox refuses such a file")
    .option('--force', 'replace an existing file')
    .action((file: string, _options: object, command: Command) =>
      onStore<ExportOptions>(command, io, done, async ({ service, out, options }) => {
        const { additions = false } = options
        const config = TfaConfig.create({ additions })
        const skipped: Skipped[] = []
        for await (const user of service.users()) {
          const reason = await attempt(async () => {
            const record = await recordOf(service, user)
            if (record !== null) config.setUserData(user, record)
          })
          if (reason !== undefined) skipped.push({ user, reason })
        }
        const lines = options.format === 'lines' ? writeOldLines(config) : undefined
        const content = lines?.text ?? config.write()
        for (const user of lines?.unfit ?? []) skipped.push({ user, reason: 'format' })
        if (file === '-') io.stdout.write(content)
        else await replaceFile(file, content, options.force === true)
        const written = lines?.written ?? config.users().length
        const { unguarded } = lines ?? {}
        const said = [`written: ${written}`, ...skipped.map(({ user, reason }) => `left out (${reason}): ${printable(user)}`)]
        for (const user of unguarded ?? []) said.push(`written without the lock or the last TOTP step, which lines can't hold: ${printable(user)}`)
        tell(out, file, { ok: skipped.length === 0, written, skipped, ...(unguarded && { unguarded }) }, said.join('\n'))
      }),
    )

  program
    .command('check [file]')
    .description('report the contents and mistakes of a tfa.cfg or tfa.json, user by user; - is standard input; without a file: how many records of the store are sealed, by key')
    .option('--max-bytes <number>', 'refuse files that are larger', bytes, defaultBytes)
    .action(async (file: string | undefined, _options: object, command: Command) => {
      if (file === undefined) return onStore(command, io, done, checkStore)
      const options = command.optsWithGlobals<{ json?: boolean; maxBytes: number }>()
      const out = new Output(io, options.json === true)
      const examined = TfaConfig.examine(await read(file, options.maxBytes, io), { maxBytes: options.maxBytes, json: isJson(file) })
      const ok = examined.mistakes === 0
      // The whole report is the answer, even if there are mistakes.
      out.answer({ ok, ...examined }, describe(file, examined))
      done(ok ? 0 : 1)
    })
}

/** Parses a file for `import`. One that is no `tfa.cfg` is most often data of another library. */
function parseTfa(contents: Uint8Array, file: string, maxBytes: number, out: Output): TfaConfig {
  try {
    return TfaConfig.parse(contents, { maxBytes, json: isJson(file) })
  } catch (error) {
    if (isCountersignError(error, 'config-corrupt')) out.note('To import data of another library, pass --format.')
    throw error
  }
}

/** The same rule as in `tfaConfigStore`. */
const isJson = (file: string): boolean => file.toLowerCase().endsWith('.json')

interface Imported {
  imported: number
  unchanged: number
  /** Users without a factor. They need no record. */
  empty: number
  kept: string[]
  refused: Skipped[]
  /** Users with the same TOTP secret in several entries. */
  repeatedTotp: string[]
}

interface Skipped {
  user: string
  reason: string
}

interface Exported {
  ok: boolean
  written: number
  skipped: Skipped[]
  /** For the old line format: users who could use a code again, or who are no longer locked. */
  unguarded?: string[]
}

interface ImportOptions extends ForeignOptions {
  format: 'tfa' | ForeignFormat
  replace?: boolean
  maxBytes: number
}

interface ExportOptions {
  format: 'json' | 'lines'
  additions?: boolean
  force?: boolean
}

const defaultBytes = 64 * 1024 * 1024

function bytes(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1 || number > 2 ** 30) throw new InvalidArgumentError('Expected 1 to 1073741824.')
  return number
}

function format(text: string): 'json' | 'lines' {
  if (text !== 'json' && text !== 'lines') throw new InvalidArgumentError('Expected json or lines.')
  return text
}

function importFormat(text: string): ImportOptions['format'] {
  const format = (['tfa', ...foreignFormats] as const).find((one) => one === text)
  if (format === undefined) throw new InvalidArgumentError(`Expected tfa, ${foreignFormats.join(', ')}.`)
  return format
}

async function importUser(
  user: string,
  record: string,
  replace: boolean,
  service: Countersign,
  result: Imported,
): Promise<void> {
  try {
    const done = await service.importRecord(user, record, { replace })
    if (!done.ok) {
      if (done.reason === 'other-factors') result.kept.push(user)
      else result.refused.push({ user, reason: done.reason === 'user-handle-taken' ? 'handle-taken' : done.reason })
      return
    }
    result[done.changed ? 'imported' : 'unchanged'] += 1
    if (done.repeatedTotp) result.repeatedTotp.push(user)
  } catch (error) {
    result.refused.push({ user, reason: ofOneUser(error) })
  }
}

/** Why the user can't be written. */
async function attempt(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    return ofOneUser(error)
  }
}

/** If the file itself is written to standard output, the report goes to standard error. */
function tell(out: Output, file: string, value: Exported, text: string): void {
  if (!value.ok) out.code = 1
  if (file === '-') out.io.stderr.write(`${out.json ? toJson(value) : text}\n`)
  else if (value.ok) out.answer(value, text)
  else out.refuse(value, text)
}

/** Stops reading as soon as the file is larger than allowed. */
async function read(path: string, maxBytes: number, io: Io): Promise<Uint8Array> {
  const file = path === '-' ? undefined : await open(path)
  try {
    if (file && (await file.stat()).size > maxBytes) throw new CountersignError('config-too-large')
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of (file?.createReadStream({ autoClose: false }) ?? io.stdin) as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > maxBytes) throw new CountersignError('config-too-large')
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } finally {
    await file?.close()
  }
}

function describe(file: string, examined: TfaExamination): string {
  const name = file === '-' ? 'standard input' : printable(file)
  const lines = examined.users.flatMap((user) => describeUser(name, user))
  for (const { line, problem } of examined.problems) lines.push(`${name}${line === undefined ? '' : `:${line}`}: PROBLEM: ${printable(problem)}`)
  const kind = { json: 'JSON', lines: 'the old line format' }
  const form = examined.format === undefined ? '' : `, ${kind[examined.format]}`
  const { count, mistakes, users } = examined
  if (users.length < count) lines.push(`${name}: and ${count - users.length} more users`)
  lines.push(`${name}${form}: users: ${count}, mistakes: ${mistakes}`)
  return lines.join('\n')
}

function describeUser(name: string, { line, user, factors, problems, remarks }: TfaExaminedUser): string[] {
  const place = `${name}:${line}: ${user === undefined ? '' : `${printable(user)}: `}`
  const held = Object.entries(factors).map(([type, count]) => `${type} ${count}`)
  const what = problems.length > 0 ? [] : [`${place}${held.join(', ') || 'nothing'}`]
  return [
    ...what,
    ...problems.map((problem) => `${place}PROBLEM: ${printable(problem)}`),
    ...remarks.map((remark) => `${place}note: ${printable(remark)}`),
  ]
}
