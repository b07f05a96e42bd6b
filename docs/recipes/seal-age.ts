// Keys for `seal` in a file that age has encrypted: the file may lie in a repository or a backup, and only the machine that
// has the identity opens it.
//
// Add a new key (the first line seals, so a new one goes to the end at first):
//   (age -d -i identity.txt keys.age; countersign keys new) | age -e -R recipients.txt -o keys.age.new && mv keys.age.new keys.age
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { parseSealKeys, type SealOptions } from 'countersign'

/**
 * @param file the encrypted file of keys
 * @param identity the file of the identity, readable by this user alone
 * @param program where age is
 * @example
 * const seal = ageKeys('/etc/countersign/keys.age', '/etc/countersign/identity.txt')
 * const countersign = await Countersign.open({ rp, store, seal })
 */
export function ageKeys(file: string, identity: string, program = 'age'): () => Promise<SealOptions> {
  return async () => {
    const args = ['--decrypt', '--identity', identity, '--', file]
    const { stdout } = await promisify(execFile)(program, args, { timeout: 10_000, maxBuffer: 65_536 })
    return { keys: parseSealKeys(stdout) }
  }
}
