import { bytesOrBase64url, description, integer, invalid, object, oneOf, optional, text } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import type { Base64URLString } from '../stateless/webauthn-json.js'

/** How a library reads the text of a secret. */
export type SecretEncoding = 'base32' | 'hex' | 'base64' | 'ascii' | 'latin1' | 'utf8'

/** What the data doesn't contain itself. If a row has a member of the same name, that counts for the row. */
export interface SecretOptions {
  /** Such as `sha1` or `SHA-256`. Default SHA1. */
  algorithm?: string
  /** Default 6. */
  digits?: number
  /** Seconds. Default 30. */
  period?: number
  /** The name that users will see. Default `authenticator app`. */
  description?: string
}

export interface OtplibOptions extends SecretOptions {
  /** Default `base32`, which is what its `authenticator` and its versions from 13 on use. */
  encoding?: SecretEncoding
  /** The major version. Versions before 13 repeat a key that is too short for its hash. Default 13. */
  version?: number
}

export interface SpeakeasyOptions extends SecretOptions {
  /** What the program passes to `totp.verify()` as `encoding`, or `ascii` if it passes none. */
  encoding: SecretEncoding
}

export interface CredentialOptions {
  /** The user handle for credentials that don't have their own: 1 to 64 bytes, or base64url. */
  userHandle?: Base64URLString | Uint8Array
  /** The name that users will see. Default `passkey` or `security key`. */
  description?: string
}

export interface KeyOptions {
  /** The name that users will see. Default `security key` or `YubiKey`. */
  description?: string
}

const encodings = ['base32', 'hex', 'base64', 'ascii', 'latin1', 'utf8'] as const
const encoding = oneOf(...encodings)
const speakeasyEncoding: Check<SecretEncoding> = (value, name) => {
  if (encodings.includes(value as SecretEncoding)) return value as SecretEncoding
  throw invalid(name, `what your program passes to totp.verify() ('ascii' if it passes none): one of ${encodings.join(', ')}`)
}
const secret = {
  algorithm: optional(text(16)),
  digits: optional(integer(1, 0xffff_ffff)),
  period: optional(integer(1, 0xffff_ffff)),
  description: optional(description),
}

export const checkOptions = {
  secrets: object<SecretOptions>(secret),
  otplib: object<OtplibOptions>({ ...secret, encoding: optional(encoding), version: optional(integer(1, 99)) }),
  speakeasy: object<SpeakeasyOptions>({
    ...secret,
    // There is no default: a secret that is read in the wrong encoding makes wrong codes for good.
    encoding: speakeasyEncoding,
  }),
  credentials: object<{ userHandle?: string; description?: string }>({
    userHandle: optional(bytesOrBase64url(1, 64)),
    description: optional(description),
  }),
  keys: object<KeyOptions>({ description: optional(description) }),
}
