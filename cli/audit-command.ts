import { readFile } from 'node:fs/promises'

import type { Command } from 'commander'

import { auditTo } from '../index.js'
import type { AuditCheck, AuditEntry, AuditLog } from '../index.js'
import { directoryAudit } from '../facade/stores/index.js'
import { postgresAudit } from '../facade/stores/postgres-store.js'
import { Output, printable, usage } from './io.js'
import type { Io } from './io.js'
import { openPool, refusePassword } from './open-store.js'
import type { Done } from './service.js'

/** `audit`. */
export function addAuditCommand(program: Command, io: Io, done: Done): void {
  program
    .command('audit <user>')
    .description("show the audit log of a user and check that nobody has changed it")
    .option('--log <place>', 'the log: directory:PATH or postgres://... (environment: COUNTERSIGN_AUDIT)')
    .option('--key-file <file>', 'the key of the log, as base64url text (environment: COUNTERSIGN_AUDIT_KEY_FILE)')
    .option('--head <head>', 'also check that the log still has this line: the head that an earlier run printed')
    .option('--limit <number>', 'how many entries to show, the newest ones (all are checked)', Number, 100)
    .addHelpText('after', help)
    .action(async (user: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<AuditOptions>()
      const out = new Output(io, options.json === true)
      const { log, close } = await openLog(options, io)
      try {
        const checked = await log.check(user, options.head === undefined ? {} : { head: options.head })
        const { entries } = await log.read(user, { limit: options.limit })
        const shown = entries.toReversed()
        out.answer({ user, ...checked, entries: shown }, [...shown.map(line), ...verdict(checked, options)].join('\n'))
        // The log is the answer, whatever the verdict.
        if (!checked.ok) out.code = 1
        done(out.code)
      } finally {
        await close()
      }
    })
}

interface AuditOptions {
  json?: boolean
  log?: string
  keyFile?: string
  head?: string
  limit: number
  schema?: string
  prefix?: string
}

async function openLog(options: AuditOptions, io: Io): Promise<{ log: AuditLog; close(): Promise<void> }> {
  const place = options.log ?? io.env['COUNTERSIGN_AUDIT']
  if (!place) throw usage('No audit log given: pass --log, or set COUNTERSIGN_AUDIT')
  refusePassword(options.log, 'COUNTERSIGN_AUDIT')
  const keyFile = options.keyFile ?? (io.env['COUNTERSIGN_AUDIT_KEY_FILE'] || undefined)
  const keyed = keyFile === undefined ? {} : { key: (await readFile(keyFile, 'utf8')).trim() }
  if (/^postgres(?:ql)?:\/\//.test(place)) {
    const { schema, prefix } = options
    const pool = await openPool(place)
    const store = postgresAudit(pool, { ...(schema !== undefined && { schema }), ...(prefix !== undefined && { prefix }) })
    return { log: auditTo(store, keyed), close: () => pool.end() }
  }
  if (/^[a-z]+:\/\//.test(place)) throw usage('Unknown audit log: expected directory:PATH or postgres://...')
  return { log: auditTo(directoryAudit(place.replace(/^directory:/, '')), keyed), close: async () => {} }
}

function line({ at, type, factor, reason, left, browser, by, from, refused, missing }: AuditEntry): string {
  const parts = [new Date(at).toISOString(), type]
  if (factor) parts.push(factor.id === undefined ? factor.type : `${factor.type} ${factor.id}`)
  if (reason !== undefined) parts.push(`(${reason})`)
  if (left !== undefined) parts.push(`${left} left`)
  if (browser !== undefined) parts.push(`browser ${browser}`)
  if (by !== undefined) parts.push(`by ${by}`)
  if (from !== undefined) parts.push(`from ${from}`)
  if (refused !== undefined) parts.push(`[${refused} refusals before this were only counted]`)
  if (missing !== undefined) parts.push(`[${missing} entries before this are missing: the audit store failed]`)
  return parts.map(printable).join('  ')
}

function verdict({ ok, lines, link, head, mistakes }: AuditCheck, { head: kept }: AuditOptions): string[] {
  const links = link === 'hmac' ? 'each is linked by an HMAC' : 'each has a checksum, which shows accidents only: there is no key'
  const said = [`${lines} ${lines === 1 ? 'entry' : 'entries'}, ${links}`]
  for (const { place, reason } of mistakes) said.push(`entry ${place}: ${mistakesSaid[reason]}`)
  if (ok && kept === undefined && lines > 0) said.push('nothing is wrong; whether its end was cut off shows only with --head')
  else if (ok) said.push('nothing is wrong')
  return head === null ? said : [...said, `head: ${head}`]
}

const mistakesSaid = {
  unreadable: 'this is no entry',
  place: 'an entry is missing here, or it is not in its place',
  user: 'it belongs to another user',
  link: 'it or the one before was changed, or written with another key',
  head: 'the log does not have the entry that --head names: its end was cut off, or it was written anew',
}

const help = `
Keep the head that is printed in another place than the log, and pass it to the next run.
Put a URL with a password into COUNTERSIGN_AUDIT: other users of the machine can see arguments.`
