import { boolean, fromJson, isRow, member, members } from './values.js'

// Secrets that a framework or a library has encrypted, told by the form that it gives them. Nothing here has the key.

/** Whether this is such a secret: a text, or an object with an initialization vector beside its data. */
export function isSealed(value: unknown): boolean {
  const given = fromJson(value) ?? value
  if (typeof given === 'string') return isSealedText(given.trim())
  return isRow(given) && (isEnvelope(given) || isSealedBinary(given))
}

/** Whether a row says that its secret is encrypted: by what stands beside it, or by its name. */
export function hasSealed(row: object, secretNames: readonly string[]): boolean {
  // What a program has decrypted stands beside what it was.
  if (members(row, 'decryptedseed', 'decryptedsecret').some(isFilled)) return false
  if (boolean(member(row, 'encrypted', 'isencrypted')) === true) return true
  const beside = secretNames.flatMap((name) => [`${name}iv`, `${name}nonce`, `${name}authtag`])
  const named = secretNames.flatMap((name) => [`encrypted${name}`, `${name}encrypted`, `${name}ciphertext`])
  return [...members(row, 'iv', 'authtag', ...beside), ...members(row, ...named)].some(isFilled)
}

/** A name in a row that holds a text or bytes, and no flag. */
const isFilled = (value: unknown) => (typeof value === 'string' && value.trim() !== '') || (typeof value === 'object' && value !== null)

/** Laravel's and many a hand-written one; Rails writes `{ p, h: { iv, at } }`. */
function isEnvelope(row: object): boolean {
  const [headers] = members(row, 'h')
  if (isRow(headers) && members(row, 'p').length > 0) return true
  return members(row, 'iv', 'nonce').length > 0 && members(row, ...payloads).length > 0
}

const payloads = ['value', 'ciphertext', 'ct', 'content', 'data', 'payload', 'encrypted', 'encrypteddata', 'encryptedvalue', 'tag', 'authtag', 'mac']

/** MongoDB's subtype of what its drivers encrypt. */
function isSealedBinary(row: object): boolean {
  const [inner] = members(row, '$binary')
  const [type] = members(isRow(inner) ? inner : row, 'subtype')
  return type === 6 || type === '6' || type === '06'
}

function isSealedText(text: string): boolean {
  if (prefixes.some((prefix) => text.startsWith(prefix))) return true
  // Those that other texts could begin with are as long as what their library makes at least.
  if (text.length >= 100 && longPrefixes.some((prefix) => text.startsWith(prefix)) && !/^[2-7A-Za-z]+$/.test(text)) return true
  return isDefuse(text) || isLaravel(text) || isPieces(text)
}

/** Jasypt, SOPS and many others (`enc:`), Vault, Spring, OpenSSL and CryptoJS, iron, Ansible, PGP and age, better-auth, cloak. */
const prefixes = [
  'enc:', 'ENC:', 'ENC(', 'ENC[', 'encrypted:', 'vault:v', '{cipher}', 'U2FsdGVkX1', 'Fe26.', '$ANSIBLE_VAULT;',
  '-----BEGIN PGP MESSAGE', '-----BEGIN AGE ENCRYPTED', '$ba$', 'v1.aesgcm256.', 'aes:', 'aes-256-', 'aes256:', 'kms:',
]
/** Fernet (Django, Python), ASP.NET's data protection, Halite (PHP). */
const longPrefixes = ['gAAAA', 'CfDJ8', 'MUIE', 'MUIF']

/** Symfony and others with defuse/php-encryption: a version, a salt, a vector and a MAC of 84 bytes in hexadecimal. */
const isDefuse = (text: string) => text.startsWith('def50200') && text.length >= 168 && /^[\da-f]+$/.test(text)

/** Base64 of the JSON of an envelope. */
function isLaravel(text: string): boolean {
  if (!text.startsWith('eyJ') || !/^[\d+/=A-Za-z]+$/.test(text)) return false
  const json = fromJson(Buffer.from(text, 'base64').toString('utf8'))
  return isRow(json) && isEnvelope(json)
}

/**
 * Pieces with marks between them, none of which an encoding of a key has: Rails (`data--iv--tag`, `data--digest`),
 * Nextcloud (`data|iv|mac|3`), JWE, and `iv:tag:data` in hexadecimal or base64.
 */
function isPieces(text: string): boolean {
  const [rails, cloud, jwe, colons] = ['--', '|', '.', ':'].map((mark) => text.split(mark))
  if (rails!.length === 3 && rails!.every(isBase64) && rails![1]!.length === 16 && rails![2]!.length === 24) return true
  if (rails!.length === 2 && isBase64(rails![0]!) && [40, 64].includes(rails![1]!.length) && isHex(rails![1]!)) return true
  if ([3, 4].includes(cloud!.length) && cloud!.slice(0, 3).every((piece) => piece.length >= 16 && isBase64(piece))) return true
  if (jwe!.length === 5 && jwe![0]!.startsWith('eyJ')) return true
  if (![2, 3].includes(colons!.length) || !colons!.every((piece) => piece.length >= 16)) return false
  // Vectors have 12 or 16 bytes.
  const has = (...lengths: number[]) => colons!.some((piece) => lengths.includes(piece.length))
  return colons!.every(isHex) ? has(24, 32) : colons!.every(isBase64) && has(16, 24)
}

const isHex = (text: string) => /^[\dA-Fa-f]+$/.test(text)
const isBase64 = (text: string) => /^[\w+/-]+={0,2}$/.test(text)
