// What of a failed step's output is shown: all that tells of the failure, and nothing of what went well.
import test from 'ava'
import { script } from '../helpers/script.js'

const { excerpt, failedTests, lastLine } = await script('excerpt.mjs')

const routine = [
  '   Compiling aws-lc-sys v0.47.0', '    Checking countersign-core v0.1.0 (/countersign)', '  Downloaded serde v1.0.0',
  '    Finished `dev` profile [unoptimized] target(s) in 32.87s', '     Running unittests src/lib.rs (target/debug/deps/a-b)',
  '   Doc-tests countersign_core', '    Blocking waiting for file lock on package cache',
  'running 12 tests', 'test totp::tests::a_code ... ok', 'test slow ... ignored',
  'test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s',
  '  ✔ service › a right code (103ms)', '  ✔ [expected fail] x',
  '#2\tINITED cov: 12 ft: 13 corp: 1/1b exec/s: 0 rss: 30Mb', '#4096\tpulse  cov: 12 ft: 13', '#77\tNEW    cov: 13', '#78\tREDUCE cov: 13',
  'INFO: Seed: 1', 'stat::number_of_executed_units: 9',
  'Setting up chromium (1.2) ...',
]

const telling = [
  'error[E0432]: unresolved import `crate::x`', '  --> crate/core/src/lib.rs:3:5', 'warning: unused variable',
  'test totp::tests::a_code ... FAILED', "thread 'totp' panicked at src/totp.rs:1:1:", 'assertion `left == right` failed',
  'test result: FAILED. 3 passed; 1 failed; 0 ignored', 'error: test failed, to rerun pass `-p countersign-core --lib`',
  '  ✘ [fail]: service › a right code', '    Compiling is what a value said', '  Running late', '  1 test failed',
  '==12==ERROR: libFuzzer: deadly signal', 'artifact_prefix=x; Test unit written to x/crash-1', '#0 0x55 in main', 'E: Unable to locate package',
  'GROWN  totp: 200, committed 100',
]

test('lines of success and progress are left out', (t) => {
  t.deepEqual(excerpt([...routine, 'error: it went wrong'].join('\n')), ['error: it went wrong'])
})

test('every other line stays, in order and in its colours', (t) => {
  const mixed = telling.flatMap((line, at) => [routine[at % routine.length]!, `\u001b[31m${line}\u001b[39m`])
  t.deepEqual(excerpt(mixed.join('\n')), telling.map((line) => `\u001b[31m${line}\u001b[39m`))
})

test('what is routine in colours is routine', (t) => {
  t.deepEqual(excerpt('\u001b[1m\u001b[92m   Compiling\u001b[0m a v1\n  \u001b[32m✔\u001b[39m one\nboom'), ['boom'])
})

test('a step that says nothing of its failure shows its last lines', (t) => {
  t.deepEqual(excerpt(Array.from({ length: 50 }, (_, number) => `  ✔ ${number}`).join('\n')), Array.from({ length: 20 }, (_, number) => `  ✔ ${number + 30}`))
  t.deepEqual(excerpt(''), [''])
})

test('of very many lines the last are shown, and how many are not', (t) => {
  const lines = Array.from({ length: 30 }, (_, number) => `error ${number}`)
  t.deepEqual(excerpt(lines.join('\n'), 10), ['... 20 lines before these are in the log', ...lines.slice(-10)])
})

test('left-out lines leave no run of empty ones', (t) => {
  t.deepEqual(excerpt('\n\na\n\n  ✔ one\n\n\nb\n\n'), ['a', '', 'b'])
})

test('the last line with something in it tells what goes on', (t) => {
  t.is(lastLine('a\n   Compiling\t b\n\n'), 'Compiling b')
  t.is(lastLine('10 %\r20 %\r'), '20 %')
  t.is(lastLine('\n \n'), undefined)
})

test('what npm remarks is no progress, and is shown when the step fails', (t) => {
  const remarks = [
    'npm warn EBADENGINE Unsupported engine {', "npm warn EBADENGINE   package: 'ava@8.0.0',", "npm warn EBADENGINE   required: { node: '^22' },",
    'npm warn EBADENGINE }', 'npm WARN EBADENGINE Unsupported engine {', 'npm notice New major version of npm available!',
  ]
  t.is(lastLine(`installing the npm packages\n${remarks.join('\n')}\n`), 'installing the npm packages')
  for (const remark of remarks) t.is(lastLine(`\u001b[33m${remark}\u001b[39m\n`), undefined)
  t.is(lastLine('npm error code EUSAGE\n'), 'npm error code EUSAGE')
  t.deepEqual(excerpt([...remarks, 'npm error code EUSAGE'].join('\n')), [...remarks, 'npm error code EUSAGE'])
})

test('the tests that failed are named once each, whatever runs them', (t) => {
  const output = ['  ✔ one', '  ✘ [fail]: a › b (dark) Rename Phone', '  \u001b[31m✘ [fail]:\u001b[39m two', 'test totp::a_code ... FAILED', '  ✘ [fail]: two']
  t.deepEqual(failedTests(output.join('\n')), ['a › b (dark) Rename Phone', 'two', 'totp::a_code'])
  t.deepEqual(failedTests('  ✔ one\n  1 test failed'), [])
})
