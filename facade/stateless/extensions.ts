import { bytesOrBase64url, flag, invalid, object, oneOf, optional, own, text } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import type { Base64URLString } from './webauthn-json.js'

/** The two salts of `prf` (WebAuthn Level 3, 10.1.4). The browser hashes them, so any bytes will do. */
export interface PrfValues {
  first: Base64URLString | Uint8Array
  second?: Base64URLString | Uint8Array
}

/** How well a credential is kept from people who only have the authenticator (CTAP 2.2, 12.1). */
export type CredentialProtection =
  | 'userVerificationOptional'
  | 'userVerificationOptionalWithCredentialIDList'
  | 'userVerificationRequired'

/** Extensions of a registration (WebAuthn Level 3, section 10; CTAP 2.2, section 12). */
export interface RegistrationExtensions {
  /** Reports whether the credential can sign in without a user name. Default true. */
  credProps?: boolean
  /** Makes a key that derives secrets from salts. `eval`: derives them at once, if the authenticator can. */
  prf?: { eval?: PrfValues }
  /** Space for data of yours on the authenticator. `required` makes the registration fail without it. */
  largeBlob?: { support: 'preferred' | 'required' }
  credentialProtectionPolicy?: CredentialProtection
  /** Fails without that protection, in the browser and here. Default false. */
  enforceCredentialProtectionPolicy?: boolean
  /** Reports the least length of the PIN, if the authenticator lists this relying party. */
  minPinLength?: boolean
  /** 1 to 32 bytes to store with the credential. */
  credBlob?: Base64URLString | Uint8Array
  /** The older name of `prf`, without its outputs. Not beside `prf`. */
  hmacCreateSecret?: boolean
  /** The `appid` of U2F keys in `excludeCredentials`. */
  appidExclude?: string
}

/** Extensions of an authentication (WebAuthn Level 3, section 10; CTAP 2.2, section 12). */
export interface AuthenticationExtensions {
  /** Also accepts a U2F key that was registered for this `appid`. */
  appid?: string
  /** Derives secrets. The keys of `evalByCredential` are ids from `allowCredentials`. They win over `eval`. */
  prf?: { eval?: PrfValues; evalByCredential?: Record<Base64URLString, PrfValues> }
  /** Reads or writes the data. To write, `allowCredentials` needs exactly one credential. */
  largeBlob?: { read: true } | { write: Base64URLString | Uint8Array }
  /** Returns what `credBlob` stored. */
  getCredBlob?: boolean
}

/** What an authenticator signed about the extensions that were asked for. Unlike the browser's outputs, it is verified. */
export interface SignedExtensions {
  /** 1: `userVerificationOptional`, 2: `userVerificationOptionalWithCredentialIDList`, 3: `userVerificationRequired`. */
  credProtect?: 1 | 2 | 3
  /** The least length of the PIN, in code points. */
  minPinLength?: number
  /** At a registration, whether the bytes were stored. At an authentication, the bytes in base64url, empty if there are none. */
  credBlob?: boolean | Base64URLString
  /** At a registration: whether the authenticator made a key for `prf`. */
  'hmac-secret'?: boolean
}

/** What to do with signed outputs that nobody asked for. */
export type UnsolicitedExtensions = 'ignore' | 'refuse'

/** Extensions with all bytes in base64url, as JSON has them. */
export type ExtensionsJson = Record<string, unknown>

const prfBytes = bytesOrBase64url(1, 1024)
const prfValues = object<PrfValues>({ first: prfBytes, second: optional(prfBytes) })
const appId = text(512)
const protections = ['userVerificationOptional', 'userVerificationOptionalWithCredentialIDList', 'userVerificationRequired'] as const

const registrationShape = object<RegistrationExtensions>({
  credProps: optional(flag),
  prf: optional(object<NonNullable<RegistrationExtensions['prf']>>({ eval: optional(prfValues) })),
  largeBlob: optional(object<NonNullable<RegistrationExtensions['largeBlob']>>({ support: oneOf('preferred', 'required') })),
  credentialProtectionPolicy: optional(oneOf(...protections)),
  enforceCredentialProtectionPolicy: optional(flag),
  minPinLength: optional(flag),
  credBlob: optional(bytesOrBase64url(1, 32)),
  hmacCreateSecret: optional(flag),
  appidExclude: optional(appId),
})

export const checkRegistrationExtensions: Check<ExtensionsJson> = (value, name) => {
  const checked = registrationShape(value, name)
  if (checked.enforceCredentialProtectionPolicy && checked.credentialProtectionPolicy === undefined) {
    throw invalid(`${name}.credentialProtectionPolicy`, 'given with enforceCredentialProtectionPolicy')
  }
  if (checked.hmacCreateSecret && checked.prf) throw invalid(`${name}.hmacCreateSecret`, 'left out beside prf')
  return { ...checked }
}

