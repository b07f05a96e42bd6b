import test from 'ava'

import { memoryStore } from '../../facade/stores/memory-store.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { Countersign } from '../../index.js'
import type { Factor, Metadata, OpenOptions } from '../../index.js'
import { Maker } from '../helpers/attested-key.js'
import { MetadataService } from '../helpers/metadata.js'
import type { ModelEntry } from '../helpers/metadata.js'
import { Fixture, origin, rp } from '../helpers/service.js'

type Webauthn = NonNullable<OpenOptions['webauthn']>

const bytes = Buffer.from('0707070707070707070707070707070a', 'hex')
const aaguid = '07070707-0707-0707-0707-07070707070a'

const entry = (maker: Maker, more: ModelEntry = {}): ModelEntry => ({
  aaguid,
  metadataStatement: { description: 'Key 1', attestationRootCertificates: [Buffer.from(maker.root).toString('base64')] },
  statusReports: [],
  ...more,
})

/** Enrols a key of the maker's model, or one that says so and proves nothing. */
async function enrol({ service }: Fixture, maker: Maker | undefined, user = 'ann') {
  const key = new TestAuthenticator({ aaguid: bytes })
  const creation = await service.beginWebauthn(user, { name: 'ann', displayName: 'Ann' })
  const response = maker ? maker.create(key, creation, origin) : key.create(creation, { origin })
  return { key, creation, enrolled: await service.finishWebauthn(user, { response, description: 'key' }) }
}

const open = (webauthn: Webauthn) => Fixture.open(memoryStore(), { webauthn })
const modelOf = (factor: Factor | undefined) => (factor?.type === 'webauthn' ? factor.model?.name : undefined)

test('models that are allowed need the proof that the metadata gives', async (t) => {
  const [maker, service] = [await Maker.open(), await MetadataService.open()]
  const metadata = await service.metadata([entry(maker)])
  const fixture = await open({ metadata, authenticators: { allow: [aaguid.toUpperCase()] } })
  const { creation, enrolled } = await enrol(fixture, maker)
  t.is(creation.attestation, 'direct', 'asked for, although no option says so')
  t.true(enrolled.ok)
  const refusal = { ok: false, reason: 'authenticator-refused' } as const
  for (const [other, reason] of [[await Maker.open(), 'attestation-untrusted'], [undefined, 'attestation-unsupported']] as const) {
    t.deepEqual((await enrol(fixture, other)).enrolled, refusal)
    t.is(fixture.events.at(-1)?.reason, reason)
  }
  const elsewhere = await open({ metadata, authenticators: { allow: ['00000000-0000-0000-0000-000000000001'] } })
  t.deepEqual((await enrol(elsewhere, maker)).enrolled, refusal)
  t.is(elsewhere.events.at(-1)?.reason, 'authenticator-not-allowed')
})

test('each rule has its reason', async (t) => {
  const [maker, service] = [await Maker.open(), await MetadataService.open()]
  const metadata = await service.metadata([entry(maker, { statusReports: [{ status: 'FIDO_CERTIFIED_L1' }] })])
  const rules: [Webauthn['authenticators'], string][] = [
    [{ deny: [aaguid] }, 'authenticator-not-allowed'],
    [{ certified: 'L2' }, 'authenticator-not-certified'],
    [{ securityLevel: 'software' }, 'authenticator-security-level'],
  ]
  for (const [authenticators, reason] of rules) {
    const fixture = await open({ metadata, authenticators: authenticators! })
    t.deepEqual((await enrol(fixture, maker)).enrolled, { ok: false, reason: 'authenticator-refused' }, reason)
    t.is(fixture.events.at(-1)?.reason, reason)
  }
  t.true((await enrol(await open({ metadata, authenticators: { certified: 'L1', unknown: 'refuse' } }), maker)).enrolled.ok)
  const empty = await service.metadata([])
  const unknown = await open({ metadata: empty, trustAnchors: [maker.root], authenticators: { unknown: 'refuse' } })
  t.false((await enrol(unknown, maker)).enrolled.ok)
  t.is(unknown.events.at(-1)?.reason, 'authenticator-unknown')
  const bound = await open({ authenticators: { deviceBoundOnly: true } })
  await t.throwsAsync(bound.enrolKey('ann', { backupEligible: true, backupState: true }), { message: 'authenticator-refused' })
  t.is(bound.events.at(-1)?.reason, 'authenticator-not-device-bound')
  await t.notThrowsAsync(bound.enrolKey('ann'))
})

