import { createHash, createPublicKey, verify } from 'node:crypto'

import test from 'ava'

import { encodeCbor } from '../../facade/testing/cbor.js'
import { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import type { TestAlgorithm } from '../../facade/testing/test-authenticator.js'
import type { PublicKeyCredentialCreationOptionsJSON } from '../../facade/stateless/webauthn-json.js'

const origin = 'https://example.com'
const creation: PublicKeyCredentialCreationOptionsJSON = {
  rp: { id: 'example.com', name: 'Example' },
  user: { id: 'AQID', name: 'ann', displayName: 'Ann' },
  challenge: 'AAAAAAAAAAAAAAAAAAAAAA',
  pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: 'public-key', alg })),
}

test('CBOR heads are the shortest (RFC 8949, appendix A)', (t) => {
  const vectors: [Parameters<typeof encodeCbor>[0], string][] = [
    [0, '00'], [23, '17'], [24, '1818'], [100, '1864'], [1000, '1903e8'], [1000000, '1a000f4240'],
    [-1, '20'], [-10, '29'], [-100, '3863'], [-257, '390100'], ['', '60'], ['IETF', '6449455446'], ['ü', '62c3bc'],
    [Uint8Array.of(1, 2, 3, 4), '4401020304'], [new Map(), 'a0'], [new Map([[1, 2], [3, 4]]), 'a201020304'],
  ]
  for (const [value, hex] of vectors) t.is(encodeCbor(value).toString('hex'), hex)
})

for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as TestAlgorithm[]) {
  test(`${algorithm}: node:crypto verifies what it signs`, (t) => {
    const key = new TestAuthenticator({ algorithm, userVerified: true, signCount: 41 })
    const made = key.create(creation, { origin })
    const authData = Buffer.from(
      made.response.attestationObject, 'base64url',
    ).subarray(-cborTail(made.response.attestationObject))
    t.is(authData[32], 0x45)
    const response = key.get(
      { challenge: 'AAAA', rpId: 'example.com', allowCredentials: [{ type: 'public-key', id: made.id }] }, { origin },
    ).response
    const signed = Buffer.from(response.authenticatorData, 'base64url')
    t.is(signed.readUInt32BE(33), 42)
    t.is(signed[32], 0x05)
    const hash = createHash('sha256').update(Buffer.from(response.clientDataJSON, 'base64url')).digest()
    const data = Buffer.concat([signed, hash])
    const jwk = jwkOf(algorithm, authData.subarray(37 + 18 + 32))
    const digest = algorithm === 'EdDSA' ? null : 'sha256'
    t.true(
      verify(digest, data, createPublicKey({ key: jwk, format: 'jwk' }), Buffer.from(response.signature, 'base64url')),
    )
  })
}

test('it takes the first algorithm that it knows, and refuses as a browser does', (t) => {
  const key = new TestAuthenticator()
  const only = (...algs: number[]) => ({
    ...creation, pubKeyCredParams: algs.map((alg) => ({ type: 'public-key' as const, alg })),
  })
  t.throws(() => key.create(only(-48), { origin }), { any: true, name: 'NotSupportedError' })
  const { id } = key.create(only(-48, -7), { origin })
  const again = { ...creation, excludeCredentials: [{ type: 'public-key' as const, id }] }
  t.throws(() => key.create(again, { origin }), { any: true, name: 'InvalidStateError' })
  t.throws(
    () => key.get({ challenge: 'AAAA', rpId: 'other.example' }, { origin }), { any: true, name: 'NotAllowedError' },
  )
  t.throws(() => key.get({ challenge: 'AAAA' }, { origin }), { any: true, name: 'NotAllowedError' })
})

test('only a resident credential answers without a list, and names its user', (t) => {
  const key = new TestAuthenticator({ backupEligible: true, backupState: true, signCount: null })
  const options = { ...creation, authenticatorSelection: { residentKey: 'required' as const } }
  const { id } = key.create(options, { origin, attestation: 'packed' })
  const found = key.get({ challenge: 'AAAA' }, { origin, topOrigin: 'https://top.example', crossOrigin: true })
  t.is(found.id, id)
  t.is(found.response.userHandle, 'AQID')
  const data = Buffer.from(found.response.authenticatorData, 'base64url')
  t.is(data[32], 0x19)
  t.is(data.readUInt32BE(33), 0)
  t.is(key.credentials[0]?.rpId, 'example.com')
  const client = JSON.parse(Buffer.from(found.response.clientDataJSON, 'base64url').toString()) as object
  t.deepEqual(
    client, { type: 'webauthn.get', challenge: 'AAAA', origin, crossOrigin: true, topOrigin: 'https://top.example' },
  )
})

/** The authenticator data is the object's last member; its length stands in the two or three bytes before it. */
function cborTail(object: string): number {
  const bytes = Buffer.from(object, 'base64url')
  const at = bytes.indexOf('authData') + 8
  return bytes[at] === 0x58 ? (bytes[at + 1] ?? 0) : bytes.readUInt16BE(at + 1)
}

function jwkOf(algorithm: TestAlgorithm, cose: Buffer) {
  const text = (from: number, length: number) => cose.subarray(from, from + length).toString('base64url')
  // The places of x, y and n in the maps that the authenticator writes.
  if (algorithm === 'EdDSA') return { kty: 'OKP', crv: 'Ed25519', x: text(cose.length - 32, 32) }
  if (algorithm === 'ES256') return { kty: 'EC', crv: 'P-256', x: text(10, 32), y: text(cose.length - 32, 32) }
  return { kty: 'RSA', n: text(cose.length - 261, 256), e: text(cose.length - 3, 3) }
}
