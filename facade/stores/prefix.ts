import { invalid, text } from '../shared/check.js'
import type { Check } from '../shared/check.js'

/** What the names of tables begin with, where a name has at most 64 bytes. @internal */
export const checkPrefix: Check<string> = (value, name) => {
  const checked = text(40)(value, name)
  if (checked.includes('\0')) throw invalid(name, 'text without NUL characters')
  return checked
}
