// Histories of each store, made by four processes that are killed, stopped and cut off, are linearizable.
import test from 'ava'

import { checkHistories } from '../../facade/testing/check-histories.js'
import type { HistoryCall } from '../../facade/testing/history.js'
import { isLinearizable } from '../../facade/testing/linearizability.js'
import type { Operation } from '../../facade/testing/linearizability.js'
import { longer } from '../helpers/emulated.js'
import { brokenNames } from './histories/broken-stores.js'
import { checkStore } from './histories/runs.js'
import { postgresFound, redisFound } from './engines.js'
import { mysqlFound } from './mysql.js'
import { serverFound } from './redis-server.js'

// `npm run histories` goes on for longer, and writes down what it has found.
const seconds = 4

const engines = [
  ...['memory', 'directory', 'tfa.cfg', 'sqlite'],
  ...(postgresFound ? ['postgres'] : []),
  ...(mysqlFound ? ['mysql'] : []),
  ...(redisFound && serverFound ? ['node-redis'] : []),
]

for (const engine of engines) {
  test.serial(`${engine}: each history has an order that explains it`, async (t) => {
    const { histories, calls, undecided, violations, faults } = await checkStore(engine, seconds)
    t.deepEqual({ undecided, violations }, { undecided: [], violations: [] })
    t.true(histories >= 8 && calls > 100, `${histories} histories of ${calls} calls`)
    if (engine !== 'memory') t.true(faults['process killed']! > 0 && faults['process paused']! > 0, JSON.stringify(faults))
  })
}

for (const name of brokenNames) {
  test.serial(`a store is found where ${name}`, async (t) => {
    const { violations } = await checkStore(`broken: ${name}`, longer(2))
    t.not(violations.length, 0)
  })
}

test('the check agrees with one that tries every order', (t) => {
  const verdicts = { true: 0, false: 0 }
  for (let seed = 1; seed <= 3000; seed += 1) {
    const operations = randomOperations(seed)
    const verdict = bruteForce(operations, 'a')
    t.is(isLinearizable(operations, 'a'), verdict, `seed ${seed}`)
    verdicts[`${verdict}`] += 1
  }
  t.true(verdicts.true > 300 && verdicts.false > 300, JSON.stringify(verdicts))
})

test('what an answer, a failure and a death say', (t) => {
  const put = (data: string): HistoryCall => ({ kind: 'put', id: 'a', data })
  const take: HistoryCall = { kind: 'take', id: 'a' }
  const verdict = (...calls: [HistoryCall, { value?: string; code?: string } | 'died'][]) => {
    const events = calls.flatMap(([what, end], index) => {
      const base = { process: 'p', call: index }
      const call = { event: 'call', ...base, t: index * 2, object: 'challenges key', ...what }
      if (end === 'died') return [call]
      const event = end.code === undefined ? { event: 'answer', value: end.value ?? null } : { event: 'failure', code: end.code }
      return [call, { ...event, ...base, t: index * 2 + 1 }]
    })
    const { violations, undecided } = checkHistories([`${events.map((event) => JSON.stringify(event)).join('\n')}\n{"event":"ca`])
    t.deepEqual(undecided, [])
    return violations.length === 0
  }
  const gone = { code: 'ECONNRESET' }
  t.true(verdict([put('1'), {}], [take, { value: '1' }], [take, {}]))
  t.false(verdict([put('1'), {}], [take, {}]))
  t.false(verdict([put('1'), {}], [take, { value: '1' }], [take, { value: '1' }]))
  t.false(verdict([take, { value: '1' }], [put('1'), {}]))
  // A put that failed may have been made, now or later, or never; but once.
  t.true(verdict([put('1'), gone], [take, {}], [take, { value: '1' }]))
  t.true(verdict([put('1'), 'died'], [take, {}]))
  t.false(verdict([put('1'), gone], [take, { value: '1' }], [take, { value: '1' }]))
  t.true(verdict([put('1'), {}], [take, gone], [take, {}]))
  t.true(verdict([put('1'), {}], [take, gone], [take, { value: '1' }]))
  t.false(verdict([put('1'), { code: 'lock-timeout' }], [take, { value: '1' }]))
  t.false(verdict([put('1'), {}], [{ kind: 'clear' }, {}], [take, { value: '1' }]))
  t.true(verdict([put('1'), {}], [{ kind: 'clear' }, gone], [take, { value: '1' }]))
})

/** A few calls on a register: reads, writes, and changes of one value to another; some of them uncertain. */
function randomOperations(seed: number): Operation<string>[] {
  const next = random(seed)
  const pick = () => 'abc'[Math.floor(next() * 3)] as string
  return Array.from({ length: 6 }, () => {
    const called = Math.floor(next() * 8)
    const uncertain = next() < 0.25
    const answered = uncertain ? Infinity : called + 1 + Math.floor(next() * 4)
    const [from, to, kind] = [pick(), pick(), next()]
    if (kind < 0.35 && !uncertain) return { called, answered, reads: true, apply: (state) => (state === from ? [state] : []) }
    if (kind < 0.6) return { called, answered, reads: false, apply: () => [to] }
    return { called, answered, reads: false, apply: (state) => (state === from ? [to] : []) }
  })
}

/** Whether any order of all that is certain, and of any part of the rest, is right. */
function bruteForce(left: Operation<string>[], state: string): boolean {
  if (left.every(({ answered }) => answered === Infinity)) return true
  return left.some((one) => {
    if (left.some((other) => other !== one && other.answered < one.called)) return false
    return one.apply(state).some((after) => bruteForce(left.filter((other) => other !== one), after))
  })
}

/** Numbers from 0 to 1 that are the same in each run (mulberry32). */
function random(seed: number): () => number {
  let state = seed * 0x9e3779b9
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
