import * as binding from '#binding'

import { isWellFormed, own } from '../shared/check.js'
import { openEnvelope } from '../shared/envelope.js'
import { jsonText } from '../shared/json.js'
import { isKeyUri } from '../shared/key-uri.js'
import { checkOptions } from './options.js'
import type { OtplibOptions, SecretEncoding, SecretOptions, SpeakeasyOptions } from './options.js'
import { instead, secretRows } from './rows.js'
import { fromLibpam } from './libpam.js'
import { algorithms, asideOf, digits as digitsOf, otherKind, otherTime, periods as periodsOf } from './codes.js'
import type { Values } from './codes.js'
import { hasSealed, isSealed } from './sealed.js'
import { standing } from './standing.js'
import type { ForeignRecovery, ForeignTotp, Left, LeftReason, Migration, MigrationNote } from './types.js'
import {
  base64url, boolean, dataOfUrl, fromJson, isRow, member, members, name, names, percentDecoded, plainName, scanned, time,
} from './values.js'

/**
 * Reads secrets of otplib: the text, a key URI, or a row with `secret` (also `totpSecret`, `two_factor_secret`,
 * `key`, ...) and, where they differ from the options, `encoding`, `algorithm` (`algo`, `digest`, `hash`), `digits`,
 * `period` (`step`, `interval`, `timeStep`), `account`, `issuer`, `description`, `createdAt`.
 *
 * A row whose secret is null or empty is no factor. What a framework has encrypted is left as `encrypted`. Members that
 * contradict each other are refused.
 *
 * @param secrets one or a list
 *
 * @example
 * const found = fromOtplib(row.secret, { version: 12 })
 * const { taken, left } = await countersign.importFactors(row.user, found)
 */
export function fromOtplib(secrets: unknown, options: OtplibOptions = {}): Migration {
  const { version = 13, encoding = 'base32', ...about } = checkOptions.otplib(options, '')
  return collect(secrets, (row, place) => read(row, place, { ...about, encoding, repeated: version < 13 }))
}

/**
 * Reads secrets of otpauth: the base32 text, a key URI, a `TOTP` object, or a row with `secret` as
 * {@link fromOtplib} takes it.
 *
 * @param secrets one or a list
 */
export function fromOtpauth(secrets: unknown, options: SecretOptions = {}): Migration {
  const about = checkOptions.secrets(options, '')
  return collect(secrets, (row, place) => read(row, place, { ...about, encoding: 'base32' }))
}

/**
 * Reads secrets of speakeasy: the text, the result of `generateSecret()`, or a row with `secret` as {@link fromOtplib}
 * takes it.
 *
 * @param secrets one or a list
 */
export function fromSpeakeasy(secrets: unknown, options: SpeakeasyOptions): Migration {
  const about = checkOptions.speakeasy(options ?? {}, '')
  return collect(secrets, (row, place) => read(row, place, { ...about, startNames: ['epoch'] }))
}

/**
 * Reads secrets of better-auth's two-factor plugin: rows of its table or the secrets alone, **decrypted** with its own
 * `symmetricDecrypt`. The key is the UTF-8 of that text, even if it looks like base32. `backupCodes`, decrypted as well, are
 * taken as recovery codes: those that are left go on working, once each.
 *
 * @param secrets one or a list
 *
 * @example
 * const secret = await symmetricDecrypt({ key: process.env.BETTER_AUTH_SECRET, data: row.secret })
 * const backupCodes = await symmetricDecrypt({ key: process.env.BETTER_AUTH_SECRET, data: row.backupCodes })
 * const found = fromBetterAuth({ ...row, secret, backupCodes })
 */
