import { table } from './table.js'

let names: Map<string, string> | undefined

/**
 * Returns the name of an authenticator's model or of a passkey provider, such as `YubiKey 5 Series with NFC` or `iCloud
 * Keychain`, or `undefined` if this version doesn't know it. Pass it to `Countersign.open()` as `webauthn.modelName`.
 *
 * The names help users to tell their keys apart. They prove nothing: without a trusted attestation, an authenticator can
 * report any AAGUID.
 *
 * @param aaguid the model, a UUID (WebAuthn Level 3, 6.5.1)
 *
 * @example
 * import { authenticatorName } from 'countersign/authenticators'
 *
 * authenticatorName('fbfc3007-154e-4ecc-8c0b-6e020557d7bd') // 'iCloud Keychain'
 */
export function authenticatorName(aaguid: string): string | undefined {
  names ??= new Map(table.trim().split('\n').flatMap((line) => {
    const [name = '', ids = ''] = line.split('\t')
    return ids.split(' ').map((id) => [id, name] as const)
  }))
  return typeof aaguid === 'string' ? names.get(aaguid.replaceAll('-', '').toLowerCase()) : undefined
}
