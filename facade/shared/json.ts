/**
 * JSON text of host data that is already checked, and copied: its own members and no others. `undefined` members are
 * left out.
 */
export function jsonText(value: unknown): string {
  // The one way in which a polluted prototype could change the text of such a copy.
  return JSON.stringify('toJSON' in Array.prototype ? bare(value) : value)
}

function bare(value: unknown): unknown {
  if (Array.isArray(value)) return Object.setPrototypeOf(Array.from(value, bare), null) as unknown
  if (typeof value !== 'object' || value === null) return value
  const copy = Object.create(null) as Record<string, unknown>
  for (const key of Object.keys(value)) copy[key] = bare((value as Record<string, unknown>)[key])
  return copy
}
