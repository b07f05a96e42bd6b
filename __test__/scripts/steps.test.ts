// The runner of `npm test`: a line for each step, the output of those that fail, everything in a log.
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { script } from '../helpers/script.js'

const { Display } = await script('display.mjs')
const { Steps } = await script('steps.mjs')
const { say } = await script('output.mjs')
const { run } = await script('run.mjs')

/** What a terminal or a file would get. */
class Sink {
  text = ''
  columns = 40
  constructor(readonly isTTY: boolean) {}
  write(text: string) {
    this.text += text
  }
}

async function opened(t: { teardown(work: () => unknown): void }, { words = [] as string[], terminal = false } = {}) {
  const logs = await mkdtemp(join(tmpdir(), 'countersign-steps-'))
  const sink = new Sink(terminal)
  const clock = { now: 0 }
  const display = new Display({ out: sink, now: () => clock.now })
  const steps = new Steps({ name: 'a test', words, display, logs })
  t.teardown(async () => {
    steps.stop()
    await rm(logs, { recursive: true })
  })
  return { steps, sink, clock, display, log: (name: string) => readFile(join(logs, `${name}.log`), 'utf8') }
}

test('a step that goes well is one line with its time and count, and its output is in the log alone', async (t) => {
  const { steps, sink, clock, log } = await opened(t)
  const went = await steps.step('cargo test', async () => {
    say('a line of the script')
    await run(process.execPath, ['-e', 'console.log("out"); console.error("err")'])
    clock.now = 125_000
    return { passed: 12, failed: 0 }
  })
  t.true(went)
  t.is(sink.text, '...     cargo test\nok      cargo test: 2 min 5 s, 12 passed\n')
  t.deepEqual((await log('cargo-test')).trim().split('\n').sort(), ['a line of the script', 'err', 'out'])
})

test('of a step that fails the telling lines are shown, and where the others are', async (t) => {
  const { steps, sink, log } = await opened(t)
  const went = await steps.step('ava', async () => {
    say('  ✔ one\n  ✘ [fail]: two')
    return { passed: 1, failed: 1 }
  })
  t.false(went)
  t.true(sink.text.includes('FAILED  ava: 0 s, 1 passed, 1 failed\n'), sink.text)
  t.true(sink.text.includes('✘ [fail]: two') && !sink.text.includes('✔ one'))
  t.regex(sink.text, /ava failed; all of its output: .*ava\.log/)
  t.is(await log('ava'), '  ✔ one\n  ✘ [fail]: two\n')
})

test('to throw is to fail: a missing program is told in a line, a mistake with its stack; the others still run', async (t) => {
  const { steps, sink } = await opened(t)
  t.false(await steps.step('missing', () => run('countersign-no-such-program', [])))
  t.false(await steps.step('mistake', () => { throw new TypeError('oh') }))
  t.true(await steps.step('after', () => ({ passed: 1, failed: 0 })))
  t.true(sink.text.includes('spawn countersign-no-such-program ENOENT'))
  t.regex(sink.text, /TypeError: oh\n\s+at /)
  t.deepEqual(steps.results.map(({ name, passed, failed }: Record<string, unknown>) => ({ name, passed, failed })), [
    { name: 'missing', passed: 0, failed: 1 }, { name: 'mistake', passed: 0, failed: 1 }, { name: 'after', passed: 1, failed: 0 },
  ])
})

test('steps side by side keep their output apart', async (t) => {
  const { steps, log } = await opened(t)
  const talk = (word: string) => () => run(process.execPath, ['-e', `for (let i = 0; i < 50; i++) console.log('${word}')`])
  await Promise.all([steps.step('left', talk('left')), steps.step('right', talk('right'))])
  t.is(await log('left'), 'left\n'.repeat(50))
  t.is(await log('right'), 'right\n'.repeat(50))
})

test('words choose the steps, but not those that always run; a skipped one says why', async (t) => {
  const { steps, sink } = await opened(t, { words: ['ava', 'deny'] })
  let ran = ''
  await steps.step('set-up', () => { ran += 'set-up ' }, { always: true })
  t.true(await steps.step('clippy', () => { ran += 'clippy ' }))
  await steps.step('ava', () => { ran += 'ava' })
  steps.skip('cargo-deny', 'not installed')
  steps.skip('browser', 'none found')
  t.is(ran, 'set-up ava')
  t.true(sink.text.endsWith('skipped cargo-deny: not installed\n'), sink.text)
  t.false(sink.text.includes('browser'))
})

test('work that had nothing to do is skipped, not counted', async (t) => {
  const { steps, sink } = await opened(t)
  t.true(await steps.step('instructions', () => ({ skipped: 'another compiler' })))
  t.true(sink.text.endsWith('skipped instructions: another compiler\n'))
})

test('where there is no terminal a long step gives a sign of life, in plain lines', async (t) => {
  const { steps, sink, clock, display } = await opened(t)
  await steps.step('clippy', () => {
    say('   Compiling a v1')
    clock.now = 30_000
    display.tick()
  })
  t.is(sink.text, '...     clippy\n        clippy 30 s: Compiling a v1\nok      clippy: 30 s\n')
})

test('on a terminal one line is painted over, no wider than it, and gone at the end', async (t) => {
  const { steps, sink, clock, display } = await opened(t, { terminal: true })
  await Promise.all(['one', 'two'].map((name) => steps.step(name, async () => {
    say('x'.repeat(200))
    clock.now = 5000
    display.tick()
  })))
  const painted = sink.text.replaceAll('\r\u001b[K', '\n').split('\n')
  t.true(painted.some((line) => /^one 5 s: x+… \| two 0 s: x+…$/.test(line)), sink.text)
  t.true(painted.every((line) => line.length < 40), sink.text)
  t.deepEqual(painted.filter((line) => line.startsWith('ok')), ['ok      one: 5 s', 'ok      two: 0 s'])
  const before = sink.text
  display.tick()
  t.is(sink.text, before, 'nothing runs: nothing is painted')
})

test('the last line adds everything up, and the code says whether all went well', async (t) => {
  const closing = async (...totals: { passed: number, failed: number }[]) => {
    const code = `import { Steps } from ${JSON.stringify(new URL('../../../scripts/lib/steps.mjs', import.meta.url).href)}
      const steps = new Steps({ name: 'a test of closing' })
      for (const [at, totals] of ${JSON.stringify(totals)}.entries()) await steps.step('step ' + at, () => totals)
      steps.close()`
    const result = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
    return { status: result.status, last: result.stdout.trimEnd().split('\n').at(-1) }
  }
  t.deepEqual(await closing({ passed: 2, failed: 0 }, { passed: 3, failed: 0 }), { status: 0, last: '5 passed, 0 failed' })
  t.deepEqual(await closing({ passed: 2, failed: 1 }, { passed: 3, failed: 0 }), { status: 1, last: '5 passed, 1 failed' })
  t.deepEqual(await closing(), { status: 1, last: '0 passed, 0 failed' })
})
