import { own } from '../facade/shared/check.js'
import * as migration from '../facade/migration/index.js'
import type { Migration, SecretEncoding, SecretOptions } from '../facade/migration/index.js'
import { isLibpam } from '../facade/migration/libpam.js'
import { fromDynamo } from '../facade/migration/rows.js'
import { isCountersignError } from '../index.js'
import type { Countersign, Imported, Left, OpenOptions } from '../index.js'
import { printable, usage } from './io.js'
import type { Output } from './io.js'

/** The formats of `import --format` besides Proxmox's files. */
export const foreignFormats = [
  'simplewebauthn', 'otplib', 'otpauth', 'speakeasy', 'better-auth', 'otpauth-migration', 'u2f', 'yubico',
] as const

export type ForeignFormat = (typeof foreignFormats)[number]

export interface ForeignOptions {
  user?: string
  userMember: string
  encoding?: SecretEncoding
  otplib?: number
  algorithm?: string
  digits?: number
  period?: number
  description?: string
  appId?: string
}

/** Imports a file of another library or app, user by user, and reports what was taken, what was left and why. */
export async function importForeign(
  text: string, format: ForeignFormat, options: ForeignOptions, service: Countersign, out: Output,
): Promise<void> {
  const read = reader(format, options)
  const users: UserReport[] = []
  for (const [user, rows] of rowsByUser(text, format, options)) users.push(await importUser(user, read(rows), service))
  const taken = users.reduce((sum, one) => sum + one.taken.length, 0)
  const left = users.flatMap((one) => one.left)
  const complete = left.every(({ reason }) => reason === 'already-enrolled') && users.every(({ refused }) => !refused)
  const lines = [...users.flatMap((one) => describe(one)), `taken: ${taken}, left: ${left.length}`]
  if (complete) out.answer({ ok: true, taken, left: left.length, users }, lines.join('\n'))
  else out.refuse({ ok: false, reason: 'incomplete', taken, left: left.length, users }, lines.join('\n'))
}

/** The code of an error that only concerns this user. Any other error, such as that of a failing store, is thrown. */
export function ofOneUser(error: unknown): string {
  // `invalid-argument`: a user name that a database can't store.
  const codes = ['store-refused', 'record-too-large', 'record-corrupt', 'record-sealed', 'invalid-argument']
  if (!isCountersignError(error) || !codes.includes(error.code)) throw error
  return error.code
}

interface UserReport extends Imported {
  user: string
  /** The code of the error because of which nothing was taken. */
  refused?: string
}

async function importUser(user: string, found: Migration, service: Countersign): Promise<UserReport> {
  const { factors, left } = found
  try {
    // The most that one call accepts. The limit of factors for each user is lower.
    const { taken, left: all } = await service.importFactors(user, { factors: factors.slice(0, 256), left })
    const over = factors.slice(256).map(({ what }): Left => ({ what, reason: 'factor-limit' }))
    return { user, taken, left: [...all, ...over] }
  } catch (error) {
    return { user, taken: [], left, refused: ofOneUser(error) }
  }
}

function reader(format: ForeignFormat, options: ForeignOptions): (rows: unknown[]) => Migration {
  const { encoding, otplib, algorithm, digits, period, description } = options
  const named = description === undefined ? {} : { description }
  const about: SecretOptions = {
    ...(algorithm !== undefined && { algorithm }),
    ...(digits !== undefined && { digits }),
    ...(period !== undefined && { period }),
    ...named,
  }
  const version = otplib !== undefined && { version: otplib }
  const encoded = encoding !== undefined && { encoding }
  switch (format) {
    case 'simplewebauthn':
      return (rows) => migration.fromSimpleWebAuthn(rows, named)
    case 'otplib':
      return (rows) => migration.fromOtplib(rows, { ...about, ...encoded, ...version })
    case 'otpauth':
      return (rows) => migration.fromOtpauth(rows, about)
    case 'speakeasy':
      if (encoding === undefined) throw usage('--encoding is missing: pass the encoding that your program passes to speakeasy, or ascii')
      return (rows) => migration.fromSpeakeasy(rows, { ...about, encoding })
    case 'better-auth':
      return (rows) => migration.fromBetterAuth(rows, about)
    case 'otpauth-migration':
      return (rows) => migration.fromOtpauthMigration(rows)
    case 'u2f':
      if (options.appId === undefined) throw usage('--app-id is missing: pass the u2f.appId of your server, for which the keys were registered')
      return (rows) => migration.fromU2f(rows, named)
    case 'yubico':
      return (rows) => migration.fromYubico(rows, named)
  }
}

/** Options of the service that some keys need. */
export function foreignService(format: string, { appId }: Pick<ForeignOptions, 'appId'>): Partial<OpenOptions> {
  // The server has the real secrets of the keys. No OTP is verified here, so any secrets are good enough.
  const secrets = () => ({ key: '0'.repeat(32), uid: '0'.repeat(12) })
  if (format === 'yubico') return { yubico: { secrets } }
  return format === 'u2f' && appId !== undefined ? { u2f: { appId } } : {}
}

/** With `--user`, all rows belong to that user. Otherwise each row names its user. */
function rowsByUser(text: string, format: ForeignFormat, { user, userMember }: ForeignOptions): Map<string, unknown[]> {
  const rows = readRows(text, format)
  if (user !== undefined) return new Map([[user, rows]])
  const users = new Map<string, unknown[]>()
  for (const [index, row] of rows.entries()) {
    const owner = typeof row === 'object' && row !== null ? userOf(own(fromDynamo(row), userMember)) : undefined
    if (typeof owner !== 'string' || owner === '') {
      throw usage(`Row [${index}] names no user: pass --user, or --user-member with the name of the member that names the user`)
    }
    const theirs = users.get(owner)
    if (theirs) theirs.push(row)
    else users.set(owner, [row])
  }
  return users
}

/** A user's name: a text, a number, or a text or number with MongoDB's type around it. */
function userOf(named: unknown): unknown {
  if (typeof named === 'number') return `${named}`
  if (typeof named !== 'object' || named === null) return named
  return own(named, '$oid') ?? own(named, '$numberLong') ?? own(named, '$numberInt')
}

/** Reads one JSON document, or lines that are each JSON, a plain secret or a URI. */
function readRows(text: string, format: ForeignFormat): unknown[] {
  const whole = parseJson(text)
  if (typeof whole === 'object' && whole !== null) {
    // DynamoDB's answer to a scan or a query.
    const items = own(whole, 'Items')
    if (Array.isArray(whole)) return whole
    return Array.isArray(items) ? items : [whole]
  }
  // One secret with its codes, and not one in each line.
  if (isLibpam(text)) return [text]
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '')
  if (lines.length === 0) throw usage('The file is empty')
  const rows = lines.map(parseJson)
  if (rows.every((row) => typeof row === 'object' && row !== null)) return rows
  if (format === 'simplewebauthn' || format === 'u2f') throw usage('Expected JSON: a list of credentials, or one credential per line')
  return lines
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function describe({ user, taken, left, refused }: UserReport): string[] {
  const name = printable(user)
  const told = taken.map(({ what, factor: { type, id }, notes }) => {
    return `${name}: taken: ${printable(what)}: ${type} ${id}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`
  })
  for (const { what, reason, member } of left) {
    told.push(`${name}: left (${reason}${member === undefined ? '' : ` ${member}`}): ${printable(what)}`)
  }
  if (refused !== undefined) told.push(`${name}: nothing taken (${refused})`)
  return told
}