const checkLargeBlob: Check<object> = (value, name) => {
  const { read, write } = object<{ read?: boolean; write?: string }>({
    read: optional(flag), write: optional(bytesOrBase64url(1, 4096)),
  })(value, name)
  if ((read === true) === (write !== undefined)) throw invalid(name, 'either { read: true } or { write: bytes }')
  return write === undefined ? { read: true } : { write }
}

const credentialId = bytesOrBase64url(1, 1023)

const checkByCredential: Check<Record<string, PrfValues>> = (value, name) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(name, 'an object of credential ids')
  // Defined and not assigned: an id may be spelled like a member that every object has.
  return Object.fromEntries(Object.keys(value).map((id) => [credentialId(id, name), prfValues(own(value, id), `${name}["..."]`)]))
}

export const checkAuthenticationExtensions: Check<ExtensionsJson> = (value, name) => ({
  ...object<ExtensionsJson>({
    appid: optional(appId),
    prf: optional(object<ExtensionsJson>({ eval: optional(prfValues), evalByCredential: optional(checkByCredential) })),
    largeBlob: optional(checkLargeBlob),
    getCredBlob: optional(flag),
  })(value, name),
})

export const checkUnsolicited = oneOf<UnsolicitedExtensions>('ignore', 'refuse')

/** Refuses what a browser would refuse because of the credentials that are listed. */
export function checkListed(extensions: ExtensionsJson, listed: { id: string }[] = [], name = 'extensions'): void {
  const { prf, largeBlob } = extensions as { prf?: { evalByCredential?: object }; largeBlob?: object }
  const unlisted = Object.keys(prf?.evalByCredential ?? {}).filter((id) => !listed.some((one) => one.id === id))
  if (unlisted.length > 0) throw invalid(`${name}.prf.evalByCredential`, 'by ids from allowCredentials')
  if (largeBlob && Object.hasOwn(largeBlob, 'write') && listed.length !== 1) {
    throw invalid(`${name}.largeBlob.write`, 'used with exactly one credential in allowCredentials')
  }
}

/** The rules for the outputs of a registration, in the core's words (crate/core/src/webauthn/extensions.rs). */
export function registrationRules(extensions: ExtensionsJson = {}, unsolicited: UnsolicitedExtensions = 'ignore'): string {
  const { credentialProtectionPolicy: wanted, enforceCredentialProtectionPolicy: enforced } = extensions
  const level = protections.findIndex((one) => one === wanted) + 1
  return [level, enforced === true ? 'enforced' : 'reported', unsolicited, ...signed(registrationOutputs, extensions)].join(' ')
}

/** The same of an authentication. */
export function authenticationRules(extensions: ExtensionsJson = {}, unsolicited: UnsolicitedExtensions = 'ignore'): string {
  return ['0 reported', unsolicited, ...signed(authenticationOutputs, extensions)].join(' ')
}

/** The signed outputs that an input asks for. */
const registrationOutputs: Record<string, string[]> = {
  credentialProtectionPolicy: ['credProtect'],
  minPinLength: ['minPinLength'],
  credBlob: ['credBlob'],
  prf: ['hmac-secret', 'hmac-secret-mc'],
  hmacCreateSecret: ['hmac-secret'],
}
const authenticationOutputs: Record<string, string[]> = { getCredBlob: ['credBlob'], prf: ['hmac-secret'] }

function signed(outputs: Record<string, string[]>, extensions: ExtensionsJson): string[] {
  const asked = Object.keys(outputs).filter((input) => extensions[input] !== undefined && extensions[input] !== false)
  return asked.flatMap((input) => outputs[input] ?? [])
}

interface Options {
  allowCredentials?: { id: string }[]
  extensions?: ExtensionsJson
}

/** Adds what only the browser reads to the options that the core made. */
export function withExtensions<T extends Options>(options: T, extensions: ExtensionsJson | undefined, others: Partial<T> = {}): T {
  const given = Object.entries(others).filter(([, value]) => value !== undefined)
  const all = { ...options, ...Object.fromEntries(given) }
  if (extensions === undefined) return all
  return { ...all, extensions: { ...options.extensions, ...listedOnly(extensions, options.allowCredentials) } }
}

/** Browsers refuse salts for a credential that isn't listed: one of too many, or one that is turned off. */
function listedOnly(extensions: ExtensionsJson, listed: { id: string }[] | undefined): ExtensionsJson {
  const prf = extensions['prf'] as { evalByCredential?: Record<string, unknown> } | undefined
  if (prf?.evalByCredential === undefined) return extensions
  const { evalByCredential, ...others } = prf
  const kept = Object.entries(evalByCredential).filter(([id]) => listed?.some((one) => one.id === id))
  return { ...extensions, prf: kept.length > 0 ? { ...others, evalByCredential: Object.fromEntries(kept) } : others }
}