export function fromBetterAuth(secrets: unknown, options: SecretOptions = {}): Migration {
  const about = checkOptions.secrets(options, '')
  return collect(secrets, (row, place) => {
    const { secret, backupCodes } = isRow(row) ? better(row) : better({ secret: row })
    const off = isRow(row) && secret !== null && !isEmpty(secret) ? standing(row) : undefined
    if (off) return [{ what: place, reason: off }]
    // The row's `name` and the like are none of the factor.
    const created = isRow(row) ? member(row, 'createdat') : undefined
    const codes = readCodes(backupCodes, `${place} backupCodes`, time(created))
    if (isEncrypted(secret)) return [{ what: place, reason: 'encrypted' }, ...codes]
    // The codes last: they need another factor beside them.
    const found = secret === null ? [] : read({ secret, createdAt: created }, place, { ...about, encoding: 'utf8' })
    return [...found, ...codes]
  })
}

function better(row: object): { secret: unknown; backupCodes: unknown } {
  const secret = member(row, 'secret') ?? (names(row, 'secret') && own(row, 'secret') === null ? null : undefined)
  return { secret, backupCodes: member(row, 'backupcodes') }
}

/** What is left of a set: JSON of a list of texts once it is decrypted. Some are made by the program's own function. */
function readCodes(
  given: unknown, what: string, created: number | undefined, named = 'backupCodes',
): (ForeignRecovery | Left)[] {
  if (given === undefined || given === null || given === '') return []
  if (isEncrypted(given)) return [{ what, reason: 'encrypted' }]
  const codes = fromJson(given) ?? given
  const isText = (code: unknown): code is string => typeof code === 'string' && code !== '' && code.length <= 64 && isWellFormed(code)
  if (!Array.isArray(codes) || !codes.every(isText)) return [{ what, reason: 'malformed', member: named }]
  // Every one is used: there is nothing to take.
  if (codes.length === 0) return []
  if (codes.length > 100) return [{ what, reason: 'recovery-codes' }]
  return [{ what, description: '', ...(created !== undefined && { created }), notes: [], recovery: { codes } }]
}

/** Better-auth's own form is a nonce, a tag and at least a byte in hexadecimal, or says which key it is for. */
function isEncrypted(secret: unknown): boolean {
  return isSealed(secret) || (typeof secret === 'string' && secret.length >= 82 && /^[\da-f]+$/.test(secret))
}

export type Found = { uri: string; name?: string; notes: MigrationNote[] } | { name?: string; reason: LeftReason; member?: string }

/** A found secret in the words of a report; `place` stands before its name. */
export function report(
  found: Found, place: string, about: { description?: string; created?: number } = {},
): ForeignTotp | Left {
  const what = found.name === undefined ? place : `${place} ${name(found.name) ?? ''}`.trimEnd()
  if ('reason' in found) return { what, reason: found.reason, ...(found.member && { member: found.member }) }
  return { what, description: 'authenticator app', ...about, uri: found.uri, notes: found.notes }
}

/** The recovery codes in a row of an app or inside it, once they are decrypted. Most programs keep only hashes. */
function besides(layers: object[], place: string, created: number | undefined): (ForeignRecovery | Left)[] {
  const all = layers.flatMap((layer) => Object.keys(layer).map((key) => ({ key, name: plainName(key), value: own(layer, key) })))
  const kept = all.filter(({ name, value }) => recoveryNames.test(name) && isFilled(value))
  const [first, ...others] = kept
  if (first === undefined) return []
  // One set can be taken. What else there is, is told.
  const also = others.filter((one) => one.value !== first.value).map(({ key }): Left => ({ what: `${place} ${key}`, reason: 'recovery-codes' }))
  return [...ofOne(first, all, place, created), ...also]
}

