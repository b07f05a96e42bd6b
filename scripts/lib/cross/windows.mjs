import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../paths.mjs'
import { mustRun } from '../run.mjs'
import { cross } from './place.mjs'
import { zig } from './zig.mjs'

/** Node-API comes from node.exe, through an import library that is made of the list of its functions. */
export async function windows({ cpu }) {
  const folder = join(cross, 'windows', cpu)
  mkdirSync(folder, { recursive: true })
  const functions = ['js_native_api', 'node_api'].flatMap((name) => {
    const def = readFileSync(join(root, 'node_modules', 'node-api-headers', 'def', `${name}.def`), 'utf8')
    return def.slice(def.indexOf('EXPORTS')).split(/\r?\n/).slice(1).map((line) => line.trim()).filter(Boolean)
  })
  const def = join(folder, 'node.def')
  writeFileSync(def, `LIBRARY node.exe\nEXPORTS\n${[...new Set(functions)].sort().join('\n')}\n`)
  await mustRun(zig, ['dlltool', '-m', MACHINES[cpu], '-d', def, '-D', 'node.exe', '-l', join(folder, 'libnode.a')])
  // What napi's build script looks for; the linker takes the import library.
  writeFileSync(join(folder, 'libnode.dll'), '')
  const exported = join(folder, 'exports.def')
  writeFileSync(exported, 'EXPORTS\nnapi_register_module_v1\n')
  // aws-lc's source of jitter marks its functions for export, and the linker adds them to the list above.
  return { rust: [`-Clink-arg=${exported}`], c: ['-Ddllexport=unused'], env: { LIBNODE_PATH: folder, AWS_LC_SYS_PREBUILT_NASM: '1' } }
}

/** What a processor is called by the tool that makes import libraries. */
const MACHINES = { x64: 'i386:x86-64', arm64: 'arm64' }
