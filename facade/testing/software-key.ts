import { generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

import type { CborValue } from './cbor.js'

export type TestAlgorithm = 'ES256' | 'EdDSA' | 'RS256'

/** COSE algorithm numbers (RFC 9053, RFC 8812). */
export const coseNumbers = { ES256: -7, EdDSA: -8, RS256: -257 } as const

/** A key pair in memory, for tests alone. */
export interface SoftwareKey {
  algorithm: TestAlgorithm
  /** The public key as a COSE_Key map (RFC 9052, 7). */
  cose: Map<number, CborValue>
  sign(data: Uint8Array): Buffer
}

export function generateKey(algorithm: TestAlgorithm): SoftwareKey {
  const { publicKey, privateKey } = makers[algorithm]()
  const digest = algorithm === 'EdDSA' ? null : 'sha256'
  return { algorithm, cose: coseKey(algorithm, publicKey), sign: (data) => sign(digest, data, privateKey) }
}

type Members = [number, CborValue][]

const makers = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
}

function coseKey(algorithm: TestAlgorithm, publicKey: KeyObject): Map<number, CborValue> {
  const jwk = publicKey.export({ format: 'jwk' })
  const bytes = (text = '') => Buffer.from(text, 'base64url')
  const alg = coseNumbers[algorithm]
  // 1 kty, 3 alg; EC2 and OKP: -1 crv, -2 x, -3 y; RSA: -1 n, -2 e.
  if (algorithm === 'RS256') return new Map([[1, 3], [3, alg], [-1, bytes(jwk.n)], [-2, bytes(jwk.e)]] as Members)
  if (algorithm === 'EdDSA') return new Map([[1, 1], [3, alg], [-1, 6], [-2, bytes(jwk.x)]] as Members)
  return new Map([[1, 2], [3, alg], [-1, 1], [-2, bytes(jwk.x)], [-3, bytes(jwk.y)]] as Members)
}
