import { CeremonyError, ceremonyError, type Method } from './error.js'
import { credentialToJSON, creationOptions, extensionOutputs, requestOptions } from './json.js'
import type { LargeBlobOutputs, PrfOutputs } from './json.js'
// Older TypeScript's DOM has no such types.
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '../stateless/webauthn-json.js'

export { CeremonyError, type CeremonyErrorCode } from './error.js'
export type { LargeBlobOutputs, PrfOutputs } from './json.js'
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
  /** Returns `{ response, prf, largeBlob }`: also what these extensions gave to the page. Default false. */
  extensions?: boolean
}

export interface AuthenticateOptions extends CeremonyOptions {
  /**
   * Shows a dialog only if this device has a passkey for the site, and fails with the code `none-here` otherwise: then show
   * your sign-in form. Call it when the user clicks something, with options that have no `allowCredentials`. This needs
   * `immediateSupported()`. Without it, the code is `not-supported`.
   */
  immediate?: boolean
}

/** Returns whether this page can use WebAuthn at all: the browser supports it, and the context is secure. */
export function supported(): boolean {
  // On a server none of these names is there.
  return globalThis.isSecureContext === true && typeof PublicKeyCredential === 'function' && navigator.credentials !== undefined
}

/** Resolves with whether `authenticate(options, { conditional: true })` works here. */
export async function conditionalSupported(): Promise<boolean> {
  if (!supported()) return false
  // Older browsers have only the function that asks for this one.
  return (await capability('conditionalGet')) ?? (await PublicKeyCredential.isConditionalMediationAvailable?.()) === true
}

/**
 * Resolves with whether `register(options, { conditional: true })` can work here. The server's options must allow it
 * too.
 */
export async function conditionalCreateSupported(): Promise<boolean> {
  return supported() && (await capability('conditionalCreate')) === true
}

/** Resolves with whether `authenticate(options, { immediate: true })` works here. */
export async function immediateSupported(): Promise<boolean> {
  return supported() && (await capability('immediateGet')) === true
}

/** Resolves with what the browser says (WebAuthn Level 3, section 5.1.7). `undefined`: it doesn't say. */
async function capability(name: string): Promise<boolean | undefined> {
  try {
    return (await PublicKeyCredential.getClientCapabilities())[name]
  } catch {
    return undefined
  }
}

/** A response, and what extensions gave to the page alone. */
export interface WithExtensions<Response> {
  response: Response
  prf?: PrfOutputs
  largeBlob?: LargeBlobOutputs
}

/**
 * Creates a credential on a security key or passkey provider. Throws only `CeremonyError`.
 *
 * The response never contains secrets of the extensions `prf` and `largeBlob`. With `extensions: true`, you get them
 * beside it, as `{ response, prf, largeBlob }`.
 *
 * @param options What the server's `beginWebauthn` returned (WebAuthn Level 3, section 5.1.8).
 * @returns The response for the server's `finishWebauthn`, ready for `JSON.stringify` (section 5.1.9).
 */
export async function register(
  options: PublicKeyCredentialCreationOptionsJSON,
  ceremony: CeremonyOptions & { extensions: true },
): Promise<WithExtensions<RegistrationResponseJSON>>
export async function register(
  options: PublicKeyCredentialCreationOptionsJSON,
  ceremony?: CeremonyOptions,
): Promise<RegistrationResponseJSON>
export async function register(
  options: PublicKeyCredentialCreationOptionsJSON,
  ceremony: CeremonyOptions = {},
): Promise<unknown> {
  return run('create', () => creationOptions(options), options?.timeout, ceremony)
}

/**
 * Signs a challenge with a credential. Throws only `CeremonyError`. As with `register`, the response has no secrets.
 *
 * @param options `challenge.webauthn` of the server's `challenge` (WebAuthn Level 3, section 5.1.8).
 * @returns The response for the server's `verify`, as `{ type: 'webauthn', response }`.
 */
export async function authenticate(
  options: PublicKeyCredentialRequestOptionsJSON,
  ceremony: AuthenticateOptions & { extensions: true },
): Promise<WithExtensions<AuthenticationResponseJSON>>
export async function authenticate(
  options: PublicKeyCredentialRequestOptionsJSON,
  ceremony?: AuthenticateOptions,
): Promise<AuthenticationResponseJSON>
export async function authenticate(
  options: PublicKeyCredentialRequestOptionsJSON,
  ceremony: AuthenticateOptions = {},
): Promise<unknown> {
  return run('get', () => requestOptions(options), options?.timeout, ceremony)
}

/** The one that waits without a dialog: the browser runs one ceremony at a time, so the next call ends it. */
let waiting: AbortController | undefined

async function run(
  method: Method,
  publicKey: () => unknown,
  timeout: number | undefined,
  { conditional, immediate = false, extensions, signal }: AuthenticateOptions,
): Promise<object> {
  waiting?.abort()
  waiting = undefined
  if (globalThis.isSecureContext === false) throw new CeremonyError('insecure-context')
  if (!supported() || (immediate && !(await immediateSupported()))) throw new CeremonyError('not-supported')
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort)
  if (conditional) waiting = controller
  const started = performance.now()
  try {
    const converted = publicKey()
    if (immediate && (conditional || isLimited(converted))) throw new CeremonyError('invalid-options')
    const credential = await navigator.credentials[method]({
      publicKey: converted,
      signal: controller.signal,
      ...(conditional && { mediation: 'conditional' }),
      ...(immediate && { uiMode: 'immediate' }),
    } as object)
    if (!credential) throw new CeremonyError('unknown')
    const response = credentialToJSON(credential as PublicKeyCredential)
    return extensions ? { response, ...extensionOutputs(credential as PublicKeyCredential) } : response
  } catch (error) {
    const late = timeout !== undefined && performance.now() - started >= timeout
    throw ceremonyError(error, method, { aborted: controller.signal.aborted, late, immediate })
  } finally {
    signal?.removeEventListener('abort', abort)
    if (waiting === controller) waiting = undefined
  }
}

/** Browsers refuse this with the same error as when there is no passkey. */
function isLimited(options: unknown): boolean {
  return ((options as PublicKeyCredentialRequestOptions).allowCredentials?.length ?? 0) > 0
}
