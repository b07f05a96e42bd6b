import test from 'ava'

import { answerJson, parseAnswer, parseCode, parseResponse } from '../../facade/shared/answer.js'

test('objects and their text forms are the same answer', (t) => {
  const response = { id: 'AA', response: { clientDataJSON: 'BB' } }
  const json = JSON.stringify(response)
  const pairs: [unknown, string, object][] = [
    [{ type: 'totp', code: '123456' }, 'totp:123456', { type: 'totp', code: '123456' }],
    [{ type: 'recovery', code: 'a-b' }, 'recovery:a-b', { type: 'recovery', code: 'a-b' }],
    [{ type: 'yubico', code: 'ccc' }, 'yubico:ccc', { type: 'yubico', code: 'ccc' }],
    [{ type: 'webauthn', response }, `webauthn:${json}`, { type: 'webauthn', response: json }],
    [{ type: 'u2f', response }, `u2f:${json}`, { type: 'u2f', response: json }],
  ]
  for (const [object, text, parsed] of pairs) {
    t.deepEqual(parseAnswer(object) as object, parsed)
    t.deepEqual(parseAnswer(text) as object, parsed)
  }
})

test('a code may hold colons, quotes and braces, and stays one JSON string', (t) => {
  const code = '","now":0,"x":{"y":"\u2028'
  const answer = parseAnswer(`totp:${code}`)
  t.truthy(answer)
  if (answer) t.deepEqual(JSON.parse(answerJson(answer)), { type: 'totp', code })
})

test('a response as text can not add members to the request', (t) => {
  t.is(parseAnswer('webauthn:{}},"now":0,"x":{"y":{}'), undefined)
  t.is(parseAnswer('webauthn:{},"now":0'), undefined)
  t.is(parseResponse(' {"a":1}\n'), '{"a":1}')
})

test('a name that occurs twice in a text reaches the core, which refuses it', (t) => {
  t.is(parseResponse('{"a":1,"a":2}'), '{"a":1,"a":2}')
})

test('whatever is no answer is malformed, never an exception', (t) => {
  const cyclic: Record<string, unknown> = { id: 'AA' }
  cyclic.self = cyclic
  const throwing = { get type() { throw new Error('from a getter') } }
  const thrower = () => { throw new Error('from a proxy') }
  const hostile = new Proxy({}, { get: thrower, getOwnPropertyDescriptor: thrower, ownKeys: thrower, has: thrower })
  const { proxy: revoked, revoke } = Proxy.revocable({}, {})
  revoke()
  let deep: unknown = {}
  for (let i = 0; i < 100_000; i++) deep = { deep }
  const answers: unknown[] = [
    undefined, null, true, 0, 123456, 10n, Symbol('totp'), () => 'totp:123456', [], ['totp:123456'], {}, new Date(),
    '', ':', 'totp', ':123456', 'TOTP:123456', ' totp:123456', 'sms:123456', '__proto__:1', 'constructor:1',
    throwing, hostile, revoked,
    { type: 'totp' }, { type: 'totp', code: 123456 }, { type: 'totp', code: null }, { type: 'totp', code: ['123456'] },
    { type: 'totp', code: new String('123456') }, { type: 'totp', code: { toString: () => '123456' } },
    { type: ['totp'], code: '123456' }, { type: '__proto__', code: '1' }, { type: 'toString', code: '1' },
    { type: 'totp', code: 'a\ud800' }, 'totp:\udc00', { type: 'totp', code: '1'.repeat(65_537) },
    { type: 'webauthn' }, { type: 'webauthn', response: null }, { type: 'webauthn', response: 'no json' },
    { type: 'webauthn', response: '[]' }, { type: 'webauthn', response: [] }, { type: 'webauthn', response: 7 },
    { type: 'webauthn', response: '7' }, { type: 'webauthn', response: 10n },
    { type: 'webauthn', response: { n: 10n } },
    { type: 'webauthn', response: cyclic }, { type: 'webauthn', response: deep },
    { type: 'webauthn', response: hostile },
    { type: 'webauthn', response: { toJSON: thrower } }, { type: 'webauthn', response: { toJSON: () => undefined } },
    'webauthn:{"id":"\ud800"}', 'webauthn:\ufeff{}',
    { type: 'webauthn', response: { id: 'a'.repeat(65_536) } },
    { type: 'webauthn', response: { id: '€'.repeat(30_000) } },
    `webauthn:${'['.repeat(30_000)}${']'.repeat(30_000)}`, `webauthn:{"a":${'['.repeat(200)}${']'.repeat(200)}}`,
  ]
  for (const [index, answer] of answers.entries()) t.is(parseAnswer(answer), undefined, `answer ${index}`)
})

test('inherited members are not read', (t) => {
  t.is(parseAnswer(Object.create({ type: 'totp', code: '123456' })), undefined)
  t.is(parseAnswer(JSON.parse('{"__proto__":{"type":"totp","code":"123456"}}')), undefined)
})

test('a member named __proto__ in a response pollutes nothing', (t) => {
  const text = parseResponse('{"__proto__":{"polluted":true},"id":"AA"}')
  t.is(text, '{"__proto__":{"polluted":true},"id":"AA"}')
  t.false('polluted' in {})
})

test('a response is bounded by its depth, not by how much it holds', (t) => {
  const many = { a: Array.from({ length: 500 }, () => ({})), b: '[{'.repeat(100), c: '\\"['.repeat(100) }
  t.is(parseResponse(many), JSON.stringify(many))
  const deep = (depth: number) => `{"many":[${'{},'.repeat(200)}0],"a":${'['.repeat(depth)}"]\\"]"${']'.repeat(depth)}}`
  t.is(parseResponse(deep(99)), deep(99))
  t.is(parseResponse(deep(100)), undefined)
})

test('bounds are exact', (t) => {
  const frame = JSON.stringify({ id: '' }).length
  t.truthy(parseResponse({ id: 'a'.repeat(65_536 - frame) }))
  t.is(parseResponse({ id: 'a'.repeat(65_537 - frame) }), undefined)
  t.is(parseCode('1'.repeat(65_536))?.length, 65_536)
})
