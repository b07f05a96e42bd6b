import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'

import test from 'ava'

import { assertionText, registrationText } from '../../facade/stateless/picked.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import type { TestAlgorithm } from '../../facade/testing/test-authenticator.js'
import {
  authenticationOptions,
  registrationOptions,
  verifyAuthentication,
  verifyRegistration,
} from '../../facade/stateless/webauthn.js'
import type { CoseAlgorithm, RelyingParty, VerifyRegistrationOptions } from '../../facade/stateless/webauthn.js'
import { origin, rp } from '../helpers/service.js'

interface Vectors {
  ca: { attestation_ca_cert: string }
  vectors: {
    name: string
    reg: { challenge: string; credential_id: string; clientDataJSON: string; attestationObject: string }
  }[]
}

const vectorsFile = new URL('../../../__test__/vectors/webauthn-level-3.json', import.meta.url)

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

/** The verdict, or the code and detail of the error. */
function told(options: object): unknown {
  try {
    return verifyAuthentication(options as Parameters<typeof verifyAuthentication>[0])
  } catch (error) {
    return { code: (error as { code?: string }).code, message: (error as Error).message }
  }
}

/** Whether it was accepted. A response says the same as its JSON, which the core reads by itself. */
function agree(t: import('ava').ExecutionContext, options: object, what: string): boolean | undefined {
  const { response } = options as { response: unknown }
  const verdict = told(options)
  t.deepEqual(verdict, told({ ...options, response: JSON.stringify(response) }), what)
  return (verdict as { ok?: boolean }).ok
}

const inLines = (text: string | undefined) => text !== undefined && !text.startsWith('{')

for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
  test(`${algorithm}: a usual response crosses without JSON, and says the same`, (t) => {
    const options = given(algorithm)
    t.true(inLines(assertionText(options.response)))
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
      { challenge: Buffer.alloc(32, 8).toString('base64url') }, { rp: { ...rp, id: 'example.org', relatedOrigins: true } },
      { rp: { ...rp, origins: ['https://example.org'], relatedOrigins: true } }, { userVerification: 'required' },
      { credential: { ...credential, userHandle: 'AQIE' } },
      { credential: { ...credential, publicKey: given('ES256').credential.publicKey } },
    ]) {
      agree(t, { ...options, ...changed }, JSON.stringify(changed))
    }
  })
}

test('what a host gives wrongly is named, whatever was verified before', (t) => {
  const options = given()
  t.true(verifyAuthentication(options).ok)
  const { credential } = options
  const hidden = (of: object, name: string, value: unknown) => Object.defineProperty({ ...of }, name, { value })
  for (const [changed, name] of [
    [{ rp: { ...rp, id: 'https://example.com' } }, 'rp.id'], [{ rp: null }, 'rp'], [{ rp: [] }, 'rp'],
    [{ rp: { ...rp, origins: ['https://example.com/'] } }, 'rp.origins'], [{ rp: { ...rp, more: 1 } }, 'rp.more'],
    [{ rp: { ...rp, more: undefined } }, 'rp.more'], [{ rp: { ...rp, origins: Array(1) } }, 'rp.origins[0]'],
    [{ rp: { ...rp, origins: 'https://example.com' } }, 'rp.origins'], [{ rp: { ...rp, allowAnyPort: 1 } }, 'rp.allowAnyPort'],
    [{ rp: Object.create(rp) }, 'rp.id'], [{ rp: hidden(rp, 'allowSubdomains', 1) }, 'rp.allowSubdomains'],
    [{ challenge: 'AQID' }, 'challenge'], [{ challenge: '' }, 'challenge'], [{ challenge: `${challenge}=` }, 'challenge'],
    [{ challenge: `${challenge}\n` }, 'challenge'], [{ challenge: Buffer.alloc(15) }, 'challenge'],
    [{ credential: { ...credential, publicKey: 'AAAA' } }, 'credential.publicKey'],
    [{ credential: { ...credential, publicKey: `${credential.publicKey}\n` } }, 'credential.publicKey'],
    [{ credential: { ...credential, id: 'A' } }, 'credential.id'],
    [{ credential: { ...credential, id: '+/+/' } }, 'credential.id'],
    [{ credential: { ...credential, signCount: -1 } }, 'credential.signCount'],
    [{ credential: { ...credential, signCount: 2 ** 32 } }, 'credential.signCount'],
    [{ credential: { ...credential, signCount: 0.5 } }, 'credential.signCount'],
    [{ credential: { ...credential, backupEligible: 1 } }, 'credential.backupEligible'],
    [{ credential: { ...credential, transports: 'usb' } }, 'credential.transports'],
    [{ credential: { ...credential, transports: [''] } }, 'credential.transports[0]'],
    [{ credential: { ...credential, userHandle: '' } }, 'credential.userHandle'],
    [{ credential: { ...credential, userHandle: 'AQ==' } }, 'credential.userHandle'],
    [{ credential: { ...credential, aaguid: 'x' } }, 'credential.aaguid'],
    [{ credential: hidden(credential, 'userHandle', 7) }, 'credential.userHandle'],
    [{ credential: null }, 'credential'], [{ credential: [] }, 'credential'],
    [{ userVerification: 'always' }, 'userVerification'], [{ counter: 'ignore' }, 'counter'],
    [{ crossOrigin: { topOrigins: ['x', 7] } }, 'crossOrigin.topOrigins[1]'], [{ crossOrigin: { more: 1 } }, 'crossOrigin.more'],
    [{ crossOrigin: null }, 'crossOrigin'], [{ more: 1 }, 'more'], [{ more: undefined }, 'more'],
  ] as const) {
    const { code, message } = told({ ...options, ...changed }) as { code: string; message: string }
    t.is(code, 'invalid-argument', name)
    t.true(message.includes(`${name} `), `${name}: ${message}`)
  }
  const required = told(hidden(options, 'userVerification', 'required'))
  t.deepEqual(required, { ok: false, reason: 'user-not-verified' })
  for (const none of [undefined, null, 7, 'x', []]) t.is((told(none as never) as { code?: string }).code, 'invalid-argument')
})

