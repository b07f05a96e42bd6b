import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { scratch } from '../paths.mjs'
import { debianPackages } from './debian.mjs'

/** Wine, the C library of its own Debian, and what it loads for a program without windows. */
const PACKAGES = ['wine64', 'libwine', 'libz-mingw-w64', 'libc6', 'libgcc-s1', 'libunwind8', 'liblzma5']

/** What Wine would start for a desktop, and for programs that crash: each can fail here, and would be started again and again. */
const WITHOUT = 'explorer.exe,winedbg.exe,winemenubuilder.exe,mscoree,mshtml=d'

/**
 * @returns {Promise<string>} a program that runs a Windows one: `PROGRAM [ARGUMENT...]`, by its path on this system, in the folder where
 *   we are
 */
export async function wine() {
  const root = await debianPackages('wine', PACKAGES)
  const prefix = join(scratch, 'elsewhere', 'wine-prefix')
  for (const folder of [prefix, ...['proc', 'dev', 'sys', 'tmp', 'host'].map((name) => join(root, name))]) mkdirSync(folder, { recursive: true })
  for (const name of ['lib', 'lib64']) if (!existsSync(join(root, name))) symlinkSync(`usr/${name}`, join(root, name))
  const program = join(scratch, 'elsewhere', 'wine')
  writeFileSync(program, script(root, prefix))
  chmodSync(program, 0o755)
  return program
}

/** Wine gets a root of its own, where its C library is the one, and the whole of this system below /host. To a pipe it writes nothing. */
const script = (root, prefix) => `#!/bin/sh
out=$(mktemp)
env WINEPREFIX='/host${prefix}' WINESERVER=/usr/lib/wine/wineserver64 WINEDEBUG=-all WINEPATH='Z:\\usr\\x86_64-w64-mingw32\\lib' \\
  WINEDLLOVERRIDES='${WITHOUT}' \\
  unshare --user --map-root-user --mount sh -c '
    root=$1; shift
    for name in proc dev sys tmp; do mount --rbind /$name "$root/$name"; done
    mount --rbind / "$root/host"
    exec unshare --root="$root" --wd="/host$PWD" /usr/lib/wine/wine64 "/host$@"' sh '${root}' "$@" >"$out" 2>&1
code=$?
cat "$out"
rm "$out"
exit $code
`
