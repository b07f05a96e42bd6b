import * as types from 'node:util/types'

import { checkUser, clock, flag, integer, invalid, isEntryId, isForeignName, object, oneOf, optional, text } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import { CountersignError } from '../shared/errors.js'
import { isUsable } from '../stateless/fitting-rp.js'
import type { YubicoOptions } from '../service/options.js'
import type { ChallengeStore } from '../stores/traits.js'
import type {
  TfaConfigOptions,
  TfaExamineOptions,
  TfaParseOptions,
  TfaU2fConfig,
  TfaWebauthnConfig,
  TfaWriteOptions,
} from './types.js'

/** An id often comes from a page's address: `undefined` for one that no entry can have. */
export function checkEntryId(id: unknown): string | undefined {
  if (typeof id !== 'string') throw invalid('id', 'text')
  return isEntryId(id) ? id : undefined
}

/** A user whom a file may hold, even under a name that none can have. */
export function checkHeldUser(user: unknown): string {
  return isForeignName(user) ? user : checkUser(user)
}

const challengeStore: Check<ChallengeStore> = (value, name) => {
  const wanted = 'a challenge store with the methods put, take, clear'
  if (typeof value !== 'object' || value === null) throw invalid(name, wanted)
  // A store is an instance of some class: its methods are inherited.
  const methods = value as Record<string, unknown>
  if (!['put', 'take', 'clear'].every((method) => typeof methods[method] === 'function')) throw invalid(name, wanted)
  return value as ChallengeStore
}

const yubicoSecrets: Check<YubicoOptions['secrets']> = (value, name) => {
  if (typeof value !== 'function') throw invalid(name, 'a function')
  return value as YubicoOptions['secrets']
}

/** The bytes of a file: a copy of those that another thread could change meanwhile. */
export function configBytes(bytes: unknown): Uint8Array {
  if (!types.isUint8Array(bytes)) throw invalid('bytes')
  return types.isSharedArrayBuffer(bytes.buffer) ? new Uint8Array(bytes) : bytes
}

/** Proxmox reads this member with a URL parser, and refuses the whole file if that fails. */
const originUrl: Check<string> = (value, name) => {
  const origin = text(2048)(value, name)
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw invalid(name, 'an http or https URL with a valid host and a port up to 65535, such as https://example.com:8006')
  }
  return origin
}

const optionShape = {
  challenges: optional(challengeStore),
  additions: optional(flag),
  yubico: optional(object<YubicoOptions>({ secrets: yubicoSecrets })),
  now: optional(clock),
}

export const checkOptions = object<TfaConfigOptions>(optionShape)
export const checkParseOptions = object<TfaParseOptions>({ ...optionShape, maxBytes: optional(integer(0, 2 ** 30)), json: optional(flag) })
export const checkExamineOptions = object<TfaExamineOptions>({ maxBytes: optional(integer(0, 2 ** 30)), json: optional(flag), now: optional(clock) })
export const checkWriteOptions = object<TfaWriteOptions>({
  additions: optional(flag),
  sections: optional(flag),
  refused: optional(oneOf('fail', 'keep')),
})
export const checkList = object<{ all?: boolean }>({ all: optional(flag) })
export const checkU2f = object<TfaU2fConfig>({ appid: text(2048), origin: optional(text(2048)) })
const checkWebauthnMembers = object<TfaWebauthnConfig>({
  id: text(253),
  rp: text(256),
  origin: optional(originUrl),
  allowSubdomains: optional(flag),
})
export const checkWebauthn: Check<TfaWebauthnConfig> = (value, name) => {
  const section = checkWebauthnMembers(value, name)
  const { id, origin } = section
  if (origin !== undefined && !isUsable(origin, { id })) {
    throw new CountersignError('invalid-argument', { detail: `${name}.id must be the domain of ${name}.origin, or a parent of it` })
  }
  return section
}
