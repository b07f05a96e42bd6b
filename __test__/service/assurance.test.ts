// The table of docs/assurance.md, each row as a sign-in; and what may be required of an answer.
import { readFileSync } from 'node:fs'

import test from 'ava'

import { createHandler } from '../../facade/http/index.js'
import { memoryStore } from '../../facade/stores/memory-store.js'
import { TestAuthenticator, totpAt } from '../../facade/testing/index.js'
import type { TestAuthenticatorOptions } from '../../facade/testing/index.js'
import { acrOf } from '../../index.js'
import type { Assurance, Challenge, OpenOptions, Requirement } from '../../index.js'
import { Maker } from '../helpers/attested-key.js'
import { invalidArgument } from '../helpers/invalid-argument.js'
import { Fixture, origin, overriding } from '../helpers/service.js'
import { stores } from '../helpers/stores.js'
import { appId, U2fKey } from '../helpers/u2f-key.js'
import { key as yubicoKey, otp, publicId, uid } from '../helpers/yubico-key.js'

const user = 'ann'
const person = { name: 'ann', displayName: 'Ann' }
const maker = Maker.open()
const claimed = { assurance: { hwk: 'claimed' } } as const
const synced = { backupEligible: true, backupState: true }

/** A sign-in after a first factor, and what it was called. */
type SignIn = (firstFactor: string[] | undefined) => Promise<Assurance>

const answers: Record<string, SignIn> = {
  'nothing: the user has no factor': (first) => overHttp(first, false),
  'the enrolment of a first factor': (first) => overHttp(first, true),
  async 'nothing: a remembered browser'(firstFactor) {
    const { fixture, uri } = await withApp()
    fixture.step()
    const answer = { type: 'totp', code: totpAt(uri, fixture.now) }
    const outcome = await fixture.service.verify(user, answer, { remember: {} })
    const browser = outcome.ok && outcome.token
    const recognised = await fixture.service.challenge(user, { browser, ...(firstFactor && { firstFactor }) })
    return recognised?.remembered ? recognised.assurance : fail()
  },
  async 'recovery code'(first) {
    const { fixture, codes } = await withApp()
    return verified(fixture, { type: 'recovery', code: codes[0] }, first)
  },
  async 'recovery code, with `recover`'(firstFactor) {
    const { fixture, codes } = await withApp()
    const recovered = await fixture.service.recover(user, { recovery: codes[0] }, { ...(firstFactor && { firstFactor }) })
    return recovered.ok ? recovered.assurance : fail()
  },
  async 'TOTP and recovery code, with `reset`'(firstFactor) {
    const { fixture, codes, uri } = await withApp()
    fixture.step()
    const both = { totp: totpAt(uri, fixture.now), recovery: codes[0] }
    const reset = await fixture.service.reset(user, both, { ...(firstFactor && { firstFactor }) })
    return reset.ok ? reset.assurance : fail()
  },
  async TOTP(first) {
    const { fixture, uri } = await withApp()
    fixture.step()
    return verified(fixture, { type: 'totp', code: totpAt(uri, fixture.now) }, first)
  },
  'Yubico OTP': (first) => byOtp(first),
  "Yubico OTP, `hwk: 'claimed'`": (first) => byOtp(first, claimed),
  'U2F key': (first) => byU2f(first),
  "U2F key, `hwk: 'claimed'`": (first) => byU2f(first, claimed),
  'synced passkey, touched': (first) => byKey(first, synced),
  'synced passkey, user verified': (first) => byKey(first, { ...synced, userVerified: true }),
  'synced passkey, user verified, trusted attestation': (first) => byKey(first, { ...synced, userVerified: true }, { attested: true }),
  'synced passkey, without a user name': () => withoutName({ ...synced, userVerified: true }),
  'security key, touched': (first) => byKey(first, {}),
  "security key, touched, `hwk: 'claimed'`": (first) => byKey(first, {}, { open: claimed }),
  'security key, user verified for the first time': (first) => byKey(first, {}, { later: true }),
  'security key, user verified': (first) => byKey(first, { userVerified: true }),
  'security key, without a user name': () => withoutName({ userVerified: true }),
  'security key, touched, trusted attestation': (first) => byKey(first, {}, { attested: true }),
  'security key, user verified, trusted attestation': (first) => byKey(first, { userVerified: true }, { attested: true }),
}

