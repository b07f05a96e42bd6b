// fido2-lib, by the methods that its documentation shows.
import { Fido2Lib, PublicKey } from '../../bench/rivals/index.mjs'
import { versionOf } from './version.mjs'

export const name = 'fido2-lib'
export const version = versionOf('fido2-lib')

const library = new Fido2Lib({ rpId: 'example.org' })
const lackedAlgorithms = ['EdDSA', 'PS256', 'PS384', 'PS512', 'ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87']
const lackedFormats = ['android-key', 'compound']

/** What a case asks for that it has no option for. */
export function lacks({ ceremony, expected, flags, spec, verdict, id }) {
  if (flags.some((flag) => lackedAlgorithms.some((alg) => flag === `alg:${alg}` || flag === `attestation-alg:${alg}`)))
    return 'no such algorithm'
  if (flags.some((flag) => lackedFormats.some((format) => flag === `format:${format}`))) return 'no such format'
  if (flags.includes('format:tpm') && flags.some((flag) => flag.startsWith('alg:ES'))) return 'no such keys of a TPM'
  if (expected.crossOrigin || flags.includes('frame')) return 'no option: frames of other sites'
  if (expected.mediation) return 'no option: conditional create'
  if (expected.origins.length > 1) return 'no option: several origins'
  if (id.startsWith('public-key/') && id.includes('not-offered')) return 'no option: the algorithms that were offered'
  // Its result says what the certificates are; whether to trust them is left to the host.
  if (ceremony === 'registration' && verdict !== 'valid' && spec[0].step === 24) return 'no option: trust anchors'
  return undefined
}

export async function accepts({ ceremony, expected, response }) {
  const { challenge, rpId, origins, userVerification } = expected
  const common = { challenge, origin: origins[0], rpId, factor: userVerification === 'required' ? 'first' : 'either' }
  // The host turns the two ids into bytes.
  const request = { ...response, id: buffer(response.id), rawId: buffer(response.rawId) }
  if (ceremony === 'registration') {
    await library.attestationResult(request, common)
    return true
  }
  const { credential } = expected
  if (response.id !== credential.id) return false // The host looks the credential up by it.
  const key = new PublicKey()
  await key.fromCose(buffer(credential.publicKey))
  await library.assertionResult(request, {
    ...common,
    publicKey: await key.toPem(),
    prevCounter: credential.signCount,
    userHandle: credential.userHandle,
    allowCredentials: [{ id: buffer(credential.id), type: 'public-key' }],
  })
  return true
}

function buffer(text) {
  if (typeof text !== 'string') return text
  return Uint8Array.from(Buffer.from(text, 'base64url')).buffer
}
