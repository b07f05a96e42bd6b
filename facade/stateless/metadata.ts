import { verifyMetadata } from '#binding'
import type { BindingMetadata } from '#binding'

import { clock, epochMilliseconds, flag, integer, invalid, listOf, object, optional, text } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import { internalFailure, openEnvelope } from '../shared/envelope.js'
import { CountersignError } from '../shared/errors.js'
import { jsonText } from '../shared/json.js'
import type { SecurityLevel } from './attestation-policy.js'
import { checkTrustAnchors } from './policy.js'

/** The level of a certification by FIDO, the lowest first. */
export type Certification = 'L1' | 'L1+' | 'L2' | 'L2+' | 'L3' | 'L3+'

/** The statuses of FIDO's metadata that forbid a model, or a batch of it (Metadata Service 3.1, 3.1.4). */
export type RevokedStatus =
  | 'ATTESTATION_KEY_COMPROMISE'
  | 'RETIRED'
  | 'REVOKED'
  | 'USER_KEY_PHYSICAL_COMPROMISE'
  | 'USER_KEY_REMOTE_COMPROMISE'
  | 'USER_VERIFICATION_BYPASS'

/** What the metadata says of a model. */
export interface AuthenticatorModel {
  /** Such as `YubiKey 5 Series with NFC`. */
  name?: string
  /** The level of its certification now, if it has one. */
  certified?: Certification
  /** Where it keeps keys, by `keyProtection`: `tee` and `hardware` are `trusted-environment`, `secure_element` is `strongbox`. */
  securityLevel?: SecurityLevel
  /** The status that forbids the whole model, and the day (`YYYY-MM-DD`) since when, if the metadata says so. */
  revoked?: { status: RevokedStatus; since?: string }
}

/** Options of `Metadata.verify()`. */
export interface MetadataOptions {
  /**
   * The certificates, as PEM text or DER bytes, in which the chain of the signature may end. Default: the root of FIDO's own
   * certificate, GlobalSign Root CA - R3, until 18 March 2029.
   */
  roots?: (string | Uint8Array)[]
  /** The DNS name of the certificate that signs. Default `mds.fidoalliance.org`. */
  signer?: string
  /** Accepts every name in that certificate. Needs `roots`, and only those that certify nobody else. Default false. */
  anySigner?: boolean
  /**
   * Certificate revocation lists (RFC 5280, 5), as PEM text or DER bytes. If you pass any, a current list has to cover each
   * certificate of the chain below its root. Default: revocation is not checked.
   */
  crls?: (string | Uint8Array)[]
  /** The metadata before this one, or its `no`. Older metadata is refused. */
  previous?: Metadata | number
  /** The clock: returns epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

/** The native object behind verified metadata; `undefined` for anything else. @internal */
export let bindingOf: (metadata: unknown) => BindingMetadata | undefined

/**
 * Verified metadata of the FIDO Metadata Service (MDS 3): which models of authenticators there are, who certifies them, and
 * which are known to be broken. It keeps an index of about 1 MB, without icons. Nothing is fetched: download the text from
 * `https://mds3.fidoalliance.org` yourself.
 *
 * @example
 * let metadata = await Metadata.verify(await readFile('blob.jwt', 'utf8'))
 * const countersign = await Countersign.open({ rp, store, webauthn: { metadata: () => metadata } })
 *
 * async function refresh(text) {
 *   metadata = await Metadata.verify(text, { previous: metadata }) // throws, and the last good one stays
 * }
 */
export class Metadata {
  readonly #binding: BindingMetadata
  readonly #now: () => number
  /** The number of this metadata, which grows with each. Store it, and pass it as `previous` after a restart. */
  readonly no: number
  /** The day, `YYYY-MM-DD` in UTC, by which FIDO publishes the next one. */
  readonly nextUpdate: string
  /** How many models it has. */
  readonly size: number

  private constructor(binding: BindingMetadata, now: () => number) {
    // JavaScript knows no private constructors.
    if (typeof now !== 'function') {
      throw new CountersignError('invalid-argument', { detail: 'use await Metadata.verify(blob), not new Metadata()' })
    }
    this.#binding = binding
    this.#now = now
    this.no = binding.no
    this.nextUpdate = binding.nextUpdate
    this.size = binding.size
  }

  static {
    bindingOf = (metadata) =>
      typeof metadata === 'object' && metadata !== null && #binding in metadata ? (metadata as Metadata).#binding : undefined
  }

