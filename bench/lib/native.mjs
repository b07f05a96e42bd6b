import { join } from 'node:path'

import { releaseFlags } from '../../scripts/lib/addon.mjs'
import { ask, mustRun } from '../../scripts/lib/run.mjs'
import { rustHost } from '../../scripts/lib/tools.mjs'

/**
 * Builds the measuring program with the addon's profile and flags, so that shared crates are compiled once. It keeps its symbols
 * for the tool that counts instructions.
 *
 * @returns the path of the program
 */
export async function buildNative() {
  // Names the target, as napi does. Otherwise nothing would be shared.
  const args = ['--locked', '--release', '--target', rustHost(), '-p', 'countersign-bench', '--', '-Cstrip=none']
  await mustRun('cargo', ['rustc', ...args], { env: releaseFlags() })
  const { target_directory: target } = JSON.parse(ask('cargo', ['metadata', '--no-deps', '--format-version=1']))
  return join(target, rustHost(), 'release', 'countersign-bench')
}