test('bytes of the host count as their base64url', (t) => {
  const options = given()
  const { credential } = options
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'))
  const stored = { ...credential, id: bytes(credential.id), publicKey: bytes(credential.publicKey), userHandle: bytes('AQID') }
  t.deepEqual(told({ ...options, challenge: bytes(challenge), credential: stored }), told(options))
})

test('what is kept of a policy is a copy, found by value', (t) => {
  const { response, ...rest } = given()
  const party: RelyingParty = { ...structuredClone(rp), relatedOrigins: true }
  const options = { ...rest, response, rp: party }
  t.true(verifyAuthentication(options).ok)
  const [own = ''] = party.origins
  party.origins[0] = 'https://other.example.com'
  t.deepEqual(verifyAuthentication(options), { ok: false, reason: 'origin-mismatch' })
  party.origins.push(own)
  t.true(verifyAuthentication(options).ok)
  party.origins.length = 1
  t.deepEqual(verifyAuthentication(options), { ok: false, reason: 'origin-mismatch' })
  party.origins = [own]
  t.true(verifyAuthentication(options).ok)
  party.id = 'example.org'
  t.deepEqual(verifyAuthentication(options), { ok: false, reason: 'rp-id-mismatch' })
  party.id = rp.id
  party.origins[0] = `${own}:8443`
  t.deepEqual(verifyAuthentication(options), { ok: false, reason: 'origin-mismatch' })
  party.allowAnyPort = true
  t.true(verifyAuthentication(options).ok)
  delete party.allowAnyPort
  t.deepEqual(verifyAuthentication(options), { ok: false, reason: 'origin-mismatch' })
  // More of them than are kept, and the first ones again.
  for (let round = 0; round < 2; round++) {
    for (let port = 1; port <= 20; port++) {
      party.origins[0] = `${own}:${port}`
      t.deepEqual(verifyAuthentication(options), { ok: false, reason: 'origin-mismatch' })
    }
    party.origins[0] = own
    t.true(verifyAuthentication(options).ok)
  }
})

