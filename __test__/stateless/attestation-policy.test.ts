import { readFileSync } from 'node:fs'

import test from 'ava'

import { tpmVendors, verifyRegistration } from '../../facade/stateless/webauthn.js'
import type { VerifyRegistrationOptions } from '../../facade/stateless/webauthn.js'

interface Vectors {
  ca: { attestation_ca_cert: string }
  vectors: { name: string; reg: Record<'challenge' | 'credential_id' | 'clientDataJSON' | 'attestationObject', string> }[]
}

const { ca, vectors } = JSON.parse(
  readFileSync(new URL('../vectors/webauthn-level-3.json', import.meta.url), 'utf8'),
) as Vectors
const base64url = (hex: string) => Buffer.from(hex, 'hex').toString('base64url')

/** The specification's own registration (section 16). */
function given(name: string): VerifyRegistrationOptions {
  const { reg } = vectors.find((vector) => vector.name === name) as Vectors['vectors'][number]
  const id = base64url(reg.credential_id)
  return {
    response: {
      id, rawId: id, type: 'public-key', clientExtensionResults: {},
      response: { clientDataJSON: base64url(reg.clientDataJSON), attestationObject: base64url(reg.attestationObject) },
    },
    challenge: base64url(reg.challenge),
    rp: { id: 'example.org', origins: ['https://example.org'] },
    attestation: 'direct',
    trustAnchors: [new Uint8Array(Buffer.from(ca.attestation_ca_cert, 'hex'))],
    now: Date.UTC(2026, 0, 1),
  }
}

test("a TPM's manufacturer is one of the registry's, or of the host's own list", (t) => {
  const options = given('tpm-es256')
  const verify = (vendors?: readonly string[] | 'any', attestation: 'direct' | 'none' = 'direct') =>
    verifyRegistration({ ...options, attestation, ...(vendors && { attestationPolicy: { tpm: { vendors } } }) })
  const untrusted = { ok: false, reason: 'attestation-untrusted' }
  // The vector's manufacturer is 00000000.
  t.deepEqual(verify(), untrusted as never)
  t.deepEqual(verify([]), untrusted as never)
  const found = { format: 'tpm', verified: true, model: '00000000 WebAuthn test vectors' }
  for (const vendors of ['any', [...tpmVendors, '00000000']] as const) {
    const verdict = verify(vendors)
    t.deepEqual(verdict.ok && verdict.attestation, { ...found, trusted: true })
  }
  const unasked = verify(undefined, 'none')
  t.deepEqual(unasked.ok && unasked.attestation, { ...found, trusted: false })
})

test("TCG's registry, without repetitions", (t) => {
  t.is(new Set(tpmVendors).size, tpmVendors.length)
  t.true(tpmVendors.every((vendor) => /^[\dA-F]{8}$/.test(vendor)))
  t.true(Object.isFrozen(tpmVendors))
})

test('a policy that changes in place is obeyed', (t) => {
  const vendors = ['00000000']
  const attestationPolicy = { tpm: { vendors, allowSha1: true }, compound: 'all' as const }
  const options = { ...given('tpm-es256'), attestationPolicy }
  t.true(verifyRegistration(options).ok)
  vendors[0] = '49465800'
  t.false(verifyRegistration(options).ok)
  vendors.push('00000000')
  t.true(verifyRegistration(options).ok)
  Object.assign(attestationPolicy.tpm, { vendors: [] })
  t.false(verifyRegistration(options).ok)
  Object.assign(attestationPolicy, { tpm: undefined })
  t.false(verifyRegistration(options).ok)
  Object.assign(attestationPolicy, { tpm: { vendors: 'any' } })
  t.true(verifyRegistration(options).ok)
  Object.assign(attestationPolicy, { other: 1 })
  t.throws(() => verifyRegistration(options), { code: 'invalid-argument', message: /attestationPolicy\.other/ })
})
