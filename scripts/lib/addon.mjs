import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withExports } from './native-exports.mjs'
import { say } from './output.mjs'
import { pathFree } from './path-free.mjs'
import { root, scratch } from './paths.mjs'
import { addonFile, isMusl } from './platform.mjs'
import { ask, local, mustRun } from './run.mjs'
import { callsMemcpy, lessInlining, withoutUnused } from './size.mjs'
import { clearStamp, fingerprint, isFresh, writeStamp } from './stamp.mjs'
import { needRust } from './tools.mjs'

const stamp = join(scratch, 'addon.stamp')
const outputs = () => ['binding.js', 'binding.d.ts', addonFile()]

/** The native addon and its generated loader and types, in `release` mode or, unless that is there and fresh, quickly for development. */
export async function buildAddon({ release = true } = {}) {
  // Of before: what changes while this builds is built the next time.
  const built = inputs(release)
  if (isFresh(stamp, state(built)) || isFresh(stamp, state(inputs(true)))) return
  needRust()
  say(release ? 'building the native addon in release mode: the first time takes some minutes' : 'building the native addon for development')
  clearStamp(stamp)
  await mustRun('cargo', ['fetch', '--locked'])
  const staged = join(scratch, 'addon.new')
  rmSync(staged, { recursive: true, force: true })
  mkdirSync(staged, { recursive: true })
  const [command, ...args] = local('@napi-rs/cli/dist/cli.js')
  await mustRun(command, [
    ...args, 'build', '--platform', '--esm', '--manifest-path', 'crate/binding/Cargo.toml',
    '--js', 'binding.js', '--dts', 'binding.d.ts', '--output-dir', staged, ...(release ? ['--release'] : []), '--', '--locked',
  ], { env: release ? releaseFlags() : {} })
  // A rename: a process that has the old addon mapped keeps it whole.
  for (const name of outputs()) renameSync(join(staged, name), join(root, name))
  const native = join(root, 'native.js')
  writeFileSync(native, withExports(readFileSync(native, 'utf8'), readFileSync(join(root, 'binding.js'), 'utf8')))
  writeStamp(stamp, state(built))
}

const state = (built) => `${built} ${fingerprint(outputs())}`

function inputs(release) {
  const { version, napi, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const facts = { release, version, napi, cli: devDependencies['@napi-rs/cli'], flags: process.env.RUSTFLAGS }
  const sources = ['Cargo.toml', 'Cargo.lock', 'crate/core', 'crate/files', 'crate/binding', 'scripts/lib/addon.mjs', 'scripts/lib/path-free.mjs', 'scripts/lib/size.mjs']
  return fingerprint(sources, facts)
}

/** Environment of a release build: what keeps the binary free of this machine's folders, and of what nothing calls. */
export function releaseFlags() {
  const { rust, c } = pathFree()
  const given = process.env.CARGO_ENCODED_RUSTFLAGS?.split('\x1f') ?? process.env.RUSTFLAGS?.split(/\s+/) ?? []
  const flags = [...given.filter(Boolean), ...rust, ...lessInlining]
  // napi's own flag for musl goes into RUSTFLAGS, which the encoded form overrides.
  if (isMusl()) flags.push('-Ctarget-feature=-crt-static')
  if (process.platform === 'win32') flags.push('-Clink-arg=/PDBALTPATH:%_PDB%')
  const [os, cpu] = [process.platform, process.arch]
  const smaller = () => [...withoutUnused({ os, cpu }), ...callsMemcpy({ cpu, version: ask(process.env.CC ?? 'cc', ['--version']) ?? '' })]
  return {
    CARGO_ENCODED_RUSTFLAGS: flags.join('\x1f'),
    ...(os === 'win32' ? {} : { CFLAGS: [process.env.CFLAGS ?? '', ...c, ...smaller()].join(' ').trim() }),
  }
}
