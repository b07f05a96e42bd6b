// @simplewebauthn/server, by the functions that its documentation shows.
import { SettingsService, verifyAuthenticationResponse, verifyRegistrationResponse } from '../../bench/rivals/index.mjs'
import { versionOf } from './version.mjs'

export const name = '@simplewebauthn/server'
export const version = versionOf('@simplewebauthn/server')

const formats = ['packed', 'fido-u2f', 'apple', 'android-key', 'tpm']

/** What a case asks for that it has no option for. */
export function lacks({ ceremony, expected, flags, verdict }) {
  if (ceremony === 'registration' && expected.crossOrigin) return 'no option: frames of other sites at a registration'
  if (expected.crossOrigin?.allowMissing) return 'no option: frames of sites that the browser does not name'
  if (flags.includes('format:compound')) return 'no such format'
  if (flags.some((flag) => flag.startsWith('alg:ML-DSA')) && !SettingsService.runtimeSupportsPQC())
    return 'no such algorithm, in this version of Node'
  if (flags.includes('user-handle') && verdict !== 'valid') return 'no option: user handles, which are left to the host'
  return undefined
}

export async function accepts({ ceremony, expected, response }) {
  const { challenge, rpId, origins, userVerification, crossOrigin } = expected
  const common = {
    response,
    expectedChallenge: challenge,
    expectedOrigin: origins,
    expectedRPID: rpId,
    requireUserVerification: userVerification === 'required',
  }
  if (ceremony === 'authentication') {
    const { id, publicKey, signCount } = expected.credential
    if (response.id !== id) return false // The host looks the credential up by it.
    const credential = { id, publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')), counter: signCount }
    const { verified } = await verifyAuthenticationResponse({
      ...common,
      credential,
      ...(crossOrigin && { expectedTopOrigin: crossOrigin.topOrigins }),
    })
    return verified
  }
  const certificates = expected.trustAnchors.map((der) => new Uint8Array(Buffer.from(der, 'base64url')))
  for (const identifier of formats) SettingsService.setRootCertificates({ identifier, certificates })
  const { verified } = await verifyRegistrationResponse({
    ...common,
    supportedAlgorithmIDs: expected.algorithms,
    requireUserPresence: expected.mediation !== 'conditional',
  })
  return verified
}
