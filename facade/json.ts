/**
 * JSON text of host data that is already checked: own properties of fresh, prototype-less copies, so that a `toJSON`
 * or a getter on a polluted prototype changes nothing. `undefined` members are left out.
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(bare(value))
}

function bare(value: unknown): unknown {
  if (Array.isArray(value)) return Object.setPrototypeOf(Array.from(value, bare), null) as unknown
  if (typeof value !== 'object' || value === null) return value
  const copy = Object.create(null) as Record<string, unknown>
  for (const key of Object.keys(value)) copy[key] = bare((value as Record<string, unknown>)[key])
  return copy
}
