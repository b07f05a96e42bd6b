// The routes of the host itself in the examples, after `everyFlow`.
import type { ExecutionContext } from 'ava'
import { TestAuthenticator } from '../../facade/testing/index.js'
import type { ExampleServer } from './example-server.js'
import { enrolKey } from './flow.js'
import { HttpClient } from './http-client.js'
import type { Reply } from './http-client.js'

/** The routes of the host that need a second factor. */
export async function guards(t: ExecutionContext, server: ExampleServer, sentence = 'Sign in to see this page.'): Promise<void> {
  const client = new HttpClient(server.origin)
  const problem = (reply: Reply) => [reply.status, reply.body.type?.replace('urn:countersign:problem:', '')]
  const orders = (headers = {}) => client.host('GET', '/orders', {}, headers)
  const refunds = (headers = {}) => client.host('POST', '/refunds', {}, headers)
  t.deepEqual(problem(await orders()), [401, 'not-signed-in'])
  // Who opens it in a browser reads a sentence.
  const page = await orders({ accept: 'text/html,*/*;q=0.8' })
  t.deepEqual([page.status, page.body.title ?? page.body], [401, sentence])
  t.is((await client.password('root', 'only for the examples')).status, 204)
  t.deepEqual(problem(await orders()), [401, 'second-factor-required'])
  t.deepEqual(problem(await refunds()), [401, 'second-factor-required'])
  const key = new TestAuthenticator()
  // Who has no factor after the flow.
  t.is((await client.password('ann', 'correct horse battery')).status, 204)
  t.deepEqual((await client.post('/challenge')).body, { challenge: null })
  t.true((await enrolKey(client, key)).body.ok)
  t.is((await orders()).body[0].id, 1)
  t.deepEqual((await refunds()).body, { refunded: 1 })
  t.is((await refunds({ origin: 'https://evil.example' })).status, 403)
  t.is((await refunds({ 'sec-fetch-site': 'cross-site' })).status, 403)
  server.pass(5 * 60_000 + 2000)
  t.is((await orders()).body[0].id, 1)
  t.deepEqual(problem(await refunds()), [403, 'step-up-required'])
  const { challenge } = (await client.post('/challenge')).body
  const answer = { type: 'webauthn', response: key.get(challenge.webauthn, { origin: server.origin }) }
  t.true((await client.post('/verify', { answer })).body.ok)
  t.deepEqual((await refunds()).body, { refunded: 1 })
  await client.signOut()
  t.deepEqual(problem(await refunds()), [401, 'not-signed-in'])
}

/** A body of any shape and size is refused, and ends neither the request with an error of ours nor the server. */
export async function strangeBodies(t: ExecutionContext, origin: string): Promise<void> {
  const client = new HttpClient(origin)
  const bodies = ['null', '7', '"text"', '[]', '{', '', '{"name":null}', '{"name":{},"password":[]}', '{"__proto__":null}']
  for (const body of [...bodies, JSON.stringify({ name: 'ann', password: 'x'.repeat(300_000) })]) {
    const { status } = await client.host('POST', '/password', body)
    t.true(status >= 400 && status < 500, `${status}: ${body.slice(0, 40)}`)
  }
  t.is((await client.password('bob', 'purple monkey dishwasher')).status, 204)
}
