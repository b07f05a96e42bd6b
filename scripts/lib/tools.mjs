import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './paths.mjs'
import { ask } from './run.mjs'

/** Something the machine lacks; the message says what, and how to get it. */
export class ToolMissing extends Error {}

/** Before anything else: an older Node fails later, in places that don't say why. */
export function needNode() {
  const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node.replace('>=', '')
  if (!atLeast(process.versions.node, wanted)) {
    throw new ToolMissing(`Node ${wanted} or newer is needed, this is ${process.versions.node}: get it from https://nodejs.org`)
  }
}

/** What building the native addon takes. */
export function needRust() {
  const wanted = /rust-version = "([\d.]+)"/.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8'))[1]
  const get = 'get Rust from https://rustup.rs'
  const version = ask('rustc', ['--version'])
  if (!ask('cargo', ['--version'])) throw new ToolMissing(`cargo was not found on the PATH: ${get}`)
  if (!version) throw new ToolMissing(`rustc was not found on the PATH: ${get}`)
  if (!atLeast(version.split(' ')[1], wanted)) {
    throw new ToolMissing(`rustc ${wanted} or newer is needed, this is ${version}: run \`rustup update stable\`, or ${get}`)
  }
  // On Windows cargo itself finds the Visual Studio tools, which are not on the PATH.
  const compiler = process.env.CC || 'cc'
  if (process.platform !== 'win32' && !ask(compiler.split(' ')[0], ['--version'])) {
    throw new ToolMissing(`a C compiler (${compiler}) was not found: ${compilerAdvice()}`)
  }
}

/** The target that Rust builds for when none is named, such as `x86_64-unknown-linux-gnu`. */
export function rustHost() {
  const triple = /^host: (.*)$/m.exec(ask('rustc', ['-vV']) ?? '')?.[1]
  if (!triple) throw new ToolMissing('rustc does not tell its host')
  return triple
}

function compilerAdvice() {
  if (process.platform === 'darwin') return 'run `xcode-select --install`'
  return 'install one, as with `apt-get install build-essential`, `dnf install gcc` or `apk add build-base`'
}

function atLeast(version, wanted) {
  const [have, need] = [version, wanted].map((text) => text.split('.').map((part) => Number.parseInt(part, 10)))
  for (const [place, number] of need.entries()) {
    if ((have[place] ?? 0) !== number) return (have[place] ?? 0) > number
  }
  return true
}