const rows = tableOf('docs/assurance.md')

for (const [at, row] of rows.entries()) {
  test(`row ${at + 1} of the documented table: ${row.first} and ${row.answer}`, async (t) => {
    const signIn = answers[row.answer]
    if (!signIn) return t.fail(`no test makes this sign-in: ${row.answer}`)
    const { at: when, ...assurance } = await signIn(row.first === '–' ? undefined : namesIn(row.first))
    t.true(Number.isSafeInteger(when) && when > 0)
    t.deepEqual({ ...assurance, acr: acrOf(assurance) ?? '–' }, row.wanted as never)
  })
}

test('the table has each of these sign-ins, all three levels, and no row twice', (t) => {
  t.deepEqual(Object.keys(answers).filter((name) => !rows.some(({ answer }) => answer === name)), [])
  t.deepEqual(new Set(rows.map(({ wanted }) => wanted.level)), new Set([1, 2, 3]))
  t.is(new Set(rows.map(({ first, answer }) => `${first}|${answer}`)).size, rows.length)
})

for (const [name, makeStore] of Object.entries(stores)) {
  test(`${name}: an answer that can't prove what is required leaves everything as it is`, async (t) => {
    const writes: string[] = []
    const store = await makeStore()
    const noted = overriding(store, {
      update: (...args) => (writes.push('update'), store.update(...args)),
      take: (...args) => (writes.push('take'), store.take(...args)),
    })
    const fixture = await Fixture.open(noted)
    const { service } = fixture
    const { uri } = await fixture.enrolTotp(user)
    const codes = await service.createRecoveryCodes(user)
    const touched = await fixture.enrolKey(user, synced)
    fixture.step()
    const code = totpAt(uri, fixture.now)
    const require = { phishingResistant: true }
    const before = await store.read(user)
    const refuse = async (answer: unknown, options: { require?: Requirement }, count = 0) => {
      writes.length = 0
      fixture.events.length = 0
      t.deepEqual(await service.verify(user, answer, options), { ok: false, reason: 'rejected' })
      t.is(fixture.events[0]?.reason, 'requirement-unmet')
      t.is(writes.length, count)
      t.is(await store.read(user), before)
    }
    for (const typed of [{ type: 'totp', code }, `totp:${code}`, 'totp:000000', { type: 'recovery', code: codes[0] }]) {
      await refuse(typed, { require })
    }
    const sign = (challenge: Challenge | null, userVerified = false) => ({
      type: 'webauthn', response: touched.key.get(challenge!.webauthn!, { origin, userVerified }),
    })
    const plain = await service.challenge(user)
    for (const more of [{ deviceBound: true }, { hardwareBound: true }, { userVerified: true }] as Requirement[]) {
      await refuse(sign(plain as Challenge), { require: more })
    }
    // What the challenge requires counts too, and its answers use it up no more.
    const asked = await service.challenge(user, { require }) as Challenge
    await refuse(sign(asked), { require: { deviceBound: true } })
    // The key verifies its user for the first time: nothing relies on that.
    await refuse(sign(asked, true), { require: { userVerified: true } })
    const outcome = await service.verify(user, sign(asked))
    t.like(outcome, { ok: true, assurance: { phishingResistant: true, deviceBound: false } })
    t.like(await service.verify(user, sign(plain as Challenge), { require }), { ok: true })
    t.true((await service.verify(user, { type: 'totp', code })).ok, 'the code was not used up')
    t.true((await service.verify(user, { type: 'recovery', code: codes[0] })).ok)
  })

  test(`${name}: a challenge remembers what it requires`, async (t) => {
    const fixture = await Fixture.open(await makeStore())
    const { service } = fixture
    await fixture.enrolTotp(user)
    await service.createRecoveryCodes(user)
    const [bound, passkey] = [await fixture.enrolKey(user, { userVerified: true }), await fixture.enrolKey(user, synced)]
    const offered = async (require: Requirement) => {
      const challenge = (await service.challenge(user, { require })) as Challenge
      const { id: _id, webauthn, ...others } = challenge
      t.deepEqual(others, {}, 'nothing that is typed')
      return webauthn?.allowCredentials?.map(({ id }) => id).sort() ?? []
    }
    const ids = (...all: { factor: object }[]) => all.map(({ factor }) => (factor as { credentialId: string }).credentialId).sort()
    t.deepEqual(await offered({ phishingResistant: true }), ids(bound, passkey))
    t.deepEqual(await offered({ deviceBound: true, phishingResistant: false }), ids(bound))
    t.deepEqual(await offered({ userVerified: true }), ids(bound))
    t.deepEqual(await offered({ hardwareBound: true }), [])
    const verifying = (await service.challenge(user, { require: { userVerified: true } })) as Challenge
    t.is(verifying.webauthn!.userVerification, 'required')
    const answer = (userVerified: boolean) => ({
      type: 'webauthn', response: bound.key.get(verifying.webauthn!, { origin, userVerified }),
    })
    // Nobody has to say so again.
    t.deepEqual(await service.verify(user, answer(false)), { ok: false, reason: 'rejected' })
    t.is(fixture.events.at(-1)!.reason, 'requirement-unmet')
    // Left out of the answer, it is no challenge that anybody has.
    const forged = Buffer.from(verifying.id, 'base64url').subarray(0, 32).toString('base64url')
    const shorter = bound.key.get({ ...verifying.webauthn!, challenge: forged }, { origin, userVerified: false })
    t.deepEqual(await service.verify(user, { type: 'webauthn', response: shorter }), { ok: false, reason: 'rejected' })
    t.is(fixture.events.at(-1)!.reason, 'challenge-missing')
    t.like(await service.verify(user, answer(true)), { ok: true, assurance: { level: 3 } })
  })
}

