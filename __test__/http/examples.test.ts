// The handler mounted in servers that people have: each example is run as it stands.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { TestAuthenticator } from '../../facade/testing/index.js'
import { ExampleServer } from './example-server.js'
import { enrolKey, everyFlow, warningOfFlow } from './flow.js'
import { HttpClient } from './http-client.js'

for (const file of ['express.mjs', 'fastify.mjs', 'hono.mjs', 'node-http.mjs']) {
  test(`${file}`, async (t) => {
    const server = await ExampleServer.start(file)
    t.teardown(() => server.stop())
    await everyFlow(t, server.origin)
    await strangeBodies(t, server.origin)
    t.is(server.complaints, warningOfFlow(server.origin))
  })
}

/** A body of any shape and size is refused, and ends neither the request with an error of ours nor the server. */
async function strangeBodies(t: ExecutionContext, origin: string): Promise<void> {
  const client = new HttpClient(origin)
  const bodies = ['null', '7', '"text"', '[]', '{', '', '{"name":null}', '{"name":{},"password":[]}', '{"__proto__":null}']
  for (const body of [...bodies, JSON.stringify({ name: 'ann', password: 'x'.repeat(300_000) })]) {
    const { status } = await client.host('POST', '/password', body)
    t.true(status >= 400 && status < 500, `${status}: ${body.slice(0, 40)}`)
  }
  t.is((await client.password('bob', 'purple monkey dishwasher')).status, 204)
}

test('the server of docs/http.md does what it says', async (t) => {
  const [, snippet = ''] = /```js\n([^]*?)```/.exec(readFileSync('docs/http.md', 'utf8')) ?? []
  const folder = join('build', `http-md-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  t.teardown(() => rmSync(folder, { recursive: true }))
  for (const file of ['accounts.mjs', 'sign-ins.mjs']) cpSync(join('examples', file), join(folder, file))
  // What the page says is there before, as in README.md.
  const before = `
    import express from 'express'
    import session from 'express-session'
    import { Countersign } from 'countersign'
    import { memoryStore } from 'countersign/stores'
    const rp = { id: 'localhost', name: 'Example', origins: ['http://localhost:' + process.env.PORT] }
    const countersign = await Countersign.open({ rp, store: memoryStore() })
    const app = express()
    app.use(session({ secret: 'only here', resave: false, saveUninitialized: false }))`
  const after = `app.listen(process.env.PORT, 'localhost', () => console.log('ready'))`
  writeFileSync(join(folder, 'server.mjs'), [before, snippet, after].join('\n'))
  const server = await ExampleServer.run('docs/http.md', [join(folder, 'server.mjs')])
  t.teardown(() => server.stop())

  const client = new HttpClient(server.origin)
  t.is((await client.password('ann', 'wrong')).status, 401)
  t.is((await client.password('ann', 'correct horse battery')).status, 204)
  t.deepEqual((await client.get('/session')).body, { state: 'pending', passkeys: true, yubico: false, mayEnrol: false })
  t.deepEqual((await client.post('/challenge')).body, { challenge: null })
  t.true((await enrolKey(client, new TestAuthenticator())).body.ok)
  t.is((await client.host('POST', '/sign-out', {}, { origin: 'https://evil.example' })).status, 403)
  t.is((await client.signOut()).status, 204)
  t.deepEqual((await client.get('/session')).body, { state: 'none', passkeys: true })
  t.is(server.complaints, '')
})

const load = (file: string) => import(new URL(`../../../examples/${file}`, import.meta.url).href)
const bob = '1c2e'
const proved = { ok: true, factor: { id: 'x', type: 'totp' }, at: Date.now() }

test('an answer that is on its way when the person signs out brings no session back', async (t) => {
  const { afterVerified, signIn, signOut, userOf } = await load('sign-ins.mjs')
  const before = signIn(bob, 'verified')
  const user = userOf(before)
  t.like(afterVerified(user, { ...proved, purpose: 'step-up' }), { state: 'verified', at: proved.at })
  signOut(before)
  t.is(afterVerified(user, { ...proved, purpose: 'step-up' }), undefined)
  t.is(userOf(before), null)
  t.like(afterVerified(user, { ...proved, purpose: 'passkey' }), { state: 'verified' }, 'a passkey begins a new one')
})

test('the id of before signs out for a minute, however often it is asked about', async (t) => {
  const { replaced, signIn, signOut, userOf } = await load('sign-ins.mjs')
  const kept = signIn(bob, 'verified')
  const old = replaced(kept)
  t.is(userOf(old), null)
  signOut({ ...old, until: Date.now() })
  t.like(userOf(kept), { id: bob })
  t.true(old.until <= Date.now() + 60_000)
  signOut(old)
  t.is(userOf(kept), null)
})

test('a lock ends a pending sign-in, and a password alone is none for who has enrolled meanwhile', async (t) => {
  const { afterVerified, signIn, userOf } = await load('sign-ins.mjs')
  const { setEnrolled } = await load('accounts.mjs')
  const user = userOf(signIn(bob))
  const alone = { ok: true, factor: null, at: user.at, purpose: 'sign-in' }
  setEnrolled(bob, true)
  t.is(afterVerified(user, alone), undefined)
  setEnrolled(bob, false)
  t.like(afterVerified(user, alone), { state: 'verified', at: user.at })
  t.is(afterVerified(user, { ok: false, reason: 'rejected', purpose: 'sign-in' }), undefined)
  t.is(afterVerified(user, { ok: false, reason: 'locked', purpose: 'sign-in' }), null)
  t.is(userOf(user), null)
})