  /**
   * Verifies the text of a BLOB (a JWS in compact form): its signature, the chain of its certificates and the name of the first
   * one, the revocation lists if there are any, and that its number is not below that of `previous`. That it is overdue is
   * no error: see `isStale()`. The work is done on another thread.
   *
   * @throws {CountersignError} `metadata-refused`: the message says why. `invalid-argument` for another argument
   */
  static async verify(blob: string | Uint8Array, options: MetadataOptions = {}): Promise<Metadata> {
    const { roots, signer, anySigner, crls, previous, now = Date.now } = checkOptions(options, '')
    // Its holder could sign anything.
    if (anySigner === true && roots === undefined) {
      throw invalid('roots', 'given for anySigner: the usual root certifies servers of anybody')
    }
    const bytes = checkBlob(blob, 'blob')
    const at = epochMilliseconds(now(), 'now')
    const request = jsonText({ roots, signer, anySigner, crls, previous, now: at })
    let verified: BindingMetadata | string
    try {
      verified = await verifyMetadata(bytes, request)
    } catch {
      verified = internalFailure
    }
    return typeof verified === 'string' ? openEnvelope<never>(verified).value : new Metadata(verified, now)
  }

  /** Whether the next metadata is overdue: `nextUpdate` has passed. It can be used all the same. */
  isStale(): boolean {
    return this.#binding.isStale(epochMilliseconds(this.#now(), 'now'))
  }

  /**
   * Returns what it says of a model, or `undefined` for one that it doesn't have.
   *
   * @param id an AAGUID or, for U2F, the identifier of the attestation's key: 40 hexadecimal digits
   * @example
   * metadata.find('ee882879-721c-4913-9775-3dfcce97072a') // { name: 'YubiKey 5 Series', certified: 'L2', ... }
   */
  find(id: string): AuthenticatorModel | undefined {
    const text = this.#binding.describe(checkModelId(id, 'id'), epochMilliseconds(this.#now(), 'now'))
    return openEnvelope<AuthenticatorModel | null>(text).value ?? undefined
  }

  /** Returns the name of a model, for `webauthn.modelName`: the same as `find(id)?.name`. */
  name(id: string): string | undefined {
    return this.#binding.name(checkModelId(id, 'id')) ?? undefined
  }
}

/** An AAGUID, or the identifier of a key of U2F. Returns it in lower case. */
export const checkModelId: Check<string> = (value, name) => {
  if (typeof value !== 'string' || !isModelId(value)) {
    throw invalid(name, 'an AAGUID (a UUID), or the identifier of an attestation key (40 hexadecimal digits)')
  }
  return value.toLowerCase()
}

function isModelId(value: string): boolean {
  if (value.length !== 36) return value.length === 40 && isHex(value)
  const groups = value.split('-')
  return groups.map((group) => group.length).join() === '8,4,4,4,12' && groups.every(isHex)
}

const isHex = (text: string) => /^[\dA-Fa-f]+$/.test(text)

/** Larger than any BLOB will be for years: today's has 12 MB. */
const maxBytes = 64 * 1024 * 1024

const checkBlob: Check<Uint8Array> = (value, name) => {
  const fits = (length: number) => length > 0 && length <= maxBytes
  // Its characters are ASCII: what isn't will not verify.
  if (typeof value === 'string' && fits(value.length)) return Buffer.from(value, 'latin1')
  if (value instanceof Uint8Array && fits(value.length)) return value
  throw invalid(name, 'the text of a BLOB, as text or bytes, at most 64 MB')
}

const checkList: Check<string> = (value, name) => {
  if (typeof value === 'string') return text(maxBytes)(value, name)
  if (value instanceof Uint8Array && value.length > 0 && value.length <= maxBytes) return Buffer.from(value).toString('base64')
  throw invalid(name, 'a certificate revocation list, as PEM text or DER bytes')
}

const checkPrevious: Check<number> = (value, name) => {
  const binding = bindingOf(value)
  return binding ? binding.no : integer(0, Number.MAX_SAFE_INTEGER)(value, name)
}

interface CheckedOptions extends Omit<MetadataOptions, 'roots' | 'crls' | 'previous'> {
  roots?: string[]
  crls?: string[]
  previous?: number
}

const checkOptions = object<CheckedOptions>({
  roots: optional(checkTrustAnchors),
  signer: optional(text(253)),
  anySigner: optional(flag),
  crls: optional(listOf(checkList, { max: 100 })),
  previous: optional(checkPrevious),
  now: optional(clock),
})