test('a passkey without a user name is held to what its challenge and the call require', async (t) => {
  const fixture = await Fixture.open(memoryStore())
  const { service, store } = fixture
  const key = await enrolled(fixture, { ...synced, userVerified: true }, { use: 'passkey' })
  const before = await store.read(user)
  const ask = async (require?: Requirement) =>
    key.get((await service.challenge({ ...(require && { require }) })).webauthn, { origin, userVerified: true })
  const verify = (response: unknown, require?: Requirement) =>
    service.verifyPasskey({ type: 'webauthn', response }, { ...(require && { require }) })
  const response = await ask()
  const strict = { deviceBound: true }
  for (const refused of [await verify(response, strict), await verify(await ask(strict)), await verify(await ask(strict), {})]) {
    t.deepEqual(refused, { ok: false, reason: 'rejected' })
    t.is(fixture.events.at(-1)!.reason, 'requirement-unmet')
  }
  t.is(await store.read(user), before, 'nothing is written, so the challenge is not spent')
  t.like(await verify(response, { phishingResistant: true }), { ok: true, user, assurance: { phishingResistant: true } })
  t.like(await verify(await ask({ userVerified: true }), { phishingResistant: true }), { ok: true })
})

test('a remembered browser satisfies no requirement, and null stays null', async (t) => {
  const { fixture, uri } = await withApp()
  fixture.step()
  const outcome = await fixture.service.verify(user, { type: 'totp', code: totpAt(uri, fixture.now) }, { remember: {} })
  const browser = outcome.ok && outcome.token
  const require = { userVerified: true }
  t.is((await fixture.service.challenge(user, { browser, require }))!.remembered, undefined)
  t.like(await fixture.service.challenge(user, { browser, require: {} }), { remembered: true })
  t.is(await fixture.service.challenge('bob', { require }), null)
})

