import { checkOptions } from './options.js'
import type { KeyOptions } from './options.js'
import { coseKey } from './public-key.js'
import type { ForeignU2f, ForeignYubico, ForeignYubicoKey, Left, Migration } from './types.js'
import { instead, rows } from './rows.js'
import { standing } from './standing.js'
import { base64url, fromJson, idBytes, integer, isRow, list, member, name, names, time } from './values.js'

/**
 * Reads keys that were registered by U2F, in the form of `u2f` and `u2f-api` for Node, php-u2flib-server, python-u2flib-server
 * and of the tables that follow them (GitLab, Nextcloud, ...).
 *
 * | | members |
 * | --- | --- |
 * | needed | `keyHandle`, `publicKey`; or the message of the registration (`registrationData`, `raw`) |
 * | read | `counter`, `appId`, `version`, `name`, `createdAt`, ... |
 *
 * Names and bytes may be written as for `fromSimpleWebAuthn`. A `counter` below zero is none.
 *
 * @param keys one or a list
 *
 * @example
 * const found = fromU2f(await db.u2fKeys.findMany({ where: { userId } }))
 * const { taken, left } = await countersign.importFactors(userId, found) // opened with u2f: { appId }
 */
export function fromU2f(keys: unknown, options: KeyOptions = {}): Migration {
  const { description = 'security key' } = checkOptions.keys(options, '')
  const isWhole = (row: object) => names(row, ...handleNames)
  return collect(rows(keys, isWhole), (row, place) => readU2f(row, place, description))
}

/**
 * Reads Yubico keys: public ids, OTPs of the keys, or rows with `publicId` (also `yubikeyId`, `yk_publicname`, ...) and,
 * if known, the counter of the last OTP: `counter: { use, session }`, or `useCounter` and `sessionCounter` (also
 * `yk_counter` and `yk_use`, as Yubico's validation server names them).
 *
 * @param keys one or a list
 *
 * @example
 * const found = fromYubico(['cccccccdjiii'])
 * const { taken, left } = await countersign.importFactors(user, found) // opened with yubico: { secrets }
 */
export function fromYubico(keys: unknown, options: KeyOptions = {}): Migration {
  const { description = 'YubiKey' } = checkOptions.keys(options, '')
  const isWhole = (row: object) => names(row, ...publicIdNames.filter((one) => one !== 'id'))
  const ids = list(keys).flatMap(severalIds)
  return collect(rows(ids, isWhole), (row, place) => readYubico(row, place, description))
}

/** A text may have several ids, as Proxmox's old files and the settings of many programs do. */
function severalIds(given: unknown): unknown[] {
  if (typeof given !== 'string' || fromJson(given) !== undefined) return [given]
  const ids = given.split(/[\s,;]+/).filter((id) => id !== '')
  return ids.length > 1 ? ids : [given]
}

function collect(
  keys: unknown[], read: (row: unknown, place: string) => ForeignU2f | ForeignYubico | Left,
): Migration {
  const migration: Migration = { factors: [], left: [] }
  for (const [index, row] of keys.entries()) {
    const found = read(row, `[${index}]`)
    if ('reason' in found) migration.left.push(found)
    else migration.factors.push(found)
  }
  return migration
}

function readU2f(given: unknown, place: string, description: string): ForeignU2f | Left {
  if (!isRow(given)) return { what: place, reason: 'malformed' }
  // Vaultwarden's has the key inside.
  const inner = member(given, 'reg')
  const row = isRow(inner) ? { ...given, ...inner } : given
  const about = aboutRow(row, place, description)
  const { what } = about
  const malformed = (of: string): Left => ({ what, reason: 'malformed', member: of })
  const off = standing(row)
  if (off) return { what, reason: off }
  const version = member(row, 'version')
  if (typeof version === 'string' && version.toUpperCase() !== 'U2F_V2') return { what, reason: 'unsupported-type' }
  const registered = fromMessage(base64url(member(row, 'registrationdata', 'raw', 'registration')))
  const keyHandle = idBytes(member(row, ...handleNames)) ?? registered?.keyHandle
  const other = keyHandle === undefined ? instead(row, ['u2f', 'fido2', 'securitykey', 'webauthn']) : undefined
  if (other) return { what, reason: other }
  if (keyHandle === undefined || keyHandle.length > 1364) return malformed('keyHandle')
  const key = coseKey(member(row, ...keyNames) ?? registered?.publicKey)
  if (key === undefined || key.length > 16_384) return malformed('publicKey')
  const counter = readCounter(member(row, 'counter', 'signcount', 'lastcounter', 'signaturecounter', 'usecounter'), 0xffff_ffff)
  if (counter === null) return malformed('counter')
  const appId = member(row, 'appid', 'application', 'applicationid')
  if (appId !== undefined && (typeof appId !== 'string' || appId === '' || appId.length > 512)) return malformed('appId')
  return {
    ...about,
    u2f: { keyHandle, publicKey: key, ...(counter !== undefined && { counter }), ...(appId !== undefined && { appId }) },
  }
}

