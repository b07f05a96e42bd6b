import { userInfo } from 'node:os'

import type { Command } from 'commander'

import { isCountersignError } from '../index.js'
import type { Countersign, Factor, Removal, Status } from '../index.js'
import { asDescription } from '../facade/shared/check.js'
import { foreignNames } from '../facade/stores/foreign-names.js'
import { confirm } from './ask.js'
import { Exit, printable, usage } from './io.js'
import type { Io } from './io.js'
import { onStore } from './service.js'
import type { Done } from './service.js'

/** `users`, `show`, `unlock`, `remove`. */
export function addUserCommands(program: Command, io: Io, done: Done): void {
  program
    .command('users')
    .description('list all users who have a factor, those whose last one was removed, and those who have to enrol one')
    .action((_options: object, command: Command) =>
      onStore(command, io, done, async ({ service, store, out }) => {
        const names: string[] = []
        // A file of another system may list users without a factor. In all other stores they have no record.
        const isForeign = Object.hasOwn(store, foreignNames)
        for await (const page of pages(service.users(), 64)) {
          // There may be a million names. Each page is written at once, until nobody reads them any more.
          if (io.stdout.destroyed) break
          const held = await Promise.all(page.map((name) => !isForeign || holdsSomething(service, name)))
          const found = page.filter((_, index) => held[index])
          if (out.json) names.push(...found)
          else io.stdout.write(found.map((name) => `${printable(name)}\n`).join(''))
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
        if (!status.enrolled && !status.removed && !status.deadlines) return out.refuse(noSuchUser, unknownUser)
        out.answer({ user, factors, status }, describe(user, factors, status))
      }),
    )

  program
    .command('unlock <user>')
    .description('remove all locks of a user and reset the failure counters')
    .option(...byOption)
    .action((user: string, _options: object, command: Command) =>
      onStore<ByOption>(command, io, done, async ({ service, out, options }) => {
        if (!(await service.status(user)).enrolled) return out.refuse(noSuchUser, unknownUser)
        const { unlocked } = await service.unlock(user, byOf(options, io))
        out.answer({ ok: true, unlocked }, unlocked ? 'Unlocked' : 'The user was not locked')
      }),
    )

  program
    .command('remove <user> [id]')
    .description('remove one factor of a user, or all of them')
    .option('-y, --yes', 'do not ask')
    .option('--require-enrolment', 'remove all factors; the user must enrol one at the next sign-in')
    .option('--everything', 'remove everything stored about the user, for an account that you delete')
    .option(...byOption)
    .action((user: string, id: string | undefined, _options: object, command: Command) =>
      onStore<RemoveOptions>(command, io, done, async ({ service, out, options }) => {
        const { yes, everything = false, requireEnrolment = false } = options
        if ([id !== undefined, everything, requireEnrolment].filter(Boolean).length > 1) {
          throw usage('Use one of an id, --require-enrolment and --everything')
        }
        const what = everything ? 'everything stored' : id === undefined ? 'every factor' : 'this factor'
        await confirm(io, `Remove ${what} of ${printable(user)}?`, yes)
        const by = byOf(options, io)
        if (everything) {
          if (!(await service.removeUser(user, by))) return out.refuse(noSuchUser, unknownUser)
          out.answer({ ok: true, left: [] }, 'Removed')
          return out.note(afterEverything)
        }
        if (id === undefined) {
          const removed = await readable(requireEnrolment ? service.requireEnrolment(user, by) : service.removeFactors(user, by))
          if (!removed.ok) return out.refuse(noSuchUser, unknownUser)
          out.answer(removed, 'Removed')
          return out.note(requireEnrolment ? `${afterLast}\n${afterDemand}` : afterLast)
        }
        const removed = await readable(service.removeFactor(user, id, by))
        if (!removed.ok) return out.refuse(removed, 'This user has no such factor')
        const left = removed.left.filter(({ type }) => type !== 'recovery').length
        out.answer(removed, left === 0 ? 'Removed; the user has no second factor now' : `Removed; ${left} left`)
        if (removed.left.length === 0) out.note(afterLast)
      }),
    )
}

/** Groups the items, so that they don't each wait for a round trip to the database, one after the other. */
async function* pages<T>(all: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let page: T[] = []
  for await (const one of all) {
    if (page.push(one) < size) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}

/** True also for a record that can't be read or opened: its user is listed, and the list goes on. */
async function holdsSomething(service: Countersign, user: string): Promise<boolean> {
  try {
    const { enrolled, removed, deadlines } = await service.status(user)
    return enrolled || removed !== undefined || deadlines !== undefined
  } catch (error) {
    if (isCountersignError(error, 'record-corrupt') || isCountersignError(error, 'record-sealed')) return true
    throw error
  }
}

const noSuchUser = { ok: false, reason: 'no-such-user' }
// Most often it is a name that was given, where the server's ids are others.
const unknownUser = 'No such user: `countersign users` lists the ids in the store'

export interface ByOption {
  by?: string
}

interface RemoveOptions extends ByOption {
  yes?: boolean
  everything?: boolean
  requireEnrolment?: boolean
}

export const byOption = ['--by <who>', 'who does this, for the record; default: your login name'] as const

/** What the administrator has to know after the last factor is removed. */
const afterLast = `This user can now sign in with the password alone, even if the server passes enrolled: true. Until the user enrols
again, the record says who removed the last factor. If the server stores "enrolled" itself, set it to false.
Open sessions stay open: end them. If others might know the password, let the user set a new one.`

const afterDemand = `With countersign/http, the user must enrol at the next sign-in. Other servers must check
status(user).removed.enrolmentRequired.`

const afterEverything = `If the server still passes enrolled: true for this user, signing in fails with record-missing, which is meant for
lost records. Delete the account, or set its "enrolled" to false.`

export function byOf({ by }: ByOption, { env }: Io): { by?: string } {
  // With sudo, this is the user who ran it, not root.
  const name = by ?? asDescription(env['SUDO_USER'] ?? loginName())
  return name === '' && by === undefined ? {} : { by: name }
}

/** The login name. A system user may have none. */
function loginName(): string {
  try {
    return userInfo().username
  } catch {
    return ''
  }
}

async function readable<T>(removed: Promise<T>): Promise<T> {
  try {
    return await removed
  } catch (error) {
    if (!isCountersignError(error, 'record-corrupt')) throw error
    throw new Exit(3, error.code, `${error.message}; to remove it, use remove --everything`)
  }
}

/** One line for each factor. */
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
    ...(factor.unusable ? ['unusable: remove it'] : factor.enabled ? [] : ['disabled']),
  ]
  return parts.filter((part) => part !== '').join('  ')
}

