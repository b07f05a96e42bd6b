// What `npm run bench -- --compare` calls worse.
import test from 'ava'

import { script } from '../helpers/script.js'

const { compare } = await script('../../bench/lib/compare.mjs')
const { processorName } = await script('../../bench/lib/processor.mjs')
const { compared } = await script('../../bench/lib/interleave.mjs')

interface Row {
  what: string
  figure: number
  most?: number
  least?: number
  unit?: string
  quartiles?: [number, number]
}

const machine = { cpu: 'one', cores: 2, platform: 'linux x64', node: '20.20.2' }
const results = (on: object, ...reached: Row[]) => ({ part: { on, reached } })
const worse = (now: Row, before: Row, on: object = machine): string[] => {
  return compare(results(on, now), results(machine, before)).worse.map(({ what }: Row) => what)
}

test('a ratio may be worse by what both runs vary', (t) => {
  const before: Row = { what: 'ratio', figure: 2, most: 3, quartiles: [1.9, 2.1] }
  const now = (figure: number, width: number): Row => ({ ...before, figure, quartiles: [figure * (1 - width), figure * (1 + width)] })
  // 5 % for each of them.
  t.deepEqual(worse(now(2.19, 0.05), before), [])
  t.deepEqual(worse(now(2.21, 0.05), before), ['ratio'])
  t.deepEqual(worse(now(2.21, 0.2), before), [])
  t.deepEqual(worse(now(0.1, 0), before), [])
})

test('however little it varied, 5 % are nothing', (t) => {
  const before: Row = { what: 'ratio', figure: 2, most: 3, quartiles: [2, 2] }
  t.deepEqual(worse({ ...before, figure: 2.09 }, before), [])
  t.deepEqual(worse({ ...before, figure: 2.11 }, before), ['ratio'])
})

test('what should be large is worse when it is smaller', (t) => {
  const before: Row = { what: 'rival', figure: 10, least: 8 }
  t.deepEqual(worse({ ...before, figure: 9.1 }, before), [])
  t.deepEqual(worse({ ...before, figure: 8.9 }, before), ['rival'])
  t.deepEqual(worse({ ...before, figure: 100 }, before), [])
})

test('a count may not grow, and no figure is worse than any', (t) => {
  const before: Row = { what: 'calls', figure: 0, most: 0, unit: 'calls' }
  t.deepEqual(worse(before, before), [])
  t.deepEqual(worse({ ...before, figure: 1 }, before), ['calls'])
  t.deepEqual(worse({ ...before, figure: Number.NaN }, before), ['calls'])
  const size: Row = { what: 'size', figure: 100, most: 200, unit: 'bytes' }
  t.deepEqual(worse({ ...size, figure: 104 }, size, { ...machine, cpu: 'two' }), [])
  t.deepEqual(worse({ ...size, figure: 106 }, size, { ...machine, cpu: 'two' }), ['size'])
})

test('a time is compared on the same machine only, a ratio on any', (t) => {
  const [time, ratio]: Row[] = [
    { what: 'time', figure: 1, most: 9, unit: 'µs' },
    { what: 'ratio', figure: 1, most: 9 },
  ]
  const other = { ...machine, node: '24.1.0' }
  const slow = (row: Row) => ({ ...row, figure: 3 })
  const found = compare(results(other, slow(time!), slow(ratio!)), results(machine, time!, ratio!))
  t.deepEqual(found.worse.map(({ what }: Row) => what), ['ratio'])
  t.deepEqual(found.passed, [{ part: 'part', what: 'time', why: 'measured on another machine' }])
  t.is(found.compared, 1)
  t.deepEqual(worse(slow(time!), time!), ['time'])
})

test('rows that only one of the runs has are named', (t) => {
  const [old, fresh]: Row[] = [{ what: 'old', figure: 1, most: 2 }, { what: 'fresh', figure: 1, most: 2 }]
  const { worse, passed, compared: count } = compare(results(machine, fresh!), results(machine, old!))
  t.deepEqual(worse, [])
  t.is(count, 0)
  t.deepEqual(passed.map(({ what, why }: { what: string; why: string }) => [what, why]), [
    ['fresh', 'not measured before'],
    ['old', 'not measured any more'],
  ])
  t.is(compare(results(machine, fresh!), {}).passed.length, 1)
})

test('a ratio is that of each round, and so is what it varies', (t) => {
  const times = { one: { times: [2, 30, 4, 5, 6] }, other: { times: [1, 10, 1, 1, 1] } }
  t.deepEqual(compared(times, 'one', 'other'), { figure: 4, quartiles: [3, 5] })
})

test('processors of one name are told apart by family and model', (t) => {
  const told = (family: number, model: number) => `processor\t: 0\ncpu family\t: ${family}\nmodel\t\t: ${model}\nmodel name\t: AMD EPYC\n`
  t.is(processorName('AMD EPYC', told(23, 1)), 'AMD EPYC (family 23, model 1)')
  t.is(processorName('AMD EPYC', told(25, 17)), 'AMD EPYC (family 25, model 17)')
  t.is(processorName('Apple M4', ''), 'Apple M4')
})
