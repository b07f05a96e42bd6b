import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'

import test from 'ava'
import type { ExecutionContext } from 'ava'

import { ClientError, createClient } from '../../facade/client/index.js'
import type { Client, ClientOptions } from '../../facade/client/index.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { wrongCode } from '../helpers/service.js'
import { Shop } from './server.js'
import type { ShopOptions } from './server.js'
import { invalidArgument } from '../helpers/invalid-argument.js'
import { keepAlive } from '../helpers/emulated.js'

const post = (body: object): RequestInit => ({ method: 'POST', body: JSON.stringify(body) })

/** A shop, a user with an app, and a client whose password was right. */
async function signedIn(t: ExecutionContext, options: ShopOptions = {}, { late = 3 } = {}) {
  const shop = await Shop.open(t, options)
  const uri = await shop.enrol('ann', { late })
  const client = createClient({ url: `${shop.url}/countersign`, totp: uri })
  await client.fetch(`${shop.url}/password`, post({ name: 'ann' }))
  return { shop, uri, client }
}

const rejections = (shop: Shop) => shop.events.filter(({ type }) => type === 'rejected').map(({ reason }) => reason)
const verified = (shop: Shop) => shop.events.filter(({ type }) => type === 'verified').length

async function fails(t: ExecutionContext, client: Client, code: string): Promise<ClientError> {
  const error = await t.throwsAsync(client.answer(), { instanceOf: ClientError, name: 'ClientError', code })
  return error as unknown as ClientError
}

test('an administrator’s script removes factors, and proves the administrator again where that is due', async (t) => {
  const { shop, client } = await signedIn(t)
  const root = createClient({ url: `${shop.url}/countersign`, totp: await shop.enrol('root') })
  await root.fetch(`${shop.url}/password`, post({ name: 'root' }))
  await root.fetch(`${shop.url}/api/orders`)
  for (const session of shop.sessions.values()) if (session.id === 'root') session.at -= 6 * 60_000
  const send = (who: Client, method: string, path: string) =>
    who.fetch(`${shop.url}/countersign/admin/users/ann${path}`, {
      method, body: '{}', headers: { 'content-type': 'application/json' },
    })
  t.is((await send(client, 'POST', '/require-enrolment')).status, 403)
  t.is((await shop.service.factors('ann')).length, 1)
  const before = verified(shop)
  const [{ id } = { id: '' }] = await shop.service.factors('ann')
  const removed = await send(root, 'DELETE', `/factors/${id}`)
  t.deepEqual([removed.status, await removed.json()], [200, { ok: true, left: [] }])
  t.is(verified(shop), before + 1)
  t.like((await shop.service.status('ann')).removed, { by: 'root', enrolmentRequired: false })
  t.is((await send(root, 'POST', '/require-enrolment')).status, 200)
  t.like((await shop.service.status('ann')).removed, { by: 'root', enrolmentRequired: true })
})

test('a protected call answers for the second factor by itself, and the session is kept', async (t) => {
  const { shop, client } = await signedIn(t)
  const before = shop.requests.at(-1)
  const orders = await client.fetch(`${shop.url}/api/orders?open`)
  t.like(await orders.json(), { url: '/api/orders?open', user: 'ann' })
  t.is(before?.cookie, undefined)
  t.is(verified(shop), 1)
  const again = await client.fetch(`${shop.url}/api/orders`)
  t.is(again.status, 200)
  t.regex(shop.requests.at(-1)!.cookie!, /^session=[^;]+$/, 'its own cookie alone')
  t.is(verified(shop), 1)
})

test('answer() says which factor it was, and how far the clocks are apart', async (t) => {
  const { client } = await signedIn(t)
  const { factor, skew } = await client.answer()
  t.like(factor, { type: 'totp', description: 'app' })
  t.true(Math.abs(skew!) < 5000, `${skew}`)
})

test('a code that was used already is refused: the next one is waited for', async (t) => {
  const { shop, client } = await signedIn(t, { period: 2 }, { late: 0 })
  t.like(await client.answer(), { factor: { type: 'totp' } })
  t.true(rejections(shop).length <= 1, 'none, where the step ended on the way')
  t.is(verified(shop), 1)
})

