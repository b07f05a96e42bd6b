import { randomInt } from 'node:crypto'

import test from 'ava'

import { verifyAsJson, verifyOrdinary } from '../../facade/stateless/assertion.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import type { TestAlgorithm } from '../../facade/testing/test-authenticator.js'
import { checkVerifyAuthentication } from '../../facade/stateless/webauthn-check.js'
import {
  authenticationOptions,
  registrationOptions,
  verifyAuthentication,
  verifyRegistration,
} from '../../facade/stateless/webauthn.js'
import { origin, rp } from '../helpers/service.js'

const challenge = Buffer.alloc(32, 7).toString('base64url')

function given(algorithm: TestAlgorithm = 'ES256') {
  const key = new TestAuthenticator({ algorithm })
  const creation = registrationOptions({ rp, user: { id: 'AQID', name: 'ann', displayName: 'Ann' }, challenge })
  const created = key.create(creation, { origin })
  const registered = verifyRegistration({ response: created, challenge, rp, userHandle: 'AQID' })
  if (!registered.ok) throw new Error(registered.reason)
  const { credential } = registered
  const response = key.get(authenticationOptions({ rp, challenge, allowCredentials: [credential] }), { origin })
  return { response: response as unknown, challenge, rp, credential }
}

/** Both ways; the short one may pass, and else says the same. */
function agree(t: import('ava').ExecutionContext, options: object, what: string): boolean | undefined {
  const ordinary = verifyOrdinary(options)
  if (ordinary === undefined) return undefined
  const checked = checkVerifyAuthentication(options, '')
  t.deepEqual(ordinary.verdict, verifyAsJson(checked), what)
  const { transports = [], ...rest } = checked.credential
  t.deepEqual(JSON.parse(JSON.stringify(ordinary.stored)), JSON.parse(JSON.stringify({ ...rest, transports })), what)
  return ordinary.verdict.ok
}

// A relying party counts as ordinary once something was verified for it.
test.before((t) => {
  for (const party of [rp, { ...rp, allowAnyPort: true }]) {
    const options = { ...given(), rp: party }
    t.is(verifyOrdinary(options), undefined)
    t.true(verifyAuthentication(options).ok)
    t.true(verifyOrdinary(options)?.verdict.ok)
  }
})

for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
  test(`${algorithm}: an ordinary response needs no JSON, and says the same`, (t) => {
    const options = given(algorithm)
    const { credential } = options
    t.true(agree(t, options, 'as it is'))
    t.true(agree(t, { ...options, rp: { ...rp, allowAnyPort: true } }, 'another rp'))
    for (const counter of ['refuse', 'report']) {
      for (const signCount of [0, 1, 2, 3, 0xffff_ffff]) {
        const stored = { ...credential, signCount }
        const accepted = agree(t, { ...options, counter, credential: stored }, `${counter} ${signCount}`)
        t.is(accepted, counter === 'report' || signCount === 0)
      }
    }
    for (const backupEligible of [true, false, undefined]) {
      for (const backupRecorded of [true, false, undefined]) {
        const stored = { ...credential, backupEligible, backupState: backupEligible, backupRecorded }
        agree(t, { ...options, credential: stored }, `${backupEligible} ${backupRecorded}`)
      }
    }
    for (const changed of [
      { challenge: Buffer.alloc(32, 8).toString('base64url') }, { rp: { ...rp, id: 'example.org' } },
      { rp: { ...rp, origins: ['https://example.org'] } }, { userVerification: 'required' },
      { credential: { ...credential, userHandle: 'AQIE' } },
      { credential: { ...credential, publicKey: given('ES256').credential.publicKey } },
    ]) {
      agree(t, { ...options, ...changed }, JSON.stringify(changed))
    }
  })
}

test('what a host gives wrongly is left to the checks, which name it', (t) => {
  const options = given()
  const { credential } = options
  const hidden = (of: object, name: string, value: unknown) => Object.defineProperty({ ...of }, name, { value })
  const Row = function () {} as unknown as new () => object
  for (const changed of [
    { rp: { ...rp, id: 'https://example.com' } }, { rp: { ...rp, origins: ['https://example.com/'] } }, { rp: null },
    { rp: { ...rp, id: 'example.org' } }, { rp: { ...rp, allowSubdomains: true } }, { rp: { ...rp, more: 1 } },
    { rp: { ...rp, origins: [...rp.origins, 'https://example.org'] } }, { rp: { ...rp, origins: Array(1) } },
    { rp: { ...rp, origins: 'https://example.com' } }, { rp: hidden(rp, 'allowSubdomains', true) },
    { challenge: 'AQID' }, { challenge: '' }, { challenge: `${challenge}=` }, { challenge: Buffer.alloc(32) },
    { credential: { ...credential, publicKey: 'AAAA' } }, { credential: { ...credential, id: 'A' } },
    { credential: { ...credential, signCount: -1 } }, { credential: { ...credential, signCount: 2 ** 32 } },
    { credential: { ...credential, signCount: 0.5 } }, { credential: { ...credential, backupEligible: 1 } },
    { credential: { ...credential, transports: 'usb' } }, { credential: { ...credential, transports: [''] } },
    { credential: { ...credential, userHandle: '' } }, { credential: { ...credential, userHandle: '=' } },
    { credential: { ...credential, aaguid: 'x' } }, { credential: Object.assign(new Row(), credential) },
    { credential: hidden(credential, 'userHandle', 7) }, { credential: null }, { credential: [] },
    { userVerification: 'always' }, { counter: 'ignore' }, { crossOrigin: { topOrigins: [] } }, { more: 1 },
  ]) {
    t.is(verifyOrdinary({ ...options, ...changed }), undefined, JSON.stringify(changed))
  }
  t.is(verifyOrdinary(hidden(options, 'crossOrigin', { topOrigins: [] })), undefined)
  const required = verifyOrdinary(hidden(options, 'userVerification', 'required'))
  t.deepEqual(required?.verdict, { ok: false, reason: 'user-not-verified' })
  for (const none of [undefined, null, 7, 'x', [], Object.create(options)]) t.is(verifyOrdinary(none), undefined)
})

