import { accountText, bytesOrBase64url, flag, integer, invalid, listOf, object, oneOf, optional, text, textThatIs } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import { checkFits } from './fitting-rp.js'

/** WebAuthn's relying party: the site that asks for a second factor. */
export interface RelyingParty {
  /** A domain, such as `example.com`. Credentials work on its pages and those of its subdomains. */
  id: string
  /** The name that users see. */
  name: string
  /** Exact origins, such as `https://example.com` or `android:apk-key-hash:...`. */
  origins: string[]
  /** Also accepts `https` origins of subdomains of those. Default false. */
  allowSubdomains?: boolean
  /**
   * States that the domain `id` serves `/.well-known/webauthn` for the other domains among `origins` (WebAuthn Level 3,
   * 5.11). An `id` that none of them belongs to is accepted then. It changes nothing else. Default false.
   */
  relatedOrigins?: boolean
  /** Also accepts those origins on another port. Default false. */
  allowAnyPort?: boolean
}

/** A relying party whose name may be left out, because no user sees it. */
export type RelyingPartyToVerify = Omit<RelyingParty, 'name'> & { name?: string }

/** Allows ceremonies inside a frame of another site. Without it, they are refused. */
export interface CrossOrigin {
  /** The exact origins of the pages that may contain the frame. */
  topOrigins: string[]
  /** Also accepts a response that doesn't say which page contained the frame. Default false. */
  allowMissing?: boolean
}

/**
 * COSE numbers: -7 ES256, -35 ES384, -36 ES512, -8 EdDSA (Ed25519), -257/-258/-259 RS256/384/512, -37/-38/-39
 * PS256/384/512, -48/-49/-50 ML-DSA-44/65/87.
 */
export type CoseAlgorithm = -7 | -8 | -35 | -36 | -37 | -38 | -39 | -48 | -49 | -50 | -257 | -258 | -259

/** How many steps before and after the current one are accepted, 0 to 10: one number for both, or one for each. */
export type TotpWindow = number | { past: number; future: number }

/** The hash function of a TOTP key. */
export type TotpAlgorithm = 'SHA1' | 'SHA256' | 'SHA512'

/** `localhost:3000` parses as a URL whose scheme is `localhost`. No page has such an origin. */
const checkOrigins: Check<string[]> = (value, name) => {
  const origins = listOf(text(2048), { min: 1, max: 100 })(value, name)
  if (origins.some((origin) => /^[\w.-]+:\d*$/.test(origin))) throw invalid(name)
  return origins
}

const rpShape = {
  id: text(253),
  origins: checkOrigins,
  allowSubdomains: optional(flag),
  allowAnyPort: optional(flag),
  relatedOrigins: optional(flag),
}

/** Removes the member that only the facade reads. The core doesn't know it. */
export function withoutHint<T extends { relatedOrigins?: boolean }>(rp: T): T {
  delete rp.relatedOrigins
  return rp
}

export const checkRp: Check<RelyingParty> = object<RelyingParty>({ ...rpShape, name: text(256) })

const checkRpMembers: Check<RelyingPartyToVerify> = object<RelyingPartyToVerify>({ ...rpShape, name: optional(text(256)) })

export const checkRpToVerify: Check<RelyingPartyToVerify> = (value, name) => {
  const rp = checkRpMembers(value, name)
  checkFits(rp, name)
  return rp
}

export const checkCrossOrigin: Check<CrossOrigin> = object<CrossOrigin>({
  topOrigins: listOf(text(2048), { max: 100 }),
  allowMissing: optional(flag),
})

export const checkAlgorithms: Check<CoseAlgorithm[]> = listOf(
  oneOf<CoseAlgorithm>(-7, -8, -35, -36, -37, -38, -39, -48, -49, -50, -257, -258, -259),
  { min: 1, max: 32 },
)

export const checkUserVerification = oneOf('discouraged', 'preferred', 'required')
export const checkAttestation = oneOf('none', 'indirect', 'direct', 'enterprise')
export const checkResidentKey = oneOf('discouraged', 'preferred', 'required')
export const checkAttachment = oneOf('platform', 'cross-platform')
export const checkHints = listOf(oneOf('security-key', 'client-device', 'hybrid'), { max: 3 })
export const checkAttestationFormats = listOf(text(32), { max: 16 })
export const checkCounter = oneOf('refuse', 'report')
export const checkTransports = listOf(text(64), { max: 16 })
export const checkChallenge = bytesOrBase64url(16, 1024)
export const checkCredentialId = bytesOrBase64url(1, 1023)

/** Checks certificates, as PEM text or DER bytes. Returns copies. */
export const checkAnchors: Check<(string | Uint8Array)[]> = listOf((value, name) => {
  if (!(value instanceof Uint8Array)) return text(65_536)(value, name)
  if (value.length === 0 || value.length > 49_152) throw invalid(name, '1 to 49152 bytes')
  return Uint8Array.from(value)
})

/** The same. Returns PEM text. */
export const checkTrustAnchors: Check<string[]> = (value, name) => checkAnchors(value, name).map(pem)

/** Returns a certificate as PEM text. */
export function pem(certificate: string | Uint8Array): string {
  if (typeof certificate === 'string') return certificate
  const base64 = Buffer.from(certificate).toString('base64')
  const lines = Array.from({ length: Math.ceil(base64.length / 64) }, (_, line) => base64.slice(line * 64, line * 64 + 64))
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

export const checkAccount = textThatIs(accountText, 256)
export const checkTotpAlgorithm = oneOf('SHA1', 'SHA256', 'SHA512')
export const checkDigits = integer(6, 8)
export const checkPeriod = integer(1, 86_400)

const steps = integer(0, 10)

const checkWays = object<{ past: number; future: number }>({ past: steps, future: steps })

export const checkWindow: Check<{ past: number; future: number }> = (value, name) => {
  if (typeof value !== 'number') return checkWays(value, name)
  const both = steps(value, name)
  return { past: both, future: both }
}
