import { fits, isWellFormed, object, optional } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import type { FactorType } from '../shared/factor.js'
import type { TfaOriginOption, TfaRefused } from './types.js'

/**
 * What a form may have sent: nothing in it throws. Text that can't be valid, and what is no text, becomes empty, which the
 * core refuses as any other wrong text.
 */
const formText: Check<string> = (value) => (typeof value === 'string' && value.length <= 65_536 && isWellFormed(value) ? value : '')

/** Replaces a name that no entry can have, so that the core refuses it as any other wrong name. */
const formName: Check<string> = (value, name) => (formText(value, name) === value ? value : '\0')

/** Not a page's origin: the core finds no relying party for it, so keys are neither offered nor accepted. */
const formOrigin: Check<string> = (value) =>
  typeof value === 'string' && value !== '' && fits(value, 2048) && isWellFormed(value) ? value : '-'

const outside: Check<unknown> = (value) => value

const types: readonly unknown[] = ['totp', 'webauthn', 'u2f', 'recovery', 'yubico'] satisfies FactorType[]

export const checkOrigin = object<TfaOriginOption>({ origin: optional(formOrigin) })
export const checkUpdate = object<{ description?: string; enable?: unknown }>({ description: optional(formName), enable: outside })
export const checkAddTotp = object<{ description: string; uri: string }>({ description: formName, uri: formText })
export const checkAdd = object<{ type: unknown; description?: string; totp?: string; value?: string; challenge?: string; origin?: string }>({
  type: outside,
  description: optional(formName),
  totp: optional(formText),
  value: optional(formText),
  challenge: optional(formText),
  origin: optional(formOrigin),
})

export const isType = (type: unknown): boolean => types.includes(type)
export const isFlag = (value: unknown): boolean => value === undefined || typeof value === 'boolean'

/** The refusal of a parameter that the core doesn't get. */
export function unusable(name: string, wanted: string): TfaRefused {
  return { ok: false, reason: 'parameter', message: `'${name}' parameter must be ${wanted}` }
}