test('a newer metadata counts from the next call on', async (t) => {
  const [maker, service] = [await Maker.open(), await MetadataService.open()]
  let metadata: Metadata | undefined
  const fixture = await open({ metadata: () => metadata, authenticators: { rejectRevoked: true } })
  const { key, enrolled } = await enrol(fixture, undefined)
  t.true(enrolled.ok)
  t.is(modelOf((await fixture.service.factors('ann'))[0]), undefined)
  await t.throwsAsync(fixture.service.auditKeys(), { code: 'invalid-argument' }, 'nothing is known yet')

  metadata = await service.metadata([entry(maker)])
  t.is(modelOf((await fixture.service.factors('ann'))[0]), 'Key 1')
  t.like(await fixture.service.verify('ann', await fixture.assertion('ann', key)), { ok: true })
  t.deepEqual(await fixture.service.auditKeys(), { users: 1, revoked: [], failed: [] })

  const answer = await fixture.assertion('ann', key)
  metadata = await service.metadata([entry(maker, { statusReports: [{ status: 'REVOKED', effectiveDate: '2024-01-01' }] })], {
    previous: metadata, no: 2,
  })
  const audited = await fixture.service.auditKeys()
  t.like(audited, { users: 1, failed: [] })
  t.like(audited.revoked, [{ user: 'ann', status: 'REVOKED', since: '2024-01-01' }])
  t.is(modelOf(audited.revoked[0]?.factor), 'Key 1')
  const before = await fixture.store.read('ann')
  t.deepEqual(await fixture.service.verify('ann', answer), { ok: false, reason: 'rejected' })
  t.is(fixture.events.at(-1)?.reason, 'authenticator-revoked')
  t.is(await fixture.store.read('ann'), before, 'nothing is counted')
  t.is((await fixture.service.challenge('ann', { enrolled: true }))?.webauthn, undefined, 'nor is it offered')
  t.false((await enrol(fixture, undefined)).enrolled.ok, 'nor enrolled')
  t.is(fixture.events.at(-1)?.reason, 'authenticator-revoked')
})

test('without rejectRevoked a revoked key signs in', async (t) => {
  const [maker, service] = [await Maker.open(), await MetadataService.open()]
  let metadata = await service.metadata([entry(maker)])
  const fixture = await open({ metadata: () => metadata })
  const { key } = await enrol(fixture, undefined)
  metadata = await service.metadata([entry(maker, { statusReports: [{ status: 'REVOKED' }] })])
  t.like(await fixture.service.verify('ann', await fixture.assertion('ann', key)), { ok: true })
  t.is((await fixture.service.auditKeys()).revoked.length, 1)
})

test('a passkey that was revoked signs nobody in without a user name', async (t) => {
  const [maker, service] = [await Maker.open(), await MetadataService.open()]
  let metadata = await service.metadata([entry(maker)])
  const fixture = await open({ metadata: () => metadata, authenticators: { rejectRevoked: true } })
  const key = new TestAuthenticator({ aaguid: bytes, userVerified: true })
  const creation = await fixture.service.beginWebauthn('ann', { name: 'ann', displayName: 'Ann', residentKey: 'required' })
  await fixture.service.finishWebauthn('ann', { response: key.create(creation, { origin }), description: 'key' })
  const signIn = async () => {
    const { webauthn } = await fixture.service.challenge()
    return fixture.service.verifyPasskey({ type: 'webauthn', response: key.get(webauthn, { origin }) })
  }
  t.like(await signIn(), { ok: true, user: 'ann' })
  metadata = await service.metadata([entry(maker, { statusReports: [{ status: 'USER_VERIFICATION_BYPASS' }] })])
  t.deepEqual(await signIn(), { ok: false, reason: 'rejected' })
  t.is(fixture.events.at(-1)?.reason, 'authenticator-revoked')
})