test('a response that is unusual in any way goes as JSON', (t) => {
  const options = given()
  const response = options.response as { response: Record<string, unknown> }
  const Response = function () {} as unknown as new () => object
  const unusual: unknown[] = [
    JSON.stringify(response), null, 7, [], [response], Object.assign(new Response(), response), new Map(),
    { ...response, toJSON: () => response }, Object.assign(Object.create({ toJSON: () => response }), response),
    { ...response, more: 1 }, { ...response, clientExtensionResults: { appid: true } },
    { ...response, clientExtensionResults: [] }, { ...response, clientExtensionResults: null },
    { ...response, clientExtensionResults: new String('') }, { ...response, authenticatorAttachment: '\ud800' },
    { ...response, response: { ...response.response, more: 1 } }, { ...response, response: [response.response] },
    { ...response, response: { ...response.response, signature: 7 } },
    { ...response, response: { ...response.response, signature: new String(response.response.signature) } },
    { ...response, response: { ...response.response, attestationObject: 'AA' } },
    { get id() { throw new Error('no') } },
    new Proxy(response, { ownKeys() { throw new Error('no') } }),
  ]
  for (const [index, value] of unusual.entries()) {
    t.is(verifyOrdinary({ ...options, response: value }), undefined, `${index}`)
  }
})

test.serial('a polluted prototype gives no member', (t) => {
  const options = given()
  const { signature: _, ...rest } = (options.response as { response: Record<string, unknown> }).response
  const polluted = Object.prototype as Record<string, unknown>
  polluted.signature = 'AAAA'
  polluted.userHandle = 'BBBB'
  try {
    t.true(agree(t, options, 'as it is'))
    const response = { ...(options.response as object), response: rest }
    t.is(verifyOrdinary({ ...options, response }), undefined)
    const { userHandle: _handle, ...credential } = options.credential
    t.is(verifyOrdinary({ ...options, credential })?.stored.userHandle, undefined)
  } finally {
    delete polluted.signature
    delete polluted.userHandle
  }
})

test('ten thousand damaged responses: never accepted where JSON is refused, nor the other way round', (t) => {
  const options = given()
  const original = options.response as Record<string, unknown>
  let ordinary = 0
  for (let round = 0; round < 10_000; round++) {
    const response = structuredClone(original)
    const holder = randomInt(3) === 0 ? response : (response.response as Record<string, unknown>)
    damage(holder)
    if (randomInt(4) === 0) damage(holder)
    const damaged = { ...options, response, counter: 'report' }
    const short = verifyOrdinary(damaged)?.verdict
    if (short === undefined) continue
    ordinary += 1
    const long = verifyAsJson(checkVerifyAuthentication(damaged, ''))
    t.is(short.ok, long.ok, JSON.stringify(response))
    if (short.ok) t.deepEqual(short, long)
  }
  t.true(ordinary > 1000, `${ordinary}`)
})

test('thousands of damaged options: nothing passes that the checks refuse', (t) => {
  const options = given()
  let ordinary = 0
  for (let round = 0; round < 5000; round++) {
    const damaged = structuredClone(options) as Record<string, unknown>
    const holders = [damaged, damaged.rp, damaged.credential] as Record<string, unknown>[]
    damage(holders[randomInt(3)] as Record<string, unknown>)
    if (agree(t, damaged, JSON.stringify(damaged)) !== undefined) ordinary += 1
  }
  t.true(ordinary > 100, `${ordinary}`)
})

/** One member changed, removed or added. */
function damage(holder: Record<string, unknown>): void {
  const names = Object.keys(holder)
  const name = names[randomInt(names.length)] ?? 'id'
  const value = holder[name]
  const text = typeof value === 'string' ? value : 'AQID'
  const at = randomInt(text.length + 1)
  const pick = <T>(...choices: T[]) => choices[randomInt(choices.length)] as T
  const odd = pick('', 'A', '=', '+', '/', '-', '_', ' ', '\n', '\\', '"', '[', '{', '\u0000', 'é', '\ud800', '😀')
  const others = ['userHandle', 'transports', 'signature', 'toJSON', '__proto__', 'type']
  const changes = [
    () => (holder[name] = text.slice(0, at) + odd + text.slice(at + randomInt(2))),
    () => (holder[name] = text.slice(0, at)),
    () => (holder[name] = text + text),
    () => (holder[name] = pick<unknown>(null, undefined, 0, true, [], {}, { rk: true }, text)),
    () => delete holder[name],
    () => (holder[pick(...others)] = pick<unknown>(text, null, '')),
    () => {
      delete holder[name]
      holder[name] = value
    },
  ]
  pick(...changes)()
}
