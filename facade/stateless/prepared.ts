import { openEnvelope } from '../shared/envelope.js'
import { own } from '../shared/check.js'
import type { Check } from '../shared/check.js'

/** A checked policy, and the core's form of it. */
interface Known<Policy, Native> {
  policy: Policy
  native: Native
}

/** More policies than most hosts use, and few enough to compare with each of them. */
const most = 8

/**
 * Keeps the policies of the last few calls, because a relying party and its policy rarely change. Each is checked and given
 * to the core once. It is found again by comparing every member by value with a copy, so a host may change its objects.
 */
export class Prepared<Policy extends object, Native> {
  readonly #names: readonly string[]
  readonly #check: Check<Policy>
  readonly #read: (policy: Policy) => Native | string
  readonly #known: Known<Policy, Native>[] = []

  /** `names`: the members of a policy. `check` returns copies. `read` returns the core's form, or the envelope of a failure. */
  constructor(names: readonly string[], check: Check<Policy>, read: (policy: Policy) => Native | string) {
    this.#names = names
    this.#check = check
    this.#read = read
  }

  /**
   * Returns the core's form of the policy in `given`. Other members are ignored.
   *
   * @throws {CountersignError} `invalid-argument`, naming the member
   */
  of(given: object): Native {
    for (const { policy, native } of this.#known) if (haveSame(this.#names, given, policy)) return native
    const policy = this.#check(given, '')
    const native = this.#read(policy)
    // It is the envelope of a failure, and opening it throws.
    if (typeof native === 'string') return openEnvelope<Native>(native).value
    this.#known.unshift({ policy, native })
    if (this.#known.length > most) this.#known.pop()
    return native
  }
}

function haveSame(names: readonly string[], given: object, kept: object): boolean {
  for (const name of names) if (!isSame(name, own(given, name), own(kept, name))) return false
  return true
}

/** Whether checking `given` would give `kept` again. */
function isSame(name: string, given: unknown, kept: unknown): boolean {
  if (typeof kept !== 'object' || kept === null) return given === kept
  if (Array.isArray(kept)) {
    if (!Array.isArray(given) || given.length !== kept.length) return false
    for (let index = 0; index < kept.length; index += 1) if (!isSame('', own(given, index), kept[index])) return false
    return true
  }
  if (kept instanceof Uint8Array) return given instanceof Uint8Array && Buffer.compare(given, kept) === 0
  const names = Object.hasOwn(members, name) ? members[name] : undefined
  if (names === undefined || typeof given !== 'object' || given === null || Array.isArray(given)) return false
  for (const key of Object.keys(given)) if (!names.includes(key)) return false
  return haveSame(names, given, kept)
}

/** The members of a policy's objects. Any other member is a mistake, and the check names it. */
const members: Record<string, readonly string[]> = {
  rp: ['id', 'name', 'origins', 'allowSubdomains', 'allowAnyPort', 'relatedOrigins'],
  crossOrigin: ['topOrigins', 'allowMissing'],
  attestationPolicy: ['tpm', 'androidKey', 'fidoU2f', 'compound'],
  tpm: ['vendors', 'allowSha1'],
  androidKey: ['securityLevel'],
  fidoU2f: ['zeroAaguid'],
  authenticators: ['allow', 'deny', 'certified', 'deviceBoundOnly', 'unknown', 'securityLevel'],
}