test('every other member of a policy that changes in place is obeyed', (t) => {
  // Of the specification (section 16): ES256, with a certificate.
  const { ca, vectors } = JSON.parse(readFileSync(vectorsFile, 'utf8')) as Vectors
  const { reg } = vectors.find(({ name }) => name === 'packed-es256') as Vectors['vectors'][number]
  const base64url = (hex: string) => Buffer.from(hex, 'hex').toString('base64url')
  const id = base64url(reg.credential_id)
  const clientDataJSON = base64url(reg.clientDataJSON)
  const response = {
    id, rawId: id, type: 'public-key', clientExtensionResults: {},
    response: { clientDataJSON, attestationObject: base64url(reg.attestationObject) },
  }
  const algorithms: CoseAlgorithm[] = [-7]
  const der = new Uint8Array(Buffer.from(ca.attestation_ca_cert, 'hex'))
  const trustAnchors: (string | Uint8Array)[] = [der]
  const options: VerifyRegistrationOptions = {
    response, challenge: base64url(reg.challenge), rp: { id: 'example.org', origins: ['https://example.org'] },
    algorithms, attestation: 'direct', trustAnchors, now: Date.UTC(2026, 0, 1),
  }
  const verify = () => verifyRegistration(options)
  const first = verify()
  t.true(first.ok && first.attestation.trusted, JSON.stringify(first))
  algorithms[0] = -8
  t.deepEqual(verify(), { ok: false, reason: 'algorithm-not-allowed' })
  algorithms.push(-7)
  t.true(verify().ok)
  der[0] = 0
  t.throws(verify, { code: 'invalid-argument', message: /trustAnchors/ })
  der[0] = 0x30
  t.true(verify().ok)
  trustAnchors.length = 0
  const without = verify()
  t.true(without.ok && !without.attestation.trusted)
  trustAnchors[0] = `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`
  const again = verify()
  t.true(again.ok && again.attestation.trusted)
  options.attestation = 'none'
  t.true(verify().ok)
})

test('a response that is unusual in any way goes as JSON', (t) => {
  const options = given()
  const response = options.response as { response: Record<string, unknown> }
  const Response = function () {} as unknown as new () => object
  const inner = response.response
  const unusual: unknown[] = [
    JSON.stringify(response), Object.assign(new Response(), response), { ...response, toJSON: () => response },
    Object.assign(Object.create({ toJSON: () => response }), response), { ...response, more: 1 },
    { ...response, clientExtensionResults: { appid: true } }, { ...response, clientExtensionResults: [] },
    { ...response, response: { ...inner, more: 1 } }, { ...response, response: { ...inner, attestationObject: 'AA' } },
    { ...response, authenticatorAttachment: { a: 1 } },
  ]
  for (const [index, value] of unusual.entries()) {
    t.true(assertionText(value)?.startsWith('{'), `${index}`)
    t.true(verifyAuthentication({ ...options, response: value }).ok, `${index}`)
  }
  for (const value of [
    null, 7, [], [response], new Map(), {}, { ...response, response: [inner] }, { ...response, type: undefined },
    { ...response, response: { ...inner, signature: 7 } },
    { ...response, response: { ...inner, signature: `${inner.signature as string}\n` } },
    { ...response, response: { ...inner, userHandle: 7 } },
    { get id() { throw new Error('no') } }, new Proxy(response, { ownKeys() { throw new Error('no') } }),
  ]) {
    t.deepEqual(told({ ...options, response: value }), { ok: false, reason: 'malformed' })
  }
})

test('members that decide nothing never refuse, and those that do are judged', (t) => {
  const options = given()
  const response = options.response as Record<string, unknown>
  const inner = response.response as Record<string, unknown>
  for (const value of [null, undefined, 0, true, '', '\ud800', 'é', [], {}, [[{}]], { credProps: { rk: 7 } }, { toJSON: 1 }]) {
    for (const name of ['authenticatorAttachment', 'clientExtensionResults', 'more', '']) {
      t.true(agree(t, { ...options, response: { ...response, [name]: value } }, `${name} ${JSON.stringify(value)}`))
    }
    for (const name of ['attestationObject', 'transports', 'publicKey', 'publicKeyAlgorithm', 'more']) {
      const changed = { ...response, response: { ...inner, [name]: value } }
      t.true(agree(t, { ...options, response: changed }, `response.${name} ${JSON.stringify(value)}`))
    }
    const absent = value === null || value === undefined
    const handle = { ...response, response: { ...inner, userHandle: value } }
    t.is(agree(t, { ...options, response: handle }, 'userHandle'), absent || value === '')
    for (const name of ['authenticatorData', 'signature', 'clientDataJSON']) {
      t.false(agree(t, { ...options, response: { ...response, response: { ...inner, [name]: value } } }, name))
    }
    for (const name of ['id', 'rawId', 'type', 'response']) {
      t.false(agree(t, { ...options, response: { ...response, [name]: value } }, name))
    }
  }
  const text = JSON.stringify(response)
  for (const more of ['"x":1e999', '"x":"\\ud83d\\ude00"', '"x":"\\ud800"', `"x":[${'{},'.repeat(500)}0]`]) {
    t.true(verifyAuthentication({ ...options, response: text.replace('{', `{${more},`) }).ok, more)
  }
  for (const more of ['"id":"AA"', '"x":1,"x":1', '"x":{"y":1,"\\u0079":1}', `"x":${'['.repeat(101)}${']'.repeat(101)}`]) {
    const refused = verifyAuthentication({ ...options, response: text.replace('{', `{${more},`) })
    t.deepEqual(refused, { ok: false, reason: 'malformed' }, more)
  }
  const large = { ...response, more: 'x'.repeat(65_536) }
  t.deepEqual(verifyAuthentication({ ...options, response: large }), { ok: false, reason: 'malformed' })
})

