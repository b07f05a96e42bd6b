import type { FactorType } from '../shared/factor.js'
import { epochMilliseconds, flag, ifGiven, invalid, listOf, memberOf, object, oneOf, optional, text } from '../shared/check.js'
import type { Check } from '../shared/check.js'

/**
 * How well a sign-in is proved: safe to store in a session, and to put into a token. docs/assurance.md has a table of all
 * cases.
 */
export interface Assurance {
  /**
   * The methods, as RFC 8176 names them: those of the first factor that the host stated, then ours, then `mfa` if there
   * were two different factors. A recovery code is `urn:countersign:amr:recovery`.
   */
  amr: string[]
  /**
   * - 1: one factor
   * - 2: two different factors (NIST SP 800-63B-4, AAL2)
   * - 3: the same, phishing-resistant, and the key can't leave its authenticator (AAL3)
   */
  level: 1 | 2 | 3
  /** The answer was signed for this site: WebAuthn or U2F. */
  phishingResistant: boolean
  /**
   * The authenticator verified the user (PIN, fingerprint), and this was established before: at the registration, or in a
   * sign-in beside another factor (WebAuthn Level 3, section 4, `uvInitialized`).
   */
  userVerified: boolean
  /** The key can't be backed up or synced: the flag BE is 0. Without an attestation, the authenticator's word. */
  deviceBound: boolean
  /** The same, and a trusted attestation at the registration said that the key is in hardware. */
  hardwareBound: boolean
  /** When this was proved, epoch milliseconds. */
  at: number
}

/** What an answer has to prove. A recovery code, `recover`, `reset` and a remembered browser never do. */
export interface Requirement {
  /** WebAuthn or U2F. */
  phishingResistant?: boolean
  /** See {@link Assurance.userVerified}. */
  userVerified?: boolean
  /** See {@link Assurance.deviceBound}. */
  deviceBound?: boolean
  /** See {@link Assurance.hardwareBound}. */
  hardwareBound?: boolean
}

/**
 * The ACR value of OpenID's EAP profile (Extended Authentication Profile, section 2): `phrh` for a phishing-resistant key
 * in hardware, `phr` for any other phishing-resistant answer, `undefined` for everything else.
 *
 * @example
 * const acr = acrOf(outcome.assurance) ?? 'urn:example:loa:1'
 */
export function acrOf({ phishingResistant, hardwareBound }: Pick<Assurance, 'phishingResistant' | 'hardwareBound'>): 'phr' | 'phrh' | undefined {
  if (!phishingResistant) return undefined
  return hardwareBound ? 'phrh' : 'phr'
}

/** What the core numbers proofs by, in a request, in a challenge and in an outcome. */
const bits = { phishingResistant: 1, userVerified: 2, deviceBound: 4, hardwareBound: 8 } as const
const names = Object.keys(bits) as (keyof typeof bits)[]

/** The core's number for what is required; 0: nothing, as in most sign-ins. */
export function bitsOf(require?: Requirement): number {
  return require ? names.reduce((sum, name) => sum + (require[name] === true ? bits[name] : 0), 0) : 0
}

/** The same back: what the core says is required. */
export function requirementOf(sum: number): Requirement {
  return Object.fromEntries(names.flatMap((name) => ((sum & bits[name]) === 0 ? [] : [[name, true]])))
}

/** What an outcome had, which the host has kept. */
export const checkAssurance: Check<Assurance> = object<Assurance>({
  amr: listOf(text(255), { max: 32 }),
  level: oneOf(1, 2, 3),
  phishingResistant: flag,
  userVerified: flag,
  deviceBound: flag,
  hardwareBound: flag,
  at: epochMilliseconds,
})

const checkParts = object<Requirement>({
  phishingResistant: optional(flag), userVerified: optional(flag), deviceBound: optional(flag), hardwareBound: optional(flag),
})

export const checkRequirement: Check<Requirement> = (value, name) => checkOwn(checkParts(value, name), value, name, names)

