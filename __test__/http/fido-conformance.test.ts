// The example for FIDO's conformance tool: what the tool's cases do to an answer, done here by the software authenticator.
import test from 'ava'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import type { TestAlgorithm } from '../../facade/testing/test-authenticator.js'
import { ExampleServer } from './example-server.js'
import { HttpClient } from './http-client.js'

let server: ExampleServer
test.before(async () => {
  server = await ExampleServer.start('fido-conformance.mjs')
})
test.after.always(() => server?.stop())

let users = 0
/** A browser of its own, and a name that nobody has. */
const visitor = () => ({ client: new HttpClient(server.origin), username: `user-${(users += 1)}` })
type Visitor = ReturnType<typeof visitor>

const ok = { status: 'ok', errorMessage: '' }
const post = async ({ client }: Visitor, path: string, body: unknown) => (await client.host('POST', path, body)).body

async function created(who: Visitor, key: TestAuthenticator, attestation: 'none' | 'direct' = 'none') {
  const options = await post(who, '/attestation/options', { username: who.username, displayName: 'Ann', attestation })
  const made = key.create(options, { origin: server.origin, attestation: attestation === 'none' ? 'none' : 'packed' })
  return structuredClone(made) as any
}

async function signed(who: Visitor, key: TestAuthenticator, userVerified = false) {
  const options = await post(who, '/assertion/options', { username: who.username, userVerification: 'preferred' })
  return structuredClone(key.get(options, { origin: server.origin, userVerified })) as any
}

test('the options have the shapes of the contract', async (t) => {
  const who = visitor()
  const selection = { authenticatorAttachment: 'cross-platform', requireResidentKey: true, userVerification: 'required' }
  const asked = { username: who.username, displayName: 'Ann', attestation: 'direct', authenticatorSelection: selection, extensions: { 'example.extension.bool': true } }
  const options = await post(who, '/attestation/options', asked)
  t.like(options, { ...ok, attestation: 'direct', authenticatorSelection: selection, extensions: asked.extensions })
  t.like(options.user, { name: who.username, displayName: 'Ann' })
  t.true(Buffer.from(options.challenge, 'base64url').length >= 16)
  t.true(options.pubKeyCredParams.some(({ alg }: { alg: number }) => alg === -7))
  t.is((await post(who, '/assertion/options', { username: who.username })).status, 'failed', 'no key yet')
  const key = new TestAuthenticator()
  t.deepEqual(await post(who, '/attestation/result', await created(who, key)), ok)
  const request = await post(who, '/assertion/options', { username: who.username, userVerification: 'required', extensions: asked.extensions })
  t.like(request, { ...ok, userVerification: 'required', rpId: 'localhost', extensions: asked.extensions })
  t.deepEqual(request.allowCredentials.map(({ id }: { id: string }) => id), key.credentials.map(({ id }) => id))
  const again = await post(who, '/attestation/options', asked)
  t.is(again.user.id, options.user.id)
  t.deepEqual(again.excludeCredentials.map(({ id }: { id: string }) => id), key.credentials.map(({ id }) => id))
})

for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as TestAlgorithm[]) {
  test(`both ceremonies with ${algorithm}, without a statement and with self attestation`, async (t) => {
    for (const attestation of ['none', 'direct'] as const) {
      const who = visitor()
      const key = new TestAuthenticator({ algorithm })
      t.deepEqual(await post(who, '/attestation/result', await created(who, key, attestation)), ok)
      t.deepEqual(await post(who, '/assertion/result', await signed(who, key)), ok)
      t.deepEqual(await post(who, '/assertion/result', await signed(who, key, true)), ok)
    }
  })
}

const wrongTypes = [undefined, null, 7, true, [], {}, '']
const members = (path: string[]) => wrongTypes.map((value) => ({ path, value }))

/** Takes a member away, or makes it another. */
function spoilt(response: any, path: string[], value: unknown): unknown {
  const holder = path.slice(0, -1).reduce((object, name) => object[name], response)
  holder[path.at(-1)!] = value
  return response
}

