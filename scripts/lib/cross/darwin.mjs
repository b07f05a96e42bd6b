import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { binaryName, cross } from './place.mjs'
import { toolchain } from './rust.mjs'
import { zigLib } from './zig.mjs'

/** The oldest macOS that the supported versions of Node run on. */
const MACOS = '11.0'

/**
 * zig compiles the C; Rust's own linker links, which signs as it does so. What it links against is the list of libSystem's
 * symbols that comes with zig, in a folder that looks like Apple's SDK.
 */
export function darwin(target) {
  const sdk = join(cross, 'macos-sdk')
  const lib = join(sdk, 'usr', 'lib')
  mkdirSync(lib, { recursive: true })
  for (const name of ['libSystem', 'libc', 'libm']) cpSync(join(zigLib, 'libc', 'darwin', 'libSystem.tbd'), join(lib, `${name}.tbd`))
  // The standard library names it, and calls nothing of it.
  writeFileSync(join(lib, 'libiconv.tbd'), ICONV)
  const linker = join(cross, 'ld-darwin')
  writeFileSync(linker, linkerScript(join(toolchain(), 'lib', 'rustlib')))
  chmodSync(linker, 0o755)
  const forLinker = [
    '-syslibroot', sdk, '-dead_strip_dylibs', '-S', '-x',
    // For Intel it would not sign of itself.
    '-adhoc_codesign',
    // Without a name of its own the file names the folder that it was built in.
    '-install_name', `@rpath/${binaryName(target)}`,
  ]
  return {
    rust: [`-Clinker=${linker}`, '-Clinker-flavor=ld64.lld', ...forLinker.map((arg) => `-Clink-arg=${arg}`)],
    // Stripped by the linker: to strip it afterwards breaks the signature.
    env: { MACOSX_DEPLOYMENT_TARGET: MACOS, CARGO_PROFILE_RELEASE_STRIP: 'none' },
  }
}

/** napi's build script hands over a bare `-Wl`, which is for a C compiler. */
const linkerScript = (rustlib) => `#!/bin/sh
for argument; do
  shift
  [ "$argument" = -Wl ] || set -- "$@" "$argument"
done
exec "$(ls -d '${rustlib}'/*/bin/rust-lld | head -n 1)" "$@"
`

const ICONV = `--- !tapi-tbd
tbd-version: 4
targets: [ x86_64-macos, arm64-macos ]
install-name: /usr/lib/libiconv.2.dylib
...
`