/** The option `require` of a call. */
export const requirementIfGiven = ifGiven(checkRequirement, 'to require nothing')

/** Only own members are read. A getter of a class, such as that of a database's row, must not be a requirement less. */
export function checkOwn<T extends object>(checked: T, given: unknown, name: string, members: readonly string[]): T {
  if (members.some((member) => !Object.hasOwn(checked, member) && memberOf(given as object, member) !== undefined)) {
    throw invalid(name, 'an object whose members are its own, such as { require: { phishingResistant: true } }')
  }
  return checked
}

/** All of what several require. */
export function allOf(...required: (Requirement | undefined)[]): Requirement {
  return requirementOf(required.reduce((sum, one) => sum | bitsOf(one), 0))
}

export const isRequired = (require: Requirement): boolean => bitsOf(require) !== 0

/** Names of methods, which end up in tokens and headers: the values of RFC 8176, or URIs of the host's own. */
export const checkMethods: Check<string[]> = listOf(
  (value, name) => {
    const fits = typeof value === 'string' && value.length >= 1 && value.length <= 100 && /^[!#-[\]-~]+$/.test(value)
    if (!fits) throw invalid(name, 'a value of RFC 8176 such as pwd, or another text of 1 to 100 printable ASCII characters')
    return value
  },
  { max: 8 },
)

/** What was answered, as the core says it. */
export interface Proved {
  type: FactorType
  /** The sum of {@link bits}; 0 for what is typed. */
  proofs: number
}

/** Whether `hwk` also stands for hardware that nobody has attested. */
export type Hardware = 'attested' | 'claimed'

/**
 * The assurance of a sign-in.
 *
 * @param proved what was answered: nothing, where the first factor or a remembered browser was enough
 * @param first what the host says of the first factor
 */
export function assuranceOf(
  proved: readonly Proved[], first: readonly string[] = [], at: number, hardware: Hardware = 'attested',
): Assurance {
  // In every sign-in: loops take a third of the time of sets and lists that are made of each other.
  const amr: string[] = []
  const add = (methods: readonly string[]) => {
    for (const method of methods) if (method !== 'mfa' && !amr.includes(method)) amr.push(method)
  }
  add(first)
  let [all, possession] = [0, false]
  for (const one of proved) {
    all |= one.proofs
    // Somebody's possession, beside what they know or are. Recovery codes are no authenticator (NIST SP 800-63B-4, 4.2).
    possession ||= one.type !== 'recovery'
    add(methodsOf(one, hardware))
  }
  const phishingResistant = (all & bits.phishingResistant) !== 0
  const userVerified = (all & bits.userVerified) !== 0
  const deviceBound = (all & bits.deviceBound) !== 0
  const hardwareBound = (all & bits.hardwareBound) !== 0
  const two = userVerified || first.includes('mfa') || (possession && first.some((method) => otherKinds.has(method)))
  if (two) amr.push('mfa')
  const level = !two ? 1 : phishingResistant && deviceBound ? 3 : 2
  return { amr, level, phishingResistant, userVerified, deviceBound, hardwareBound, at }
}

/** The methods of RFC 8176 that are something known, or something that the person is. */
const otherKinds: ReadonlySet<string> = new Set(['pwd', 'pin', 'kba', 'face', 'fpt', 'iris', 'retina', 'vbm'])

/** Never `pin` or `fpt`: no authenticator says by which of them it has verified its user. */
function methodsOf({ type, proofs }: Proved, hardware: Hardware): string[] {
  const isBound = (proofs & bits.deviceBound) !== 0
  const isAttested = (proofs & bits.hardwareBound) !== 0
  const hwk = isAttested || hardware === 'claimed' ? ['hwk'] : []
  switch (type) {
    case 'totp': return ['otp']
    case 'yubico': return ['otp', ...hwk]
    case 'recovery': return ['urn:countersign:amr:recovery']
    case 'u2f': return ['pop', ...hwk, 'user']
    case 'webauthn': return ['pop', ...(isBound ? hwk : ['swk']), 'user']
  }
}
