// Feeds each parser random bytes: `npm run fuzz -- [--seconds N] [--differential N] [--build-only] [TARGET...]`, 60 seconds
// each unless told otherwise; `--differential` is for the targets that ask another library, whose ceremonies `cargo test`
// has, too. It starts from fuzz/corpus and leaves that as it is; an input that fails lies in fuzz/artifacts then.
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { main } from './lib/main.mjs'
import { root } from './lib/paths.mjs'
import { mustRun } from './lib/run.mjs'
import { needRust, rustHost } from './lib/tools.mjs'

main(async () => {
  const { values, positionals } = parseArgs({
    options: { seconds: { type: 'string', default: '60' }, differential: { type: 'string' }, 'build-only': { type: 'boolean' } },
    allowPositionals: true,
  })
  const { seconds, differential = seconds } = values
  const all = readdirSync(join(root, 'fuzz/targets')).map((name) => name.replace('.rs', ''))
  const targets = positionals.length > 0 ? positionals : all
  const unknown = targets.find((target) => !all.includes(target))
  if (unknown !== undefined) throw new Error(`no target ${unknown}; there are ${all.join(', ')}`)
  if (![seconds, differential].every((value) => /^\d+$/.test(value))) throw new Error('--seconds and --differential take numbers')
  await build()
  if (values['build-only']) return
  // Two at a time: each has one thread.
  for (let next = 0; next < targets.length; next += 2) {
    const two = targets.slice(next, next + 2)
    await Promise.all(two.map((target) => fuzz(target, target.startsWith('differential_') ? differential : seconds)))
  }
})

/** libFuzzer's coverage by plain compiler options, so that it takes neither a nightly Rust nor another tool. */
async function build() {
  needRust()
  const sancov = ['-sanitizer-coverage-level=4', '-sanitizer-coverage-inline-8bit-counters', '-sanitizer-coverage-pc-table']
  const flags = ['-Cpasses=sancov-module', ...sancov.map((flag) => `-Cllvm-args=${flag}`), '-Ccodegen-units=1', '--cfg=fuzzing']
  const args = ['build', '--release', '--locked', '--manifest-path', 'fuzz/Cargo.toml', '--target', rustHost()]
  // With a target named, build scripts and macros go without these.
  await mustRun('cargo', args, { env: { RUSTFLAGS: flags.join(' '), CARGO_TARGET_DIR: targetDir() } })
}

async function fuzz(target, seconds) {
  console.log(`\n--- fuzz ${target}, ${seconds} s`)
  const found = mkdtempSync(join(tmpdir(), 'fuzz-'))
  mkdirSync(join(root, 'fuzz/artifacts', target), { recursive: true })
  const limits = [`-max_total_time=${seconds}`, '-timeout=10', '-rss_limit_mb=2048', '-max_len=16384', '-print_final_stats=1']
  const places = [`-artifact_prefix=${join(root, 'fuzz/artifacts', target)}/`, found, join(root, 'fuzz/corpus', target)]
  try {
    await mustRun(join(targetDir(), rustHost(), 'release', target), [...limits, ...places])
  } finally {
    rmSync(found, { recursive: true, force: true })
  }
}

function targetDir() {
  return process.env.CARGO_TARGET_DIR ? join(process.env.CARGO_TARGET_DIR, 'fuzz') : join(root, 'fuzz/target')
}
