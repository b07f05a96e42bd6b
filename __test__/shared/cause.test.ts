import test from 'ava'

import { CountersignError } from '../../index.js'
import { presentable } from '../../facade/shared/cause.js'

const secret = 'GEZDGNBVGY3TQOJQ'

/** As drivers make them: everything within reach of a log. */
function driverError(name: string): Error {
  return Object.assign(new TypeError(`failed ${name}`), {
    code: 'WRONGTYPE', errno: 7, command: { name: 'eval', args: [secret] }, sql: `INSERT '${secret}'`, parameters: [secret],
    detail: `Failing row contains (${secret})`, [Symbol(secret)]: secret, toJSON: () => secret,
  })
}

/** Everything of an error that a logger could show. */
function everything(error: unknown, seen = new Set<unknown>()): string {
  if (typeof error !== 'object' || error === null || seen.has(error)) return typeof error === 'function' ? '' : String(error)
  seen.add(error)
  return Reflect.ownKeys(error).map((key) => `${String(key)}: ${everything(Reflect.get(error, key), seen)}`).join('\n')
}

test('what a driver attaches goes; name, message, code and stack stay', (t) => {
  const thrown = driverError('here')
  const { cause } = new CountersignError('store-failed', { cause: thrown })
  const shown = cause as typeof thrown & { code: string }
  t.true(shown instanceof TypeError)
  t.deepEqual([shown.name, shown.message, shown.code, shown.stack], ['TypeError', 'failed here', 'WRONGTYPE', thrown.stack])
  t.deepEqual(Reflect.ownKeys(shown).toSorted(), ['code', 'message', 'stack'])
  t.notRegex(everything(shown), new RegExp(secret))
  t.true(everything(thrown).includes(secret), 'the driver’s own is not touched')
})

test('nested causes and the errors of an AggregateError too, and what is thrown by others than drivers', (t) => {
  const nested = new Error('outer', { cause: new AggregateError([driverError('a'), new Error('b', { cause: driverError('c') })], 'some') })
  const shown = presentable(nested) as { cause: AggregateError & { errors: (Error & { cause?: Error })[] } }
  t.deepEqual(shown.cause.errors.map(({ message }) => message), ['failed a', 'b'])
  t.is(shown.cause.errors[1]?.cause?.message, 'failed c')
  t.notRegex(everything(shown), new RegExp(secret))
  t.notRegex(everything(presentable({ message: 'plain', code: 7, args: [secret] })), new RegExp(secret))
  t.like(presentable({ message: 'plain', code: 7 }), { message: 'plain', code: 7 })
  const getter = Object.defineProperty(new Error('x'), 'cause', { get() { throw new Error(secret) } })
  for (const strange of [getter, new Proxy({}, { get() { throw new Error(secret) } }), () => secret, undefined, null, 7n, Symbol('s')]) {
    t.notThrows(() => everything(presentable(strange)))
    t.notRegex(everything(presentable(strange)), new RegExp(secret))
  }
  const circle: Error & { cause?: unknown } = driverError('circle')
  circle.cause = circle
  t.notRegex(everything(presentable(circle)), new RegExp(secret))
})

test('an error without attachments is the very one that was thrown', (t) => {
  const thrown = Object.assign(new Error('gone', { cause: new TypeError('x') }), { code: 'ECONNREFUSED' })
  t.is(new CountersignError('store-failed', { cause: thrown }).cause, thrown)
})

test('a message that quotes what was passed quotes it no more', (t) => {
  const record = JSON.stringify({ totp: [{ description: 'my phone', entry: `otpauth://totp/Example:ann?secret=${secret}&digits=6` }] })
  const statement = `insert into "records" ("description", "record") values ('ann', '${record}') - duplicate description`
  const shown = presentable(new Error(statement), [record]) as Error
  t.notRegex(everything(shown), new RegExp(secret))
  t.regex(shown.message, /^insert into "records" .* values \('ann', '\[removed\]'\) - duplicate description$/)
  const escaped = presentable(new Error(record.replaceAll('"', '\\"')), [record]) as Error
  t.notRegex(everything(escaped), new RegExp(secret))
  const cut = presentable(new Error(`near '${secret.slice(4)}'`), [record]) as Error
  t.is(cut.message, "near '[removed]'")
  const data = presentable(`could not write opaque-${secret}`, [`opaque-${secret}`])
  t.is(data, 'could not write [removed]')
})
