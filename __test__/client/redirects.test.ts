import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

import test from 'ava'
import type { ExecutionContext } from 'ava'

import { ClientError, createClient } from '../../facade/client/index.js'
import { keepAlive } from '../helpers/emulated.js'

interface Seen {
  method: string
  url: string
  headers: IncomingHttpHeaders
  body: string
}

type Answer = { status: number; headers?: Record<string, string | string[]>; body?: string }

/** A server that notes what it gets, and answers by path: `/go/302?to=...` redirects, and sets a cookie. */
async function site(t: ExecutionContext, routes: Record<string, () => Answer> = {}) {
  const seen: Seen[] = []
  const server = createServer(keepAlive, async (req, res) => {
    const { method = '', url = '', headers } = req
    seen.push({ method, url, headers, body: await text(req) })
    const [, status, to = ''] = /^\/go\/(\d+)\?to=(.*)$/.exec(url) ?? []
    const answer: Answer = status === undefined
      ? (routes[url]?.() ?? { status: 200, body: 'done' })
      : { status: Number(status), headers: { location: decodeURIComponent(to), 'set-cookie': [`hop${seen.length}=1; Path=/`] } }
    res.writeHead(answer.status, answer.headers).end(answer.body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.closeAllConnections(); server.close() })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const go = (to: string, code = 302) => `${url}/go/${code}?to=${encodeURIComponent(to)}`
  return { url, seen, go }
}

const clientOf = (url: string) =>
  createClient({ url: `${url}/countersign`, totp: { secret: 'A'.repeat(32) }, headers: { authorization: 'Bearer ours', 'x-api-key': 'ours' } })

/** What none of a request to another origin may hold. */
const secrets = /ours|mine|hop|session|password=1/

test('headers, cookies and bodies stay at the origin of the server', async (t) => {
  for (const status of [301, 302, 303, 307, 308]) {
    const [home, other] = [await site(t), await site(t)]
    const client = clientOf(home.url)
    await client.fetch(home.go('/there'))
    const headers = { cookie: 'session=mine', 'x-mine': 'mine', 'proxy-authorization': 'mine' }
    const there = await client.fetch(home.go(`${other.url}/page?x`, status), { headers, referrer: `${home.url}/mine` })
    t.deepEqual([await there.text(), there.redirected, there.url], ['done', true, `${other.url}/page?x`])
    t.like(other.seen, { length: 1, 0: { method: 'GET', url: '/page?x', body: '' } })
    t.notRegex(JSON.stringify(other.seen), secrets)
    // Of a POST nothing but a GET may go there.
    const posting = client.fetch(home.go(`${other.url}/post`, status), { method: 'POST', body: 'password=1', headers })
    if (status >= 307) await t.throwsAsync(posting, { instanceOf: ClientError, code: 'redirect-refused' })
    else t.is((await posting).status, 200)
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      const changing = client.fetch(home.go(`${other.url}/${method}`, status), { method, ...(method !== 'DELETE' && { body: 'password=1' }) })
      if (status === 303) t.is((await changing).status, 200)
      else await t.throwsAsync(changing, { instanceOf: ClientError, code: 'redirect-refused', message: /redirected/ })
    }
    t.true(other.seen.every(({ method, body }) => method === 'GET' && body === ''))
    t.notRegex(JSON.stringify(other.seen), secrets)
  }
})

test('the same host on another port or scheme, and one with a name and password, is another origin', async (t) => {
  const [home, other] = [await site(t), await site(t)]
  const client = clientOf(home.url)
  await client.fetch(home.go(other.url))
  t.notRegex(JSON.stringify(other.seen), secrets)
  for (const to of [home.url.replace('http:', 'https:'), 'file:///etc/hosts', 'data:text/plain,x', 'http://[', home.url.replace('//', '//ann:x@')]) {
    await t.throwsAsync(client.fetch(home.go(to)), undefined, to)
  }
  t.is(home.seen.length, 6, 'nothing but the redirects themselves')
})

test('a way out and back brings the session, and none of what the other site said', async (t) => {
  const home = await site(t)
  const other = await site(t)
  const client = clientOf(home.url)
  const headers = { 'x-mine': 'mine' }
  const back = await client.fetch(home.go(other.go(`${home.url}/back`)), { headers })
  t.is(back.url, `${home.url}/back`)
  const last = home.seen.at(-1)!
  t.deepEqual([last.headers.cookie, last.headers['x-mine'], last.headers.authorization], ['hop1=1', undefined, 'Bearer ours'])
  t.notRegex(JSON.stringify(other.seen), secrets)
})

test('cookies of every hop are kept, those of another site are not', async (t) => {
  const [home, other] = [await site(t), await site(t)]
  const client = clientOf(home.url)
  await client.fetch(home.go(home.go('/end', 303), 303), { method: 'POST', body: '{}' })
  t.deepEqual(home.seen.map(({ headers: { cookie } }) => cookie), [undefined, 'hop1=1', 'hop1=1; hop2=1'])
  await client.fetch(home.go(other.go(`${other.url}/end`)))
  await client.fetch(`${home.url}/after`)
  t.is(home.seen.at(-1)!.headers.cookie, 'hop1=1; hop2=1; hop4=1')
})