/** One set of them, beside all that the row has. */
function ofOne({ key, value }: Named, all: Named[], place: string, created: number | undefined): (ForeignRecovery | Left)[] {
  const given = fromJson(value) ?? value
  const what = `${place} ${key}`
  if (isSealed(given)) return [{ what, reason: 'encrypted' }]
  // Which of them were used stands somewhere else, or they are hashes.
  if (all.some(({ name, value: used }) => usedNames.test(name) && saysUsed(used)) || plainName(key).includes('hash')) return [{ what, reason: 'recovery-codes' }]
  const listed = typeof given === 'string' ? given.replace(/^\{(.*)\}$/, '$1').split(/[\s,;"]+/).filter((code) => code !== '') : given
  const codes = Array.isArray(listed) && listed.length > 0 && listed.every(saysWhetherUsed) ? listed.filter((one) => !isUsed(one)).map((one) => member(one, 'code')) : listed
  // As GitLab, Rails and most others keep them; no code has so many digits, or such marks.
  const isHash = (code: unknown) => typeof code === 'string' && (code.includes('$') || (code.length >= 32 && /^[\dA-Fa-f]+$/.test(code)) || code.length > 64)
  if (Array.isArray(codes) && codes.some(isHash)) return [{ what, reason: 'recovery-codes' }]
  return readCodes(codes, what, created, key)
}

interface Named {
  key: string
  name: string
  value: unknown
}

const recoveryNames = /^(?:hashed)?(?:twofactor|2fa|tfa|mfa|otp|totp|google2fa)?(?:recovery|backup|scratch|emergency)(?:codes|tokens|keys)(?:hash|hashes|hashed)?$/
const usedNames = /(?:^|[^n])(?:used|spent|consumed|redeemed)(?:codes|(?:recovery|backup|scratch|emergency)(?:code|token|key))|(?:recovery|backup|scratch|emergency)(?:codes|tokens|keys)(?:used|spent|consumed|redeemed)/
/** Which were used, or how many. */
const saysUsed = (value: unknown) => isFilled(value) || Number(value) > 0
const isFilled = (value: unknown) =>
  (typeof value === 'string' && value.trim() !== '') || (typeof value === 'object' && value !== null && Object.keys(value).length > 0)

/** One code with whether or when it was used, as Laragear keeps them. */
const saysWhetherUsed = (one: unknown): one is object => isRow(one) && names(one, 'code') && names(one, 'used', 'isused', 'usedat', 'usedon', 'consumedat')
const isUsed = (one: object) =>
  members(one, 'used', 'isused', 'usedat', 'usedon', 'consumedat').some((value) => value !== '' && boolean(value) !== false) ||
  members(one, 'status', 'state').some((state) => typeof state === 'string' && usedStates.has(plainName(state)))
const usedStates = new Set(['used', 'spent', 'consumed', 'redeemed', 'revoked', 'expired'])

function collect(
  rows: unknown, reading: (row: unknown, place: string) => (ForeignTotp | ForeignRecovery | Left)[],
): Migration {
  const migration: Migration = { factors: [], left: [] }
  const isWhole = (row: object) => unfold(row).some((layer) => heldBy(layer) !== undefined)
  for (const [index, row] of secretRows(rows, isWhole).entries()) {
    for (const found of reading(row, `[${index}]`)) {
      if ('reason' in found) migration.left.push(found)
      else migration.factors.push(found)
    }
  }
  return migration
}

interface About extends SecretOptions {
  encoding: SecretEncoding
  repeated?: boolean
  /** What this library calls the time from which steps are counted, if not `t0`. */
  startNames?: string[]
}

function read(text: unknown, place: string, about: About): (ForeignTotp | ForeignRecovery | Left)[] {
  const given = typeof text === 'string' && isKeyUri(scanned(text)) ? scanned(text) : text
  if (given === null || isEmpty(given)) return []
  const file = typeof given === 'string' && about.encoding === 'base32' ? fromLibpam(given) : undefined
  if (file) return read({ ...file.row, scratchCodes: file.codes }, place, { encoding: 'base32' })
  const json = fromJson(given)
  const found = isRow(given) ? given : isRow(json) ? json : { secret: given }
  if (!names(found, ...secretNames) && isSealed(found)) return [{ what: place, reason: 'encrypted' }]
  // Bytes as a driver or JSON has them are no row.
  const row = !names(found, ...secretNames) && base64url(found) !== undefined ? { secret: found } : found
  const layers = [unfold(row), unfold(row, columnNames)].find((some) => some.some((one) => heldBy(one) !== undefined)) ?? unfold(row)
  const all = (...wanted: string[]) => layers.flatMap((layer) => members(layer, ...wanted))
  const { issuer, account } = ownerOf(name(all('issuer', 'issuername')[0]), name(all('account', 'label', 'accountname')[0]))
  let owner = [issuer, account].filter((one) => one !== undefined).join(': ')
  const left = (reason: LeftReason, of?: string): Left[] => {
    return [{ what: `${place} ${owner}`.trimEnd(), reason, ...(of !== undefined && { member: of }) }]
  }
  const holder = layers.find((layer) => heldBy(layer) !== undefined) ?? row
  const held = heldBy(holder)
  const sealed = isSealed(held) || layers.some((layer) => hasSealed(layer, secretNames))
  const isNone = layers.some((layer) => names(layer, ...secretNames) && !isUndefined(layer)) || isNull(row)
  if (held === undefined && !sealed && isNone) return []
  const off = standing(...layers)
  if (off) return left(off)
  if (sealed) return left('encrypted')
  const other = held === undefined ? instead(row, ['totp', 'otp', 'hotp']) : undefined
  if (other) return left(other)
  const source = readSource(held, holder, about.encoding)
  if (source === undefined) return left('malformed', 'secret')
  const unlike = otherKind(layers) ?? otherTime(layers, about.startNames ?? [])
  if (unlike !== undefined) return left(why(unlike).reason, why(unlike).member)
  const others = members(holder, ...certainNames).filter((one) => typeof one === 'string' && !isEmpty(one) && one !== held)
  if (others.some((one) => !isSame(source, readSource(one, {}, about.encoding)))) return left('malformed', 'secret')
  const uri = 'uri' in source ? source.uri : all(...uriNames).find((one): one is string => typeof one === 'string' && isKeyUri(one) && fits(one))
  const spelt = uri === undefined ? undefined : migrate({ uri, account, issuer })
  // A URI beside the secret says what its codes are like.
  if (spelt && 'reason' in spelt) return [report(spelt, place)]
  if (owner === '') owner = name(spelt?.name) ?? ''
  // What apps keep in a URI beside what they read.
  const aside = uri === undefined ? [] : asideOf(uri)
  const unused = standing(...aside) ?? otherKind(aside) ?? otherTime(aside, [])
  if (unused !== undefined) return left(why(unused).reason, why(unused).member)
  const said = spelt && new URL(spelt.uri).searchParams
  if (said && 'secret' in source && keyOf(source) !== said.get('secret')) return left('malformed', 'secret')
  const also = (of: string): string[] => {
    const value = said?.get(of)
    return typeof value === 'string' ? [value] : []
  }
  const told = [...layers, ...aside]
  const digits = agreed(digitsOf(told), also('digits').map(Number), about.digits, 6)
  if (digits === null) return left('malformed', 'digits')
  const periods = periodsOf(told)
  const period = agreed(periods, also('period').map(Number), about.period, 30)
  if (period === null) return left('malformed', 'period')
  // Nobody has steps of over an hour: these are milliseconds.
  if (periods.named.length > 0 && period !== undefined && period > 3600) return left('unsupported-period')
  const algorithm = agreed(algorithms(told), also('algorithm'), about.algorithm, 'SHA1')
  if (algorithm === null) return left('malformed', 'algorithm')
  const { repeated } = about
  const reading = 'uri' in source && spelt ? spelt : migrate({ ...source, repeated, algorithm, digits, period, account, issuer })
  const description = name(member(row, 'description', 'name')) ?? about.description
  const created = time(member(row, 'createdat', 'created', 'createdon'))
  const named = { ...(description !== undefined && { description }), ...(created !== undefined && { created }) }
  // The codes last: they need another factor beside them.
  return [report(reading, place, named), ...besides(layers, place, created)]
}

type Unused = ReturnType<typeof standing> | ReturnType<typeof otherKind> | ReturnType<typeof otherTime>

/** What of a row or a URI can't be used, as a report says it. */
function why(unused: Exclude<Unused, undefined>): { reason: LeftReason; member?: string } {
  if (typeof unused === 'object') return { reason: 'malformed', member: unused.malformed }
  return unused === 't0' || unused === 'drift' ? { reason: 'malformed', member: unused } : { reason: unused }
}

const heldBy = (layer: object): unknown => members(layer, ...secretNames).find((one) => !isEmpty(one))

/** No secret, however a column has it. */
const isEmpty = (value: unknown) =>
  (typeof value === 'string' && value.trim() === '') || (ArrayBuffer.isView(value) && value.byteLength === 0)

const migrate = (request: object): Found => openEnvelope<Found>(binding.migrateTotp(jsonText(request))).value

/** The key of a secret as key URIs spell it. */
function keyOf(source: Source): string | null {
  const found = migrate(source)
  return 'uri' in found ? new URL(found.uri).searchParams.get('secret') : null
}

function isSame(one: Source, other: Source | undefined): boolean {
  return other !== undefined && keyOf(one) === keyOf(other)
}

/** A row, and what describes its codes inside it: the secret itself as an object, or settings beside it. Either may be JSON text. */
function unfold(row: object, more: readonly string[] = [], depth = 0): object[] {
  const inner = members(row, ...secretNames, ...settingNames, ...more).map((value) => fromJson(value) ?? value)
  return [row, ...(depth < 3 ? inner.filter(isRow).flatMap((one) => unfold(one, more, depth + 1)) : [])]
}

/** Columns that may hold anything: looked into where the secret is nowhere else. */
const columnNames = ['data', 'properties', 'attributes', 'configdata', 'value', 'details']

const subjectNames = ['twofactor', 'twofactorauth', 'twofactorauthentication', 'twofa', '2fa', 'mfa', 'tfa', 'authenticator', 'google2fa']
const settingNames = ['otp', 'totp', 'info', 'options', 'settings', 'config', 'parameters', 'content', 'otpgenerator', ...subjectNames]

/** Such as `twoFactor: null` in the document of a user. */
const isNull = (row: object) => names(row, 'otp', 'totp', ...subjectNames) && members(row, 'otp', 'totp', ...subjectNames).length === 0

/** Some apps write the issuer twice, and some only in the label. */
function ownerOf(issuer: string | undefined, label: string | undefined): Record<'issuer' | 'account', string | undefined> {
  const colon = label?.indexOf(':') ?? -1
  const before = colon > 0 ? name(label!.slice(0, colon)) : undefined
  if (issuer !== undefined && label?.startsWith(`${issuer}:`)) return { issuer, account: name(label.slice(issuer.length + 1)) }
  return issuer === undefined && before !== undefined ? { issuer: before, account: name(label!.slice(colon + 1)) } : { issuer, account: label }
}

const uriNames = ['otpauthurl', 'otpauthuri', 'keyuri', 'uri', 'otpauth', 'totpuri', 'totpurl', 'provisioninguri']
/** Names that hold nothing but the secret: if a row has several, they have to agree. */
const certainNames = [
  ...['', 'totp', 'otp', 'mfa', '2fa', 'tfa', 'twofa', 'twofactor', 'twofactorauth', 'twofactorauthentication', 'twofactortotp', 'mfatotp',
    'google2fa', 'ga', 'gauth', 'googleauth', 'googleauthenticator', 'authenticator']
    .flatMap((one) => ['secret', 'secretkey', 'secretbase32', 'base32secret', 'seed', 'base32', 'key'].map((what) => one + what))
    .filter((one) => !['key', 'seed', 'base32', 'secretkey', 'gakey'].includes(one)),
  'logintotp', 'decryptedseed',
]
const secretNames = [
  ...certainNames, 'secretkey', 'sharedsecret', 'seed', 'base32', ...uriNames,
  'hex', 'ascii', 'key',
]
/** What all of them say, or `null` where they differ or one can't be read. */
function agreed<T extends string | number>({ named, perhaps }: Values<T>, spelt: string[] | number[], given: T | undefined, usual: T): T | null | undefined {
  const plain = (value: T | null) => (typeof value === 'string' ? bare(value) : value)
  const all = [...named, ...(spelt as T[])]
  const said = new Set(all.map(plain))
  if (said.size > 1) return null
  const found = said.size === 0 ? given : all[0]
  return perhaps.every((one) => plain(one) === plain(found ?? usual)) ? found : null
}

const bare = (algorithm: string) => algorithm.replaceAll(/[^\dA-Za-z]/g, '').toLowerCase().replace(/^hmac/, '')

/** A mistake of the program's rather than a user without a secret. */
const isUndefined = (row: object) => secretNames.some((one) => Object.hasOwn(row, one) && own(row, one) === undefined)

type Source = { uri: string } | { secret: string; encoding: SecretEncoding }

/** The secret with its encoding, or a key URI in its place. */
function readSource(held: unknown, row: object, encoding: SecretEncoding): Source | undefined {
  const given = member(row, 'encoding', 'secretencoding', 'keyencoding', 'secretformat', 'keyformat')
  const named = typeof given === 'string' ? plainName(given) : encoding
  if (given !== undefined && typeof given !== 'string') return undefined
  if (!isEncoding(named)) return undefined
  // What speakeasy's `generateSecret()` returns says the same key three times. Null if it doesn't.
  const spelt = (of: object): Source | null | undefined => {
    const uri = member(of, 'otpauthurl')
    const found: Source[] = []
    for (const one of ['base32', 'hex', 'ascii'] as const) {
      const secret = member(of, one)
      if (typeof secret !== 'string' || secret === '') continue
      if (!fits(secret)) return null
      found.push({ secret, encoding: one })
    }
    const [first, ...more] = found
    if (first) return more.every((one) => isSame(first, one)) ? first : null
    if (typeof uri !== 'string' || !fits(uri)) return undefined
    return isKeyUri(uri) ? { uri } : (fromAddress(uri, 'base32') ?? { uri })
  }
  if (member(row, ...directNames) === undefined) {
    const found = spelt(row)
    if (found !== undefined) return found ?? undefined
  }
  const json = fromJson(held)
  // Where the text is the key, quotes are part of it.
  const isText = ['ascii', 'latin1', 'utf8'].includes(named)
  const isJson = isRow(json) || (json !== undefined && !isText)
  const value = isJson ? json : held
  if (typeof value === 'string') {
    if (!fits(value)) return undefined
    // Nobody's key is the text of one.
    if (isKeyUri(value)) return named === 'utf8' ? undefined : { uri: value }
    const address = isText ? undefined : fromAddress(value, named)
    if (address !== undefined) return address ?? undefined
    if (isText) return { secret: value, encoding: named }
    if (numbers.test(value.trim())) return fromBytes(base64url(value), named)
    const text = bareText(unserialized(value) ?? value)
    // As PostgreSQL and MySQL write the bytes of a text.
    if (named === 'base32' && /^(?:\\|0)[Xx]/.test(text)) return fromBytes(base64url(text), named)
    if (named === 'base32' && isOtherwiseEncoded(text)) return undefined
    return { secret: named === 'hex' ? plainHex(text) : text, encoding: named }
  }
  if (isRow(value)) {
    const found = spelt(value)
    if (found !== undefined) return found ?? undefined
  }
  // The `Secret` object of otpauth holds the key; a column of bytes may hold its text.
  const whole = isRow(value) ? own(value, 'bytes') : undefined
  return fromBytes(base64url(whole ?? value), whole === undefined ? named : undefined)
}

/** @param encoding that of the text that these bytes may be */
function fromBytes(bytes: string | undefined, encoding: SecretEncoding | undefined): Source | undefined {
  if (bytes === undefined || bytes.length > 1366) return undefined
  const text = Buffer.from(bytes, 'base64url').toString('latin1')
  // No key is made of so many of these by chance.
  if (encoding !== undefined && text.length >= 16 && texts[encoding]?.test(text) === true) return { secret: text, encoding }
  return { secret: Buffer.from(bytes, 'base64url').toString('hex'), encoding: 'hex' }
}

/**
 * What a `data:` URL or a percent-encoded text holds, or a key URI in base64. `null` for what can't be read, such as the
 * picture of a QR code, `undefined` for any other text.
 */
function fromAddress(text: string, encoding: SecretEncoding): Source | null | undefined {
  const url = dataOfUrl(text.trim())
  const held = percentDecoded(url?.data ?? text).trim()
  if (url ? url.base64 : held.startsWith(startOfUri)) {
    const bytes = base64url(held)
    const inner = Buffer.from(bytes ?? '', 'base64url').toString('utf8')
    if (isKeyUri(inner)) return fits(inner) ? { uri: inner } : null
    return url?.type.startsWith('image/') ? null : (fromBytes(bytes, encoding) ?? null)
  }
  if (held === text.trim()) return isBase32InBase64(held, encoding) ? (fromBytes(base64url(held), encoding) ?? null) : undefined
  if (isKeyUri(held)) return { uri: held }
  return { secret: held, encoding }
}

/** Base64 of `otpauth://`. */
const startOfUri = 'b3RwYXV0aDovL'

/**
 * Hexadecimal or base64 that by chance has the characters of base32 alone: as such it would be another key. Programs write base32
 * in one case, and with more letters than A to F.
 */
function isOtherwiseEncoded(text: string): boolean {
  if (text.length >= 20 && (/^[2-7a-f]+$/.test(text) || /^[2-7A-F]+$/.test(text))) return true
  return text.replaceAll(/[^a-z]/g, '').length >= 3 && text.replaceAll(/[^A-Z]/g, '').length >= 3
}

/** As Authelia exports secrets. Letters of both cases are no base32, and those of no key become so many of base32. */
function isBase32InBase64(text: string, encoding: SecretEncoding): boolean {
  if (encoding !== 'base32' || !/[a-z]/.test(text) || !/[A-Z]/.test(text)) return false
  const inner = Buffer.from(base64url(text) ?? '', 'base64url').toString('latin1')
  return inner.length >= 16 && /^[2-7A-Z]+=*$/.test(inner)
}

/** What JavaScript makes of bytes as text. */
const numbers = /^\d{1,3}(?:,\s*\d{1,3})+$/

/** A text that PHP has serialized, as Laravel's `encrypt()` does before it encrypts. */
function unserialized(text: string): string | undefined {
  const [, length, held] = /^s:(\d{1,4}):"([\w+/= -]*)";$/.exec(text.trim()) ?? []
  return held !== undefined && held.length === Number(length) ? held : undefined
}

/** Without quotes around it, and without blanks and marks that nobody sees. */
function bareText(text: string): string {
  const bare = text.replaceAll(/[\s\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g, '').replaceAll(/[\u2010-\u2015\u2212]/g, '-')
  const [, inner] = /^'([^']*)'$/.exec(bare) ?? []
  return inner ?? bare
}

/** Without `0x`, `\x`, and marks or blanks between the bytes. */
const plainHex = (text: string) => text.trim().replace(/^(?:0|\\)x/, '').replaceAll(/[\s:-]/g, '')

const texts: Partial<Record<SecretEncoding, RegExp>> = { base32: /^[2-7A-Za-z= -]+$/, hex: /^[\dA-Fa-f]+$/ }

const directNames = secretNames.filter((one) => !['base32', 'hex', 'ascii', 'otpauthurl'].includes(one))

const fits = (text: string) => text.length <= 4096 && isWellFormed(text)

const isEncoding = (value: unknown): value is SecretEncoding =>
  ['base32', 'hex', 'base64', 'ascii', 'latin1', 'utf8'].includes(value as string)
