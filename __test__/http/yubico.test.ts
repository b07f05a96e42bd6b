// Yubico keys over HTTP: enrolled by an OTP where the service has the secrets of keys, and nowhere else.
import test from 'ava'

import { memoryStore } from '../../facade/stores/index.js'
import { key, otp, publicId, uid } from '../helpers/yubico-key.js'
import { HttpHost } from './http-host.js'

const problem = (name: string) => `urn:countersign:problem:${name}`
const known = { yubico: { secrets: (id: string) => (id === publicId ? { key, uid } : undefined) } }
const description = 'my key'

test('a key is enrolled by an OTP as a first factor, and signs in after that', async (t) => {
  const host = (await HttpHost.open({ required: true }, memoryStore(), known)).pending()
  t.like((await host.client.get('/session')).body, { state: 'pending', yubico: true, mayEnrol: true })
  const code = otp(1, 1)
  const enrolled = await host.client.post('/factors/yubico', { code, description })
  t.like(enrolled, { status: 200, body: { ok: true, factor: { type: 'yubico', description } } })
  t.deepEqual(host.enrolled, [true])
  t.like(host.told, [{ outcome: { purpose: 'enrolment', ok: true, factor: { type: 'yubico', description } } }])
  t.like((await host.client.get('/session')).body, { state: 'verified', yubico: true, fresh: true })
  host.pending()
  t.is((await host.client.post('/verify', { answer: { type: 'yubico', code } })).body.type, problem('rejected'))
  t.like((await host.client.post('/verify', { answer: { type: 'yubico', code: otp(1, 2) } })).body, { ok: true })
})

test('refusals are told apart', async (t) => {
  const host = (await HttpHost.open({}, memoryStore(), known)).verified()
  const post = async (code: unknown, named: unknown = description) => {
    const { status, body } = await host.client.post('/factors/yubico', { code, description: named })
    return [status, body.reason ?? body.detail ?? body.ok]
  }
  t.deepEqual(await post('x'), [403, 'malformed'])
  t.deepEqual(await post(7), [403, 'malformed'])
  t.deepEqual(await post(otp(1, 1), 'a\u202e'), [400, 'description'])
  t.deepEqual(await post(otp(1, 1, 'vvvvvvvvvvvv')), [409, 'unknown-key'])
  t.deepEqual(await post(otp(1, 1, publicId, Buffer.alloc(6))), [403, 'rejected'])
  t.deepEqual(await post(otp(1, 1)), [200, true])
  host.verified()
  t.deepEqual(await post(otp(1, 1)), [403, 'rejected'])
  t.deepEqual(await post(otp(1, 2)), [409, 'already-enrolled'])
  host.pending()
  t.is((await host.client.post('/factors/yubico', { code: otp(1, 3), description })).body.type, problem('second-factor-required'))
  host.verified()
  host.fixture.now += 300_000
  t.is((await host.client.post('/factors/yubico', { code: otp(1, 3), description })).body.type, problem('step-up-required'))
  t.deepEqual(host.errors, [])
})

test('without the secrets of keys there is no such route, and pages are told', async (t) => {
  const plain = (await HttpHost.open()).verified()
  t.like((await plain.client.get('/session')).body, { state: 'verified', yubico: false })
  const reply = await plain.client.host('POST', '/countersign/factors/yubico', { code: otp(1, 1), description })
  t.is(reply.body.type, problem('method-not-allowed'), 'the path of any factor')
  for (const [open, offered] of [[{}, false], [known, true]] as const) {
    for (const passkeys of [true, false]) {
      const host = await HttpHost.open({ passkeys }, memoryStore(), open)
      const { paths } = (await host.client.get('/openapi.json')).body
      t.deepEqual(['/factors/yubico' in paths, '/passkey/verify' in paths], [offered, passkeys])
    }
  }
  t.deepEqual(plain.errors, [])
})