test('methods and bodies as the Fetch Standard has them', async (t) => {
  const expected: Record<number, [post: string, put: string, head: string]> = {
    301: ['GET', 'PUT', 'HEAD'], 302: ['GET', 'PUT', 'HEAD'], 303: ['GET', 'GET', 'HEAD'],
    307: ['POST', 'PUT', 'HEAD'], 308: ['POST', 'PUT', 'HEAD'],
  }
  for (const [status, methods] of Object.entries(expected)) {
    const home = await site(t)
    const client = clientOf(home.url)
    const headers = { 'content-type': 'text/x', 'x-mine': 'mine' }
    for (const [index, method] of ['post', 'put', 'HEAD'].entries()) {
      await client.fetch(home.go('/end', Number(status)), { method, headers, ...(index < 2 && { body: 'body' }) })
      const end = home.seen.at(-1)!
      t.is(end.method, methods[index]!, `${status} ${method}`)
      const kept = !['GET', 'HEAD'].includes(end.method)
      t.deepEqual([end.body, end.headers['x-mine']], [kept ? 'body' : '', 'mine'])
      if (index < 2) t.is(end.headers['content-type'], kept ? 'text/x' : undefined)
      // What `fetch` itself does, as long as nothing is at stake.
      await fetch(home.go('/end', Number(status)), { method, headers, ...(index < 2 && { body: 'body' }) })
      t.deepEqual([home.seen.at(-1)!.method, home.seen.at(-1)!.body], [end.method, end.body])
    }
  }
})

test('twenty hops, and not one more; a stream is not sent twice; what is no redirect is an answer', async (t) => {
  const home = await site(t, { '/none': () => ({ status: 302 }), '/304': () => ({ status: 304, headers: { location: '/x' } }) })
  const client = clientOf(home.url)
  const chain = (hops: number): string => (hops === 0 ? '/end' : `/go/302?to=${encodeURIComponent(chain(hops - 1))}`)
  let loops = 0
  const looping = createClient({
    url: home.url, totp: { secret: 'A'.repeat(32) },
    fetch: async () => { loops += 1; return new Response(null, { status: 302, headers: { location: '/again' } }) },
  })
  await t.throwsAsync(looping.fetch(`${home.url}/again`), { instanceOf: ClientError, code: 'redirect-refused' })
  t.is(loops, 21)
  t.is((await client.fetch(home.url + chain(6))).status, 200)
  const body = () => new Blob(['x']).stream()
  const stream = { method: 'POST', duplex: 'half' } as RequestInit
  await t.throwsAsync(client.fetch(home.go('/end', 307), { ...stream, body: body() }), { code: 'redirect-refused' })
  t.is((await client.fetch(home.go('/end', 303), { ...stream, body: body() })).status, 200)
  t.is((await client.fetch(`${home.url}/none`)).status, 302)
  t.is((await client.fetch(`${home.url}/304`)).status, 304)
  t.is((await client.fetch(home.go('/end'), { redirect: 'manual' })).status, 302)
  await t.throwsAsync(client.fetch(home.go('/end'), { redirect: 'error' }), { instanceOf: TypeError })
})

test('a request that was redirected is not done twice: what asked for the code is asked again', async (t) => {
  const headers = { 'content-type': 'application/json' }
  const json = (value: object): Answer => ({ status: 200, headers, body: JSON.stringify(value) })
  const refused: Answer = {
    status: 401, headers: { 'content-type': 'application/problem+json' }, body: JSON.stringify({ type: 'urn:countersign:problem:second-factor-required' }),
  }
  for (const status of [301, 302, 303, 307]) {
    let answered = false
    const home = await site(t, {
      '/home': () => (answered ? { status: 200, body: 'welcome' } : refused),
      '/countersign/session': () => json({ state: 'pending' }),
      '/countersign/challenge': () => json({ challenge: { id: 'x', totp: true } }),
      '/countersign/verify': () => {
        answered = true
        return json({ ok: true, factor: { id: 'x', type: 'totp' } })
      },
    })
    const response = await clientOf(home.url).fetch(home.go('/home', status), { method: 'POST', body: 'order=1' })
    t.deepEqual([response.status, await response.text()], [200, 'welcome'], String(status))
    const orders = home.seen.filter(({ method, url }) => method === 'POST' && url.startsWith('/go/'))
    // 307 says that nothing was done, and to do it there.
    t.is(orders.length, status === 307 ? 2 : 1, String(status))
    t.deepEqual(home.seen.at(-1)!.url, '/home')
    t.is(home.seen.at(-1)!.method, status === 307 ? 'POST' : 'GET')
  }
})

test('another site that a request was redirected to asks for no code', async (t) => {
  const body = JSON.stringify({ type: 'urn:countersign:problem:second-factor-required' })
  const headers = { 'content-type': 'application/problem+json' }
  const [home, other] = [await site(t), await site(t, { '/ask': () => ({ status: 401, headers, body }) })]
  const client = clientOf(home.url)
  t.is((await client.fetch(home.go(`${other.url}/ask`))).status, 401)
  t.is(home.seen.length, 1, 'no question to the server')
  // A host's own `fetch` need not say where an answer is from.
  const answers = [new Response(null, { status: 302, headers: { location: `${other.url}/ask` } }), new Response(body, { status: 401, headers })]
  const sent: string[] = []
  const fetch = async (url: string | URL | Request) => { sent.push(String(url)); return answers.shift()! }
  const own = createClient({ url: home.url, totp: { secret: 'A'.repeat(32) }, fetch })
  t.is((await own.fetch(`${home.url}/x`)).status, 401)
  t.deepEqual(sent, [`${home.url}/x`, `${other.url}/ask`])
})
