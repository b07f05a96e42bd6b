/**
 * WebAuthn Level 3, section 5.1.10: tells passkey providers which credentials the server still accepts, so that they
 * stop offering removed passkeys and show the right name. The user is not asked, and nothing is returned.
 *
 * Each function resolves with whether the browser accepted it. If the browser doesn't support it, nothing happens. None
 * of them throws.
 */

/** The user whose passkeys they are: the relying party's id, and the user handle in base64url. */
export interface PasskeyUser {
  rpId: string
  userId: string
}

/**
 * Call it after a credential was removed, or after a sign-in. Credentials that aren't on the list are no longer
 * offered.
 */
export function signalAllAcceptedCredentials(
  options: PasskeyUser & { allAcceptedCredentialIds: string[] },
): Promise<boolean> {
  return signal('signalAllAcceptedCredentials', options)
}

/** Call it after the user's name was changed. It is what providers show beside the passkey. */
export function signalCurrentUserDetails(
  options: PasskeyUser & { name: string; displayName: string },
): Promise<boolean> {
  return signal('signalCurrentUserDetails', options)
}

/** Call it after a sign-in with a credential that the server doesn't know. Never call it for any other refusal. */
export function signalUnknownCredential(options: { rpId: string; credentialId: string }): Promise<boolean> {
  return signal('signalUnknownCredential', options)
}

type Signal = 'signalAllAcceptedCredentials' | 'signalCurrentUserDetails' | 'signalUnknownCredential'

async function signal(name: Signal, options: object): Promise<boolean> {
  try {
    // Called on its class: the browser refuses it as a bare function. Not there, or refused: both mean no.
    await (PublicKeyCredential as unknown as Record<Signal, (options: object) => Promise<void>>)[name](options)
    return true
  } catch {
    return false
  }
}