test('a step-up right after the sign-in waits for a code of its own, and no guess is counted', async (t) => {
  const { shop, client } = await signedIn(t, { period: 2, fresh: 1500 })
  await client.answer()
  await setTimeout(1600)
  const refund = await client.fetch(`${shop.url}/api/refunds`, post({ order: 1 }))
  t.like(await refund.json(), { body: '{"order":1}' })
  t.deepEqual([rejections(shop), verified(shop)], [[], 2])
})

test('calls at the same time share one answer', async (t) => {
  const { shop, client } = await signedIn(t)
  const all = await Promise.all(Array.from({ length: 8 }, () => client.fetch(`${shop.url}/api/orders`)))
  t.deepEqual(all.map(({ status }) => status), Array.from({ length: 8 }, () => 200))
  t.deepEqual([verified(shop), rejections(shop)], [1, []])
})

test('a wrong secret is told after two codes, which is all that it costs', async (t) => {
  const { shop } = await signedIn(t, { period: 1 })
  const client = createClient({ url: `${shop.url}/countersign/`, totp: { secret: 'A'.repeat(32), period: 1 } })
  await client.fetch(`${shop.url}/password`, post({ name: 'ann' }))
  const error = await fails(t, client, 'rejected')
  t.is(error.status, 403)
  t.is((await shop.service.status('ann')).totpFailures, 2)
  t.notRegex(`${error.message} ${JSON.stringify(error)}`, /AAAA|\d{6}/)
})

test('clocks that are far apart are told, never trusted, and cost one code', async (t) => {
  const { shop, client } = await signedIn(t, { ahead: 95_000 })
  const error = await fails(t, client, 'rejected')
  t.true(Math.abs(error.skew! - 95_000) < 5000, `${error.skew}`)
  t.regex(error.message, /differ by (9\d|100) seconds/)
  t.is((await shop.service.status('ann')).totpFailures, 1)
  // What the host may do about it, knowingly.
  const { uri } = await signedIn(t)
  const knowing = { url: `${shop.url}/countersign`, totp: uri, now: () => Date.now() + error.skew! }
  t.notThrows(() => createClient(knowing))
})

test('a clock that is a little off works, and is told', async (t) => {
  const { client } = await signedIn(t, { ahead: 25_000 }, { late: 4 })
  const { skew } = await client.answer()
  t.true(Math.abs(skew! - 25_000) < 5000, `${skew}`)
})

test('locked codes', async (t) => {
  const { shop, uri, client } = await signedIn(t)
  for (let tries = 0; tries < 8; tries += 1) await shop.service.verify('ann', `totp:${wrongCode(uri, shop.now())}`)
  await fails(t, client, 'locked')
})

test('a user without an app, or without any factor, or nobody', async (t) => {
  const shop = await Shop.open(t)
  const other = (user?: string) => {
    const client = createClient({ url: `${shop.url}/countersign`, totp: { secret: 'A'.repeat(32) } })
    return user === undefined ? client : client.fetch(`${shop.url}/password`, post({ name: user })).then(() => client)
  }
  await fails(t, await other(), 'not-signed-in')
  const creation = await shop.service.beginWebauthn('ben', { name: 'ben', displayName: 'Ben' })
  const response = new TestAuthenticator().create(creation, { origin: shop.origin })
  t.true((await shop.service.finishWebauthn('ben', { response, description: '' })).ok)
  await fails(t, await other('ben'), 'totp-not-offered')
  t.like(await (await other('cay')).answer(), { factor: null })
  const refused = await (await other('cay')).fetch(`${shop.url}/api/orders`)
  t.is(refused.status, 200)
})

test('servers that speak something else, or nothing', async (t) => {
  const answers = new Map<string, [status: number, body: string]>([
    ['/a/session', [404, 'no']], ['/b/session', [200, 'null']], ['/c/session', [302, '']],
    ['/d/session', [200, '{"state":"pending"}']], ['/d/challenge', [200, '{}']], ['/e/session', [500, '{}']],
  ])
  const server = createServer(keepAlive, (req, res) => {
    const [status, body] = answers.get(req.url!) ?? [200, '']
    if (req.url === '/f/session') return
    res.writeHead(status, { location: '/d/session' }).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.closeAllConnections(); server.close() })
  const { port } = server.address() as AddressInfo
  const to = (path: string, more: Partial<ClientOptions> = {}) =>
    createClient({ url: `http://127.0.0.1:${port}/${path}`, totp: { secret: 'A'.repeat(32) }, ...more })
  for (const path of ['a', 'b', 'c', 'd', 'e']) await fails(t, to(path), 'unexpected-answer')
  const late = await fails(t, to('f', { timeout: 50 }), 'unreachable')
  t.is((late.cause as Error).name, 'TimeoutError')
  const aborted = new AbortController()
  const waiting = to('f').answer({ signal: aborted.signal })
  setImmediate(() => aborted.abort())
  t.is(await waiting.catch((error: Error) => error.name), 'AbortError')
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  await fails(t, to('a'), 'unreachable')
})

