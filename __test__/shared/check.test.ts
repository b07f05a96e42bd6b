import test from 'ava'

import * as check from '../../facade/shared/check.js'
import { Countersign } from '../../facade/service/countersign.js'
import { CountersignError, errorCodes, isCountersignError } from '../../facade/shared/errors.js'
import { openEnvelope } from '../../facade/shared/envelope.js'
import { jsonText } from '../../facade/shared/json.js'
import { checkSettings } from '../../facade/service/settings.js'
import { TfaConfig } from '../../facade/tfa-config/tfa-config.js'
import { invalidArgument } from '../helpers/invalid-argument.js'

const secret = 'hunter2'
const rp = { id: 'example.com', name: 'Example', origins: ['https://example.com'] }
const method = () => undefined
const store = { read: method, update: method, owner: method, users: method, put: method, take: method, clear: method }

function argument(t: import('ava').ExecutionContext, name: string, work: () => unknown): void {
  const err = t.throws(work, { instanceOf: CountersignError })
  t.is(err.code, 'invalid-argument')
  t.true(invalidArgument(name)(err.message), err.message)
}

test('a user is well-formed text of 1 to 256 bytes', (t) => {
  for (const user of [
    'a', '../../etc/passwd', 'CON', '😀'.repeat(64), '\u0000', ' ', '__proto__',
  ]) t.is(check.checkUser(user), user)
  for (const user of ['', '😀'.repeat(64) + 'a', 'a\ud800', '\udc00', 7, null, undefined, {}, ['a'], new String('a')]) {
    argument(t, 'user', () => check.checkUser(user))
  }
})

test('numbers are safe integers in range', (t) => {
  const port = check.integer(1, 100)
  for (const value of [1, 100]) t.is(port(value, 'n'), value)
  for (const value of [0, 101, -1, 1.5, NaN, Infinity, 2 ** 53, '7', 7n, null, undefined]) argument(
    t, 'n', () => port(value, 'n'),
  )
})

test('base64url is canonical, and bytes will do', (t) => {
  const bytes = check.bytesOrBase64url(1, 4)
  t.is(bytes('AQID', 'b'), 'AQID')
  t.is(bytes(Uint8Array.of(1, 2, 3), 'b'), 'AQID')
  for (const value of [
    '', 'AQID==', 'AQI=', 'A', 'AR', '+/==', 'AQIDBAU', 'Aé', new Uint8Array(5), new Uint8Array(0), [1],
  ]) {
    argument(t, 'b', () => bytes(value, 'b'))
  }
})

test('base64url is what the encoder writes, and nothing else', (t) => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const accepts = (text: string) => {
    try {
      return check.base64url(0, 16)(text, 'b') === text
    } catch {
      return false
    }
  }
  // Every end of up to three characters, behind a whole group or not; and every other character there is at its place.
  for (const start of ['', 'AQID']) {
    for (const one of alphabet) {
      for (const two of ['', ...alphabet]) {
        for (const three of two === '' ? [''] : ['', 'A', 'E', 'g', 'w', '8', '_']) {
          const text = start + one + two + three
          t.is(accepts(text), Buffer.from(text, 'base64url').toString('base64url') === text, text)
        }
      }
    }
  }
  for (let code = 0; code < 0x3000; code++) {
    const character = String.fromCharCode(code)
    t.is(accepts(`AQ${character}D`), alphabet.includes(character), `U+${code.toString(16)}`)
  }
  t.false(accepts('AQID\n'))
  t.true(accepts('A'.repeat(20)) && !accepts('A'.repeat(23)))
})

test('text is measured in bytes of UTF-8', (t) => {
  for (const [text, max, ok] of [
    ['a'.repeat(9), 9, true], ['a'.repeat(10), 9, false], ['é'.repeat(4), 9, true], ['é'.repeat(5), 9, false],
    ['\u3000'.repeat(3), 9, true], ['\u3000'.repeat(4), 9, false], ['😀😀', 9, true], ['😀😀aa', 9, false],
  ] as const) {
    t.is(check.fits(text, max), ok, text)
  }
})

