import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './paths.mjs'
import { ask, run } from './run.mjs'
import { clearStamp, fingerprint, isFresh, writeStamp } from './stamp.mjs'
import { ToolMissing } from './tools.mjs'

/**
 * Installs Python packages, each pinned by the hashes of its wheels, into a folder of their own; nothing of the machine's
 * Python changes.
 *
 * @param {string} requirements the file with the pins, in the checkout
 * @param {{ platform?: string }} options of the wheels, where it isn't this machine's
 * @returns {Promise<string>} the folder, which may stand in PYTHONPATH and has the programs in `bin`
 */
export async function pythonPackages(requirements, folder, { platform } = {}) {
  const stamp = join(folder, '.stamp')
  const state = fingerprint([requirements], { platform })
  if (isFresh(stamp, state)) return folder
  const names = readFileSync(join(root, requirements), 'utf8').match(/^[\w-]+==\S+/gm).join(', ')
  const python = ['python3', 'python'].find((name) => ask(name, ['-m', 'pip', '--version']))
  if (!python) throw new ToolMissing(`${names}: Python 3 with pip was not found, as \`apt-get install python3-pip\` brings it`)
  if (existsSync(stamp)) clearStamp(stamp)
  rmSync(folder, { recursive: true, force: true })
  const args = ['-m', 'pip', 'install', '--require-hashes', '--no-deps', '--only-binary=:all:', '--target', folder, '--requirement', requirements]
  if (platform) args.push('--platform', platform)
  const { code } = await run(python, [...args, '--disable-pip-version-check', '--root-user-action=ignore', '--quiet'])
  if (code !== 0) throw new ToolMissing(`${names} could not be fetched by pip: it needs the network and room on the disk; run this again, and it continues`)
  writeStamp(stamp, state)
  return folder
}
