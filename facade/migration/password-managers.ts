import { isKeyUri } from '../shared/key-uri.js'
import { fromJson, integer, isRow, member, members, names, plainName, scanned } from './values.js'

// One-time passwords in the entries of password managers and apps that spell them in ways of their own.

/**
 * KeePass 2 (`TimeOtp-...`, `HmacOtp-...`) and the plugins TrayTOTP and KeeOtp. `undefined`: none of them. The fields of
 * an entry may be a list of `Key` and `Value`, as its XML has them.
 */
export function fromKeePass(given: object): object | undefined {
  const row = fieldsOf(given)
  const about = { description: member(row, 'title'), account: member(row, 'username') }
  const timed = encodings.filter(([name]) => filled(row, `timeotpsecret${name}`))
  const [spelt, ...others] = timed
  if (spelt) {
    const [name, encoding] = spelt
    return {
      // Which of several counts is the program's to know.
      secret: others.length > 0 ? '?' : member(row, `timeotpsecret${name}`), encoding, type: 'totp',
      digits: member(row, 'timeotplength'), period: member(row, 'timeotpperiod'), algorithm: member(row, 'timeotpalgorithm'), ...about,
    }
  }
  if (encodings.some(([name]) => filled(row, `hmacotpsecret${name}`))) return { type: 'hotp', secret: '?', ...about }
  if (filled(row, 'totpseed') && names(row, 'totpsettings')) {
    const [period, digits] = `${member(row, 'totpsettings') as string}`.split(';').map((part) => part.trim())
    return { secret: member(row, 'totpseed'), ...(digits === 'S' ? { type: 'steam' } : { digits: digits ?? '?' }), period, ...about }
  }
  const otp = member(row, 'otp')
  return typeof otp === 'string' && otp.slice(0, 4).toLowerCase() === 'key=' ? { ...fromKeeOtp(otp), ...about } : undefined
}

/** `key=...&size=8&step=60&otpHashMode=Sha256&type=Totp`. */
function fromKeeOtp(text: string): object {
  const parts = Object.fromEntries(new URLSearchParams(text.replaceAll('+', '%2B')))
  return {
    secret: member(parts, 'key'), encoding: encodingOf(member(parts, 'encoding')), digits: member(parts, 'size'), period: member(parts, 'step'),
    algorithm: member(parts, 'otphashmode'), type: member(parts, 'type'),
  }
}

const encodingOf = (name: unknown) => (name === undefined ? undefined : `${name as string}`.toLowerCase().replace(/^utf-?8$/, 'utf8'))

const encodings = [['', 'utf8'], ['hex', 'hex'], ['base32', 'base32'], ['base64', 'base64']] as const

const filled = (row: object, name: string): boolean => {
  const value = member(row, name)
  return typeof value === 'string' && value.trim() !== ''
}

function fieldsOf(row: object): object {
  const list = member(row, 'strings', 'string')
  if (!Array.isArray(list) || !list.every((one) => isRow(one) && names(one, 'key') && names(one, 'value'))) return row
  return Object.fromEntries(list.map((one: object) => [`${member(one, 'key') as string}`, member(one, 'value')]))
}

/** A row of Stratum (Authenticator Pro), where numbers stand for the kind and the algorithm. */
export function fromStratum(row: object): object | undefined {
  if (!['secret', 'type', 'algorithm', 'copycount', 'ranking'].every((name) => names(row, name))) return undefined
  const [type, algorithm] = [integer(member(row, 'type'), 99), integer(member(row, 'algorithm'), 99)]
  if (type === undefined || algorithm === undefined) return undefined
  return {
    type: ['hotp', 'totp', 'motp', 'steam', 'yandex'][type - 1] ?? 'other',
    algorithm: ['SHA1', 'SHA256', 'SHA512'][algorithm] ?? algorithm,
    secret: member(row, 'secret'), digits: member(row, 'digits'), period: member(row, 'period'),
    issuer: member(row, 'issuer'), account: member(row, 'username'),
  }
}

/** The one-time passwords of an item of 1Password: of its command line, or of an export (`.1pux`). */
export function onePasswordItems(row: object): object[] | undefined {
  const [details, overview, fields] = [member(row, 'details'), member(row, 'overview'), member(row, 'fields')]
  const about = (text: unknown) => ({ secret: text, description: member(isRow(overview) ? overview : row, 'title') })
  if (isRow(details) && isRow(overview)) {
    const sections = member(details, 'sections')
    const all = (Array.isArray(sections) ? sections : []).filter(isRow).flatMap((one) => members(one, 'fields').flat()).filter(isRow)
    return all.map((field) => member(field, 'value')).filter(isRow).flatMap((value) => members(value, 'totp')).map(about)
  }
  const isOtp = (field: object) => plainName(`${member(field, 'type') as string}`) === 'otp'
  if (!Array.isArray(fields) || !fields.every(isRow) || !fields.some(isOtp)) return undefined
  return fields.filter(isOtp).map((field) => about(member(field, 'value') ?? null))
}

/** A text with a key URI in each line, as Ente and others export them. */
export function uriLines(text: unknown): string[] | undefined {
  if (typeof text !== 'string' || fromJson(text) !== undefined) return undefined
  const lines = text.split('\n').map((line) => scanned(line.trim())).filter((line) => line !== '')
  return lines.length > 1 && lines.every(isKeyUri) ? lines : undefined
}
