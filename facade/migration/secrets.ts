import * as binding from '#binding'

import { isWellFormed, own } from '../shared/check.js'
import { openEnvelope } from '../shared/envelope.js'
import { jsonText } from '../shared/json.js'
import { checkOptions } from './options.js'
import type { OtplibOptions, SecretEncoding, SecretOptions, SpeakeasyOptions } from './options.js'
import type { ForeignTotp, Left, LeftReason, Migration, MigrationNote } from './types.js'
import { integer, isRow, list, member, name, time } from './values.js'

/**
 * Reads secrets of otplib: the text, or a row with `secret` and, where they differ from the options, `encoding`,
 * `algorithm`, `digits`, `period` (or `step`), `account`, `issuer`, `description`, `createdAt`.
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
  const about = checkOptions.speakeasy(options, '')
  return collect(secrets, (row, place) => {
    const base32 = isRow(row) && member(row, 'secret') === undefined ? member(row, 'base32') : undefined
    if (base32 === undefined) return read(row, place, about)
    return read({ ...(row as object), secret: base32 }, place, { ...about, encoding: 'base32' })
  })
}

/**
 * Reads secrets of better-auth's two-factor plugin: rows of its table or the secrets alone, **decrypted** with its own
 * `symmetricDecrypt`. The key is the UTF-8 of that text, even if it looks like base32. Backup codes are not taken.
 *
 * @param secrets one or a list
 *
 * @example
 * const secret = await symmetricDecrypt({ key: process.env.BETTER_AUTH_SECRET, data: row.secret })
 * const found = fromBetterAuth({ ...row, secret })
 */
export function fromBetterAuth(secrets: unknown, options: SecretOptions = {}): Migration {
  const about = checkOptions.secrets(options, '')
  return collect(secrets, (row, place) => {
    const { secret, verified, backupCodes } = (isRow(row) ? row : { secret: row }) as Record<string, unknown>
    const codes: Left[] = backupCodes ? [{ what: `${place} backupCodes`, reason: 'recovery-codes' }] : []
    if (verified === false || verified === 0) return [{ what: place, reason: 'not-proved' }, ...codes]
    if (typeof secret === 'string' && isEncrypted(secret)) return [{ what: place, reason: 'encrypted' }, ...codes]
    // The row's `name` and the like are none of the factor.
    const created = isRow(row) ? member(row, 'createdAt') : undefined
    return [...read({ secret, createdAt: created }, place, { ...about, encoding: 'utf8' }), ...codes]
  })
}

/** A nonce, a tag and at least a byte in hexadecimal, or the form that says which key it is for. */
function isEncrypted(secret: string): boolean {
  return /^\$ba\$\d+\$/.test(secret) || (secret.length >= 82 && /^[\da-f]+$/.test(secret))
}

export type Found = { uri: string; name?: string; notes: MigrationNote[] } | { name?: string; reason: LeftReason }

/** A found secret in the words of a report; `place` stands before its name. */
export function report(
  found: Found, place: string, about: { description?: string; created?: number } = {},
): ForeignTotp | Left {
  const what = found.name === undefined ? place : `${place} ${name(found.name) ?? ''}`.trimEnd()
  if ('reason' in found) {
    return { what, reason: found.reason, ...(found.reason === 'malformed' && { member: 'secret' }) }
  }
  return { what, description: 'authenticator app', ...about, uri: found.uri, notes: found.notes }
}

function collect(rows: unknown, reading: (row: unknown, place: string) => (ForeignTotp | Left)[]): Migration {
  const migration: Migration = { factors: [], left: [] }
  for (const [index, row] of list(rows).entries()) {
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
}

function read(given: unknown, place: string, about: About): (ForeignTotp | Left)[] {
  const row = isRow(given) ? given : { secret: given }
  const malformed = (of: string): Left[] => [{ what: place, reason: 'malformed', member: of }]
  const source = readSource(row, about.encoding)
  if (source === undefined) return malformed('secret')
  // A HOTP object has a counter where a TOTP object has a period.
  if (member(row, 'counter') !== undefined && member(row, 'period', 'step') === undefined) {
    return [{ what: place, reason: 'hotp' }]
  }
  const digits = readNumber(row, about.digits, 'digits')
  const period = readNumber(row, about.period, 'period', 'step')
  if (digits === null) return malformed('digits')
  if (period === null) return malformed('period')
  const algorithm = member(row, 'algorithm') ?? about.algorithm
  if (algorithm !== undefined && typeof algorithm !== 'string') return malformed('algorithm')
  const account = name(member(row, 'account', 'label'))
  const issuer = name(member(row, 'issuer'))
  const { repeated } = about
  const request = 'uri' in source ? source : { ...source, repeated, algorithm, digits, period, account, issuer }
  const found = openEnvelope<Found>(binding.migrateTotp(jsonText(request))).value
  const description = name(member(row, 'description', 'name')) ?? about.description
  const created = time(member(row, 'createdAt', 'created_at', 'created'))
  const told = { ...(description !== undefined && { description }), ...(created !== undefined && { created }) }
  return [report(found, place, told)]
}

type Source = { uri: string } | { secret: string; encoding: SecretEncoding }

/** The secret with its encoding, or a key URI in its place. */
function readSource(row: object, encoding: SecretEncoding): Source | undefined {
  const secret = member(row, 'secret', 'uri')
  if (typeof secret === 'string') {
    if (secret.length > 4096 || !isWellFormed(secret)) return undefined
    if (secret.startsWith('otpauth:') && encoding !== 'utf8') return { uri: secret }
    const named = member(row, 'encoding') ?? encoding
    return isEncoding(named) ? { secret, encoding: named } : undefined
  }
  // Bytes, or the `Secret` object that holds them.
  const bytes = secret instanceof Uint8Array ? secret : isRow(secret) ? own(secret, 'bytes') : undefined
  if (!(bytes instanceof Uint8Array) || bytes.length > 1024) return undefined
  return { secret: Buffer.from(bytes).toString('hex'), encoding: 'hex' }
}

const isEncoding = (value: unknown): value is SecretEncoding =>
  ['base32', 'hex', 'base64', 'ascii', 'latin1', 'utf8'].includes(value as string)

/** `null`: it is there, and no number. */
function readNumber(row: object, otherwise: number | undefined, ...names: string[]): number | null | undefined {
  const value = member(row, ...names)
  return value === undefined ? otherwise : (integer(value, 0xffff_ffff) ?? null)
}
