import { invalid, isWellFormed } from '../shared/check.js'

/** A text that a SQL database keeps as it is; any other is refused as `invalid-argument`. */
export function storable(value: unknown, name: string): string {
  if (!isStorable(value)) throw invalid(name, 'well-formed text without NUL characters')
  return value
}

export function isStorable(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0') && isWellFormed(value)
}
