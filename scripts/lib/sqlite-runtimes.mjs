import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fetchNode, hasNodes } from './nodes.mjs'
import { npmPackage } from './npm-package.mjs'
import { ask, mustRun, npm } from './run.mjs'
import { ToolMissing } from './tools.mjs'

const running = 'node:sqlite on the running Node'
const notLinux = 'only Linux on x64 has Nodes in npm packages'

/** @typedef {{ program: string, env?: Record<string, string> }} Runtime what runs a script with the driver in it */

/**
 * The runtimes that `sqliteStore` is tested on, each with the driver that its name begins with: why this machine can't
 * have it, or what fetches it.
 *
 * @type {Record<string, { missing?: string, fetch(): Promise<Runtime> }>}
 */
export const sqliteRuntimes = ownOf({
  'node:sqlite on Node 22.13': onLinux(async () => ({ program: (await fetchNode('22.13.0')).program })),
  'node:sqlite on Node 24': onLinux(async () => ({ program: (await fetchNode(24)).program })),
  // Elsewhere this is what the store is tested on.
  [running]: {
    ...(process.getBuiltinModule?.('node:sqlite') ? {} : { missing: `Node ${process.versions.node} has no node:sqlite` }),
    fetch: async () => ({ program: process.execPath }),
  },
  'better-sqlite3 13 on Node 24': onLinux(async () => {
    const modules = await npmPackage('better-sqlite3@13.2.0', join('sqlite', 'better-sqlite3-13'))
    return { program: (await fetchNode(24)).program, env: { NODE_PATH: modules } }
  }),
  'better-sqlite3 12 on Node 20': {
    ...missing(hasNodes ? toolsMissing() : notLinux),
    async fetch() {
      const { program, home } = await fetchNode('20')
      return { program, env: { NODE_PATH: await oldBetterSqlite3(home) } }
    },
  },
  'bun:sqlite on Bun': {
    async fetch() {
      const modules = await npmPackage('bun@1.4.5', 'bun')
      return { program: bunProgram(modules) }
    },
  },
})

/** With a binary that is given, those that are fetched are left out: it may be for another C library or processor than they are. */
function ownOf(all) {
  const given = missing(process.env.NAPI_RS_NATIVE_LIBRARY_PATH && 'the addon is given, and made for the running Node alone')
  return Object.fromEntries(Object.entries(all).map(([name, runtime]) => [name, name === running ? runtime : { ...runtime, ...given }]))
}

function onLinux(fetch) {
  return { ...missing(hasNodes ? undefined : notLinux), fetch }
}

function missing(reason) {
  return reason ? { missing: reason } : {}
}

/** Its prebuilt binaries are not in the registry, so it is compiled with the headers of the Node that runs it. */
function oldBetterSqlite3(home) {
  const build = async (modules) => {
    const [command, ...args] = npm()
    const env = { npm_config_nodedir: home, npm_config_build_from_source: 'true', CFLAGS: '-O0', CXXFLAGS: '-O0' }
    await mustRun(command, [...args, 'run', 'install'], { cwd: join(modules, 'better-sqlite3'), env })
  }
  return npmPackage('better-sqlite3@12.11.1', join('sqlite', 'better-sqlite3-12'), { build })
}

function toolsMissing() {
  const absent = ['make', 'g++', 'python3'].filter((name) => ask(name, ['--version']) === undefined)
  return absent.length > 0 ? `it has to be compiled, and there is no ${absent.join(', no ')}` : undefined
}

/** Of the packages for this platform, some are for older processors or another C library. */
function bunProgram(modules) {
  const folder = join(modules, '@oven')
  const programs = readdirSync(folder).map((name) => join(folder, name, 'bin', process.platform === 'win32' ? 'bun.exe' : 'bun'))
  const found = programs.find((program) => ask(program, ['--version']) !== undefined)
  if (!found) throw new ToolMissing(`none of the programs in ${folder} runs here`)
  return found
}
