import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { rustTarget } from '../../targets.mjs'
import { ask, run } from '../run.mjs'
import { rustHost, ToolMissing } from '../tools.mjs'
import { cross } from './place.mjs'

/** The compiler of every binary that is published: another one makes other bytes. */
const RUST = { version: '1.95.0', commit: '59807616e1fa2540724bfbac14d7976d7e4a3860' }

/** What the notices call it. */
export const rustVersion = RUST.version

/** The toolchain's folder; it is a second one beside the machine's, and brings the standard library of each target. */
export const toolchain = () => join(cross, 'rustup', 'toolchains', `${RUST.version}-${rustHost()}`)

/** Fetches what of it is missing. */
export async function installRust(targets) {
  const triples = targets.map(rustTarget)
  if (isThere(triples)) return
  if (!ask('rustup', ['--version'])) throw new ToolMissing('rustup was not found on the PATH: get it from https://rustup.rs')
  const args = ['toolchain', 'install', RUST.version, '--profile', 'minimal', '--no-self-update', '--target', triples.join()]
  const { code } = await run('rustup', args, { env: { RUSTUP_HOME: join(cross, 'rustup'), RUSTUP_TOOLCHAIN: undefined } })
  if (code !== 0 || !isThere(triples)) {
    throw new ToolMissing(`Rust ${RUST.version} (${RUST.commit.slice(0, 9)}) for ${triples.join(', ')} could not be fetched by rustup: `
      + 'it needs the network and 2 GB; run this again, and it continues')
  }
}

/** The environment in which cargo and rustc are this toolchain's, whatever the machine has set for its own. */
export const rustEnv = () => ({
  PATH: [join(toolchain(), 'bin'), process.env.PATH].join(delimiter),
  RUSTC: join(toolchain(), 'bin', 'rustc'),
  CARGO: join(toolchain(), 'bin', 'cargo'),
  RUSTC_WRAPPER: '',
  RUSTC_WORKSPACE_WRAPPER: '',
  RUSTUP_TOOLCHAIN: undefined,
  RUSTFLAGS: undefined,
})

function isThere(triples) {
  const told = ask(join(toolchain(), 'bin', 'rustc'), ['-vV']) ?? ''
  const std = (triple) => existsSync(join(toolchain(), 'lib', 'rustlib', `manifest-rust-std-${triple}`))
  return told.includes(`commit-hash: ${RUST.commit}`) && triples.every(std)
}
