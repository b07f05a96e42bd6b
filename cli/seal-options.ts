import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

import { parseSealKeys } from '../facade/service/seal-keys.js'
import type { SealOptions } from '../index.js'
import { usage } from './io.js'
import type { Io } from './io.js'

/** Where the keys are that the store is sealed with. They are never in the arguments, which others can see. */
export interface KeysOptions {
  keys?: string
  keysFd?: number
  acceptPlain?: boolean
}

/** Far more than a hundred keys take. */
const maxBytes = 65_536

/** What `seal` of the service is; `undefined`: no keys are named. */
export function sealOf({ keys: given, keysFd, acceptPlain = false }: KeysOptions, io: Io): SealOptions | undefined {
  if (given !== undefined && keysFd !== undefined) throw usage('Use one of --keys and --keys-fd')
  const path = given ?? (keysFd === undefined ? io.env['COUNTERSIGN_KEYS_FILE'] || undefined : undefined)
  if (path === undefined && keysFd === undefined) {
    if (acceptPlain) throw usage('--accept-plain is for a store that is being sealed: pass --keys, --keys-fd or COUNTERSIGN_KEYS_FILE')
    return undefined
  }
  const file = keysFd ?? openSync(path as string, 'r')
  try {
    if (openToOthers(file)) {
      io.stderr.write('countersign: other users of this machine can read the keys: chmod 600 the file\n')
    }
    return { keys: parseSealKeys(read(file)), plain: acceptPlain ? 'accept' : 'refuse' }
  } finally {
    // What was open before is for whoever opened it.
    if (path !== undefined) closeSync(file)
  }
}

/** A pipe is for whoever holds it. */
function openToOthers(file: number): boolean {
  const found = fstatSync(file)
  return process.platform !== 'win32' && found.isFile() && (found.mode & 0o007) !== 0
}

function read(file: number): string {
  const bytes = Buffer.alloc(maxBytes + 1)
  let length = 0
  for (;;) {
    const count = readSync(file, bytes, length, bytes.length - length, null)
    length += count
    if (count === 0 || length === bytes.length) break
  }
  if (length > maxBytes) throw usage(`The file of keys has more than ${maxBytes} bytes`)
  const text = bytes.toString('utf8', 0, length)
  bytes.fill(0)
  return text
}
