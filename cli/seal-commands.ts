import type { Command } from 'commander'

import { newSealKey } from '../facade/service/seal-keys.js'
import { randomBytes } from '../facade/shared/crypto.js'
import type { FailedRecord, SealReport } from '../index.js'
import { Output, printable, usage } from './io.js'
import type { Io } from './io.js'
import { onStore } from './service.js'
import type { Done, Opened } from './service.js'

/** `keys new`, `reseal`; `check` of a store is beside that of a file. */
export function addSealCommands(program: Command, io: Io, done: Done): void {
  program
    .command('keys')
    .description('manage the keys that a store is sealed with')
    .command('new')
    .description('print a new key, as a line for the file of keys')
    .option('--id <text>', 'the id of the key, 1 to 32 characters of A-Z a-z 0-9 _ - (default: the date and 4 random digits)')
    .addHelpText('after', keysHelp)
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<{ id?: string; json?: boolean }>()
      const out = new Output(io, options.json === true)
      out.expectReader()
      const line = newSealKey(options.id ?? `${new Date().toISOString().slice(0, 10)}-${randomBytes(2).toString('hex')}`)
      const [id, key] = line.split(' ')
      await out.deliver({ id, key }, line)
      done(out.code)
    })

  program
    .command('reseal')
    .description('seal every record with the first key; run it after you have put a new key first')
    .addHelpText('after', resealHelp)
    .action((_options: object, command: Command) =>
      onStore(command, io, done, async ({ service, sealed, out }) => {
        if (!sealed) throw usage('No keys given: pass --keys or --keys-fd, or set COUNTERSIGN_KEYS_FILE')
        const line = out.progress()
        const result = await service.reseal({
          onProgress: ({ records, resealed }) => line.show(`records: ${records}, sealed again: ${resealed}`),
        }).finally(() => line.end())
        const { records, resealed, failed } = result
        const lines = [`records: ${records}, sealed again: ${resealed}`, ...leftOut(failed)]
        const ok = failed.length === 0
        if (ok) out.answer({ ok, ...result }, lines.join('\n'))
        else out.refuse({ ok, reason: 'incomplete', ...result }, lines.join('\n'))
      }),
    )
}

/** `check` without a file: how the records of the store are sealed. */
export async function checkStore({ service, out }: Opened<object>): Promise<void> {
  const report = await service.checkSealing()
  const ok = report.failed.length === 0
  // All of it is the answer, whatever the verdict.
  out.answer({ ok, ...report }, describe(report))
  if (!ok) out.code = 1
}

function describe({ records, keys, plain, failed }: SealReport): string {
  const under = Object.entries(keys).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return [
    `records: ${records}`,
    ...under.map(([id, count]) => `under key ${id}: ${count}`),
    `not sealed: ${plain}`,
    ...failed.map(({ user, reason }) => `can't be opened (${reason}): ${printable(user)}`),
  ].join('\n')
}

const leftOut = (failed: FailedRecord[]) => failed.map(({ user, reason }) => `left as it is (${reason}): ${printable(user)}`)

const keysHelp = `
The file of keys has a line for each: its id, a space, the key. The first one seals, all of them open.
  (umask 077 && countersign keys new >> /etc/countersign/keys)
Keep a copy in another place than the store's: without its key, a record can't be read by anybody.`

const resealHelp = `
Servers may go on working meanwhile. If it breaks off, run it again: what is done is only read.
Servers that don't have the new key yet can't read what is sealed with it: add it to their keys before.
With --accept-plain, records that are not sealed are sealed too. Whoever can write to the store can put such a record there:
use it once, to seal an existing store.`