test('a policy sees the models that the metadata names', async (t) => {
  const [maker, service] = [await Maker.open(), await MetadataService.open()]
  const metadata = await service.metadata([entry(maker)])
  const seen: (string | undefined)[] = []
  const fixture = await Fixture.open(memoryStore(), {
    webauthn: { metadata },
    policy: ({ factors }) => {
      seen.push(...factors.map(modelOf))
      return null
    },
  })
  await enrol(fixture, undefined)
  await fixture.service.enforcement('ann')
  for await (const line of fixture.service.report(['ann'])) t.is(line.state, 'none')
  t.deepEqual(seen, ['Key 1', 'Key 1'])
})

test('before there is metadata no key is certified and none is revoked; what the function throws refuses all', async (t) => {
  const [maker, service] = [await Maker.open(), await MetadataService.open()]
  let metadata = (): Metadata | undefined => undefined
  const certified = await open({ metadata: () => metadata(), trustAnchors: [maker.root], authenticators: { certified: 'L1' } })
  t.deepEqual((await enrol(certified, maker)).enrolled, { ok: false, reason: 'authenticator-refused' })
  const known = await open({ metadata: () => metadata(), trustAnchors: [maker.root], authenticators: { unknown: 'refuse' } })
  t.deepEqual((await enrol(known, maker)).enrolled, { ok: false, reason: 'authenticator-refused' })
  const fixture = await open({ metadata: () => metadata(), authenticators: { rejectRevoked: true } })
  const { key } = await enrol(fixture, undefined)
  const revoked = await service.metadata([entry(maker, { statusReports: [{ status: 'REVOKED' }] })])
  t.true((await fixture.service.verify('ann', await fixture.assertion('ann', key))).ok)
  const answer = await fixture.assertion('ann', key)
  metadata = () => {
    throw new Error('no file')
  }
  await t.throwsAsync(fixture.service.verify('ann', answer), { code: 'store-failed' })
  await t.throwsAsync(fixture.service.challenge('ann'), { code: 'store-failed' })
  metadata = () => revoked
  t.deepEqual(await fixture.service.verify('ann', answer), { ok: false, reason: 'rejected' })
})

test("the host's own names come first", async (t) => {
  const [maker, service] = [await Maker.open(), await MetadataService.open()]
  const metadata = await service.metadata([entry(maker)])
  const named = async (modelName: NonNullable<Webauthn['modelName']>) => {
    const { enrolled } = await enrol(await open({ metadata, modelName }), undefined)
    return enrolled.ok ? modelOf(enrolled.factor) : undefined
  }
  t.is(await named(() => 'Badge'), 'Badge')
  t.is(await named(() => undefined), 'Key 1')
  t.is(await named(() => {
    throw new Error('no list')
  }), 'Key 1')
})

test('options that contradict each other are named', async (t) => {
  const metadata = await (await MetadataService.open()).metadata([])
  const wrong: [unknown, string][] = [
    [{ authenticators: { allow: ['YubiKey'] } }, 'webauthn.authenticators.allow[0]'],
    [{ authenticators: { allow: [] } }, 'webauthn.authenticators.allow'],
    [{ authenticators: { certified: 'L4' }, metadata }, 'webauthn.authenticators.certified'],
    [{ authenticators: { allowed: [aaguid] } }, 'webauthn.authenticators.allowed'],
    [{ authenticators: { certified: 'L1' } }, 'webauthn.metadata'],
    [{ authenticators: { unknown: 'refuse' } }, 'webauthn.metadata'],
    [{ authenticators: { rejectRevoked: true } }, 'webauthn.metadata'],
    [{ authenticators: { allow: [aaguid] }, attestation: 'none' }, 'webauthn.attestation'],
    [{ metadata: {} }, 'webauthn.metadata'],
    [{ metadata: Promise.resolve(metadata) }, 'webauthn.metadata'],
  ]
  for (const [webauthn, name] of wrong) {
    const opening = Countersign.open({ rp, store: memoryStore(), webauthn: webauthn as Webauthn })
    const error = await t.throwsAsync(opening, { code: 'invalid-argument' }, name)
    t.true(error?.message.includes(`${name} `), `${name}: ${error?.message}`)
  }
  for (const [answer, code] of [[() => ({}) as Metadata, 'invalid-argument'], [() => {
    throw new Error('not there')
  }, 'store-failed']] as const) {
    const service = await Countersign.open({ rp, store: memoryStore(), webauthn: { metadata: answer } })
    await t.throwsAsync(service.factors('ann'), { code })
  }
})
