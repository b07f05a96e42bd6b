import { parseResponse } from '../shared/answer.js'
import { own } from '../shared/check.js'

// A usual response goes to the core as lines of its few members, an unusual one as JSON text. Both mean the same, and the
// core reads both. Writing and reading JSON would take longer than everything else in a ceremony except its signature.

/** Returns the text of an authentication's response for the core, or `undefined` if it is no response. Never throws. */
export function assertionText(response: unknown): string | undefined {
  return picked(response, assertionLines) ?? parseResponse(response)
}

/** Returns the text of a registration's response for the core, or `undefined` if it is no response. Never throws. */
export function registrationText(response: unknown): string | undefined {
  return picked(response, registrationLines) ?? parseResponse(response)
}

type Members = Record<string, unknown>

/** Far below the core's limit for a response, even if each character takes three bytes. */
const mostCharacters = 20_000

const outerNames = ['id', 'rawId', 'type', 'response', 'authenticatorAttachment', 'clientExtensionResults']
const assertionNames = ['clientDataJSON', 'authenticatorData', 'signature', 'userHandle']
const registrationNames = [
  'clientDataJSON', 'attestationObject', 'transports', 'authenticatorData', 'publicKey', 'publicKeyAlgorithm',
]

function picked(response: unknown, lines: (outer: Members) => unknown[] | undefined): string | undefined {
  try {
    if (!isPlain(response, outerNames) || own(response, 'type') !== 'public-key') return undefined
    if (!decidesNothing(own(response, 'authenticatorAttachment'))) return undefined
    const texts = lines(response)
    return texts !== undefined && areShortLines(texts) ? texts.join('\n') : undefined
  } catch {
    // A getter or a proxy threw.
    return undefined
  }
}

function assertionLines(outer: Members): unknown[] | undefined {
  const inner = own(outer, 'response')
  const results = own(outer, 'clientExtensionResults') ?? {}
  if (!isPlain(inner, assertionNames) || !isPlain(results, [])) return undefined
  return [
    own(outer, 'id'),
    own(outer, 'rawId'),
    own(inner, 'clientDataJSON'),
    own(inner, 'authenticatorData'),
    own(inner, 'signature'),
    own(inner, 'userHandle') ?? '',
  ]
}

function registrationLines(outer: Members): unknown[] | undefined {
  const inner = own(outer, 'response')
  if (!isPlain(inner, registrationNames)) return undefined
  if (!decidesNothing(own(inner, 'authenticatorData')) || !decidesNothing(own(inner, 'publicKey'))) return undefined
  if (!decidesNothing(own(inner, 'publicKeyAlgorithm'))) return undefined
  return [
    own(outer, 'id'),
    own(outer, 'rawId'),
    own(inner, 'clientDataJSON'),
    own(inner, 'attestationObject'),
    transportsOf(own(inner, 'transports') ?? []),
    resultsOf(own(outer, 'clientExtensionResults') ?? {}),
  ]
}

/** The transports, with a comma after each. */
function transportsOf(transports: unknown): string | undefined {
  if (!Array.isArray(transports) || transports.length > 64 || 'toJSON' in transports) return undefined
  let text = ''
  for (let index = 0; index < transports.length; index += 1) {
    const transport = own(transports, index)
    if (typeof transport !== 'string' || !/^[\w-]+$/.test(transport)) return undefined
    text += `${transport},`
  }
  return text
}

/** The extension results as JSON, if they are only what most browsers report. */
function resultsOf(results: unknown): string | undefined {
  if (!isPlain(results, ['credProps'])) return undefined
  const properties = own(results, 'credProps') ?? {}
  if (!isPlain(properties, ['rk'])) return undefined
  const rk = own(properties, 'rk') ?? undefined
  if (rk === undefined) return '{}'
  return typeof rk === 'boolean' ? `{"credProps":{"rk":${rk}}}` : undefined
}

/** Whether `JSON.stringify` would write the object member by member, and it has no members but these. */
function isPlain(value: unknown, names: string[]): value is Members {
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  for (const name of Object.keys(value)) if (!names.includes(name)) return false
  return true
}

/** Whether a value that nothing reads is small and simple, so that it can be left out. */
function decidesNothing(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= 4096
  return value === undefined || value === null || typeof value === 'number' || typeof value === 'boolean'
}

function areShortLines(values: unknown[]): boolean {
  let characters = 0
  for (const value of values) {
    // A line break inside a member would shift the lines, and the refusal would give another reason.
    if (typeof value !== 'string' || value.includes('\n')) return false
    characters += value.length
  }
  return characters <= mostCharacters
}
