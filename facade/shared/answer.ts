import { fits, isWellFormed, own } from './check.js'

/** The most that an answer or a response may have, in bytes of UTF-8. */
const maxBytes = 65_536

/** More than any real response opens at once, and less than what a JSON reader may refuse as too deep. */
const maxDepth = 100

export type CodeType = 'totp' | 'recovery' | 'yubico'
export type ResponseType = 'webauthn' | 'u2f'

/** An answer in the form that the core takes: a typed code, or a ceremony's response as JSON text. */
export type ParsedAnswer = { type: CodeType; code: string } | { type: ResponseType; response: string }

/**
 * Reads an answer from outside: an object (`{ type: 'totp', code }`, `{ type: 'webauthn', response }`, ...) or its
 * text form (`totp:123456`, `webauthn:{json}`). `undefined` for whatever is neither; it never throws.
 */
export function parseAnswer(answer: unknown): ParsedAnswer | undefined {
  return guarded(() => {
    if (typeof answer === 'string') return fromText(answer)
    return typeof answer === 'object' && answer !== null ? fromObject(answer) : undefined
  })
}

/** Which member of an answer that can't be read is wrong; `undefined` for what is no answer of any type. */
export function wrongPart(answer: unknown): 'code' | 'response' | undefined {
  const type = guarded(() => {
    if (typeof answer === 'string') return answer.slice(0, Math.max(0, answer.indexOf(':')))
    return typeof answer === 'object' && answer !== null ? own(answer, 'type') : undefined
  })
  if (isResponseType(type)) return 'response'
  return isCodeType(type) ? 'code' : undefined
}

/** A response from outside, an object or JSON text, as bounded JSON text of one object; it never throws. */
export function parseResponse(response: unknown): string | undefined {
  return guarded(() => {
    const text = typeof response === 'string' ? jsonOf(response) : (JSON.stringify(response) as string | undefined)
    return text !== undefined && isResponse(text) ? text : undefined
  })
}

/** A typed code from outside; it is text, since a number has lost its leading zeros. */
export function parseCode(code: unknown): string | undefined {
  return typeof code === 'string' && code.length <= maxBytes && isWellFormed(code) ? code : undefined
}

/** The `answer` member of a request. Both parts are JSON already, so nothing is quoted twice. */
export function answerJson(answer: ParsedAnswer): string {
  return 'code' in answer
    ? `{"type":"${answer.type}","code":${JSON.stringify(answer.code)}}`
    : `{"type":"${answer.type}","response":${answer.response}}`
}

function fromText(answer: string): ParsedAnswer | undefined {
  const colon = answer.indexOf(':')
  return colon > 0 && colon <= 8 ? typed(answer.slice(0, colon), answer.slice(colon + 1)) : undefined
}

function fromObject(answer: object): ParsedAnswer | undefined {
  const type = own(answer, 'type')
  return typed(type, own(answer, isResponseType(type) ? 'response' : 'code'))
}

function typed(type: unknown, given: unknown): ParsedAnswer | undefined {
  if (isResponseType(type)) {
    const response = parseResponse(given)
    return response === undefined ? undefined : { type, response }
  }
  const code = parseCode(given)
  return code !== undefined && isCodeType(type) ? { type, code } : undefined
}

/** One JSON value as it stands: written anew, a name that occurs twice would no longer be seen and refused. */
function jsonOf(text: string): string | undefined {
  if (text.length > maxBytes || !isWellFormed(text)) return undefined
  JSON.parse(text)
  return text.trim()
}

function isResponse(json: string): boolean {
  if (json[0] !== '{' || json.length > maxBytes || !fits(json, maxBytes)) return false
  return count(json, '{') + count(json, '[') <= maxDepth || depth(json) <= maxDepth
}

/** How often a character occurs, up to one more than matters. */
function count(json: string, character: string): number {
  let found = 0
  let place = json.indexOf(character)
  while (place !== -1 && found <= maxDepth) {
    found += 1
    place = json.indexOf(character, place + 1)
  }
  return found
}

/** How many objects and lists are open at once, at most. */
function depth(json: string): number {
  let [open, most, inText] = [0, 0, false]
  for (let place = 0; place < json.length; place += 1) {
    const character = json[place]
    if (character === '"') inText = !inText
    else if (inText) place += character === '\\' ? 1 : 0
    else if (character === '{' || character === '[') most = Math.max(most, (open += 1))
    else if (character === '}' || character === ']') open -= 1
  }
  return most
}

function isCodeType(type: unknown): type is CodeType {
  return type === 'totp' || type === 'recovery' || type === 'yubico'
}

function isResponseType(type: unknown): type is ResponseType {
  return type === 'webauthn' || type === 'u2f'
}

/** Getters that throw, cycles, BigInts, revoked proxies and endless nesting all end here. */
function guarded<T>(read: () => T | undefined): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