const handleNames = ['keyhandle', 'u2fkeyhandle', 'handle', 'keyid']
const keyNames = ['publickey', 'u2fpublickey', 'pubkey', 'publickeybytes', 'userpublickey']

/** FIDO U2F Raw Message Formats, 4.3: what some keep of a registration as a whole. */
function fromMessage(text: string | undefined): { keyHandle: string; publicKey: Buffer } | undefined {
  const bytes = Buffer.from(text ?? '', 'base64url')
  const length = bytes[66]
  if (bytes[0] !== 5 || length === undefined || bytes.length < 67 + length) return undefined
  return { publicKey: bytes.subarray(1, 66), keyHandle: bytes.subarray(67, 67 + length).toString('base64url') }
}

function readYubico(given: unknown, place: string, description: string): ForeignYubico | Left {
  const row = typeof given === 'string' ? { publicId: given } : given
  if (!isRow(row)) return { what: place, reason: 'malformed' }
  const about = aboutRow(row, place, description)
  const { what } = about
  const off = standing(row)
  if (off) return { what, reason: off }
  const publicId = readPublicId(member(row, ...publicIdNames))
  const other = publicId === undefined ? instead(row, ['yubikey', 'otp']) : undefined
  if (other) return { what, reason: other }
  if (publicId === undefined) return { what, reason: 'malformed', member: 'publicId' }
  const counter = readCounters(row)
  if (counter === null) return { what, reason: 'malformed', member: 'counter' }
  return { ...about, yubico: { publicId, ...(counter && { counter }) } }
}

const publicIdNames = [
  'publicid', 'publicname', 'ykpublicname', 'yubikeypublicid', 'yubikeyid', 'yubicoid', 'yubikey', 'yubikeyidentity',
  'keyid', 'tokenid', 'deviceid', 'identity', 'otp', 'id',
]

/** Some keep the OTP of the enrolment: what stands before its 32 letters is the id. */
function readPublicId(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value.trim().toLowerCase() : ''
  if (text.length > 48 || !/^[b-lnrtuv]+$/.test(text)) return undefined
  const id = text.length > 32 ? text.slice(0, -32) : text
  return id.length <= 16 ? id : undefined
}

/** `null`: what is there can't be read, or is a half of it. */
function readCounters(row: object): ForeignYubicoKey['counter'] | null {
  const whole = member(row, 'counter')
  const from = isRow(whole) ? whole : row
  const parts = [
    readCounter(member(from, 'usecounter', 'usecount', 'ykcounter', 'counter', 'use'), 0x7fff),
    readCounter(member(from, 'sessioncounter', 'sessioncount', 'sessionuse', 'ykuse', 'session'), 0xff),
  ]
  const [use, session] = parts
  if (use === undefined && session === undefined) return undefined
  return typeof use === 'number' && typeof session === 'number' ? { use, session } : null
}

/** `undefined`: none, which some write as -1. `null`: it can't be read. */
function readCounter(value: unknown, max: number): number | null | undefined {
  if (value === undefined || value === -1 || value === '-1' || value === -1n) return undefined
  return integer(value, max) ?? null
}

function aboutRow(row: object, place: string, otherwise: string): Omit<ForeignU2f, 'u2f'> {
  const called = name(member(row, 'description', 'name', 'nickname', 'label', 'devicename', 'keyname', 'notes'))
  const created = time(member(row, 'createdat', 'created', 'createdon', 'dateadded'))
  return {
    what: called === undefined ? place : `${place} ${called}`,
    description: called ?? otherwise,
    ...(created !== undefined && { created }),
    notes: [],
  }
}
