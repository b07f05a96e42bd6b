/**
 * Every platform that has a prebuilt package. `npm run targets` writes from this the manifests under `npm/`, the targets in
 * package.json, the table of the README and the list of `native.js`.
 *
 * - `name`: of the folder under `npm/`, of the file and of the package: the loaders ask for it
 * - `triple`: the target as the napi CLI knows it
 * - `built`: the target that Rust builds, with the oldest glibc after a dot, as cargo-zigbuild has it
 * - `os`, `cpu`, `libc`: what package managers choose by
 */
export const targets = [
  { name: 'linux-x64-gnu', triple: 'x86_64-unknown-linux-gnu', built: 'x86_64-unknown-linux-gnu.2.17', os: 'linux', cpu: 'x64', libc: 'glibc' },
  { name: 'linux-arm64-gnu', triple: 'aarch64-unknown-linux-gnu', built: 'aarch64-unknown-linux-gnu.2.17', os: 'linux', cpu: 'arm64', libc: 'glibc' },
  { name: 'linux-x64-musl', triple: 'x86_64-unknown-linux-musl', built: 'x86_64-unknown-linux-musl', os: 'linux', cpu: 'x64', libc: 'musl' },
  { name: 'linux-arm64-musl', triple: 'aarch64-unknown-linux-musl', built: 'aarch64-unknown-linux-musl', os: 'linux', cpu: 'arm64', libc: 'musl' },
  { name: 'darwin-x64', triple: 'x86_64-apple-darwin', built: 'x86_64-apple-darwin', os: 'darwin', cpu: 'x64' },
  { name: 'darwin-arm64', triple: 'aarch64-apple-darwin', built: 'aarch64-apple-darwin', os: 'darwin', cpu: 'arm64' },
  // Node-API is plain C: a binary of the other ABI does as well under the name that the loaders ask for.
  { name: 'win32-x64-msvc', triple: 'x86_64-pc-windows-msvc', built: 'x86_64-pc-windows-gnullvm', os: 'win32', cpu: 'x64' },
  { name: 'win32-arm64-msvc', triple: 'aarch64-pc-windows-msvc', built: 'aarch64-pc-windows-gnullvm', os: 'win32', cpu: 'arm64' },
]

/** The oldest glibc that a target's binary loads with, if it needs one. */
export const glibcOf = ({ built }) => /\.(2\.\d+)$/.exec(built)?.[1]

/** The target that Rust is given. */
export const rustTarget = ({ built }) => built.replace(/\.2\.\d+$/, '')

/** What a person calls the platform. */
export function spoken(target) {
  const { os, cpu, libc } = target
  const system = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' }[os]
  const chip = os === 'darwin' ? { x64: 'Intel', arm64: 'Apple silicon' }[cpu] : cpu
  const c = { glibc: `, glibc ${glibcOf(target)} or newer`, musl: ', musl (Alpine)' }[libc] ?? ''
  return `${system} ${chip}${c}`
}
