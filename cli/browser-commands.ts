import type { Command } from 'commander'

import type { RememberedBrowser } from '../index.js'
import { printable } from './io.js'
import type { Io } from './io.js'
import { onStore } from './service.js'
import type { Done } from './service.js'
import { byOf, byOption, day } from './user-commands.js'
import type { ByOption } from './user-commands.js'

/** `browsers`, `forget`. */
export function addBrowserCommands(program: Command, io: Io, done: Done): void {
  program
    .command('browsers <user>')
    .description('list the remembered browsers of a user, in which the password alone signs in')
    .action((user: string, _options: object, command: Command) =>
      onStore(command, io, done, async ({ service, out }) => {
        const browsers = await service.browsers(user)
        out.answer({ user, browsers }, browsers.length === 0 ? 'No browser is remembered' : browsers.map(line).join('\n'))
      }),
    )

  program
    .command('forget <user> [browser]')
    .description('forget one remembered browser of a user, or all of them, for example after a theft')
    .option(...byOption)
    .action((user: string, browser: string | undefined, _options: object, command: Command) =>
      onStore<ByOption>(command, io, done, async ({ service, out, options }) => {
        const by = byOf(options, io)
        const forgotten = browser === undefined
          ? await service.forgetBrowsers(user, by)
          : Number(await service.forgetBrowser(user, browser, by))
        if (forgotten === 0 && browser !== undefined) {
          return out.refuse({ ok: false, reason: 'no-such-browser' }, 'This user has no such browser')
        }
        out.answer({ ok: true, forgotten }, `${forgotten} forgotten`)
        if (forgotten > 0) out.note('Open sessions stay open: end them in your application.')
      }),
    )
}

function line({ id, label, lastUsed, expires }: RememberedBrowser): string {
  const parts = [printable(id).padEnd(36), printable(label), `last used ${day(lastUsed)}`, `until ${day(expires)}`]
  return parts.filter((part) => part !== '').join('  ')
}
