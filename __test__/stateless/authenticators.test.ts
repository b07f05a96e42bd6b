// `metadata` and `authenticators` of `verifyRegistration`, for servers that keep their own tables.
import test from 'ava'

import { registrationOptions, verifyRegistration } from '../../facade/stateless/webauthn.js'
import type { VerifyRegistrationOptions } from '../../facade/stateless/webauthn.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import { Maker } from '../helpers/attested-key.js'
import { MetadataService } from '../helpers/metadata.js'
import type { ModelEntry } from '../helpers/metadata.js'
import { origin, rp } from '../helpers/service.js'

const bytes = Buffer.from('0707070707070707070707070707070a', 'hex')
const aaguid = '07070707-0707-0707-0707-07070707070a'
const other = '00000000-0000-0000-0000-000000000001'

const entry = (maker: Maker, statuses: string[] = []): ModelEntry => ({
  aaguid,
  metadataStatement: { description: 'Key 1', attestationRootCertificates: [Buffer.from(maker.root).toString('base64')] },
  statusReports: statuses.map((status) => ({ status, effectiveDate: '2020-01-01' })),
})

type Rules = Pick<VerifyRegistrationOptions, 'metadata' | 'authenticators' | 'attestation' | 'trustAnchors'>

/** Registers a key of the maker's model, or one that says so and proves nothing. */
function register(maker: Maker | undefined, rules: Rules, options: { backupEligible?: boolean } = {}) {
  const key = new TestAuthenticator({ aaguid: bytes, ...options })
  const creation = registrationOptions({ rp, user: { name: 'ann', displayName: 'Ann' }, attestation: 'direct' })
  const response = maker ? maker.create(key, creation, origin) : key.create(creation, { origin })
  return verifyRegistration({ response, challenge: creation.challenge, rp, ...rules })
}

const reasonOf = (verdict: ReturnType<typeof register>) => (verdict.ok ? 'ok' : verdict.reason)

test('the metadata of a model certifies it, and forbids it', async (t) => {
  const [maker, service] = [await Maker.open(), await MetadataService.open()]
  const metadata = await service.metadata([entry(maker, ['FIDO_CERTIFIED_L1'])])
  const revoked = await service.metadata([entry(maker, ['REVOKED'])])
  const rules: Rules = { metadata, attestation: 'direct' }
  const verdict = register(maker, rules)
  t.like(verdict, { ok: true, attestation: { format: 'packed', verified: true, trusted: true } })
  t.like(register(maker, { attestation: 'direct' }), { ok: true, attestation: { trusted: false } }, 'without it, nothing does')
  t.like(register(maker, { ...rules, metadata: await service.metadata([]) }), { ok: true, attestation: { trusted: false } })
  // The same policy, with the metadata of each call.
  for (let time = 0; time < 2; time += 1) {
    t.is(reasonOf(register(maker, { ...rules, metadata: revoked })), 'authenticator-revoked')
    t.is(reasonOf(register(maker, rules)), 'ok')
  }
  t.is(reasonOf(register(undefined, { metadata: revoked })), 'authenticator-revoked', 'also by what it says alone')
  t.is(reasonOf(register(undefined, {})), 'ok')
})

test('each rule has its reason, and asks for the attestation that it needs', async (t) => {
  const [maker, stranger, service] = [await Maker.open(), await Maker.open(), await MetadataService.open()]
  const metadata = await service.metadata([entry(maker, ['FIDO_CERTIFIED_L1'])])
  for (const [who, authenticators, expected] of [
    [maker, { allow: [aaguid] }, 'ok'], [maker, { allow: [aaguid.toUpperCase()], deny: [other] }, 'ok'],
    [maker, { certified: 'L1', unknown: 'refuse' }, 'ok'], [maker, { deviceBoundOnly: true }, 'ok'],
    [maker, { allow: [other] }, 'authenticator-not-allowed'], [maker, { deny: [aaguid] }, 'authenticator-not-allowed'],
    [maker, { certified: 'L2' }, 'authenticator-not-certified'], [maker, { securityLevel: 'software' }, 'authenticator-security-level'],
    [stranger, { allow: [aaguid] }, 'attestation-untrusted'], [stranger, { unknown: 'refuse' }, 'attestation-untrusted'],
    [undefined, { allow: [aaguid] }, 'attestation-unsupported'], [undefined, { deny: [aaguid] }, 'authenticator-not-allowed'],
  ] as [Maker | undefined, NonNullable<Rules['authenticators']>, string][]) {
    t.is(reasonOf(register(who, { metadata, authenticators })), expected, JSON.stringify(authenticators))
  }
  const unknown: Rules = { metadata: await service.metadata([]), authenticators: { unknown: 'refuse' } }
  t.is(reasonOf(register(maker, unknown)), 'authenticator-unknown')
  const synced = register(undefined, { authenticators: { deviceBoundOnly: true } }, { backupEligible: true })
  t.is(reasonOf(synced), 'authenticator-not-device-bound')
  t.is(reasonOf(register(maker, { trustAnchors: [maker.root], authenticators: { allow: [aaguid] } })), 'ok', 'without metadata')
  t.is(reasonOf(register(stranger, { trustAnchors: [maker.root], authenticators: { allow: [aaguid] } })), 'attestation-untrusted')
})

test('a mistake of the host is named', async (t) => {
  const metadata = await (await MetadataService.open()).metadata([])
  for (const [rules, message] of [
    [{ metadata: {} }, /metadata must be what Metadata\.verify\(\) resolves with/], [{ metadata: Promise.resolve(metadata) }, /await it/],
    [{ metadata: () => metadata }, /metadata must be/],
    [{ authenticators: { certified: 'L1' } }, /metadata must be given for authenticators\.certified/],
    [{ authenticators: { unknown: 'refuse' } }, /metadata must be given for authenticators\.unknown/],
    [{ metadata, authenticators: { rejectRevoked: true } }, /authenticators\.rejectRevoked/],
    [{ metadata, authenticators: { allow: ['YubiKey'] } }, /authenticators\.allow\[0\]/],
    [{ metadata, attestation: 'none', authenticators: { allow: [aaguid] } }, /attestation must be direct, indirect or enterprise/],
  ] as [Rules, RegExp][]) {
    t.throws(() => register(undefined, rules), { code: 'invalid-argument', message }, String(message))
  }
})