const clientDataOf = (response: any) => JSON.parse(Buffer.from(response.response.clientDataJSON, 'base64url').toString())
function withClientData(response: any, change: object): unknown {
  const text = JSON.stringify({ ...clientDataOf(response), ...change })
  return spoilt(response, ['response', 'clientDataJSON'], Buffer.from(text).toString('base64url'))
}

const clientDataFaults: object[] = [
  { type: undefined }, { type: 7 }, { type: '' }, { challenge: undefined }, { challenge: 7 }, { challenge: '' }, { challenge: 'AAAA' },
  { challenge: Buffer.alloc(32).toString('base64url') }, { origin: undefined }, { origin: 7 }, { origin: '' },
  { origin: 'https://example.com' }, { crossOrigin: true },
]

test('a registration of another structure fails', async (t) => {
  const faults = [
    ...members(['id']), ...members(['rawId']), ...members(['type']), ...members(['response']), ...members(['response', 'clientDataJSON']),
    ...members(['response', 'attestationObject']), { path: ['type'], value: 'public_key' }, { path: ['id'], value: 'not base64url!' },
    { path: ['id'], value: 'AAAA' },
  ]
  for (const { path, value } of faults) {
    const who = visitor()
    const answer = await post(who, '/attestation/result', spoilt(await created(who, new TestAuthenticator()), path, value))
    t.is(answer.status, 'failed', `${path.join('.')}: ${JSON.stringify(value)}`)
    t.true(answer.errorMessage.length > 0)
  }
  for (const change of [...clientDataFaults, { type: 'webauthn.get' }]) {
    const who = visitor()
    const answer = await post(who, '/attestation/result', withClientData(await created(who, new TestAuthenticator()), change))
    t.is(answer.status, 'failed', JSON.stringify(change))
  }
})

test('an assertion of another structure, or with another signature, fails', async (t) => {
  const who = visitor()
  const key = new TestAuthenticator()
  t.deepEqual(await post(who, '/attestation/result', await created(who, key)), ok)
  const faults = [
    ...members(['id']), ...members(['rawId']), ...members(['type']), ...members(['response']), ...members(['response', 'clientDataJSON']),
    ...members(['response', 'authenticatorData']), ...members(['response', 'signature']), { path: ['type'], value: 'public_key' },
    { path: ['response', 'userHandle'], value: 7 }, { path: ['response', 'userHandle'], value: 'AAAA' },
  ]
  for (const { path, value } of faults) {
    const answer = await post(who, '/assertion/result', spoilt(await signed(who, key), path, value))
    t.is(answer.status, 'failed', `${path.join('.')}: ${JSON.stringify(value)}`)
  }
  for (const change of [...clientDataFaults, { type: 'webauthn.create' }]) {
    t.is((await post(who, '/assertion/result', withClientData(await signed(who, key), change))).status, 'failed', JSON.stringify(change))
  }
  // Every flag and byte of the authenticator data is signed.
  for (const at of [0, 32, 33, 36]) {
    const response = await signed(who, key)
    const data = Buffer.from(response.response.authenticatorData, 'base64url')
    data[at]! ^= 1
    t.is((await post(who, '/assertion/result', spoilt(response, ['response', 'authenticatorData'], data.toString('base64url')))).status, 'failed')
  }
  t.deepEqual(await post(who, '/assertion/result', await signed(who, key)), ok)
})

test('a challenge is answered once, in the browser that asked for it, and a key belongs to one user', async (t) => {
  const who = visitor()
  const key = new TestAuthenticator()
  const response = await created(who, key)
  t.is((await post(visitor(), '/attestation/result', response)).status, 'failed')
  t.deepEqual(await post(who, '/attestation/result', response), ok)
  t.is((await post(who, '/attestation/result', response)).status, 'failed')
  const answer = await signed(who, key)
  t.deepEqual(await post(who, '/assertion/result', answer), ok)
  t.is((await post(who, '/assertion/result', answer)).status, 'failed')
  for (const body of ['', '{', '[]', '7', 'null']) t.is((await post(who, '/assertion/result', body)).status, 'failed', body)
  t.is((await post(who, '/attestation/options', { displayName: 'Ann' })).status, 'failed')
  t.is((await post(who, '/toString', {})).status, 'failed')
})
