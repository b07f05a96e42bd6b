import type { Command } from 'commander'

import { printable } from './io.js'
import type { Io } from './io.js'
import { onStore } from './service.js'
import type { Done } from './service.js'

/** `index`. */
export function addIndexCommand(program: Command, io: Io, done: Done): void {
  program
    .command('index')
    .description('add the passkeys of all users to the index of credential ids; run it after an upgrade, or after copying records into the store')
    .requiredOption('--rp-id <domain>', 'the rp.id of your server')
    .addHelpText('after', help)
    .action((_options: object, command: Command) =>
      onStore(command, io, done, async ({ service, out }) => {
        const indexed = await service.indexPasskeys()
        const { users, passkeys, changed, shared, failed } = indexed
        const lines = [`users with passkeys or security keys: ${users}, added to the index: ${changed}; keys: ${passkeys}`]
        for (const { users } of shared) {
          const [one, other] = users.map((user) => printable(user))
          lines.push(`two users have the same credential id, so neither can sign in with it without a user name: ${one}, ${other}`)
        }
        for (const { user, reason } of failed) lines.push(`left out (${reason}): ${printable(user)}`)
        const ok = shared.length === 0 && failed.length === 0
        if (ok) out.answer({ ok, ...indexed }, lines.join('\n'))
        else out.refuse({ ok, reason: 'incomplete', ...indexed }, lines.join('\n'))
      }),
    )
}

const help = `
Your servers may keep running. If the command is interrupted, run it again: it skips what is already done.
If you have several relying parties, run it once. A key of another one is corrected at its next sign-in with a user name.
If two users have the same credential id, remove the key of one of them, and run it again.`