function describe(user: string, factors: Factor[], status: Status): string {
  if (status.removed) return `${printable(user)}: no factor; ${describeRemoval(status.removed)}${due(status)}`
  if (!status.enrolled) return `${printable(user)}: no factor${due(status)}`
  const { locked, lockedUntil, unlockedBy = [], failures } = status
  const until = typeof lockedUntil === 'number' ? ` until ${instant(lockedUntil)}` : ''
  const locks = locked.length === 0 ? 'not locked' : `locked${until}: ${locked.join(', ')}`
  const lifted = locked.length === 0 ? '' : `\nto unlock: ${[...unlockedBy, 'countersign unlock'].join(', ')}`
  return `${printable(user)}: ${locks}; wrong codes in a row: ${failures}\n${describeFactors(factors)}${lifted}${clock(status)}${due(status)}`
}

function describeRemoval({ at, by, enrolmentRequired }: Removal): string {
  const who = by === undefined ? '' : ` by ${printable(by)}`
  return `the last one was removed${who}, ${instant(at)}${enrolmentRequired ? '; must enrol at the next sign-in' : ''}`
}

/** Whether it is met is for `countersign report` to say, which has the policy. */
function due({ deadlines = [] }: Status): string {
  const told = deadlines.map(({ require, by }) => {
    const names = Object.keys(require)
    return `\ndeadline: ${names.length === 0 ? 'any factor' : names.join(', ')} by ${instant(by)}`
  })
  return told.join('')
}

/** Only administrators see this, never a page. */
function clock({ drift }: Status): string {
  if (drift === undefined) return ''
  const where = drift < 0 ? 'earlier' : 'later'
  const steps = `${Math.abs(drift)} ${Math.abs(drift) === 1 ? 'step' : 'steps'}`
  return `\nclock: the last wrong code would have been right ${steps} ${where}: check the clock of the phone and of this machine`
}

export const day = (time: number) => instant(time).slice(0, 10)

/** A time as text. A file may hold any number. */
function instant(time: number): string {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? 'at no time' : date.toISOString()
}
