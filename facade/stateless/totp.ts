import * as binding from '#binding'

import { parseCode } from '../shared/answer.js'
import { epochMilliseconds, integer, invalid, object, optional, text } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import { randomBytes } from '../shared/crypto.js'
import { openEnvelope } from '../shared/envelope.js'
import { jsonText } from '../shared/json.js'
import { checkAccount, checkDigits, checkPeriod, checkTotpAlgorithm, checkWindow } from './policy.js'
import type { TotpAlgorithm, TotpWindow } from './policy.js'

export type { TotpAlgorithm, TotpWindow } from './policy.js'

/** A TOTP key, and how its codes are computed (RFC 6238). */
export interface TotpParameters {
  /** The key as bytes or as base32 text. The text may be in upper or lower case, with spaces, hyphens or padding. */
  secret: string | Uint8Array
  /** Default `SHA1`. */
  algorithm?: TotpAlgorithm
  /** The length of a code, 6 to 8. Default 6. */
  digits?: number
  /** How long a code is valid, in seconds. Default 30. */
  period?: number
}

/** The input of {@link otpauthUri}. */
export interface OtpauthParameters extends TotpParameters {
  /** The user's name or address, without a colon. The app shows it. */
  account: string
  /** The name of your site, without a colon. The app shows it. */
  issuer?: string
}

/** The result of {@link parseOtpauthUri}. */
export interface ParsedOtpauth {
  /** The key in base32: upper case, without padding. */
  secret: string
  account: string
  issuer?: string
  algorithm: TotpAlgorithm
  digits: number
  period: number
}

/** The key that a code is checked with: its parameters, an object in `parameters`, or an `otpauth:` URI in `uri`. */
export type TotpSource = TotpParameters | { parameters: TotpParameters } | { uri: string }

/** The input of {@link verifyTotp}: the key, the code and the time. */
export type VerifyTotpOptions = TotpSource & {
  /** The text that the user typed. Spaces, hyphens and the digits of any script are accepted. */
  code: unknown
  /** Epoch milliseconds. Default: now. */
  at?: number
  /** How many steps before and after the current one are accepted. Default: 1 of each. */
  window?: TotpWindow
  /** The step of the last accepted code. Only later steps are accepted (RFC 6238, 5.2). */
  lastStep?: number
}

/** Generates a random secret of 160 bits. Returns it as base32 text without padding. */
export function generateSecret(): string {
  return openEnvelope<string>(binding.totpSecret(randomBytes(20))).value
}

/**
 * Returns the key URI that authenticator apps read from a QR code: `otpauth://totp/issuer:account?secret=...`. It is a
 * secret.
 *
 * @throws {CountersignError} `invalid-argument`, naming the member
 */
export function otpauthUri(parameters: OtpauthParameters): string {
  return openEnvelope<string>(binding.totpUri(jsonText(checkOtpauth(parameters, '')))).value
}

/**
 * Reads a key URI as apps and password managers write it. Unknown and empty parameters are ignored, the label is split at
 * its first colon, and `HmacSHA256` means SHA256. These are refused: Steam and HOTP URIs, a known parameter that occurs
 * twice, an empty secret, `digits` outside 6 to 8, a period of 0, and unknown algorithms.
 *
 * @throws {CountersignError} `invalid-argument`, naming `uri` and the part that is wrong
 */
export function parseOtpauthUri(uri: string): ParsedOtpauth {
  return openEnvelope<ParsedOtpauth>(binding.totpParseUri(checkUri(uri, 'uri'))).value
}

/**
 * Computes the code of a key at a time.
 *
 * @param source the key's parameters, or an `otpauth:` URI
 * @param at epoch milliseconds; default: now
 * @throws {CountersignError} `invalid-argument`, naming the member
 */
export function totpCode(source: TotpParameters | string, at: number = Date.now()): string {
  const key = typeof source === 'string' ? { uri: checkUri(source, 'uri') } : checkParameters(source, '')
  return openEnvelope<string>(binding.totpCode(jsonText({ ...key, at: epochMilliseconds(at, 'at') }))).value
}

