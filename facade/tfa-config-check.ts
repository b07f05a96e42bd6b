import { description, flag, integer, invalid, isWellFormed, object, oneOf, optional, text } from './check.js'
import type { Check } from './check.js'
import type { YubicoOptions } from './options.js'
import type { ChallengeStore } from './stores/traits.js'
import type {
  TfaAddParameters,
  TfaConfigOptions,
  TfaExamineOptions,
  TfaOriginOption,
  TfaParseOptions,
  TfaU2fConfig,
  TfaWebauthnConfig,
  TfaWriteOptions,
} from './tfa-config-types.js'

/** An id often comes from a page's address. */
export function checkEntryId(id: unknown): void {
  if (typeof id !== 'string' || !isWellFormed(id) || id.length > 1024) throw invalid('id')
}

const challengeStore: Check<ChallengeStore> = (value, name) => {
  if (typeof value !== 'object' || value === null) throw invalid(name)
  // A store is an instance of some class: its methods are inherited.
  const methods = value as Record<string, unknown>
  if (!['put', 'take', 'clear'].every((method) => typeof methods[method] === 'function')) throw invalid(name)
  return value as ChallengeStore
}

const clock: Check<() => number> = (value, name) => {
  if (typeof value !== 'function') throw invalid(name)
  return value as () => number
}

const yubicoSecrets: Check<YubicoOptions['secrets']> = (value, name) => {
  if (typeof value !== 'function') throw invalid(name)
  return value as YubicoOptions['secrets']
}

const optionShape = {
  challenges: optional(challengeStore),
  yubico: optional(object<YubicoOptions>({ secrets: yubicoSecrets })),
  now: optional(clock),
}
const anyText = text(65_536)

export const checkOptions = object<TfaConfigOptions>(optionShape)
export const checkParseOptions = object<TfaParseOptions>({ ...optionShape, maxBytes: optional(integer(0, 2 ** 30)) })
export const checkExamineOptions = object<TfaExamineOptions>({ maxBytes: optional(integer(0, 2 ** 30)), now: optional(clock) })
export const checkWriteOptions = object<TfaWriteOptions>({ additions: optional(flag), sections: optional(flag) })
export const checkOrigin = object<TfaOriginOption>({ origin: optional(text(2048)) })
export const checkList = object<{ all?: boolean }>({ all: optional(flag) })
export const checkUpdate = object<{ description?: string; enable?: boolean }>({
  description: optional(description),
  enable: optional(flag),
})
export const checkU2f = object<TfaU2fConfig>({ appid: text(2048), origin: optional(text(2048)) })
export const checkWebauthn = object<TfaWebauthnConfig>({
  id: text(253),
  rp: text(256),
  origin: optional(text(2048)),
  allowSubdomains: optional(flag),
})
export const checkAdd = object<TfaAddParameters>({
  type: oneOf('totp', 'webauthn', 'u2f', 'recovery', 'yubico'),
  description: optional(description),
  totp: optional(anyText),
  value: optional(anyText),
  challenge: optional(anyText),
  origin: optional(text(2048)),
})
