import { base64url, invalid, listOf, object, oneOf, optional, own } from '../shared/check.js'
import type { Check } from '../shared/check.js'
import { randomBytes } from '../shared/crypto.js'
import type { SealKey, SealOptions } from './options.js'

/** Bytes of a key. */
const keyLength = 32

/** What a sealing is made with. The bytes are a copy, to be wiped by whoever takes it. */
export interface CheckedSeal {
  ids: string[]
  /** One key after the other. */
  keys: Buffer
  acceptPlain: boolean
}

/** The option `seal`: what it says, or what is to be asked for that. */
export type SealSource = CheckedSeal | (() => SealOptions | Promise<SealOptions>)

/** Whether a key can have this id. */
export const isKeyId = (text: string): boolean => text.length <= 32 && /^[\w-]+$/.test(text)

const checkId: Check<string> = (value, name) => {
  if (typeof value !== 'string' || !isKeyId(value)) throw invalid(name, '1 to 32 characters of A-Z a-z 0-9 _ -')
  return value
}

const checkText = base64url(keyLength, keyLength)

/** The bytes of a key; the message of what is none names the key by its id. */
function bytesOf(key: unknown, id: string): Buffer {
  const name = `seal.keys: the key "${id}"`
  const wanted = '32 secret bytes, as a Uint8Array or base64url text (countersign keys new makes them)'
  const bytes = Buffer.alloc(keyLength)
  if (key instanceof Uint8Array) {
    if (key.length !== keyLength) throw invalid(name, wanted)
    bytes.set(key)
    return bytes
  }
  try {
    bytes.write(checkText(key, name), 'base64url')
  } catch {
    throw invalid(name, wanted)
  }
  return bytes
}

interface KeyShape {
  id: string
  key: unknown
}

const checkKey = object<KeyShape>({ id: checkId, key: (value) => value })

const checkKeys: Check<{ ids: string[]; keys: Buffer }> = (value, name) => {
  const given = listOf(checkKey, { min: 1, max: 100 })(value, name)
  const ids = given.map(({ id }) => id)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice !== undefined) throw invalid(name, `keys with different ids ("${twice}" is there twice)`)
  const keys = Buffer.alloc(given.length * keyLength)
  for (const [index, one] of given.entries()) {
    const bytes = bytesOf(own(one, 'key'), one.id)
    bytes.copy(keys, index * keyLength)
    bytes.fill(0)
  }
  return { ids, keys }
}

interface Shape {
  keys: { ids: string[]; keys: Buffer }
  plain?: SealOptions['plain']
}

const checkShape = object<Shape>({ keys: checkKeys, plain: optional(oneOf('refuse', 'accept')) })

/** The option `seal` as it is given to `open()`. */
export const checkSealSource: Check<SealSource> = (value) =>
  typeof value === 'function' ? (value as () => SealOptions) : checkSeal(value)

/** What it says, however that came. */
export function checkSeal(value: unknown): CheckedSeal {
  const { keys, plain = 'refuse' } = checkShape(value, 'seal')
  return { ...keys, acceptPlain: plain === 'accept' }
}

/**
 * Reads a file of keys, as `countersign keys new` writes them: a line for each, its id and the key in base64url. The first
 * one seals. Empty lines and those that begin with `#` don't count.
 *
 * @throws CountersignError `invalid-argument`: names the line, or the key by its id
 * @example
 * const seal = { keys: parseSealKeys(await readFile('/run/secrets/countersign-keys', 'utf8')) }
 */
export function parseSealKeys(text: string): SealKey[] {
  if (typeof text !== 'string') throw invalid('keys', 'the text of a file of keys')
  const keys: SealKey[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const [id = '', key, ...more] = line.trim().split(/[ \t]+/)
    if (id === '' || id.startsWith('#')) continue
    const place = `line ${index + 1} of the keys`
    if (key === undefined || more.length > 0) throw invalid(place, 'an id and a key, with a space between them')
    checkId(id, place)
    keys.push({ id, key: new Uint8Array(bytesOf(key, id)) })
  }
  if (keys.length === 0) throw invalid('keys', 'at least one line with an id and a key')
  return keys
}

/** A new line for such a file. */
export function newSealKey(id: string): string {
  checkId(id, 'id')
  return `${id} ${randomBytes(keyLength).toString('base64url')}`
}
