import type { Command } from 'commander'

import type { Factor, Status } from '../index.js'
import { confirm } from './ask.js'
import { printable } from './io.js'
import type { Io } from './io.js'
import { onStore } from './service.js'
import type { Done } from './service.js'

/** `users`, `show`, `unlock`, `remove`. */
export function addUserCommands(program: Command, io: Io, done: Done): void {
  program
    .command('users')
    .description('list all users who have a factor')
    .action((_options: object, command: Command) =>
      onStore(command, io, done, async ({ service, out }) => {
        const names: string[] = []
        for await (const name of service.users()) {
          // A million names are told as they come, and as long as somebody reads them.
          if (io.stdout.destroyed) break
          if (out.json) names.push(name)
          else io.stdout.write(`${printable(name)}\n`)
        }
        if (out.json) out.answer(names, '')
      }),
    )

  program
    .command('show <user>')
    .description("show a user's factors and locks")
    .action((user: string, _options: object, command: Command) =>
      onStore(command, io, done, async ({ service, out }) => {
        const [factors, status] = await Promise.all([service.factors(user), service.status(user)])
        if (!status.enrolled) return out.refuse(noSuchUser, 'No such user')
        out.answer({ user, factors, status }, describe(user, factors, status))
      }),
    )

  program
    .command('unlock <user>')
    .description('remove all locks of a user and reset the failure counters')
    .action((user: string, _options: object, command: Command) =>
      onStore(command, io, done, async ({ service, out }) => {
        if (!(await service.status(user)).enrolled) return out.refuse(noSuchUser, 'No such user')
        const { unlocked } = await service.unlock(user)
        out.answer({ ok: true, unlocked }, unlocked ? 'Unlocked' : 'The user was not locked')
      }),
    )

  program
    .command('remove <user> [id]')
    .description('remove one factor, or everything stored about the user')
    .option('-y, --yes', 'do not ask')
    .action((user: string, id: string | undefined, _options: object, command: Command) =>
      onStore<{ yes?: boolean }>(command, io, done, async ({ service, out, options }) => {
        const what = id === undefined ? 'every factor' : 'this factor'
        await confirm(io, `Remove ${what} of ${printable(user)}?`, options.yes)
        if (id === undefined) {
          if (!(await service.removeUser(user))) return out.refuse(noSuchUser, 'No such user')
          return out.answer({ ok: true, left: [] }, 'Removed')
        }
        const removed = await service.removeFactor(user, id)
        if (!removed.ok) return out.refuse(removed, 'This user has no such factor')
        const left = removed.left.filter(({ type }) => type !== 'recovery').length
        out.answer(removed, left === 0 ? 'Removed; the user has no second factor now' : `Removed; ${left} left`)
      }),
    )
}

const noSuchUser = { ok: false, reason: 'no-such-user' }

/** One line a factor. */
export function describeFactors(factors: Factor[]): string {
  return factors.map((factor) => line(factor)).join('\n')
}

function line(factor: Factor): string {
  const used = factor.lastUsed === undefined ? 'never used' : `last used ${day(factor.lastUsed)}`
  const parts = [
    factor.type.padEnd(8),
    printable(factor.id).padEnd(36),
    printable(factor.description),
    `created ${day(factor.created)}`,
    factor.type === 'recovery' ? `${factor.left} left` : used,
    ...(factor.enabled ? [] : ['disabled']),
  ]
  return parts.filter((part) => part !== '').join('  ')
}

function describe(user: string, factors: Factor[], status: Status): string {
  const { locked, lockedUntil, unlockedBy = [], failures } = status
  const until = typeof lockedUntil === 'number' ? ` until ${instant(lockedUntil)}` : ''
  const locks = locked.length === 0 ? 'not locked' : `locked${until}: ${locked.join(', ')}`
  const lifted = locked.length === 0 ? '' : `\nto unlock: ${[...unlockedBy, 'countersign unlock'].join(', ')}`
  return `${printable(user)}: ${locks}; wrong codes in a row: ${failures}\n${describeFactors(factors)}${lifted}${clock(status)}`
}

/** Of the administrator's status alone, never of a page. */
function clock({ drift }: Status): string {
  if (drift === undefined) return ''
  const where = drift < 0 ? 'earlier' : 'later'
  return `\nclock: the last wrong code would have been right ${Math.abs(drift)} steps ${where}: check the clock of the phone and of this machine`
}

const day = (time: number) => instant(time).slice(0, 10)

/** Files hold any number. */
function instant(time: number): string {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? 'at no time' : date.toISOString()
}
