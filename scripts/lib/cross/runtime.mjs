import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rustVersion, toolchain } from './rust.mjs'
import { zigLib, zigVersion } from './zig.mjs'

/** What a target's binary links beside the crates: Rust's own libraries, and what zig brings of a C runtime. */
export function runtimeOf({ os, libc }) {
  const text = (...path) => readFileSync(join(...path), 'utf8').replaceAll('\r\n', '\n').trim()
  const zigs = (name, license, repository, ...path) => ({ name, version: `of zig ${zigVersion}`, license, repository, texts: [text(zigLib, ...path)] })
  return [
    {
      name: 'Rust\'s standard library', version: rustVersion, license: `MIT OR Apache-2.0, and those of ${RUST_NOTICES}`,
      repository: 'https://github.com/rust-lang/rust', texts: [],
    },
    zigs('compiler-rt', 'MIT', 'https://ziglang.org', '..', 'LICENSE'),
    // macOS has its own.
    ...(os === 'darwin' ? [] : [zigs('libunwind', 'Apache-2.0 WITH LLVM-exception', 'https://github.com/llvm/llvm-project', 'libunwind', 'LICENSE.TXT')]),
    ...(libc === 'musl' ? [zigs('musl', 'MIT', 'https://musl.libc.org', 'libc', 'musl', 'COPYRIGHT')] : []),
    ...(os === 'win32' ? [zigs('mingw-w64', 'ZPL-2.1', 'https://www.mingw-w64.org', 'libc', 'mingw', 'COPYING')] : []),
  ]
}

/** The file of a package that has the notices of Rust's standard library, as its authors wrote them. */
export const RUST_NOTICES = 'LICENSE-RUST.html'

export const rustNotices = () => join(toolchain(), 'share', 'doc', 'rust', 'COPYRIGHT-library.html')
