import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

import type { Command } from 'commander'

import type { OpenOptions, Policy, Reported, Requirement } from '../index.js'
import { memberOf } from '../facade/shared/check.js'
import { printable, usage } from './io.js'
import type { Io } from './io.js'
import { onStore } from './service.js'
import type { Done } from './service.js'
import { day } from './user-commands.js'

/** `report`. */
export function addReportCommand(program: Command, io: Io, done: Done): void {
  program
    .command('report')
    .description('list the users who have not enrolled what a policy requires, also those without a record')
    .requiredOption('--users <file>', 'the ids of all your users, one a line; - is standard input')
    .requiredOption('--policy <module>', 'a module of JavaScript that exports the policy of your server')
    .option('--all', 'list all users')
    .option('--u2f', 'U2F keys count: your server has the option u2f')
    .option('--yubico', 'Yubico OTP counts: your server has the option yubico')
    .addHelpText('after', help)
    .action(async (_options: object, command: Command) => {
      const policy = await policyIn(command.opts<ReportOptions>().policy)
      await onStore<ReportOptions>(command, io, done, async ({ service, out, options }) => {
        const counts: Record<Reported['state'], number> = { none: 0, grace: 0, expiring: 0, required: 0, failed: 0 }
        const listed: Reported[] = []
        for await (const line of service.report(linesOf(options.users, io))) {
          // There may be a million. Each is written at once, until nobody reads them any more.
          if (io.stdout.destroyed) break
          counts[line.state] += 1
          if (line.state === 'none' && options.all !== true) continue
          if (out.json) listed.push(line)
          else io.stdout.write(`${described(line)}\n`)
        }
        const { none, grace, expiring, required, failed } = counts
        if (out.json) out.answer({ counts, users: listed }, '')
        out.note(`nothing is missing: ${none}; in time: ${grace + expiring}; too late: ${required}; not readable: ${failed}`)
        if (failed > 0) out.code = 1
      }, (options) => serviceOf(options, policy))
    })
}

interface ReportOptions {
  users: string
  policy: string
  all?: boolean
  u2f?: boolean
  yubico?: boolean
}

/** What the server is set up with decides which factors count. Nothing is verified here. */
function serviceOf({ u2f, yubico }: ReportOptions, policy: Policy): Partial<OpenOptions> {
  return {
    policy,
    ...(u2f && { u2f: { appId: 'https://localhost' } }),
    ...(yubico && { yubico: { secrets: () => undefined } }),
  }
}

async function policyIn(place: string): Promise<Policy> {
  const module: object = await import(pathToFileURL(resolve(place)).href)
  const policy = memberOf(module, 'policy') ?? memberOf(module, 'default')
  if (typeof policy !== 'function') throw usage('The module of --policy must export a function, as policy or as default')
  return policy as Policy
}

async function* linesOf(file: string, io: Io): AsyncGenerator<string, void, undefined> {
  const handle = file === '-' ? undefined : await open(file)
  const input = handle?.createReadStream({ encoding: 'utf8' }) ?? io.stdin
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) if (line !== '') yield line
  } finally {
    await handle?.close()
  }
}

function described(line: Reported): string {
  const user = printable(line.user)
  if (line.state === 'failed') return `${'failed'.padEnd(8)}  ${user}  (${line.reason})`
  const { state, by, require, factors } = line
  const parts = [state.padEnd(8), user]
  if (by !== undefined) parts.push(`${state === 'required' ? 'since' : 'until'} ${day(by)}`)
  if (require) parts.push(`needs ${needed(require)}`)
  parts.push(factors.length > 0 ? `has ${[...new Set(factors)].join(', ')}` : 'has nothing')
  return parts.join('  ')
}

function needed(require: Requirement): string {
  const names = Object.keys(require)
  return names.length === 0 ? 'any factor' : names.join(', ')
}

const help = `
The policy is the one of your server: export const policy = ({ user, factors }) => ({ require: true, by: ... }).
Nothing is stored. The date of a user who has not signed in since the policy began is what the policy says now.`
