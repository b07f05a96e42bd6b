import { flag, invalid, listOf, object, oneOf, optional } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import type { AttestationConveyance } from './webauthn-json.js'

/** Where Android keeps a key: in software, in a trusted execution environment, or in a chip of its own. */
export type SecurityLevel = 'software' | 'trusted-environment' | 'strongbox'

/** What a statement of a single format has to meet to be `trusted`, besides a chain that ends in a trust anchor. */
export interface AttestationPolicy {
  tpm?: {
    /**
     * The manufacturers, each as the 8 hexadecimal digits of TCG's vendor registry, or `any`. Add one with
     * `[...tpmVendors, '4E455700']`. Default {@link tpmVendors}.
     */
    vendors?: readonly string[] | 'any'
    /** Verifies the statements that older TPMs sign with SHA-1. Credentials never use SHA-1. Default true. */
    allowSha1?: boolean
  }
  androidKey?: {
    /**
     * The least level. Above `software`, only what hardware enforces counts as the key's purpose and origin. Default
     * `software`: every level.
     */
    securityLevel?: SecurityLevel
  }
  fidoU2f?: {
    /** Demands an AAGUID of zeros, as FIDO's conformance tests do. Default false. */
    zeroAaguid?: boolean
  }
  /** How many of the statements in a compound one have to be valid. Default `all`. */
  compound?: 'all' | 'any'
}

/** The manufacturers in TCG's vendor registry, as their certificates write them. */
export const tpmVendors: readonly string[] = Object.freeze([
  '414D4400', // AMD
  '414E5400', // Ant Group
  '41544D4C', // Atmel
  '4252434D', // Broadcom
  '4353434F', // Cisco
  '464C5953', // Flyslice Technologies
  '524F4343', // Fuzhou Rockchip
  '474F4F47', // Google
  '48504900', // HPI
  '48504500', // HPE
  '48495349', // Huawei
  '49424D00', // IBM
  '49465800', // Infineon
  '494E5443', // Intel
  '4C454E00', // Lenovo
  '4D534654', // Microsoft
  '4E534D20', // National Semiconductor
  '4E545A00', // Nationz
  '4E534700', // NSING
  '4E544300', // Nuvoton
  '51434F4D', // Qualcomm
  '534D534E', // Samsung
  '53454345', // SecEdge
  '534E5300', // Sinosun
  '534D5343', // SMSC
  '53544D20', // STMicroelectronics
  '54584E00', // Texas Instruments
  '57454300', // Winbond
  '5345414C', // WISeKey
])

const vendor: Check<string> = (value, name) => {
  if (typeof value !== 'string' || !/^[\dA-Fa-f]{8}$/.test(value)) throw invalid(name, '8 hexadecimal digits')
  return value
}

const checkVendors: Check<readonly string[] | 'any'> = (value, name) =>
  value === 'any' ? value : listOf(vendor, { max: 256 })(value, name)

export const checkAttestationPolicy: Check<AttestationPolicy> = object<AttestationPolicy>({
  tpm: optional(
    object<NonNullable<AttestationPolicy['tpm']>>({ vendors: optional(checkVendors), allowSha1: optional(flag) }),
  ),
  androidKey: optional(
    object<NonNullable<AttestationPolicy['androidKey']>>({
      securityLevel: optional(oneOf<SecurityLevel>('software', 'trusted-environment', 'strongbox')),
    }),
  ),
  fidoU2f: optional(object<NonNullable<AttestationPolicy['fidoU2f']>>({ zeroAaguid: optional(flag) })),
  compound: optional(oneOf('all', 'any')),
})

/** The options that decide about statements. */
interface Deciding {
  attestation?: AttestationConveyance
  trustAnchors?: unknown[]
  attestationPolicy?: AttestationPolicy
}

/** The core's form, with the defaults filled in. `undefined` if no statement could be trusted or refused by any of them. */
export function attestationRules(options: Deciding): object | undefined {
  const { attestation = 'none', trustAnchors = [], attestationPolicy } = options
  if (attestation === 'none' && trustAnchors.length === 0 && !attestationPolicy) return undefined
  const { tpm, androidKey, fidoU2f, compound } = attestationPolicy ?? {}
  const { vendors = tpmVendors, allowSha1 = true } = tpm ?? {}
  return {
    tpmVendors: vendors === 'any' ? undefined : vendors,
    tpmWithoutSha1: !allowSha1,
    androidKeyLevel: androidKey?.securityLevel,
    fidoU2fZeroAaguid: fidoU2f?.zeroAaguid ?? false,
    compoundAny: compound === 'any',
  }
}
