// The handler mounted in servers that people have: each example is run as it stands.
import test from 'ava'
import { ExampleServer } from './example-server.js'
import { everyFlow } from './flow.js'

for (const file of ['express.mjs', 'fastify.mjs', 'hono.mjs', 'node-http.mjs']) {
  test(`${file}`, async (t) => {
    const server = await ExampleServer.start(file)
    t.teardown(() => server.stop())
    await everyFlow(t, server.origin)
    t.is(server.complaints, '')
  })
}

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