test('what a client sends states no first factor', async (t) => {
  const { fixture, codes } = await withApp()
  const body = { recovery: codes[0], firstFactor: ['pwd'] } as { recovery: unknown }
  t.deepEqual(await fixture.service.recover(user, body), { ok: false, reason: 'malformed' })
})

test('an attestation that is not trusted makes no key hardware-bound', async (t) => {
  const other = await Maker.open()
  const fixture = await Fixture.open(memoryStore(), { webauthn: { trustAnchors: [other.root] } })
  const key = new TestAuthenticator()
  const creation = await fixture.service.beginWebauthn(user, person)
  const response = (await maker).create(key, { ...creation, attestation: 'direct' }, origin)
  t.true((await fixture.service.finishWebauthn(user, { response, description: '' })).ok)
  const outcome = await fixture.service.verify(user, await fixture.assertion(user, key))
  t.like(outcome, { ok: true, assurance: { deviceBound: true, hardwareBound: false } })
})

test('a wrong requirement or first factor is named', async (t) => {
  const { service } = await Fixture.open(memoryStore())
  const wrong: [string, object][] = [
    ['require', { require: 'phr' }], ['require.phishingResistant', { require: { phishingResistant: 1 } }],
    ['require.hardwarebound', { require: { hardwarebound: true } }], ['firstFactor', { firstFactor: 'pwd' }],
    ['firstFactor[1]', { firstFactor: ['pwd', 'two words'] }], ['firstFactor', { firstFactor: Array(9).fill('pwd') }],
  ]
  for (const [name, options] of wrong) {
    const error = { code: 'invalid-argument', message: invalidArgument(name) }
    await t.throwsAsync(service.verify(user, 'totp:123456', options), error, name)
    await t.throwsAsync(service.challenge(user, options), error, name)
  }
  await t.throwsAsync(Fixture.open(memoryStore(), { assurance: { hwk: 'yes' } } as never), {
    code: 'invalid-argument', message: invalidArgument('assurance.hwk'),
  })
})

interface Row {
  first: string
  answer: string
  wanted: Record<string, unknown>
}

/** The rows between the two marks. */
function tableOf(path: string): Row[] {
  const text = readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
  const [, table = ''] = /<!-- table of levels -->\n([^]*?)<!-- end -->/.exec(text) ?? []
  const [head = '', , ...lines] = table.trim().split('\n')
  const cells = (line: string) => line.split('|').slice(1, -1).map((cell) => cell.trim())
  const names = cells(head).map((name) => name.replaceAll('`', ''))
  return lines.map((line) => {
    const [first = '', answer = '', amr = '', level, ...rest] = cells(line)
    const flags = rest.slice(0, 4).map((word, at) => [names[at + 4], { yes: true, no: false }[word]])
    const acr = rest[4]!.replaceAll('`', '')
    return { first, answer, wanted: { amr: namesIn(amr), level: Number(level), ...Object.fromEntries(flags), acr } }
  })
}

function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)
}

function fail(): never {
  throw new Error('the sign-in was refused')
}

async function verified(fixture: Fixture, answer: unknown, firstFactor: string[] | undefined): Promise<Assurance> {
  const outcome = await fixture.service.verify(user, answer, { ...(firstFactor && { firstFactor }) })
  return outcome.ok ? outcome.assurance : fail()
}

async function withApp() {
  const fixture = await Fixture.open(memoryStore())
  const { uri } = await fixture.enrolTotp(user)
  return { fixture, uri, codes: await fixture.service.createRecoveryCodes(user) }
}

async function byOtp(first: string[] | undefined, open: Partial<OpenOptions> = {}): Promise<Assurance> {
  const yubico = { secrets: (id: string) => (id === publicId ? { key: yubicoKey, uid } : undefined) }
  const fixture = await Fixture.open(memoryStore(), { yubico, ...open })
  await fixture.service.enrolYubico(user, { code: otp(1, 1), description: '' })
  return verified(fixture, { type: 'yubico', code: otp(2, 1) }, first)
}

