// This library, by its stateless functions.
import { readFileSync } from 'node:fs'

import { verifyAuthentication, verifyRegistration } from '../../dist/facade/stateless/webauthn.js'

export const name = 'countersign'
export const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

/** It has an option for everything. */
export const lacks = () => undefined

export const accepts = (one) => verify(one).ok

/** Whether it accepts the response of a case, and why not. */
export function verify({ ceremony, expected, response }) {
  const { challenge, rpId, origins, userVerification, crossOrigin } = expected
  const common = { response, challenge, rp: { id: rpId, origins }, userVerification, ...(crossOrigin && { crossOrigin }) }
  if (ceremony === 'authentication') {
    try {
      return verifyAuthentication({ ...common, credential: { ...expected.credential, backupRecorded: true } })
    } catch (error) {
      // A stored key that no registration returns is a mistake of the host.
      if (error.code !== 'invalid-argument' || !error.message.includes('credential.publicKey')) throw error
      return { ok: false, reason: 'key-invalid' }
    }
  }
  return verifyRegistration({
    ...common,
    algorithms: expected.algorithms,
    attestation: expected.attestation,
    trustAnchors: expected.trustAnchors.map((der) => new Uint8Array(Buffer.from(der, 'base64url'))),
    conditional: expected.mediation === 'conditional',
    now: expected.now * 1000,
  })
}
