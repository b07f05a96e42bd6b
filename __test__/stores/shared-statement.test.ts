import test from 'ava'

import { CountersignError } from '../../facade/shared/errors.js'
import { alone, SharedStatement } from '../../facade/stores/shared-statement.js'
import type { Values } from '../../facade/stores/shared-statement.js'

/** Doubles a number; keeps what it was asked. */
class Doubling {
  readonly asked: unknown[] = []
  many = async (calls: Values[]): Promise<(number | typeof alone)[]> => {
    this.asked.push(calls.map(([number]) => number))
    return calls.map(([number]) => Number(number) * 2)
  }
  one = async ([number]: Values): Promise<number> => {
    this.asked.push(number)
    return Number(number) * 2
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))
const failing = (properties: object) => async () => {
  throw Object.assign(new Error('refused'), properties)
}

test('calls of one turn share a statement, and a single one has its own', async (t) => {
  const doubling = new Doubling()
  const shared = new SharedStatement<number>(doubling, true)
  t.deepEqual(await Promise.all([shared.run([1]), shared.run([2]), shared.run([3])]), [2, 4, 6])
  t.is(await shared.run([4]), 8)
  const first = shared.run([5])
  await turn()
  t.deepEqual(await Promise.all([first, shared.run([6])]), [10, 12])
  t.deepEqual(doubling.asked, [[1, 2, 3], 4, 5, 6])
})

test('nobody waits for a statement of another turn', async (t) => {
  const doubling = new Doubling()
  let release = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  const shared = new SharedStatement<number>({
    ...doubling,
    many: async (calls) => {
      await held
      return doubling.many(calls)
    },
  }, true)
  let answered = false
  const stuck = Promise.all([shared.run([1]), shared.run([2])]).finally(() => (answered = true))
  await turn()
  t.is(await shared.run([3]), 6)
  t.false(answered)
  release()
  t.deepEqual(await stuck, [2, 4])
})

test('a statement has 128 calls at most, and 4 MiB of text unless one call has more', async (t) => {
  const doubling = new Doubling()
  const shared = new SharedStatement<number>(doubling, true)
  const calls = Array.from({ length: 300 }, (_, index) => index)
  t.deepEqual(await Promise.all(calls.map((call) => shared.run([call]))), calls.map((call) => call * 2))
  t.deepEqual(doubling.asked.map((group) => (group as number[]).length), [128, 128, 44])

  doubling.asked.length = 0
  const text = (bytes: number) => 'x'.repeat(bytes)
  await Promise.all([[1, text(3 << 20)], [2, text(1 << 20)], [3, 'y'], [4, text(5 << 20)], [5, null], [6, 'z']].map((values) => shared.run(values)))
  t.deepEqual(doubling.asked, [[1, 2], 3, 4, [5, 6]])
})

test('what a statement leaves out is asked alone', async (t) => {
  const doubling = new Doubling()
  const shared = new SharedStatement<number>({ ...doubling, many: async (calls) => calls.map(([number]) => (Number(number) % 2 === 0 ? alone : -1)) }, true)
  t.deepEqual(await Promise.all([1, 2, 3, 4].map((number) => shared.run([number]))), [-1, 4, -1, 8])
  t.deepEqual(doubling.asked, [2, 4])
})

test('what is refused of one stops none that it shares with, and each gets its own error', async (t) => {
  const refusals = [{ code: '23505' }, { code: '22021' }, { code: '25006' }, { code: 'P0001' }, { code: '57014' }, { code: '53100' }, { code: '40001' },
    { code: '26000' }, { code: 'U0001', severity: 'ERROR' }]
  for (const refusal of refusals) {
    const doubling = new Doubling()
    const one = async (values: Values) => (values[0] === 2 ? failing({ own: true })() : doubling.one(values))
    const shared = new SharedStatement<number>({ one, many: failing(refusal) }, true)
    const ends = await Promise.allSettled([1, 2, 3].map((number) => shared.run([number])))
    t.deepEqual(ends.map((end) => (end.status === 'fulfilled' ? end.value : end.reason.own)), [2, true, 6], refusal.code)
  }
  const shared = new SharedStatement<number>({ one: new Doubling().one, many: async () => { throw new CountersignError('store-failed') } }, true)
  t.deepEqual(await Promise.all([shared.run([1]), shared.run([2])]), [2, 4])
})

const lost = [
  {}, { code: 'ECONNRESET' }, { code: 'EPIPE' }, { code: '08006' }, { code: '57P01' }, { code: '40003' }, { code: 'P1017' }, { code: 'XX000' }, { code: '58000' },
  { code: '08006', severity: 'ERROR' }, { code: '53100', severity: 'PANIC' }, { code: 'U0001', severity: 'FATAL' }, { code: 5 },
]

test('where nobody knows whether it was done, it is not done again', async (t) => {
  for (const properties of lost) {
    const doubling = new Doubling()
    const shared = new SharedStatement<number>({ one: doubling.one, many: failing(properties) }, true)
    const ends = await Promise.allSettled([1, 2, 3].map((number) => shared.run([number])))
    for (const end of ends) {
      t.like(end, { status: 'rejected', reason: { message: 'refused', ...(typeof (properties as { code?: unknown }).code === 'string' && { code: (properties as { code: string }).code }) } })
    }
    t.is(new Set(ends.map((end) => (end as PromiseRejectedResult).reason)).size, 3, 'an error of its own for each')
    t.deepEqual(doubling.asked, [])
  }
})

test('an error tells nobody what the others passed', async (t) => {
  const passed = ['{"label":"Zoë Schlüssel-Müller","pin":"4711","note":"über\\nGEHEIMNIS1234"}', 'otpauth://totp/ann?secret=JBSWY3DPEHPK3PXP']
  const quoted = JSON.stringify(passed)
  const messages = [`can't send ${quoted}`, `can't send ${passed[1]}`, 'invalid: GEHEIMNIS1234', 'near JBSWY3DPEHPK3PXP', `array ${passed[0]!.replaceAll('"', String.raw`\"`)}`, 'x'.repeat(201)]
  for (const message of messages) {
    const shared = new SharedStatement<number>({ one: new Doubling().one, many: async (calls) => { throw Object.assign(new Error(message), { parameters: calls, code: 'ECONNRESET' }) } }, true)
    for (const end of await Promise.allSettled(passed.map((text) => shared.run([text])))) {
      const { reason } = end as PromiseRejectedResult
      t.is(reason.message, 'A statement that several calls shared has failed')
      t.deepEqual(Object.entries(reason), [['code', 'ECONNRESET']])
      t.notRegex(String(reason.stack), /GEHEIMNIS|4711|Zo|JBSWY/)
    }
  }
  for (const message of ['Connection terminated unexpectedly', 'connect ECONNREFUSED 127.0.0.1:5432', 'terminating connection due to administrator command']) {
    const shared = new SharedStatement<number>({ one: new Doubling().one, many: async () => { throw new Error(message) } }, true)
    for (const end of await Promise.allSettled(passed.map((text) => shared.run([text])))) t.is((end as PromiseRejectedResult).reason.message, message)
  }
})

test('where it may matter who calls, each call asks at once and alone', async (t) => {
  const doubling = new Doubling()
  const shared = new SharedStatement<number>(doubling, false)
  const calls = [shared.run([1]), shared.run([2])]
  t.deepEqual(doubling.asked, [1, 2])
  t.deepEqual(await Promise.all(calls), [2, 4])
})
