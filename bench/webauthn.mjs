// Verifies one assertion and one registration: this package, other libraries, and the bare signature check that each of them needs.
import { createHash, createPublicKey, timingSafeEqual, verify } from 'node:crypto'

import { TestAuthenticator } from 'countersign/testing'
import {
  authenticationOptions,
  registrationOptions,
  verifyAuthentication,
  verifyRegistration,
} from 'countersign/webauthn'

import { interleave } from './lib/interleave.mjs'
import { Fido2Lib, verifyAuthenticationResponse, verifyRegistrationResponse } from './rivals/index.mjs'

const origin = 'https://example.com'
const rp = { id: 'example.com', name: 'Example', origins: [origin] }
const algorithms = [-7, -8, -257]
const fido2 = new Fido2Lib({ rpId: rp.id, cryptoParams: algorithms })

/** @returns the results for each algorithm */
export async function authentications(native, options) {
  const results = {}
  for (const algorithm of ['ES256', 'EdDSA', 'RS256']) {
    const key = new TestAuthenticator({ algorithm, signCount: null })
    const { credential } = register(key)
    const { challenge } = authenticationOptions({ rp })
    const response = key.get(authenticationOptions({ rp, challenge, allowCredentials: [credential] }), { origin })
    results[algorithm] = await interleave(
      {
        countersign: () => accepted(verifyAuthentication({ response, challenge, rp, credential }).ok),
        'bare aws-lc-rs': native.work(`bare-${algorithm.toLowerCase()}`),
        'core alone, from JSON text': native.work(`authentication-${algorithm.toLowerCase()}`),
        'bare crypto.verify, key ready': bareVerify(algorithm, credential, response),
        'pure JavaScript on node:crypto': plainVerify(algorithm, credential, response, challenge),
        '@simplewebauthn/server': simpleAuthentication(credential, response, challenge),
        ...fidoAuthentication(algorithm, credential, response, challenge),
      },
      options,
    )
  }
  return results
}

/** @returns the results for each attestation format */
export async function registrations(native, options) {
  const results = {}
  for (const attestation of ['none', 'packed']) {
    const { challenge, response } = register(new TestAuthenticator({ algorithm: 'ES256' }), attestation)
    const asked = attestation === 'none' ? 'none' : 'direct'
    const simple = {
      response,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rp.id,
      requireUserVerification: false,
      supportedAlgorithmIDs: algorithms,
    }
    const fido = { id: buffer(response.id), rawId: buffer(response.id), response: fidoResponse(response.response) }
    const expected = { challenge, origin, factor: 'either', rpId: rp.id }
    results[attestation] = await interleave(
      {
        countersign: () => accepted(verifyRegistration({ response, challenge, rp, algorithms, attestation: asked }).ok),
        'core alone, from JSON text': native.work(`registration-${attestation}`),
        '@simplewebauthn/server': async () => accepted((await verifyRegistrationResponse(simple)).verified),
        'fido2-lib': async () => accepted((await fido2.attestationResult(fido, { ...expected })).audit.validRequest),
      },
      options,
    )
  }
  return results
}

function register(key, attestation = 'none') {
  const asked = attestation === 'none' ? 'none' : 'direct'
  const options = registrationOptions({ rp, user: { name: 'ann', displayName: 'Ann' }, algorithms, attestation: asked })
  const response = key.create(options, { origin, attestation })
  const { challenge } = options
  const verdict = verifyRegistration({ response, challenge, rp, algorithms, attestation: asked })
  accepted(verdict.ok)
  return { challenge, response, credential: verdict.credential }
}

function simpleAuthentication({ id, publicKey, transports }, response, challenge) {
  const options = {
    response,
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: rp.id,
    requireUserVerification: false,
    credential: { id, publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')), counter: 0, transports },
  }
  return async () => accepted((await verifyAuthenticationResponse(options)).verified)
}

/** Left out for EdDSA, which fido2-lib doesn't support. */
function fidoAuthentication(algorithm, credential, response, challenge) {
  if (algorithm === 'EdDSA') return {}
  const given = { id: buffer(response.id), rawId: buffer(response.id), response: fidoResponse(response.response) }
  const expected = {
    challenge,
    origin,
    factor: 'either',
    rpId: rp.id,
    publicKey: publicKey(algorithm, credential).export({ format: 'pem', type: 'spki' }),
    prevCounter: 0,
    userHandle: response.response.userHandle ?? null,
  }
  const verify = async () => accepted((await fido2.assertionResult(given, { ...expected })).audit.validRequest)
  return { 'fido2-lib': verify }
}

/** Only the signature, with a prepared key and message. */
function bareVerify(algorithm, credential, { response }) {
  const key = publicKey(algorithm, credential)
  const hash = createHash('sha256').update(Buffer.from(response.clientDataJSON, 'base64url')).digest()
  const message = Buffer.concat([Buffer.from(response.authenticatorData, 'base64url'), hash])
  const signature = Buffer.from(response.signature, 'base64url')
  return () => accepted(verify(digest(algorithm), message, key, signature))
}

/** What a careful person writes by hand in an afternoon: every check of section 7.2, for one credential with a prepared key. */
function plainVerify(algorithm, credential, response, challenge) {
  const key = publicKey(algorithm, credential)
  const rpIdHash = createHash('sha256').update(rp.id).digest()
  return () => {
    const { id, type, response: inner } = response
    const clientData = Buffer.from(inner.clientDataJSON, 'base64url')
    const { type: ceremony, challenge: answered, origin: page, crossOrigin } = JSON.parse(clientData.toString('utf8'))
    const data = Buffer.from(inner.authenticatorData, 'base64url')
    const flags = data[32]
    accepted(id === credential.id && type === 'public-key' && ceremony === 'webauthn.get')
    accepted(answered === challenge && rp.origins.includes(page) && crossOrigin !== true)
    accepted(data.length >= 37 && timingSafeEqual(data.subarray(0, 32), rpIdHash))
    accepted((flags & 1) === 1 && (flags & 0x40) === 0 && ((flags & 8) !== 0) === credential.backupEligible)
    const count = data.readUInt32BE(33)
    accepted(count > credential.signCount || (count === 0 && credential.signCount === 0))
    const hash = createHash('sha256').update(clientData).digest()
    const signature = Buffer.from(inner.signature, 'base64url')
    accepted(verify(digest(algorithm), Buffer.concat([data, hash]), key, signature))
  }
}

const digest = (algorithm) => (algorithm === 'EdDSA' ? null : 'sha256')

function publicKey(algorithm, credential) {
  const cose = Buffer.from(credential.publicKey, 'base64url')
  const part = (start, end) => cose.subarray(start, end).toString('base64url')
  // The layout of this package's software authenticator.
  const jwk = {
    ES256: () => ({ kty: 'EC', crv: 'P-256', x: part(10, 42), y: part(45, 77) }),
    EdDSA: () => ({ kty: 'OKP', crv: 'Ed25519', x: part(-32) }),
    RS256: () => ({ kty: 'RSA', n: part(-261, -5), e: part(-3) }),
  }[algorithm]()
  return createPublicKey({ format: 'jwk', key: jwk })
}

function fidoResponse(response) {
  return Object.fromEntries(
    Object.entries(response)
      .filter(([, value]) => typeof value === 'string')
      .map(([name, value]) => [name, buffer(value)]),
  )
}

function buffer(text) {
  return new Uint8Array(Buffer.from(text, 'base64url')).buffer
}

function accepted(ok) {
  if (ok !== true) throw new Error('refused')
}