test('a description has at most 255 characters and no control characters', (t) => {
  for (const text of ['', 'phone', '😀'.repeat(255), 'é\u00a0']) t.is(check.description(text, 'd'), text)
  for (const text of ['😀'.repeat(256), 'a\nb', '\u0000', '\u0085', 'a\ud800', 5, null]) argument(
    t, 'd', () => check.description(text, 'd'),
  )
})

test('a misspelt option is refused by its path, at every depth', (t) => {
  const open = (more: object) => () => checkSettings({ rp, store, ...more })
  t.notThrows(open({}))
  argument(t, 'webauthn.userVerfication', open({ webauthn: { userVerfication: 'required' } }))
  argument(t, 'webauthn.userVerification', open({ webauthn: { userVerification: 'require' } }))
  argument(t, 'webauthn.algorithms[1]', open({ webauthn: { algorithms: [-7, 0] } }))
  argument(t, 'webauthn.crossOrigin.topOrigins', open({ webauthn: { crossOrigin: {} } }))
  argument(t, 'totp.window', open({ totp: { window: 11 } }))
  argument(t, 'totp.window.past', open({ totp: { window: { past: -1, future: 0 } } }))
  argument(t, 'totp.period', open({ totp: { period: 0 } }))
  argument(t, 'limits.failures', open({ limits: { failures: 101 } }))
  argument(t, 'timeouts.signIn', open({ timeouts: { signIn: 0 } }))
  argument(t, 'rp.origins[0]', open({ rp: { ...rp, origins: [7] } }))
  argument(t, 'store', open({ store: {} }))
  argument(t, 'store.challenges', open({ store: { users: store } }))
  argument(t, 'onEvent', open({ onEvent: 'log' }))
  argument(t, 'limt', open({ limt: {} }))
  argument(t, 'options', () => checkSettings(null))
})

test('what people get wrong first is told with an example', async (t) => {
  for (const [at, value, example] of [
    ['origins', 'https://example.com', 'https://example.com'],
    ['id', 'https://example.com', 'example.com'],
    ['origins', ['https://example.com/'], 'without a path or trailing slash'],
    ['origins', ['localhost:3000'], 'https://example.com'],
    ['origin', ['https://example.com'], 'origins'],
  ] as const) {
    const open = () => Countersign.open({ rp: { ...rp, [at]: value } as never, store: store as never })
    const told = (message: string) => / must be | is not an option: expected /.test(message) && message.includes(example)
    await t.throwsAsync(open, { code: 'invalid-argument', message: told })
  }
})

test('every check says what it expects', (t) => {
  const cases: [check.Check<unknown>, unknown, string][] = [
    [check.text(256), '', 'text of 1 to 256 bytes'],
    [check.description, 'a\n', 'text of at most 255 characters, without control, bidirectional control and tag characters'],
    [check.integer(1, 9), 10, 'an integer from 1 to 9'],
    [check.flag, 'yes', 'true or false'],
    [check.clock, 7, 'a function'],
    [check.oneOf('a', 'b'), 'c', 'one of a, b'],
    [check.listOf(check.flag, { max: 2 }), 'x', 'a list of 0 to 2 items'],
    [check.base64url(1, 2), '=', 'base64url without padding, of 1 to 2 bytes'],
    [check.bytesOrBase64url(1, 2), new Uint8Array(3), '1 to 2 bytes'],
    [check.hexOrBytes(2), 'zz', '2 bytes, as hexadecimal text or a Uint8Array'],
    [check.object({}), 7, 'an object'],
  ]
  for (const [one, value, expected] of cases) {
    t.throws(() => one(value, 'a.b'), { code: 'invalid-argument', message: `Invalid argument: a.b must be ${expected}` })
  }
  const options = check.object<{ one?: boolean; two?: boolean }>({ one: check.optional(check.flag), two: check.optional(check.flag) })
  const unknown = 'is not an option: expected one of one, two'
  t.throws(() => options({ three: 1 }, 'a'), { message: `Invalid argument: a.three ${unknown}` })
  t.throws(() => options({ 'not a name': 1 }, ''), { message: `Invalid argument: options has a member that ${unknown}` })
})

