import type { Command } from 'commander'

import { printable } from './io.js'
import type { Io } from './io.js'
import { onStore } from './service.js'
import type { Done } from './service.js'

/** `index`. */
export function addIndexCommand(program: Command, io: Io, done: Done): void {
  program
    .command('index')
    .description('find the passkeys of all users by their ids: after an upgrade, and after records were copied into the store')
    .requiredOption('--rp-id <domain>', 'the rp.id of your server')
    .addHelpText('after', help)
    .action((_options: object, command: Command) =>
      onStore(command, io, done, async ({ service, out }) => {
        const indexed = await service.indexPasskeys()
        const { users, passkeys, changed, shared, failed } = indexed
        const lines = [`users with passkeys or security keys: ${users}, added to the index: ${changed}; keys: ${passkeys}`]
        for (const { users } of shared) {
          const [one, other] = users.map((user) => printable(user))
          lines.push(`one credential id with two users, it signs in neither without a user name: ${one}, ${other}`)
        }
        for (const { user, reason } of failed) lines.push(`left out (${reason}): ${printable(user)}`)
        const ok = shared.length === 0 && failed.length === 0
        if (ok) out.answer({ ok, ...indexed }, lines.join('\n'))
        else out.refuse({ ok, reason: 'incomplete', ...indexed }, lines.join('\n'))
      }),
    )
}

const help = `
Servers may go on working meanwhile. If it breaks off, run it again: what is done is only read.
With several relying parties, run it once: a key of another one is corrected at its next sign-in with a user name.
If two users have one credential id, remove the key of one of them, and run it again.`
