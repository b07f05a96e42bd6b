// `npm run asan -- [TEST...]`: the tests that use the addon, with AddressSanitizer in its Rust and in the C of aws-lc. It
// takes Linux, a nightly Rust, and GCC with its runtime of the sanitizer, which Node has to be started with.
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { underLock } from './lib/lock.mjs'
import { main } from './lib/main.mjs'
import { installPackages } from './lib/packages.mjs'
import { root, scratch } from './lib/paths.mjs'
import { ask, local, mustRun } from './lib/run.mjs'
import { needNode, rustHost, ToolMissing } from './lib/tools.mjs'
import { compileTypeScript } from './lib/typescript.mjs'

/** All but those of pages, packages and programs, where the addon does nothing new and the sanitizer takes minutes. */
const TESTS = [
  'build/__test__/{client,migration,service,shared,stateless,stores,testing,tfa-config}/*.test.js', 'build/__test__/http/{enrolment,handler,sign-in}.test.js',
  '!build/__test__/{package,readme,cli,cli-import,processes,stores-crash}.test.js',
]

main(async () => {
  needNode()
  const runtime = ask('gcc', ['-print-file-name=libasan.so'])
  if (!runtime || !isAbsolute(runtime)) throw new ToolMissing('libasan.so was not found: install GCC with its sanitizers')
  if (!ask('cargo', ['+nightly', '--version'])) {
    throw new ToolMissing('a nightly Rust was not found: run `rustup toolchain install nightly`')
  }
  await underLock(async () => {
    await installPackages()
    await compileTypeScript()
  })
  const addon = await build()
  const tests = process.argv.length > 2 ? process.argv.slice(2) : TESTS
  await mustRun(...command([...local('ava/entrypoints/cli.mjs'), ...tests]), {
    env: {
      LD_PRELOAD: runtime,
      NAPI_RS_NATIVE_LIBRARY_PATH: addon,
      // Node itself frees nothing when it ends.
      ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1',
    },
  })
})

async function build() {
  const host = rustHost()
  const target = join(process.env.CARGO_TARGET_DIR || join(root, 'target'), 'asan')
  const args = ['+nightly', 'build', '--locked', '-p', 'countersign-binding', '--target', host]
  await mustRun('cargo', args, {
    env: {
      CARGO_TARGET_DIR: target,
      RUSTFLAGS: '-Zsanitizer=address -Cforce-frame-pointers=yes',
      [`CFLAGS_${host.replaceAll('-', '_')}`]: '-fsanitize=address -fno-omit-frame-pointer',
    },
  })
  const library = join(target, host, 'debug', 'libcountersign_binding.so')
  // Without the sanitizer in it the tests would pass and say nothing.
  if (!readFileSync(library).includes('__asan_init')) throw new Error('the addon was built without the sanitizer')
  mkdirSync(scratch, { recursive: true })
  const addon = join(scratch, 'asan.node')
  copyFileSync(library, addon)
  return addon
}

const command = ([program, ...args]) => [program, args]