/** By both of its protocols, which prove the same. */
async function byU2f(first: string[] | undefined, open: Partial<OpenOptions> = {}): Promise<Assurance> {
  const store = memoryStore()
  const fixture = await Fixture.open(store, { u2f: { appId }, ...open })
  const key = new U2fKey()
  await key.seed(store, user)
  const require = { phishingResistant: true }
  const raw = await fixture.service.challenge(user, { require })
  const one = await verified(fixture, { type: 'u2f', response: key.sign((raw as Challenge).u2f!, origin) }, first)
  const { webauthn } = (await fixture.service.challenge(user)) as Challenge
  const other = await verified(fixture, { type: 'webauthn', response: key.assert(webauthn!, origin) }, first)
  if (JSON.stringify(one) !== JSON.stringify(other)) fail()
  return one
}

interface How {
  /** A maker whom the service trusts vouches for it. */
  attested?: boolean
  /** The user is verified at the sign-in, and was not at the registration. */
  later?: boolean
  open?: Partial<OpenOptions>
}

async function byKey(
  first: string[] | undefined, options: TestAuthenticatorOptions, { attested = false, later = false, open = {} }: How = {},
): Promise<Assurance> {
  const webauthn = { attestation: 'direct' as const, trustAnchors: [(await maker).root] }
  const fixture = await Fixture.open(memoryStore(), attested ? { ...open, webauthn } : open)
  const key = await enrolled(fixture, options, { attested })
  const challenge = (await fixture.service.challenge(user)) as Challenge
  const ceremony = { origin, ...(later && { userVerified: true }) }
  return verified(fixture, { type: 'webauthn', response: key.get(challenge.webauthn!, ceremony) }, first)
}

async function withoutName(options: TestAuthenticatorOptions): Promise<Assurance> {
  const fixture = await Fixture.open(memoryStore())
  const key = await enrolled(fixture, options, { use: 'passkey' })
  const { webauthn } = await fixture.service.challenge()
  const outcome = await fixture.service.verifyPasskey({ type: 'webauthn', response: key.get(webauthn, { origin }) })
  return outcome.ok ? outcome.assurance : fail()
}

async function enrolled(
  { service }: Fixture, options: TestAuthenticatorOptions, { attested = false, use = 'second-factor' as 'second-factor' | 'passkey' },
): Promise<TestAuthenticator> {
  const key = new TestAuthenticator(options)
  const creation = await service.beginWebauthn(user, { ...person, use })
  const response = attested ? (await maker).create(key, creation, origin) : key.create(creation, { origin })
  const result = await service.finishWebauthn(user, { response, description: '' })
  return result.ok ? key : fail()
}

/** A sign-in at the JSON API of a user who has no factor, and may have to enrol one. */
async function overHttp(firstFactor: string[] | undefined, required: boolean): Promise<Assurance> {
  const fixture = await Fixture.open(memoryStore())
  let found: Assurance | undefined
  const handler = createHandler(fixture.service, {
    user: () => ({ id: user, state: 'pending', at: fixture.now, ...(firstFactor && { firstFactor }) }),
    onVerified: (_request, _user, outcome) => void (found = outcome.ok ? outcome.assurance : fail()),
    required,
  })
  const post = async (path: string, body = {}) => {
    const headers = { origin, 'content-type': 'application/json' }
    const url = `${origin}/countersign${path}`
    return (await handler(new Request(url, { method: 'POST', headers, body: JSON.stringify(body) }))).json() as Promise<any>
  }
  if (required) {
    const { enrolment, uri } = await post('/factors/totp')
    await post('/factors/totp/finish', { enrolment, code: totpAt(uri, fixture.now), description: '' })
  } else await post('/challenge')
  return found ?? fail()
}

