import { createRequire } from 'node:module'
import { glibcOf } from '../../targets.mjs'

const { symbols } = createRequire(import.meta.url)('node-api-headers')

/** Megabytes: what an installation costs. */
const MOST = 6

/** The Node-API that every supported Node has; the binding asks for this one. */
const { js_native_api_symbols: ofEngine, node_api_symbols: ofNode } = symbols.v9
const nodeApi = new Set([...ofEngine, ...ofNode])

/**
 * What is wrong with a target's binary for the people who get it.
 *
 * @param {object} target of the table
 * @param {object} facts of `describe`
 * @param {{ bytes: Buffer, folders: string[] }} content the file, and folders of the machine that it must not name
 * @returns {string[]} empty when it is fit to be published
 */
export function faults(target, facts, { bytes, folders }) {
  return [
    facts.cpu !== target.cpu && `is for ${facts.cpu}`,
    bytes.length > MOST * 1e6 && `has ${(bytes.length / 1e6).toFixed(2)} MB, and ${MOST} are the most`,
    ...folders.filter((folder) => bytes.includes(folder)).map((folder) => `names the folder ${folder} of this machine`),
    ...wrong(facts.exports, [ENTRY[target.os]], 'exports'),
    !facts.exports.includes(ENTRY[target.os]) && 'does not export what Node looks for',
    ...{ linux, darwin, win32 }[target.os](target, facts),
  ].filter(Boolean)
}

const ENTRY = { linux: 'napi_register_module_v1', darwin: '_napi_register_module_v1', win32: 'napi_register_module_v1' }

function linux({ libc, ...target }, facts) {
  if (facts.format !== 'elf') return ['is no ELF file']
  const loaders = { x64: 'ld-linux-x86-64.so.2', arm64: 'ld-linux-aarch64.so.1' }
  const libraries = { glibc: ['libc.so.6', 'libm.so.6', 'libpthread.so.0', 'libdl.so.2', 'librt.so.1', loaders[target.cpu]], musl: ['libc.so'] }
  return [
    ...wrong(Object.keys(facts.libraries), libraries[libc], 'needs'),
    ...facts.versions.filter((version) => !oldEnough(version, glibcOf(target))).map((version) => `needs ${version}`),
    ...wrong(facts.imports.filter(isNodeApi), [...nodeApi], 'imports'),
    facts.search_paths.length > 0 && `looks for libraries in ${facts.search_paths}`,
    facts.executable_stack && 'has an executable stack',
    facts.text_relocations && 'has relocations in its code',
    !facts.read_only_relocations && 'leaves its relocations writable',
  ]
}

function darwin(_, facts) {
  if (facts.format !== 'macho') return ['is no Mach-O file']
  const { [SYSTEM]: _system, ...fromOthers } = facts.libraries
  return [
    ...wrong(facts.needed, [SYSTEM], 'needs'),
    ...wrong(Object.values(fromOthers).flat(), [...nodeApi].map((name) => `_${name}`), 'imports from wherever'),
    !facts.name?.startsWith('@rpath/') && `calls itself ${facts.name}`,
    facts.search_paths.length > 0 && `looks for libraries in ${facts.search_paths}`,
    facts.oldest_system !== '11.0' && `needs macOS ${facts.oldest_system}`,
    facts.signature !== 'good' && `its signature ${facts.signature ?? 'is missing'}`,
  ]
}

const SYSTEM = '/usr/lib/libSystem.B.dylib'

function win32(_, facts) {
  if (facts.format !== 'pe') return ['is no PE file']
  const { 'node.exe': fromNode = [], ...libraries } = facts.libraries
  const own = ['KERNEL32.dll', 'ntdll.dll', 'bcryptprimitives.dll', 'api-ms-win-core-synch-l1-2-0.dll'].map((name) => name.toLowerCase())
  const others = Object.keys(libraries).map((name) => name.toLowerCase()).filter((name) => !/^(api-ms-win-crt-[a-z0-9-]*|ucrtbase)\.dll$/.test(name))
  return [
    ...wrong(others, own, 'needs'),
    ...wrong(fromNode, [...nodeApi], 'imports from node.exe'),
    facts.delayed.length > 0 && `loads ${facts.delayed} later`,
    !facts.moves && 'can\'t be moved in memory',
    !facts.no_execute && 'has no protection of data',
    facts.debug_file && `names the file ${facts.debug_file}`,
  ]
}

const isNodeApi = (name) => /^(napi|node_api)_/.test(name)

const wrong = (found, allowed, verb) => found.filter((name) => !allowed.includes(name)).map((name) => `${verb} ${name}`)

/** glibc's versions alone have an order that is ours to judge; another library's name its own. */
function oldEnough(version, oldest) {
  const [, minor] = /^GLIBC_2\.(\d+)(?:\.\d+)?$/.exec(version) ?? []
  return oldest !== undefined && minor !== undefined && Number(minor) <= Number(oldest.split('.')[1])
}