/**
 * Verifies a code. Returns `null` if it is wrong or malformed, or if its step is not later than `lastStep`.
 *
 * Store the `step` of every accepted code, and pass it as `lastStep` the next time. Compare and store it in one atomic
 * change: otherwise a code can be used twice.
 *
 * @throws {CountersignError} `invalid-argument`, naming the member. A code never makes it throw.
 *
 * @example
 * const match = verifyTotp({ secret: row.secret, code: body.code, lastStep: row.lastStep })
 * if (match === null) return reply.status(401).send()
 * await saveStepIfLater(row.id, match.step)
 */
export function verifyTotp(options: VerifyTotpOptions): { step: number } | null {
  const about = checkVerify(options, '')
  requireOneSource(about)
  const code = parseCode(about.code)
  if (code === undefined) return null
  const { uri, at = Date.now(), window: { past, future } = oneStep, lastStep = -1 } = about
  const { secret = '', algorithm = 'SHA1', digits = 6, period = 30 } = about.parameters ?? about
  const step = uri === undefined
    ? binding.totpVerify(secret, algorithms.indexOf(algorithm), digits, period, code, at, past, future, lastStep)
    : binding.totpVerifyUri(uri, code, at, past, future, lastStep)
  if (step === unusable) {
    // This error names the part of the URI that is wrong.
    if (uri !== undefined) parseOtpauthUri(uri)
    throw uri === undefined ? invalid('secret', 'base32 text or bytes') : invalid('uri')
  }
  return step === wrong ? null : { step }
}

const wrong = -1
const unusable = -2
const oneStep = { past: 1, future: 1 }
const algorithms: TotpAlgorithm[] = ['SHA1', 'SHA256', 'SHA512']

const checkUri = text(4096)

/** Checks a secret. Returns base32 text. */
const checkSecret: Check<string> = (value, name) => {
  if (!(value instanceof Uint8Array)) return text(1024)(value, name)
  if (value.length === 0 || value.length > 512) throw invalid(name, '1 to 512 bytes')
  return base32(value)
}

interface CheckedParameters {
  secret: string
  algorithm?: TotpAlgorithm
  digits?: number
  period?: number
}

const parametersShape = {
  secret: checkSecret,
  algorithm: optional(checkTotpAlgorithm),
  digits: optional(checkDigits),
  period: optional(checkPeriod),
}

const checkParameters = object<CheckedParameters>(parametersShape)

const checkOtpauth = object<CheckedParameters & { account: string; issuer?: string }>({
  ...parametersShape,
  account: checkAccount,
  issuer: optional(text(256)),
})

interface CheckedVerify extends Partial<CheckedParameters> {
  parameters?: CheckedParameters
  uri?: string
  code?: unknown
  at?: number
  window?: { past: number; future: number }
  lastStep?: number
}

const checkVerify = object<CheckedVerify>({
  ...parametersShape,
  secret: optional(checkSecret),
  parameters: optional(checkParameters),
  uri: optional(checkUri),
  code: (value) => value,
  at: optional(epochMilliseconds),
  window: optional(checkWindow),
  lastStep: optional(integer(0, Number.MAX_SAFE_INTEGER)),
})

/** Refuses two keys, and parameters beside a key that has its own: it would be unclear which of them counts. */
function requireOneSource({ secret, parameters, uri, algorithm, digits, period }: CheckedVerify): void {
  if (uri !== undefined && (secret !== undefined || parameters !== undefined)) throw invalid('uri')
  if (secret !== undefined && parameters !== undefined) throw invalid('parameters', 'left out where secret is given')
  if (secret !== undefined) return
  if (uri === undefined && parameters === undefined) throw invalid('secret', 'given, or else uri or parameters')
  const only = 'left out where secret is not given'
  if (algorithm !== undefined) throw invalid('algorithm', only)
  if (digits !== undefined) throw invalid('digits', only)
  if (period !== undefined) throw invalid('period', only)
}

function base32(bytes: Uint8Array): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  let out = ''
  let pending = 0
  let bits = 0
  for (const byte of bytes) {
    pending = ((pending << 8) | byte) & 0xfff
    for (bits += 8; bits >= 5; bits -= 5) out += alphabet[(pending >> (bits - 5)) & 31]
  }
  return bits > 0 ? out + alphabet[(pending << (5 - bits)) & 31] : out
}
