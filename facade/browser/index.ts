import { CeremonyError, ceremonyError, type Method } from './error.js'
import { credentialToJSON, creationOptions, requestOptions } from './json.js'
// Older TypeScript's DOM has no such types.
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '../stateless/webauthn-json.js'

export { CeremonyError, type CeremonyErrorCode } from './error.js'
export {
  signalAllAcceptedCredentials,
  signalCurrentUserDetails,
  signalUnknownCredential,
  type PasskeyUser,
} from './signals.js'

export interface CeremonyOptions {
  /**
   * Works without a dialog. `authenticate` offers the credential in the form's autofill and waits there. This needs
   * `conditionalSupported()`. `register` creates a passkey right after a sign-in with a password that the browser
   * filled in, if the user's password manager can. This needs `conditionalCreateSupported()`.
   */
  conditional?: boolean
  /** Ends the ceremony with the code `aborted`. */
  signal?: AbortSignal
}

/** Returns whether this page can use WebAuthn at all: the browser supports it, and the context is secure. */
export function supported(): boolean {
  // On a server none of these names is there.
  return globalThis.isSecureContext === true && typeof PublicKeyCredential === 'function' && navigator.credentials !== undefined
}

/** Resolves with whether `authenticate(options, { conditional: true })` works here. */
export async function conditionalSupported(): Promise<boolean> {
  return supported() && (await PublicKeyCredential.isConditionalMediationAvailable?.()) === true
}

/**
 * Resolves with whether `register(options, { conditional: true })` can work here. The server's options must allow it
 * too.
 */
export async function conditionalCreateSupported(): Promise<boolean> {
  try {
    return supported() && (await PublicKeyCredential.getClientCapabilities())['conditionalCreate'] === true
  } catch {
    return false
  }
}

/**
 * Creates a credential on a security key or passkey provider. Throws only `CeremonyError`.
 *
 * @param options What the server's `beginWebauthn` returned (WebAuthn Level 3, section 5.1.8).
 * @returns The response for the server's `finishWebauthn`, ready for `JSON.stringify` (section 5.1.9).
 */
export async function register(
  options: PublicKeyCredentialCreationOptionsJSON,
  ceremony: CeremonyOptions = {},
): Promise<RegistrationResponseJSON> {
  const json = await run('create', () => creationOptions(options), options?.timeout, ceremony)
  return json as unknown as RegistrationResponseJSON
}

/**
 * Signs a challenge with a credential. Throws only `CeremonyError`.
 *
 * @param options `challenge.webauthn` of the server's `challenge` (WebAuthn Level 3, section 5.1.8).
 * @returns The response for the server's `verify`, as `{ type: 'webauthn', response }`.
 */
export async function authenticate(
  options: PublicKeyCredentialRequestOptionsJSON,
  ceremony: CeremonyOptions = {},
): Promise<AuthenticationResponseJSON> {
  const json = await run('get', () => requestOptions(options), options?.timeout, ceremony)
  return json as unknown as AuthenticationResponseJSON
}

/** The one that waits without a dialog: the browser runs one ceremony at a time, so the next call ends it. */
let waiting: AbortController | undefined

async function run(
  method: Method,
  publicKey: () => unknown,
  timeout: number | undefined,
  { conditional, signal }: CeremonyOptions,
): Promise<object> {
  waiting?.abort()
  waiting = undefined
  if (globalThis.isSecureContext === false) throw new CeremonyError('insecure-context')
  if (!supported()) throw new CeremonyError('not-supported')
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort)
  if (conditional) waiting = controller
  const started = performance.now()
  try {
    const credential = await navigator.credentials[method]({
      publicKey: publicKey(),
      signal: controller.signal,
      ...(conditional && { mediation: 'conditional' }),
    } as object)
    if (!credential) throw new CeremonyError('unknown')
    return credentialToJSON(credential as PublicKeyCredential)
  } catch (error) {
    const late = timeout !== undefined && performance.now() - started >= timeout
    throw ceremonyError(error, method, controller.signal.aborted, late)
  } finally {
    signal?.removeEventListener('abort', abort)
    if (waiting === controller) waiting = undefined
  }
}
