// What of a binary is a fault, told from what it says about itself.
import test from 'ava'
import { script } from '../helpers/script.js'

const { faults } = await script('binary/faults.mjs')
const { targets } = await script('../targets.mjs')
const target = (wanted: string) => targets.find(({ name }: { name: string }) => name === wanted)

const gnu = {
  format: 'elf', cpu: 'x64', libraries: { 'libc.so.6': [], 'ld-linux-x86-64.so.2': [] }, versions: ['GLIBC_2.2.5', 'GLIBC_2.17'],
  imports: ['malloc', 'napi_create_object'], exports: ['napi_register_module_v1'], search_paths: [], executable_stack: false,
  text_relocations: false, read_only_relocations: true,
}
const mac = {
  format: 'macho', cpu: 'arm64', needed: ['/usr/lib/libSystem.B.dylib'],
  libraries: { '/usr/lib/libSystem.B.dylib': ['_malloc'], None: ['_napi_create_object'] }, exports: ['_napi_register_module_v1'],
  name: '@rpath/countersign.darwin-arm64.node', search_paths: [], oldest_system: '11.0', signature: 'good',
}
const windows = {
  format: 'pe', cpu: 'x64', libraries: { 'node.exe': ['napi_create_object'], 'KERNEL32.dll': ['Sleep'], 'api-ms-win-crt-heap-l1-1-0.dll': ['malloc'] },
  delayed: [], exports: ['napi_register_module_v1'], moves: true, no_execute: true, debug_file: null,
}
const small = { bytes: Buffer.from('a small binary'), folders: ['/home/builder/'] }

test('binaries as they should be have no faults', (t) => {
  t.deepEqual(faults(target('linux-x64-gnu'), gnu, small), [])
  t.deepEqual(faults(target('linux-x64-musl'), { ...gnu, libraries: { 'libc.so': [] }, versions: [] }, small), [])
  t.deepEqual(faults(target('darwin-arm64'), mac, small), [])
  t.deepEqual(faults(target('win32-x64-msvc'), windows, small), [])
})

const cases: [string, string, object, RegExp][] = [
  ['a newer glibc', 'linux-x64-gnu', { ...gnu, versions: ['GLIBC_2.18'] }, /^needs GLIBC_2\.18$/],
  ['glibc of a later two digits', 'linux-x64-gnu', { ...gnu, versions: ['GLIBC_2.3.4', 'GLIBC_2.34'] }, /^needs GLIBC_2\.34$/],
  ['a private version', 'linux-x64-gnu', { ...gnu, versions: ['GLIBC_ABI_DT_RELR'] }, /^needs GLIBC_ABI_DT_RELR$/],
  ['another library', 'linux-x64-gnu', { ...gnu, libraries: { 'libssl.so.3': [] } }, /^needs libssl\.so\.3$/],
  ['glibc in a musl binary', 'linux-x64-musl', { ...gnu, versions: [] }, /^needs libc\.so\.6$/],
  ['a version in a musl binary', 'linux-x64-musl', { ...gnu, libraries: { 'libc.so': [] } }, /^needs GLIBC_2\.2\.5$/],
  ['another processor', 'linux-arm64-gnu', { ...gnu, libraries: { 'libc.so.6': [] } }, /^is for x64$/],
  ['a Node-API that older Nodes lack', 'linux-x64-gnu', { ...gnu, imports: ['node_api_create_syntax_errors'] }, /^imports node_api_create_syntax_errors$/],
  ['one export more', 'linux-x64-gnu', { ...gnu, exports: ['napi_register_module_v1', 'SSL_read'] }, /^exports SSL_read$/],
  ['no export', 'linux-x64-gnu', { ...gnu, exports: [] }, /what Node looks for$/],
  ['a folder to search', 'linux-x64-gnu', { ...gnu, search_paths: ['/opt/lib'] }, /looks for libraries in \/opt\/lib$/],
  ['an executable stack', 'linux-x64-gnu', { ...gnu, executable_stack: true }, /executable stack$/],
  ['text relocations', 'linux-x64-gnu', { ...gnu, text_relocations: true }, /relocations in its code$/],
  ['writable relocations', 'linux-x64-gnu', { ...gnu, read_only_relocations: false }, /writable$/],
  ['another format', 'darwin-arm64', { ...gnu, cpu: 'arm64' }, /no Mach-O file$/],
  ['a framework', 'darwin-arm64', { ...mac, needed: ['/usr/lib/libSystem.B.dylib', '/usr/lib/libiconv.2.dylib'] }, /^needs \/usr\/lib\/libiconv/],
  ['a symbol from wherever', 'darwin-arm64', { ...mac, libraries: { None: ['_SSL_read'] } }, /^imports from wherever _SSL_read$/],
  ['the name of the builder\'s folder', 'darwin-arm64', { ...mac, name: '/builder/x.dylib' }, /^calls itself \/builder/],
  ['a newer macOS', 'darwin-arm64', { ...mac, oldest_system: '14.0' }, /^needs macOS 14\.0$/],
  ['no signature', 'darwin-arm64', { ...mac, signature: null }, /signature is missing$/],
  ['a broken signature', 'darwin-arm64', { ...mac, signature: 'page 3 has another hash' }, /signature page 3 has another hash$/],
  ['a redistributable', 'win32-x64-msvc', { ...windows, libraries: { 'VCRUNTIME140.dll': [] } }, /^needs vcruntime140\.dll$/],
  ['a private symbol of node.exe', 'win32-x64-msvc', { ...windows, libraries: { 'node.exe': ['uv_run'] } }, /^imports from node\.exe uv_run$/],
  ['no data protection', 'win32-x64-msvc', { ...windows, no_execute: false }, /protection of data$/],
  ['a debug file', 'win32-x64-msvc', { ...windows, debug_file: 'C:\\builder\\x.pdb' }, /^names the file C:/],
]

for (const [what, name, facts, fault] of cases) {
  test(`a fault: ${what}`, (t) => {
    const found: string[] = faults(target(name), facts, small)
    t.true(found.some((text) => fault.test(text)), found.join('; '))
  })
}

test('a fault: too large, or a folder of the machine in it', (t) => {
  t.regex(faults(target('linux-x64-gnu'), gnu, { ...small, bytes: Buffer.alloc(6_000_001) })[0], /^has 6\.00 MB/)
  t.deepEqual(faults(target('linux-x64-gnu'), gnu, { ...small, bytes: Buffer.from('at /home/builder/x.rs:1') }), ['names the folder /home/builder/ of this machine'])
})
