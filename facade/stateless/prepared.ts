import { openEnvelope } from '../shared/envelope.js'
import { own } from '../shared/check.js'
import type { Check } from '../shared/check.js'

/** A policy that was checked and read once. */
interface Known<Policy, Native> {
  policy: Policy
  native: Native
}

/** Finds more than most hosts use, and is looked through in no time. */
const most = 8

/**
 * The policies of the last few calls, each checked and read once, because a relying party and what it asks for rarely
 * change. One is found again by comparing every member by value with a copy, so a host may change its objects.
 */
export class Prepared<Policy extends object, Native> {
  readonly #names: readonly string[]
  readonly #check: Check<Policy>
  readonly #read: (policy: Policy) => Native | string
  readonly #known: Known<Policy, Native>[] = []

  /** `names`: the members of a policy. `check` makes copies. `read` returns the core's form, or a failure envelope. */
  constructor(names: readonly string[], check: Check<Policy>, read: (policy: Policy) => Native | string) {
    this.#names = names
    this.#check = check
    this.#read = read
  }

  /**
   * Returns the core's form of a policy: of those members of `given` that are the policy's.
   *
   * @throws {CountersignError} `invalid-argument`, naming the member
   */
  of(given: object): Native {
    for (const { policy, native } of this.#known) if (haveSame(this.#names, given, policy)) return native
    const policy = this.#check(given, '')
    const native = this.#read(policy)
    // A failure; this throws it.
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

/** Whether a check would take `given` and make `kept` of it once more. */
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

/** Of a policy's objects. Any other member in one of them is a mistake, which the check names. */
const members: Record<string, readonly string[]> = {
  rp: ['id', 'name', 'origins', 'allowSubdomains', 'allowAnyPort', 'relatedOrigins'],
  crossOrigin: ['topOrigins', 'allowMissing'],
}
