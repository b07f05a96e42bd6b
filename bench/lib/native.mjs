import { join } from 'node:path'

import { releaseFlags } from '../../scripts/lib/addon.mjs'
import { ask, mustRun } from '../../scripts/lib/run.mjs'
import { rustHost } from '../../scripts/lib/tools.mjs'

/**
 * Builds the measuring program in the addon's own profile and flags, so that what they share is compiled once; its
 * symbols are kept for the tool that counts instructions.
 *
 * @returns the path of the program
 */
export async function buildNative() {
  // The target is named, as napi does: else nothing would be shared.
  const args = ['--locked', '--release', '--target', rustHost(), '-p', 'countersign-bench', '--', '-Cstrip=none']
  await mustRun('cargo', ['rustc', ...args], { env: releaseFlags() })
  const { target_directory: target } = JSON.parse(ask('cargo', ['metadata', '--no-deps', '--format-version=1']))
  return join(target, rustHost(), 'release', 'countersign-bench')
}