test('of a registration, too', (t) => {
  const key = new TestAuthenticator()
  const creation = registrationOptions({ rp, user: { id: 'AQID', name: 'ann', displayName: 'Ann' }, challenge })
  const response = key.create(creation, { origin }) as unknown as Record<string, unknown>
  const inner = response.response as Record<string, unknown>
  const now = Date.now()
  const verify = (given: unknown) => verifyRegistration({ response: given, challenge, rp, now })
  const both = (given: Record<string, unknown>, what: string) => {
    const verdict = verify(given)
    t.deepEqual(verdict, verify(JSON.stringify(given)), what)
    return verdict.ok
  }
  t.true(inLines(registrationText(response)))
  t.true(both(response, 'as it is'))
  for (const value of [null, undefined, 0, true, '', '\ud800', [], {}, [[{}]], { a: { b: 1 } }]) {
    const what = JSON.stringify(value)
    for (const name of ['authenticatorAttachment', 'more']) t.true(both({ ...response, [name]: value }, `${name} ${what}`))
    for (const name of ['signature', 'userHandle', 'authenticatorData', 'publicKey', 'publicKeyAlgorithm', 'more']) {
      t.true(both({ ...response, response: { ...inner, [name]: value } }, `response.${name} ${what}`))
    }
    const none = value === null || value === undefined
    const object = none || (typeof value === 'object' && !Array.isArray(value))
    t.is(both({ ...response, clientExtensionResults: value }, `results ${what}`), object)
    t.is(both({ ...response, clientExtensionResults: { credProps: value } }, `credProps ${what}`), object)
    t.is(both({ ...response, clientExtensionResults: { credProps: { rk: value } } }, `rk ${what}`), none || value === true)
    const list = none || (Array.isArray(value) && value.length === 0)
    t.is(both({ ...response, response: { ...inner, transports: value } }, `transports ${what}`), list)
    t.false(both({ ...response, response: { ...inner, attestationObject: value } }, `attestationObject ${what}`))
  }
  const many = Array.from({ length: 17 }, (_, index) => `t${index}`)
  for (const [transports, kept] of [
    [['usb', 'usb', 'new-one'], ['usb', 'new-one']], [['a,b'], []], [['a\nb'], []], [[''], []], [['', 'usb'], ['usb']], [['_'], []],
    [['x'.repeat(33), 'nfc'], ['nfc']], [many, many.slice(0, 16)],
  ]) {
    const given = { ...response, response: { ...inner, transports } }
    t.true(both(given, JSON.stringify(transports)))
    const verdict = verify(given)
    t.deepEqual(verdict.ok && verdict.credential.transports, kept)
  }
  for (const transports of [[7], [null], ['usb', 7]]) t.false(both({ ...response, response: { ...inner, transports } }, JSON.stringify(transports)))
  const large = { ...inner, attestationObject: `${inner.attestationObject as string}${'A'.repeat(40_000)}` }
  t.false(both({ ...response, response: large }, 'a large one'))
})

