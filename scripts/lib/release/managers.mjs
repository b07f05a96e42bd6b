import { join } from 'node:path'
import { mkdirSync } from 'node:fs'
import { scratch } from '../paths.mjs'
import { mustRun, npm } from '../run.mjs'
import { isFresh, writeStamp } from '../stamp.mjs'

const VERSIONS = { pnpm: '10.34.9', '@yarnpkg/cli-dist': '4.18.1', yarn: '1.22.22', bun: '1.4.5', deno: '2.9.6' }

const folder = join(scratch, 'managers')
const modules = join(folder, 'node_modules')

/** Fetches the package managers and runtimes that people install with, from their own npm packages, none of their scripts run. */
export async function fetchManagers() {
  const stamp = join(folder, '.stamp')
  const state = JSON.stringify({ VERSIONS, arch: process.arch, platform: process.platform })
  if (isFresh(stamp, state)) return
  mkdirSync(folder, { recursive: true })
  const [command, ...args] = npm()
  const wanted = Object.entries(VERSIONS).map(([name, version]) => `${name}@${version}`)
  const quietly = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund']
  await mustRun(command, [...args, 'install', '--prefix', folder, ...quietly, ...wanted])
  writeStamp(stamp, state)
}

const { platform, arch } = process
const file = platform === 'win32' ? '.exe' : ''
const denoPlatform = platform === 'linux' ? `linux-${arch}-glibc` : `${platform}-${arch}`
const bunArch = arch === 'arm64' ? 'aarch64' : arch

/** How each is started. */
export const managers = {
  npm: npm(),
  pnpm: [process.execPath, join(modules, 'pnpm', 'bin', 'pnpm.cjs')],
  yarn: [process.execPath, join(modules, '@yarnpkg', 'cli-dist', 'bin', 'yarn.js')],
  yarn1: [process.execPath, join(modules, 'yarn', 'bin', 'yarn.js')],
  bun: [join(modules, '@oven', `bun-${platform === 'win32' ? 'windows' : platform}-${bunArch}`, 'bin', `bun${file}`)],
  deno: [join(modules, '@deno', denoPlatform, `deno${file}`)],
}
