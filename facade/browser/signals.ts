/**
 * WebAuthn Level 3, section 5.1.10: tells the passkey providers what became of the server's credentials, so that they
 * offer no passkey that is gone and show the right name. Nobody is asked and nothing comes back.
 *
 * Each resolves with whether the browser took it; where the browser lacks it nothing happens. None of them throws.
 */

/** Whose passkeys: the relying party's id, and the user handle in base64url. */
export interface PasskeyUser {
  rpId: string
  userId: string
}

/** After a credential was removed, or after a sign-in: what is not on the list is offered no more. */
export function signalAllAcceptedCredentials(
  options: PasskeyUser & { allAcceptedCredentialIds: string[] },
): Promise<boolean> {
  return signal('signalAllAcceptedCredentials', options)
}

/** After the user's own name was changed: what the providers show beside the passkey. */
export function signalCurrentUserDetails(
  options: PasskeyUser & { name: string; displayName: string },
): Promise<boolean> {
  return signal('signalCurrentUserDetails', options)
}

/** After a sign-in with a credential that the server knows to be nobody's; never for a mere refusal. */
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