test('what only TypeScript forbids is told with what to do instead', async (t) => {
  const [open, parse] = [/: use await Countersign\.open\(options\), not new Countersign/, /: use TfaConfig\.parse\(bytes\) .*not new TfaConfig/]
  t.throws(() => new (Countersign as any)({ rp, store }), { code: 'invalid-argument', message: open })
  t.throws(() => new (TfaConfig as any)(), { code: 'invalid-argument', message: parse })
  t.throws(() => TfaConfig.parse('var/tfa.json' as never), { code: 'invalid-argument', message: /Buffer/ })
  const service = await Countersign.open({ rp, store: store as never })
  await t.throwsAsync(service.factors(7 as never), { code: 'invalid-argument', message: /String\(id\)/ })
})

test('no message carries what was passed', (t) => {
  for (const passed of [secret, [secret], { [`${secret} `]: secret }, { secret: { toString: () => secret } }]) {
    for (const at of ['rp', 'store', 'totp', 'webauthn', 'limits', 'now']) {
      const err = t.throws(() => checkSettings({ rp, store, [at]: passed }))
      t.false(err.message.includes(secret))
    }
  }
})

test('inherited options are neither read nor trusted', (t) => {
  argument(t, 'rp', () => checkSettings(Object.create({ rp, store })))
  const inherited = Object.assign(Object.create({ webauthn: { counter: 'report' } }) as object, { rp, store })
  t.true(checkSettings(inherited).textFor(rp).includes('"counter":"refuse"'))
})

test.serial('a polluted prototype changes no text', (t) => {
  const polluted = Object.prototype as Record<string, unknown>
  const before = checkSettings({ rp, store }).textFor(rp)
  polluted.toJSON = () => 'polluted'
  polluted.allowAnyPort = true
  try {
    t.is(checkSettings({ rp, store }).textFor(rp), before)
    t.is(jsonText({ a: [1, { b: 'c' }], d: undefined }), '{"a":[1,{"b":"c"}]}')
  } finally {
    delete polluted.toJSON
    delete polluted.allowAnyPort
  }
})

test.serial('nor does one of the lists alone', (t) => {
  const polluted = Array.prototype as unknown as Record<string, unknown>
  Object.defineProperty(polluted, 'toJSON', { value: () => 'polluted', configurable: true })
  try {
    t.is(jsonText({ a: [1, { b: 'c' }], d: undefined }), '{"a":[1,{"b":"c"}]}')
  } finally {
    delete polluted.toJSON
  }
})

test('a checked copy inherits nothing', (t) => {
  const copy = check.object<{ a: number }>({ a: check.integer(0, 9) })({ a: 1 }, '')
  t.deepEqual(Object.entries(copy), [['a', 1]])
  for (const name of ['toString', 'constructor', '__proto__', 'hasOwnProperty']) t.false(name in copy, name)
  t.throws(() => Object.defineProperty(Object.getPrototypeOf(copy), 'toJSON', { value: 1 }), { instanceOf: TypeError })
})

test('every code has a text, and the guard tells them apart', (t) => {
  for (const code of errorCodes) {
    const err = new CountersignError(code)
    t.true(err.message.length > 5)
    t.is(err.name, 'CountersignError')
    t.true(isCountersignError(err, code))
    t.false(isCountersignError(err, code === 'closed' ? 'internal' : 'closed'))
  }
  t.false(isCountersignError({ code: 'closed' }))
  t.is(new CountersignError('store-failed', { cause: 7 }).cause, 7)
  t.false('cause' in new CountersignError('closed'))
})

test('an envelope is a value or one error', (t) => {
  t.deepEqual(openEnvelope('{"value":null}'), { value: null, events: [] })
  const failure = (code: string, detail?: string) => JSON.stringify({ failure: { code, detail } })
  const corrupt = t.throws(() => openEnvelope(failure('record-corrupt', 'webauthn[0].entry.cred'), 'ann'))
  t.is(corrupt.message, 'A stored record can\'t be read: user "ann", at webauthn[0].entry.cred')
  t.throws(() => openEnvelope(failure('factor-limit')), { code: 'factor-limit' })
  t.throws(() => openEnvelope(failure('toString')), { code: 'internal' })
})
