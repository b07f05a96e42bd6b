import { inspect } from 'node:util'

import test from 'ava'

import { lateReader, lateRequest } from '../../facade/http/late-request.js'
import { toNodeListener } from '../../facade/http/node.js'
import type { Handler } from '../../facade/http/options.js'
import { ProblemError } from '../../facade/http/problem.js'

const url = 'https://example.com/countersign/verify?x=1'
const sent = { 'content-type': 'application/json', cookie: 'a=1', 'x-two': 'b, c' }

function pair(method = 'POST') {
  let asked = 0
  const headers = () => {
    asked += 1
    return sent
  }
  return { late: lateRequest({ method, url, headers, reader: new Headers(sent) }), real: new Request(url, { method, headers: sent }), asked: () => asked }
}

test('headers are read without making them all, until somebody may have changed them', (t) => {
  const { late, real, asked } = pair()
  t.is(lateReader(late)!.get('x-two'), 'b, c')
  t.is(lateReader(late)!.get('x-three'), null)
  t.is(asked(), 0)
  late.headers.set('x-three', 'd')
  t.is(lateReader(late)!.get('x-three'), 'd')
  t.is(lateReader(real), undefined)
})

test('every member is that of a request made at once', async (t) => {
  const { late, real, asked } = pair()
  t.true(late instanceof Request)
  t.is(late.method, 'POST')
  t.is(late.url, url)
  t.is(asked(), 0, 'nobody has looked at a header')
  t.deepEqual([...late.headers], [...real.headers])
  t.is(late.headers, late.headers)
  const members = Object.getOwnPropertyNames(Request.prototype).filter((name) => name !== 'constructor') as (keyof Request)[]
  t.true(members.includes('redirect') && members.includes('signal'))
  for (const name of members) {
    t.is(typeof late[name], typeof real[name], name)
    if (typeof real[name] === 'string' || typeof real[name] === 'boolean') t.is(late[name], real[name], name)
  }
  t.is(late.body, null)
  t.is(await late.text(), '')
  t.is(late.signal.aborted, false)
  t.is(asked(), 1)
})

test('a clone is a request like any other', (t) => {
  const copy = new Request(pair('PATCH').late.clone(), { headers: { 'x-own': '1' } })
  t.is(copy.method, 'PATCH')
  t.is(copy.url, url)
  t.deepEqual([...copy.headers], [['x-own', '1']])
  t.deepEqual([...pair().late.clone().headers], Object.entries(sent))
})

test('a method in lower case, as HTTP/2 may send it, is read as a request reads it', (t) => {
  for (const method of ['post', 'get', 'patch', 'PATCH', 'PROPFIND']) {
    const { late, real } = pair(method)
    t.is(late.method, real.method, method)
  }
})

test('what no request can have is a malformed request for who looks, and says nothing of it', (t) => {
  const late = lateRequest({ method: 'POST', url, headers: () => ({ cookie: 'secret\0' }), reader: new Headers() })
  for (const look of [() => late.headers, () => late.clone(), () => late.signal]) {
    const error = t.throws(look, { instanceOf: ProblemError, message: 'malformed-request' })
    t.notRegex(inspect(error), /secret/)
  }
})

test('it prints as a request does', (t) => {
  const { late, real } = pair()
  t.is(inspect(late), inspect(real))
})

test('a wrapped handler gets a request of its own, also with a body', async (t) => {
  const seen: string[] = []
  const handler: Handler = async (request) => {
    const again = new Request(request, { headers: { 'x-more': '1' } })
    seen.push(again.method, again.url, await again.text(), request.headers.get('cookie') ?? '')
    return new Response('{}')
  }
  const answered: unknown[] = []
  const response = { setHeader() {}, appendHeader() {}, write() {}, end: (body: unknown) => answered.push(body), destroy() {}, statusCode: 0 }
  await toNodeListener(handler)({ method: 'POST', url: '/x?y=1', headers: { cookie: 'a=1' }, body: { b: 2 } }, response)
  t.deepEqual(seen, ['POST', 'http://localhost/x?y=1', '{"b":2}', 'a=1'])
  t.is(answered.length, 1)
  // A header that HTTP takes and the standard does not.
  await toNodeListener(handler)({ method: 'POST', url: '/x', headers: { cookie: 'a\0' }, body: { b: 2 } }, response)
  t.is(response.statusCode, 400)
  t.is(seen.length, 4)
})
