// `native.js` where the platform's package is missing, broken or another platform's.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { script } from '../helpers/script.js'

const { platformName } = await script('platform.mjs')
const loader = fileURLToPath(new URL('../../../native.js', import.meta.url))
const own: string = platformName()
/** The one for the other C library. */
const other = own.endsWith('gnu') ? own.replace('gnu', 'musl') : own.replace('musl', 'gnu')

const onLinux = process.platform === 'linux' ? test : test.skip

test('no package: the error names the right one', (t) => {
  const { code, name, message } = loading(t)
  t.deepEqual({ code, name }, { code: 'binding-not-found', name: 'CountersignError' })
  t.true(message.includes(`@countersign/binding-${own} is not installed`), message)
  t.true(message.includes(`install @countersign/binding-${own},`), message)
  if (other !== own) t.false(message.includes(other), message)
})

onLinux('the package for the other C library: the error says so, and names the right one', (t) => {
  const { code, message, cause } = loading(t, other)
  t.is(code, 'binding-not-found')
  t.true(message.includes(`@countersign/binding-${other} is for another C library; install @countersign/binding-${own},`), message)
  t.true(cause.length > 0)
})

test('the right package, broken: the error says so, and has the reason as its cause', (t) => {
  const { code, message, cause } = loading(t, own)
  t.is(code, 'binding-not-found')
  t.true(message.includes(`@countersign/binding-${own} can't be loaded; see the cause`), message)
  t.true(cause.length > 0)
})

onLinux('both are there, and the right one is broken: it is the one that the error is about', (t) => {
  const { message, cause } = loading(t, other, own)
  t.true(message.includes(`@countersign/binding-${own} can't be loaded; see the cause`), message)
  t.true(cause.includes(`binding-${own}`), cause)
})

for (const [platform, arch] of [['freebsd', 'x64'], ['linux', 'riscv64'], ['linux', 'arm'], ['win32', 'ia32'], ['sunos', 'x64']] as const) {
  test(`${platform} ${arch}: the error names no package, as there is none`, (t) => {
    const { code, message } = loadingOn(t, { platform, arch })
    t.is(code, 'binding-not-found')
    t.is(message, `no native binding for ${platform} ${arch}: there is no package for this platform; build it from source, as README.md says`)
  })
}

/** What importing it throws in a folder with packages of these platforms that no system can load. */
function loading(t: { teardown(work: () => void): void }, ...platforms: string[]) {
  return loadingOn(t, {}, ...platforms)
}

/** The same on another system: what `process` says of it. */
function loadingOn(t: { teardown(work: () => void): void }, system: { platform?: string, arch?: string }, ...platforms: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-loader-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  cpSync(loader, join(folder, 'native.mjs'))
  for (const platform of platforms) {
    const place = join(folder, 'node_modules', '@countersign', `binding-${platform}`)
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, 'package.json'), JSON.stringify({ main: 'countersign.node' }))
    writeFileSync(join(place, 'countersign.node'), 'no library')
  }
  const code = `for (const [name, value] of Object.entries(${JSON.stringify(system)})) Object.defineProperty(process, name, { value })
    import('./native.mjs').then(() => ({ message: 'loaded' }), (error) => error)
    .then(({ name, code, message, cause }) => console.log(JSON.stringify({ name, code, message, cause: cause?.message })))`
  const { NAPI_RS_NATIVE_LIBRARY_PATH: _, ...env } = process.env
  return JSON.parse(execFileSync(process.execPath, ['-e', code], { cwd: folder, env, encoding: 'utf8' }))
}