test('other origins get neither cookies nor headers, and their answers are left alone', async (t) => {
  const [{ shop, uri }, foreign] = [await signedIn(t), await Shop.open(t)]
  const client = createClient({ url: `${shop.url}/countersign`, totp: uri, headers: { authorization: 'Bearer x' } })
  await client.fetch(`${shop.url}/password`, post({ name: 'ann' }))
  t.is(shop.requests.at(-1)!.headers.authorization, 'Bearer x')
  t.is((await client.fetch(`${foreign.url}/api/orders`)).status, 401)
  const { cookie, headers } = foreign.requests.at(-1)!
  t.deepEqual([cookie, headers.authorization], [undefined, undefined])
  await foreign.service.close()
  await client.fetch(`${shop.url}/api/orders`, { headers: { authorization: 'mine', cookie: 'session=mine' } })
    .catch(() => {})
  const mine = shop.requests.find(({ headers: { authorization } }) => authorization === 'mine')
  t.is(mine?.cookie, 'session=mine', 'what the call says itself counts')
})

test('a body that can be read once is not sent twice', async (t) => {
  const { shop, client } = await signedIn(t)
  const body = new Blob(['{}']).stream()
  const response = await client.fetch(`${shop.url}/api/orders`, { method: 'POST', body, duplex: 'half' } as RequestInit)
  t.deepEqual([response.status, verified(shop)], [401, 0])
})

test('wrong options are found when the client is made', (t) => {
  const good = { url: 'https://example.com/countersign', totp: { secret: 'A'.repeat(32) } }
  const invalid = (options: object, detail: string) =>
    t.throws(() => createClient({ ...good, ...options }), { message: invalidArgument(detail) })
  t.notThrows(() => createClient(good))
  for (const url of ['http://example.com', 'ftp://localhost', 'https://ann:secret@example.com', 'https://example.com/?a', 'nothing', 7]) {
    invalid({ url }, 'url')
  }
  for (const url of ['http://localhost:1', 'http://shop.localhost', 'http://127.0.0.1', 'http://[::1]/x', 'https://a.b']) {
    t.notThrows(() => createClient({ ...good, url }))
  }
  t.notThrows(() => createClient({ ...good, url: 'http://shop:8080', insecure: true }))
  invalid({ totp: 'A'.repeat(32) }, 'totp')
  invalid({ totp: 'otpauth://totp/x?secret=0' }, 'uri')
  t.notThrows(() => createClient({ ...good, totp: `OTPAUTH://TOTP/a:b:x?secret=${'A'.repeat(32)}&lock=false&` }))
  invalid({ totp: { secret: '0189' } }, 'secret')
  invalid({ totp: { ...good.totp, digits: 9 } }, 'digits')
  invalid({ headers: { a: 7 } }, 'headers')
  invalid({ timeout: 0 }, 'timeout')
  invalid({ fetch: 'x' }, 'fetch')
  invalid({ secret: 'x' }, 'secret')
})

test('example › the script signs in, calls, and tells its failures apart', async (t) => {
  const { shop, uri } = await signedIn(t)
  const robot = await shop.enrol('robot')
  const run = async (input: string) => {
    const env = { ...process.env, SHOP_URL: shop.url, SHOP_PASSWORD: 'x' }
    const child = spawn(process.execPath, ['examples/rest-call.mjs'], { env })
    child.stdin.end(input)
    const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
    return { out, err, code: code as number }
  }
  const done = await run(`${robot}\n`)
  t.is(done.err, '')
  t.regex(done.out, /url: '\/api\/orders',\s+user: 'robot'/)
  t.regex(done.out, /\/api\/refunds/)
  t.is(done.code, 0)
  for (let tries = 0; tries < 8; tries += 1) await shop.service.verify('robot', `totp:${wrongCode(robot, shop.now())}`)
  const locked = await run(uri)
  t.deepEqual([locked.code, locked.out], [3, ''])
  t.regex(locked.err, /^The server refuses codes for now, after too many wrong ones \(locked\)\n$/)
})