test('either alphabet of base64 in every binary member, with the right padding or none', (t) => {
  const key = new TestAuthenticator()
  const creation = registrationOptions({ rp, user: { id: 'AQID', name: 'ann', displayName: 'Ann' }, challenge })
  const spellings = [
    (text: string) => Buffer.from(text, 'base64url').toString('base64'),
    (text: string) => Buffer.from(text, 'base64url').toString('base64').replaceAll('=', ''),
    (text: string) => text.padEnd(Math.ceil(text.length / 4) * 4, '='),
  ]
  const texts = ['id', 'rawId', 'clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']
  const respelt = (value: unknown, spell: (text: string) => string): unknown =>
    Object.fromEntries(
      Object.entries(value as object).map(([name, member]) => {
        if (name === 'response') return [name, respelt(member, spell)]
        return [name, texts.includes(name) && typeof member === 'string' ? spell(member) : member]
      }),
    )
  const created = key.create(creation, { origin })
  const usual = verifyRegistration({ response: created, challenge, rp, userHandle: 'AQID' })
  if (!usual.ok) throw new Error(usual.reason)
  const { credential } = usual
  const asserted = key.get(authenticationOptions({ rp, challenge, allowCredentials: [credential] }), { origin })
  for (const spell of spellings) {
    const response = respelt(created, spell)
    t.deepEqual(verifyRegistration({ response, challenge, rp, userHandle: 'AQID' }), usual)
    t.deepEqual(verifyRegistration({ response: JSON.stringify(response), challenge, rp, userHandle: 'AQID' }), usual)
    t.true(agree(t, { response: respelt(asserted, spell), challenge, rp, credential, counter: 'report' }, 'a sign-in'))
  }
  const inner = asserted.response as unknown as Record<string, string>
  for (const name of ['clientDataJSON', 'authenticatorData', 'signature']) {
    const text = inner[name] as string
    const oneTooMany = '='.repeat(((4 - (text.length % 4)) % 4) + 1)
    for (const wrong of [text + oneTooMany, `${text}====`, `-_+/${text.slice(4)}`, ` ${text}`, `${text}\n`]) {
      const response = { ...asserted, response: { ...inner, [name]: wrong } }
      t.false(agree(t, { response, challenge, rp, credential, counter: 'report' }, `${name} ${wrong}`))
    }
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
    t.false(agree(t, { ...options, response }, 'without a signature'))
    const { userHandle: _handle, ...credential } = options.credential
    const verdict = verifyAuthentication({ ...options, credential })
    t.true(verdict.ok && !Object.hasOwn(verdict.credential, 'userHandle'))
  } finally {
    delete polluted.signature
    delete polluted.userHandle
  }
})

test('the end of a line within a member is refused for the reason that JSON is refused for', (t) => {
  const options = given()
  const { response, ...outer } = options.response as { response: Record<string, unknown> }
  const userHandle = response.signature
  for (const name of ['clientDataJSON', 'authenticatorData', 'signature', 'userHandle']) {
    const text = String(response[name] ?? 'AQID')
    const damaged = { ...outer, response: { ...response, userHandle, [name]: `${text.slice(0, 2)}\n${text.slice(2)}` } }
    t.false(inLines(assertionText(damaged)))
    t.false(agree(t, { ...options, response: damaged }, name))
  }
})

test('ten thousand damaged responses: never accepted where JSON is refused, nor the other way round', (t) => {
  const options = given()
  const original = options.response as Record<string, unknown>
  let usual = 0
  for (let round = 0; round < 10_000; round++) {
    const response = structuredClone(original)
    const holder = randomInt(3) === 0 ? response : (response.response as Record<string, unknown>)
    damage(holder)
    if (randomInt(4) === 0) damage(holder)
    if (inLines(assertionText(response))) usual += 1
    agree(t, { ...options, response, counter: 'report' }, JSON.stringify(response))
  }
  t.true(usual > 1000, `${usual}`)
})

test('thousands of damaged options: what is kept answers as if nothing were', (t) => {
  const options = given()
  let accepted = 0
  for (let round = 0; round < 5000; round++) {
    const damaged = structuredClone(options) as Record<string, unknown>
    const holders = [damaged, damaged.rp, damaged.credential] as Record<string, unknown>[]
    damage(holders[randomInt(3)] as Record<string, unknown>)
    // The name decides nothing, and makes it another policy.
    const party = damaged.rp as { name?: unknown } | null
    const fresh = party?.name === rp.name ? { ...damaged, rp: { ...party, name: `Example ${round}` } } : damaged
    const verdict = told(damaged)
    t.deepEqual(verdict, told(fresh), JSON.stringify(damaged))
    if ((verdict as { ok?: boolean }).ok === true) accepted += 1
  }
  t.true(accepted > 100, `${accepted}`)
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
