// Errors of the library name its own options. The command line says what was typed.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'

import { Command } from 'commander'

import { asTyped } from '../../cli/as-typed.js'
import { countersign } from '../helpers/command-line.js'
import { temporaryDirectory } from '../helpers/directories.js'

/** Runs it, as text and with `--json`, and compares what it says. */
async function says(t: ExecutionContext, args: string[], message: string, stdin = ''): Promise<void> {
  t.is((await countersign(args, { stdin })).stderr, `countersign: ${message}\n`)
  t.is((await countersign([...args, '--json'], { stdin })).json.message, message)
}

test('a store that is missing: --create makes it', async (t) => {
  const missing = join(temporaryDirectory(), 'missing')
  for (const kind of ['directory', 'tfa']) {
    await says(t, ['users', '--store', `${kind}:${missing}`], `The path is refused: ${missing} does not exist (--create makes it)`)
  }
  // Only the server makes a log.
  await says(t, ['audit', 'ann', '--log', `directory:${missing}`], `The path is refused: ${missing} does not exist`)
})

test('a text of any store', (t) => {
  const command = new Command('users')
  t.is(asTyped('/x is missing (the option create makes it)', command), '/x is missing (--create makes it)')
  t.is(asTyped('/x does not exist (the option `create` makes it)', command), '/x does not exist (--create makes it)')
  t.is(asTyped('use WAL and FULL (2), or the option synchronous', command), 'use WAL and FULL (2)')
})

test('a wrong value: the option that was typed', async (t) => {
  const path = join(temporaryDirectory(), 'store')
  mkdirSync(path, { mode: 0o700 })
  const store = ['--store', `directory:${path}`]
  const invalid = 'Invalid argument:'
  await says(t, ['users', '--store', `tfa:${path}.cfg`, '--lock', ''], `${invalid} --lock must be text of 1 to 4096 bytes`)
  await says(t, ['users', '--store', 'postgres://localhost/x', '--schema', ''], `${invalid} --schema must be text of 1 to 63 bytes`)
  const reset = ['reset', 'ann', ...store]
  await says(t, [...reset, '--totp-failures=0'], `${invalid} --totp-failures must be an integer from 1 to 100`, '1\n2')
  await says(t, [...reset, '--lock-seconds', '-1'], `${invalid} --lock-seconds must be an integer from 1 to 4294967295`, '1\n2')
  await says(t, ['totp', 'code', '--digits', '1'], `${invalid} --digits must be an integer from 6 to 8`, 'JBSWY3DPEHPK3PXP')
  await says(t, ['totp', 'add', 'ann', ...store, '--issuer', ''], `${invalid} --issuer must be text of 1 to 256 bytes`)
  const domain = 'must be a domain name in lower case, such as example.com, without a scheme or port'
  await says(t, ['index', ...store, '--rp-id', 'https://x'], `${invalid} --rp-id ${domain}`)
})

test('a value that no option gave keeps its name', async (t) => {
  const store = join(temporaryDirectory(), 'store')
  const { stderr } = await countersign(['totp', 'add', 'a:b', '--store', `directory:${store}`, '--create'], { stdin: '' })
  t.regex(stderr, /^countersign: Invalid argument: account must be/)
})
