// How the output of each runner counts.
import test from 'ava'
import { script } from '../helpers/script.js'

const { add, countAva, countCargo, countClosing, countOne } = await script('totals.mjs')

test('cargo test: the sums of all binaries', (t) => {
  const output = [
    'running 2 tests', 'test a ... ok', 'test b ... ok',
    'test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s',
    'test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s',
  ].join('\n')
  t.deepEqual(countCargo(101, output), { passed: 5, failed: 2 })
})

test('cargo test in colours counts as well', (t) => {
  t.deepEqual(countCargo(0, 'test result: \u001b[32mok\u001b[0m. 7 passed; 0 failed; 0 ignored'), { passed: 7, failed: 0 })
})

test('a runner that ended badly, or ran nothing, is one failure', (t) => {
  const ok = 'test result: ok. 2 passed; 0 failed; 0 ignored'
  t.deepEqual(countCargo(101, 'error[E0432]: unresolved import'), { passed: 0, failed: 1 })
  t.deepEqual(countCargo(101, ok), { passed: 2, failed: 1 })
  t.deepEqual(countCargo(0, ''), { passed: 0, failed: 1 })
  t.deepEqual(countAva(1, '  ✘ No tests found'), { passed: 0, failed: 1 })
  t.deepEqual(countAva(0, ''), { passed: 0, failed: 1 })
})

test('ava: ticks, and what its last lines say of failures', (t) => {
  const output = ['  ✔ a › one (12ms)', '  ✔ two', '  ✘ [fail]: three', '  ─', '', '  1 test failed', '  2 uncaught exceptions', '  1 unhandled rejection', '  1 hook failed'].join('\n')
  t.deepEqual(countAva(1, output), { passed: 2, failed: 5 })
})

test('our own scripts: the last line, and no line is a failure', (t) => {
  t.deepEqual(countClosing(0, 'a: 1 passed\n1 passed, 1 failed\n\n4 passed, 0 failed\n'), { passed: 4, failed: 0 })
  t.deepEqual(countClosing(1, '4 passed, 2 failed'), { passed: 4, failed: 2 })
  t.deepEqual(countClosing(1, '4 passed, 0 failed'), { passed: 4, failed: 1 })
  t.deepEqual(countClosing(0, 'crashed before it said anything'), { passed: 0, failed: 1 })
})

test('a tool counts once', (t) => {
  t.deepEqual(countOne(0), { passed: 1, failed: 0 })
  t.deepEqual(countOne(2), { passed: 0, failed: 1 })
  t.deepEqual(add([countOne(0), countOne(0), countOne(1)]), { passed: 2, failed: 1 })
})
