import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { targets, rustTarget } from '../targets.mjs'
import { root, scratch } from './paths.mjs'
import { ask, run } from './run.mjs'
import { countOne } from './totals.mjs'

/**
 * Compiles our Rust for Windows as far as types go: code that is for Unix alone, and does not say so, shows here. Nothing is
 * linked, and no C is compiled: it takes Rust's standard library for the target and nothing else.
 */
export async function checkWindows() {
  const target = rustTarget(targets.find(({ os }) => os === 'win32'))
  if (!hasStd(target) && process.env.CI) await run('rustup', ['target', 'add', target])
  if (!hasStd(target)) return { skipped: `Rust's standard library for it is missing; \`rustup target add ${target}\` brings it` }
  const args = ['check', '--locked', '-p', 'countersign-files', '-p', 'countersign-binding', '--target', target]
  // In place of aws-lc's build script, which wants a C compiler for Windows: its bindings for a platform that they all share.
  const script = `target.${target}.${linksOfAwsLc()}`
  const config = ['--config', `${script}.rustc-cfg=["universal"]`, '--config', `${script}.include="none"`]
  const { code } = await run('cargo', [...args, ...config], { env: { LIBNODE_PATH: emptyLibnode() } })
  return countOne(code)
}

const hasStd = (target) => existsSync(join(ask('rustc', ['--print', 'sysroot']) ?? '', 'lib', 'rustlib', target, 'lib'))

/** The name under which cargo lets a build script be replaced. */
function linksOfAwsLc() {
  const [, version] = /name = "aws-lc-sys"\nversion = "([\d.]+)"/.exec(readFileSync(join(root, 'Cargo.lock'), 'utf8'))
  return `aws_lc_${version.replaceAll('.', '_')}`
}

/** napi's build script looks for the library of Node, which only a linker would read. */
function emptyLibnode() {
  const folder = join(scratch, 'libnode')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'libnode.dll'), '')
  return folder
}
