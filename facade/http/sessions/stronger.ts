import type { Assurance } from '../../service/assurance.js'
import type { Verification } from '../options.js'

/**
 * The assurance that a session has after another proof. A weaker step-up adds nothing, and takes nothing away from a proof
 * that is still fresh. One by a recovery code does: it may say that the other factor is lost.
 *
 * @param fresh for how many milliseconds a proof is fresh
 */
export function assuranceAfter(
  before: Assurance | undefined, { purpose, factor, assurance }: Extract<Verification, { ok: true }>, fresh: number,
): Assurance {
  const replaces = !before || purpose !== 'step-up' || factor === null || factor.type === 'recovery'
  if (replaces || !isWeaker(assurance, before)) return assurance
  const age = assurance.at - before.at
  return age >= 0 && age < fresh ? before : assurance
}

/** Whether it proves nothing that the other one doesn't, and less of something. */
function isWeaker(one: Assurance, other: Assurance): boolean {
  const less = parts.some((part) => Number(one[part]) < Number(other[part]))
  return less && parts.every((part) => Number(one[part]) <= Number(other[part]))
}

const parts = ['level', 'phishingResistant', 'userVerified', 'deviceBound', 'hardwareBound'] as const
