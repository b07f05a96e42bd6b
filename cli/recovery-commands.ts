import { Option } from 'commander'
import type { Command } from 'commander'

import type { LimitOptions } from '../index.js'
import { askForLines, confirm } from './ask.js'
import { printable } from './io.js'
import type { Io } from './io.js'
import { onStore } from './service.js'
import type { Done } from './service.js'
import { describeFactors } from './user-commands.js'

/** `recovery create`, `reset`. */
export function addRecoveryCommands(program: Command, io: Io, done: Done): void {
  program
    .command('recovery')
    .description('manage recovery codes')
    .command('create <user>')
    .description('create new codes, shown only once; they replace the old ones')
    .option('-y, --yes', 'do not ask before old codes are replaced')
    .action((user: string, _options: object, command: Command) =>
      onStore<{ yes?: boolean }>(command, io, done, async ({ service, out, options }) => {
        const { recoveryCodesLeft } = await service.status(user)
        if (recoveryCodesLeft !== null) {
          await confirm(io, `Replace the ${recoveryCodesLeft} unused codes of ${printable(user)}?`, options.yes)
        }
        out.expectReader()
        const codes = await service.createRecoveryCodes(user)
        await out.deliver({ codes }, codes.join('\n'))
      }),
    )

  program
    .command('reset <user>')
    .description('verify a TOTP code and a recovery code, then remove lost factors')
    .option('--remove <id...>', 'ids of the lost factors (default: every hardware key and passkey)')
    .option('-f, --file <path>', 'read the two codes from a file: TOTP on the first line, recovery on the second')
    .option('--totp-failures <number>', "the server's limits.totpFailures (default: 8)", Number)
    .option('--failures <number>', "the server's limits.failures (default: 100)", Number)
    .option('--lock-seconds <seconds>', "the server's limits.lockSeconds (default: 3600)", Number)
    .addOption(new Option('--hard-lock <kind>', "the server's limits.hardLock (default: hour)").choices(['hour', 'until-unlock']))
    .action((user: string, _options: object, command: Command) =>
      onStore<ResetOptions>(command, io, done, async ({ service, out, options }) => {
        const questions = [{ question: 'TOTP code: ' }, { question: 'Recovery code: ', hidden: true }]
        const [totp, recovery] = await askForLines(io, questions, options.file)
        const { remove } = options
        const reset = await service.reset(user, { totp, recovery, ...(remove && { remove }) })
        if (!reset.ok) return out.refuse(reset, refusals[reset.reason])
        const removed = reset.removed.length === 0 ? 'Nothing to remove' : `Removed:\n${describeFactors(reset.removed)}`
        out.answer(reset, removed)
        out.note(`${reset.recoveryCodesLeft} recovery codes left`)
      }, (options) => ({ limits: limitsOf(options) })),
    )
}

interface ResetOptions extends LimitOptions {
  remove?: string[]
  file?: string
}

/** With these, a wrong code counts and locks here as in the server. */
function limitsOf({ totpFailures, failures, lockSeconds, hardLock }: ResetOptions): LimitOptions {
  return {
    ...(totpFailures !== undefined && { totpFailures }),
    ...(failures !== undefined && { failures }),
    ...(lockSeconds !== undefined && { lockSeconds }),
    ...(hardLock !== undefined && { hardLock }),
  }
}

const refusals = {
  rejected: 'Refused: at least one of the two codes is wrong or was used before',
  malformed: 'Refused: these are not a TOTP code and a recovery code',
  locked: 'Refused: codes are locked after too many wrong ones; to unlock, run: countersign unlock USER',
}
